// SPDX-License-Identifier: MIT
// Products of matrices, and of vectors with them.
#pragma once

#include "gradus/tensor.hpp"

namespace gradus {

/// Multiply two matrices. w.T() is read by columns where it lies: matmul(x, w.T()) copies nothing.
/// Shapes: a (m,k), b (k,n) -> (m,n). Of a vector: (m,k), (k) -> (m); (k), (k,n) -> (n); (k), (k) -> ().
/// Axes before the last two hold several matrices and broadcast as in NumPy: (B,m,k), (k,n) -> (B,m,n).
/// Gradient: da = dy bT, db = aT dy, summed over the matrices for which one served.
/// Raises ShapeError if the inner sizes differ, if the leading axes do not fit, or for a number.
/// Cost: 2mkn flops for each product; one entry.
Tensor matmul(const Tensor& a, const Tensor& b);
Tensor matmul(const Tensor& a, const Transposed& b);
Tensor matmul(const Transposed& a, const Tensor& b);
Tensor matmul(const Transposed& a, const Transposed& b);

/// Return the product of each number of a with each of b.
/// Shapes: a (m), b (n) -> (m,n).
/// Gradient: da = dy b, db = dyT a.
/// Raises ShapeError unless both are vectors.
/// Cost: one entry.
Tensor outer(const Tensor& a, const Tensor& b);

/// Return x wT + bias: what a layer does, with the weights as PyTorch stores them.
/// Shapes: x (rows,in), weight (out,in), bias (out) -> (rows,out). x may have any axes before the last one,
/// also none.
/// Gradient: dx = dy w, dw = dyT x, dbias = the sum of dy over the rows.
/// Raises ShapeError if the widths differ.
/// Cost: 2 rows in out flops; one entry.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias);
Tensor linear(const Tensor& x, const Tensor& weight);

}  // namespace gradus
