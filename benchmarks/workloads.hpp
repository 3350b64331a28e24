// SPDX-License-Identifier: MIT
// What is computed: scalar numeric code, the same template for every engine. Who computes it: engine.hpp.
// A workload has a name, how often one measurement runs it, parameters, and a formula in p[i], each a T.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <random>
#include <string_view>
#include <tuple>
#include <vector>

namespace benchmarks {

/// Numbers between low and high, the same on every platform.
inline std::vector<double> uniform(std::size_t size, double low, double high, unsigned seed) {
    std::mt19937_64 generator{seed};
    std::vector<double> numbers(size);
    for (double& number : numbers) {
        number = low + (high - low) * static_cast<double>(generator() >> 11) * 0x1p-53;
    }
    return numbers;
}

/// What formulas leave to the engine, as anybody writes it with scalars: with comparisons.
struct Plain {
    /// Return the largest of n numbers.
    template <class T, class X>
    static T largest(const X& x, std::size_t n) {
        std::size_t largest = 0;
        for (std::size_t i = 1; i < n; ++i) {
            if (x[i] > x[largest]) largest = i;
        }
        return x[largest];
    }
};

/// log(sum exp(x_i)), stable for large arguments.
template <class T, class Style = Plain, class X>
T log_sum_exp(const X& x, std::size_t n) {
    using std::exp, std::log;
    const T largest = Style::template largest<T>(x, n);
    T sum = 0.0;
    for (std::size_t i = 0; i < n; ++i) sum += exp(x[i] - largest);
    return largest + log(sum);
}

template <class T, class Style = Plain>
T log_sum_exp(const std::vector<T>& x) {
    return log_sum_exp<T, Style>(x, x.size());
}

/// A network with one hidden layer of tanh neurons and softmax cross entropy on its outputs.
/// Parameters: for each layer the weights, neuron by neuron, then the biases.
template <std::size_t Inputs, std::size_t Hidden, std::size_t Outputs>
struct Mlp {
    static constexpr std::size_t kExamples = 1;
    static constexpr std::size_t kInputs = Inputs, kHidden = Hidden, kOutputs = Outputs;
    static constexpr std::size_t kHiddenBias = Hidden * Inputs, kOutputWeights = kHiddenBias + Hidden;
    static constexpr std::size_t kOutputBias = kOutputWeights + Outputs * Hidden;
    static constexpr std::size_t kTarget = 3;
    static constexpr int kRepeats = 1;
    static constexpr std::string_view kName = Inputs == 64 ? "mlp-64-64-10" : "mlp-784-128-10";

    std::vector<double> input = uniform(Inputs, 0.0, 1.0, 1);

    static std::vector<double> parameters() { return uniform(kOutputBias + Outputs, -0.1, 0.1, 2); }

    [[nodiscard]] const std::vector<double>& examples() const { return input; }

    template <class T, class Style = Plain, class P>
    T operator()(const P& p) const {
        return example<T, Style>(p, input.data());
    }

    template <class T, class Style, class P, class X>
    static T example(const P& p, const X* x) {
        using std::tanh;
        std::vector<T> hidden(Hidden);
        for (std::size_t j = 0; j < Hidden; ++j) {
            T sum = p[kHiddenBias + j];
            for (std::size_t i = 0; i < Inputs; ++i) sum += p[j * Inputs + i] * x[i];
            hidden[j] = tanh(sum);
        }
        std::vector<T> logits(Outputs);
        for (std::size_t j = 0; j < Outputs; ++j) {
            T sum = p[kOutputBias + j];
            for (std::size_t i = 0; i < Hidden; ++i) sum += p[kOutputWeights + j * Hidden + i] * hidden[i];
            logits[j] = sum;
        }
        return log_sum_exp<T, Style>(logits) - logits[kTarget];
    }
};

/// Log likelihood of a Gaussian mixture, with the priors of ADBench.
/// Parameters: weights alpha (k), means (k,d), log diagonals (k,d) and strict lower triangles (k,d(d-1)/2) of
/// the square roots of the inverse covariances.
template <std::size_t Dimension>
struct Gmm {
    static constexpr std::size_t kDimension = Dimension, kComponents = 25, kExamples = 1000;
    static constexpr std::size_t kTriangle = kDimension * (kDimension - 1) / 2;
    static constexpr std::size_t kMeans = kComponents, kDiagonals = kMeans + kComponents * kDimension;
    static constexpr std::size_t kTriangles = kDiagonals + kComponents * kDimension;
    static constexpr int kRepeats = 1;
    static constexpr std::string_view kName = Dimension == 10 ? "gmm" : "gmm-20";

