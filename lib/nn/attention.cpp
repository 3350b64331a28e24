// SPDX-License-Identifier: MIT
#include "gradus/nn/attention.hpp"

#include <fmt/format.h>

#include <utility>

#include "gradus/error.hpp"
#include "parts.hpp"

namespace gradus {

namespace {

AttentionOptions for_width(std::size_t width, const AttentionLayerOptions& options) {
    if (width == 0 || options.heads == 0 || width % options.heads != 0) {
        throw ShapeError(fmt::format(
            "attention: the heads cannot share the width: {} heads, width {}. Give a width that is "
            "a multiple of the heads.",
            options.heads, width));
    }
    return {.heads = options.heads, .causal = options.causal};
}

/// Return how the k-th layer is made.
LayerOptions projection(const AttentionLayerOptions& options, std::size_t k, const char* name) {
    return {.bias = options.bias,
            .init = options.init,
            .seed = detail::seed_of_part(options.seed, k),
            .name = detail::full_name(options.name, name)};
}

}  // namespace

Attention::Attention(std::size_t width, const AttentionLayerOptions& options)
    : Attention(Parameters(), width, options) {}

Attention::Attention(Parameters block, std::size_t width, const AttentionLayerOptions& options)
    : Attention(detail::Addition(block), width, options) {}

Attention::Attention(const detail::Addition& to, std::size_t width, const AttentionLayerOptions& options)
    : options_(for_width(width, options)),
      q_(to.block(), width, width, projection(options, 0, "q")),
      k_(parameters(), width, width, projection(options, 1, "k")),
      v_(parameters(), width, width, projection(options, 2, "v")),
      o_(parameters(), width, width, projection(options, 3, "o")) {}

Tensor Attention::operator()(const Tensor& x) const { return o_(attention(q_(x), k_(x), v_(x), options_)); }

std::string Attention::describe() const {
    const std::size_t width = q_.inputs(), size = width * width + (q_.has_bias() ? width : 0);
    std::string parts = fmt::format("q, k, v, o: weight ({},{})", width, width);
    if (q_.has_bias()) parts += fmt::format("  bias ({})", width);
    return fmt::format("Attention {}, {} head{}{}  {}  {} parameters", width, options_.heads,
                       options_.heads == 1 ? "" : "s", options_.causal ? ", causal" : "", parts, 4 * size);
}

}  // namespace gradus
