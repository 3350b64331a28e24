// SPDX-License-Identifier: MIT
// Tests of gradus/tensor/normalize.hpp.
#include "gradus/tensor/normalize.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "doctest.hpp"
#include "gradus/derivatives.hpp"
#include "gradus/reduce.hpp"

using namespace gradus;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<double> numbers(const Tensor& x) { return {x.numbers().begin(), x.numbers().end()}; }

/// n numbers without a pattern, none of them 0.
std::vector<double> irregular(std::size_t n) {
    std::vector<double> x(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = std::sin(2.3 * static_cast<double>(i) + 1.0) * 1.7;
    return x;
}

/// The tensor of this shape whose first number is values[first].
Tensor part(std::span<const Value> values, std::size_t first, const Shape& shape) {
    const Tensor all = stack(values.subspan(first, shape.size()));
    return {all.data(), shape, all.tag()};
}

/// A number on which every element has another influence.
Value weighed(const Tensor& x) {
    const Tensor all(x.data(), Shape{x.size()}, x.tag());
    Value total = 0.0;
    for (std::size_t i = 0; i < all.size(); ++i) total += all(i) * std::cos(1.0 + static_cast<double>(i));
    return total;
}

const std::array<Shape, 7> kShapes{Shape{1},    Shape{5},    Shape{3, 1},   Shape{2, 4},
                                   Shape{3, 7}, Shape{1, 9}, Shape{2, 2, 3}};

/// Check the gradient of f(x) for tensors of several shapes.
template <class F>
void check_rows(F f) {
    for (const Shape& shape : kShapes) {
        CAPTURE(to_string(shape));
        const GradientCheck check = check_gradient(
            [&](std::span<const Value> x) { return weighed(f(part(x, 0, shape))); }, irregular(shape.size()));
        CHECK_MESSAGE(check, check.message());
    }
}

/// Check f(row) of each row of a (3,7) tensor against a loop over doubles.
template <class F, class Loop>
void compare_rows(F f, Loop loop) {
    const Scope scope;
    const std::vector<double> x = irregular(21);
    const std::vector<double> y = numbers(f(tensor(x, {3, 7})));
    for (std::size_t row = 0; row < 3; ++row) {
        const std::vector<double> expected = loop({&x[row * 7], &x[row * 7] + 7});
        for (std::size_t i = 0; i < 7; ++i)
            CHECK(y[row * 7 + i] == doctest::Approx(expected[i]).epsilon(1e-14));
    }
}

double mean_of(const std::vector<double>& x, double power, double from = 0.0) {
    double sum = 0.0;
    for (const double number : x) sum += std::pow(number - from, power);
    return sum / static_cast<double>(x.size());
}

}  // namespace

TEST_CASE("softmax: rows have the numbers of softmax over spans") {
    compare_rows([](const Tensor& x) { return softmax(x); },
                 [](const std::vector<double>& row) { return softmax(row); });
    compare_rows([](const Tensor& x) { return log_softmax(x); },
                 [](const std::vector<double>& row) { return log_softmax(row); });
}

TEST_CASE("softmax: the gradient is that of differences") {
    check_rows([](const Tensor& x) { return softmax(x); });
    check_rows([](const Tensor& x) { return log_softmax(x); });
}

TEST_CASE("softmax: no overflow, no underflow of the logarithm, and -inf is never chosen") {
    const Scope scope;
    CHECK(numbers(softmax(tensor({1000, 1000}))) == std::vector<double>{0.5, 0.5});
    CHECK(numbers(log_softmax(tensor({1000, -1000}))) == std::vector<double>{0, -2000});
    CHECK(numbers(softmax(tensor({1, -kInfinity, 1}))) == std::vector<double>{0.5, 0, 0.5});
    CHECK(std::isnan(numbers(softmax(tensor({-kInfinity, -kInfinity})))[0]));
    CHECK(std::isnan(numbers(log_softmax(tensor({kInfinity, 0})))[0]));
}

