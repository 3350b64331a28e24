// SPDX-License-Identifier: MIT
// The functions that stand between layers, chosen by name. What each computes stands in ops/activations.hpp.
#pragma once

#include <concepts>
#include <string_view>
#include <utility>

#include "gradus/functions.hpp"

namespace gradus {

/// A function that a layer applies to each of its outputs.
enum class Activation { identity, sigmoid, tanh, relu, leaky_relu, elu, gelu, silu, softplus };

/// Return the activation of that name: "identity", "sigmoid", "tanh", "relu", "leaky_relu" (slope 0.01),
/// "elu" (depth 1), "gelu", "silu" or "softplus".
/// Raises DomainError for any other name.
Activation activation(std::string_view name);

/// Return the name of an activation.
std::string_view activation_name(Activation f);

/// Return f(x), for a double, a Value, or a Tensor (include tensor/elementwise.hpp).
template <class T>
T activate(Activation f, T x) {
    switch (f) {
        case Activation::sigmoid:
            return sigmoid(std::move(x));
        case Activation::tanh:
            if constexpr (std::same_as<T, double>)
                return ops::Tanh::value(x);  // the bits that Value gets
            else
                return tanh(std::move(x));
        case Activation::relu:
            return relu(std::move(x));
        case Activation::leaky_relu:
            return leaky_relu(std::move(x));
        case Activation::elu:
            return elu(std::move(x));
        case Activation::gelu:
            return gelu(std::move(x));
        case Activation::silu:
            return silu(std::move(x));
        case Activation::softplus:
            return softplus(std::move(x));
        case Activation::identity:
            break;
    }
    return x;
}

}  // namespace gradus
