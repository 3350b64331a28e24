// SPDX-License-Identifier: MIT
// Tests of examples/gpt.hpp. Golden numbers: tests/reference/gpt_losses.txt, printed by gpt_reference.py.
#include "../examples/gpt.hpp"

#include <fstream>
#include <string>
#include <vector>

#include "../examples/text.hpp"
#include "doctest.hpp"
#include "gradus/optim.hpp"
#include "gradus/program.hpp"
#include "gradus/tape.hpp"

using namespace gradus;

namespace {

/// The first losses of the Python program. Its first line is a comment.
std::vector<double> reference_losses() {
    std::ifstream file(GRADUS_SOURCE_DIR "/tests/reference/gpt_losses.txt");
    std::string comment;
    std::getline(file, comment);
    std::vector<double> losses;
    for (double loss = 0.0; file >> loss;) losses.push_back(loss);
    return losses;
}

/// Train as the Python program does; return the first losses.
template <class Loss>
std::vector<double> losses_of_training(std::size_t steps, Loss loss_of) {
    std::vector<std::string> names = example::read_lines(GRADUS_SOURCE_DIR "/examples/data/names.txt");
    const example::Characters characters(names);
    PythonRandom random(42);
    random.shuffle(names);
    const example::Gpt model({.vocabulary = characters.size()}, random);
    Adam adam(model.parameters,
              {.learning_rate = schedule::linear(0.01, 0.0, 1000), .beta1 = 0.85, .beta2 = 0.99});
    std::vector<double> losses;
    for (std::size_t step = 0; step < steps; ++step) {
        const Scope scope;
        const Value loss = loss_of(model, characters.tokens(names[step]));
        losses.push_back(loss.value());
        model.parameters.zero_gradients();
        backward(loss);
        adam.step();
    }
    return losses;
}

/// The first losses are those of equal weights; then each step adds its roundings.
void check_close(const std::vector<double>& losses, const std::vector<double>& golden) {
    REQUIRE(golden.size() == 100);
    REQUIRE(losses.size() == 100);
    CHECK(std::abs(losses[0] - golden[0]) <= 1e-12);
    double worst = 0.0;
    for (std::size_t i = 0; i < 100; ++i) worst = std::max(worst, std::abs(losses[i] - golden[i]));
    CHECK(worst <= 1e-9);
}

}  // namespace

TEST_CASE("gpt: the first hundred losses are those of the reference, in both styles") {
    const std::vector<double> golden = reference_losses();
    const std::vector<double> by_value = losses_of_training(100, example::by_value::loss);
    const std::vector<double> by_tensor = losses_of_training(100, example::by_tensor::loss);
    check_close(by_value, golden);
    check_close(by_tensor, golden);
    check_close(by_tensor, by_value);
}

TEST_CASE("gpt: deeper and wider, both styles give the same loss and the same gradients, compiled or not") {
    PythonRandom random(7);
    const example::Gpt model({.vocabulary = 5, .width = 12, .layers = 3, .heads = 2, .context = 7}, random);
    for (double& w : model.parameters.values()) w *= 3.0;  // far from where all answers are alike
    const std::vector<std::size_t> tokens{4, 0, 2, 2, 1, 3, 0, 4};
    const auto gradients = [&](auto loss_of) {
        const Scope scope;
        model.parameters.zero_gradients();
        const Value loss = loss_of(model, tokens);
        backward(loss);
        const auto g = model.parameters.gradients();
        std::vector<double> numbers(g.begin(), g.end());
        numbers.push_back(loss.value());
        return numbers;
    };
    const std::vector<double> by_value = gradients(example::by_value::loss);
    const std::vector<double> by_tensor = gradients(example::by_tensor::loss);
    double worst = 0.0;
    for (std::size_t i = 0; i < by_value.size(); ++i)
        worst = std::max(worst, std::abs(by_tensor[i] - by_value[i]));
    CHECK(worst < 1e-13);
    CHECK(std::abs(by_value.back() - std::log(5.0)) > 0.1);  // it gives answers of its own

    const std::vector<double> example(tokens.begin(), tokens.end());
    const auto compiled = [&](const Formula& formula) {
        model.parameters.zero_gradients();
        const double loss = Program(model.parameters, formula).value_and_gradient(example);
        const auto g = model.parameters.gradients();
        std::vector<double> numbers(g.begin(), g.end());
        numbers.push_back(loss);
        return numbers;
    };
    using Text = std::span<const Value>;
    const std::vector<double> compiled_values =
        compiled([&](Text text) { return std::vector<Value>{example::by_value::loss_of(model, text)}; });
    const std::vector<double> compiled_tensors =
        compiled([&](Text text) { return std::vector<Value>{example::by_tensor::loss_of(model, text)}; });
    for (std::size_t i = 0; i < by_value.size(); ++i) {
        CHECK(std::abs(compiled_values[i] - by_value[i]) < 1e-13);
        CHECK(std::abs(compiled_tensors[i] - by_value[i]) < 1e-13);
    }
}

TEST_CASE("gpt: a width that the heads cannot share is told") {
    PythonRandom random(1);
    CHECK_THROWS_WITH_AS(example::Gpt({.width = 18}, random),
                         "gpt: the heads cannot share the width: 4 heads, width 18. Give a multiple.",
                         ShapeError);
}

TEST_CASE("gpt: a name longer than the context is cut") {
    PythonRandom random(1);
    const example::Gpt model({.vocabulary = 3, .context = 2}, random);
    const std::vector<std::size_t> name{2, 0, 1, 0, 2}, beginning{2, 0, 1};
    CHECK(example::by_value::loss(model, name).value() == example::by_value::loss(model, beginning).value());
    CHECK(example::by_tensor::loss(model, name).value() ==
          example::by_tensor::loss(model, beginning).value());
}

TEST_CASE("gpt: characters become tokens in the order of their codes, with the edge at both ends") {
    const example::Characters characters({"bob", "eve"});
    CHECK(characters.size() == 5);
    CHECK(characters.tokens("bev") == std::vector<std::size_t>{4, 0, 1, 3, 4});
    CHECK(characters[1] == 'e');
    CHECK(characters[characters.edge()] == '.');
}

TEST_CASE("gpt: a file of names that is not there is told") {
    CHECK_THROWS_WITH_AS(example::read_lines("no-such-file.txt"),
                         "no-such-file.txt: it cannot be read. Check its name.", IoError);
}
