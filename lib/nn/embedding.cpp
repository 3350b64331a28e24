// SPDX-License-Identifier: MIT
#include "gradus/nn/embedding.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "gradus/error.hpp"
#include "gradus/random.hpp"
#include "gradus/tensor/attention.hpp"
#include "parts.hpp"

namespace gradus {

namespace {

Parameter add_table(Parameters& block, std::size_t count, std::size_t width,
                    const EmbeddingOptions& options) {
    if (count == 0 || width == 0) {
        throw ShapeError(fmt::format(
            "embedding: a size is zero: it has {} rows of {} numbers. Give it at least one of each.", count,
            width));
    }
    if (!(options.deviation >= 0.0) || !std::isfinite(options.deviation)) {
        throw DomainError(fmt::format(
            "embedding: the deviation is negative or not finite: {}. Give a positive number, such as 1.",
            options.deviation));
    }
    const Parameter table = block.add(detail::full_name(options.name, "weight"), {count, width});
    Random random(options.seed);
    for (double& number : table.values()) number = random.normal(0.0, options.deviation);
    return table;
}

}  // namespace

Embedding::Embedding(std::size_t count, std::size_t width, const EmbeddingOptions& options)
    : Embedding(Parameters(), count, width, options) {}

Embedding::Embedding(Parameters block, std::size_t count, std::size_t width, const EmbeddingOptions& options)
    : block_(std::move(block)), weight_(add_table(block_, count, width, options)) {}

Tensor Embedding::operator()(std::span<const std::size_t> indices) const {
    return embedding(weight_.tensor(), indices);
}

Tensor Embedding::operator()(std::span<const Value> indices) const {
    return embedding(weight_.tensor(), indices);
}

std::string Embedding::describe() const {
    const std::vector<std::size_t>& shape = weight_.info().shape;
    return fmt::format("Embedding {} -> {}  {}", shape[0], shape[1], detail::describe(weight_));
}

}  // namespace gradus
