// SPDX-License-Identifier: MIT
// Jacobian and Hessian matrices of programs.
#include <array>
#include <cmath>
#include <numbers>

#include "doctest.hpp"
#include "gradus/gradus.hpp"
#include "programs.hpp"

using namespace gradus;

TEST_CASE("program: Jacobian matrices by parameters and by inputs") {
    const MLP model({3, 4, 2}, {.hidden = "tanh", .seed = 5});
    const Formula formula = [&](std::span<const Value> x) {
        const auto y = model(x.first(3));
        return std::vector<Value>{y[0], y[1] * y[0], pick(std::span<const Value>(x.first(3)), x[3])};
    };
    const Program program(model.parameters(), formula);
    std::vector<double> inputs = normals(4 * 30, 3);
    for (std::size_t e = 0; e < 30; ++e) inputs[4 * e + 3] = static_cast<double>(e % 3);
    const std::size_t n = model.parameters().size();
    const std::vector<double> by_parameters = program.jacobian({inputs, 30});
    const std::vector<double> by_inputs = program.jacobian_by_inputs({inputs, 30});
    REQUIRE(by_parameters.size() == 30 * 3 * n);
    REQUIRE(by_inputs.size() == 30 * 3 * 4);
    double worst = 0.0;
    for (std::size_t e = 0; e < 30; ++e) {
        for (std::size_t k = 0; k < 3; ++k) {
            model.parameters().zero_gradients();
            const Scope scope;
            const std::vector<Value> x = variables(std::span(inputs).subspan(4 * e, 4));
            backward(formula(x)[k]);
            const std::size_t row = e * 3 + k;
            for (std::size_t i = 0; i < n; ++i)
                worst =
                    std::max(worst, std::abs(by_parameters[row * n + i] - model.parameters().gradients()[i]));
            for (std::size_t i = 0; i < 4; ++i)
                worst = std::max(worst, std::abs(by_inputs[row * 4 + i] - x[i].gradient()));
        }
    }
    CHECK(worst <= 1e-13);  // of numbers near 1: the rounding of a few additions
}

namespace {

/// Compare the Hessian matrix of a program with differences of its gradient (Richardson, two steps).
void check_hessian(const Parameters& block, const Formula& formula, std::span<const double> inputs,
                   std::size_t examples) {
    const Program program(block, formula);
    const std::size_t n = block.size();
    const auto gradient = [&](std::size_t i, double step) {
        const double old = block.values()[i];
        block.values()[i] = old + step;
        Result r = compiled(block, program, inputs, examples);
        block.values()[i] = old;
        return r.gradient;
    };
    const std::vector<double> hessian = program.hessian({inputs, examples});
    std::vector<double> direction = normals(n, 77), product(n);
    for (std::size_t i = 0; i < n; ++i) {
        constexpr double kStep = 2e-3;
        const auto up = gradient(i, kStep), down = gradient(i, -kStep);
        const auto up2 = gradient(i, 2 * kStep), down2 = gradient(i, -2 * kStep);
        for (std::size_t j = 0; j < n; ++j) {
            const double d = (8.0 * (up[j] - down[j]) - (up2[j] - down2[j])) / (12.0 * kStep);
            CHECK(std::abs(hessian[i * n + j] - d) <= 1e-6 * (1.0 + std::abs(d)));
            product[i] += hessian[i * n + j] * direction[j];
        }
    }
    const std::vector<double> along = program.hessian_vector({inputs, examples}, direction);
    for (std::size_t i = 0; i < n; ++i)
        CHECK(std::abs(along[i] - product[i]) <= 1e-11 * (1.0 + std::abs(product[i])));
}

}  // namespace