TEST_CASE("layer_norm: each row has mean 0 and variance 1, then weight and bias") {
    const auto h = [](const std::vector<double>& row) {
        const double mean = mean_of(row, 1), variance = mean_of(row, 2, mean);
        std::vector<double> result;
        for (const double x : row) result.push_back((x - mean) / std::sqrt(variance + 1e-5));
        return result;
    };
    compare_rows([](const Tensor& x) { return layer_norm(x); }, h);
    const std::vector<double> weight{1, 2, -3, 0.5, 0, 1, 4}, bias{0, 1, -1, 2, 3, 0, 0.1};
    compare_rows([&](const Tensor& x) { return layer_norm(x, tensor(weight, {7}), tensor(bias, {7})); },
                 [&](const std::vector<double>& row) {
                     std::vector<double> result = h(row);
                     for (std::size_t i = 0; i < 7; ++i) result[i] = weight[i] * result[i] + bias[i];
                     return result;
                 });
}

TEST_CASE("rms_norm: each row has root mean square 1, then the weight") {
    const auto h = [](const std::vector<double>& row) {
        std::vector<double> result;
        for (const double x : row) result.push_back(x / std::sqrt(mean_of(row, 2) + 1e-3));
        return result;
    };
    compare_rows([](const Tensor& x) { return rms_norm(x, 1e-3); }, h);
    const std::vector<double> weight{1, 2, -3, 0.5, 0, 1, 4};
    compare_rows([&](const Tensor& x) { return rms_norm(x, tensor(weight, {7}), 1e-3); },
                 [&](const std::vector<double>& row) {
                     std::vector<double> result = h(row);
                     for (std::size_t i = 0; i < 7; ++i) result[i] *= weight[i];
                     return result;
                 });
}

TEST_CASE("norms: the gradient is that of differences, for x, weight and bias") {
    // A row of one number is centred to 0 throughout, so an epsilon keeps its digits.
    check_rows([](const Tensor& x) { return layer_norm(x, 0.1); });
    check_rows([](const Tensor& x) { return rms_norm(x, 0.1); });
    for (const Shape& shape : kShapes) {
        CAPTURE(to_string(shape));
        const std::size_t n = shape[shape.rank() - 1], size = shape.size();
        const auto layer = [&](std::span<const Value> x) {
            return weighed(layer_norm(part(x, 0, shape), part(x, size, {n}), part(x, size + n, {n}), 0.1));
        };
        const auto rms = [&](std::span<const Value> x) {
            return weighed(rms_norm(part(x, 0, shape), part(x, size, {n}), 0.1));
        };
        const GradientCheck by_layer = check_gradient(layer, irregular(size + 2 * n));
        CHECK_MESSAGE(by_layer, by_layer.message());
        const GradientCheck by_rms = check_gradient(rms, irregular(size + n));
        CHECK_MESSAGE(by_rms, by_rms.message());
    }
}

TEST_CASE("norms: weights of constants get their gradients, too") {
    const Scope scope;
    const Tensor x = tensor({{3, 4}, {6, 8}});  // mean squares 12.5 and 50
    const Tensor weight = variable(tensor({1, 1}));
    backward(weighed(rms_norm(x, weight, 1e-300)));
    const double h = 3 / std::sqrt(12.5);
    CHECK(weight.gradient()(0).value() == doctest::Approx(h * (std::cos(1.0) + std::cos(3.0))));
}

TEST_CASE("norms: rows that are empty or missing stay so") {
    const Scope scope;
    for (const Shape& shape : {Shape{0}, Shape{3, 0}, Shape{0, 4}}) {
        const Tensor x = full(shape, 1.0);
        CHECK(softmax(x).shape() == shape);
        CHECK(log_softmax(x).shape() == shape);
        CHECK(layer_norm(x).shape() == shape);
        CHECK(rms_norm(x).shape() == shape);
    }
    const Tensor weight = variable(full({4}, 1.0));
    const Tensor y = layer_norm(full({0, 4}, 1.0), weight, weight);
    CHECK(y.size() == 0);
}

