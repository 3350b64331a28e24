// SPDX-License-Identifier: MIT
#include "gradus/nn/layer.hpp"

#include <fmt/format.h>

#include <utility>

#include "gradus/error.hpp"
#include "gradus/reduce.hpp"
#include "gradus/tensor/elementwise.hpp"
#include "gradus/tensor/matmul.hpp"
#include "parts.hpp"

namespace gradus {

namespace {

ParameterView row(const ParameterView& matrix, std::size_t j, std::size_t columns) {
    return matrix.part(j * columns, columns);
}
std::span<const double> row(std::span<const double> matrix, std::size_t j, std::size_t columns) {
    return matrix.subspan(j * columns, columns);
}

/// Compute y_j = f(w_j . x + b_j): with parameters, on the tape; with doubles, without.
/// Shapes: weight (outputs, inputs), bias (outputs) or none, x (inputs), y (outputs).
template <class Weights, class X, class Y>
void forward(const Weights& weight, const std::optional<Weights>& bias, Activation f, std::span<const X> x,
             std::span<Y> y) {
    for (std::size_t j = 0; j < y.size(); ++j) {
        Y sum = dot(row(weight, j, x.size()), x);
        y[j] = activate<Y>(f, bias ? std::move(sum) + (*bias)[j] : std::move(sum));
    }
}

void require_inputs(const Layer& layer, std::size_t found) {
    if (found == layer.inputs()) return;
    throw ShapeError(fmt::format(
        "layer: the number of inputs is wrong: it takes {}, found {}. Give it as many numbers, or "
        "check the widths of the model.",
        layer.inputs(), found));
}

Parameter add_weight(Parameters& block, std::size_t inputs, std::size_t outputs,
                     const LayerOptions& options) {
    if (inputs == 0 || outputs == 0) {
        throw ShapeError(fmt::format(
            "layer: a size is zero: it has {} inputs and {} outputs. Give it at least one of each.", inputs,
            outputs));
    }
    return detail::add_weights(block, detail::full_name(options.name, "weight"), {outputs, inputs}, inputs,
                               options.init, options.seed);
}

template <class X>
std::span<const Value> record(const Layer& layer, std::span<const X> x) {
    require_inputs(layer, x.size());
    const std::span<Value> y = Tape::current().values(layer.outputs());
    std::optional<ParameterView> bias;
    if (layer.has_bias()) bias = layer.bias().view();
    forward(layer.weight().view(), bias, layer.activation(), x, y);
    return y;
}

std::string describe_as(const char* what, const Layer& layer) {
    const std::optional<Parameter> bias = layer.has_bias() ? std::optional(layer.bias()) : std::nullopt;
    return fmt::format("{} {} -> {} {}  {}", what, layer.inputs(), layer.outputs(),
                       activation_name(layer.activation()), detail::describe(layer.weight(), bias));
}

}  // namespace

Layer::Layer(std::size_t inputs, std::size_t outputs, const LayerOptions& options)
    : Layer(Parameters(), inputs, outputs, options) {}

Layer::Layer(Parameters block, std::size_t inputs, std::size_t outputs, const LayerOptions& options)
    : Layer(detail::Addition(block), inputs, outputs, options) {}

Layer::Layer(const detail::Addition& to, std::size_t inputs, std::size_t outputs, const LayerOptions& options)
    : activation_(gradus::activation(options.activation)),
      block_(to.block()),
      weight_(add_weight(block_, inputs, outputs, options)),
      bias_(detail::add_full(block_, options.bias, detail::full_name(options.name, "bias"), outputs, 0.0)) {}

std::span<const Value> Layer::operator()(std::span<const double> x) const { return record(*this, x); }

std::span<const Value> Layer::operator()(std::span<const Value> x) const { return record(*this, x); }

Tensor Layer::operator()(const Tensor& x) const {
    const Tensor w = weight_.tensor();
    return activate(activation_, bias_ ? linear(x, w, bias_->tensor()) : linear(x, w));
}

std::vector<double> Layer::predict(std::span<const double> x) const {
    require_inputs(*this, x.size());
    std::vector<double> y(outputs());
    std::optional<std::span<const double>> bias;
    if (bias_) bias = bias_->values();
    forward<std::span<const double>>(weight_.values(), bias, activation_, x, std::span(y));
    return y;
}

const Parameter& Layer::bias() const {
    if (!bias_) {
        throw DomainError(
            fmt::format("layer: it has no bias: there is \"{}\" alone. Make the layer with .bias = true, or "
                        "ask has_bias().",
                        weight_.info().name));
    }
    return *bias_;
}

std::string Layer::describe() const { return describe_as("Layer", *this); }

std::string Neuron::describe() const { return describe_as("Neuron", layer_); }

}  // namespace gradus
