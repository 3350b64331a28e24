// SPDX-License-Identifier: MIT
// Operations: exponentials, logarithms, circular, hyperbolic and special functions.
#pragma once

#include "gradus/ops/rules.hpp"

namespace gradus::ops {

// ---- exponentials and logarithms

struct Exp {
    static constexpr const char* name = "exp";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-4, 4}}};
    static double value(double a) { return std::exp(a); }
    static auto da(auto, auto y) { return y; }
};

struct Expm1 {
    static constexpr const char* name = "expm1";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-4, 4}}};
    static double value(double a) { return std::expm1(a); }
    static auto da(auto, auto y) { return y + 1.0; }
};

struct Exp2 {
    static constexpr const char* name = "exp2";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-4, 4}}};
    static double value(double a) { return std::exp2(a); }
    static auto da(auto, auto y) { return y * std::numbers::ln2; }
};

struct Log {
    static constexpr const char* name = "log";
    static constexpr const char* note = "log(0) = -inf with slope +inf; a < 0: NaN with slope 1 / a";
    static constexpr std::array<Interval, 1> smooth{{{0.1, 5}}};
    static double value(double a) { return std::log(a); }
    static auto da(auto a, auto) { return 1.0 / a; }
};

struct Log1p {
    static constexpr const char* name = "log1p";
    static constexpr const char* note =
        "log1p(-1) = -inf with slope +inf; a < -1: NaN with slope 1 / (1 + a)";
    static constexpr std::array<Interval, 1> smooth{{{-0.8, 5}}};
    static double value(double a) { return std::log1p(a); }
    static auto da(auto a, auto) { return 1.0 / (1.0 + a); }
};

struct Log2 {
    static constexpr const char* name = "log2";
    static constexpr const char* note = "as log";
    static constexpr std::array<Interval, 1> smooth{{{0.1, 5}}};
    static double value(double a) { return std::log2(a); }
    static auto da(auto a, auto) { return std::numbers::log2e / a; }
};

struct Log10 {
    static constexpr const char* name = "log10";
    static constexpr const char* note = "as log";
    static constexpr std::array<Interval, 1> smooth{{{0.1, 5}}};
    static double value(double a) { return std::log10(a); }
    static auto da(auto a, auto) { return std::numbers::log10e / a; }
};

// ---- circular and hyperbolic functions (angles in radians)

struct Sin {
    static constexpr const char* name = "sin";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-5, 5}}};
    static double value(double a) { return std::sin(a); }
    static auto da(auto a, auto) { return cos(a); }
};

struct Cos {
    static constexpr const char* name = "cos";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-5, 5}}};
    static double value(double a) { return std::cos(a); }
    static auto da(auto a, auto) { return -sin(a); }
};

struct Tan {
    static constexpr const char* name = "tan";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-1.2, 1.2}}};
    static double value(double a) { return std::tan(a); }
    static auto da(auto, auto y) { return 1.0 + y * y; }
};

struct Asin {
    static constexpr const char* name = "asin";
    static constexpr const char* note = "slope +inf at -1 and 1; outside: NaN";
    static constexpr std::array<Interval, 1> smooth{{{-0.9, 0.9}}};
    static double value(double a) { return std::asin(a); }
    static auto da(auto a, auto) { return 1.0 / sqrt((1.0 - a) * (1.0 + a)); }
};

struct Acos {
    static constexpr const char* name = "acos";
    static constexpr const char* note = "slope -inf at -1 and 1; outside: NaN";
    static constexpr std::array<Interval, 1> smooth{{{-0.9, 0.9}}};
    static double value(double a) { return std::acos(a); }
    static auto da(auto a, auto) { return -1.0 / sqrt((1.0 - a) * (1.0 + a)); }
};

struct Atan {
    static constexpr const char* name = "atan";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-5, 5}}};
    static double value(double a) { return std::atan(a); }
    static auto da(auto a, auto) { return 1.0 / (1.0 + a * a); }
};

