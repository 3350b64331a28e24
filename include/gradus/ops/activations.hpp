// SPDX-License-Identifier: MIT
// Operations: what units of networks do with their sums.
#pragma once

#include "gradus/ops/rules.hpp"

namespace gradus::ops {

// ---- activations

struct Sigmoid {
    static constexpr const char* name = "sigmoid";
    static constexpr const char* note = "1 / (1 + exp(-a)); no overflow";
    static constexpr std::array<Interval, 1> smooth{{{-5, 5}}};
    static double value(double a) {
        const double e = std::exp(-std::abs(a));
        return (a < 0.0 ? e : 1.0) / (1.0 + e);
    }
    static auto da(auto, auto y) { return y * (1.0 - y); }
};

inline double sigmoid(double a) { return Sigmoid::value(a); }

struct Softplus {
    static constexpr const char* name = "softplus";
    static constexpr const char* note = "log(1 + exp(a)); no overflow";
    static constexpr std::array<Interval, 1> smooth{{{-5, 5}}};
    static double value(double a) { return std::log1p(std::exp(-std::abs(a))) + (a < 0.0 ? 0.0 : a); }
    static auto da(auto a, auto) { return sigmoid(a); }
};

struct LogSigmoid {
    static constexpr const char* name = "log_sigmoid";
    static constexpr const char* note = "-softplus(-a)";
    static constexpr std::array<Interval, 1> smooth{{{-5, 5}}};
    static double value(double a) { return -Softplus::value(-a); }
    static auto da(auto a, auto) { return sigmoid(-a); }
};

struct Relu {
    static constexpr const char* name = "relu";
    static constexpr const char* note = "relu'(0) = 0; relu(NaN) = NaN";
    static constexpr std::array<Interval, 1> smooth{{{0.1, 5}}};
    static double value(double a) { return a < 0.0 ? 0.0 : a; }
    static auto da(auto a, auto) { return select(a > 0.0, 1.0, 0.0); }
};

struct LeakyRelu {
    static constexpr const char* name = "leaky_relu";
    static constexpr const char* note = "b is the slope left of 0, and the derivative at 0";
    static constexpr std::array<Interval, 2> smooth{{{-5, -0.1}, {0.01, 0.5}}};
    static double value(double a, double b) { return a > 0.0 ? a : a * b; }
    static auto da(auto a, auto b, auto) { return select(a > 0.0, 1.0, b); }
    static auto db(auto a, auto, auto) { return select(a > 0.0, 0.0, a); }
};

struct Elu {
    static constexpr const char* name = "elu";
    static constexpr const char* note = "b is the depth left of 0, and the derivative at 0";
    static constexpr std::array<Interval, 2> smooth{{{-5, -0.1}, {0.5, 2}}};
    static double value(double a, double b) { return a > 0.0 ? a : b * std::expm1(a); }
    static auto da(auto a, auto b, auto y) { return select(a > 0.0, 1.0, y + b); }
    static auto db(auto a, auto, auto) { return expm1(min(a, 0.0)); }
};

struct Gelu {
    static constexpr const char* name = "gelu";
    static constexpr const char* note =
        "a times the normal distribution function of a, not the tanh approximation";
    static constexpr std::array<Interval, 1> smooth{{{-4, 4}}};
    static auto cdf(auto a) { return 0.5 * erfc(-a / std::numbers::sqrt2); }
    static double value(double a) { return a * cdf(a); }
    static auto da(auto a, auto) {
        const auto density = exp(-0.5 * a * a) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
        return cdf(a) + a * density;
    }
};

struct Silu {
    static constexpr const char* name = "silu";
    static constexpr const char* note = "a sigmoid(a), also called swish";
    static constexpr std::array<Interval, 1> smooth{{{-5, 5}}};
    static double value(double a) { return a * Sigmoid::value(a); }
    static auto da(auto a, auto y) {
        const auto s = sigmoid(a);
        return s + y * (1.0 - s);
    }
};

}  // namespace gradus::ops
