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

/// log(sum exp(x_i)), stable for large arguments.
template <class T>
T log_sum_exp(const std::vector<T>& x) {
    using std::exp, std::log;
    T largest = x[0];
    for (std::size_t i = 1; i < x.size(); ++i) {
        if (x[i] > largest) largest = x[i];
    }
    T sum = 0.0;
    for (const T& x_i : x) sum += exp(x_i - largest);
    return largest + log(sum);
}

/// A network with one hidden layer of tanh neurons and softmax cross entropy on its outputs.
/// Parameters: for each layer the weights, neuron by neuron, then the biases.
template <std::size_t Inputs, std::size_t Hidden, std::size_t Outputs>
struct Mlp {
    static constexpr std::size_t kInputs = Inputs, kHidden = Hidden, kOutputs = Outputs;
    static constexpr std::size_t kHiddenBias = Hidden * Inputs, kOutputWeights = kHiddenBias + Hidden;
    static constexpr std::size_t kOutputBias = kOutputWeights + Outputs * Hidden;
    static constexpr std::size_t kTarget = 3;
    static constexpr int kRepeats = 1;
    static constexpr std::string_view kName = Inputs == 64 ? "mlp-64-64-10" : "mlp-784-128-10";

    std::vector<double> input = uniform(Inputs, 0.0, 1.0, 1);

    static std::vector<double> parameters() { return uniform(kOutputBias + Outputs, -0.1, 0.1, 2); }

    template <class T, class P>
    T operator()(const P& p) const {
        using std::tanh;
        std::vector<T> hidden(Hidden);
        for (std::size_t j = 0; j < Hidden; ++j) {
            T sum = p[kHiddenBias + j];
            for (std::size_t i = 0; i < Inputs; ++i) sum += p[j * Inputs + i] * input[i];
            hidden[j] = tanh(sum);
        }
        std::vector<T> logits(Outputs);
        for (std::size_t j = 0; j < Outputs; ++j) {
            T sum = p[kOutputBias + j];
            for (std::size_t i = 0; i < Hidden; ++i) sum += p[kOutputWeights + j * Hidden + i] * hidden[i];
            logits[j] = sum;
        }
        return log_sum_exp(logits) - logits[kTarget];
    }
};

/// Log likelihood of a Gaussian mixture, with the priors of ADBench.
/// Parameters: weights alpha (k), means (k,d), log diagonals (k,d) and strict lower triangles (k,d(d-1)/2) of
/// the square roots of the inverse covariances.
struct Gmm {
    static constexpr std::size_t kDimension = 10, kComponents = 25, kPoints = 1000;
    static constexpr std::size_t kTriangle = kDimension * (kDimension - 1) / 2;
    static constexpr std::size_t kMeans = kComponents, kDiagonals = kMeans + kComponents * kDimension;
    static constexpr std::size_t kTriangles = kDiagonals + kComponents * kDimension;
    static constexpr int kRepeats = 1;
    static constexpr std::string_view kName = "gmm";

    std::vector<double> points = uniform(kPoints * kDimension, -1.0, 1.0, 3);

    static std::vector<double> parameters() {
        return uniform(kTriangles + kComponents * kTriangle, -0.5, 0.5, 4);
    }

    template <class T, class P>
    T operator()(const P& p) const {
        using std::exp;
        constexpr std::size_t d = kDimension;
        std::vector<T> alphas(kComponents), log_determinants(kComponents), diagonals(kComponents * d);
        T prior = 0.0;
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
        T likelihood = 0.0;
        std::vector<T> centred(d), terms(kComponents);
        for (std::size_t n = 0; n < kPoints; ++n) {
            for (std::size_t k = 0; k < kComponents; ++k) {
                for (std::size_t i = 0; i < d; ++i) centred[i] = points[n * d + i] - p[kMeans + k * d + i];
                T square = 0.0;
                std::size_t next = kTriangles + k * kTriangle;
                for (std::size_t i = 0; i < d; ++i) {
                    T row = diagonals[k * d + i] * centred[i];
                    for (std::size_t j = 0; j < i; ++j) row += p[next++] * centred[j];
                    square += row * row;
                }
                terms[k] = alphas[k] + log_determinants[k] - 0.5 * square;
            }
            likelihood += log_sum_exp(terms);
        }
        return likelihood - static_cast<double>(kPoints) * log_sum_exp(alphas) + prior;
    }
};

