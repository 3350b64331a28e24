// SPDX-License-Identifier: MIT
// What tests of modules share: parameters by name, and gradients against finite differences.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "doctest.hpp"
#include "gradus/derivatives.hpp"
#include "gradus/parameters.hpp"
#include "gradus/random.hpp"
#include "gradus/tensor.hpp"
#include "gradus/tensor/elementwise.hpp"
#include "gradus/tensor/reduce.hpp"
#include "gradus/tensor/shaping.hpp"

/// Return n numbers from the normal distribution.
inline std::vector<double> random_numbers(std::size_t n, std::uint64_t seed = 5) {
    gradus::Random random(seed);
    std::vector<double> numbers(n);
    for (double& number : numbers) number = random.normal();
    return numbers;
}

/// Return the numbers of a tensor.
inline std::vector<double> numbers(const gradus::Tensor& x) {
    return {x.numbers().begin(), x.numbers().end()};
}

/// Return the parts of a block, as in "weight (2,3)"; those that do not decay stay.
inline std::vector<std::string> parts_of(const gradus::Parameters& block) {
    std::vector<std::string> parts;
    for (const gradus::ParameterInfo& part : block.infos())
        parts.push_back(part.name + " " + to_string(gradus::Shape(part.shape)) +
                        (part.decays ? "" : " stays"));
    return parts;
}

/// Set a part of a block to these numbers.
inline void set(const gradus::Parameters& block, const char* name, const std::vector<double>& to) {
    REQUIRE(block[name].size() == to.size());
    std::copy(to.begin(), to.end(), block[name].values().begin());
}

/// Return a number to which each one of y adds its own part.
inline gradus::Value weighed(const gradus::Tensor& y) {
    return gradus::sum(y * gradus::tensor(random_numbers(y.size(), 9), y.shape()));
}

/// Check the gradients that loss() leaves with the parameters.
inline gradus::GradientCheck check_parameters(const gradus::Parameters& parameters,
                                              const std::function<gradus::Value()>& loss) {
    const std::vector<double> at(parameters.values().begin(), parameters.values().end());
    const auto number = [&](std::span<const double> x) {
        const gradus::Scope scope;
        std::copy(x.begin(), x.end(), parameters.values().begin());
        return loss().value();
    };
    const gradus::Scope scope;
    parameters.zero_gradients();
    const gradus::Value y = loss();
    gradus::backward(y);
    const gradus::ValueAndGradient recorded{y.value(),
                                            {parameters.gradients().begin(), parameters.gradients().end()}};
    const gradus::GradientCheck check = gradus::detail::compare_with_differences(number, at, recorded, 1e-7);
    std::copy(at.begin(), at.end(), parameters.values().begin());
    return check;
}

/// Check both gradients of a module at random inputs of this shape. Returns "" or what is wrong.
template <class M>
std::string check_module(const M& module, const gradus::Shape& shape) {
    const std::vector<double> x = random_numbers(shape.size());
    const gradus::GradientCheck by_input = gradus::check_gradient(
        [&](std::span<const gradus::Value> values) {
            return weighed(module(reshape(gradus::stack(values), shape)));
        },
        x);
    if (!by_input) return "input: " + by_input.message();
    if (module.parameters().size() == 0) return "";
    const gradus::GradientCheck by_parameters =
        check_parameters(module.parameters(), [&] { return weighed(module(gradus::tensor(x, shape))); });
    return by_parameters ? "" : "parameters: " + by_parameters.message();
}
