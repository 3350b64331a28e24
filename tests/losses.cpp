// SPDX-License-Identifier: MIT
// Tests of gradus/losses.hpp.
#include "gradus/losses.hpp"

#include <array>
#include <cmath>
#include <vector>

#include "doctest.hpp"
#include "gradus/error.hpp"
#include "gradus/program.hpp"

using namespace gradus;

namespace {

using Numbers = std::vector<double>;

/// Check the bits of loss(values) against those of loss(doubles), and its gradient against differences.
template <class Loss>
void check(const Loss& loss, Numbers x) {
    const std::vector<Value> v = variables(x);
    const Value y = loss(v);
    CHECK(y.value() == loss(x));
    backward(y);
    constexpr double kStep = 1e-5;  // error of the central difference: about 1e-10
    for (std::size_t i = 0; i < x.size(); ++i) {
        CAPTURE(i);
        const double before = x[i];
        x[i] = before + kStep;
        const double above = loss(x);
        x[i] = before - kStep;
        const double below = loss(x);
        x[i] = before;
        CHECK(std::abs(v[i].gradient() - (above - below) / (2.0 * kStep)) < 1e-8);
    }
}

}  // namespace

TEST_CASE("losses: numbers of paper and pencil") {
    CHECK(squared_error(3.0, 1.0) == 4.0);
    CHECK(mean_squared_error(Numbers{1, 2}, Numbers{0, 4}) == 2.5);
    CHECK(huber(1.5, 1.0) == 0.125);
    CHECK(huber(-3.0, 1.0) == 3.5);
    CHECK(huber(4.0, 1.0, 2.0) == 4.0);
    CHECK(hinge(0.25, 1.0) == 0.75);
    CHECK(hinge(0.25, -1.0) == 1.25);
    CHECK(hinge(2.0, 1.0) == 0.0);
    CHECK(binary_cross_entropy(0.0, 1.0) == doctest::Approx(std::log(2.0)));
    CHECK(binary_cross_entropy(std::log(3.0), 1.0) == doctest::Approx(std::log(4.0 / 3.0)));  // p = 3/4
    CHECK(binary_cross_entropy(std::log(3.0), 0.0) == doctest::Approx(std::log(4.0)));
    CHECK(softmax_cross_entropy(Numbers{0, std::log(3.0)}, 1) == doctest::Approx(std::log(4.0 / 3.0)));
    CHECK(softmax_cross_entropy(Numbers{5, 5, 5}, 0) == doctest::Approx(std::log(3.0)));
}

TEST_CASE("losses: a program takes the part of huber that each example is in") {
    const Parameters none;
    const Program program =
        compile(none, [](std::span<const Value> y, const Value&) { return huber(y[0], 1.0, 0.5); });
    const Numbers outputs{1.1, 0, 0.9, 0, 1.2, 0, 3.0, 0, -1.0, 0, 1.5, 0, 0.5, 0};
    const std::vector<double> losses = program.per_example_values({outputs, 7});
    for (std::size_t i = 0; i < 7; ++i) CHECK(losses[i] == huber(outputs[2 * i], 1.0, 0.5));
}

TEST_CASE("losses: values give the bits of doubles, and the slopes of finite differences") {
    for (const double target : {-0.5, 2.0}) {
        check([&](const auto& x) { return squared_error(x[0], target); }, {0.3});
        for (const double y : {0.3, 4.0}) check([&](const auto& x) { return huber(x[0], target); }, {y});
    }
    check([](const auto& x) { return mean_squared_error(x, Numbers{1, -1, 0.5}); }, {0.3, 2.0, -0.7});
    for (const double target : {-1.0, 1.0}) {
        for (const double score : {-2.0, 0.5, 3.0}) {
            check([&](const auto& x) { return hinge(x[0], target); }, {score});
        }
    }
    for (const double target : {0.0, 0.3, 1.0}) {
        check([&](const auto& x) { return binary_cross_entropy(x[0], target); }, {-1.2});
    }
    for (const std::size_t label : {0U, 1U, 2U}) {
        check([&](const auto& x) { return softmax_cross_entropy(x, label); }, {0.3, 2.0, -0.7});
    }
}

