// SPDX-License-Identifier: MIT
#include "gradus/derivatives.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "doctest.hpp"
#include "gradus/error.hpp"
#include "gradus/functions.hpp"
#include "gradus/parameters.hpp"

using namespace gradus;

namespace {

/// A wrong operation: its derivative by b is off by the factor 1 + 1e-5.
Value wrong_product(const Value& a, const Value& b) {
    const double excess = b.value() * a.value() * 1e-5;
    return a * b + 1e-5 * (a.value() * b) - excess;
}

}  // namespace

TEST_CASE("gradient: of Rosenbrock's function, by hand") {
    const auto f = [](std::span<const Value> x) {
        return pow(1.0 - x[0], 2) + 100.0 * pow(x[1] - x[0] * x[0], 2);
    };
    const std::array x{-1.2, 1.0};
    const auto [value, dx] = value_and_gradient(f, x);
    CHECK(value == doctest::Approx(24.2).epsilon(1e-15));
    CHECK(dx[0] == doctest::Approx(-215.6).epsilon(1e-14));
    CHECK(dx[1] == doctest::Approx(-88.0).epsilon(1e-14));
    CHECK(gradient(f, x) == dx);
}

TEST_CASE("gradient: it leaves nothing on the tape, and a constant result has the gradient zero") {
    const Scope scope;
    const Value outside = variable(3.0);
    const std::size_t entries = Tape::current().entry_count();
    CHECK(gradient([&](auto x) { return x[0] * outside; }, std::array{2.0})[0] == 3.0);
    CHECK(gradient([](auto x) { return x[0]; }, std::array{2.0})[0] == 1.0);
    CHECK(gradient([](auto) { return Value(7.0); }, std::array{2.0, 1.0}) == std::vector{0.0, 0.0});
    CHECK(gradient([](auto) { return Value(7.0); }, std::vector<double>{}).empty());
    CHECK(Tape::current().entry_count() == entries);
}

TEST_CASE("gradient: it nests, though the inner one is a number to the outer one") {
    const auto inner = [](std::span<const Value> x) { return x[0] * x[0]; };
    const auto outer = [&](std::span<const Value> x) {
        return x[0] * gradient(inner, std::array{x[0].value()})[0];
    };
    CHECK(gradient(outer, std::array{3.0})[0] == 6.0);
}

TEST_CASE("jacobian: of polar coordinates, row by row, with values") {
    const auto polar = [](std::span<const Value> x) {
        return std::vector<Value>{x[0] * cos(x[1]), x[0] * sin(x[1]), 1.0, x[1]};
    };
    const Jacobian j = jacobian(polar, std::array{2.0, 0.5});
    CHECK(j.rows == 4);
    CHECK(j.columns == 2);
    CHECK(j.values == std::vector{2.0 * std::cos(0.5), 2.0 * std::sin(0.5), 1.0, 0.5});
    CHECK(j.partials == std::vector{std::cos(0.5), -2.0 * std::sin(0.5), std::sin(0.5), 2.0 * std::cos(0.5),
                                    0.0, 0.0, 0.0, 1.0});
    CHECK(j(1, 0) == std::sin(0.5));
    CHECK(j(3, 1) == 1.0);
    const Jacobian identity = jacobian([](auto x) { return x; }, std::array{4.0, 5.0});
    CHECK(identity.partials == std::vector{1.0, 0.0, 0.0, 1.0});
    const Jacobian of_array =
        jacobian([](auto x) { return std::array<Value, 1>{x[0] * x[1]}; }, std::array{4.0, 5.0});
    CHECK(of_array.partials == std::vector{5.0, 4.0});
}

TEST_CASE("jacobian: a derivative that is not there is refused") {
    const auto f = [](std::span<const Value> x) { return std::vector<Value>{x[0] * x[1]}; };
    const Jacobian j = jacobian(f, std::vector{2.0, 3.0});
    CHECK_THROWS_WITH_AS(j(1, 0),
                         "jacobian: there is no such derivative: (1,0) of a matrix (1,2). Count results and "
                         "arguments from 0.",
                         ShapeError);
    CHECK_THROWS_AS(j(0, 2), ShapeError);
    CHECK(j(0, 1) == 2.0);
}

