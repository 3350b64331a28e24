// SPDX-License-Identifier: MIT
// Derivatives of a whole function in one call, and the check of a gradient against finite differences.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "gradus/functions.hpp"

namespace gradus {

/// A function of several values with one result: Value f(std::span<const Value>).
template <class F>
concept ScalarFunction = std::invocable<F&, std::span<const Value>> &&
    std::same_as<std::remove_cvref_t<std::invoke_result_t<F&, std::span<const Value>>>, Value>;

/// A function of several values with several results, in a vector, array or span of Value.
template <class F>
concept VectorFunction = std::invocable<F&, std::span<const Value>> &&
    requires(std::invoke_result_t<F&, std::span<const Value>> y) {
    std::span<const Value>(y);
};

/// What value_and_gradient() returns.
struct ValueAndGradient {
    double value;
    std::vector<double> gradient;  // (n)
};

/// Return f(x) and its gradient at x.
/// Shapes: x (n) -> gradient (n).
/// Leaves nothing on the tape. Parameters that f uses get their gradients added to, as in any backward pass.
/// A result that does not depend on x has the gradient zero.
template <ScalarFunction F>
ValueAndGradient value_and_gradient(F&& f, std::span<const double> x);

/// Return the gradient of f at x. See value_and_gradient().
template <ScalarFunction F>
std::vector<double> gradient(F&& f, std::span<const double> x) {
    return value_and_gradient(f, x).gradient;
}

/// The derivatives of m results by n arguments.
struct Jacobian {
    std::size_t rows = 0, columns = 0;  // m, n
    std::vector<double> values;         // (m) f(x)
    std::vector<double> partials;       // (m,n) row by row

    /// Return d f_i / d x_j.
    /// Raises ShapeError if there is no such result or argument.
    double operator()(std::size_t i, std::size_t j) const;
};

/// Return f(x) and its Jacobian matrix at x.
/// Shapes: x (n), f(x) (m) -> (m,n).
/// Leaves nothing on the tape; parameters as in value_and_gradient().
/// Cost: f is recorded once, then one backward pass for each result.
template <VectorFunction F>
Jacobian jacobian(F&& f, std::span<const double> x);

/// How check_gradient() judges.
struct GradientCheckOptions {
    /// The error allowed, as a part of the larger of the two derivatives, or of |f(x)| / max(|x_i|, 1) /
    /// 1000: far below that, differences drown in rounding.
    double tolerance = 1e-7;
};

/// What check_gradient() found.
struct GradientCheck {
    bool passed = true;
    std::size_t worst = 0;     // component with the largest error
    double recorded = 0.0;     // its derivative from the tape
    double numeric = 0.0;      // from differences
    double uncertainty = 0.0;  // what is left when the differences settle
    double error = 0.0;        // |recorded - numeric|, as a part of the scale that the options describe
    double tolerance = 0.0;

    explicit operator bool() const { return passed; }

    /// Say all that in one line.
    [[nodiscard]] std::string message() const;
};

/// Compare the gradient of f at x with central differences.
/// The step of each component is swept over 40 powers of two and extrapolated (Ridders' method); the estimate
/// that changed least is taken. Away from kinks it is right to about ten digits.
/// A component passes if its error is within the tolerance; NaN on either side does not pass.
/// Raises DomainError if the tolerance is negative or NaN.
/// Cost: about 80 n calls of f. Leaves nothing on the tape; parameters as in value_and_gradient().
template <ScalarFunction F>
GradientCheck check_gradient(F&& f, std::span<const double> x, const GradientCheckOptions& options = {});

// ---- bodies

namespace detail {

/// Make variables of x that live as long as the scope around.
inline std::span<Value> variables_in_scope(std::span<const double> x) {
    Tape& tape = Tape::current();
    const std::span<Value> made = tape.values(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) made[i] = tape.variable(x[i]);
    return made;
}

GradientCheck compare_with_differences(const std::function<double(std::span<const double>)>& f,
                                       std::span<const double> x, const ValueAndGradient& recorded,
                                       double tolerance);

}  // namespace detail

template <ScalarFunction F>
ValueAndGradient value_and_gradient(F&& f, std::span<const double> x) {
    const Scope scope;
    const std::span<const Value> arguments = detail::variables_in_scope(x);
    const Value y = f(arguments);
    std::vector<double> dx(x.size(), 0.0);
    if (!y.is_constant()) {
        backward(y);
        std::transform(arguments.begin(), arguments.end(), dx.begin(),
                       [](const Value& argument) { return argument.gradient(); });
    }
    return {y.value(), std::move(dx)};
}

template <VectorFunction F>
Jacobian jacobian(F&& f, std::span<const double> x) {
    const Scope scope;
    const std::span<const Value> arguments = detail::variables_in_scope(x);
    const auto results = f(arguments);
    Jacobian j{.rows = 0, .columns = x.size(), .values = {}, .partials = {}};
    for (const Value& y : std::span<const Value>(results)) {
        ++j.rows;
        j.values.push_back(y.value());
        if (y.is_constant()) {
            j.partials.resize(j.partials.size() + x.size(), 0.0);
            continue;
        }
        backward(y);
        for (const Value& argument : arguments) j.partials.push_back(argument.gradient());
    }
    return j;
}

template <ScalarFunction F>
GradientCheck check_gradient(F&& f, std::span<const double> x, const GradientCheckOptions& options) {
    std::vector<Value> constants(x.size());
    const auto number = [&](std::span<const double> at) {
        const Scope scope;  // f may use parameters
        std::copy(at.begin(), at.end(), constants.begin());
        return Value(f(std::span<const Value>(constants))).value();
    };
    return detail::compare_with_differences(number, x, value_and_gradient(f, x), options.tolerance);
}

}  // namespace gradus
