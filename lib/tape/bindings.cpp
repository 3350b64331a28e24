// SPDX-License-Identifier: MIT
#include "tape/bindings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace gradus::detail {

std::int64_t Bindings::bind(const std::shared_ptr<Block>& block, Tape::Use as) {
    const std::size_t size = block->values.size();
    for (Binding& b : bindings_) {
        if (b.block == block && b.size == size) {
            if (!is_live(stretches_, b.stamp)) b.stamp = current(), b.scalars = Stamp::none;
            if (as == Tape::Use::scalar) use_as_scalar(b);
            return b.first;
        }
    }
    const Stamp scalars = as == Tape::Use::scalar ? current() : Stamp::none;
    for (Binding& b : bindings_) {  // slots of a model that is gone, and of which no value is left
        if (b.block && b.block.use_count() == 1 && !is_live(stretches_, b.stamp)) b.block.reset();
        if (!b.block && b.size == size) {
            b.block = block, b.stamp = current(), b.scalars = scalars;
            return b.first;
        }
    }
    const auto most = static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());
    if (size > most - static_cast<std::size_t>(size_)) {
        throw TapeError(
            fmt::format("tape: too many parameters: {} in this block, {} bound before, at most {} fit. "
                        "Use several tapes.",
                        size, size_, most));
    }
    size_ += static_cast<std::int64_t>(size);
    bindings_.push_back({block, size, -size_, current(), scalars});
    return -size_;
}

void Bindings::use_as_scalar(std::int64_t slot) { use_as_scalar(bindings_[index_of(slot)]); }

double* Bindings::gradient_of(std::int64_t slot) const {
    const Binding& b = bindings_[index_of(slot)];
    return b.block->gradients.data() + (slot - b.first);
}

void Bindings::hand_over(double* adjoints) const {
    for (const Binding& b : bindings_) {
        if (!b.block || !is_live(stretches_, b.scalars)) continue;
        double* const gradients = b.block->gradients.data();
        double* const added = adjoints + b.first;
        for (std::size_t i = 0; i < b.size; ++i) {
            gradients[i] += added[i];
            added[i] = 0.0;
        }
    }
}

std::size_t Bindings::index_of(std::int64_t slot) const {
    const auto found = std::find_if(bindings_.begin(), bindings_.end(), [&](const Binding& b) {
        return b.first <= slot && slot < b.first + static_cast<std::int64_t>(b.size);
    });
    return static_cast<std::size_t>(found - bindings_.begin());
}

}  // namespace gradus::detail
