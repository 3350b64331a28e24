// SPDX-License-Identifier: MIT
// Tests of layers and perceptrons that compute rows of a tensor.
#include <cmath>
#include <numeric>
#include <sstream>
#include <vector>

#include "allocations.hpp"
#include "doctest.hpp"
#include "gradus/batch.hpp"
#include "gradus/error.hpp"
#include "gradus/losses.hpp"
#include "gradus/nn/mlp.hpp"
#include "gradus/optim.hpp"
#include "gradus/train.hpp"
#include "modules.hpp"

using namespace gradus;

namespace {

using Numbers = std::vector<double>;

Numbers numbers_of(std::span<const double> x) { return {x.begin(), x.end()}; }

/// Some rows of random inputs, and numbers to learn.
Dataset noise(std::size_t rows, std::size_t columns) {
    Dataset data;
    data.rows = rows;
    data.columns = columns;
    data.inputs = random_numbers(rows * columns);
    data.targets = random_numbers(rows, 6);
    return data;
}

/// The mean squared error of a model with one output: number by number, and with tensors.
template <class M>
Value loss_by_value(const M& model, const Dataset& data, std::span<const std::size_t> batch) {
    Value sum = 0.0;
    for (const std::size_t i : batch) sum += squared_error(Value(model(data.row(i))[0]), data.targets[i]);
    return sum / static_cast<double>(batch.size());
}
template <class M>
Value loss_by_tensor(const M& model, const Dataset& data, std::span<const std::size_t> batch) {
    const Tensor error = reshape(model(rows(data, batch)), {batch.size()}) - targets(data, batch);
    return mean(error * error);
}

}  // namespace

TEST_CASE("nn: a layer computes rows as it computes one") {
    const Layer layer(3, 2, {.activation = "tanh", .seed = 1});
    const Dataset data = noise(5, 3);
    const Scope scope;
    const Tensor y = layer(rows(data));
    REQUIRE(y.shape() == Shape{5, 2});
    for (std::size_t i = 0; i < 5; ++i) {
        const Numbers row = layer.predict(data.row(i));
        for (std::size_t j = 0; j < 2; ++j) CHECK(std::abs(y(i, j).value() - row[j]) < 1e-15);
    }
    CHECK(layer(tensor(data.inputs, {5, 1, 3})).shape() == Shape{5, 1, 2});
    CHECK(layer(tensor(data.row(0), {3})).shape() == Shape{2});
}

TEST_CASE("nn: one perceptron gives the same loss and gradient with scalars and with tensors") {
    for (const char* f :
         {"identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus"}) {
        CAPTURE(f);
        const MLP model({7, 30, 20, 1}, {.hidden = f, .init = "xavier_normal", .seed = 3});
        const Dataset data = noise(33, 7);
        Numbers losses;
        std::vector<Numbers> gradients;
        std::vector<std::size_t> batch(data.rows);
        std::iota(batch.begin(), batch.end(), 0);
        for (const bool by_tensor : {false, true}) {
            const Scope scope;
            model.parameters().zero_gradients();
            const Value loss =
                by_tensor ? loss_by_tensor(model, data, batch) : loss_by_value(model, data, batch);
            backward(loss);
            losses.push_back(loss.value());
            gradients.push_back(numbers_of(model.parameters().gradients()));
        }
        CHECK(std::abs(losses[1] - losses[0]) < 1e-12);
        for (std::size_t i = 0; i < gradients[0].size(); ++i)
            CHECK(std::abs(gradients[1][i] - gradients[0][i]) < 1e-12);
    }
}

