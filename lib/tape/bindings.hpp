// SPDX-License-Identifier: MIT
// The blocks of parameters that are bound to a tape, and their slots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "gradus/parameters.hpp"
#include "tape/stretches.hpp"

namespace gradus::detail {

/// Gives blocks negative slots, which they keep while anything refers to them.
class Bindings {
   public:
    explicit Bindings(const Stretches& stretches) : stretches_(stretches) {}

    /// Give a block its slots; at once, if it has them. Returns the first one.
    std::int64_t bind(const std::shared_ptr<Block>& block, Tape::Use as) {
        for (Binding& b : bindings_) {
            if (b.block == block && b.size == block->values.size()) return use(b, as);
        }
        return use(add(block), as);
    }

    /// Return how often a block was bound.
    [[nodiscard]] std::size_t count(const std::shared_ptr<Block>& block) const;

    /// Say that scalar operations use the block of this slot, too.
    void use_as_scalar(std::int64_t slot);

    /// Return where the gradient of a parameter accumulates.
    [[nodiscard]] double* gradient_of(std::int64_t slot) const;

    /// Add the adjoints that scalar operations left, counted from slot 0, to the gradients. Sets them to
    /// zero.
    void hand_over(double* adjoints) const;

    /// Return the number of slots that blocks take.
    [[nodiscard]] std::int64_t size() const { return size_; }

   private:
    struct Binding {
        std::shared_ptr<Block> block;  // null: the slots are free
        std::size_t size = 0;
        std::int64_t first = 0;  // slots first ... first + size - 1, all negative
        Lifetime in_use;         // of whatever refers to it
        Lifetime scalars;        // of scalar operations that do
        std::size_t count = 0;   // how often it was bound
    };

    Binding& add(const std::shared_ptr<Block>& block);
    std::int64_t use(Binding& b, Tape::Use as) const {
        ++b.count;
        if (b.in_use.is_over(stretches_)) {
            b.in_use.begin(stretches_);
            b.scalars.end();
        }
        if (as == Tape::Use::scalar) use_as_scalar(b);
        return b.first;
    }
    void use_as_scalar(Binding& b) const {
        if (b.scalars.is_over(stretches_)) b.scalars.begin(stretches_);
    }
    [[nodiscard]] std::size_t index_of(std::int64_t slot) const;

    const Stretches& stretches_;
    std::vector<Binding> bindings_;
    std::int64_t size_ = 0;
};

}  // namespace gradus::detail
