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

/// Runge-Kutta forward, then backward through its stages; return the squared norm of the end, and set dstart.
/// slope(y, k) fills in k; back(y, k, dk, dy) adds to dy and to the gradient of the parameters.
template <class Slope, class Back>
double runge_kutta_by_hand(std::vector<double> y, std::size_t steps, double h, Out dstart, Slope slope,
                           Back back) {
    constexpr std::size_t kStages = 4;
    constexpr double kReach[] = {0.0, 0.5, 0.5, 1.0}, kShare[] = {1.0 / 6, 2.0 / 6, 2.0 / 6, 1.0 / 6};
    const std::size_t n = y.size();
    static std::vector<double> points, slopes, dpoint, dslope;  // of all stages
    points.resize(steps * kStages * n), slopes.resize(points.size());
    dpoint.resize(n), dslope.resize(n);
    for (std::size_t stage = 0; stage < steps * kStages; ++stage) {
        const std::size_t s = stage % kStages;
        double *point = &points[stage * n], *k = &slopes[stage * n];
        for (std::size_t i = 0; i < n; ++i) point[i] = y[i] + (s == 0 ? 0.0 : h * kReach[s] * *(k - n + i));
        slope(point, k);
        if (s + 1 < kStages) continue;
        for (std::size_t i = 0; i < n; ++i) {
            const double* k_i = k - 3 * n + i;
            y[i] += h / 6 * (k_i[0] + 2.0 * k_i[n] + 2.0 * k_i[2 * n] + k_i[3 * n]);
        }
    }
    double square = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        square += y[i] * y[i];
        y[i] *= 2.0;  // from here on its derivative
    }
    for (std::size_t step = steps; step-- > 0;) {
        std::copy(y.begin(), y.end(), dstart.begin());
        for (std::size_t s = kStages; s-- > 0;) {
            const std::size_t stage = (step * kStages + s) * n;
            for (std::size_t i = 0; i < n; ++i) {
                const double of_next = s + 1 < kStages ? h * kReach[s + 1] * dpoint[i] : 0.0;
                dslope[i] = h * kShare[s] * dstart[i] + of_next;
            }
            std::ranges::fill(dpoint, 0.0);
            back(&points[stage], &slopes[stage], dslope.data(), dpoint.data());
            for (std::size_t i = 0; i < n; ++i) y[i] += dpoint[i];
        }
    }
    std::copy(y.begin(), y.end(), dstart.begin());
    return square;
}

double by_hand(const RungeKutta&, In p, Out g) {
    constexpr std::size_t n = RungeKutta::kCells;
    std::ranges::fill(g, 0.0);
    const auto slope = [&](const double* y, double* k) {
        for (std::size_t i = 0; i < n; ++i) {
            const double around = y[(i + n - 1) % n] - 2.0 * y[i] + y[(i + 1) % n];
            k[i] = p[n + i] * around + p[2 * n + i] * y[i] * (1.0 - y[i]);
        }
    };
    const auto back = [&](const double* y, const double*, const double* dk, double* dy) {
        for (std::size_t i = 0; i < n; ++i) {
            const std::size_t left = (i + n - 1) % n, right = (i + 1) % n;
            const double coupled = dk[i] * p[n + i];
            g[n + i] += dk[i] * (y[left] - 2.0 * y[i] + y[right]);
            g[2 * n + i] += dk[i] * y[i] * (1.0 - y[i]);
            dy[left] += coupled;
            dy[right] += coupled;
            dy[i] += dk[i] * p[2 * n + i] * (1.0 - 2.0 * y[i]) - 2.0 * coupled;
        }
    };
    return runge_kutta_by_hand({p.begin(), p.begin() + n}, RungeKutta::kSteps, 0.01, g.first(n), slope, back);
}

double by_hand(const RungeKuttaChain&, In p, Out g) {
    constexpr std::size_t n = RungeKuttaChain::kSize;
    static std::vector<double> dstart(n);
    std::ranges::fill(g, 0.0);
    const auto slope = [&](const double* y, double* k) {
        k[0] = p[0];
        for (std::size_t i = 1; i < n; ++i) k[i] = p[i] * y[i - 1];
    };
    const auto back = [&](const double* y, const double*, const double* dk, double* dy) {
        g[0] += dk[0];
        for (std::size_t i = 1; i < n; ++i) {
            g[i] += dk[i] * y[i - 1];
            dy[i - 1] += dk[i] * p[i];
        }
    };
    constexpr std::size_t steps = RungeKuttaChain::kSteps;
    return runge_kutta_by_hand(std::vector<double>(n), steps, 2.0 / steps, dstart, slope, back);
}

double by_hand(const RungeKuttaDense&, In p, Out g) {
    constexpr std::size_t n = RungeKuttaDense::kSize;
    std::ranges::fill(g, 0.0);
    const double* a = &p[n];
    double* da = &g[n];
    const auto slope = [&](const double* y, double* k) {
        for (std::size_t i = 0; i < n; ++i) {
            double sum = 0.0;
            for (std::size_t j = 0; j < n; ++j) sum += a[i * n + j] * y[j];
            k[i] = std::tanh(sum);
        }
    };
    const auto back = [&](const double* y, const double* k, const double* dk, double* dy) {
        for (std::size_t i = 0; i < n; ++i) {
            const double dsum = dk[i] * (1.0 - k[i] * k[i]);
            for (std::size_t j = 0; j < n; ++j) {
                da[i * n + j] += dsum * y[j];
                dy[j] += dsum * a[i * n + j];
            }
        }
    };
    return runge_kutta_by_hand({p.begin(), p.begin() + n}, RungeKuttaDense::kSteps, 0.01, g.first(n), slope,
                               back);
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

using All = std::tuple<SmallMlp, LargeMlp, Gmm<10>, Gmm<20>, Chain, RungeKutta, RungeKuttaChain,
                       RungeKuttaDense, Dot, Tiny, LogSumExp<100'000>, LogSumExp<640'000>, LeastSquares>;

}  // namespace

void add_hand(std::vector<Run>& runs) { add_runs<Hand, All>(runs, "hand"); }

}  // namespace benchmarks
