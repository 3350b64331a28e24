// SPDX-License-Identifier: MIT
// Tests of gradus/nn/convolution.hpp.
#include <array>
#include <string>
#include <vector>

#include "allocations.hpp"
#include "doctest.hpp"
#include "gradus/error.hpp"
#include "gradus/nn/convolution.hpp"
#include "gradus/nn/layer.hpp"
#include "gradus/nn/sequential.hpp"
#include "gradus/tensor/losses.hpp"
#include "modules.hpp"

using namespace gradus;

namespace {

using Numbers = std::vector<double>;

}  // namespace

static_assert(TensorModule<Conv2d> && TensorModule<MaxPool2d> && TensorModule<AveragePool2d> &&
              TensorModule<Flatten>);

TEST_CASE("convolution: kernels look at windows, and a bias and an activation follow") {
    const Conv2d model(1, 2, 2, {.activation = "relu"});
    set(model.parameters(), "weight", {1, 0, 0, 1, -1, -1, -1, -1});
    set(model.parameters(), "bias", {0.5, 20});
    const Scope scope;
    const Tensor x = tensor({{{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}}});
    CHECK(numbers(model(x)) == Numbers{6.5, 8.5, 12.5, 14.5, 8, 4, 0, 0});
    CHECK(model(x).shape() == Shape{1, 2, 2, 2});
    CHECK(parts_of(model.parameters()) == std::vector<std::string>{"weight (2,1,2,2)", "bias (2) stays"});
}

TEST_CASE("convolution: stride, padding and a missing bias") {
    const Conv2d model(3, 4, 3, {.stride = 2, .padding = 1, .bias = false, .name = "c"});
    const Scope scope;
    CHECK(model(full({2, 3, 8, 6}, 1.0)).shape() == Shape{2, 4, 4, 3});
    CHECK(parts_of(model.parameters()) == std::vector<std::string>{"c.weight (4,3,3,3)"});
    CHECK(model.describe() ==
          "Conv2d 3 -> 4, 3x3, stride 2, padding 1 identity  weight (4,3,3,3)  108 parameters");
    CHECK(Conv2d(1, 8, 3, {.activation = "relu"}).describe() ==
          "Conv2d 1 -> 8, 3x3 relu  weight (8,1,3,3)  bias (8)  80 parameters");
}

TEST_CASE("convolution: weights begin as wide as their windows ask for") {
    const Conv2d model(16, 100, 5);
    double squares = 0.0;
    for (const double w : model.weight().values()) squares += w * w;
    CHECK(squares / (16 * 100 * 25) == doctest::Approx(2.0 / (16 * 25)).epsilon(0.05));
}

TEST_CASE("pooling: the largest, or the mean, of each window; then one row an image") {
    const Scope scope;
    const Tensor x = tensor({{{{1, 2, 3, 4}, {5, 6, 7, 8}}}});
    CHECK(numbers(MaxPool2d(2)(x)) == Numbers{6, 8});
    CHECK(numbers(AveragePool2d(2)(x)) == Numbers{3.5, 5.5});
    CHECK(numbers(MaxPool2d(2, 1)(x)) == Numbers{6, 7, 8});
    CHECK(numbers(AveragePool2d(1, 3)(x)) == Numbers{1, 4});
    CHECK(Flatten()(full({2, 3, 4, 5}, 0.0)).shape() == Shape{2, 60});
    CHECK(Flatten()(full({2}, 0.0)).shape() == Shape{2, 1});
    CHECK(MaxPool2d(2).describe() == "MaxPool2d 2x2");
    CHECK(AveragePool2d(3, 1).describe() == "AveragePool2d 3x3, stride 1");
    CHECK_THROWS_WITH_AS(Flatten()(tensor(1.0)),
                         "flatten: there is no batch: the shape is (). Give the rows an axis of their own.",
                         ShapeError);
}

TEST_CASE("convolution: gradients through modules for images equal finite differences") {
    CHECK(check_module(Conv2d(2, 3, 2, {.activation = "tanh"}), {2, 2, 3, 4}) == "");
    CHECK(check_module(Conv2d(1, 2, 3, {.stride = 2, .padding = 1, .bias = false}), {1, 1, 4, 5}) == "");
    CHECK(check_module(MaxPool2d(2), {2, 1, 4, 4}) == "");
    CHECK(check_module(AveragePool2d(2, 1), {1, 2, 3, 3}) == "");
    CHECK(check_module(Flatten(), {2, 2, 2, 2}) == "");
}

TEST_CASE("convolution: mistakes are named") {
    CHECK_THROWS_WITH_AS(
        Conv2d(1, 0, 3),
        "conv2d: a size is zero: it has 1 channels, 0 outputs and windows of 3x3. Give it at "
        "least one of each.",
        ShapeError);
    CHECK_THROWS_WITH_AS(
        Conv2d(1, 1, 3, {.stride = 0}),
        "conv2d: the stride is zero: found 0. Give 1, or how far apart the windows shall be.", DomainError);
    CHECK_THROWS_AS(Conv2d(1, 1, 3, {.activation = "softmax"}), DomainError);
    CHECK_THROWS_AS(Conv2d(1, 1, 3, {.init = "random"}), DomainError);
    const Scope scope;
    CHECK_THROWS_AS(Conv2d(1, 1, 3)(full({1, 2, 4, 4}, 0.0)), ShapeError);
    CHECK_THROWS_AS(MaxPool2d(0)(full({1, 2, 4, 4}, 0.0)), DomainError);
}

TEST_CASE("convolution: a network for images, its table, and no allocation in steady state") {
    Sequential model({.seed = 1});
    model.add<Conv2d>(1, 4, 3, {.padding = 1, .activation = "relu"});
    model.add(MaxPool2d(2)).add(Flatten()).add<Linear>(16, 3);
    CHECK(model.describe() ==
          "Sequential, 4 modules, 91 parameters\n"
          "  0: Conv2d 1 -> 4, 3x3, padding 1 relu  weight (4,1,3,3)  bias (4)  40 parameters\n"
          "  1: MaxPool2d 2x2\n"
          "  2: Flatten\n"
          "  3: Layer 16 -> 3 identity              weight (3,16)  bias (3)  51 parameters");
    CHECK(check_module(model, {2, 1, 4, 4}) == "");
    const Numbers images = random_numbers(32);
    const std::array<std::size_t, 2> classes{2, 0};
    const auto step = [&] {
        const Scope scope;
        backward(softmax_cross_entropy(model(tensor(images, {2, 1, 4, 4})), classes));
    };
    step();
    const std::size_t before = allocation_count();
    for (int i = 0; i < 10; ++i) step();
    CHECK(allocation_count() == before);
}
