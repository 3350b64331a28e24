// SPDX-License-Identifier: MIT
// Tests of gradus/nn.hpp.
#include "gradus/nn.hpp"

#include <array>
#include <cmath>
#include <sstream>
#include <utility>
#include <vector>

#include "doctest.hpp"
#include "gradus/error.hpp"
#include "gradus/random.hpp"

using namespace gradus;

namespace {

using Numbers = std::vector<double>;

void set(const Parameter& parameter, const Numbers& numbers) {
    REQUIRE(parameter.size() == numbers.size());
    std::copy(numbers.begin(), numbers.end(), parameter.values().begin());
}

Numbers numbers_of(std::span<const Value> y) {
    Numbers numbers;
    for (const Value& each : y) numbers.push_back(each.value());
    return numbers;
}

Numbers random_numbers(std::size_t n) {
    Random random(5);
    Numbers x(n);
    for (double& each : x) each = random.normal();
    return x;
}

}  // namespace

static_assert(Module<Neuron> && Module<Layer> && Module<MLP>);

TEST_CASE("nn: a neuron is f(w.x + b), and its gradients are those of paper and pencil") {
    const Scope scope;
    const Neuron neuron(2, {.activation = "sigmoid"});
    set(neuron.parameters()["weight"], {0.5, -1.0});
    set(neuron.parameters()["bias"], {0.25});
    const std::array<Value, 2> x{variable(2.0), variable(3.0)};

    const Value y = neuron(x);

    const double s = 1.0 / (1.0 + std::exp(1.75));  // w.x + b = 1 - 3 + 0.25
    const double slope = s * (1.0 - s);
    CHECK(y.value() == doctest::Approx(s).epsilon(1e-15));
    backward(y);
    const std::span<const double> gradients = neuron.parameters().gradients();
    CHECK(gradients[0] == doctest::Approx(2.0 * slope).epsilon(1e-15));
    CHECK(gradients[1] == doctest::Approx(3.0 * slope).epsilon(1e-15));
    CHECK(gradients[2] == doctest::Approx(slope).epsilon(1e-15));
    CHECK(x[0].gradient() == doctest::Approx(0.5 * slope).epsilon(1e-15));
    CHECK(x[1].gradient() == doctest::Approx(-slope).epsilon(1e-15));
}

TEST_CASE("nn: a layer has a row of weights for each output") {
    const Scope scope;
    const Layer layer(3, 2);
    set(layer.weight(), {1, 2, 3, 4, 5, 6});
    set(layer.bias(), {10, 20});
    CHECK(numbers_of(layer(Numbers{1, 0, -1})) == Numbers{8, 18});
}

TEST_CASE("nn: a neuron's weighted sum is one entry of the tape") {
    const Scope scope;
    const Layer layer(64, 8, {.activation = "tanh"});
    const std::size_t before = Tape::current().entry_count();
    layer(random_numbers(64));
    CHECK(Tape::current().entry_count() - before == 16);  // 8 sums, 8 tanh
}

TEST_CASE("nn: a perceptron's parameters lie in one block, named and shaped as PyTorch does") {
    const MLP model({4, 3, 2});
    const std::span<const ParameterInfo> infos = model.parameters().infos();
    REQUIRE(infos.size() == 4);
    CHECK(model.parameters().size() == 4 * 3 + 3 + 3 * 2 + 2);
    CHECK(infos[0].name == "0.weight");
    CHECK(infos[0].shape == std::vector<std::size_t>{3, 4});
    CHECK(infos[1].name == "0.bias");
    CHECK(infos[1].shape == std::vector<std::size_t>{3});
    CHECK(infos[2].name == "1.weight");
    CHECK(infos[3].name == "1.bias");
    CHECK(infos[3].offset == 21);
}

