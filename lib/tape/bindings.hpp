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
    explicit Bindings(const std::vector<Stretch>& stretches) : stretches_(stretches) {}

    /// Give a block its slots; at once, if it has them. Returns the first one.
    std::int64_t bind(const std::shared_ptr<Block>& block, Tape::Use use);

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
        std::int64_t first = 0;     // slots first ... first + size - 1, all negative
        Stamp stamp = Stamp::none;  // of the outermost live stretch that uses it
        Stamp scalars =
            Stamp::none;  // of the outermost live stretch that uses it in scalar operations, if any
    };

    [[nodiscard]] std::size_t index_of(std::int64_t slot) const;
    [[nodiscard]] Stamp current() const { return stretches_.back().stamp; }
    void use_as_scalar(Binding& b) const {
        if (b.scalars == Stamp::none || !is_live(stretches_, b.scalars)) b.scalars = current();
    }

    const std::vector<Stretch>& stretches_;
    std::vector<Binding> bindings_;
    std::int64_t size_ = 0;
};

}  // namespace gradus::detail
