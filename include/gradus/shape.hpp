// SPDX-License-Identifier: MIT
// Shapes of tensors, and how two of them broadcast.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>

namespace gradus {

/// The sizes of a tensor along its axes: () of a number, (n) of a vector, (rows, columns) of a matrix.
class Shape {
   public:
    static constexpr std::size_t kMaxRank = 4;

    /// The shape of a single number.
    Shape() = default;

    /// Raises ShapeError for more than four axes, or for more numbers than a tape has slots.
    Shape(std::initializer_list<std::size_t> sizes) : Shape(std::span(sizes.begin(), sizes.size())) {}
    explicit Shape(std::span<const std::size_t> sizes);

    [[nodiscard]] std::size_t rank() const { return rank_; }

    /// Return the product of the sizes.
    [[nodiscard]] std::size_t size() const { return size_; }

    /// Return the size along an axis below rank().
    std::size_t operator[](std::size_t axis) const { return sizes_[axis]; }

    [[nodiscard]] const std::size_t* begin() const { return sizes_.data(); }
    [[nodiscard]] const std::size_t* end() const { return sizes_.data() + rank_; }

    friend bool operator==(const Shape&, const Shape&) = default;

   private:
    std::array<std::size_t, kMaxRank> sizes_{};  // those beyond the rank are 0
    std::size_t rank_ = 0;
    std::size_t size_ = 1;
};

/// Write a shape as in "(2,3)".
std::string to_string(const Shape& shape);

/// Return the axis that a number names: negative ones count from the last axis, which is -1.
/// Raises ShapeError, in the name of the operation `where`, if there is no such axis.
std::size_t resolve_axis(const char* where, const Shape& shape, int axis);

/// Return the shape of the result of an elementwise operation: aligned at the last axis, sizes must be equal,
/// or one of them 1 or absent, as in NumPy.
/// Raises ShapeError, in the name of the operation `where`, if they do not fit.
Shape broadcast(const char* where, const Shape& a, const Shape& b);

}  // namespace gradus
