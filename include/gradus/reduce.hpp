// SPDX-License-Identifier: MIT
// Reductions: functions of many numbers, each recorded as one entry. The same names take doubles.
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

#include "gradus/functions.hpp"
#include "gradus/parameters.hpp"

namespace gradus {

/// Values side by side, for reading: made from whatever holds Value in a row (vector, array, span), or from a
/// ParameterView. Does not own them.
class Values {
   public:
    template <class Range>
    requires std::convertible_to<const Range&, std::span<const Value>> Values(const Range& values)
        : values_(std::span<const Value>(values).data()), size_(values.size()) {}

    Values(const ParameterView& parameters) : parameters_(parameters), size_(parameters.size()) {}

    [[nodiscard]] std::size_t size() const { return size_; }

    /// Return the first value, or null if these are parameters.
    [[nodiscard]] const Value* data() const { return values_; }
    [[nodiscard]] const ParameterView& parameters() const { return parameters_; }

   private:
    const Value* values_ = nullptr;
    ParameterView parameters_;
    std::size_t size_ = 0;
};

namespace detail {

/// Whether a number is one of 0 ... n - 1.
inline bool is_position(double x, std::size_t n) {
    return x >= 0.0 && x < static_cast<double>(n) && x == std::floor(x);
}

}  // namespace detail

/// Return the sum of x. Of no numbers: 0.
/// Gradient: dx[i] = dy.
Value sum(const Values& x);
double sum(std::span<const double> x);

/// Return the mean of x.
/// Gradient: dx[i] = dy / n.
/// Raises ShapeError if x is empty.
Value mean(const Values& x);
double mean(std::span<const double> x);

/// Return the sum of a[i] * b[i].
/// Shapes: a (n), b (n) -> a number. Of no numbers: 0.
/// Gradient: da[i] = dy b[i], db[i] = dy a[i].
/// Raises ShapeError if the sizes differ.
/// Cost: one entry. Operands: those of a, then those of b; doubles have none on a melting tape.
Value dot(const Values& a, const Values& b);
Value dot(const Values& a, std::span<const double> b);
Value dot(std::span<const double> a, const Values& b);
double dot(std::span<const double> a, std::span<const double> b);

/// Return the Euclidean length of x, without overflow in between. Of no numbers: 0.
/// Gradient: dx[i] = dy x[i] / y; zero for the zero vector.
Value norm(const Values& x);
double norm(std::span<const double> x);

/// Return the largest of x; on a tie the first one. As with std::max, a NaN counts only if it is the first.
/// Gradient: dy for the one that was returned, 0 for the others.
/// Raises ShapeError if x is empty.
Value max(const Values& x);
double max(std::span<const double> x);

/// Return x[position], where the position is a number of the example, such as its class: a program looks it
/// up anew for each example. Gradient: dy for the one that was returned, 0 for the others and for the
/// position. Raises ShapeError unless the position is a whole number below the size of x.
Value pick(const Values& x, const Value& position);
double pick(std::span<const double> x, double position);

/// Return log(sum of exp(x[i])), without overflow or underflow in between. If all are -inf: -inf.
/// Gradient: dx = dy softmax(x); zero where x[i] is -inf, also if all are.
/// Raises ShapeError if x is empty.
Value logsumexp(const Values& x);
double logsumexp(std::span<const double> x);

/// Return p[i] = exp(x[i]) / (sum of exp(x[j])), without overflow. NaN if all are -inf, or if one is +inf.
/// Shapes: x (n) -> (n). The values live as long as what is recorded now.
/// Gradient: dx[i] = p[i] (dp[i] - sum of p[j] dp[j]).
/// Raises ShapeError if x is empty.
/// Cost: one entry of n operands, n entries of two.
std::span<Value> softmax(const Values& x);
std::vector<double> softmax(std::span<const double> x);

/// Return log(softmax(x)), exact where softmax(x) underflows. NaN if all are -inf, or if one is +inf.
/// Shapes: x (n) -> (n). The values live as long as what is recorded now.
/// Gradient: dx[i] = dl[i] - p[i] (sum of dl[j]).
/// Raises ShapeError if x is empty.
/// Cost: one entry of n operands, n entries of two.
std::span<Value> log_softmax(const Values& x);
std::vector<double> log_softmax(std::span<const double> x);

}  // namespace gradus
