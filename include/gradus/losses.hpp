// SPDX-License-Identifier: MIT
// Losses of one example: how far a model's answer is from the target. Each takes doubles or Values alike, and
// none overflows.
#pragma once

#include <concepts>
#include <cstddef>
#include <ranges>
#include <span>

#include "gradus/functions.hpp"
#include "gradus/reduce.hpp"

namespace gradus {

/// A double or a Value.
template <class T>
concept Real = std::same_as<T, double> || std::same_as<T, Value>;

/// A vector, array or span of them.
template <class R>
concept Reals =
    std::ranges::contiguous_range<R> && std::ranges::sized_range<R> && Real<std::ranges::range_value_t<R>>;

namespace detail {

// Raise the error that a loss documents.
void require_same_size(std::size_t outputs, std::size_t targets);
[[noreturn]] void refuse_label(double label, std::size_t classes);
void require_probability(double target);
void require_sign(double target);
void require_delta(double delta);

}  // namespace detail

/// Return (y - target)^2.
template <Real T>
T squared_error(const T& y, double target) {
    const T error = y - target;
    return error * error;
}

/// Return the mean of (y_i - target_i)^2.
/// Raises ShapeError if there are not as many targets as outputs, or none.
template <Reals R>
auto mean_squared_error(const R& y, std::span<const double> target) {
    detail::require_same_size(std::ranges::size(y), target.size());
    std::ranges::range_value_t<R> sum = 0.0;
    std::size_t i = 0;
    for (const auto& y_i : y) sum += squared_error(y_i, target[i++]);
    sum /= static_cast<double>(target.size());
    return sum;
}

/// Return the Huber loss: half the squared error while |y - target| <= delta, beyond it a line that goes on
/// with slope delta, so that an outlier does not pull harder than its neighbours.
/// Raises DomainError unless delta is positive and finite. Source: Huber, Ann. Math. Statist. 35 (1964).
template <Real T>
T huber(const T& y, double target, double delta = 1.0) {
    detail::require_delta(delta);
    const T error = y - target;
    if (-delta <= error && error <= delta) return 0.5 * error * error;
    return delta * (abs(error) - 0.5 * delta);
}

/// Return the hinge loss max(0, 1 - target * score), the target being -1 or 1.
/// At the kink its derivative is 0. Raises DomainError for another target.
template <Real T>
T hinge(const T& score, double target) {
    detail::require_sign(target);
    return relu(1.0 - target * score);
}

/// Return the cross entropy -target log(p) - (1 - target) log(1 - p) of p = sigmoid(logit).
/// The target is 0 or 1, or a probability between. Raises DomainError for another target.
template <Real T>
T binary_cross_entropy(const T& logit, double target) {
    detail::require_probability(target);
    return target * softplus(-logit) + (1.0 - target) * softplus(logit);
}

/// Return the cross entropy -log(p[label]) of p = softmax(logits).
/// Raises DomainError unless label, a number of any type, is one of 0 ... classes - 1.
template <Reals R, class Label>
requires std::is_arithmetic_v<Label>
auto softmax_cross_entropy(const R& logits, Label label) {
    const std::size_t classes = std::ranges::size(logits);
    const auto number = static_cast<double>(label);
    if (!detail::is_position(number, classes)) detail::refuse_label(number, classes);
    return logsumexp(logits) - std::ranges::data(logits)[static_cast<std::size_t>(number)];
}

// The same losses for programs, to which targets and labels are inputs of the example, as its numbers are.

inline Value squared_error(const Value& y, const Value& target) {
    const Value error = y - target;
    return error * error;
}
inline Value hinge(const Value& score, const Value& target) {
    detail::require_sign(target.value());
    return relu(1.0 - target * score);
}
inline Value binary_cross_entropy(const Value& logit, const Value& target) {
    detail::require_probability(target.value());
    return target * softplus(-logit) + (1.0 - target) * softplus(logit);
}
inline Value softmax_cross_entropy(std::span<const Value> logits, const Value& label) {
    return logsumexp(logits) - pick(logits, label);
}

}  // namespace gradus
