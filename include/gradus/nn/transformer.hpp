// SPDX-License-Identifier: MIT
// The block of which transformers are stacked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "gradus/nn/attention.hpp"
#include "gradus/nn/mlp.hpp"
#include "gradus/nn/normalization.hpp"

namespace gradus {

/// How a TransformerBlock is made: by default as in GPT-2.
struct TransformerBlockOptions {
    std::size_t heads = 1;
    bool causal = true;                 ///< whether a place sees only itself and those before it
    std::string activation = "gelu";    ///< of the perceptron; see activations.hpp
    std::string norm = "layer_norm";    ///< or "rms_norm"
    bool bias = true;                   ///< whether layers and norms have one
    std::string init = "lecun_normal";  ///< see initialize.hpp
    std::uint64_t seed = 0;             ///< of the random weights
    std::string name = "";              ///< "block" makes "block.norm1.weight" of "norm1.weight"
};

/// Mix along a text, then think at each place; both are added to what came in:
///
///     x = x + attention(norm1(x))
///     x = x + mlp(norm2(x))
///
/// The perceptron has the widths width, 4 width, width. Its parameters are those of "norm1", "attention",
/// "norm2" and "mlp".
/// Source: Radford et al., Language Models are Unsupervised Multitask Learners (2019), without dropout.
class TransformerBlock {
   public:
    using Options = TransformerBlockOptions;

    /// Raises what its parts raise, and DomainError for another norm.
    explicit TransformerBlock(std::size_t width, const TransformerBlockOptions& options = {});
    TransformerBlock(Parameters block, std::size_t width, const TransformerBlockOptions& options = {});

    /// Shapes: x (T,width) or (B,T,width) -> the same.
    /// Raises ShapeError for another width or rank.
    Tensor operator()(const Tensor& x) const;

    [[nodiscard]] const Parameters& parameters() const { return block_; }  ///< of the whole model
    [[nodiscard]] std::string describe() const;

   private:
    using Norm = std::variant<LayerNorm, RMSNorm>;

    TransformerBlock(const detail::Addition& to, std::size_t width, const TransformerBlockOptions& options);

    Parameters block_;
    Norm norm1_;
    Attention attention_;
    Norm norm2_;
    MLP mlp_;
    std::string name_;
};

}  // namespace gradus
