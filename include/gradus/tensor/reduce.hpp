// SPDX-License-Identifier: MIT
// Reductions of a tensor: of all its numbers to a Value, or along one axis to a Tensor. Those of spans of
// values stand in gradus/reduce.hpp.
#pragma once

#include <concepts>
#include <cstddef>
#include <vector>

#include "gradus/tensor.hpp"

namespace gradus {

/// What becomes of the axis along which a tensor is reduced.
struct Reduced {
    bool keep = false;  ///< it stays, with size 1, so that the result broadcasts with the tensor
};

// Along an axis: (2,3) and axis 1 -> (2), or (2,1) with {.keep = true}. Negative axes count from the last
// one, -1. Raises ShapeError if there is no such axis. Cost: one entry, here as everywhere below.

/// Return the sum. Of no numbers: 0.
/// Gradient: dx = dy throughout.
Value sum(const Tensor& x);
Tensor sum(const Tensor& x, int axis, const Reduced& reduced = {});

/// Return the mean of n numbers.
/// Gradient: dx = dy / n throughout.
/// Raises ShapeError of no numbers.
Value mean(const Tensor& x);
Tensor mean(const Tensor& x, int axis, const Reduced& reduced = {});

/// Return the Euclidean length, without overflow in between. Of no numbers: 0.
/// Gradient: dx = dy x / y; zero for the zero vector.
Value norm(const Tensor& x);
Tensor norm(const Tensor& x, int axis, const Reduced& reduced = {});

/// Return log(sum of exp(x)), without overflow or underflow in between. If all are -inf: -inf.
/// Gradient: dx = dy exp(x - y); zero if all are -inf.
/// Raises ShapeError of no numbers.
Value logsumexp(const Tensor& x);
Tensor logsumexp(const Tensor& x, int axis, const Reduced& reduced = {});

/// Return the largest or smallest number; NaN if there is one.
/// Gradient: dy for the number that was returned, on ties the first; 0 for the others.
/// Raises ShapeError of no numbers.
Value max(const Tensor& x);
Value min(const Tensor& x);

/// Along an axis, which only an integer names: max(x, 0) reduces, max(x, 0.0) compares each number with 0
/// (see elementwise.hpp).
template <std::integral Axis>
Tensor max(const Tensor& x, Axis axis, const Reduced& reduced = {});
template <std::integral Axis>
Tensor min(const Tensor& x, Axis axis, const Reduced& reduced = {});

/// Return the position of the largest number: the first one on ties, the first NaN if there is one. Without
/// an axis, the position in x.numbers(). Along an axis, one for each number of max(x, axis), row by row.
/// Raises ShapeError of no numbers. Records nothing.
std::size_t argmax(const Tensor& x);
std::vector<std::size_t> argmax(const Tensor& x, int axis);

// ---- bodies

namespace detail {

Tensor max_along(const Tensor& x, int axis, const Reduced& reduced);
Tensor min_along(const Tensor& x, int axis, const Reduced& reduced);

}  // namespace detail

template <std::integral Axis>
Tensor max(const Tensor& x, Axis axis, const Reduced& reduced) {
    return detail::max_along(x, static_cast<int>(axis), reduced);
}
template <std::integral Axis>
Tensor min(const Tensor& x, Axis axis, const Reduced& reduced) {
    return detail::min_along(x, static_cast<int>(axis), reduced);
}

}  // namespace gradus
