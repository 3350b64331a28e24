// SPDX-License-Identifier: MIT
// Embedding: numbers that stand for words, letters, places.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "gradus/nn/module.hpp"
#include "gradus/tensor.hpp"

namespace gradus {

struct EmbeddingOptions {
    double deviation = 1.0;  ///< standard deviation of the random numbers, whose mean is zero
    std::uint64_t seed = 0;  ///< of them
    std::string name = "";   ///< "token" makes "token.weight" of "weight"
};

/// Give each of `count` things a row of `width` numbers that are learned. Its parameter is "weight"
/// (count, width).
class Embedding {
   public:
    using Options = EmbeddingOptions;

    /// Raises ShapeError if a size is zero; DomainError for a deviation that is negative or not finite, or a
    /// name that the block has.
    Embedding(std::size_t count, std::size_t width, const EmbeddingOptions& options = {});
    Embedding(Parameters block, std::size_t count, std::size_t width, const EmbeddingOptions& options = {});

    /// Return the rows of these things.
    /// Shapes: m indices -> (m,width). For a batch of texts, reshape the result to (B,T,width).
    /// Raises ShapeError for an index that is not below count.
    Tensor operator()(std::span<const std::size_t> indices) const;
    Tensor operator()(std::span<const Value> indices) const;  ///< inputs of a program, say

    [[nodiscard]] const Parameters& parameters() const { return block_; }  ///< of the whole model
    [[nodiscard]] const Parameter& weight() const { return weight_; }
    [[nodiscard]] std::string describe() const;

   private:
    Parameters block_;
    Parameter weight_;
};

}  // namespace gradus