TEST_CASE("program: what only a comparison looks at leaves the gradient alone, though it is infinite") {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    Parameters block;
    const Parameter p = block.add("p", {3});
    p.values()[0] = 2.0, p.values()[1] = -1.0, p.values()[2] = 0.5;
    const auto formula = [&](std::span<const Value> x) {
        const Value y = dot(p.view(), x), n = norm(std::vector<Value>{y, x[0]});
        return isfinite(y) && isfinite(n) ? y : dot(p.view(), p.view());
    };
    const std::vector<double> one{1, 2, 3, kInfinity, 2, 3, std::nan(""), 2, 3, 1, -kInfinity, 3};
    const std::vector<double> expected{1, 2, 3, 4, -2, 1, 4, -2, 1, 4, -2, 1};
    const Program program = compile(block, formula);
    CHECK(program.per_example_gradients({one, 4}) == expected);
    std::vector<double> many, sum(3);
    for (int k = 0; k < 20; ++k) many.insert(many.end(), one.begin(), one.end());
    program.value_and_gradient({many, 80}, {.reduction = Reduction::sum, .gradients = sum});
    CHECK(sum == std::vector<double>{20 * 13, 20 * -4, 20 * 6});
}

TEST_CASE("hessian: every elementary operation against differences of gradients") {
    ops::All::each([](auto op) {
        using Op = decltype(op);
        INFO(Op::name);
        Parameters block;
        const Parameter p = block.add("p", {Op::smooth.size()});
        for (std::size_t i = 0; i < Op::smooth.size(); ++i)
            p.values()[i] = 0.6 * Op::smooth[i].low + 0.4 * Op::smooth[i].high;
        check_hessian(
            block,
            [&](std::span<const Value> x) {
                const auto q = p.view();
                if constexpr (Op::smooth.size() == 1) {
                    return std::vector<Value>{x[0] * gradus::detail::apply<Op>(q[0])};
                } else if constexpr (Op::smooth.size() == 2) {
                    return std::vector<Value>{x[0] * gradus::detail::apply<Op>(q[0], q[1])};
                } else {
                    return std::vector<Value>{x[0] * fma(q[0], q[1], q[2])};
                }
            },
            std::array{1.0, 1.5}, 2);
    });
}

TEST_CASE("hessian: reductions, picks and a small network") {
    Parameters block;
    const Parameter p = block.add("p", {4});
    std::copy_n(std::array{0.3, -0.6, 0.45, 0.9}.begin(), 4, p.values().begin());
    check_hessian(
        block,
        [&](std::span<const Value> x) {
            const auto q = p.view();
            const std::array<Value, 4> u{x[0] * q[0], exp(q[1]), x[1] + q[2] * q[3], sin(q[3] * x[0])};
            return std::vector<Value>{norm(u) + logsumexp(u) * max(u) + dot(u, u) * mean(u) + sum(u) +
                                      pick(u, x[2]) * q[0] + softmax(u)[1]};
        },
        std::array{0.5, -1.0, 2.0, 0.7, 0.4, 0.0}, 2);

    const MLP model({2, 3, 2}, {.hidden = "tanh", .seed = 5});
    std::vector<double> inputs = normals(3 * 70, 6);
    for (std::size_t e = 0; e < 70; ++e) inputs[3 * e + 2] = static_cast<double>(e % 2);
    check_hessian(
        model.parameters(),
        [&](std::span<const Value> x) {
            return std::vector<Value>{softmax_cross_entropy(model(x.first(2)), x[2])};
        },
        inputs, 70);
}

