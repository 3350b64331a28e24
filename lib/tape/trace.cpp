// SPDX-License-Identifier: MIT
// What a tape holds, for those who look at it.
#include "operation.hpp"
#include "tape/memory.hpp"

namespace gradus {

std::size_t Tape::bytes() const {
    return operand_count() * sizeof(detail::Edge) + entry_count() * sizeof(double) +
           static_cast<std::size_t>(memory_->bindings.size()) * sizeof(double) + memory_->arena.bytes_used();
}

std::size_t Tape::bytes_reserved() const {
    const Memory& m = *memory_;
    return m.edges.capacity() * sizeof(detail::Edge) + m.adjoint_column.capacity() * sizeof(double) +
           m.values.capacity() * sizeof(double) + m.codes.capacity() + m.arena.bytes_reserved();
}

std::vector<Tape::Entry> Tape::trace() const {
    std::vector<Slot>& operands = memory_->traced_operands;
    std::vector<double>& partials = memory_->traced_partials;
    operands.clear(), partials.clear();
    operands.reserve(operand_count()), partials.reserve(operand_count());  // the spans stay where they are
    std::vector<Entry> entries_so_far;
    each_entry([&](Entry entry) {
        if (entry.code != detail::kTensor) {
            operands.insert(operands.end(), entry.operands.begin(), entry.operands.end());
            partials.insert(partials.end(), entry.partials.begin(), entry.partials.end());
            entry.operands = std::span(operands).last(entry.operands.size());
            entry.partials = std::span(partials).last(entry.partials.size());
        }
        entries_so_far.push_back(entry);
    });
    return entries_so_far;
}

void Tape::each_entry(const std::function<void(const Entry&)>& visit) const {
    const bool graph = mode_ == Mode::graph;
    std::vector<Slot> operands;  // of one entry
    std::vector<double> partials;
    const detail::Edge* edge = begin;
    auto run = memory_->runs.begin();
    for (std::int64_t slot = 1; slot <= last(); ++slot) {
        const Slot number{static_cast<std::int32_t>(slot)};
        if (run != memory_->runs.end() && run->before < slot && slot < run->first) {  // unused
            visit({number, 1, detail::kPart, "", detail::kNaN, detail::kNaN, {}, {}});
            continue;
        }
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
        operands.clear(), partials.clear();
        do {
            if (edge->slot() == Slot::constant) continue;  // there is none
            operands.push_back(edge->slot());
            partials.push_back(double{edge->partial});  // a copy: a packed number has no address
        } while (++edge != end && !edge->is_first());
        const detail::OpCode code = graph ? memory_->codes.data()[slot] : detail::kPart;
        visit({number, 1, code, graph ? detail::operation_name(code) : "",
               graph ? memory_->values.data()[slot] : detail::kNaN,
               slot <= memory_->differentiated ? memory_->adjoints[slot] : detail::kNaN, operands, partials});
    }
}

}  // namespace gradus