TEST_CASE("check_gradient: it passes right gradients far and wide") {
    const auto passes = [](auto f, std::vector<double> x) {
        const GradientCheck check = check_gradient(f, x);
        CHECK_MESSAGE(check, check.message());
    };
    passes([](auto x) { return exp(x[0]) * sin(x[1]) / (1.0 + x[2] * x[2]); }, {0.3, -2.0, 1.5});
    passes([](auto x) { return log(x[0]); }, {1e-5});
    passes([](auto x) { return log(x[0]); }, {1e8});
    passes([](auto x) { return 1e6 + sin(x[0]); }, {0.7});
    passes([](auto x) { return 1e-9 * x[0] * x[0]; }, {0.7});
    passes([](auto x) { return pow(x[0], 10); }, {-3.0});
    passes([](auto x) { return abs(x[0]); }, {0.01});
    passes([](auto x) { return sqrt(1.0 - x[0]); }, {0.99});
    passes([](auto x) { return x[0]; }, {0.0});
    passes([](auto) { return Value(1e9); }, {5.0});
    passes([](auto) { return Value(1.0); }, {});
}

TEST_CASE("check_gradient: it names the worst component of a wrong one, with both numbers") {
    const auto f = [](std::span<const Value> x) { return wrong_product(x[0], x[1]); };
    const GradientCheck check = check_gradient(f, std::array{2.0, 3.0});
    CHECK_FALSE(check.passed);
    CHECK(check.worst == 1);
    CHECK(check.recorded == doctest::Approx(2.00002).epsilon(1e-12));
    CHECK(check.numeric == doctest::Approx(2.0).epsilon(1e-9));
    CHECK(check.error == doctest::Approx(1e-5).epsilon(1e-3));
    const std::string message = check.message();
    CHECK(message.starts_with(
        "check_gradient: failed: component 1 is the worst: recorded 2.00002, differences "));
    CHECK(
        message.ends_with("error 1e-05 of 1e-07 allowed. Check its partials, or whether x lies on a kink."));
    CHECK(check_gradient(f, std::array{2.0, 3.0}, {.tolerance = 1e-4}).passed);
}

TEST_CASE("check_gradient: kinks, jumps, NaN and missing gradients fail") {
    const auto fails = [](auto f, double x) {
        const GradientCheck check = check_gradient(f, std::array{x});
        CHECK_FALSE(check.passed);
        CHECK(check.message().starts_with("check_gradient: failed: component 0"));
    };
    fails([](auto x) { return relu(x[0]); }, 0.0);
    fails([](auto x) { return sqrt(x[0]); }, 0.0);
    fails([](auto x) { return log(x[0]); }, -1.0);
    fails([](auto x) { return 1e6 + 0.05 * x[0].value() + 0.0 * x[0]; }, 2.0);
    fails([](auto x) { return Value(std::sin(x[0].value())); }, 2.0);
}

TEST_CASE("check_gradient: a tolerance that nothing meets is refused") {
    const auto square = [](std::span<const Value> x) { return x[0] * x[0]; };
    for (const double tolerance : {-1.0, std::numeric_limits<double>::quiet_NaN()}) {
        CHECK_THROWS_WITH_AS(
            check_gradient(square, std::array{2.0}, {.tolerance = tolerance}),
            fmt::format(
                "check_gradient: the tolerance is negative or NaN: {}. Give a small number such as 1e-7.",
                tolerance)
                .c_str(),
            DomainError);
    }
    CHECK(check_gradient(square, std::array{0.0}, {.tolerance = 0.0}));
}

TEST_CASE("check_gradient: a function that uses parameters leaves nothing on the tape, either") {
    const Scope scope;
    Parameters block;
    const Parameter w = block.add("w", {2});
    w.values()[0] = 2.0;
    const std::size_t entries = Tape::current().entry_count();
    const auto f = [&](std::span<const Value> x) { return sin(w.view()[0] * x[0]) + w.view()[1]; };
    CHECK(check_gradient(f, std::array{0.4}).passed);
    CHECK(Tape::current().entry_count() == entries);
    CHECK(block.gradients()[1] == 1.0);
}
