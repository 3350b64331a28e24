// SPDX-License-Identifier: MIT
// Layers and neurons, with scalars and with rows of a tensor: y = f(W x + b).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gradus/activations.hpp"
#include "gradus/nn/module.hpp"
#include "gradus/tensor.hpp"

namespace gradus {

/// How a neuron or a layer is made.
struct LayerOptions {
    std::string activation = "identity";  ///< see activations.hpp
    bool bias = true;                     ///< whether there is a b
    std::string init = "he_normal";       ///< see initialize.hpp
    std::uint64_t seed = 0;               ///< of the random weights
    std::string name = "";                ///< "hidden" makes "hidden.weight" of "weight"
};

/// Apply y = f(W x + b). Its parameters are "weight" (outputs, inputs) and "bias" (outputs).
///
/// A layer is a handle: a copy shares its parameters. It computes with scalars or with tensors, as one likes,
/// of the same parameters.
class Layer {
   public:
    using Options = LayerOptions;

    /// Make a layer with a block of its own.
    /// Raises ShapeError if a size is zero, DomainError for an unknown activation or initialization.
    Layer(std::size_t inputs, std::size_t outputs, const LayerOptions& options = {});

    /// Make a layer of a larger model, whose block it appends its parameters to.
    /// Raises the same, and DomainError if the block has parameters of that name.
    Layer(Parameters block, std::size_t inputs, std::size_t outputs, const LayerOptions& options = {});

    /// Compute the outputs on the current tape. They live as long as what is recorded now.
    /// Shapes: x (inputs) -> (outputs).
    /// Raises ShapeError for another number of inputs.
    /// Cost: one tape entry an output, and one more for its activation. In steady state nothing is allocated.
    std::span<const Value> operator()(std::span<const double> x) const;
    std::span<const Value> operator()(std::span<const Value> x) const;

    /// Compute the outputs of many rows at once.
    /// Shapes: x (B,inputs) -> (B,outputs); or any axes before the last one.
    /// Raises ShapeError for another number of inputs.
    /// Cost: see linear(): one tape entry, and one more for the activation.
    Tensor operator()(const Tensor& x) const;

    /// Compute the same numbers as with scalars, bit for bit, without a tape.
    [[nodiscard]] std::vector<double> predict(std::span<const double> x) const;

    [[nodiscard]] std::size_t inputs() const { return weight_.info().shape[1]; }
    [[nodiscard]] std::size_t outputs() const { return weight_.info().shape[0]; }
    [[nodiscard]] Activation activation() const { return activation_; }
    [[nodiscard]] bool has_bias() const { return bias_.has_value(); }
    [[nodiscard]] const Parameters& parameters() const { return block_; }  ///< of the whole model
    [[nodiscard]] const Parameter& weight() const { return weight_; }      ///< (outputs, inputs)

    /// Return the bias.
    /// Shapes: (outputs).
    /// Raises DomainError if the layer has none.
    [[nodiscard]] const Parameter& bias() const;

    /// Return a line with its sizes, activation and parameters.
    [[nodiscard]] std::string describe() const;

   private:
    Layer(const detail::Addition& to, std::size_t inputs, std::size_t outputs, const LayerOptions& options);

    Activation activation_;
    Parameters block_;
    Parameter weight_;
    std::optional<Parameter> bias_;
};

/// A layer as others call it, who write its activation as a layer of its own.
using Linear = Layer;

/// Apply y = f(w.x + b): a layer with one output. Its parameters are "weight" (1, inputs) and "bias" (1).
class Neuron {
   public:
    explicit Neuron(std::size_t inputs, const LayerOptions& options = {}) : layer_(inputs, 1, options) {}

    Value operator()(std::span<const double> x) const { return layer_(x)[0]; }
    Value operator()(std::span<const Value> x) const { return layer_(x)[0]; }
    Tensor operator()(const Tensor& x) const { return layer_(x); }  ///< (B,inputs) -> (B,1)
    [[nodiscard]] double predict(std::span<const double> x) const { return layer_.predict(x)[0]; }

    [[nodiscard]] std::size_t inputs() const { return layer_.inputs(); }
    [[nodiscard]] const Parameters& parameters() const { return layer_.parameters(); }
    [[nodiscard]] std::string describe() const;

   private:
    Layer layer_;
};

}  // namespace gradus
