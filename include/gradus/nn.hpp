// SPDX-License-Identifier: MIT
// Neurons, layers and the multilayer perceptron, written with scalars: y = f(w.x + b).
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "gradus/activations.hpp"
#include "gradus/parameters.hpp"

namespace gradus {

/// What has parameters in one block and can tell its layers, shapes and their number. Derive from nothing:
/// a model of your own is a class that holds its Parameters.
template <class M>
concept Module = requires(const M& model) {
    { model.parameters() } -> std::convertible_to<const Parameters&>;
    { model.describe() } -> std::convertible_to<std::string>;
};

/// How a neuron or a layer is made.
struct LayerOptions {
    std::string activation = "identity";  ///< see activations.hpp
    std::string init = "he_normal";       ///< see initialize.hpp
    std::uint64_t seed = 0;               ///< of the random weights
    std::string name = "";                ///< "hidden" makes "hidden.weight" of "weight"
};

/// Apply y = f(W x + b). Its parameters are "weight" (outputs, inputs) and "bias" (outputs).
///
/// A layer is a handle: a copy shares its parameters. Cost: one tape entry an output, and one more for its
/// activation. In steady state nothing is allocated.
class Layer {
   public:
    /// Make a layer with a block of its own.
    /// Raises ShapeError if a size is zero, DomainError for an unknown activation or initialization.
    Layer(std::size_t inputs, std::size_t outputs, const LayerOptions& options = {});

    /// Make a layer of a larger model, whose block it appends its parameters to.
    /// Raises the same, and DomainError if the block has parameters of that name.
    Layer(Parameters block, std::size_t inputs, std::size_t outputs, const LayerOptions& options = {});

    /// Compute the outputs on the current tape. They live as long as what is recorded now.
    /// Shapes: x (inputs) -> (outputs).
    /// Raises ShapeError for another number of inputs.
    std::span<const Value> operator()(std::span<const double> x) const;
    std::span<const Value> operator()(std::span<const Value> x) const;

    /// Compute the same numbers, bit for bit, without a tape.
    [[nodiscard]] std::vector<double> predict(std::span<const double> x) const;

    [[nodiscard]] std::size_t inputs() const { return weight_.info().shape[1]; }
    [[nodiscard]] std::size_t outputs() const { return weight_.info().shape[0]; }
    [[nodiscard]] Activation activation() const { return activation_; }
    [[nodiscard]] const Parameters& parameters() const { return block_; }  ///< of the whole model
    [[nodiscard]] const Parameter& weight() const { return weight_; }      ///< (outputs, inputs)
    [[nodiscard]] const Parameter& bias() const { return bias_; }          ///< (outputs)

    /// Return a line with its sizes, activation and parameters.
    [[nodiscard]] std::string describe() const;

   private:
    Activation activation_;
    Parameters block_;
    Parameter weight_, bias_;
};

/// Apply y = f(w.x + b): a layer with one output. Its parameters are "weight" (1, inputs) and "bias" (1).
class Neuron {
   public:
    explicit Neuron(std::size_t inputs, const LayerOptions& options = {}) : layer_(inputs, 1, options) {}

    Value operator()(std::span<const double> x) const { return layer_(x)[0]; }
    Value operator()(std::span<const Value> x) const { return layer_(x)[0]; }
    [[nodiscard]] double predict(std::span<const double> x) const { return layer_.predict(x)[0]; }

    [[nodiscard]] std::size_t inputs() const { return layer_.inputs(); }
    [[nodiscard]] const Parameters& parameters() const { return layer_.parameters(); }
    [[nodiscard]] std::string describe() const;

   private:
    Layer layer_;
};

/// How a multilayer perceptron is made.
struct MLPOptions {
    std::string hidden = "relu";      ///< activation of all layers but the last
    std::string output = "identity";  ///< activation of the last layer: losses take logits
    std::string init = "he_normal";   ///< see initialize.hpp
    std::uint64_t seed = 0;           ///< of the random weights
};

/// A multilayer perceptron: layers one after the other, all their parameters in one block.
///
///     MLP model({64, 32, 10}, {.hidden = "relu", .init = "he_normal", .seed = 1});
///     std::span<const Value> logits = model(image);
///
/// The parts of the block are "0.weight" (32,64), "0.bias" (32), "1.weight" (10,32), "1.bias" (10).
class MLP {
   public:
    /// Make the layers between the given widths: inputs first, outputs last.
    /// Raises ShapeError for fewer than two widths or a width of zero, DomainError for an unknown name.
    explicit MLP(const std::vector<std::size_t>& widths, const MLPOptions& options = {});

    /// Compute the outputs on the current tape. They live as long as what is recorded now.
    /// Shapes: x (inputs) -> (outputs).
    /// Raises ShapeError for another number of inputs.
    std::span<const Value> operator()(std::span<const double> x) const;
    std::span<const Value> operator()(std::span<const Value> x) const;

    /// Compute the same numbers, bit for bit, without a tape.
    [[nodiscard]] std::vector<double> predict(std::span<const double> x) const;

    [[nodiscard]] std::span<const Layer> layers() const { return layers_; }
    [[nodiscard]] const Parameters& parameters() const { return parameters_; }

    /// Return a line with widths and number of parameters, and one for each layer.
    [[nodiscard]] std::string describe() const;

   private:
    Parameters parameters_;
    std::vector<Layer> layers_;
};

/// Write the description of a model.
template <Module M>
std::ostream& operator<<(std::ostream& out, const M& model) {
    return out << model.describe();
}

}  // namespace gradus