TEST_CASE("norms: mistakes are named") {
    const Scope scope;
    const Tensor x = full({2, 3}, 1.0), row = full({3}, 1.0), wrong = full({2}, 1.0);
    CHECK_THROWS_WITH_AS(softmax(Tensor(1.0)),
                         "softmax: there are no rows: the shape is (). Give a tensor of at least one axis.",
                         ShapeError);
    CHECK_THROWS_AS(log_softmax(Tensor(1.0)), ShapeError);
    CHECK_THROWS_AS(layer_norm(Tensor(1.0)), ShapeError);
    CHECK_THROWS_AS(rms_norm(Tensor(1.0)), ShapeError);
    CHECK_THROWS_WITH_AS(
        rms_norm(x, wrong),
        "rms_norm: the weight does not fit the rows: x is (2,3), weight is (2). Give it the shape (3), one "
        "number for each place of a row.",
        ShapeError);
    CHECK_THROWS_WITH_AS(
        layer_norm(x, row, wrong),
        "layer_norm: the bias does not fit the rows: x is (2,3), bias is (2). Give it the shape (3), one "
        "number for each place of a row.",
        ShapeError);
}

TEST_CASE("normalize: without an epsilon, rows of equal numbers would be NaN") {
    const Scope scope;
    const Tensor x = variable(full({1, 3}, 0.0));
    CHECK_THROWS_WITH_AS(
        layer_norm(x, 0.0),
        "layer_norm: epsilon is not positive and finite: 0. Give a small number such as 1e-8.", DomainError);
    CHECK_THROWS_AS(layer_norm(x, -1.0), DomainError);
    CHECK_THROWS_AS(rms_norm(x, 0.0), DomainError);
    CHECK_THROWS_AS(rms_norm(x, kInfinity), DomainError);
    for (const Tensor& y : {layer_norm(x, 1e-8), rms_norm(x, 1e-8)}) {
        CHECK(numbers(y) == std::vector<double>(3, 0.0));
        backward(weighed(y));
        for (const double dx : numbers(x.gradient())) CHECK(std::isfinite(dx));
    }
}

TEST_CASE("dropout: what stays is scaled, and the seed tells what goes") {
    const Scope scope;
    const Tensor x = variable(full({100, 100}, 1.0));
    Random random(7), again(7);
    const Tensor y = dropout(x, 0.25, random);
    std::size_t gone = 0;
    for (const double number : y.numbers()) {
        if (number == 0.0) ++gone;
        if (number != 0.0) REQUIRE(number == 1.0 / 0.75);
    }
    CHECK(gone > 2370);  // 2500 +- 3 standard deviations of 43
    CHECK(gone < 2630);
    CHECK(numbers(dropout(x, 0.25, again)) == numbers(y));
    CHECK(numbers(dropout(x, 0.25, again)) != numbers(y));
    backward(weighed(y));
    const std::vector<double> dx = numbers(x.gradient());
    for (std::size_t i = 0; i < dx.size(); ++i)
        REQUIRE(dx[i] == y.numbers()[i] * std::cos(1.0 + static_cast<double>(i)));
}

TEST_CASE("dropout: outside of training, or of nothing, it is no entry and draws nothing") {
    const Scope scope;
    const Tensor x = variable(tensor({1, 2}));
    Random random(7), untouched(7);
    CHECK(dropout(x, 0.5, random, false).slot() == x.slot());
    CHECK(dropout(x, 0.0, random).slot() == x.slot());
    CHECK(random() == untouched());
    CHECK(dropout(full({0}, 1.0), 0.5, random).shape() == Shape{0});
    CHECK_THROWS_WITH_AS(
        dropout(x, 1.0, random),
        "dropout: the rate is not in [0, 1): 1. Give the part of the numbers that goes, such "
        "as 0.1.",
        DomainError);
    CHECK_THROWS_AS(dropout(x, -0.1, random, false), DomainError);
    CHECK_THROWS_AS(dropout(x, std::nan(""), random), DomainError);
}
