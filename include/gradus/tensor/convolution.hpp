// SPDX-License-Identifier: MIT
// Convolution and pooling of images. B: images of the batch, C: channels, H and W: rows and columns of one.
#pragma once

#include <cstddef>

#include "gradus/tensor.hpp"

namespace gradus {

struct Conv2dOptions {
    std::size_t stride = 1;   ///< from one window to the next, both ways
    std::size_t padding = 0;  ///< zeros around the image, on each side
};

/// Return the dot product of each window of the images with each kernel, plus the kernel's bias. As
/// everywhere in learning, kernels are not flipped.
/// Shapes: x (B,C,H,W), weight (K,C,h,w), bias (K) -> (B,K,P,Q), P = (H + 2 padding - h) / stride + 1 rounded
/// down, and Q likewise: a window that would reach over the edge is left out.
/// Gradient: docs/rules.md#convolution.
/// Raises ShapeError if x or weight has not four axes, their channels differ, the kernel is empty or larger
/// than the padded image, or bias is not (K); DomainError if the stride is 0.
/// Cost: one entry; 2 B K C h w P Q flops, backward twice as many, in one matrix product an image. Keeps
/// C h w P Q numbers, for the windows of one image side by side.
Tensor conv2d(const Tensor& x, const Tensor& weight, const Conv2dOptions& options = {});
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Conv2dOptions& options = {});

struct Pool2dOptions {
    std::size_t size = 2;    ///< rows and columns of a window
    std::size_t stride = 0;  ///< from one window to the next, both ways; 0: the size, so that none overlap
};

// Shapes: x (B,C,H,W) -> (B,C,P,Q), P = (H - size) / stride + 1 rounded down, and Q likewise: rows and
// columns that fill no window are left out. Raise ShapeError if x has not four axes, or is smaller than a
// window; DomainError if the size is 0. Cost: one entry.

/// Return the largest number of each window; NaN if there is one.
/// Gradient: dy for the number that was returned, on ties the first, row by row; 0 for the others.
Tensor max_pool2d(const Tensor& x, const Pool2dOptions& options = {});

/// Return the mean of each window.
/// Gradient: dy / size^2 for each number of the window.
Tensor average_pool2d(const Tensor& x, const Pool2dOptions& options = {});

}  // namespace gradus
