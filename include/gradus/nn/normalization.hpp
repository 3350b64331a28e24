// SPDX-License-Identifier: MIT
// Modules that give each row the same size, and then learn which size serves.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "gradus/nn/module.hpp"
#include "gradus/tensor.hpp"

namespace gradus {

struct LayerNormOptions {
    bool bias = true;       ///< whether there is one
    double epsilon = 1e-5;  ///< added to the variance; positive
    std::string name = "";  ///< "norm" makes "norm.weight" of "weight"
};

/// Give each row mean 0 and variance 1, times a weight, plus a bias: see layer_norm(). Its parameters are
/// "weight" (width) of ones and "bias" (width) of zeros; they do not decay.
/// Shapes: (...,width) -> the same.
class LayerNorm {
   public:
    using Options = LayerNormOptions;

    /// Raises ShapeError if the width is zero, DomainError if the block has parameters of that name, or
    /// unless epsilon is positive and finite.
    explicit LayerNorm(std::size_t width, const LayerNormOptions& options = {});
    LayerNorm(Parameters block, std::size_t width, const LayerNormOptions& options = {});

    /// Raises what layer_norm() raises.
    Tensor operator()(const Tensor& x) const;

    [[nodiscard]] const Parameters& parameters() const { return block_; }  ///< of the whole model
    [[nodiscard]] std::string describe() const;

   private:
    LayerNorm(const detail::Addition& to, std::size_t width, const LayerNormOptions& options);

    Parameters block_;
    Parameter weight_;
    std::optional<Parameter> bias_;
    double epsilon_;
};

struct RMSNormOptions {
    double epsilon = 1e-5;  ///< added to the mean square; positive
    std::string name = "";  ///< "norm" makes "norm.weight" of "weight"
};

/// Give each row root mean square 1, times a weight: see rms_norm(). Its parameter is "weight" (width) of
/// ones; it does not decay.
/// Shapes: (...,width) -> the same.
class RMSNorm {
   public:
    using Options = RMSNormOptions;

    /// Raises ShapeError if the width is zero, DomainError if the block has a parameter of that name, or
    /// unless epsilon is positive and finite.
    explicit RMSNorm(std::size_t width, const RMSNormOptions& options = {});
    RMSNorm(Parameters block, std::size_t width, const RMSNormOptions& options = {});

    /// Raises what rms_norm() raises.
    Tensor operator()(const Tensor& x) const;

    [[nodiscard]] const Parameters& parameters() const { return block_; }  ///< of the whole model
    [[nodiscard]] std::string describe() const;

   private:
    Parameters block_;
    Parameter weight_;
    double epsilon_;
};

}  // namespace gradus
