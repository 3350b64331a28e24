// SPDX-License-Identifier: MIT
// Recording, where the inline operators do not suffice.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "gradus/value.hpp"
#include "operation.hpp"
#include "tape/memory.hpp"

namespace gradus {

namespace {

constexpr std::size_t kMostBytes = std::numeric_limits<std::ptrdiff_t>::max() / 2;
constexpr std::size_t kFirstRoom = std::size_t{1} << 14;  // operands a new tape has room for
constexpr detail::Edge kNoOperand{0.0, detail::Edge::kFirst};

}  // namespace

void Tape::require_room(std::size_t edges, std::size_t entries) {
    const std::size_t needed_entries = entry_count() + entries;
    if (operand_count() + edges > memory_->edges.capacity() || needed_entries > max_entries_ ||
        (mode_ == Mode::graph && needed_entries >= memory_->values.capacity())) {
        make_room(edges, entries);
    }
}

void Tape::make_room(std::size_t added_edges, std::size_t added_entries) {
    Memory& m = *memory_;
    const std::size_t entries = entry_count();
    if (entries + added_entries > max_entries_) {
        throw TapeError(fmt::format(
            "tape: it is full: it holds {} entries and may hold {}. Rewind it after each step with "
            "a Scope, or allow more with Options::max_entries.",
            entries, max_entries_));
    }
    const std::size_t used = operand_count();
    std::size_t room = m.edges.capacity();
    if (used + added_edges + detail::kGrowth > room) {
        room = std::max({kFirstRoom, 2 * room, used + added_edges + detail::kGrowth});
    }
    m.edges.reserve(room, used);
    begin = m.edges.data();
    end = begin + used;
    if (mode_ == Mode::graph) {
        const std::size_t most = std::max(2 * entries, entries + added_entries + (room - used)) + 1;
        m.codes.reserve(most, entries + 1);
        m.values.reserve(most, entries + 1);  // last: its room is what require_room() asks for
    }
    set_limit();
}

Slot detail::Recorder::record(OpCode code, double value, std::initializer_list<Operand> list) {
    return static_cast<Tape&>(*this).append(code, value, {list.begin(), list.size()});
}

void detail::Recorder::record_comparison(Comparison comparison, const Value& a, const Value& b,
                                         bool outcome) {
    if (a.is_constant() && b.is_constant()) return;
    require_live(a.settle());
    require_live(b.settle());
    const auto code =
        static_cast<OpCode>(static_cast<std::uint8_t>(kEqual) + static_cast<std::uint8_t>(comparison));
    record(code, outcome ? 1.0 : 0.0, {{a.slot(), 0.0, a.value()}, {b.slot(), 0.0, b.value()}});
}

void detail::Recorder::reserve(std::size_t operand_count) {
    static_cast<Tape&>(*this).require_room(operand_count, 1);
}

/// Append an entry of at most kMaxOperands operands.
Slot Tape::append(detail::OpCode code, double value, std::span<const detail::Operand> list) {
    const bool graph = mode_ == Mode::graph;
    const auto constant = [](const detail::Operand& operand) { return operand.slot == Slot::constant; };
    const auto constants =
        graph ? static_cast<std::size_t>(std::count_if(list.begin(), list.end(), constant)) : 0;
    require_room(list.size() + constants + 1, constants + 1);

    std::int64_t slot = last();
    std::int64_t next_constant = slot + 1;
    const auto add_entry = [&](detail::OpCode of_entry, double number, std::size_t operand_count) {
        ++slot;
        if (operand_count == 0)
            *end++ = kNoOperand;
        else
            (end - operand_count)->operand += detail::Edge::kFirst;
        if (graph) {
            memory_->codes.data()[slot] = of_entry;
            memory_->values.data()[slot] = number;
        }
    };
    if (graph) {
        for (const detail::Operand& operand : list) {
            if (constant(operand)) add_entry(detail::kConstant, operand.value, 0);
        }
    }
    std::size_t kept = 0;
    for (const detail::Operand& operand : list) {
        if (constant(operand) && !graph) continue;
        const std::int64_t number = constant(operand) ? next_constant++ : detail::number_of(operand.slot);
        *end++ = {operand.partial, static_cast<std::int32_t>(number)};
        ++kept;
    }
    add_entry(code, value, kept);
    set_newest(slot);
    set_limit();
    return detail::slot_at(slot);
}

Value Tape::variable(double x) {
    const Slot slot = append(detail::kVariable, x, {});
    return {x, detail::make_tag(slot, stamp)};
}

Value Tape::record_many(detail::OpCode code, double y, std::span<const detail::Operand> list) {
    constexpr std::size_t kPart = detail::kMaxOperands - 1;
    std::array<detail::Operand, detail::kMaxOperands> part;
    std::size_t in_part = 0;
    for (std::size_t k = 0; k < list.size(); ++k) {
        part[in_part++] = list[k];
        if (in_part > kPart - 1 && k + 1 < list.size()) {  // to be continued in the next entry
            part[0] = {append(detail::kPart, detail::kNaN, {part.data(), in_part}), 1.0, detail::kNaN};
            in_part = 1;
        }
    }
    return {y, detail::make_tag(append(code, y, {part.data(), in_part}), stamp)};
}

std::span<Value> Tape::values(std::size_t n) {
    if (n > kMostBytes / sizeof(Value))
        throw TapeError(fmt::format("values: there is no room for so many: found {}. Ask for fewer.", n));
    Value* const first = static_cast<Value*>(allocate(n * sizeof(Value), alignof(Value)));
    std::uninitialized_fill_n(first, n, Value{});
    return {first, n};
}

void* Tape::allocate(std::size_t bytes, std::size_t alignment) {
    if (!std::has_single_bit(alignment) || alignment > detail::Arena::kMostAlignment) {
        throw DomainError(
            fmt::format("allocate: the alignment is no power of two up to {}: found {}. Give alignof(T) of "
                        "what shall lie there.",
                        detail::Arena::kMostAlignment, alignment));
    }
    if (bytes > kMostBytes)
        throw TapeError(
            fmt::format("allocate: there is no room for so many bytes: found {}. Ask for fewer.", bytes));
    return memory_->arena.take(bytes, alignment);
}

Slot Tape::record_run(const detail::Run& run) {
    // Adjoints of tensors begin at a cache line, for kernels.
    const std::size_t unused = mode_ == Mode::melting && run.size >= detail::kLine
                                   ? detail::kLine - 1 - entry_count() % detail::kLine
                                   : 0;
    require_room(0, unused + run.size);
    const std::int64_t before = last();
    const std::int64_t first = last() + static_cast<std::int64_t>(unused) + 1;
    const std::int64_t last_of_run = first + static_cast<std::int64_t>(run.size) - 1;
    memory_->runs.push_back({run, first, last_of_run, before, operand_count()});
    set_newest(last_of_run);
    set_limit();
    return detail::slot_at(first);
}

/// Let nothing that is recorded later melt into what has an adjoint now: an empty entry keeps it away.
void Tape::keep_apart() {
    const bool ends_in_tensor = !memory_->runs.empty() && memory_->runs.back().last == last();
    const bool may_melt =
        mode_ == Mode::melting && last() > 0 && !ends_in_tensor && (end - 1)->operand != kNoOperand.operand;
    if (!may_melt) return;
    if (entry_count() == max_entries_) {
        newest = detail::make_tag(detail::slot_of(newest), Stamp::none);
        return;
    }
    require_room(1, 1);
    *end++ = kNoOperand;
    set_newest(last() + 1);
    set_limit();
}

Slot Tape::bind(const std::shared_ptr<detail::Block>& block, Use use) {
    return detail::slot_at(memory_->bindings.bind(block, use));
}

void Tape::use_as_scalar(Slot parameter) { memory_->bindings.use_as_scalar(detail::number_of(parameter)); }

}  // namespace gradus
