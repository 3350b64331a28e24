// SPDX-License-Identifier: MIT
// Functions of each row of a tensor, a row being the numbers along the last axis; and dropout.
#pragma once

#include "gradus/random.hpp"
#include "gradus/tensor.hpp"

namespace gradus {

// Shapes: (...,n) -> the same; a row may be empty. Raise ShapeError for a tensor of rank 0, which has no
// rows. Cost: one entry. Derivations: docs/rules.md#softmax, docs/rules.md#norms.

/// Return p[i] = exp(x[i]) / (sum of exp(x[j])) in each row, without overflow. NaN if all of a row are -inf,
/// or if one is +inf.
/// Gradient: dx[i] = p[i] (dp[i] - sum of p[j] dp[j]).
Tensor softmax(const Tensor& x);

/// Return log(softmax(x)), exact where softmax(x) underflows. NaN throughout if all of a row are -inf,
/// and where x is +inf.
/// Gradient: dx[i] = dl[i] - p[i] (sum of dl[j]).
Tensor log_softmax(const Tensor& x);

/// Shift and stretch each row to mean 0 and variance 1: h = (x - mean) / sqrt(variance + epsilon), the
/// variance over n. With a weight and a bias, of shape (n), return weight * h + bias.
/// Gradient: dx = (g - mean(g) - h mean(g h)) / sqrt(variance + epsilon), where g = weight * dy;
/// dweight = dy * h and dbias = dy, summed over the rows.
/// Raises ShapeError unless weight and bias are as long as a row; DomainError unless epsilon is positive and
/// finite: without it, a row of equal numbers would become NaN.
/// Source: Ba, Kiros and Hinton, Layer Normalization (2016).
Tensor layer_norm(const Tensor& x, double epsilon = 1e-5);
Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double epsilon = 1e-5);

/// Stretch each row to root mean square 1: h = x / sqrt(mean(x^2) + epsilon). With a weight of shape (n),
/// return weight * h.
/// Gradient: dx = (g - h mean(g h)) / sqrt(mean(x^2) + epsilon), where g = weight * dy;
/// dweight = dy * h, summed over the rows.
/// Raises what layer_norm() does.
/// Source: Zhang and Sennrich, Root Mean Square Layer Normalization (2019).
Tensor rms_norm(const Tensor& x, double epsilon = 1e-5);
Tensor rms_norm(const Tensor& x, const Tensor& weight, double epsilon = 1e-5);

/// While training, set each number to 0 with the probability `rate`, and multiply the others by
/// 1 / (1 - rate), so that the expected value stays. Else, or if the rate is 0, return x itself: no entry,
/// and nothing is drawn.
/// Shapes: any -> the same.
/// Gradient: dx = dy / (1 - rate) where a number stayed, else 0.
/// Raises DomainError unless 0 <= rate < 1.
/// Cost: one entry; one draw for each number, in their order, so the seed tells which go.
/// Source: Srivastava et al., Dropout, JMLR 15 (2014), in the form that scales while training.
Tensor dropout(const Tensor& x, double rate, Random& random, bool training = true);

}  // namespace gradus
