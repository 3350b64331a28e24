// SPDX-License-Identifier: MIT
// The losses of the models, written with scalars of type T for every engine that has such. A style says how
// the parts are written: with loops and comparisons, as here, or with functions of a library.
#pragma once

#include "training.hpp"

namespace benchmarks {

/// Sums as loops, for any T.
template <class T>
struct Loops {
    using Numbers = std::vector<T>;

    /// Return the sum of p[offset + i] * x[i].
    template <class P, class X>
    static T dot(const P& p, std::size_t offset, const X* x, std::size_t n) {
        T sum = 0.0;
        for (std::size_t i = 0; i < n; ++i) sum += p[offset + i] * x[i];
        return sum;
    }

    /// Return the sum of a[i] * b[i].
    static T dot(const T* a, const T* b, std::size_t n) {
        T sum = 0.0;
        for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
        return sum;
    }

    static T sum_log_exp(const Numbers& x) { return log_sum_exp(x); }

    static Numbers softmax(const Numbers& x) {
        using std::exp;
        T largest = x[0];
        for (const T& x_i : x) {
            if (x_i > largest) largest = x_i;
        }
        Numbers y(x.size());
        T sum = 0.0;
        for (std::size_t i = 0; i < x.size(); ++i) sum += y[i] = exp(x[i] - largest);
        for (T& y_i : y) y_i = y_i / sum;
        return y;
    }

    static T activate(Activation f, const T& x) {
        using std::exp, std::tanh;
        switch (f) {
            case Activation::relu:
                return x > 0.0 ? x : T(0.0);
            case Activation::sigmoid:
                return 1.0 / (1.0 + exp(-1.0 * x));
            case Activation::tanh:
                return tanh(x);
            case Activation::identity:
                break;
        }
        return x;
    }

    /// Return x[position].
    static const T& pick(const Numbers& x, std::size_t position) { return x[position]; }

    /// Return an element of the matrix of p that begins at the offset.
    template <class P>
    static decltype(auto) pick(const P& p, std::size_t offset, std::size_t columns, std::size_t row,
                               std::size_t column) {
        return p[offset + row * columns + column];
    }
};

/// Compute one layer of a perceptron, y = f(Wx + b).
template <class T, class Style, IsPerceptron W, class P, class X>
void layer(const W&, std::size_t i, const P& p, const X* x, std::vector<T>& y) {
    const std::size_t inputs = W::kWidths[i], outputs = W::kWidths[i + 1];
    y.resize(outputs);
    for (std::size_t j = 0; j < outputs; ++j) {
        const T sum = Style::dot(p, W::weights(i) + j * inputs, x, inputs) + p[W::biases(i) + j];
        y[j] = Style::activate(i + 1 == W::kLayers ? W::kOutput : W::kHidden, sum);
    }
}

template <class T, class Style = Loops<T>, IsPerceptron W, class P>
T loss(const W& w, const P& p, std::size_t) {
    std::vector<T> x, y;
    T sum = 0.0;
    for (std::size_t row = 0; row < W::kBatch; ++row) {
        layer<T, Style>(w, 0, p, &w.inputs[row * W::kInputs], y);
        for (std::size_t i = 1; i < W::kLayers; ++i) {
            swap(x, y);
            layer<T, Style>(w, i, p, x.data(), y);
        }
        const double target = w.targets[row];
        if constexpr (W::kLoss == Loss::hinge) {
            sum += Style::activate(Activation::relu, 1.0 - target * y[0]);
        } else if constexpr (W::kLoss == Loss::squared_error) {
            const T error = y[0] - target;
            sum += error * error;
        } else {
            sum += Style::sum_log_exp(y) - y[static_cast<std::size_t>(target)];
        }
    }
    return sum / static_cast<double>(W::kBatch);
}

/// The numbers of a language model on their way through it, one position after the other.
template <class T, class Style, IsGpt W, class P>
class GptLoss {
   public:
    explicit GptLoss(const P& p) : p_(p) {}