    std::vector<double> points = uniform(kExamples * kDimension, -1.0, 1.0, 3);  // (examples,d)

    [[nodiscard]] const std::vector<double>& examples() const { return points; }

    static std::vector<double> parameters() {
        return uniform(kTriangles + kComponents * kTriangle, -0.5, 0.5, 4);
    }

    template <class T, class Style = Plain, class P>
    T operator()(const P& p) const {
        const Mixture<T, Style, P> mixture(p);
        T sum = 0.0;
        for (std::size_t n = 0; n < kExamples; ++n) sum += mixture.likelihood(&points[n * kDimension]);
        return sum + mixture.prior;
    }

    /// What one example adds to the sum: its likelihood, and its share of the prior.
    template <class T, class Style, class P, class X>
    static T example(const P& p, const X* x) {
        const Mixture<T, Style, P> mixture(p);
        return mixture.likelihood(x) + mixture.prior / static_cast<double>(kExamples);
    }

   private:
    /// What depends on the parameters alone.
    template <class T, class Style, class P>
    struct Mixture {
        static constexpr std::size_t d = kDimension;

        const P& p;
        std::vector<T> alphas = std::vector<T>(kComponents), log_determinants = alphas;
        std::vector<T> diagonals = std::vector<T>(kComponents * d);
        T prior = 0.0;

        explicit Mixture(const P& parameters) : p(parameters) {
            using std::exp;
            for (std::size_t k = 0; k < kComponents; ++k) {
                alphas[k] = p[k];
                T log_determinant = 0.0;
                for (std::size_t i = 0; i < d; ++i) {
                    log_determinant += p[kDiagonals + k * d + i];
                    diagonals[k * d + i] = exp(p[kDiagonals + k * d + i]);
                    prior += 0.5 * diagonals[k * d + i] * diagonals[k * d + i];
                }
                for (std::size_t i = 0; i < kTriangle; ++i) {
                    const T& entry = p[kTriangles + k * kTriangle + i];
                    prior += 0.5 * entry * entry;
                }
                log_determinants[k] = log_determinant;
            }
            prior += -static_cast<double>(kExamples) * log_sum_exp<T, Style>(alphas);
        }

        template <class X>
        T likelihood(const X* x) const {
            std::vector<T> centred(d), terms(kComponents);
            for (std::size_t k = 0; k < kComponents; ++k) {
                for (std::size_t i = 0; i < d; ++i) centred[i] = x[i] - p[kMeans + k * d + i];
                T square = 0.0;
                std::size_t next = kTriangles + k * kTriangle;
                for (std::size_t i = 0; i < d; ++i) {
                    T row = diagonals[k * d + i] * centred[i];
                    for (std::size_t j = 0; j < i; ++j) row += p[next++] * centred[j];
                    square += row * row;
                }
                terms[k] = alphas[k] + log_determinants[k] - 0.5 * square;
            }
            return log_sum_exp<T, Style>(terms);
        }
    };
};

/// A sum of sin, exp, sqrt, tanh and quotients over neighbouring parameters.
struct Chain {
    static constexpr std::size_t kSize = 20'000;
    static constexpr int kRepeats = 1;
    static constexpr std::string_view kName = "chain";

    static std::vector<double> parameters() { return uniform(kSize, -1.0, 1.0, 5); }

