// SPDX-License-Identifier: MIT
// Tests of gradus/tensor/losses.hpp, against gradus/losses.hpp.
#include "gradus/tensor/losses.hpp"

#include <array>
#include <cmath>
#include <vector>

#include "doctest.hpp"
#include "gradus/derivatives.hpp"
#include "gradus/losses.hpp"

using namespace gradus;

namespace {

using Numbers = std::vector<double>;
using Labels = std::vector<std::size_t>;

Numbers numbers(const Tensor& x) { return {x.numbers().begin(), x.numbers().end()}; }

/// The tensor of this shape whose first number is values[first].
Tensor part(std::span<const Value> values, std::size_t first, const Shape& shape) {
    const Tensor all = stack(values.subspan(first, shape.size()));
    return {all.data(), shape, all.tag()};
}

Numbers gradients(std::span<const Value> values) {
    Numbers result;
    for (const Value& value : values) result.push_back(value.gradient());
    return result;
}

/// n numbers without a pattern.
Numbers irregular(std::size_t n) {
    Numbers x(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = std::sin(2.3 * static_cast<double>(i) + 1.0) * 2.7;
    return x;
}

/// Check a loss of two tensors against the mean of the loss of one example, and its gradient by outputs and
/// targets.
template <class Loss, class One>
void check_pairs(const Loss& loss, const One& one, const Numbers& targets) {
    for (const std::size_t n : {1U, 2U, 5U, 9U}) {
        CAPTURE(n);
        Numbers y = irregular(n), all = y;
        const std::vector<Value> values = variables(y);
        Value mean = 0.0;
        for (std::size_t i = 0; i < n; ++i) {
            all.push_back(targets[i % targets.size()]);
            mean += one(values[i], all[n + i]) / static_cast<double>(n);
        }
        backward(mean);
        const Numbers slopes = gradients(values);

        const Tensor outputs = variable(tensor(y, {n, 1}));
        const Value tensor_mean = loss(outputs, tensor(std::span(all).subspan(n), {n, 1}));
        CHECK(std::abs(tensor_mean.value() - mean.value()) <= 1e-12 * mean.value());
        backward(tensor_mean);
        for (std::size_t i = 0; i < n; ++i) CHECK(std::abs(outputs(i, 0).gradient() - slopes[i]) <= 1e-12);

        const GradientCheck check = check_gradient(
            [&](std::span<const Value> x) {
                return loss(part(x, 0, {n}), tensor(std::span(all).subspan(n), {n}));
            },
            y);
        CHECK_MESSAGE(check, check.message());
    }
}

/// Check the gradient of a loss by its targets, too.
template <class Loss>
void check_targets(const Loss& loss, const Numbers& y_and_targets) {
    const std::size_t n = y_and_targets.size() / 2;
    const GradientCheck check = check_gradient(
        [&](std::span<const Value> x) { return loss(part(x, 0, {n}), part(x, n, {n})); }, y_and_targets);
    CHECK_MESSAGE(check, check.message());
}

}  // namespace

TEST_CASE("tensor losses: the mean of the losses of the examples") {
    check_pairs([](const Tensor& y, const Tensor& t) { return mean_squared_error(y, t); },
                [](const Value& y, double t) { return squared_error(y, t); }, {-0.5, 2.0, 0.1});
    check_pairs([](const Tensor& y, const Tensor& t) { return huber(y, t); },
                [](const Value& y, double t) { return huber(y, t); }, {-0.5, 2.0, 0.1});
    check_pairs([](const Tensor& y, const Tensor& t) { return huber(y, t, 0.3); },
                [](const Value& y, double t) { return huber(y, t, 0.3); }, {-0.5, 2.0, 0.1});
    check_pairs([](const Tensor& y, const Tensor& t) { return hinge(y, t); },
                [](const Value& y, double t) { return hinge(y, t); }, {-1.0, 1.0});
    check_pairs([](const Tensor& y, const Tensor& t) { return binary_cross_entropy(y, t); },
                [](const Value& y, double t) { return binary_cross_entropy(y, t); }, {0.0, 1.0, 0.3});
}

TEST_CASE("tensor losses: targets have gradients, too") {
    const Numbers both{0.3, -2.0, 1.7, 0.5, -0.6, 0.4};
    check_targets([](const Tensor& y, const Tensor& t) { return mean_squared_error(y, t); }, both);
    check_targets([](const Tensor& y, const Tensor& t) { return huber(y, t, 0.7); }, both);
    check_targets([](const Tensor& y, const Tensor& t) { return binary_cross_entropy(y, t); },
                  {0.3, -2.0, 1.7, 0.5, 0.6, 0.4});
    const Scope scope;  // a hinge is defined at two targets alone
    const Tensor targets = variable(tensor({1, -1, 1}));
    backward(hinge(tensor({0.25, 0.5, 2}), targets));
    CHECK(numbers(targets.gradient()) == Numbers{-0.25 / 3, -0.5 / 3, 0});
}

TEST_CASE("tensor losses: cross entropy of labels is the mean over the rows") {
    for (const std::size_t rows : {1U, 3U}) {
        for (const std::size_t classes : {1U, 2U, 7U, 8U}) {
            CAPTURE(rows);
            CAPTURE(classes);
            const Numbers x = irregular(rows * classes);
            Labels labels;
            double mean = 0.0;
            for (std::size_t i = 0; i < rows; ++i) {
                labels.push_back(2 * i % classes);
                mean += softmax_cross_entropy(std::span(x).subspan(i * classes, classes), labels.back()) /
                        static_cast<double>(rows);
            }
            const Scope scope;
            CHECK(std::abs(softmax_cross_entropy(tensor(x, {rows, classes}), labels).value() - mean) < 1e-12);
            const GradientCheck check = check_gradient(
                [&](std::span<const Value> v) {
                    return softmax_cross_entropy(part(v, 0, {1, rows, classes}), labels);
                },
                x);
            CHECK_MESSAGE(check, check.message());
        }
    }
}

TEST_CASE("tensor losses: the gradient of cross entropy is p minus the label, over the rows") {
    const Scope scope;
    const Tensor logits = variable(tensor({{0, std::log(2.0), 0}, {0, 0, 0}}));  // p = 1/4, 1/2, 1/4; 1/3 ...
    backward(softmax_cross_entropy(logits, Labels{1, 2}));
    const Numbers expected{1.0 / 8, -1.0 / 4, 1.0 / 8, 1.0 / 6, 1.0 / 6, -1.0 / 3};
    for (std::size_t i = 0; i < 6; ++i)
        CHECK(logits.gradient().numbers()[i] == doctest::Approx(expected[i]).epsilon(1e-14));
}

TEST_CASE("tensor losses: cross entropies stay exact at logits of +-1000 and at a loss of exp(-40)") {
    const Scope scope;
    CHECK(softmax_cross_entropy(tensor({{1000, 0, -1000}}), Labels{0}).value() == 0.0);
    CHECK(softmax_cross_entropy(tensor({{1000, 0, -1000}}), Labels{2}).value() == 2000.0);
    for (const double logit : {-1000.0, -40.0, 0.0, 40.0, 1000.0}) {
        for (const double target : {0.0, 0.25, 1.0}) {
            CAPTURE(logit);
            CAPTURE(target);
            const Tensor x = variable(tensor({logit}));
            const Value scalar = variable(logit);
            const Value by_tensor = binary_cross_entropy(x, tensor({target}));
            const Value by_scalar = binary_cross_entropy(scalar, target);
            CHECK(by_tensor.value() == doctest::Approx(by_scalar.value()).epsilon(1e-13));
            backward(by_tensor);
            const double dx = x(0).gradient();
            backward(by_scalar);
            CHECK(dx == doctest::Approx(scalar.gradient()).epsilon(1e-13));
        }
    }
    const Tensor sure = variable(tensor({40}));
    const Value loss = binary_cross_entropy(sure, tensor({1}));
    CHECK(loss.value() / std::exp(-40.0) == doctest::Approx(1.0).epsilon(1e-13));
    backward(loss);
    CHECK(sure(0).gradient() / std::exp(-40.0) == doctest::Approx(-1.0).epsilon(1e-13));
}

TEST_CASE("tensor losses: at the kink of the hinge the slope is 0") {
    const Scope scope;
    const Tensor score = variable(tensor({1}));
    backward(hinge(score, tensor({1})));
    CHECK(score(0).gradient() == 0.0);
}

TEST_CASE("tensor losses: one entry of one slot, and none for constants") {
    const Scope scope;
    const Tensor y = variable(full({5, 3}, 1.0));
    const std::size_t slots = Tape::current().entry_count();
    const Value loss = softmax_cross_entropy(y, Labels{0, 1, 2, 0, 1});
    CHECK(Tape::current().entry_count() == slots + 1);
    CHECK(mean_squared_error(full({2}, 1.0), full({2}, 3.0)).is_constant());
    backward(loss + mean_squared_error(y, full({5, 3}, 0.0)));
    CHECK(y(0, 1).gradient() == doctest::Approx(1.0 / 15 + 2.0 / 15));
}

TEST_CASE("tensor losses: mistakes are named") {
    const Scope scope;
    const Tensor x = full({2, 3}, 0.5);
    CHECK_THROWS_WITH_AS(
        mean_squared_error(x, full({3}, 0.5)),
        "mean_squared_error: outputs and targets do not pair up: the outputs are (2,3), the targets (3). "
        "Reshape one of them: each output has its target.",
        ShapeError);
    CHECK_THROWS_AS(huber(x, full({3}, 0.5)), ShapeError);
    CHECK_THROWS_AS(hinge(x, full({3}, 1.0)), ShapeError);
    CHECK_THROWS_AS(binary_cross_entropy(x, full({3}, 0.5)), ShapeError);
    CHECK_THROWS_WITH_AS(mean_squared_error(full({0, 3}, 1.0), full({0, 3}, 1.0)),
                         "mean_squared_error: the mean of no examples is not defined: the shape is (0,3). "
                         "Give at least one example.",
                         ShapeError);
    CHECK_THROWS_AS(softmax_cross_entropy(full({0, 3}, 1.0), Labels{}), ShapeError);
    CHECK_THROWS_AS(softmax_cross_entropy(full({3, 0}, 1.0), Labels{}), ShapeError);
    CHECK_THROWS_AS(softmax_cross_entropy(Tensor(1.0), Labels{0}), ShapeError);
    CHECK_THROWS_WITH_AS(
        softmax_cross_entropy(x, Labels{0}),
        "softmax_cross_entropy: labels and rows do not pair up: the logits are (2,3), found 1 labels. Give "
        "one label for each row of logits.",
        ShapeError);
    CHECK_THROWS_WITH_AS(softmax_cross_entropy(x, Labels{0, 3}),
                         "softmax_cross_entropy: there is no such class: label 3 of 3 classes. Count classes "
                         "from 0, in whole numbers, and give the last layer one output a class.",
                         DomainError);
    CHECK_THROWS_WITH_AS(
        hinge(x, x), "hinge: the target is neither -1 nor 1: 0.5. Give -1 for one class, 1 for the other.",
        DomainError);
    CHECK_THROWS_WITH_AS(binary_cross_entropy(x, full({2, 3}, -1.0)),
                         "binary_cross_entropy: the target is no probability: -1. Give 0 or 1, or a number "
                         "between.",
                         DomainError);
    CHECK_THROWS_WITH_AS(
        huber(x, x, 0.0),
        "huber: delta is not positive and finite: 0. Give the error from which on the loss is "
        "a line, such as 1.",
        DomainError);
}
