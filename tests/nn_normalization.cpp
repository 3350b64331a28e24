// SPDX-License-Identifier: MIT
// Tests of gradus/nn/normalization.hpp and gradus/nn/dropout.hpp.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "doctest.hpp"
#include "gradus/error.hpp"
#include "gradus/nn/dropout.hpp"
#include "gradus/nn/normalization.hpp"
#include "gradus/nn/sequential.hpp"
#include "modules.hpp"

using namespace gradus;

namespace {

using Numbers = std::vector<double>;

}  // namespace

static_assert(TensorModule<LayerNorm> && TensorModule<RMSNorm> && TensorModule<Dropout>);

TEST_CASE("norms: rows get one size, and then weight and bias") {
    constexpr double kTiny = 1e-300;  // no digit of what follows shows it
    const LayerNorm layer(2, {.epsilon = kTiny});
    const LayerNorm bare(2, {.bias = false, .epsilon = kTiny});
    const RMSNorm rms(2, {.epsilon = kTiny});
    set(layer.parameters(), "weight", {2, 3});
    set(layer.parameters(), "bias", {10, 20});
    set(bare.parameters(), "weight", {2, 3});
    set(rms.parameters(), "weight", {5, 10});
    const Scope scope;
    const Tensor x = tensor({{1, 3}, {-8, -4}});
    CHECK(numbers(layer(x)) == Numbers{8, 23, 8, 23});
    CHECK(numbers(bare(x)) == Numbers{-2, 3, -2, 3});
    const Tensor y = rms(tensor({{3, 3}, {-1, 7}}));  // the root mean squares are 3 and 5
    const Numbers expected{5, 10, -1, 14};
    for (std::size_t i = 0; i < 4; ++i) CHECK(y.numbers()[i] == doctest::Approx(expected[i]).epsilon(1e-15));
}

TEST_CASE("norms: the parameters begin at one and zero, and do not decay") {
    const LayerNorm layer(3, {.name = "ln"});
    CHECK(parts_of(layer.parameters()) ==
          std::vector<std::string>{"ln.weight (3) stays", "ln.bias (3) stays"});
    CHECK(numbers(layer.parameters()["ln.weight"].tensor()) == Numbers{1, 1, 1});
    CHECK(numbers(layer.parameters()["ln.bias"].tensor()) == Numbers{0, 0, 0});
    CHECK(parts_of(RMSNorm(3).parameters()) == std::vector<std::string>{"weight (3) stays"});
    CHECK(parts_of(LayerNorm(3, {.bias = false}).parameters()) ==
          std::vector<std::string>{"weight (3) stays"});
    CHECK(layer.describe() == "LayerNorm 3  weight (3)  bias (3)  6 parameters");
    CHECK(RMSNorm(3).describe() == "RMSNorm 3  weight (3)  3 parameters");
}

TEST_CASE("norms: gradients through them equal finite differences") {
    CHECK(check_module(LayerNorm(5), {3, 5}) == "");
    CHECK(check_module(LayerNorm(5, {.bias = false}), {2, 2, 5}) == "");
    CHECK(check_module(RMSNorm(5), {3, 5}) == "");
}

TEST_CASE("norms: mistakes are named") {
    CHECK_THROWS_WITH_AS(
        LayerNorm(0),
        "layer_norm: the width is zero: found 0. Give the number of columns of what is normalized.",
        ShapeError);
    CHECK_THROWS_WITH_AS(
        RMSNorm(0), "rms_norm: the width is zero: found 0. Give the number of columns of what is normalized.",
        ShapeError);
    Parameters block;
    CHECK_THROWS_WITH_AS(
        LayerNorm(block, 3, {.epsilon = 0.0}),
        "layer_norm: epsilon is not positive and finite: 0. Give a small number such as 1e-8.", DomainError);
    CHECK_THROWS_WITH_AS(
        RMSNorm(block, 3, {.epsilon = -1.0}),
        "rms_norm: epsilon is not positive and finite: -1. Give a small number such as 1e-8.", DomainError);
    CHECK(block.size() == 0);
    const Scope scope;
    CHECK_THROWS_AS(LayerNorm(3)(full({2, 4}, 1.0)), ShapeError);
    CHECK_THROWS_AS(RMSNorm(3)(full({2, 4}, 1.0)), ShapeError);
}

TEST_CASE("dropout: numbers go while it trains, others each time; then all stay") {
    const Dropout model(0.5, {.seed = 1});
    const Scope scope;
    const Tensor x = full({100}, 1.0);
    const Numbers first = numbers(model(x)), second = numbers(model(x));
    CHECK(first != second);
    CHECK(std::count(first.begin(), first.end(), 2.0) + std::count(first.begin(), first.end(), 0.0) == 100);
    model.eval();
    CHECK(numbers(model(x)) == numbers(x));
    model.train();
    CHECK(numbers(model(x)) != numbers(x));
    CHECK(numbers(Dropout(0.5, {.seed = 1})(x)) == first);
    CHECK(model.describe() == "Dropout 0.5");
    CHECK(model.parameters().size() == 0);
}

TEST_CASE("dropout: a Sequential switches it") {
    Sequential model;
    model.add(Dropout(0.5)).add("identity");
    const Scope scope;
    const Tensor x = full({100}, 1.0);
    CHECK(numbers(model(x)) != numbers(x));
    model.eval();
    CHECK(numbers(model(x)) == numbers(x));
}

TEST_CASE("dropout: a rate that is none is named") {
    const char* const message =
        "dropout: the rate is no probability below 1: 1. Give the part of the numbers that shall go, such as "
        "0.1.";
    CHECK_THROWS_WITH_AS(Dropout(1.0), message, DomainError);
    CHECK_THROWS_AS(Dropout(-0.1), DomainError);
    CHECK_THROWS_AS(Dropout(std::nan("")), DomainError);
}
