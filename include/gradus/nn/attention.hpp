// SPDX-License-Identifier: MIT
// Attention with what it learns: what to ask, what to answer to, what to say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "gradus/nn/layer.hpp"
#include "gradus/tensor/attention.hpp"

namespace gradus {

/// How an Attention is made.
struct AttentionLayerOptions {
    std::size_t heads = 1;
    bool causal = true;                 ///< whether a place sees only itself and those before it
    bool bias = true;                   ///< whether the projections have one
    std::string init = "lecun_normal";  ///< see initialize.hpp
    std::uint64_t seed = 0;             ///< of the random weights
    std::string name = "";              ///< "attention" makes "attention.q.weight" of "q.weight"
};

/// Let each row of a text look at the others: o(attention(q(x), k(x), v(x))). The layers q, k, v and o are
/// (width -> width): their parameters are "q.weight", "q.bias", "k.weight" and so on.
/// Source: Vaswani et al., Attention Is All You Need (2017).
class Attention {
   public:
    using Options = AttentionLayerOptions;

    /// Raises ShapeError unless the width is a multiple of the heads, and neither is zero; DomainError for an
    /// unknown initialization, or if the block has parameters of these names.
    explicit Attention(std::size_t width, const AttentionLayerOptions& options = {});
    Attention(Parameters block, std::size_t width, const AttentionLayerOptions& options = {});

    /// Shapes: x (T,width) or (B,T,width) -> the same.
    /// Raises ShapeError for another width or rank.
    Tensor operator()(const Tensor& x) const;

    [[nodiscard]] const Parameters& parameters() const { return q_.parameters(); }  ///< of the whole model
    [[nodiscard]] std::string describe() const;

   private:
    Attention(const detail::Addition& to, std::size_t width, const AttentionLayerOptions& options);

    AttentionOptions options_;
    Layer q_, k_, v_, o_;
};

}  // namespace gradus
