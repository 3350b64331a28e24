// SPDX-License-Identifier: MIT
// What a tensor operation is to a program: operations on its numbers. On a tape of scalars only, each one is
// recorded so; the compiler finds rows and matrices again.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "gradus/tensor.hpp"

namespace gradus::detail {

/// Return the numbers of a tensor as values. Those of a constant get entries: a row of them stays a row.
std::span<const Value> values_of(const Tensor& x);

/// Return n values, each `stride` after the one before.
std::vector<Value> line(std::span<const Value> x, std::size_t first, std::size_t n, std::size_t stride);

/// Return a tensor of the values f(0), f(1), ...
template <class F>
Tensor by_number(const Shape& shape, F f) {
    const std::span<Value> y = Tape::current().values(shape.size());
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = f(i);
    return tensor(y, shape);
}

/// Return whether these are the same for all examples that the recording stands for, as indices of type
/// std::size_t are.
bool are_fixed(std::span<const Value> indices);

/// Return values as indices. Raises ShapeError for one that is not a whole number from 0 on.
std::vector<std::size_t> indices_of(const char* where, std::span<const Value> values);

}  // namespace gradus::detail
