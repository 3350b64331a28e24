// SPDX-License-Identifier: MIT
#include "gradus/shape.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "gradus/error.hpp"
#include "gradus/slot.hpp"

namespace gradus {

Shape::Shape(std::span<const std::size_t> sizes) : rank_(sizes.size()) {
    if (sizes.size() > kMaxRank) {
        throw ShapeError(
            fmt::format("shape: too many axes: found ({}), at most {} are possible. Join some of them.",
                        fmt::join(sizes, ","), kMaxRank));
    }
    std::copy(sizes.begin(), sizes.end(), sizes_.begin());
    bool is_empty = false;
    for (const std::size_t n : sizes) {
        if (n == 0) {  // the others count all the same, for loops run over them
            is_empty = true;
            continue;
        }
        if (n > kMostSlots / size_) {
            throw ShapeError(fmt::format(
                "shape: too many numbers: found ({}), at most {} fit. Split the tensor, or check the sizes.",
                fmt::join(sizes, ","), kMostSlots));
        }
        size_ *= n;
    }
    if (is_empty) size_ = 0;
}

std::string to_string(const Shape& shape) { return fmt::format("({})", fmt::join(shape, ",")); }

std::size_t resolve_axis(const char* where, const Shape& shape, int axis) {
    const int rank = static_cast<int>(shape.rank());
    if (rank == 0) {
        throw ShapeError(fmt::format(
            "{}: there is no axis {}: the shape is (), that of one number. Give a tensor with axes.", where,
            axis));
    }
    if (axis < -rank || axis >= rank) {
        throw ShapeError(
            fmt::format("{}: there is no axis {}: the shape is {}. Name one from {} to {}, or from {} to -1, "
                        "the last one.",
                        where, axis, to_string(shape), 0, rank - 1, -rank));
    }
    return static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
}

Shape broadcast(const char* where, const Shape& a, const Shape& b) {
    if (a == b) return a;
    const std::size_t rank = std::max(a.rank(), b.rank());
    std::array<std::size_t, Shape::kMaxRank> sizes{};
    for (std::size_t k = 1; k <= rank; ++k) {
        const std::size_t m = k <= a.rank() ? a[a.rank() - k] : 1;
        const std::size_t n = k <= b.rank() ? b[b.rank() - k] : 1;
        if (m != n && m != 1 && n != 1) {
            throw ShapeError(fmt::format(
                "{}: shapes do not fit: a is {}, b is {}. From the last axis on, sizes must be equal or 1.",
                where, to_string(a), to_string(b)));
        }
        sizes[rank - k] = m == 1 ? n : m;
    }
    return Shape(std::span(sizes).first(rank));
}

}  // namespace gradus
