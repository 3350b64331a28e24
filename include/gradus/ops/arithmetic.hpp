// SPDX-License-Identifier: MIT
// Operations: arithmetic, powers and roots, kinks, steps.
#pragma once

#include "gradus/ops/rules.hpp"

namespace gradus::ops {

// ---- arithmetic

struct Add {
    static constexpr const char* name = "+";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 2> smooth{{{-5, 5}, {-5, 5}}};
    static double value(double a, double b) { return a + b; }
    static constexpr One da(auto, auto, auto) { return {}; }
    static constexpr One db(auto, auto, auto) { return {}; }
};

struct Subtract {
    static constexpr const char* name = "-";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 2> smooth{{{-5, 5}, {-5, 5}}};
    static double value(double a, double b) { return a - b; }
    static constexpr One da(auto, auto, auto) { return {}; }
    static constexpr MinusOne db(auto, auto, auto) { return {}; }
};

struct Multiply {
    static constexpr const char* name = "*";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 2> smooth{{{-5, 5}, {-5, 5}}};
    static double value(double a, double b) { return a * b; }
    static auto da(auto, auto b, auto) { return b; }
    static auto db(auto a, auto, auto) { return a; }
};

struct Divide {
    static constexpr const char* name = "/";
    static constexpr const char* note = "b = 0: IEEE infinities and NaN";
    static constexpr std::array<Interval, 2> smooth{{{-5, 5}, {0.5, 5}}};
    static double value(double a, double b) { return a / b; }
    static auto da(auto, auto b, auto) { return 1.0 / b; }
    static auto db(auto, auto b, auto y) { return -y / b; }
};

struct Negate {
    static constexpr const char* name = "neg";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 1> smooth{{{-5, 5}}};
    static double value(double a) { return -a; }
    static constexpr MinusOne da(auto, auto) { return {}; }
};

struct Fma {
    static constexpr const char* name = "fma";
    static constexpr const char* note = "";
    static constexpr std::array<Interval, 3> smooth{{{-5, 5}, {-5, 5}, {-5, 5}}};
    static double value(double a, double b, double c) { return std::fma(a, b, c); }
    static auto da(auto, auto b, auto, auto) { return b; }
    static auto db(auto a, auto, auto, auto) { return a; }
    static constexpr One dc(auto, auto, auto, auto) { return {}; }
};

// ---- powers and roots

struct Pow {
    static constexpr const char* name = "pow";
    static constexpr const char* note =
        "pow(a, 0) = 1 with da = 0, also at a = 0; db = 0 at a = 0, b >= 0; a < 0: db = NaN, da exact for "
        "integer b";
    static constexpr std::array<Interval, 2> smooth{{{0.2, 3}, {-3, 3}}};
    static double value(double a, double b) { return std::pow(a, b); }
    static auto da(auto a, auto b, auto y) { return select(b == 0.0, 0.0, b * lowered(a, b, y)); }
    static auto db(auto a, auto b, auto y) { return select(a == 0.0 && b >= 0.0, 0.0, y * log(a)); }

