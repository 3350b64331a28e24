// SPDX-License-Identifier: MIT
// What the tests of tensor operations share: operands, and the check of a gradient.
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "doctest.hpp"
#include "gradus/derivatives.hpp"
#include "gradus/tensor.hpp"
#include "gradus/tensor/shaping.hpp"

namespace gradus {

/// Return numbers between -2 and 2, all different.
inline std::vector<double> some_numbers(std::size_t n) {
    std::vector<double> x(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = 2.0 * std::sin(1.0 + 1.7 * static_cast<double>(i));
    return x;
}

inline Tensor some(const Shape& shape) { return tensor(some_numbers(shape.size()), shape); }

inline std::vector<double> numbers(const Tensor& x) { return {x.numbers().begin(), x.numbers().end()}; }

/// Return a number of which every element has another part.
inline Value weighed(const Tensor& y) {
    const Tensor row = reshape(y, {y.size()});
    Value total = 0.0;
    for (std::size_t i = 0; i < y.size(); ++i) total += row(i) * (1.0 + 0.37 * static_cast<double>(i));
    return total;
}
inline Value weighed(const Value& y) { return y; }

/// Check the gradient of f(operands), a tensor or a value, where the operands have these shapes and numbers.
template <class F>
void check_operation(F f, const std::vector<Shape>& shapes, const std::vector<double>& x) {
    const auto number = [&](std::span<const Value> values) {
        std::vector<Tensor> operands;
        for (const Shape& shape : shapes) {
            operands.push_back(reshape(stack(values.first(shape.size())), shape));
            values = values.subspan(shape.size());
        }
        return weighed(f(std::span<const Tensor>(operands)));
    };
    const GradientCheck found = check_gradient(number, x);
    CHECK_MESSAGE(found.passed, found.message());
}

template <class F>
void check_operation(F f, const std::vector<Shape>& shapes) {
    std::size_t n = 0;
    for (const Shape& shape : shapes) n += shape.size();
    check_operation(f, shapes, some_numbers(n));
}

}  // namespace gradus
