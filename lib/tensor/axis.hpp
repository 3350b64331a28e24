// SPDX-License-Identifier: MIT
// How the numbers along one axis of a tensor lie in memory.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "gradus/shape.hpp"

namespace gradus::detail {

/// An axis and what is around it: a tensor is (outer,n,inner).
struct Axis {
    Axis(const Shape& shape, std::size_t axis) : n(shape[axis]) {
        for (std::size_t k = 0; k < axis; ++k) outer *= shape[k];
        for (std::size_t k = axis + 1; k < shape.rank(); ++k) inner *= shape[k];
    }

    /// Return the number of lines along the axis, and where line i begins; its numbers are `inner` apart.
    [[nodiscard]] std::size_t lines() const { return outer * inner; }
    [[nodiscard]] std::size_t first(std::size_t i) const { return i / inner * n * inner + i % inner; }

    std::size_t outer = 1, n, inner = 1;
};

/// Return a shape with another size along an axis.
inline Shape with_size(const Shape& shape, std::size_t axis, std::size_t n) {
    std::array<std::size_t, Shape::kMaxRank> sizes{};
    std::copy(shape.begin(), shape.end(), sizes.begin());
    sizes[axis] = n;
    return Shape(std::span(sizes).first(shape.rank()));
}

/// Return a shape without one of its axes.
inline Shape without_axis(const Shape& shape, std::size_t axis) {
    std::array<std::size_t, Shape::kMaxRank> sizes{};
    auto end = std::copy_n(shape.begin(), axis, sizes.begin());
    end = std::copy(shape.begin() + axis + 1, shape.end(), end);
    return Shape(std::span(sizes).first(shape.rank() - 1));
}

}  // namespace gradus::detail
