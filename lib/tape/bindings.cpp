// SPDX-License-Identifier: MIT
#include "tape/bindings.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gradus::detail {

Bindings::Binding& Bindings::add(const std::shared_ptr<Block>& block) {
    block->is_bound = true;
    const std::size_t size = block->values.size();
    for (Binding& b : bindings_) {  // slots of a model that is gone, and of which no value is left
        if (b.block && b.block.use_count() == 1 && b.in_use.is_over(stretches_)) b.block.reset();
        if (!b.block && b.size == size) {
            b.block = block;
            b.count = 0;
            return b;
        }
    }
    if (size > kMostSlots - static_cast<std::size_t>(size_)) {
        throw TapeError(
            fmt::format("tape: too many parameters: {} in this block, {} bound before, at most {} fit. "
                        "Use several tapes.",
                        size, size_, kMostSlots));
    }
    size_ += static_cast<std::int64_t>(size);
    bindings_.push_back(
        {.block = block, .size = size, .first = -size_, .in_use = {}, .scalars = {}, .count = 0});
    return bindings_.back();
}

std::size_t Bindings::count(const std::shared_ptr<Block>& block) const {
    std::size_t total = 0;
    for (const Binding& b : bindings_) total += b.block == block ? b.count : 0;
    return total;
}

void Bindings::use_as_scalar(std::int64_t slot) { use_as_scalar(bindings_[index_of(slot)]); }

double* Bindings::gradient_of(std::int64_t slot) const {
    const Binding& b = bindings_[index_of(slot)];
    return b.block->gradients.data() + (slot - b.first);
}

void Bindings::hand_over(double* adjoints) const {
    constexpr std::size_t kOneByOne = 16;
    for (const Binding& b : bindings_) {
        if (!b.block || b.scalars.is_over(stretches_)) continue;
        double* const gradients = b.block->gradients.data();
        double* const added = adjoints + b.first;
        const auto add = [&](std::size_t i) { gradients[i] += added[i], added[i] = 0.0; };
        for (std::size_t i = 0; i < std::min(b.size, kOneByOne); ++i) {
            add(i);
            asm("");  // keeps it scalar: a vector load of what was just stored one by one would stall
        }
        for (std::size_t i = kOneByOne; i < b.size; ++i) add(i);
    }
}

std::size_t Bindings::index_of(std::int64_t slot) const {
    const auto found = std::find_if(bindings_.begin(), bindings_.end(), [&](const Binding& b) {
        return b.first <= slot && slot < b.first + static_cast<std::int64_t>(b.size);
    });
    return static_cast<std::size_t>(found - bindings_.begin());
}

}  // namespace gradus::detail
