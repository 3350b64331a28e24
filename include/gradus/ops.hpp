// SPDX-License-Identifier: MIT
// The table of elementary operations: each one struct with its value, its partial derivatives, where it is
// smooth, and its decisions at kinks and edges. The tape, the graph's labels, the tests and the reference all
// read it.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>

namespace gradus {

/// Return the derivative of lgamma: psi(x) = d/dx log|gamma(x)|. NaN at 0, -1, -2, ...
/// Relative error below 1e-14 away from its zeros. Source: Abramowitz and Stegun 6.3.6, 6.3.7, 6.3.18.
double digamma(double x);

}  // namespace gradus

/// How to read an entry: y = value(a, b, c); da, db, dc are dy/da, dy/db, dy/dc, and may use y.
/// `smooth` is the box (one interval an argument) in which the tests compare with finite differences.
/// `note` states the decision at a kink or an edge.
namespace gradus::ops {

struct Interval {
    double low, high;
};

/// Partials that are known while compiling: an operation whose operand melts need not rescale it.
struct One {
    constexpr operator double() const { return 1.0; }
};
struct MinusOne {
    constexpr operator double() const { return -1.0; }
};

// ---- arithmetic

struct Add {
    static constexpr const char* name = "+";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 2> smooth{{{-5, 5}, {-5, 5}}};
    static double value(double a, double b) { return a + b; }
    static constexpr One da(double, double, double) { return {}; }
    static constexpr One db(double, double, double) { return {}; }
};

struct Subtract {
    static constexpr const char* name = "-";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 2> smooth{{{-5, 5}, {-5, 5}}};
    static double value(double a, double b) { return a - b; }
    static constexpr One da(double, double, double) { return {}; }
    static constexpr MinusOne db(double, double, double) { return {}; }
};

struct Multiply {
    static constexpr const char* name = "*";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 2> smooth{{{-5, 5}, {-5, 5}}};
    static double value(double a, double b) { return a * b; }
    static double da(double, double b, double) { return b; }
    static double db(double a, double, double) { return a; }
};

struct Divide {
    static constexpr const char* name = "/";
    static constexpr const char* note = "b = 0: IEEE infinities and NaN";
    static constexpr std::array<Interval, 2> smooth{{{-5, 5}, {0.5, 5}}};
    static double value(double a, double b) { return a / b; }
    static double da(double, double b, double) { return 1.0 / b; }
    static double db(double, double b, double y) { return -y / b; }
};

struct Negate {
    static constexpr const char* name = "neg";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-5, 5}}};
    static double value(double a) { return -a; }
    static constexpr MinusOne da(double, double) { return {}; }
};

struct Fma {
    static constexpr const char* name = "fma";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 3> smooth{{{-5, 5}, {-5, 5}, {-5, 5}}};
    static double value(double a, double b, double c) { return std::fma(a, b, c); }
    static double da(double, double b, double, double) { return b; }
    static double db(double a, double, double, double) { return a; }
    static constexpr One dc(double, double, double, double) { return {}; }
};

// ---- powers and roots

struct Pow {
    static constexpr const char* name = "pow";
    static constexpr const char* note =
        "pow(a, 0) = 1 with da = 0, also at a = 0; db = 0 at a = 0, b >= 0; a < 0: db = NaN, da exact for "
        "integer b";
    static constexpr std::array<Interval, 2> smooth{{{0.2, 3}, {-3, 3}}};
    static double value(double a, double b) { return std::pow(a, b); }
    static double da(double a, double b, double y) {
        if (b == 0.0) return 0.0;
        const bool quotient_is_exact = y != 0.0 && std::isfinite(y) && a != 0.0;
        return quotient_is_exact ? b * (y / a) : b * std::pow(a, b - 1.0);
    }
    static double db(double a, double b, double y) { return a == 0.0 && b >= 0.0 ? 0.0 : y * std::log(a); }
};

struct Sqrt {
    static constexpr const char* name = "sqrt";
    static constexpr const char* note = "sqrt'(0) = +inf; a < 0: NaN";
    static constexpr std::array<Interval, 1> smooth{{{0.1, 5}}};
    static double value(double a) { return std::sqrt(a); }
    static double da(double, double y) { return 0.5 / y; }
};

struct Cbrt {
    static constexpr const char* name = "cbrt";
    static constexpr const char* note = "cbrt'(0) = +inf";
    static constexpr std::array<Interval, 1> smooth{{{0.1, 5}}};
    static double value(double a) { return std::cbrt(a); }
    static double da(double, double y) { return 1.0 / (3.0 * y * y); }
};

