// SPDX-License-Identifier: MIT
// The numbers of tensors in another order or shape. What only renames them is free: no entry, no copy, the
// same slots; of parameters, too.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <vector>

#include "gradus/tensor.hpp"

namespace gradus {

// Negative axes count from the last one, -1. Each function raises ShapeError if there is no such axis.

// ---- free

/// Return the same numbers, row by row, in another shape. All sizes are given; none is guessed.
/// Raises ShapeError if the shape holds more or fewer numbers.
Tensor reshape(const Tensor& x, const Shape& shape);

/// Return the i-th part along the first axis: of a matrix, row i.
/// Shapes: (n,...) -> (...).
/// Raises ShapeError if there is none.
Tensor row(const Tensor& x, std::size_t i);

/// Return the parts begin ... end-1 along an axis.
/// Shapes: (...,n,...) -> (...,end-begin,...).
/// Gradient: dx = dy in these parts.
/// Raises ShapeError unless begin <= end <= n.
/// Cost: free along the first axis (and where all axes before are of size 1); else one entry, a copy.
Tensor slice(const Tensor& x, int axis, std::size_t begin, std::size_t end);

/// Cut a tensor into equal parts along an axis. slice() says what each costs.
/// Shapes: (...,n,...) -> (...,n/parts,...) each.
/// Raises ShapeError unless n is a multiple of the number of parts, and if parts would be empty.
std::vector<Tensor> split(const Tensor& x, std::size_t parts, int axis = 0);

// ---- copies: each one entry

/// Swap two axes; of a matrix, there are only two. A product needs no copy: it takes x.T().
/// Shapes: (m,n) -> (n,m).
/// Gradient: dx = dyT.
/// Raises ShapeError without axes, if it is not a matrix.
Tensor transpose(const Tensor& x);
Tensor transpose(const Tensor& x, int axis, int other_axis);

/// Join tensors along an axis that they have.
/// Shapes: (...,n1,...), (...,n2,...), ... -> (...,n1+n2+...,...).
/// Gradient: each gets its part of dy.
/// Raises ShapeError if there is none, or if their other sizes differ.
Tensor concatenate(std::span<const Tensor> parts, int axis);
Tensor concatenate(std::initializer_list<Tensor> parts, int axis);

/// Join tensors of one shape along a new first axis.
/// Shapes: k of (...) -> (k,...). Of none: (0), as with values.
/// Gradient: dx[i] = row(dy, i).
/// Raises ShapeError if their shapes differ.
Tensor stack(std::span<const Tensor> parts);
Tensor stack(std::initializer_list<Tensor> parts);

/// Return the parts along the first axis that are named by their index, in this order, also more than once.
/// Shapes: x (n,...), m indices -> (m,...).
/// Gradient: dy of each part, added up where an index occurs more than once.
/// Raises ShapeError for an index beyond n.
Tensor gather(const Tensor& x, std::span<const std::size_t> rows);

/// The same, where the indices are values: in a program, inputs of the example, and looked up anew for each.
/// Gradient: none for the indices. Raises ShapeError, too, for one that is no whole number.
Tensor gather(const Tensor& x, std::span<const Value> rows);

/// Return rows of zeros with one 1 each, at the index: a constant.
/// Shapes: m indices -> (m,classes).
/// Raises ShapeError for an index that is not below the number of classes.
Tensor one_hot(std::span<const std::size_t> indices, std::size_t classes);

/// Return x with this number wherever the mask, a tensor of zeros and ones without gradient, is not 0.
/// Shapes: x any, mask broadcast to it -> that of x.
/// Gradient: dx = dy where the mask is 0, else 0.
/// Raises ShapeError if the mask does not fit.
Tensor masked_fill(const Tensor& x, const Tensor& mask, double number);

}  // namespace gradus
