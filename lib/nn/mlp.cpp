// SPDX-License-Identifier: MIT
#include "gradus/nn/mlp.hpp"

#include <fmt/format.h>

#include <utility>

#include "gradus/error.hpp"
#include "gradus/random.hpp"
#include "parts.hpp"

namespace gradus {

MLP::MLP(const std::vector<std::size_t>& widths, const MLPOptions& options)
    : MLP(Parameters(), widths, options) {}

MLP::MLP(Parameters block, const std::vector<std::size_t>& widths, const MLPOptions& options)
    : parameters_(std::move(block)) {
    if (widths.size() < 2) {
        throw ShapeError(fmt::format(
            "mlp: too few widths: found {}. Give the number of inputs, then that of each layer's outputs.",
            widths.size()));
    }
    static_cast<void>(activation(options.hidden));  // a wrong name is an error even if no layer has it
    const detail::Addition whole(parameters_);
    Random seeds(options.seed);
    const std::size_t layers = widths.size() - 1;
    for (std::size_t k = 0; k < layers; ++k) {
        layers_.emplace_back(parameters_, widths[k], widths[k + 1],
                             LayerOptions{.activation = k + 1 < layers ? options.hidden : options.output,
                                          .bias = options.bias,
                                          .init = options.init,
                                          .seed = seeds(),
                                          .name = detail::full_name(options.name, std::to_string(k))});
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

Tensor MLP::operator()(const Tensor& x) const {
    Tensor y = x;
    for (const Layer& layer : layers_) y = layer(y);
    return y;
}

std::vector<double> MLP::predict(std::span<const double> x) const {
    std::vector<double> y(x.begin(), x.end());
    for (const Layer& layer : layers_) y = layer.predict(y);
    return y;
}

std::string MLP::describe() const {
    std::string widths = fmt::format("{}", layers_.front().inputs());
    std::size_t size = 0;
    std::vector<detail::Line> lines;
    for (const Layer& layer : layers_) {
        widths += fmt::format("-{}", layer.outputs());
        size += layer.weight().size() + (layer.has_bias() ? layer.bias().size() : 0);
        constexpr std::string_view kWhat = "Layer ";
        lines.push_back({std::to_string(lines.size()), layer.describe().substr(kWhat.size())});
    }
    return detail::describe(fmt::format("MLP {}, {} parameters", widths, size), lines);
}

}  // namespace gradus
