// SPDX-License-Identifier: MIT
// A small GPT: it reads tokens and tells, at each of them, which one may come next. Written in two styles
// over one block of parameters: by_value, where every number is a Value, and by_tensor.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "gradus/error.hpp"
#include "gradus/losses.hpp"
#include "gradus/parameters.hpp"
#include "gradus/python_random.hpp"
#include "gradus/reduce.hpp"
#include "gradus/tensor/attention.hpp"
#include "gradus/tensor/elementwise.hpp"
#include "gradus/tensor/losses.hpp"
#include "gradus/tensor/matmul.hpp"
#include "gradus/tensor/normalize.hpp"
#include "gradus/tensor/shaping.hpp"

namespace example {

using Tokens = std::span<const std::size_t>;

struct GptOptions {
    std::size_t vocabulary = 27;  ///< different tokens
    std::size_t width = 16;       ///< numbers that stand for one token
    std::size_t layers = 1;
    std::size_t heads = 4;
    std::size_t context = 16;  ///< tokens that it sees at once
};

/// The weights of a GPT, which both styles read. Each matrix is (outputs, inputs).
struct Gpt {
    struct Layer {
        gradus::Parameter query, key, value, output;  // (width, width)
        gradus::Parameter up, down;                   // (4 width, width), (width, 4 width)
    };

    /// Draw all weights from the normal distribution with standard deviation 0.08.
    /// Raises ShapeError unless the width is a multiple of the heads.
    Gpt(const GptOptions& sizes, gradus::PythonRandom& random)
        : options(sizes),
          token(add("token", sizes.vocabulary, sizes.width, random)),
          position(add("position", sizes.context, sizes.width, random)),
          head(add("head", sizes.vocabulary, sizes.width, random)) {
        const std::size_t n = sizes.width;
        if (sizes.heads == 0 || n % sizes.heads != 0) {
            throw gradus::ShapeError(
                fmt::format("gpt: the heads cannot share the width: {} heads, width {}. Give a multiple.",
                            sizes.heads, n));
        }
        for (std::size_t i = 0; i < sizes.layers; ++i) {
            const auto part = [&](const char* name, std::size_t rows, std::size_t columns) {
                return add(fmt::format("layers.{}.{}", i, name), rows, columns, random);
            };
            layers.push_back({part("query", n, n), part("key", n, n), part("value", n, n),
                              part("output", n, n), part("up", 4 * n, n), part("down", n, 4 * n)});
        }
    }

    GptOptions options;
    gradus::Parameters parameters;
    gradus::Parameter token;     // (vocabulary, width): what stands for each token
    gradus::Parameter position;  // (context, width): what is added at each place
    gradus::Parameter head;      // (vocabulary, width): gives the answers
    std::vector<Layer> layers;

