// SPDX-License-Identifier: MIT
// What the tests of programs share: examples, and the check that a program computes what its formula does.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "doctest.hpp"
#include "gradus/program.hpp"
#include "gradus/random.hpp"

namespace gradus {

inline std::vector<double> normals(std::size_t n, std::uint64_t seed) {
    Random random(seed);
    std::vector<double> x(n);
    for (double& x_i : x) x_i = random.normal();
    return x;
}

struct Result {
    double value;
    std::vector<double> gradient;
};

/// The mean over the examples and its gradient, computed uncompiled.
inline Result on_the_tape(const Parameters& block, const Formula& formula, std::span<const double> inputs,
                          std::size_t examples) {
    block.zero_gradients();
    double total = 0.0;
    const std::size_t columns = inputs.size() / examples;
    for (std::size_t e = 0; e < examples; ++e) {
        const Scope scope;
        const Value y = formula(variables(inputs.subspan(e * columns, columns)))[0];
        total += y.value() / static_cast<double>(examples);
        if (!y.is_constant()) backward(y, 1.0 / static_cast<double>(examples));
    }
    return {total, {block.gradients().begin(), block.gradients().end()}};
}

inline Result compiled(const Parameters& block, const Program& program, std::span<const double> inputs,
                       std::size_t examples) {
    block.zero_gradients();
    const double y = program.value_and_gradient({inputs, examples});
    return {y, {block.gradients().begin(), block.gradients().end()}};
}

inline void check_same(const Result& a, const Result& b, double tolerance = 1e-12) {
    CHECK(std::abs(a.value - b.value) <= tolerance * (1.0 + std::abs(b.value)));
    REQUIRE(a.gradient.size() == b.gradient.size());
    double worst = 0.0;
    for (std::size_t i = 0; i < a.gradient.size(); ++i)
        worst = std::max(worst, std::abs(a.gradient[i] - b.gradient[i]) / (1.0 + std::abs(b.gradient[i])));
    CHECK(worst <= tolerance);
}

inline void check_program(const Parameters& block, const Formula& formula, std::span<const double> inputs,
                          std::size_t examples) {
    const Program program(block, formula);
    check_same(compiled(block, program, inputs, examples), on_the_tape(block, formula, inputs, examples));
    const Program in_float(block, formula, {.single_precision = true});
    check_same(compiled(block, in_float, inputs, examples), on_the_tape(block, formula, inputs, examples),
               1e-4);
}

/// A formula of many paths: which way it goes depends on each input and on parameters.
struct Branches {
    Parameters block;
    Parameter p = block.add("p", {3});

    Branches() { std::copy_n(std::array{0.4, -0.3, 0.7}.begin(), 3, p.values().begin()); }

    Formula formula() const {
        return [q = p](std::span<const Value> x) {
            const auto w = q.view();
            Value y = w[2];
            for (const Value& x_i : x) y += x_i < w[0] ? tanh(x_i * w[1]) : x_i * x_i * w[2];
            return std::vector<Value>{y};
        };
    }
};

}  // namespace gradus
