// SPDX-License-Identifier: MIT
// Modules for images: convolution, pooling, and the way from them to layers.
// B: images of the batch, C: channels, H and W: rows and columns of one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "gradus/activations.hpp"
#include "gradus/nn/module.hpp"
#include "gradus/tensor/convolution.hpp"

namespace gradus {

/// How a Conv2d is made.
struct Conv2dLayerOptions {
    std::size_t stride = 1;               ///< from one window to the next, both ways
    std::size_t padding = 0;              ///< zeros around the image, on each side
    std::string activation = "identity";  ///< see activations.hpp
    bool bias = true;                     ///< whether each kernel has one
    std::string init = "he_normal";       ///< see initialize.hpp; inputs are those of one window
    std::uint64_t seed = 0;               ///< of the random weights
    std::string name = "";                ///< "edges" makes "edges.weight" of "weight"
};

/// Look at each window of an image with the same kernels: see conv2d(). Its parameters are "weight"
/// (outputs, channels, size, size) and "bias" (outputs).
class Conv2d {
   public:
    using Options = Conv2dLayerOptions;

    /// Make `outputs` kernels of size x size numbers for each of `channels`.
    /// Raises ShapeError if a size is zero; DomainError for a stride of zero, for an unknown activation or
    /// initialization, and if the block has parameters of that name.
    Conv2d(std::size_t channels, std::size_t outputs, std::size_t size,
           const Conv2dLayerOptions& options = {});
    Conv2d(Parameters block, std::size_t channels, std::size_t outputs, std::size_t size,
           const Conv2dLayerOptions& options = {});

    /// Shapes: x (B,C,H,W) -> (B,outputs,P,Q).
    /// Raises what conv2d() raises.
    Tensor operator()(const Tensor& x) const;

    [[nodiscard]] const Parameters& parameters() const { return block_; }  ///< of the whole model
    [[nodiscard]] const Parameter& weight() const { return weight_; }
    [[nodiscard]] std::string describe() const;

   private:
    Conv2d(const detail::Addition& to, std::size_t channels, std::size_t outputs, std::size_t size,
           const Conv2dLayerOptions& options);

    Activation activation_;
    Conv2dOptions options_;
    Parameters block_;
    Parameter weight_;
    std::optional<Parameter> bias_;
};

/// Keep the largest number of each window: see max_pool2d().
/// Shapes: (B,C,H,W) -> (B,C,P,Q).
class MaxPool2d {
   public:
    /// A stride of 0 is the size.
    explicit MaxPool2d(std::size_t size, std::size_t stride = 0) : options_{size, stride} {}

    Tensor operator()(const Tensor& x) const { return max_pool2d(x, options_); }
    [[nodiscard]] Parameters parameters() const { return {}; }  ///< none
    [[nodiscard]] std::string describe() const;

   private:
    Pool2dOptions options_;
};

/// Keep the mean of each window: see average_pool2d().
/// Shapes: (B,C,H,W) -> (B,C,P,Q).
class AveragePool2d {
   public:
    /// A stride of 0 is the size.
    explicit AveragePool2d(std::size_t size, std::size_t stride = 0) : options_{size, stride} {}

    Tensor operator()(const Tensor& x) const { return average_pool2d(x, options_); }
    [[nodiscard]] Parameters parameters() const { return {}; }  ///< none
    [[nodiscard]] std::string describe() const;

   private:
    Pool2dOptions options_;
};

/// Make a row of each image, for layers. Free: the numbers stay where they are.
/// Shapes: (B,...) -> (B,n).
class Flatten {
   public:
    /// Raises ShapeError for a tensor of rank 0.
    Tensor operator()(const Tensor& x) const;
    [[nodiscard]] Parameters parameters() const { return {}; }  ///< none
    [[nodiscard]] std::string describe() const { return "Flatten"; }
};

}  // namespace gradus
