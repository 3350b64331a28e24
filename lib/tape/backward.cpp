// SPDX-License-Identifier: MIT
// The backward pass, and the gradients that it leaves.
#include <algorithm>

#include "gradus/record.hpp"
#include "tape/memory.hpp"

namespace gradus {

namespace {

/// Return the first operand of the entry whose operands end here.
const detail::Edge* first_of(const detail::Edge* end) {
    while (!(--end)->is_first()) {
    }
    return end;
}

/// The chain rule: from entry `top`, whose operands end at `edge`, down to the one above `bottom`.
/// adjoint[operand] += partial * adjoint[entry], for each operand of each entry. Downward within an entry,
/// too: the processor fetches a column ahead only if it is read in one direction.
void sweep(const detail::Edge* edge, double* adjoints, std::int64_t top, std::int64_t bottom) {
    for (std::int64_t slot = top; slot > bottom; --slot) {
        const double adjoint = adjoints[slot];
        if (adjoint == 0.0) {
            edge = first_of(edge);
            continue;
        }
        while (!(--edge)->is_first()) adjoints[edge->operand] += edge->partial * adjoint;
        adjoints[edge->operand - detail::Edge::kFirst] += edge->partial * adjoint;
    }
}

}  // namespace

void Tape::backward(std::span<const Seed> seeds) {
    Memory& m = *memory_;
    std::int64_t top = 0;
    for (const Seed& seed : seeds) {
        if (seed.value.is_constant()) {
            throw TapeError(
                "backward: this value depends on no variable and no parameter. Make the inputs with "
                "variable(), and use Value, not double, from there to the result.");
        }
        detail::require_live(*this, seed.value.settle());
        top = std::max(top, detail::number_of(seed.value.slot()));
    }
    if (top < last()) keep_apart();  // else the newest entry is a seed, and its handle is not fresh
    const std::int64_t last_entry = last();
    m.reserve_adjoints(last_entry);
    if (last_entry == 1)  // std::fill calls memset
        m.adjoints[1] = 0.0;
    else
        std::fill(m.adjoints + 1, m.adjoints + last_entry + 1, 0.0);
    for (const Seed& seed : seeds) m.adjoints[detail::number_of(seed.value.slot())] += seed.seed;

    chain_rule(top);
    m.differentiated = last_entry;

    m.bindings.hand_over(m.adjoints);
}

/// Pass the adjoints of the slots up to `top` on to their operands: scalars entry by entry, tensors by a call
/// each.
void Tape::chain_rule(std::int64_t top) {
    const Memory& m = *memory_;
    std::int64_t slot = last();
    const detail::Edge* operands_end = end;
    if (m.runs.empty()) {
        for (; slot > top; --slot) operands_end = first_of(operands_end);
        return sweep(operands_end, m.adjoints, slot, 0);
    }
    auto run = m.runs.rbegin();
    for (; run != m.runs.rend() && run->first > top; ++run) {
        slot = run->before;
        operands_end = begin + run->end;
    }
    const std::int64_t below = run == m.runs.rend() ? 0 : run->last;
    for (; slot > std::max(top, below); --slot) operands_end = first_of(operands_end);

    for (; run != m.runs.rend(); ++run) {
        sweep(operands_end, m.adjoints, slot, run->last);
        const double* const adjoints = m.adjoints + run->first;
        const auto is_zero = [](double adjoint) { return adjoint == 0.0; };
        if (run->run.pull != nullptr && !std::all_of(adjoints, adjoints + run->run.size, is_zero)) {
            run->run.pull(run->run.closure, {*this, detail::slot_at(run->first)});
        }
        slot = run->before;
        operands_end = begin + run->end;
    }
    sweep(operands_end, m.adjoints, slot, 0);
}

const double* detail::Adjoints::result() const {
    return tape_.memory_->adjoints + detail::number_of(result_);
}

double* detail::Adjoints::of(Slot first) const {
    if (first == Slot::constant) return nullptr;
    const std::int64_t slot = detail::number_of(first);
    return slot > 0 ? tape_.memory_->adjoints + slot : tape_.memory_->bindings.gradient_of(slot);
}

double Tape::gradient(const Value& value) const {
    if (value.is_constant()) {
        throw TapeError("gradient: this value is a constant. Make it with variable() to have its gradient.");
    }
    require_live(value.tag());
    const std::int64_t slot = detail::number_of(value.slot());
    if (slot < 0) return *memory_->bindings.gradient_of(slot);
    if (slot > memory_->differentiated) {
        throw TapeError(
            "gradient: no backward pass has run since this value was recorded. Call backward() first.");
    }
    return memory_->adjoints[slot];
}

void backward(const Value& y, double seed) { backward({{y, seed}}); }
void backward(std::initializer_list<Seed> seeds) { backward(std::span(seeds.begin(), seeds.size())); }
void backward(std::span<const Seed> seeds) { Tape::current().backward(seeds); }

}  // namespace gradus
