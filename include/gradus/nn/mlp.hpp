// SPDX-License-Identifier: MIT
// The multilayer perceptron.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gradus/nn/layer.hpp"

namespace gradus {

/// How a multilayer perceptron is made.
struct MLPOptions {
    std::string hidden = "relu";      ///< activation of all layers but the last
    std::string output = "identity";  ///< activation of the last layer: losses take logits
    bool bias = true;                 ///< whether layers have one
    std::string init = "he_normal";   ///< see initialize.hpp
    std::uint64_t seed = 0;           ///< of the random weights
    std::string name = "";            ///< "mlp" makes "mlp.0.weight" of "0.weight"
};

/// A multilayer perceptron: layers one after the other, all their parameters in one block.
///
///     MLP model({64, 32, 10}, {.hidden = "relu", .init = "he_normal", .seed = 1});
///     std::span<const Value> logits = model(image);       // one row, with scalars
///     Tensor all_logits = model(rows(digits, batch));     // a batch of them, (B,64) -> (B,10)
///
/// The parts of the block are "0.weight" (32,64), "0.bias" (32), "1.weight" (10,32), "1.bias" (10).
class MLP {
   public:
    /// Make the layers between the given widths: inputs first, outputs last.
    /// Raises ShapeError for fewer than two widths or a width of zero, DomainError for an unknown name.
    explicit MLP(const std::vector<std::size_t>& widths, const MLPOptions& options = {});

    /// Make it as a part of a larger model, whose block it appends its parameters to.
    /// Raises the same, and DomainError if the block has parameters of these names.
    MLP(Parameters block, const std::vector<std::size_t>& widths, const MLPOptions& options = {});
    MLP(const MLP&) = default;  // and no move: a module that was moved from still works
    MLP& operator=(const MLP&) = default;

    /// Compute the outputs on the current tape. They live as long as what is recorded now.
    /// Shapes: x (inputs) -> (outputs).
    /// Raises ShapeError for another number of inputs.
    std::span<const Value> operator()(std::span<const double> x) const;
    std::span<const Value> operator()(std::span<const Value> x) const;

    /// Compute the outputs of many rows at once. To predict, write it in a Scope that ends before backward().
    /// Shapes: x (B,inputs) -> (B,outputs); or any axes before the last one.
    /// Raises ShapeError for another number of inputs.
    Tensor operator()(const Tensor& x) const;

    /// Compute the same numbers as with scalars, bit for bit, without a tape.
    [[nodiscard]] std::vector<double> predict(std::span<const double> x) const;

    [[nodiscard]] std::span<const Layer> layers() const { return layers_; }
    [[nodiscard]] const Parameters& parameters() const { return parameters_; }

    /// Return a line with widths and number of parameters, and one for each layer.
    [[nodiscard]] std::string describe() const;

   private:
    Parameters parameters_;
    std::vector<Layer> layers_;
};

}  // namespace gradus
