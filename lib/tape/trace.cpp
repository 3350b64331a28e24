// SPDX-License-Identifier: MIT
// What a tape holds, for those who look at it.
#include "operation.hpp"
#include "tape/memory.hpp"

namespace gradus {

std::size_t Tape::bytes() const {
    const std::size_t entry = sizeof(detail::Count) + sizeof(double);
    return end * (sizeof(Slot) + sizeof(double)) + entry_count() * entry +
           static_cast<std::size_t>(memory_->bindings.size()) * sizeof(double) + memory_->arena.bytes_used();
}

std::size_t Tape::bytes_reserved() const {
    const Memory& m = *memory_;
    return m.partials.capacity() * sizeof(double) + m.operands.capacity() * sizeof(Slot) +
           m.counts.capacity() + m.adjoint_column.capacity() * sizeof(double) +
           m.values.capacity() * sizeof(double) + m.codes.capacity() + m.arena.bytes_reserved();
}

std::vector<Tape::Entry> Tape::trace() const {
    std::vector<Entry> entries_so_far;
    each_entry([&](const Entry& entry) { entries_so_far.push_back(entry); });
    return entries_so_far;
}

void Tape::each_entry(const std::function<void(const Entry&)>& visit) const {
    const bool graph = mode_ == Mode::graph;
    std::size_t first = 0;
    auto run = memory_->runs.begin();
    for (std::int64_t slot = 1; slot <= last(); ++slot) {
        const Slot number{static_cast<std::int32_t>(slot)};
        if (run != memory_->runs.end() && run->first == slot) {
            visit({number,
                   run->run.size,
                   detail::kTensor,
                   run->run.name,
                   detail::kNaN,
                   detail::kNaN,
                   run->run.operands,
                   {}});
            slot = run++->last;
            continue;
        }
        const auto count = static_cast<std::size_t>(counts[slot]);
        const detail::OpCode code = graph ? memory_->codes.data()[slot] : detail::kPart;
        visit({number,
               1,
               code,
               graph ? detail::operation_name(code) : "",
               graph ? memory_->values.data()[slot] : detail::kNaN,
               slot <= memory_->differentiated ? memory_->adjoints[slot] : detail::kNaN,
               {operands + first, count},
               {partials + first, count}});
        first += count;
    }
}

}  // namespace gradus