TEST_CASE("nn: weights decay and biases do not; biases begin at zero") {
    const MLP model({4, 3, 2});
    for (const ParameterInfo& part : model.parameters().infos()) {
        CAPTURE(part.name);
        const bool is_weight = part.shape.size() == 2;
        CHECK(part.decays == is_weight);
        for (const double x : model.parameters()[part.name].values()) CHECK((x == 0.0) == !is_weight);
    }
}

TEST_CASE("nn: predict gives the bits that the tape gives, for doubles and for values") {
    const Numbers x = random_numbers(7);
    for (const char* f :
         {"identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus"}) {
        CAPTURE(f);
        const Scope scope;
        const MLP model({7, 300, 5},
                        {.hidden = f, .output = f, .seed = 3});  // 300: more than one entry holds
        const Numbers predicted = model.predict(x);
        CHECK(numbers_of(model(x)) == predicted);
        CHECK(numbers_of(model(variables(x))) == predicted);
    }
}

TEST_CASE("nn: the gradient of a perceptron equals finite differences, for parameters and inputs") {
    const MLP model({3, 4, 2}, {.hidden = "tanh", .output = "sigmoid", .init = "xavier_normal", .seed = 2});
    Numbers x{0.5, -1.0, 2.0};
    const auto result = [&] {
        const Numbers y = model.predict(x);
        return y[0] + 2.0 * y[1];
    };
    const auto slope = [&](double& at) {  // error of the central difference: about 1e-11
        constexpr double kStep = 1e-5;
        const double before = at;
        at = before + kStep;
        const double above = result();
        at = before - kStep;
        const double below = result();
        at = before;
        return (above - below) / (2.0 * kStep);
    };
    const Scope scope;
    const std::vector<Value> inputs = variables(x);
    const std::span<const Value> y = model(inputs);
    backward(y[0] + 2.0 * y[1]);
    const Parameters& parameters = model.parameters();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        CAPTURE(i);
        CHECK(std::abs(parameters.gradients()[i] - slope(parameters.values()[i])) < 1e-9);
    }
    for (std::size_t i = 0; i < x.size(); ++i) CHECK(std::abs(inputs[i].gradient() - slope(x[i])) < 1e-9);
}

TEST_CASE("nn: the seed decides the weights, and layers of one shape differ") {
    const auto weights = [](std::uint64_t seed, const char* layer) {
        const MLP model({5, 5, 5}, {.seed = seed});
        const std::span<double> w = model.parameters()[layer].values();
        return Numbers(w.begin(), w.end());
    };
    CHECK(weights(1, "0.weight") == weights(1, "0.weight"));
    CHECK(weights(1, "0.weight") != weights(2, "0.weight"));
    CHECK(weights(1, "0.weight") != weights(1, "1.weight"));
}

TEST_CASE("nn: a model of one's own puts layers into its block") {
    const Parameters block;
    const Layer first(block, 2, 3, {.activation = "relu", .name = "encoder"});
    const Layer second(block, 3, 2, {.name = "decoder"});
    CHECK(block.size() == 17);
    CHECK(block["decoder.weight"].size() == 6);
    CHECK(first.parameters().size() == 17);
    CHECK_THROWS_WITH_AS(Layer(block, 1, 1, {.name = "encoder"}),
                         "parameters: the name is taken: \"encoder.weight\". Give each part its own name.",
                         DomainError);
}

TEST_CASE("nn: a layer that cannot be made leaves the block as it was") {
    const Parameters block;
    CHECK_THROWS_AS(Layer(block, 2, 3, {.init = "random"}), DomainError);
    CHECK_THROWS_AS(Layer(block, 2, 3, {.activation = "softmax"}), DomainError);
    CHECK(block.size() == 0);
}