   private:
    // pow(a, b - 1), from y = pow(a, b) where that is exact: a quotient costs less.
    static double lowered(double a, double b, double y) {
        const bool is_exact = y != 0.0 && std::isfinite(y) && a != 0.0;
        return is_exact ? y / a : std::pow(a, b - 1.0);
    }
    static auto lowered(auto a, auto b, auto) { return pow(a, b - 1.0); }
};

struct Sqrt {
    static constexpr const char* name = "sqrt";
    static constexpr const char* note = "sqrt'(0) = +inf; a < 0: NaN";
    static constexpr std::array<Interval, 1> smooth{{{0.1, 5}}};
    static double value(double a) { return std::sqrt(a); }
    static auto da(auto, auto y) { return 0.5 / y; }
};

struct Cbrt {
    static constexpr const char* name = "cbrt";
    static constexpr const char* note = "cbrt'(0) = +inf";
    static constexpr std::array<Interval, 1> smooth{{{0.1, 5}}};
    static double value(double a) { return std::cbrt(a); }
    static auto da(auto, auto y) { return 1.0 / (3.0 * y * y); }
};

struct Hypot {
    static constexpr const char* name = "hypot";
    static constexpr const char* note = "both partials are 0 at (0, 0)";
    static constexpr std::array<Interval, 2> smooth{{{0.5, 5}, {-5, 5}}};
    static double value(double a, double b) { return std::hypot(a, b); }
    static auto da(auto a, auto, auto y) { return select(y == 0.0, 0.0, a / y); }
    static auto db(auto, auto b, auto y) { return select(y == 0.0, 0.0, b / y); }
};

// ---- kinks

struct Abs {
    static constexpr const char* name = "abs";
    static constexpr const char* note = "abs'(0) = 0";
    static constexpr std::array<Interval, 1> smooth{{{0.1, 5}}};
    static double value(double a) { return std::abs(a); }
    static auto da(auto a, auto) { return select(a > 0.0, 1.0, select(a < 0.0, -1.0, 0.0)); }
};

struct Min {
    static constexpr const char* name = "min";
    static constexpr const char* note =
        "as std::min: on a tie, or if either is NaN, the first one and its gradient";
    static constexpr std::array<Interval, 2> smooth{{{-5, -0.1}, {0.1, 5}}};
    static double value(double a, double b) { return b < a ? b : a; }
    static auto da(auto a, auto b, auto) { return select(b < a, 0.0, 1.0); }
    static auto db(auto a, auto b, auto) { return select(b < a, 1.0, 0.0); }
};

struct Max {
    static constexpr const char* name = "max";
    static constexpr const char* note =
        "as std::max: on a tie, or if either is NaN, the first one and its gradient";
    static constexpr std::array<Interval, 2> smooth{{{-5, -0.1}, {0.1, 5}}};
    static double value(double a, double b) { return a < b ? b : a; }
    static auto da(auto a, auto b, auto) { return select(a < b, 0.0, 1.0); }
    static auto db(auto a, auto b, auto) { return select(a < b, 1.0, 0.0); }
};

// Of these two, y == a says which one was taken: a NaN equals nothing.

struct Fmin {
    static constexpr const char* name = "fmin";
    static constexpr const char* note =
        "as std::fmin: if one is NaN, the other; on a tie the first one and its gradient";
    static constexpr std::array<Interval, 2> smooth{{{-5, -0.1}, {0.1, 5}}};
    static double value(double a, double b) { return a <= b || std::isnan(b) ? a : b; }
    static auto da(auto a, auto, auto y) { return select(y == a, 1.0, 0.0); }
    static auto db(auto a, auto, auto y) { return select(y == a, 0.0, 1.0); }
};

struct Fmax {
    static constexpr const char* name = "fmax";
    static constexpr const char* note =
        "as std::fmax: if one is NaN, the other; on a tie the first one and its gradient";
    static constexpr std::array<Interval, 2> smooth{{{-5, -0.1}, {0.1, 5}}};
    static double value(double a, double b) { return a >= b || std::isnan(b) ? a : b; }
    static auto da(auto a, auto, auto y) { return select(y == a, 1.0, 0.0); }
    static auto db(auto a, auto, auto y) { return select(y == a, 0.0, 1.0); }
};

struct Copysign {
    static constexpr const char* name = "copysign";
    static constexpr const char* note = "a with the sign of b; da = 1 at a = 0; db = 0, also where y jumps";
    static constexpr std::array<Interval, 2> smooth{{{-5, -0.1}, {0.1, 5}}};
    static double value(double a, double b) { return std::copysign(a, b); }
    static auto da(auto a, auto, auto y) { return select(y == a, 1.0, -1.0); }
    static double db(auto, auto, auto) { return 0.0; }
};

// ---- steps

struct Floor {
    static constexpr const char* name = "floor";
    static constexpr const char* note = "slope 0, also at the steps";
    static constexpr std::array<Interval, 1> smooth{{{1.1, 1.9}}};
    static double value(double a) { return std::floor(a); }
    static double da(auto, auto) { return 0.0; }
};

struct Ceil {
    static constexpr const char* name = "ceil";
    static constexpr const char* note = "slope 0, also at the steps";
    static constexpr std::array<Interval, 1> smooth{{{1.1, 1.9}}};
    static double value(double a) { return std::ceil(a); }
    static double da(auto, auto) { return 0.0; }
};

struct Trunc {
    static constexpr const char* name = "trunc";
    static constexpr const char* note = "slope 0, also at the steps";
    static constexpr std::array<Interval, 1> smooth{{{-1.9, -1.1}}};
    static double value(double a) { return std::trunc(a); }
    static double da(auto, auto) { return 0.0; }
};

struct Round {
    static constexpr const char* name = "round";
    static constexpr const char* note = "halves away from 0; slope 0, also at the steps";
    static constexpr std::array<Interval, 1> smooth{{{0.6, 1.4}}};
    static double value(double a) { return std::round(a); }
    static double da(auto, auto) { return 0.0; }
};

struct Fmod {
    static constexpr const char* name = "fmod";
    static constexpr const char* note =
        "a - n b with n = trunc(a / b), which counts as a constant; b = 0: NaN";
    static constexpr std::array<Interval, 2> smooth{{{4.1, 5.9}, {1.5, 2}}};
    static double value(double a, double b) { return std::fmod(a, b); }
    static constexpr One da(auto, auto, auto) { return {}; }
    static auto db(auto a, auto b, auto y) { return (y - a) / b; }
};

}  // namespace gradus::ops
