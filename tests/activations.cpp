// SPDX-License-Identifier: MIT
// Tests of gradus/activations.hpp.
#include "gradus/activations.hpp"

#include <array>
#include <cmath>

#include "doctest.hpp"
#include "gradus/error.hpp"

using namespace gradus;

namespace {

constexpr std::array<const char*, 9> kNames{"identity", "sigmoid", "tanh", "relu",    "leaky_relu",
                                            "elu",      "gelu",    "silu", "softplus"};

}  // namespace

TEST_CASE("activations: a name leads to a function and back") {
    for (const char* name : kNames) CHECK(activation_name(activation(name)) == name);
}

TEST_CASE("activations: values at -1 and 1 are those of the textbooks") {
    const auto at = [](const char* name, double x) { return activate(activation(name), x); };
    CHECK(at("identity", -1.0) == -1.0);
    CHECK(at("sigmoid", 1.0) == doctest::Approx(0.7310585786300049));
    CHECK(at("tanh", 1.0) == doctest::Approx(0.7615941559557649));
    CHECK(at("relu", -1.0) == 0.0);
    CHECK(at("relu", 1.0) == 1.0);
    CHECK(at("leaky_relu", -1.0) == -0.01);
    CHECK(at("elu", -1.0) == doctest::Approx(std::exp(-1.0) - 1.0));
    CHECK(at("gelu", 1.0) == doctest::Approx(0.8413447460685429));
    CHECK(at("silu", 1.0) == doctest::Approx(0.7310585786300049));
    CHECK(at("softplus", 1.0) == doctest::Approx(1.3132616875182228));
}

TEST_CASE("activations: a value gives the bits of a double, and the slope of finite differences") {
    constexpr double kStep = 1e-5;  // error of the central difference: step^2 f''' / 6 < 1e-10
    for (const char* name : kNames) {
        CAPTURE(name);
        for (const double at : {-1.3, 0.7}) {
            const Activation f = activation(name);
            const Value x = variable(at);
            const Value y = activate(f, x);
            CHECK(y.value() == activate(f, at));
            const double slope = (activate(f, at + kStep) - activate(f, at - kStep)) / (2.0 * kStep);
            if (f == Activation::identity) continue;  // y is x itself
            backward(y);
            CHECK(std::abs(x.gradient() - slope) < 1e-9);
        }
    }
}

TEST_CASE("activations: an unknown name is met with the known ones") {
    CHECK_THROWS_WITH_AS(
        activation("rellu"),
        "activation: no function has this name: \"rellu\". The names are: identity, sigmoid, "
        "tanh, relu, leaky_relu, elu, gelu, silu, softplus.",
        DomainError);
}
