// SPDX-License-Identifier: MIT
// How the numbers of two tensors meet when they broadcast: in a few long runs.
#pragma once

#include <array>
#include <cstddef>

#include "gradus/shape.hpp"

namespace gradus::detail {

/// The numbers of a result in runs: along a run, each operand advances number by number (step 1), or is one
/// number throughout (step 0).
class Runs {
   public:
    Runs(const Shape& a, const Shape& b, const Shape& result) {
        std::size_t a_stride = 1, b_stride = 1;  // of the axis, if the operand has it
        for (std::size_t k = 1; k <= result.rank(); ++k) {
            const std::size_t n = result[result.rank() - k];
            const std::size_t n_a = k <= a.rank() ? a[a.rank() - k] : 1;
            const std::size_t n_b = k <= b.rank() ? b[b.rank() - k] : 1;
            if (n != 1) add_axis({n, n_a == 1 ? 0 : a_stride, n_b == 1 ? 0 : b_stride});
            a_stride *= n_a, b_stride *= n_b;
        }
    }

    [[nodiscard]] std::size_t length() const { return axes_[0].size; }
    [[nodiscard]] std::size_t a_step() const { return axes_[0].a; }
    [[nodiscard]] std::size_t b_step() const { return axes_[0].b; }

    /// Call f(offset in a, offset in b, offset in the result) for each run.
    template <class F>
    void each(F f) const {
        each(kAxes - 1, 0, 0, 0, f);
    }

   private:
    static constexpr std::size_t kAxes = Shape::kMaxRank;

    /// How far the next element along an axis is.
    struct Axis {
        std::size_t size = 1, a = 0, b = 0;
    };

    /// Append an axis outside of those so far: to the outermost one, where both operands simply go on.
    void add_axis(Axis axis) {
        Axis& inner = axes_[count_ == 0 ? 0 : count_ - 1];
        if (count_ > 0 && axis.a == inner.a * inner.size && axis.b == inner.b * inner.size) {
            inner.size *= axis.size;
        } else {
            axes_[count_++] = axis;
        }
    }

    template <class F>
    void each(std::size_t k, std::size_t a, std::size_t b, std::size_t y, F& f) const {
        if (k == 0) return f(a, b, y);
        std::size_t inner = 1;
        for (std::size_t j = 0; j < k; ++j) inner *= axes_[j].size;
        for (std::size_t i = 0; i < axes_[k].size; ++i)
            each(k - 1, a + i * axes_[k].a, b + i * axes_[k].b, y + i * inner, f);
    }

    std::array<Axis, kAxes> axes_{};  // from the innermost one out
    std::size_t count_ = 0;
};

}  // namespace gradus::detail