TEST_CASE("nn: scalars and tensors train one perceptron along the same path") {
    const Dataset data = noise(50, 4);
    std::vector<Numbers> ends;
    for (const bool by_tensor : {false, true}) {
        const MLP model({4, 8, 1}, {.hidden = "tanh", .seed = 2});
        Sgd descent(model.parameters(), {.learning_rate = 0.05, .momentum = 0.9});
        const TrainOptions options{.epochs = 10, .batch_size = 8, .seed = 4, .regularization = {.l2 = 1e-3}};
        if (by_tensor) {
            train_batches(
                descent, data.rows,
                [&](std::span<const std::size_t> batch) { return loss_by_tensor(model, data, batch); },
                options);
        } else {
            train(
                descent, data.rows,
                [&](std::size_t i) { return squared_error(Value(model(data.row(i))[0]), data.targets[i]); },
                options);
        }
        ends.push_back(numbers_of(model.parameters().values()));
    }
    for (std::size_t i = 0; i < ends[0].size(); ++i) CHECK(std::abs(ends[1][i] - ends[0][i]) < 1e-10);
}

TEST_CASE("nn: gradients through layers and perceptrons equal finite differences") {
    CHECK(check_module(Layer(3, 2, {.activation = "sigmoid"}), {4, 3}) == "");
    CHECK(check_module(Layer(3, 2, {.bias = false}), {2, 2, 3}) == "");
    CHECK(check_module(Neuron(3, {.activation = "tanh"}), {5, 3}) == "");
    CHECK(check_module(MLP({3, 5, 2}, {.hidden = "gelu", .seed = 1}), {4, 3}) == "");
    CHECK(check_module(MLP({3, 5, 2}, {.hidden = "softplus", .bias = false}), {1, 3}) == "");
}

TEST_CASE("nn: without a bias there is none, with scalars and with tensors") {
    const MLP model({2, 3, 1}, {.hidden = "identity", .bias = false, .init = "xavier_normal"});
    CHECK(model.parameters().size() == 9);
    CHECK(model.parameters().infos().back().name == "1.weight");
    const Numbers zeros(2);
    CHECK(model.predict(zeros) == Numbers{0.0});
    const Scope scope;
    CHECK(model(zeros)[0].value() == 0.0);
    CHECK(model(full({4, 2}, 0.0))(3, 0).value() == 0.0);
    const Numbers x{1, 2};
    CHECK(model(x)[0].value() == model.predict(x)[0]);
    CHECK_FALSE(model.layers()[0].has_bias());
    CHECK_THROWS_WITH_AS(
        (void)model.layers()[0].bias(),
        "layer: it has no bias: there is \"0.weight\" alone. Make the layer with .bias = true, "
        "or ask has_bias().",
        DomainError);
}

TEST_CASE("nn: a perceptron can be a part of a larger model") {
    const Parameters block;
    const Layer before(block, 2, 2, {.name = "in"});
    const MLP mlp(block, {2, 3, 1}, {.name = "mlp"});
    CHECK(block["mlp.1.weight"].size() == 3);
    std::ostringstream out;
    out << mlp;
    CHECK(out.str() ==
          "MLP 2-3-1, 13 parameters\n"
          "  0: 2 -> 3 relu      weight (3,2)  bias (3)  9 parameters\n"
          "  1: 3 -> 1 identity  weight (1,3)  bias (1)  4 parameters");
    CHECK(Linear(2, 3, {.bias = false}).describe() == "Layer 2 -> 3 identity  weight (3,2)  6 parameters");
}

TEST_CASE("nn: rows of the wrong width are named") {
    const Scope scope;
    const MLP model({3, 2});
    CHECK_THROWS_AS(model(full({4, 2}, 1.0)), ShapeError);
    CHECK_THROWS_AS(model(tensor(1.0)), ShapeError);
    CHECK(model(full({0, 3}, 1.0)).shape() == Shape{0, 2});
}

TEST_CASE("nn: a perceptron on tensors trains without allocation in steady state") {
    const Dataset data = noise(70, 6);
    const MLP model({6, 40, 1}, {.seed = 1});
    Adam adam(model.parameters());
    const auto loss = [&](std::span<const std::size_t> batch) { return loss_by_tensor(model, data, batch); };
    const auto allocations = [&](std::size_t epochs) {
        const std::size_t before = allocation_count();
        train_batches(adam, data.rows, loss,
                      {.epochs = epochs, .batch_size = 16, .regularization = {.l2 = 0.1}});
        return allocation_count() - before;
    };
    allocations(1);  // the tape takes its memory
    CHECK(allocations(100) == allocations(1));
}