struct Hypot {
    static constexpr const char* name = "hypot";
    static constexpr const char* note = "both partials are 0 at (0, 0)";
    static constexpr std::array<Interval, 2> smooth{{{0.5, 5}, {-5, 5}}};
    static double value(double a, double b) { return std::hypot(a, b); }
    static double da(double a, double, double y) { return y == 0.0 ? 0.0 : a / y; }
    static double db(double, double b, double y) { return y == 0.0 ? 0.0 : b / y; }
};

// ---- exponentials and logarithms

struct Exp {
    static constexpr const char* name = "exp";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-4, 4}}};
    static double value(double a) { return std::exp(a); }
    static double da(double, double y) { return y; }
};

struct Expm1 {
    static constexpr const char* name = "expm1";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-4, 4}}};
    static double value(double a) { return std::expm1(a); }
    static double da(double, double y) { return y + 1.0; }
};

struct Exp2 {
    static constexpr const char* name = "exp2";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-4, 4}}};
    static double value(double a) { return std::exp2(a); }
    static double da(double, double y) { return y * std::numbers::ln2; }
};

struct Log {
    static constexpr const char* name = "log";
    static constexpr const char* note = "log(0) = -inf with slope +inf; a < 0: NaN with slope 1 / a";
    static constexpr std::array<Interval, 1> smooth{{{0.1, 5}}};
    static double value(double a) { return std::log(a); }
    static double da(double a, double) { return 1.0 / a; }
};

struct Log1p {
    static constexpr const char* name = "log1p";
    static constexpr const char* note =
        "log1p(-1) = -inf with slope +inf; a < -1: NaN with slope 1 / (1 + a)";
    static constexpr std::array<Interval, 1> smooth{{{-0.8, 5}}};
    static double value(double a) { return std::log1p(a); }
    static double da(double a, double) { return 1.0 / (1.0 + a); }
};

struct Log2 {
    static constexpr const char* name = "log2";
    static constexpr const char* note = "as log";
    static constexpr std::array<Interval, 1> smooth{{{0.1, 5}}};
    static double value(double a) { return std::log2(a); }
    static double da(double a, double) { return std::numbers::log2e / a; }
};

struct Log10 {
    static constexpr const char* name = "log10";
    static constexpr const char* note = "as log";
    static constexpr std::array<Interval, 1> smooth{{{0.1, 5}}};
    static double value(double a) { return std::log10(a); }
    static double da(double a, double) { return std::numbers::log10e / a; }
};

// ---- circular and hyperbolic functions (angles in radians)

struct Sin {
    static constexpr const char* name = "sin";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-5, 5}}};
    static double value(double a) { return std::sin(a); }
    static double da(double a, double) { return std::cos(a); }
};

struct Cos {
    static constexpr const char* name = "cos";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-5, 5}}};
    static double value(double a) { return std::cos(a); }
    static double da(double a, double) { return -std::sin(a); }
};

struct Tan {
    static constexpr const char* name = "tan";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-1.2, 1.2}}};
    static double value(double a) { return std::tan(a); }
    static double da(double, double y) { return 1.0 + y * y; }
};

struct Asin {
    static constexpr const char* name = "asin";
    static constexpr const char* note = "slope +inf at -1 and 1; outside: NaN";
    static constexpr std::array<Interval, 1> smooth{{{-0.9, 0.9}}};
    static double value(double a) { return std::asin(a); }
    static double da(double a, double) { return 1.0 / std::sqrt((1.0 - a) * (1.0 + a)); }
};

struct Acos {
    static constexpr const char* name = "acos";
    static constexpr const char* note = "slope -inf at -1 and 1; outside: NaN";
    static constexpr std::array<Interval, 1> smooth{{{-0.9, 0.9}}};
    static double value(double a) { return std::acos(a); }
    static double da(double a, double) { return -1.0 / std::sqrt((1.0 - a) * (1.0 + a)); }
};

struct Atan {
    static constexpr const char* name = "atan";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-5, 5}}};
    static double value(double a) { return std::atan(a); }
    static double da(double a, double) { return 1.0 / (1.0 + a * a); }
};

struct Atan2 {
    static constexpr const char* name = "atan2";
    static constexpr const char* note =
        "atan2(a, b) is the angle of the point (b, a); both partials are 0 at (0, 0)";
    static constexpr std::array<Interval, 2> smooth{{{-5, 5}, {0.5, 5}}};
    static double value(double a, double b) { return std::atan2(a, b); }
    static double da(double a, double b, double) { return over_square(b, a, b); }
    static double db(double a, double b, double) { return -over_square(a, a, b); }

   private:
    static double over_square(double numerator, double a, double b) {  // numerator / (a^2 + b^2), no overflow
        const double r = std::hypot(a, b);
        return r == 0.0 ? 0.0 : numerator / r / r;
    }
};

struct Sinh {
    static constexpr const char* name = "sinh";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-3, 3}}};
    static double value(double a) { return std::sinh(a); }
    static double da(double a, double) { return std::cosh(a); }
};

