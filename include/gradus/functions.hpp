// SPDX-License-Identifier: MIT
// The operators and functions of mathematics on Value, found by argument-dependent lookup: with T = double or
// T = Value, `using std::exp; y = exp(x);` works alike. What each one computes stands in ops.hpp.
#pragma once

#include <cmath>
#include <limits>

#include "gradus/record.hpp"

namespace gradus {

namespace detail {

/// The operands of a binary operation: at least one of them is a Value.
template <class A, class B>
concept Operands = Scalar<A> && Scalar<B> &&(IsValue<A> || IsValue<B>);

}  // namespace detail

// ---- operators

template <IsValue A>
Value operator+(A&& a) {
    return std::forward<A>(a);
}
template <IsValue A>
GRADUS_INLINE Value operator-(A&& a) {
    return detail::apply<ops::Negate>(std::forward<A>(a));
}
template <class A, class B>
requires detail::Operands<A, B> GRADUS_INLINE Value operator+(A&& a, B&& b) {
    return detail::apply<ops::Add>(std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
requires detail::Operands<A, B> GRADUS_INLINE Value operator-(A&& a, B&& b) {
    return detail::apply<ops::Subtract>(std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
requires detail::Operands<A, B> GRADUS_INLINE Value operator*(A&& a, B&& b) {
    return detail::apply<ops::Multiply>(std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
requires detail::Operands<A, B> GRADUS_INLINE Value operator/(A&& a, B&& b) {
    return detail::apply<ops::Divide>(std::forward<A>(a), std::forward<B>(b));
}

// The old a dies with the statement, so its entry may melt: a loop of sums ends as one entry.
template <Scalar B>
GRADUS_INLINE Value& operator+=(Value& a, B&& b) {
    return detail::assign<ops::Add>(a, std::forward<B>(b));
}
template <Scalar B>
GRADUS_INLINE Value& operator-=(Value& a, B&& b) {
    return detail::assign<ops::Subtract>(a, std::forward<B>(b));
}
template <Scalar B>
GRADUS_INLINE Value& operator*=(Value& a, B&& b) {
    return detail::assign<ops::Multiply>(a, std::forward<B>(b));
}
template <Scalar B>
GRADUS_INLINE Value& operator/=(Value& a, B&& b) {
    return detail::assign<ops::Divide>(a, std::forward<B>(b));
}

inline Value& operator++(Value& a) { return a += 1.0; }
inline Value& operator--(Value& a) { return a -= 1.0; }
inline Value operator++(Value& a, int) {
    Value before = a;
    ++a;
    return before;
}
inline Value operator--(Value& a, int) {
    Value before = a;
    --a;
    return before;
}

// The same names for double, so that gradus::exp(x) takes both.
using std::abs;
using std::acos;
using std::acosh;
using std::asin;
using std::asinh;
using std::atan;
using std::atan2;
using std::atanh;
using std::cbrt;
using std::ceil;
using std::copysign;
using std::cos;
using std::cosh;
using std::erf;
using std::erfc;
using std::exp;
using std::exp2;
using std::expm1;
using std::fabs;
using std::floor;
using std::fma;
using std::fmax;
using std::fmin;
using std::fmod;
using std::hypot;
using std::lerp;
using std::lgamma;
using std::log;
using std::log10;
using std::log1p;
using std::log2;
using std::pow;
using std::round;
using std::sin;
using std::sinh;
using std::sqrt;
using std::tan;
using std::tanh;
using std::trunc;

template <IsValue A>
GRADUS_INLINE Value sqrt(A&& a) {
    return detail::apply<ops::Sqrt>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value cbrt(A&& a) {
    return detail::apply<ops::Cbrt>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value exp(A&& a) {
    return detail::apply<ops::Exp>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value expm1(A&& a) {
    return detail::apply<ops::Expm1>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value exp2(A&& a) {
    return detail::apply<ops::Exp2>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value log(A&& a) {
    return detail::apply<ops::Log>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value log1p(A&& a) {
    return detail::apply<ops::Log1p>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value log2(A&& a) {
    return detail::apply<ops::Log2>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value log10(A&& a) {
    return detail::apply<ops::Log10>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value sin(A&& a) {
    return detail::apply<ops::Sin>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value cos(A&& a) {
    return detail::apply<ops::Cos>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value tan(A&& a) {
    return detail::apply<ops::Tan>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value asin(A&& a) {
    return detail::apply<ops::Asin>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value acos(A&& a) {
    return detail::apply<ops::Acos>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value atan(A&& a) {
    return detail::apply<ops::Atan>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value sinh(A&& a) {
    return detail::apply<ops::Sinh>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value cosh(A&& a) {
    return detail::apply<ops::Cosh>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value tanh(A&& a) {
    return detail::apply<ops::Tanh>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value asinh(A&& a) {
    return detail::apply<ops::Asinh>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value acosh(A&& a) {
    return detail::apply<ops::Acosh>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value atanh(A&& a) {
    return detail::apply<ops::Atanh>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value abs(A&& a) {
    return detail::apply<ops::Abs>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value fabs(A&& a) {
    return detail::apply<ops::Abs>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value floor(A&& a) {
    return detail::apply<ops::Floor>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value ceil(A&& a) {
    return detail::apply<ops::Ceil>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value trunc(A&& a) {
    return detail::apply<ops::Trunc>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value round(A&& a) {
    return detail::apply<ops::Round>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value erf(A&& a) {
    return detail::apply<ops::Erf>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value erfc(A&& a) {
    return detail::apply<ops::Erfc>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value lgamma(A&& a) {
    return detail::apply<ops::Lgamma>(std::forward<A>(a));
}
template <IsValue A>
GRADUS_INLINE Value digamma(A&& a) {
    return detail::apply<ops::Polygamma>(0.0, std::forward<A>(a));
}
template <class A, class B>
requires detail::Operands<A, B> GRADUS_INLINE Value polygamma(A&& order, B&& b) {
    return detail::apply<ops::Polygamma>(std::forward<A>(order), std::forward<B>(b));
}

template <class A, class B>
requires detail::Operands<A, B> GRADUS_INLINE Value pow(A&& a, B&& b) {
    return detail::apply<ops::Pow>(std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
requires detail::Operands<A, B> GRADUS_INLINE Value atan2(A&& a, B&& b) {
    return detail::apply<ops::Atan2>(std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
requires detail::Operands<A, B> GRADUS_INLINE Value hypot(A&& a, B&& b) {
    return detail::apply<ops::Hypot>(std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
requires detail::Operands<A, B> GRADUS_INLINE Value min(A&& a, B&& b) {
    return detail::apply<ops::Min>(std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
requires detail::Operands<A, B> GRADUS_INLINE Value max(A&& a, B&& b) {
    return detail::apply<ops::Max>(std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
requires detail::Operands<A, B> GRADUS_INLINE Value fmin(A&& a, B&& b) {
    return detail::apply<ops::Fmin>(std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
requires detail::Operands<A, B> GRADUS_INLINE Value fmax(A&& a, B&& b) {
    return detail::apply<ops::Fmax>(std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
requires detail::Operands<A, B> GRADUS_INLINE Value fmod(A&& a, B&& b) {
    return detail::apply<ops::Fmod>(std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
requires detail::Operands<A, B> GRADUS_INLINE Value copysign(A&& a, B&& b) {
    return detail::apply<ops::Copysign>(std::forward<A>(a), std::forward<B>(b));
}

/// Return a * b + c, rounded once.
template <Scalar A, Scalar B, Scalar C>
requires(IsValue<A> || IsValue<B> || IsValue<C>) GRADUS_INLINE Value fma(const A& a, const B& b, const C& c) {
    return detail::apply<ops::Fma>(a, b, c);
}

/// Return the length of (a, b, c), without overflow in between.
template <Scalar A, Scalar B, Scalar C>
requires(IsValue<A> || IsValue<B> || IsValue<C>) GRADUS_INLINE Value hypot(A&& a, B&& b, C&& c) {
    return hypot(hypot(std::forward<A>(a), std::forward<B>(b)), std::forward<C>(c));
}

/// Return (1 - t) a + t b, exact at t = 0 and t = 1; between them it may differ from std::lerp in rounding.
template <Scalar A, Scalar B, Scalar T>
requires(IsValue<A> || IsValue<B> || IsValue<T>) GRADUS_INLINE Value
    lerp(const A& a, const B& b, const T& t) {
    return (1.0 - t) * a + t * b;
}

// ---- activations, for double too

template <IsValue A>
GRADUS_INLINE Value sigmoid(A&& a) {
    return detail::apply<ops::Sigmoid>(std::forward<A>(a));
}
inline double sigmoid(double a) { return ops::Sigmoid::value(a); }

template <IsValue A>
GRADUS_INLINE Value softplus(A&& a) {
    return detail::apply<ops::Softplus>(std::forward<A>(a));
}
inline double softplus(double a) { return ops::Softplus::value(a); }

template <IsValue A>
GRADUS_INLINE Value log_sigmoid(A&& a) {
    return detail::apply<ops::LogSigmoid>(std::forward<A>(a));
}
inline double log_sigmoid(double a) { return ops::LogSigmoid::value(a); }

template <IsValue A>
GRADUS_INLINE Value relu(A&& a) {
    return detail::apply<ops::Relu>(std::forward<A>(a));
}
inline double relu(double a) { return ops::Relu::value(a); }

template <IsValue A>
GRADUS_INLINE Value gelu(A&& a) {
    return detail::apply<ops::Gelu>(std::forward<A>(a));
}
inline double gelu(double a) { return ops::Gelu::value(a); }

template <IsValue A>
GRADUS_INLINE Value silu(A&& a) {
    return detail::apply<ops::Silu>(std::forward<A>(a));
}
inline double silu(double a) { return ops::Silu::value(a); }

/// Return a where it is positive, else slope * a.
template <IsValue A, Scalar B = double>
GRADUS_INLINE Value leaky_relu(A&& a, B&& slope = 0.01) {
    return detail::apply<ops::LeakyRelu>(std::forward<A>(a), std::forward<B>(slope));
}
inline double leaky_relu(double a, double slope = 0.01) { return ops::LeakyRelu::value(a, slope); }

/// Return a where it is positive, else depth * (exp(a) - 1).
template <IsValue A, Scalar B = double>
GRADUS_INLINE Value elu(A&& a, B&& depth = 1.0) {
    return detail::apply<ops::Elu>(std::forward<A>(a), std::forward<B>(depth));
}
inline double elu(double a, double depth = 1.0) { return ops::Elu::value(a, depth); }

// ---- choice and inspection

/// Return a if the condition holds, else b. The side not taken gets no gradient, and no NaN of it travels.
template <Scalar A, Scalar B>
auto select(bool condition, A&& a, B&& b) {
    using Result = std::conditional_t<IsValue<A> || IsValue<B>, Value,
                                      std::common_type_t<std::remove_cvref_t<A>, std::remove_cvref_t<B>>>;
    return condition ? Result(std::forward<A>(a)) : Result(std::forward<B>(b));
}

// Comparisons, so that a program knows on what its path depends.
inline bool isnan(const Value& a) {
    const Value& same = a;
    return !(a == same);
}
inline bool isinf(const Value& a) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return a == infinity || a == -infinity;
}
inline bool isfinite(const Value& a) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return -infinity < a && a < infinity;
}
inline bool signbit(const Value& a) { return a < 0.0 || (a == 0.0 && 1.0 / a < 0.0); }  // false for NaN

}  // namespace gradus