    template <class T, class Style = Plain, class P>
    T operator()(const P& x) const {
        using std::exp, std::sin, std::sqrt, std::tanh;
        T sum = 0.0;
        for (std::size_t i = 0; i + 2 < kSize; ++i) {
            const T &p = x[i], &q = x[i + 1], &r = x[i + 2];
            sum += sin(p) * exp(q) / (1.0 + sqrt(r * r + 1.0)) + tanh(p - q * r);
        }
        return sum;
    }
};

/// Follow dy/dt = slope(y) for so many steps of length h, by Runge-Kutta of order four; return the squared
/// norm of the end. slope(y, dy) fills in dy.
template <class T, class Slope>
T runge_kutta(std::vector<T> y, int steps, double h, Slope slope) {
    const std::size_t n = y.size();
    std::vector<T> middle(n), k1(n), k2(n), k3(n), k4(n);
    for (int step = 0; step < steps; ++step) {
        slope(y, k1);
        for (std::size_t i = 0; i < n; ++i) middle[i] = y[i] + h / 2 * k1[i];
        slope(middle, k2);
        for (std::size_t i = 0; i < n; ++i) middle[i] = y[i] + h / 2 * k2[i];
        slope(middle, k3);
        for (std::size_t i = 0; i < n; ++i) middle[i] = y[i] + h * k3[i];
        slope(middle, k4);
        for (std::size_t i = 0; i < n; ++i) y[i] += h / 6 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
    }
    T square = 0.0;
    for (const T& y_i : y) square += y_i * y_i;
    return square;
}

/// Fisher's equation on a ring of 50 cells, 500 steps.
/// Parameters: for each cell its start, its coupling to its neighbours and its rate of growth.
struct RungeKutta {
    static constexpr std::size_t kCells = 50;
    static constexpr int kSteps = 500, kRepeats = 1;
    static constexpr std::string_view kName = "rk4";

    static std::vector<double> parameters() { return uniform(3 * kCells, 0.1, 0.9, 6); }

    template <class T, class Style = Plain, class P>
    T operator()(const P& p) const {
        std::vector<T> start(kCells);
        for (std::size_t i = 0; i < kCells; ++i) start[i] = p[i];
        return runge_kutta(start, kSteps, 0.01, [&](const std::vector<T>& y, std::vector<T>& dy) {
            for (std::size_t i = 0; i < kCells; ++i) {
                const T &left = y[(i + kCells - 1) % kCells], &right = y[(i + 1) % kCells];
                dy[i] = p[kCells + i] * (left - 2.0 * y[i] + right) + p[2 * kCells + i] * y[i] * (1.0 - y[i]);
            }
        });
    }
};

/// dy_i/dt = p_i y_(i-1), and dy_0/dt = p_0, 5000 steps: the "ode" of gradbench.
/// Parameters: the factors; all start at 0.
struct RungeKuttaChain {
    static constexpr std::size_t kSize = 20;
    static constexpr int kSteps = 5000, kRepeats = 1;
    static constexpr std::string_view kName = "rk4-chain";

    static std::vector<double> parameters() { return uniform(kSize, 0.5, 1.5, 13); }

    template <class T, class Style = Plain, class P>
    T operator()(const P& p) const {
        return runge_kutta(std::vector<T>(kSize, T(0.0)), kSteps, 2.0 / kSteps,
                           [&](const std::vector<T>& y, std::vector<T>& dy) {
                               dy[0] = p[0];
                               for (std::size_t i = 1; i < kSize; ++i) dy[i] = p[i] * y[i - 1];
                           });
    }
};

/// dy/dt = tanh(A y) in 20 dimensions, 500 steps: 800,000 multiplications in products of A alone.
/// Parameters: the start, then the rows of A.
struct RungeKuttaDense {
    static constexpr std::size_t kSize = 20;
    static constexpr int kSteps = 500, kRepeats = 1;
    static constexpr std::string_view kName = "rk4-dense";

    static std::vector<double> parameters() { return uniform(kSize + kSize * kSize, -0.5, 0.5, 14); }

    template <class T, class Style = Plain, class P>
    T operator()(const P& p) const {
        std::vector<T> start(kSize);
        for (std::size_t i = 0; i < kSize; ++i) start[i] = p[i];
        return runge_kutta(start, kSteps, 0.01, [&](const std::vector<T>& y, std::vector<T>& dy) {
            using std::tanh;
            for (std::size_t i = 0; i < kSize; ++i) {
                T sum = 0.0;
                for (std::size_t j = 0; j < kSize; ++j) sum += p[kSize * (i + 1) + j] * y[j];
                dy[i] = tanh(sum);
            }
        });
    }
};

/// The determinant of a 9x9 matrix, expanded by minors along the first row.
struct Determinant {
    static constexpr std::size_t kSize = 9;
    static constexpr int kRepeats = 1;
    static constexpr std::string_view kName = "det";

    static std::vector<double> parameters() {
        std::vector<double> matrix = uniform(kSize * kSize, -0.5, 0.5, 7);
        for (std::size_t i = 0; i < kSize; ++i) matrix[i * kSize + i] += 2.0;
        return matrix;
    }

