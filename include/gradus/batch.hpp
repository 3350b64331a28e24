// SPDX-License-Identifier: MIT
// Rows of a data set as a tensor: what a model reads of a batch. See Batches and train_batches().
#pragma once

#include <cstddef>
#include <span>

#include "gradus/data.hpp"
#include "gradus/tensor.hpp"

namespace gradus {

// Copies, in memory of the tape: they live as long as what is recorded now. Raise ShapeError if there is no
// such row. Nothing is recorded.

/// Return the inputs of the chosen rows, a constant.
/// Shapes: m rows -> (m,columns).
Tensor rows(const Dataset& data, std::span<const std::size_t> chosen);

/// Return all inputs.
/// Shapes: (rows,columns).
Tensor rows(const Dataset& data);

/// Return the targets of the chosen rows, a constant.
/// Shapes: m rows -> (m).
Tensor targets(const Dataset& data, std::span<const std::size_t> chosen);

/// Return the classes of the chosen rows.
/// Shapes: m rows -> (m).
/// Raises DomainError if a target is not the number of a class.
std::span<const std::size_t> labels(const Dataset& data, std::span<const std::size_t> chosen);

}  // namespace gradus