struct Cosh {
    static constexpr const char* name = "cosh";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-3, 3}}};
    static double value(double a) { return std::cosh(a); }
    static double da(double a, double) { return std::sinh(a); }
};

struct Tanh {
    static constexpr const char* name = "tanh";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-3, 3}}};
    /// Below 0.625 a rational approximation, above it 1 - 2 / (exp(2a) + 1): at most 1.4 units in the last
    /// place off, in half the time of std::tanh. Source of the coefficients: S. Moshier, Cephes, tanh.
    static double value(double a) {
        const double m = std::abs(a);
        if (!(m < 0.625)) return std::copysign(1.0 - 2.0 / (std::exp(2.0 * m) + 1.0), a);
        const double z = a * a;
        const double p =
            (-9.64399179425052238628e-1 * z - 9.92877231001918586564e1) * z - 1.61468768441708447952e3;
        const double q =
            ((z + 1.12811678491632931402e2) * z + 2.23548839060100448583e3) * z + 4.84406305325125486048e3;
        return std::copysign(m + m * (z * (p / q)), a);
    }
    static double da(double, double y) { return 1.0 - y * y; }
};

struct Asinh {
    static constexpr const char* name = "asinh";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-5, 5}}};
    static double value(double a) { return std::asinh(a); }
    static double da(double a, double) { return 1.0 / std::hypot(1.0, a); }
};

struct Acosh {
    static constexpr const char* name = "acosh";
    static constexpr const char* note = "slope +inf at 1; a < 1: NaN";
    static constexpr std::array<Interval, 1> smooth{{{1.2, 5}}};
    static double value(double a) { return std::acosh(a); }
    static double da(double a, double) { return 1.0 / (std::sqrt(a - 1.0) * std::sqrt(a + 1.0)); }
};

struct Atanh {
    static constexpr const char* name = "atanh";
    static constexpr const char* note = "slope +inf at -1 and 1; outside: NaN";
    static constexpr std::array<Interval, 1> smooth{{{-0.9, 0.9}}};
    static double value(double a) { return std::atanh(a); }
    static double da(double a, double) {
        return std::abs(a) > 1.0 ? std::numeric_limits<double>::quiet_NaN() : 1.0 / ((1.0 - a) * (1.0 + a));
    }
};

// ---- kinks

struct Abs {
    static constexpr const char* name = "abs";
    static constexpr const char* note = "abs'(0) = 0";
    static constexpr std::array<Interval, 1> smooth{{{0.1, 5}}};
    static double value(double a) { return std::abs(a); }
    static double da(double a, double) { return a > 0.0 ? 1.0 : a < 0.0 ? -1.0 : 0.0; }
};

struct Min {
    static constexpr const char* name = "min";
    static constexpr const char* note =
        "as std::min: on a tie, or if either is NaN, the first one and its gradient";
    static constexpr std::array<Interval, 2> smooth{{{-5, -0.1}, {0.1, 5}}};
    static double value(double a, double b) { return b < a ? b : a; }
    static double da(double a, double b, double) { return b < a ? 0.0 : 1.0; }
    static double db(double a, double b, double) { return b < a ? 1.0 : 0.0; }
};

struct Max {
    static constexpr const char* name = "max";
    static constexpr const char* note =
        "as std::max: on a tie, or if either is NaN, the first one and its gradient";
    static constexpr std::array<Interval, 2> smooth{{{-5, -0.1}, {0.1, 5}}};
    static double value(double a, double b) { return a < b ? b : a; }
    static double da(double a, double b, double) { return a < b ? 0.0 : 1.0; }
    static double db(double a, double b, double) { return a < b ? 1.0 : 0.0; }
};

// ---- special functions

struct Erf {
    static constexpr const char* name = "erf";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-3, 3}}};
    static double value(double a) { return std::erf(a); }
    static double da(double a, double) { return 2.0 * std::numbers::inv_sqrtpi * std::exp(-a * a); }
};

struct Erfc {
    static constexpr const char* name = "erfc";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-3, 3}}};
    static double value(double a) { return std::erfc(a); }
    static double da(double a, double) { return -2.0 * std::numbers::inv_sqrtpi * std::exp(-a * a); }
};

struct Lgamma {
    static constexpr const char* name = "lgamma";
    static constexpr const char* note = "log|gamma(a)|; at 0, -1, -2, ...: +inf with slope NaN";
    static constexpr std::array<Interval, 1> smooth{{{0.3, 5}}};
    static double value(double a) { return std::lgamma(a); }
    static double da(double a, double) { return digamma(a); }
};

// ---- activations

