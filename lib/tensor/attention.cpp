// SPDX-License-Identifier: MIT
#include "gradus/tensor/attention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "../kernels/matrix.hpp"
#include "../kernels/rows.hpp"
#include "by_number.hpp"
#include "gradus/reduce.hpp"
#include "gradus/tensor/shaping.hpp"
#include "operation.hpp"

namespace gradus {
namespace {

using Matrix = kernels::MatrixView<double>;

/// Some queries of one head, and the keys that the last of them sees. Positions count from the first number
/// of each tensor; the scores of a block lie side by side, (rows,keys).
struct Block {
    std::size_t rows, keys;
    std::size_t q, k, v, y;  // k and v: of the head's first key; q and y: of the block's first query
    std::size_t scores;
};

/// The sizes of an attention.
struct Sizes {
    std::size_t batch, queries, keys;  // B, T, S
    std::size_t d, e;                  // columns of q and k; of v and the result
    std::size_t heads;
    bool causal;

    Sizes(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options);

    [[nodiscard]] std::size_t width() const { return d / heads; }
    [[nodiscard]] std::size_t value_width() const { return e / heads; }

    /// Return how many keys the i-th query sees.
    [[nodiscard]] std::size_t seen(std::size_t i) const { return causal ? keys - queries + i + 1 : keys; }

    /// Return the rows of the longest block. A causal block computes the scores of all its rows as far as its
    /// last row sees: short ones compute little in vain, long ones make few products.
    [[nodiscard]] std::size_t block_rows() const {
        return causal ? std::min<std::size_t>(queries, 32) : queries;
    }

