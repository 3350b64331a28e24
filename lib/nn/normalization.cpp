// SPDX-License-Identifier: MIT
#include "gradus/nn/normalization.hpp"

#include <fmt/format.h>

#include <utility>

#include "../epsilon.hpp"
#include "gradus/error.hpp"
#include "gradus/tensor/elementwise.hpp"
#include "gradus/tensor/normalize.hpp"
#include "parts.hpp"

namespace gradus {

namespace {

template <class Options>
Parameter add_ones(const char* where, Parameters& block, std::size_t width, const Options& options) {
    if (width == 0) {
        throw ShapeError(fmt::format(
            "{}: the width is zero: found 0. Give the number of columns of what is normalized.", where));
    }
    detail::require_epsilon(where, options.epsilon);
    return *detail::add_full(block, true, detail::full_name(options.name, "weight"), width, 1.0);
}

}  // namespace

// ---- mean and variance

LayerNorm::LayerNorm(std::size_t width, const LayerNormOptions& options)
    : LayerNorm(Parameters(), width, options) {}

LayerNorm::LayerNorm(Parameters block, std::size_t width, const LayerNormOptions& options)
    : LayerNorm(detail::Addition(block), width, options) {}

LayerNorm::LayerNorm(const detail::Addition& to, std::size_t width, const LayerNormOptions& options)
    : block_(to.block()),
      weight_(add_ones("layer_norm", block_, width, options)),
      bias_(detail::add_full(block_, options.bias, detail::full_name(options.name, "bias"), width, 0.0)),
      epsilon_(options.epsilon) {}

Tensor LayerNorm::operator()(const Tensor& x) const {
    if (bias_) return layer_norm(x, weight_.tensor(), bias_->tensor(), epsilon_);
    return layer_norm(x, epsilon_) * weight_.tensor();
}

std::string LayerNorm::describe() const {
    return fmt::format("LayerNorm {}  {}", weight_.size(), detail::describe(weight_, bias_));
}

// ---- root mean square

RMSNorm::RMSNorm(std::size_t width, const RMSNormOptions& options) : RMSNorm(Parameters(), width, options) {}

RMSNorm::RMSNorm(Parameters block, std::size_t width, const RMSNormOptions& options)
    : block_(std::move(block)),
      weight_(add_ones("rms_norm", block_, width, options)),
      epsilon_(options.epsilon) {}

Tensor RMSNorm::operator()(const Tensor& x) const { return rms_norm(x, weight_.tensor(), epsilon_); }

std::string RMSNorm::describe() const {
    return fmt::format("RMSNorm {}  {}", weight_.size(), detail::describe(weight_));
}

}  // namespace gradus
