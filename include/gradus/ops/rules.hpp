// SPDX-License-Identifier: MIT
// What the rules of the operations are written with.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace gradus {

/// Return the derivative of lgamma: psi(x) = d/dx log|gamma(x)|. NaN at 0, -1, -2, ...
/// Relative error below 1e-14 away from its zeros. Source: Abramowitz and Stegun 6.3.6, 6.3.7, 6.3.18.
double digamma(double x);

/// Return derivative number `order` of digamma; order is rounded to a whole number. NaN at x = 0, -1, -2,
/// ..., and for orders below 0 or above 100. Relative error below 1e-13 away from its zeros. Source:
/// Abramowitz and Stegun 6.4.6, 6.4.7, 6.4.11.
double polygamma(double order, double x);

}  // namespace gradus

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

// The partials are written for any number: for double, and for nodes of a graph, which have functions of the
// same names (lib/program/number.hpp). So second derivatives need no table of their own.
using std::abs;
using std::cos;
using std::cosh;
using std::erfc;
using std::exp;
using std::expm1;
using std::hypot;
using std::log;
using std::min;
using std::pow;
using std::sin;
using std::sinh;
using std::sqrt;

/// Return a if the condition holds, else b.
constexpr double select(bool condition, double a, double b) { return condition ? a : b; }

}  // namespace gradus::ops