TEST_CASE("losses: cross entropies stay exact at logits of +-1000") {
    CHECK(binary_cross_entropy(1000.0, 1.0) == 0.0);
    CHECK(binary_cross_entropy(1000.0, 0.0) == 1000.0);
    CHECK(binary_cross_entropy(-1000.0, 1.0) == 1000.0);
    CHECK(softmax_cross_entropy(Numbers{1000, 0, -1000}, 0) == 0.0);
    CHECK(softmax_cross_entropy(Numbers{1000, 0, -1000}, 1) == 1000.0);
    CHECK(softmax_cross_entropy(Numbers{1000, 0, -1000}, 2) == 2000.0);
    // A small loss keeps its digits: log(1 + exp(-40)), and so does its slope.
    CHECK(binary_cross_entropy(40.0, 1.0) == doctest::Approx(std::exp(-40.0)));
    const Value logit = variable(40.0);
    backward(binary_cross_entropy(logit, 1.0));
    CHECK(logit.gradient() == doctest::Approx(-std::exp(-40.0)));

    const std::vector<Value> logits = variables(Numbers{1000, 0, -1000});
    backward(softmax_cross_entropy(logits, 1));
    CHECK(logits[0].gradient() == 1.0);
    CHECK(logits[1].gradient() == -1.0);
    CHECK(logits[2].gradient() == 0.0);
}

TEST_CASE("losses: the gradient of softmax cross entropy is p minus the target") {
    const std::vector<Value> logits = variables(Numbers{0, std::log(2.0), 0});  // p = 1/4, 1/2, 1/4
    backward(softmax_cross_entropy(logits, 1));
    CHECK(logits[0].gradient() == doctest::Approx(0.25));
    CHECK(logits[1].gradient() == doctest::Approx(-0.5));
    CHECK(logits[2].gradient() == doctest::Approx(0.25));
}

TEST_CASE("losses: a target may be a value, for programs") {
    const Value y = variable(0.25), sign = variable(-1.0), share = variable(0.5);
    CHECK(hinge(y, sign).value() == hinge(0.25, -1.0));
    CHECK(squared_error(y, share).value() == squared_error(0.25, 0.5));
    CHECK(binary_cross_entropy(y, share).value() == binary_cross_entropy(0.25, 0.5));
}

TEST_CASE("losses: at the kink of the hinge the slope is 0") {
    const Value score = variable(1.0);
    backward(hinge(score, 1.0));
    CHECK(score.gradient() == 0.0);
}

TEST_CASE("losses: mistakes are named") {
    CHECK_THROWS_WITH_AS(
        mean_squared_error(Numbers{1, 2}, Numbers{1}),
        "loss: outputs and targets do not pair up: 2 outputs, 1 targets. Give one target for "
        "each output.",
        ShapeError);
    CHECK_THROWS_AS(mean_squared_error(Numbers{}, Numbers{}), ShapeError);
    CHECK_THROWS_WITH_AS(softmax_cross_entropy(Numbers{1, 2}, 2),
                         "softmax_cross_entropy: there is no such class: label 2 of 2 classes. Count classes "
                         "from 0, in whole numbers, and give the last layer one output a class.",
                         DomainError);
    CHECK_THROWS_WITH_AS(
        softmax_cross_entropy(Numbers{1, 2}, -1),
        "softmax_cross_entropy: there is no such class: label -1 of 2 classes. Count classes "
        "from 0, in whole numbers, and give the last layer one output a class.",
        DomainError);
    CHECK_THROWS_AS(softmax_cross_entropy(Numbers{1, 2}, 0.5), DomainError);
    CHECK_THROWS_AS(softmax_cross_entropy(std::vector<Value>{1, 2}, std::nan("")), DomainError);
    CHECK(softmax_cross_entropy(Numbers{1, 2}, 1.0) == softmax_cross_entropy(Numbers{1, 2}, 1));
    CHECK_THROWS_WITH_AS(binary_cross_entropy(0.5, -1.0),
                         "binary_cross_entropy: the target is no probability: -1. Give 0 or 1, or a number "
                         "between.",
                         DomainError);
    CHECK_THROWS_WITH_AS(hinge(0.5, 0.0),
                         "hinge: the target is neither -1 nor 1: 0. Give -1 for one class, 1 for the other.",
                         DomainError);
    CHECK_THROWS_AS(hinge(Value(0.5), Value(0.0)), DomainError);
    CHECK_THROWS_WITH_AS(
        huber(0.5, 0.0, 0.0),
        "huber: delta is not positive and finite: 0. Give the error from which on the loss is "
        "a line, such as 1.",
        DomainError);
    CHECK_THROWS_AS(binary_cross_entropy(0.5, std::nan("")), DomainError);
}
