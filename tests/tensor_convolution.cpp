// SPDX-License-Identifier: MIT
// Tests of gradus/tensor/convolution.hpp.
#include "gradus/tensor/convolution.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "doctest.hpp"
#include "gradus/derivatives.hpp"
#include "gradus/tensor/reduce.hpp"
#include "gradus/tensor/shaping.hpp"

using namespace gradus;

namespace {

using Numbers = std::vector<double>;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Numbers numbers(const Tensor& x) { return {x.numbers().begin(), x.numbers().end()}; }

/// n numbers without a pattern, no two of them equal.
Numbers irregular(std::size_t n) {
    Numbers x(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = std::sin(2.3 * static_cast<double>(i) + 1.0) * 1.7;
    return x;
}

/// The tensor of this shape whose first number is values[first].
Tensor part(std::span<const Value> values, std::size_t first, const Shape& shape) {
    return reshape(stack(values.subspan(first, shape.size())), shape);
}

/// A number on which every element has another influence.
Value weighed(const Tensor& x) {
    const Tensor all = reshape(x, {x.size()});
    Value total = 0.0;
    for (std::size_t i = 0; i < all.size(); ++i) total += all(i) * std::cos(1.0 + static_cast<double>(i));
    return total;
}

/// The sizes of a convolution, and its numbers by the definition.
struct Case {
    Shape x, weight;
    std::size_t stride, padding;

    [[nodiscard]] Conv2dOptions options() const { return {.stride = stride, .padding = padding}; }
    [[nodiscard]] Shape result() const {
        return {x[0], weight[0], (x[2] + 2 * padding - weight[2]) / stride + 1,
                (x[3] + 2 * padding - weight[3]) / stride + 1};
    }

    [[nodiscard]] Numbers by_loops(const Numbers& image, const Numbers& kernel) const {
        const Shape y = result();
        Numbers sums;
        for (std::size_t b = 0; b < y[0]; ++b) {
            for (std::size_t k = 0; k < y[1]; ++k) {
                for (std::size_t p = 0; p < y[2]; ++p) {
                    for (std::size_t q = 0; q < y[3]; ++q) sums.push_back(at(image, kernel, b, k, p, q));
                }
            }
        }
        return sums;
    }

    [[nodiscard]] double at(const Numbers& image, const Numbers& kernel, std::size_t b, std::size_t k,
                            std::size_t p, std::size_t q) const {
        double sum = 0.0;
        for (std::size_t c = 0; c < x[1]; ++c) {
            for (std::size_t i = 0; i < weight[2]; ++i) {
                for (std::size_t j = 0; j < weight[3]; ++j) {
                    const std::size_t row = p * stride + i, column = q * stride + j;  // of the padded image
                    if (row < padding || row >= x[2] + padding) continue;
                    if (column < padding || column >= x[3] + padding) continue;
                    sum += image[((b * x[1] + c) * x[2] + row - padding) * x[3] + column - padding] *
                           kernel[((k * x[1] + c) * weight[2] + i) * weight[3] + j];
                }
            }
        }
        return sum;
    }
};

const std::vector<Case> kCases{
    {{1, 1, 1, 1}, {1, 1, 1, 1}, 1, 0}, {{2, 1, 3, 4}, {1, 1, 2, 2}, 1, 0},
    {{1, 2, 4, 3}, {3, 2, 2, 3}, 1, 1}, {{1, 1, 5, 5}, {2, 1, 3, 3}, 2, 1},
    {{2, 2, 3, 3}, {2, 2, 1, 1}, 2, 0}, {{1, 1, 1, 2}, {1, 1, 3, 2}, 1, 2},
    {{1, 1, 6, 4}, {1, 1, 3, 1}, 3, 2}, {{1, 3, 2, 7}, {1, 3, 2, 2}, 2, 3},
    {{1, 1, 2, 2}, {1, 1, 1, 1}, 1, 2},
};

}  // namespace

TEST_CASE("conv2d: numbers are those of the definition, window by window") {
    std::vector<Case> cases = kCases;
    cases.push_back({{2, 3, 11, 9}, {5, 3, 3, 3}, 1, 1});
    for (const Case& c : cases) {
        CAPTURE(to_string(c.x));
        CAPTURE(to_string(c.weight));
        const Scope scope;
        const Numbers x = irregular(c.x.size()), w = irregular(c.weight.size());
        const Tensor bias = tensor(irregular(c.weight[0]), {c.weight[0]});
        const Tensor y = conv2d(tensor(x, c.x), tensor(w, c.weight), c.options());
        const Tensor with_bias = conv2d(tensor(x, c.x), tensor(w, c.weight), bias, c.options());
        REQUIRE(y.shape() == c.result());
        const Numbers expected = c.by_loops(x, w);
        const std::size_t plane = y.shape()[2] * y.shape()[3];
        for (std::size_t i = 0; i < expected.size(); ++i) {
            CHECK(y.numbers()[i] == doctest::Approx(expected[i]).epsilon(1e-13));
            const double b = bias(i / plane % c.weight[0]).value();
            CHECK(with_bias.numbers()[i] == doctest::Approx(expected[i] + b).epsilon(1e-13));
        }
    }
}

TEST_CASE("conv2d: the gradient is that of differences, for images, kernels and biases") {
    for (const Case& c : kCases) {
        CAPTURE(to_string(c.x));
        CAPTURE(to_string(c.weight));
        const std::size_t k = c.weight[0];
        const GradientCheck check = check_gradient(
            [&](std::span<const Value> v) {
                return weighed(conv2d(part(v, 0, c.x), part(v, c.x.size(), c.weight),
                                      part(v, c.x.size() + c.weight.size(), {k}), c.options()));
            },
            irregular(c.x.size() + c.weight.size() + k));
        CHECK_MESSAGE(check, check.message());
        const GradientCheck of_kernels = check_gradient(
            [&](std::span<const Value> v) {
                return weighed(conv2d(tensor(irregular(c.x.size()), c.x), part(v, 0, c.weight), c.options()));
            },
            irregular(c.weight.size()));
        CHECK_MESSAGE(of_kernels, of_kernels.message());
    }
}

TEST_CASE("conv2d: kernels are not flipped, and what fills no window is left out") {
    const Scope scope;
    const Tensor x = reshape(tensor({1, 2, 3, 4}), {1, 1, 1, 4});
    const Tensor difference = reshape(tensor({-1, 1}), {1, 1, 1, 2});
    CHECK(numbers(conv2d(x, difference)) == Numbers{1, 1, 1});
    CHECK(conv2d(x, reshape(tensor({1, 0, 0}), {1, 1, 1, 3}), {.stride = 2}).shape() == Shape{1, 1, 1, 1});
    const Tensor bias = variable(full({2}, 0.5));
    CHECK(conv2d(full({0, 1, 3, 3}, 1), full({2, 1, 2, 2}, 1), bias).shape() == Shape{0, 2, 2, 2});
    CHECK(numbers(conv2d(full({1, 0, 1, 1}, 1), full({2, 0, 1, 1}, 1), bias)) == Numbers{0.5, 0.5});
}

TEST_CASE("conv2d: of a huge stride there is one window, in the padding") {
    const Scope scope;
    const Tensor x = variable(full({1, 1, 3, 3}, 1.0)), w = full({1, 1, 4, 4}, 1.0);
    constexpr std::size_t kHuge = std::numeric_limits<std::size_t>::max();
    const Tensor y = conv2d(x, w, {.stride = kHuge, .padding = 2});
    CHECK(y.shape() == Shape{1, 1, 1, 1});
    CHECK(y(0, 0, 0, 0).value() == 4.0);
    backward(sum(y));
    CHECK(x.gradient()(0, 0, 1, 1).value() == 1.0);
    CHECK(x.gradient()(0, 0, 2, 2).value() == 0.0);
}

TEST_CASE("conv2d: mistakes are named") {
    const Scope scope;
    const Tensor x = full({1, 2, 3, 3}, 1.0), w = full({4, 2, 2, 2}, 1.0);
    CHECK_THROWS_WITH_AS(
        conv2d(x, full({4, 3, 2, 2}, 1.0)),
        "conv2d: images and kernels do not fit: x is (1,2,3,3), weight is (4,3,2,2). Give them the shapes "
        "(images,channels,rows,columns) and (kernels,channels,rows,columns).",
        ShapeError);
    CHECK_THROWS_AS(conv2d(full({3, 3}, 1.0), w), ShapeError);
    CHECK_THROWS_AS(conv2d(x, full({2, 2}, 1.0)), ShapeError);
    CHECK_THROWS_WITH_AS(conv2d(x, full({4, 2, 2, 2}, 1.0), {.padding = std::size_t{1} << 63}),
                         "conv2d: the padding is too large: 9223372036854775808, at most 536870911. Half the "
                         "size of a kernel is usual.",
                         ShapeError);
    CHECK_THROWS_WITH_AS(conv2d(x, full({4, 2, 6, 2}, 1.0), {.padding = 1}),
                         "conv2d: no window fits: x is (1,2,3,3), weight is (4,2,6,2), the padding 1. Give "
                         "kernels of at least "
                         "one number and at most the padded image, or more padding.",
                         ShapeError);
    CHECK_THROWS_AS(conv2d(x, full({4, 2, 2, 0}, 1.0)), ShapeError);
    CHECK_THROWS_WITH_AS(
        conv2d(x, w, full({2}, 1.0)),
        "conv2d: kernels and biases do not pair up: weight is (4,2,2,2), bias is (2). Give it the shape (4).",
        ShapeError);
    CHECK_THROWS_WITH_AS(conv2d(x, w, {.stride = 0}),
                         "conv2d: the window does not move: the stride is 0. Give at least 1.", DomainError);
}

TEST_CASE("pooling: the largest and the mean of each window") {
    const Scope scope;
    const Tensor x = reshape(tensor({{1, 2, 5, 0, 9}, {4, 3, 1, 1, 9}, {0, 0, 2, 7, 9}}), {1, 1, 3, 5});
    CHECK(numbers(max_pool2d(x)) == Numbers{4, 5});
    CHECK(numbers(average_pool2d(x)) == Numbers{2.5, 1.75});
    const Tensor overlapping = max_pool2d(x, {.size = 2, .stride = 1});
    CHECK(overlapping.shape() == Shape{1, 1, 2, 4});
    CHECK(numbers(overlapping) == Numbers{4, 5, 5, 9, 4, 3, 7, 9});
    CHECK(numbers(average_pool2d(x, {.size = 3, .stride = 2})) == Numbers{2, 43.0 / 9});
    CHECK(numbers(max_pool2d(x, {.size = 1})) == numbers(x));
    CHECK(max_pool2d(full({0, 2, 2, 2}, 1)).shape() == Shape{0, 2, 1, 1});
}

TEST_CASE("pooling: the gradient is that of differences, also where windows overlap") {
    const Shape shape{2, 2, 5, 4};
    for (const Pool2dOptions& options :
         {Pool2dOptions{}, {.size = 3, .stride = 1}, {.size = 1, .stride = 2}, {.size = 4, .stride = 0}}) {
        CAPTURE(options.size);
        const GradientCheck largest = check_gradient(
            [&](std::span<const Value> v) { return weighed(max_pool2d(part(v, 0, shape), options)); },
            irregular(shape.size()));
        CHECK_MESSAGE(largest, largest.message());
        const GradientCheck mean = check_gradient(
            [&](std::span<const Value> v) { return weighed(average_pool2d(part(v, 0, shape), options)); },
            irregular(shape.size()));
        CHECK_MESSAGE(mean, mean.message());
    }
}

TEST_CASE("pooling: on ties the first is the largest, and NaN is not lost") {
    const Scope scope;
    const Tensor x = variable(full({1, 1, 2, 2}, 3.0));
    backward(weighed(max_pool2d(x)));
    CHECK(numbers(x.gradient()) == Numbers{std::cos(1.0), 0, 0, 0});
    CHECK(std::isnan(numbers(max_pool2d(reshape(tensor({1, kNaN, 2, 3}), {1, 1, 2, 2})))[0]));
    CHECK(std::isnan(numbers(max_pool2d(reshape(tensor({kNaN, 1, 2, 3}), {1, 1, 2, 2})))[0]));
}

TEST_CASE("pooling: mistakes are named") {
    const Scope scope;
    const Tensor x = full({1, 1, 3, 2}, 1.0);
    CHECK_THROWS_WITH_AS(
        max_pool2d(full({3, 3}, 1.0)),
        "max_pool2d: these are no images: x is (3,3). Give it the shape (images,channels,rows,columns).",
        ShapeError);
    CHECK_THROWS_WITH_AS(max_pool2d(x, {.size = 3}),
                         "max_pool2d: no window fits: x is (1,1,3,2), the window (3,3). Give a smaller one.",
                         ShapeError);
    CHECK_THROWS_WITH_AS(average_pool2d(x, {.size = 0}),
                         "average_pool2d: the window is empty: its size is 0. Give at least 1.", DomainError);
}
