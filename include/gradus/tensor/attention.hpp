// SPDX-License-Identifier: MIT
// What a transformer adds to products and norms: the rows of a table, and attention.
#pragma once

#include <cstddef>
#include <span>

#include "gradus/tensor.hpp"

namespace gradus {

/// Return the rows of a table that are named by their index, in this order: what tokens mean.
/// Shapes: table (n,d), m indices -> (m,d).
/// Gradient: dy of each row, added up where an index occurs more than once.
/// Raises ShapeError if the table is not a matrix, or for an index that it has no row for.
/// Cost: that of gather(): one entry.
Tensor embedding(const Tensor& table, std::span<const std::size_t> indices);

/// The same, where the indices are values: in a program, inputs of the example, and looked up anew for each.
/// Gradient: none for the indices. Raises ShapeError, too, for one that is no whole number.
Tensor embedding(const Tensor& table, std::span<const Value> indices);

struct AttentionOptions {
    std::size_t heads = 1;
    bool causal = true;  ///< whether a query sees only the keys up to its own position
};

/// Return for each query the mean of the values, weighted by how well their keys fit it (scaled dot product):
/// softmax(q kT / sqrt(d / heads)) v. Each head has its own d / heads columns of q and k, and of v and the
/// result.
/// Shapes: q (T,d), k (S,d), v (S,e) -> (T,e); or all with a batch in front: q (B,T,d) -> (B,T,e). d and e
/// are multiples of the number of heads.
/// Causal: the last query stands beside the last key, so query i sees the keys 0 ... S-T+i. With fewer
/// queries than keys, it continues a text of which k and v are known.
/// Gradient: docs/rules.md#attention.
/// Raises ShapeError if sizes do not fit, if d or e cannot be divided among the heads, if there are no keys,
/// or, causal, if there are more queries than keys.
/// Cost: one entry; about 2 T S (d + e) flops, backward twice as many, and about half of both if causal.
/// Keeps up to heads T S numbers for each of the batch.
/// Source: Vaswani et al., Attention Is All You Need (2017), section 3.2.
Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options = {});

}  // namespace gradus