struct Sigmoid {
    static constexpr const char* name = "sigmoid";
    static constexpr const char* note = "1 / (1 + exp(-a)); no overflow";
    static constexpr std::array<Interval, 1> smooth{{{-5, 5}}};
    static double value(double a) {
        const double e = std::exp(-std::abs(a));
        return (a < 0.0 ? e : 1.0) / (1.0 + e);
    }
    static double da(double, double y) { return y * (1.0 - y); }
};

struct Softplus {
    static constexpr const char* name = "softplus";
    static constexpr const char* note = "log(1 + exp(a)); no overflow";
    static constexpr std::array<Interval, 1> smooth{{{-5, 5}}};
    static double value(double a) { return std::log1p(std::exp(-std::abs(a))) + (a < 0.0 ? 0.0 : a); }
    static double da(double a, double) { return Sigmoid::value(a); }
};

struct LogSigmoid {
    static constexpr const char* name = "log_sigmoid";
    static constexpr const char* note = "-softplus(-a)";
    static constexpr std::array<Interval, 1> smooth{{{-5, 5}}};
    static double value(double a) { return -Softplus::value(-a); }
    static double da(double a, double) { return Sigmoid::value(-a); }
};

struct Relu {
    static constexpr const char* name = "relu";
    static constexpr const char* note = "relu'(0) = 0; relu(NaN) = NaN";
    static constexpr std::array<Interval, 1> smooth{{{0.1, 5}}};
    static double value(double a) { return a < 0.0 ? 0.0 : a; }
    static double da(double a, double) { return a > 0.0 ? 1.0 : 0.0; }
};

struct LeakyRelu {
    static constexpr const char* name = "leaky_relu";
    static constexpr const char* note = "b is the slope left of 0, and the derivative at 0";
    static constexpr std::array<Interval, 2> smooth{{{-5, -0.1}, {0.01, 0.5}}};
    static double value(double a, double b) { return a > 0.0 ? a : a * b; }
    static double da(double a, double b, double) { return a > 0.0 ? 1.0 : b; }
    static double db(double a, double, double) { return a > 0.0 ? 0.0 : a; }
};

struct Elu {
    static constexpr const char* name = "elu";
    static constexpr const char* note = "b is the depth left of 0, and the derivative at 0";
    static constexpr std::array<Interval, 2> smooth{{{-5, -0.1}, {0.5, 2}}};
    static double value(double a, double b) { return a > 0.0 ? a : b * std::expm1(a); }
    static double da(double a, double b, double y) { return a > 0.0 ? 1.0 : y + b; }
    static double db(double a, double, double) { return a > 0.0 ? 0.0 : std::expm1(a); }
};

struct Gelu {
    static constexpr const char* name = "gelu";
    static constexpr const char* note =
        "a times the normal distribution function of a, not the tanh approximation";
    static constexpr std::array<Interval, 1> smooth{{{-4, 4}}};
    static double cdf(double a) { return 0.5 * std::erfc(-a / std::numbers::sqrt2); }
    static double value(double a) { return a * cdf(a); }
    static double da(double a, double) {
        const double density = std::exp(-0.5 * a * a) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
        return cdf(a) + a * density;
    }
};

struct Silu {
    static constexpr const char* name = "silu";
    static constexpr const char* note = "a sigmoid(a), also called swish";
    static constexpr std::array<Interval, 1> smooth{{{-5, 5}}};
    static double value(double a) { return a * Sigmoid::value(a); }
    static double da(double a, double y) {
        const double s = Sigmoid::value(a);
        return s + y * (1.0 - s);
    }
};

// ---- the table

template <class... Ops>
struct List {
    static constexpr std::size_t size = sizeof...(Ops);

    /// Call visit(op) with one object of each operation.
    template <class Visitor>
    static void each(Visitor&& visit) {
        (visit(Ops{}), ...);
    }

    /// Return the position of an operation.
    template <class Op>
    static constexpr std::size_t index() {
        constexpr std::array<bool, size> same{std::is_same_v<Op, Ops>...};
        std::size_t i = 0;
        while (!same[i]) ++i;
        return i;
    }

    static constexpr std::array<const char*, size> names{Ops::name...};
};

/// Every elementary operation. To add one: write its struct above, name it here, give it a line in
/// functions.hpp.
using All =
    List<Add, Subtract, Multiply, Divide, Negate, Fma, Pow, Sqrt, Cbrt, Hypot, Exp, Expm1, Exp2, Log, Log1p,
         Log2, Log10, Sin, Cos, Tan, Asin, Acos, Atan, Atan2, Sinh, Cosh, Tanh, Asinh, Acosh, Atanh, Abs, Min,
         Max, Erf, Erfc, Lgamma, Sigmoid, Softplus, LogSigmoid, Relu, LeakyRelu, Elu, Gelu, Silu>;

}  // namespace gradus::ops