    /// The minor of the rows from `row` on and of the columns whose bits are set.
    template <class T, class P>
    static T minor(const P& matrix, std::size_t row, unsigned columns) {
        if (row + 1 == kSize)
            return matrix[row * kSize + static_cast<std::size_t>(std::countr_zero(columns))];
        T sum = 0.0;
        double sign = 1.0;
        for (unsigned rest = columns; rest != 0; rest &= rest - 1) {
            const auto column = static_cast<std::size_t>(std::countr_zero(rest));
            sum += sign * matrix[row * kSize + column] * minor<T>(matrix, row + 1, columns & ~(1u << column));
            sign = -sign;
        }
        return sum;
    }

    template <class T, class Style = Plain, class P>
    T operator()(const P& matrix) const {
        return minor<T>(matrix, 0, (1u << kSize) - 1);
    }
};

/// The scalar product of two vectors of parameters.
struct Dot {
    static constexpr std::size_t kSize = 1'000'000;
    static constexpr int kRepeats = 1;
    static constexpr std::string_view kName = "dot";

    static std::vector<double> parameters() { return uniform(2 * kSize, 0.0, 1.0, 8); }

    template <class T, class Style = Plain, class P>
    T operator()(const P& p) const {
        T sum = 0.0;
        for (std::size_t i = 0; i < kSize; ++i) sum += p[i] * p[kSize + i];
        return sum;
    }
};

/// A formula of ten operations, recorded and differentiated 100,000 times.
struct Tiny {
    static constexpr int kRepeats = 100'000;
    static constexpr std::string_view kName = "tiny";

    static std::vector<double> parameters() { return {0.5, 1.25, -0.75, 2.0}; }

    template <class T, class Style = Plain, class P>
    T operator()(const P& p) const {
        using std::exp, std::sin, std::sqrt;
        const T &x = p[0], &y = p[1], &z = p[2], &w = p[3];
        return sin(x * y) + exp(z) / (1.0 + w * w) - sqrt(x + w) * z;
    }
};

/// log(sum exp(x_i)) of all parameters.
template <std::size_t Size>
struct LogSumExp {
    static constexpr std::size_t kSize = Size;
    static constexpr int kRepeats = 1;
    static constexpr std::string_view kName = Size == 100'000 ? "logsumexp" : "logsumexp-640k";

    static std::vector<double> parameters() { return uniform(kSize, -5.0, 5.0, 9); }

    template <class T, class Style = Plain, class P>
    T operator()(const P& p) const {
        return log_sum_exp<T, Style>(p, kSize);
    }
};

/// Linear least squares: half the sum of the squared residuals of 1,000 equations in 100 unknowns.
struct LeastSquares {
    static constexpr std::size_t kEquations = 1'000, kUnknowns = 100;
    static constexpr int kRepeats = 1;
    static constexpr std::string_view kName = "llsq";

    std::vector<double> matrix = uniform(kEquations * kUnknowns, -1.0, 1.0, 10);
    std::vector<double> right = uniform(kEquations, -1.0, 1.0, 11);

    static std::vector<double> parameters() { return uniform(kUnknowns, -1.0, 1.0, 12); }

    template <class T, class Style = Plain, class P>
    T operator()(const P& p) const {
        T sum = 0.0;
        for (std::size_t i = 0; i < kEquations; ++i) {
            T residual = -right[i];
            for (std::size_t j = 0; j < kUnknowns; ++j) residual += matrix[i * kUnknowns + j] * p[j];
            sum += 0.5 * residual * residual;
        }
        return sum;
    }
};

using SmallMlp = Mlp<64, 64, 10>;
using LargeMlp = Mlp<784, 128, 10>;

/// The workloads of all engines, in the order of the report.
using Workloads = std::tuple<SmallMlp, LargeMlp, Gmm<10>, Chain, RungeKutta, Determinant, Dot, Tiny,
                             LogSumExp<100'000>, LeastSquares>;

/// More of them, for which a tape is long.
using LargeWorkloads = std::tuple<Gmm<20>, RungeKuttaChain, RungeKuttaDense, LogSumExp<640'000>>;

/// A workload that is a sum over examples, of numbers of their own: what each one adds is example(p, x).
template <class W>
concept HasExamples = requires {
    W::kExamples;
};

/// The one instance of a workload, made when it is first asked for.
template <class W>
const W& workload() {
    static const W instance;
    return instance;
}

}  // namespace benchmarks
