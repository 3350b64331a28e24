// SPDX-License-Identifier: MIT
// Losses of a batch: the mean over its examples of what gradus/losses.hpp computes for one.
#pragma once

#include <cstddef>
#include <span>

#include "gradus/tensor.hpp"

namespace gradus {

// Raise ShapeError for a batch of no examples, which has no mean. Cost: one entry of one slot.

/// Return the mean of -log(p[label]) over the rows, p being the softmax of a row.
/// Shapes: logits (...,classes), labels: one for each row -> a number.
/// Gradient: dlogits = (p - one_hot(label)) dy / rows. Derivation: docs/rules.md#softmax.
/// Raises ShapeError if there are not as many labels as rows, or no axis for the classes; DomainError for a
/// label that is not below the number of classes.
Value softmax_cross_entropy(const Tensor& logits, std::span<const std::size_t> labels);

/// The same, where the labels are values: in a program, inputs of the example, and read anew for each. One
/// label serves logits of one row.
/// Gradient: none for the labels. Raises ShapeError, too, for one that is no whole number.
Value softmax_cross_entropy(const Tensor& logits, std::span<const Value> labels);
Value softmax_cross_entropy(const Tensor& logits, const Value& label);

// Two tensors of one shape, y and target, number by number: ShapeError if their shapes differ, for a target
// (n) would broadcast with y (n,1) to (n,n) unnoticed. Both may be differentiated.

/// Return the mean of (y - target)^2.
/// Gradient: dy = 2 (y - target) / n, dtarget = -dy, each times that of the result.
Value mean_squared_error(const Tensor& y, const Tensor& target);

/// Return the mean of the Huber loss: half the squared error while |y - target| <= delta, beyond it a line.
/// Gradient: y - target, but at most delta in size, over n; the opposite for the target.
/// Raises DomainError unless delta is positive and finite.
Value huber(const Tensor& y, const Tensor& target, double delta = 1.0);

/// Return the mean of max(0, 1 - target * score), the targets being -1 or 1.
/// Gradient: -target / n where that is positive, else 0; at the kink 0. For the target, -score / n.
/// Raises DomainError for another target.
Value hinge(const Tensor& scores, const Tensor& targets);

/// Return the mean of -target log(p) - (1 - target) log(1 - p), p = sigmoid(logit), the targets being 0 or 1,
/// or probabilities between.
/// Gradient: (p - target) / n; -logit / n for the target.
/// Raises DomainError for another target.
Value binary_cross_entropy(const Tensor& logits, const Tensor& targets);

}  // namespace gradus