    /// Call f(block, its first query) for each block. Returns how many scores there are.
    template <class F>
    std::size_t each_block(F f) const {
        std::size_t scores = 0;
        for (std::size_t b = 0; b < batch; ++b) {
            for (std::size_t h = 0; h < heads; ++h) {
                for (std::size_t i = 0; i < queries; i += block_rows()) {
                    const std::size_t rows = std::min(block_rows(), queries - i);
                    const Block block{.rows = rows,
                                      .keys = seen(i + rows - 1),
                                      .q = (b * queries + i) * d + h * width(),
                                      .k = b * keys * d + h * width(),
                                      .v = b * keys * e + h * value_width(),
                                      .y = (b * queries + i) * e + h * value_width(),
                                      .scores = scores};
                    f(block, i);
                    scores += block.rows * block.keys;
                }
            }
        }
        return scores;
    }
};

Sizes::Sizes(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options)
    : heads(options.heads), causal(options.causal) {
    const std::size_t rank = q.rank();
    const bool has_batch = rank == 3;
    const auto shapes = [&] {
        return fmt::format("q is {}, k is {}, v is {}", to_string(q.shape()), to_string(k.shape()),
                           to_string(v.shape()));
    };
    const bool fits = (rank == 2 || has_batch) && k.rank() == rank && v.rank() == rank &&
                      k.shape()[rank - 1] == q.shape()[rank - 1] &&
                      k.shape()[rank - 2] == v.shape()[rank - 2] &&
                      (!has_batch || (k.shape()[0] == q.shape()[0] && v.shape()[0] == q.shape()[0]));
    if (!fits) {
        throw ShapeError(fmt::format(
            "attention: queries, keys and values do not fit: {}. Give them the shapes (T,d), (S,d) "
            "and (S,e), or all a batch in front.",
            shapes()));
    }
    batch = has_batch ? q.shape()[0] : 1;
    queries = q.shape()[rank - 2], keys = k.shape()[rank - 2];
    d = q.shape()[rank - 1], e = v.shape()[rank - 1];
    if (heads == 0 || d == 0 || d % heads != 0 || e % heads != 0) {
        throw ShapeError(
            fmt::format("attention: the columns cannot be divided among the heads: {}, with {} heads. Give "
                        "last sizes that are multiples of the number of heads.",
                        shapes(), heads));
    }
    if (keys == 0 || (causal && queries > keys)) {
        throw ShapeError(fmt::format(
            "attention: {}: {}. {}", keys == 0 ? "there are no keys" : "the first queries see no key",
            shapes(),
            keys == 0 ? "Give at least one." : "Give as many keys as queries, or {.causal = false}."));
    }
}

void require_table(const Tensor& table) {
    if (table.rank() == 2) return;
    throw ShapeError(
        fmt::format("embedding: the table is not a matrix: its shape is {}. Give it one row "
                    "for each index.",
                    to_string(table.shape())));
}

/// Compute each query's row, head by head, from what it sees.
Tensor attend_by_number(const Tensor& q, const Tensor& k, const Tensor& v, const Sizes& sizes, double scale,
                        const Shape& shape) {
    const std::span<const Value> qs = detail::values_of(q), ks = detail::values_of(k),
                                 vs = detail::values_of(v);
    const std::size_t width = sizes.width(), value_width = sizes.value_width();
    std::vector<Value> y;
    for (std::size_t row = 0; row < sizes.batch * sizes.queries; ++row) {
        const std::size_t first_key = row / sizes.queries * sizes.keys;
        const std::size_t seen = sizes.seen(row % sizes.queries);
        for (std::size_t h = 0; h < sizes.heads; ++h) {
            std::vector<Value> scores;
            for (std::size_t j = first_key; j < first_key + seen; ++j) {
                scores.push_back(scale * dot(qs.subspan(row * sizes.d + h * width, width),
                                             ks.subspan(j * sizes.d + h * width, width)));
            }
            const std::span<const Value> p = softmax(scores);
            for (std::size_t c = 0; c < value_width; ++c) {
                const std::size_t first = first_key * sizes.e + h * value_width + c;
                y.push_back(dot(p, detail::line(vs, first, seen, sizes.e)));
            }
        }
    }
    return tensor(y, shape);
}

}  // namespace

Tensor embedding(const Tensor& table, std::span<const std::size_t> indices) {
    require_table(table);
    return gather(table, indices);
}

Tensor embedding(const Tensor& table, std::span<const Value> indices) {
    require_table(table);
    return gather(table, indices);
}

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options) {
    const detail::Operation operation("attention", {q, k, v});
    const Sizes sizes(q, k, v, options);
    const std::size_t width = sizes.width(), value_width = sizes.value_width();
    const double scale = 1.0 / std::sqrt(static_cast<double>(width));
    const Shape shape =
        q.rank() == 3 ? Shape{sizes.batch, sizes.queries, sizes.e} : Shape{sizes.queries, sizes.e};
    if (operation.is_by_number()) return attend_by_number(q, k, v, sizes, scale, shape);

    // p: the probabilities, (rows,keys) of each block; 0 for the keys that a row does not see.
    double* const p = operation.numbers(sizes.each_block([](const Block&, std::size_t) {}));
    const std::size_t y_size = sizes.batch * sizes.queries * sizes.e;
    double* const y = operation.numbers(y_size);
    sizes.each_block([&](const Block& block, std::size_t first) {
        const std::size_t rows = block.rows, keys = block.keys;
        double* const scores = p + block.scores;
        kernels::multiply(rows, keys, width, Matrix{q.data() + block.q, sizes.d},
                          transpose(Matrix{k.data() + block.k, sizes.d}), scores, keys, false);
        kernels::scale(scale, scores, rows * keys);
        for (std::size_t i = 0; i < rows; ++i) {
            double* const row = scores + i * keys;
            const std::size_t seen = sizes.seen(first + i);
            kernels::softmax_row(row, row, seen);
            std::fill(row + seen, row + keys, 0.0);
        }
        kernels::multiply(rows, value_width, keys, Matrix{scores, keys}, Matrix{v.data() + block.v, sizes.e},
                          y + block.y, sizes.e, false);
    });

    const std::size_t most = sizes.block_rows() * sizes.keys;
    double* const dp = operation.numbers(most);
    double* const dscores = operation.numbers(most);
    return operation.finish(shape, y, [=](const detail::Pull& d) {
        double* const dq = d(q);
        double* const dk = d(k);
        double* const dv = d(v);
        sizes.each_block([&](const Block& block, std::size_t first) {
            const std::size_t rows = block.rows, keys = block.keys;
            const Matrix dy{d.result() + block.y, sizes.e};
            const Matrix probabilities{p + block.scores, keys};
            if (dv != nullptr) {
                kernels::multiply(keys, value_width, rows, transpose(probabilities), dy, dv + block.v,
                                  sizes.e, true);
            }
            if (dq == nullptr && dk == nullptr) return;
            kernels::multiply(rows, keys, value_width, dy, transpose(Matrix{v.data() + block.v, sizes.e}), dp,
                              keys, false);
            kernels::fill(0.0, dscores, rows * keys);
            for (std::size_t i = 0; i < rows; ++i) {
                kernels::softmax_gradient_row(probabilities.data + i * keys, dp + i * keys,
                                              dscores + i * keys, sizes.seen(first + i));
            }
            kernels::scale(scale, dscores, rows * keys);
            const Matrix slopes{dscores, keys};
            if (dq != nullptr) {
                kernels::multiply(rows, width, keys, slopes, Matrix{k.data() + block.k, sizes.d},
                                  dq + block.q, sizes.d, true);
            }
            if (dk != nullptr) {
                kernels::multiply(keys, width, rows, transpose(slopes), Matrix{q.data() + block.q, sizes.d},
                                  dk + block.k, sizes.d, true);
            }
        });
    });
}

}  // namespace gradus