TEST_CASE("nn: a model that cannot be made whole leaves the block as it was") {
    Parameters block;
    block.add("o.bias", {1});
    block.add("mlp.1.bias", {1});
    block.add("bias", {1});
    const auto leaves_nothing = [&](auto make) {
        CHECK_THROWS_AS(make(), Error);
        CHECK(block.size() == 3);
        CHECK(block.gradients().size() == 3);
        CHECK(block.infos().size() == 3);
    };
    leaves_nothing([&] { return MLP(block, {3, 4, 0}); });
    leaves_nothing([&] { return MLP(block, {3, 4, 1}, {.output = "softmax"}); });
    leaves_nothing([&] { return MLP(block, {3, 4, 1}, {.name = "mlp"}); });
    leaves_nothing([&] { return Layer(block, 3, 4); });
    leaves_nothing([&] { return Conv2d(block, 1, 2, 3); });
    leaves_nothing([&] { return LayerNorm(block, 4); });
    leaves_nothing([&] { return Attention(block, 4); });
    leaves_nothing([&] { return TransformerBlock(block, 4, {.init = "random"}); });
    const Scope scope;
    (void)block.view();  // and if a tape knows the block
    leaves_nothing([&] { return MLP(block, {300, 400, 0}); });
    const MLP model(block, {3, 4, 1}, {.seed = 1});
    CHECK(model.predict(Numbers{1, 2, 3}) == MLP({3, 4, 1}, {.seed = 1}).predict(Numbers{1, 2, 3}));
}

TEST_CASE("nn: a copy of a model shares its parameters") {
    const MLP model({2, 2});
    const MLP copy = model;
    copy.parameters().values()[0] = 42.0;
    CHECK(model.parameters().values()[0] == 42.0);
}

TEST_CASE("nn: a model that was moved from still works") {
    MLP model({2, 3, 1}, {.hidden = "tanh"});
    const MLP other = std::move(model);
    CHECK(model.predict(Numbers{1, 2}) == other.predict(Numbers{1, 2}));
    CHECK(model.describe() == other.describe());
}

TEST_CASE("nn: printing a model shows its layers, shapes and number of parameters") {
    std::ostringstream out;
    out << MLP({64, 32, 10}) << '\n' << Layer(3, 2, {.activation = "tanh"}) << '\n' << Neuron(2);
    CHECK(out.str() ==
          "MLP 64-32-10, 2410 parameters\n"
          "  0: 64 -> 32 relu      weight (32,64)  bias (32)  2080 parameters\n"
          "  1: 32 -> 10 identity  weight (10,32)  bias (10)  330 parameters\n"
          "Layer 3 -> 2 tanh  weight (2,3)  bias (2)  8 parameters\n"
          "Neuron 2 -> 1 identity  weight (1,2)  bias (1)  3 parameters");
}

TEST_CASE("nn: mistakes are named") {
    const MLP model({3, 2});
    const char* wrong_size =
        "layer: the number of inputs is wrong: it takes 3, found 2. Give it as many numbers, or check the "
        "widths of the model.";
    CHECK_THROWS_WITH_AS(model(Numbers{1, 2}), wrong_size, ShapeError);
    CHECK_THROWS_WITH_AS(model(std::vector<Value>(2)), wrong_size, ShapeError);
    CHECK_THROWS_WITH_AS((void)model.predict(Numbers{1, 2}), wrong_size, ShapeError);
    CHECK_THROWS_WITH_AS((void)Neuron(3).predict(Numbers{1, 2}), wrong_size, ShapeError);
    CHECK_THROWS_WITH_AS(
        MLP({3}),
        "mlp: too few widths: found 1. Give the number of inputs, then that of each layer's outputs.",
        ShapeError);
    CHECK_THROWS_WITH_AS(
        MLP({3, 0, 1}), "layer: a size is zero: it has 3 inputs and 0 outputs. Give it at least one of each.",
        ShapeError);
    CHECK_THROWS_AS(MLP({3, 1}, {.output = "softmax"}), DomainError);
    CHECK_THROWS_AS(MLP({3, 1}, {.hidden = "Relu"}), DomainError);  // though there is no hidden layer
    CHECK_THROWS_AS(MLP({3, 1}, {.init = "random"}), DomainError);
}
