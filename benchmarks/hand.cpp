// SPDX-License-Identifier: MIT
// Engine "hand": gradients derived on paper, as somebody without a library would write them.
#include <algorithm>

#include "engine.hpp"

namespace benchmarks {

namespace {

using In = std::span<const double>;
using Out = std::span<double>;

template <std::size_t I, std::size_t H, std::size_t O>
double by_hand(const Mlp<I, H, O>& mlp, In p, Out g) {
    using M = Mlp<I, H, O>;
    static std::vector<double> hidden(H), dhidden(H), logits(O);
    for (std::size_t j = 0; j < H; ++j) {
        double sum = p[M::kHiddenBias + j];
        for (std::size_t i = 0; i < I; ++i) sum += p[j * I + i] * mlp.input[i];
        hidden[j] = std::tanh(sum);
    }
    for (std::size_t j = 0; j < O; ++j) {
        double sum = p[M::kOutputBias + j];
        for (std::size_t i = 0; i < H; ++i) sum += p[M::kOutputWeights + j * H + i] * hidden[i];
        logits[j] = sum;
    }
    const double log_sum = log_sum_exp(logits);

    std::ranges::fill(dhidden, 0.0);
    for (std::size_t j = 0; j < O; ++j) {  // d(loss)/d(logit) = softmax - one-hot
        const double dlogit = std::exp(logits[j] - log_sum) - (j == M::kTarget ? 1.0 : 0.0);
        g[M::kOutputBias + j] = dlogit;
        for (std::size_t i = 0; i < H; ++i) {
            g[M::kOutputWeights + j * H + i] = dlogit * hidden[i];
            dhidden[i] += dlogit * p[M::kOutputWeights + j * H + i];
        }
    }
    for (std::size_t j = 0; j < H; ++j) {
        const double dsum = dhidden[j] * (1.0 - hidden[j] * hidden[j]);
        g[M::kHiddenBias + j] = dsum;
        for (std::size_t i = 0; i < I; ++i) g[j * I + i] = dsum * mlp.input[i];
    }
    return log_sum - logits[M::kTarget];
}

template <std::size_t D>
double by_hand(const Gmm<D>& gmm, In p, Out g) {
    using M = Gmm<D>;
    constexpr std::size_t K = M::kComponents;
    static std::vector<double> determinants(K), diagonals(K * D), centred(K * D), rows(K * D), terms(K);
    std::ranges::fill(g, 0.0);
    const double n = static_cast<double>(M::kExamples), log_sum = log_sum_exp<double>(p, K);
    double value = -n * log_sum;
    for (std::size_t k = 0; k < K; ++k) {
        g[k] = -n * std::exp(p[k] - log_sum);
        determinants[k] = 0.0;
        for (std::size_t i = k * D; i < (k + 1) * D; ++i) {
            determinants[k] += p[M::kDiagonals + i];
            const double q = diagonals[i] = std::exp(p[M::kDiagonals + i]);
            value += 0.5 * q * q;
            g[M::kDiagonals + i] = q * q;
        }
    }
    for (std::size_t i = M::kTriangles; i < p.size(); ++i) {
        value += 0.5 * p[i] * p[i];
        g[i] = p[i];
    }
    for (std::size_t e = 0; e < M::kExamples; ++e) {
        for (std::size_t k = 0; k < K; ++k) {
            double *c = &centred[k * D], *row = &rows[k * D], square = 0.0;
            const double* entry = &p[M::kTriangles + k * M::kTriangle];
            for (std::size_t i = 0; i < D; ++i) c[i] = gmm.points[e * D + i] - p[M::kMeans + k * D + i];
            for (std::size_t i = 0; i < D; entry += i, ++i) {
                row[i] = diagonals[k * D + i] * c[i];
                for (std::size_t j = 0; j < i; ++j) row[i] += entry[j] * c[j];
                square += row[i] * row[i];
            }
            terms[k] = p[k] + determinants[k] - 0.5 * square;
        }
        const double likelihood = log_sum_exp(terms);
        value += likelihood;
        for (std::size_t k = 0; k < K; ++k) {  // d(likelihood)/d(term) = softmax
            const double weight = std::exp(terms[k] - likelihood);
            const double *c = &centred[k * D], *row = &rows[k * D];
            const double* entry = &p[M::kTriangles + k * M::kTriangle];
            double *dentry = &g[M::kTriangles + k * M::kTriangle], *dmean = &g[M::kMeans + k * D];
            g[k] += weight;
            for (std::size_t i = 0; i < D; entry += i, dentry += i, ++i) {
                const double drow = -weight * row[i], diagonal = diagonals[k * D + i];
                g[M::kDiagonals + k * D + i] += weight + drow * diagonal * c[i];
                dmean[i] -= drow * diagonal;
                for (std::size_t j = 0; j < i; ++j) {
                    dentry[j] += drow * c[j];
                    dmean[j] -= drow * entry[j];
                }
            }
        }
    }
    return value;
}

double by_hand(const Chain&, In x, Out g) {
    std::ranges::fill(g, 0.0);
    double sum = 0.0;
    for (std::size_t i = 0; i + 2 < Chain::kSize; ++i) {
        const double p = x[i], q = x[i + 1], r = x[i + 2];
        const double sin_p = std::sin(p), exp_q = std::exp(q);
        const double root = std::sqrt(r * r + 1.0), below = 1.0 + root, quotient = sin_p * exp_q / below;
        const double t = std::tanh(p - q * r), dt = 1.0 - t * t;
        sum += quotient + t;
        g[i] += std::cos(p) * exp_q / below + dt;
        g[i + 1] += quotient - dt * r;
        g[i + 2] += -quotient / below * r / root - dt * q;
    }
    return sum;
}

double by_hand(const Dot&, In p, Out g) {
    double sum = 0.0;
    for (std::size_t i = 0; i < Dot::kSize; ++i) {
        sum += p[i] * p[Dot::kSize + i];
        g[i] = p[Dot::kSize + i];
        g[Dot::kSize + i] = p[i];
    }
    return sum;
}

double by_hand(const Tiny&, In p, Out g) {
    const double x = p[0], y = p[1], z = p[2], w = p[3];
    const double cos_xy = std::cos(x * y), below = 1.0 + w * w, quotient = std::exp(z) / below;
    const double root = std::sqrt(x + w), droot = z / (2.0 * root);
    g[0] = cos_xy * y - droot;
    g[1] = cos_xy * x;
    g[2] = quotient - root;
    g[3] = -2.0 * w * quotient / below - droot;
    return std::sin(x * y) + quotient - root * z;
}

template <std::size_t N>
double by_hand(const LogSumExp<N>&, In p, Out g) {
    const double shift = *std::ranges::max_element(p);
    double sum = 0.0;
    for (std::size_t i = 0; i < N; ++i) sum += g[i] = std::exp(p[i] - shift);
    for (double& g_i : g) g_i /= sum;
    return shift + std::log(sum);
}

double by_hand(const LeastSquares& w, In p, Out g) {
    std::ranges::fill(g, 0.0);
    double sum = 0.0;
    for (std::size_t i = 0; i < LeastSquares::kEquations; ++i) {
        const double* row = &w.matrix[i * LeastSquares::kUnknowns];
        double residual = -w.right[i];
        for (std::size_t j = 0; j < LeastSquares::kUnknowns; ++j) residual += row[j] * p[j];
        for (std::size_t j = 0; j < LeastSquares::kUnknowns; ++j) g[j] += residual * row[j];
        sum += 0.5 * residual * residual;
    }
    return sum;
}

template <class W>
struct Hand : EngineBase {
    static double gradient(In x, Out g) { return by_hand(workload<W>(), x, g); }
};

using Short = std::tuple<SmallMlp, LargeMlp, Gmm<10>, Gmm<20>, Chain, Dot, Tiny, LogSumExp<100'000>,
                         LogSumExp<640'000>, LeastSquares>;

}  // namespace

void add_hand(std::vector<Run>& runs) { add_runs<Hand, Short>(runs, "hand"); }

}  // namespace benchmarks
