// SPDX-License-Identifier: MIT
#include "gradus/nn.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gradus/error.hpp"
#include "gradus/initialize.hpp"
#include "gradus/random.hpp"
#include "gradus/reduce.hpp"

namespace gradus {

namespace {

ParameterView row(const ParameterView& matrix, std::size_t j, std::size_t columns) {
    return matrix.part(j * columns, columns);
}
std::span<const double> row(std::span<const double> matrix, std::size_t j, std::size_t columns) {
    return matrix.subspan(j * columns, columns);
}

/// Compute y_j = f(w_j . x + b_j): with parameters, on the tape; with doubles, without.
/// Shapes: weight (outputs, inputs), bias (outputs), x (inputs), y (outputs).
template <class Weights, class X, class Y>
void forward(const Weights& weight, const Weights& bias, Activation f, std::span<const X> x, std::span<Y> y) {
    for (std::size_t j = 0; j < y.size(); ++j)
        y[j] = activate<Y>(f, dot(row(weight, j, x.size()), x) + bias[j]);
}

void require_inputs(const Layer& layer, std::size_t found) {
    if (found == layer.inputs()) return;
    throw ShapeError(fmt::format(
        "layer: the number of inputs is wrong: it takes {}, found {}. Give it as many numbers, or "
        "check the widths of the model.",
        layer.inputs(), found));
}

std::string full_name(const LayerOptions& options, const char* part) {
    return options.name.empty() ? part : options.name + "." + part;
}

/// Append a matrix of random weights to a block.
Parameter add_weight(Parameters& block, std::size_t inputs, std::size_t outputs,
                     const LayerOptions& options) {
    if (inputs == 0 || outputs == 0) {
        throw ShapeError(fmt::format(
            "layer: a size is zero: it has {} inputs and {} outputs. Give it at least one of each.", inputs,
            outputs));
    }
    std::vector<double> numbers(outputs * inputs);
    Random random(options.seed);
    initialize(options.init, numbers, inputs, random);
    Parameter weight = block.add(full_name(options, "weight"), {outputs, inputs});
    std::copy(numbers.begin(), numbers.end(), weight.values().begin());
    return weight;
}

template <class X>
std::span<const Value> record(const Layer& layer, std::span<const X> x) {
    require_inputs(layer, x.size());
    const std::span<Value> y = Tape::current().values(layer.outputs());
    forward(layer.weight().view(), layer.bias().view(), layer.activation(), x, y);
    return y;
}

// Two columns of a description.
std::string sizes(const Layer& layer) {
    return fmt::format("{} -> {} {}", layer.inputs(), layer.outputs(), activation_name(layer.activation()));
}
std::string parts(const Layer& layer) {
    const std::size_t m = layer.outputs(), n = layer.inputs();
    return fmt::format("weight ({},{})  bias ({})  {} parameters", m, n, m, m * n + m);
}

}  // namespace

// ---- layer

Layer::Layer(std::size_t inputs, std::size_t outputs, const LayerOptions& options)
    : Layer(Parameters(), inputs, outputs, options) {}

Layer::Layer(Parameters block, std::size_t inputs, std::size_t outputs, const LayerOptions& options)
    : activation_(gradus::activation(options.activation)),
      block_(std::move(block)),
      weight_(add_weight(block_, inputs, outputs, options)),
      bias_(block_.add(full_name(options, "bias"), {outputs}, false)) {}

std::span<const Value> Layer::operator()(std::span<const double> x) const { return record(*this, x); }

std::span<const Value> Layer::operator()(std::span<const Value> x) const { return record(*this, x); }

std::vector<double> Layer::predict(std::span<const double> x) const {
    require_inputs(*this, x.size());
    std::vector<double> y(outputs());
    forward<std::span<const double>>(weight_.values(), bias_.values(), activation_, x, std::span(y));
    return y;
}

std::string Layer::describe() const { return fmt::format("Layer {}  {}", sizes(*this), parts(*this)); }

// ---- neuron

std::string Neuron::describe() const { return fmt::format("Neuron {}  {}", sizes(layer_), parts(layer_)); }

// ---- multilayer perceptron

MLP::MLP(const std::vector<std::size_t>& widths, const MLPOptions& options) {
    if (widths.size() < 2) {
        throw ShapeError(fmt::format(
            "mlp: too few widths: found {}. Give the number of inputs, then that of each layer's outputs.",
            widths.size()));
    }
    Random seeds(options.seed);
    const std::size_t layers = widths.size() - 1;
    for (std::size_t k = 0; k < layers; ++k) {
        layers_.emplace_back(parameters_, widths[k], widths[k + 1],
                             LayerOptions{.activation = k + 1 < layers ? options.hidden : options.output,
                                          .init = options.init,
                                          .seed = seeds(),
                                          .name = std::to_string(k)});
    }
}

std::span<const Value> MLP::operator()(std::span<const double> x) const {
    std::span<const Value> y = layers_.front()(x);
    for (const Layer& layer : std::span(layers_).subspan(1)) y = layer(y);
    return y;
}

std::span<const Value> MLP::operator()(std::span<const Value> x) const {
    for (const Layer& layer : layers_) x = layer(x);
    return x;
}

std::vector<double> MLP::predict(std::span<const double> x) const {
    std::vector<double> y(x.begin(), x.end());
    for (const Layer& layer : layers_) y = layer.predict(y);
    return y;
}

std::string MLP::describe() const {
    std::size_t longest = 0;
    for (const Layer& layer : layers_) longest = std::max(longest, sizes(layer).size());
    std::string widths = fmt::format("{}", layers_.front().inputs());
    std::string lines;
    for (std::size_t k = 0; k < layers_.size(); ++k) {
        widths += fmt::format("-{}", layers_[k].outputs());
        lines += fmt::format("\n  {}: {:{}}  {}", k, sizes(layers_[k]), longest, parts(layers_[k]));
    }
    return fmt::format("MLP {}, {} parameters{}", widths, parameters_.size(), lines);
}

}  // namespace gradus