   private:
    gradus::Parameter add(const std::string& name, std::size_t rows, std::size_t columns,
                          gradus::PythonRandom& random) {
        const gradus::Parameter weight = parameters.add(name + ".weight", {rows, columns});
        for (double& w : weight.values()) w = random.gauss(0.0, 0.08);
        return weight;
    }
};

/// One token after the other, number by number: each later one sees the keys and values of those before it.
namespace by_value {

using Row = std::vector<gradus::Value>;
using Rows = std::vector<Row>;

inline gradus::ParameterView row(const gradus::Parameter& matrix, std::size_t i) {
    const std::size_t columns = matrix.info().shape[1];
    return matrix.view().part(i * columns, columns);
}

/// Return W x.
inline Row linear(const gradus::Parameter& weight, const Row& x) {
    Row y;
    for (std::size_t i = 0; i < weight.info().shape[0]; ++i) y.push_back(dot(row(weight, i), x));
    return y;
}

/// Return x / r, r being the root of the mean square.
inline Row rms_norm(const Row& x) {
    const gradus::Value factor = 1.0 / sqrt(dot(x, x) / x.size() + 1e-5);
    Row y;
    for (const gradus::Value& x_i : x) y.push_back(factor * x_i);
    return y;
}

inline Row operator+(const Row& a, const Row& b) {
    Row y;
    for (std::size_t i = 0; i < a.size(); ++i) y.push_back(a[i] + b[i]);
    return y;
}

/// Return the mean of the values, each weighed by how well its key fits the query. A head sees its part of
/// the numbers.
inline Row attention(const Row& query, const Rows& keys, const Rows& values, std::size_t heads) {
    const std::size_t size = query.size() / heads;
    Row y;
    for (std::size_t begin = 0; begin < query.size(); begin += size) {
        const auto part = [&](const Row& x) { return std::span(x).subspan(begin, size); };
        Row fits;
        for (const Row& key : keys) fits.push_back(dot(part(query), part(key)) / std::sqrt(size));
        const std::span<const gradus::Value> weights = gradus::softmax(fits);
        for (std::size_t i = begin; i < begin + size; ++i) {
            gradus::Value sum = 0.0;
            for (std::size_t t = 0; t < values.size(); ++t) sum += weights[t] * values[t][i];
            y.push_back(sum);
        }
    }
    return y;
}

/// Return number i of the embedding of a token.
inline gradus::Value embedding(const gradus::Parameter& matrix, std::size_t token, std::size_t i) {
    return row(matrix, token)[i];
}

/// The same in a program, where a token is a number of its example: looked up in column i.
inline gradus::Value embedding(const gradus::Parameter& matrix, const gradus::Value& token, std::size_t i) {
    Row column;
    for (std::size_t t = 0; t < matrix.info().shape[0]; ++t) column.push_back(row(matrix, t)[i]);
    return pick(column, token);
}

/// Return a row of logits for each token: large ones for those that may come next.
template <class Token>
Rows logits(const Gpt& model, std::span<const Token> tokens) {
    Rows answers;
    std::vector<Rows> keys(model.layers.size()), values(model.layers.size());
    for (std::size_t t = 0; t < tokens.size(); ++t) {
        Row x;
        for (std::size_t i = 0; i < model.options.width; ++i)
            x.push_back(embedding(model.token, tokens[t], i) + row(model.position, t)[i]);
        x = rms_norm(x);
        for (std::size_t l = 0; l < model.layers.size(); ++l) {
            const Gpt::Layer& layer = model.layers[l];
            const Row h = rms_norm(x);
            keys[l].push_back(linear(layer.key, h));
            values[l].push_back(linear(layer.value, h));
            const Row seen = attention(linear(layer.query, h), keys[l], values[l], model.options.heads);
            x = x + linear(layer.output, seen);
            Row hidden = linear(layer.up, rms_norm(x));
            for (gradus::Value& hidden_i : hidden) hidden_i = relu(hidden_i);
            x = x + linear(layer.down, hidden);
        }
        answers.push_back(linear(model.head, x));
    }
    return answers;
}

/// Return the mean loss of telling each token from those before it.
template <class Token>
gradus::Value loss_of(const Gpt& model, std::span<const Token> tokens) {
    const std::size_t n = std::min(model.options.context, tokens.size() - 1);
    const Rows answers = logits(model, tokens.first(n));
    gradus::Value sum = 0.0;
    for (std::size_t t = 0; t < n; ++t) sum += softmax_cross_entropy(answers[t], tokens[t + 1]);
    return sum / n;
}
inline gradus::Value loss(const Gpt& model, Tokens tokens) { return loss_of(model, tokens); }

}  // namespace by_value

/// All tokens at once: a row for each.
namespace by_tensor {

/// Return a row of logits for each token: large ones for those that may come next.
template <class Token>
gradus::Tensor logits_of(const Gpt& model, std::span<const Token> tokens) {
    const gradus::Tensor places = slice(model.position.tensor(), 0, 0, tokens.size());
    gradus::Tensor x = rms_norm(embedding(model.token.tensor(), tokens) + places);
    for (const Gpt::Layer& layer : model.layers) {
        gradus::Tensor h = rms_norm(x);
        h = attention(linear(h, layer.query.tensor()), linear(h, layer.key.tensor()),
                      linear(h, layer.value.tensor()), {.heads = model.options.heads});
        x += linear(h, layer.output.tensor());
        h = relu(linear(rms_norm(x), layer.up.tensor()));
        x += linear(h, layer.down.tensor());
    }
    return linear(x, model.head.tensor());
}

inline gradus::Tensor logits(const Gpt& model, Tokens tokens) { return logits_of(model, tokens); }

/// Return the mean loss of telling each token from those before it.
template <class Token>
gradus::Value loss_of(const Gpt& model, std::span<const Token> tokens) {
    const std::size_t n = std::min(model.options.context, tokens.size() - 1);
    return softmax_cross_entropy(logits_of(model, tokens.first(n)), tokens.subspan(1, n));
}
inline gradus::Value loss(const Gpt& model, Tokens tokens) { return loss_of(model, tokens); }

}  // namespace by_tensor

}  // namespace example
