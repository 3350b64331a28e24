// SPDX-License-Identifier: MIT
#include "gradus/activations.hpp"

#include <fmt/format.h>

#include <array>
#include <string>

#include "gradus/error.hpp"

namespace gradus {

namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, 9> kNames{"identity", "sigmoid", "tanh", "relu",    "leaky_relu",
                                                 "elu",      "gelu",    "silu", "softplus"};

}  // namespace

Activation activation(std::string_view name) {
    std::string names;
    for (std::size_t k = 0; k < kNames.size(); ++k) {
        if (kNames[k] == name) return static_cast<Activation>(k);
        names += k == 0 ? "" : ", ";
        names += kNames[k];
    }
    throw DomainError(
        fmt::format("activation: no function has this name: \"{}\". The names are: {}.", name, names));
}

std::string_view activation_name(Activation f) { return kNames[static_cast<std::size_t>(f)]; }

}  // namespace gradus