    /// Return the loss of a document of tokens, which are indices or, in a program, numbers of its example.
    template <class Token>
    T operator()(std::span<const Token> document) {
        const std::size_t positions = document.size() - 1;
        keys_.resize(positions * W::kWidth);
        values_.resize(W::kWidth * positions);
        T sum = 0.0;
        for (std::size_t t = 0; t < positions; ++t) {
            const Row logits = position(document[t], t, positions);
            sum += Style::sum_log_exp(logits) - Style::pick(logits, document[t + 1]);
        }
        return sum / static_cast<double>(positions);
    }

   private:
    using Row = std::vector<T>;

    /// Return the logits of the token that follows.
    template <class Token>
    Row position(const Token& token, std::size_t t, std::size_t positions) {
        Row x(W::kWidth);
        for (std::size_t i = 0; i < W::kWidth; ++i)
            x[i] = Style::pick(p_, W::kToken, W::kWidth, token, i) + p_[W::kPosition + t * W::kWidth + i];
        x = normalized(x);
        x = sum_of(x, linear(W::kMix, W::kWidth, attention(normalized(x), t, positions)));
        Row inner = linear(W::kUp, W::kInner, normalized(x));
        for (T& number : inner) number = Style::activate(Activation::relu, number);
        x = sum_of(x, linear(W::kDown, W::kWidth, inner));
        return linear(W::kLogits, W::kTokens, x);
    }

    /// Keys lie by position; values by dimension, so that a head sums over what lies side by side.
    Row attention(const Row& x, std::size_t t, std::size_t positions) {
        using std::sqrt;
        const Row query = linear(W::kQuery, W::kWidth, x), key = linear(W::kKey, W::kWidth, x);
        const Row value = linear(W::kValue, W::kWidth, x);
        for (std::size_t i = 0; i < W::kWidth; ++i) {
            keys_[t * W::kWidth + i] = key[i];
            values_[i * positions + t] = value[i];
        }
        const double scale = 1.0 / sqrt(static_cast<double>(W::kHeadWidth));
        Row y(W::kWidth), scores(t + 1);
        for (std::size_t head = 0; head < W::kWidth; head += W::kHeadWidth) {
            for (std::size_t s = 0; s <= t; ++s)
                scores[s] = scale * Style::dot(&query[head], &keys_[s * W::kWidth + head], W::kHeadWidth);
            const auto weights = Style::softmax(scores);
            for (std::size_t i = head; i < head + W::kHeadWidth; ++i)
                y[i] = Style::dot(&weights[0], &values_[i * positions], t + 1);
        }
        return y;
    }

    Row linear(std::size_t weights, std::size_t outputs, const Row& x) {
        Row y(outputs);
        for (std::size_t j = 0; j < outputs; ++j)
            y[j] = Style::dot(p_, weights + j * x.size(), x.data(), x.size());
        return y;
    }

    static Row normalized(const Row& x) {
        using std::sqrt;
        const T mean = Style::dot(x.data(), x.data(), x.size()) / static_cast<double>(x.size());
        const T scale = 1.0 / sqrt(mean + W::kEpsilon);
        Row y(x.size());
        for (std::size_t i = 0; i < x.size(); ++i) y[i] = x[i] * scale;
        return y;
    }

    static Row sum_of(const Row& a, const Row& b) {
        Row y(a.size());
        for (std::size_t i = 0; i < a.size(); ++i) y[i] = a[i] + b[i];
        return y;
    }

    const P& p_;
    Row keys_, values_;
};

template <class T, class Style = Loops<T>, IsGpt W, class P>
T loss(const W& w, const P& p, std::size_t step) {
    T sum = 0.0;
    for (const typename W::Document& document : w.of_step(step))
        sum += GptLoss<T, Style, W, P>(p)(std::span<const std::size_t>(document));
    return sum / static_cast<double>(W::kParts);
}

}  // namespace benchmarks