TEST_CASE("hessian: closed forms of Rosenbrock's function and of logistic regression") {
    Parameters block;
    const Parameter p = block.add("p", {2});
    p.values()[0] = -1.2, p.values()[1] = 1.0;
    const Program rosenbrock(block, [&](std::span<const Value>) {
        const auto q = p.view();
        return std::vector<Value>{(1.0 - q[0]) * (1.0 - q[0]) +
                                  100.0 * (q[1] - q[0] * q[0]) * (q[1] - q[0] * q[0])};
    });
    const auto h = rosenbrock.hessian({});
    CHECK(h[0] == doctest::Approx(1200.0 * 1.44 - 400.0 + 2.0).epsilon(1e-13));
    CHECK(h[1] == doctest::Approx(480.0).epsilon(1e-13));
    CHECK(h[2] == doctest::Approx(480.0).epsilon(1e-13));
    CHECK(h[3] == doctest::Approx(200.0).epsilon(1e-13));

    // The mean of log(1 + exp(-t w.x)): its Hessian is the mean of s (1 - s) x xT, where s = sigmoid(w.x).
    const Program logistic(block, [&](std::span<const Value> x) {
        return std::vector<Value>{softplus(-x[2] * dot(p.view(), x.first(2)))};
    });
    std::vector<double> inputs = normals(3 * 100, 8);
    for (std::size_t e = 0; e < 100; ++e) inputs[3 * e + 2] = e % 2 == 0 ? 1.0 : -1.0;
    std::array<double, 4> expected{};
    for (std::size_t e = 0; e < 100; ++e) {
        const double* const x = &inputs[3 * e];
        const double s = ops::Sigmoid::value(p.values()[0] * x[0] + p.values()[1] * x[1]);
        for (std::size_t k = 0; k < 4; ++k) expected[k] += s * (1.0 - s) * x[k / 2] * x[k % 2] / 100.0;
    }
    const auto found = logistic.hessian({inputs, 100});
    for (std::size_t k = 0; k < 4; ++k) CHECK(found[k] == doctest::Approx(expected[k]).epsilon(1e-12));
    CHECK_THROWS_WITH_AS(
        (void)logistic.hessian_vector({inputs, 100}, std::array{1.0}),
        "hessian_vector: the direction must have a number for each parameter: it has 1, they are 2.",
        ShapeError);
    const Program gamma(block,
                        [&](std::span<const Value>) { return std::vector<Value>{lgamma(p.view()[1])}; });
    CHECK(gamma.hessian({})[3] == doctest::Approx(std::numbers::pi * std::numbers::pi / 6.0).epsilon(1e-14));
}

TEST_CASE("hessian: at kinks and edges it is that of the side that the subgradients name") {
    Parameters block;
    const Parameter p = block.add("p", {2});
    const auto hessian_at = [&](double a, double b, auto f) {
        p.values()[0] = a, p.values()[1] = b;
        return compile(block, [&](std::span<const Value>) { return f(p.view()[0], p.view()[1]); })
            .hessian({});
    };
    using H = std::vector<double>;
    const auto square = [](const Value& a) { return a * a; };
    CHECK(hessian_at(0.0, 0.0, [&](Value a, Value b) { return square(relu(a)) + square(abs(b)); }) ==
          H{0.0, 0.0, 0.0, 0.0});  // relu'(0) = abs'(0) = 0
    CHECK(hessian_at(0.0, 0.0, [](Value a, Value b) { return hypot(a, b); }) == H{0.0, 0.0, 0.0, 0.0});
    CHECK(hessian_at(0.0, 3.0, [](Value a, Value b) { return pow(a, 0.0) + pow(b, 2.0); }) ==
          H{0.0, 0.0, 0.0, 2.0});
    CHECK(hessian_at(0.0, -2.0, [](Value a, Value b) { return pow(a, 2.0) + pow(b, 3.0); }) ==
          H{2.0, 0.0, 0.0, -12.0});
    CHECK(hessian_at(1000.0, 2.0, [](Value a, Value b) { return elu(a, b) * a; }) == H{2.0, 0.0, 0.0, 0.0});
    CHECK(hessian_at(2.0, 2.0, [&](Value a, Value b) { return square(max(a, b)); }) == H{2.0, 0.0, 0.0, 0.0});
    CHECK(hessian_at(1.0, 1.0, [](Value a, Value b) { return a + 2.0 * b; }) == H{0.0, 0.0, 0.0, 0.0});
    CHECK(compile(block, [](std::span<const Value> x) { return x[0]; }).hessian(std::array{1.0}) ==
          H{0.0, 0.0, 0.0, 0.0});
}
