// SPDX-License-Identifier: MIT
#include "gradus/nn/convolution.hpp"

#include <fmt/format.h>

#include <utility>

#include "gradus/error.hpp"
#include "gradus/tensor/elementwise.hpp"
#include "gradus/tensor/shaping.hpp"
#include "parts.hpp"

namespace gradus {

namespace {

Parameter add_kernels(Parameters& block, std::size_t channels, std::size_t outputs, std::size_t size,
                      const Conv2dLayerOptions& options) {
    if (channels == 0 || outputs == 0 || size == 0) {
        throw ShapeError(
            fmt::format("conv2d: a size is zero: it has {} channels, {} outputs and windows of {}x{}. Give "
                        "it at least one "
                        "of each.",
                        channels, outputs, size, size));
    }
    if (options.stride == 0) {
        throw DomainError(
            "conv2d: the stride is zero: found 0. Give 1, or how far apart the windows shall be.");
    }
    return detail::add_weights(block, detail::full_name(options.name, "weight"),
                               {outputs, channels, size, size}, channels * size * size, options.init,
                               options.seed);
}

std::string describe_pool(const char* what, const Pool2dOptions& options) {
    std::string text = fmt::format("{} {}x{}", what, options.size, options.size);
    if (options.stride != 0 && options.stride != options.size)
        text += fmt::format(", stride {}", options.stride);
    return text;
}

}  // namespace

Conv2d::Conv2d(std::size_t channels, std::size_t outputs, std::size_t size, const Conv2dLayerOptions& options)
    : Conv2d(Parameters(), channels, outputs, size, options) {}

Conv2d::Conv2d(Parameters block, std::size_t channels, std::size_t outputs, std::size_t size,
               const Conv2dLayerOptions& options)
    : Conv2d(detail::Addition(block), channels, outputs, size, options) {}

Conv2d::Conv2d(const detail::Addition& to, std::size_t channels, std::size_t outputs, std::size_t size,
               const Conv2dLayerOptions& options)
    : activation_(activation(options.activation)),
      options_{options.stride, options.padding},
      block_(to.block()),
      weight_(add_kernels(block_, channels, outputs, size, options)),
      bias_(detail::add_full(block_, options.bias, detail::full_name(options.name, "bias"), outputs, 0.0)) {}

Tensor Conv2d::operator()(const Tensor& x) const {
    const Tensor w = weight_.tensor();
    return activate(activation_, bias_ ? conv2d(x, w, bias_->tensor(), options_) : conv2d(x, w, options_));
}

std::string Conv2d::describe() const {
    const std::vector<std::size_t>& shape = weight_.info().shape;
    std::string text = fmt::format("Conv2d {} -> {}, {}x{}", shape[1], shape[0], shape[2], shape[3]);
    if (options_.stride != 1) text += fmt::format(", stride {}", options_.stride);
    if (options_.padding != 0) text += fmt::format(", padding {}", options_.padding);
    return fmt::format("{} {}  {}", text, activation_name(activation_), detail::describe(weight_, bias_));
}

std::string MaxPool2d::describe() const { return describe_pool("MaxPool2d", options_); }

std::string AveragePool2d::describe() const { return describe_pool("AveragePool2d", options_); }

Tensor Flatten::operator()(const Tensor& x) const {
    if (x.rank() == 0)
        throw ShapeError("flatten: there is no batch: the shape is (). Give the rows an axis of their own.");
    std::size_t n = 1;
    for (std::size_t axis = 1; axis < x.rank(); ++axis) n *= x.shape()[axis];
    return reshape(x, {x.shape()[0], n});
}

}  // namespace gradus