/// A sum of sin, exp, sqrt, tanh and quotients over neighbouring parameters.
struct Chain {
    static constexpr std::size_t kSize = 20'000;
    static constexpr int kRepeats = 1;
    static constexpr std::string_view kName = "chain";

    static std::vector<double> parameters() { return uniform(kSize, -1.0, 1.0, 5); }

    template <class T, class P>
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

/// Fisher's equation on a ring of 50 cells by Runge-Kutta of order four, 500 steps; the squared norm of the
/// end. Parameters: for each cell its start, its coupling to its neighbours and its rate of growth.
struct RungeKutta {
    static constexpr std::size_t kCells = 50;
    static constexpr int kSteps = 500;
    static constexpr int kRepeats = 1;
    static constexpr std::string_view kName = "rk4";

    static std::vector<double> parameters() { return uniform(3 * kCells, 0.1, 0.9, 6); }

    template <class T>
    using State = std::vector<T>;

    template <class T, class P>
    static void slope(const P& p, const State<T>& y, State<T>& dy) {
        for (std::size_t i = 0; i < kCells; ++i) {
            const T &left = y[(i + kCells - 1) % kCells], &right = y[(i + 1) % kCells];
            dy[i] = p[kCells + i] * (left - 2.0 * y[i] + right) + p[2 * kCells + i] * y[i] * (1.0 - y[i]);
        }
    }

    template <class T, class P>
    T operator()(const P& p) const {
        constexpr double h = 0.01;
        State<T> y(kCells), middle(kCells), k1(kCells), k2(kCells), k3(kCells), k4(kCells);
        for (std::size_t i = 0; i < kCells; ++i) y[i] = p[i];
        for (int step = 0; step < kSteps; ++step) {
            slope(p, y, k1);
            for (std::size_t i = 0; i < kCells; ++i) middle[i] = y[i] + h / 2 * k1[i];
            slope(p, middle, k2);
            for (std::size_t i = 0; i < kCells; ++i) middle[i] = y[i] + h / 2 * k2[i];
            slope(p, middle, k3);
            for (std::size_t i = 0; i < kCells; ++i) middle[i] = y[i] + h * k3[i];
            slope(p, middle, k4);
            for (std::size_t i = 0; i < kCells; ++i) {
                y[i] += h / 6 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
            }
        }
        T square = 0.0;
        for (const T& y_i : y) square += y_i * y_i;
        return square;
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

    template <class T, class P>
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

    template <class T, class P>
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

    template <class T, class P>
    T operator()(const P& p) const {
        using std::exp, std::sin, std::sqrt;
        const T &x = p[0], &y = p[1], &z = p[2], &w = p[3];
        return sin(x * y) + exp(z) / (1.0 + w * w) - sqrt(x + w) * z;
    }
};

/// log(sum exp(x_i)) of 100,000 parameters.
struct LogSumExp {
    static constexpr std::size_t kSize = 100'000;
    static constexpr int kRepeats = 1;
    static constexpr std::string_view kName = "logsumexp";

    static std::vector<double> parameters() { return uniform(kSize, -5.0, 5.0, 9); }

    template <class T, class P>
    T operator()(const P& p) const {
        using std::exp, std::log;
        std::size_t largest = 0;
        for (std::size_t i = 1; i < kSize; ++i) {
            if (p[i] > p[largest]) largest = i;
        }
        const T& shift = p[largest];
        T sum = 0.0;
        for (std::size_t i = 0; i < kSize; ++i) sum += exp(p[i] - shift);
        return shift + log(sum);
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

    template <class T, class P>
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

/// All workloads, in the order of the report.
using Workloads =
    std::tuple<SmallMlp, LargeMlp, Gmm, Chain, RungeKutta, Determinant, Dot, Tiny, LogSumExp, LeastSquares>;

/// The one instance of a workload, made when it is first asked for.
template <class W>
const W& workload() {
    static const W instance;
    return instance;
}

}  // namespace benchmarks
