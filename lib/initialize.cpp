// SPDX-License-Identifier: MIT
#include "gradus/initialize.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string>

#include "gradus/error.hpp"

namespace gradus {

namespace {

enum class Fan { both, inputs };
enum class Law { normal, uniform };

struct Initialization {
    std::string_view name;
    double numerator;  // of the variance
    Fan denominator;
    Law law;
};

constexpr std::array kInitializations{
    Initialization{"xavier_normal", 2.0, Fan::both, Law::normal},
    Initialization{"xavier_uniform", 2.0, Fan::both, Law::uniform},
    Initialization{"glorot_normal", 2.0, Fan::both, Law::normal},
    Initialization{"glorot_uniform", 2.0, Fan::both, Law::uniform},
    Initialization{"he_normal", 2.0, Fan::inputs, Law::normal},
    Initialization{"he_uniform", 2.0, Fan::inputs, Law::uniform},
    Initialization{"lecun_normal", 1.0, Fan::inputs, Law::normal},
    Initialization{"lecun_uniform", 1.0, Fan::inputs, Law::uniform},
    Initialization{"zeros", 0.0, Fan::inputs, Law::uniform},
};

const Initialization& find(std::string_view name) {
    std::string names;
    for (const Initialization& each : kInitializations) {
        if (each.name == name) return each;
        names += names.empty() ? "" : ", ";
        names += each.name;
    }
    throw DomainError(
        fmt::format("initialize: no initialization has this name: \"{}\". The names are: {}.", name, names));
}

}  // namespace

void initialize(std::string_view name, std::span<double> weights, std::size_t inputs, Random& random) {
    const Initialization& chosen = find(name);
    if (inputs == 0 || weights.size() % inputs != 0) {
        throw ShapeError(
            fmt::format("initialize: not a whole number of outputs: {} weights for {} inputs. Give "
                        "outputs * inputs weights.",
                        weights.size(), inputs));
    }
    const std::size_t outputs = weights.size() / inputs;
    const std::size_t fan = chosen.denominator == Fan::both ? inputs + outputs : inputs;
    const double variance = chosen.numerator / static_cast<double>(fan);
    const double stddev = std::sqrt(variance), bound = std::sqrt(3.0 * variance);
    for (double& weight : weights) {
        weight = chosen.law == Law::normal ? random.normal(0.0, stddev) : random.uniform(-bound, bound);
    }
}

}  // namespace gradus