struct Atan2 {
    static constexpr const char* name = "atan2";
    static constexpr const char* note =
        "atan2(a, b) is the angle of the point (b, a); both partials are 0 at (0, 0)";
    static constexpr std::array<Interval, 2> smooth{{{-5, 5}, {0.5, 5}}};
    static double value(double a, double b) { return std::atan2(a, b); }
    static auto da(auto a, auto b, auto) { return over_square(b, a, b); }
    static auto db(auto a, auto b, auto) { return -over_square(a, a, b); }

   private:
    static auto over_square(auto numerator, auto a, auto b) {  // numerator / (a^2 + b^2), no overflow
        const auto r = hypot(a, b);
        return select(r == 0.0, 0.0, numerator / r / r);
    }
};

struct Sinh {
    static constexpr const char* name = "sinh";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-3, 3}}};
    static double value(double a) { return std::sinh(a); }
    static auto da(auto a, auto) { return cosh(a); }
};

struct Cosh {
    static constexpr const char* name = "cosh";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-3, 3}}};
    static double value(double a) { return std::cosh(a); }
    static auto da(auto a, auto) { return sinh(a); }
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
    static auto da(auto, auto y) { return 1.0 - y * y; }
};

struct Asinh {
    static constexpr const char* name = "asinh";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-5, 5}}};
    static double value(double a) { return std::asinh(a); }
    static auto da(auto a, auto) { return 1.0 / hypot(1.0, a); }
};

struct Acosh {
    static constexpr const char* name = "acosh";
    static constexpr const char* note = "slope +inf at 1; a < 1: NaN";
    static constexpr std::array<Interval, 1> smooth{{{1.2, 5}}};
    static double value(double a) { return std::acosh(a); }
    static auto da(auto a, auto) { return 1.0 / (sqrt(a - 1.0) * sqrt(a + 1.0)); }
};

struct Atanh {
    static constexpr const char* name = "atanh";
    static constexpr const char* note = "slope +inf at -1 and 1; outside: NaN";
    static constexpr std::array<Interval, 1> smooth{{{-0.9, 0.9}}};
    static double value(double a) { return std::atanh(a); }
    static auto da(auto a, auto) {
        return select(abs(a) > 1.0, std::numeric_limits<double>::quiet_NaN(), 1.0 / ((1.0 - a) * (1.0 + a)));
    }
};

// ---- special functions

struct Erf {
    static constexpr const char* name = "erf";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-3, 3}}};
    static double value(double a) { return std::erf(a); }
    static auto da(auto a, auto) { return 2.0 * std::numbers::inv_sqrtpi * exp(-a * a); }
};

struct Erfc {
    static constexpr const char* name = "erfc";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-3, 3}}};
    static double value(double a) { return std::erfc(a); }
    static auto da(auto a, auto) { return -2.0 * std::numbers::inv_sqrtpi * exp(-a * a); }
};

struct Lgamma {
    static constexpr const char* name = "lgamma";
    static constexpr const char* note = "log|gamma(a)|; at 0, -1, -2, ...: +inf with slope NaN";
    static constexpr std::array<Interval, 1> smooth{{{0.3, 5}}};
    static double value(double a) { return std::lgamma(a); }
    static auto da(auto a, auto) { return digamma(a); }
};

struct Polygamma {
    static constexpr const char* name = "polygamma";
    static constexpr const char* note =
        "derivative a of digamma(b), a rounded to a whole number, with da = 0; at b = 0, -1, -2, ...: NaN";
    static constexpr std::array<Interval, 2> smooth{{{0.6, 1.4}, {0.3, 5}}};
    static double value(double a, double b) { return polygamma(a, b); }
    static double da(auto, auto, auto) { return 0.0; }
    static auto db(auto a, auto b, auto) { return polygamma(a + 1.0, b); }
};

}  // namespace gradus::ops
