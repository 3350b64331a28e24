// SPDX-License-Identifier: MIT
#include "gradus/reduce.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "doctest.hpp"
#include "gradus/derivatives.hpp"
#include "gradus/functions.hpp"

using namespace gradus;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Numbers between -2 and 2, all different.
std::vector<double> some(std::size_t n) {
    std::vector<double> x(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = 2.0 * std::sin(1.0 + 1.7 * static_cast<double>(i));
    return x;
}

/// Check value and gradient of a reduction on both kinds of tape.
template <class F>
void check(F f, const std::vector<double>& x, double value, const std::vector<double>& partials) {
    for (const Tape::Mode mode : {Tape::Mode::melting, Tape::Mode::graph}) {
        Tape tape{mode};
        const Recording on(tape);
        const ValueAndGradient found = value_and_gradient(f, x);
        CHECK(found.value == doctest::Approx(value).epsilon(1e-14));
        for (std::size_t i = 0; i < x.size(); ++i) {
            CAPTURE(i);
            CHECK(found.gradient[i] == doctest::Approx(partials[i]).epsilon(1e-13));
        }
    }
}

}  // namespace

TEST_CASE("reduce: values and gradients equal those of the definitions, for every size") {
    for (const std::size_t n : {1U, 2U, 3U, 5U, 253U, 254U, 255U, 507U, 508U, 1000U}) {
        CAPTURE(n);
        const std::vector<double> x = some(n);
        const double total = std::accumulate(x.begin(), x.end(), 0.0), count = static_cast<double>(n);
        const std::vector<double> ones(n, 1.0), shares(n, 1.0 / count);
        check([](auto v) { return sum(v); }, x, total, ones);
        check([](auto v) { return mean(v); }, x, total / count, shares);

        const double square = std::inner_product(x.begin(), x.end(), x.begin(), 0.0);
        std::vector<double> twice = x, unit = x, softmax_of_x = x, largest(n, 0.0);
        for (double& d : twice) d *= 2.0;
        for (double& d : unit) d /= std::sqrt(square);
        check([](auto v) { return dot(v, v); }, x, square, twice);
        check([](auto v) { return norm(v); }, x, std::sqrt(square), unit);
        check([&](auto v) { return dot(v, x); }, x, square, x);
        check([&](auto v) { return dot(x, v); }, x, square, x);

        double exponentials = 0.0;
        for (const double d : x) exponentials += std::exp(d);
        for (double& d : softmax_of_x) d = std::exp(d) / exponentials;
        check([](auto v) { return logsumexp(v); }, x, std::log(exponentials), softmax_of_x);
        const auto best = std::max_element(x.begin(), x.end());
        largest[static_cast<std::size_t>(best - x.begin())] = 1.0;
        check([](auto v) { return max(v); }, x, *best, largest);
    }
}

TEST_CASE("reduce: gradients equal finite differences") {
    const auto passes = [](auto f, std::size_t n) {
        const GradientCheck found = check_gradient(f, some(n));
        CHECK_MESSAGE(found.passed, found.message());
    };
    for (const std::size_t n : {1U, 3U, 300U}) {
        const std::vector<double> weights = some(n);
        passes([](auto x) { return sum(x) * mean(x); }, n);
        passes([](auto x) { return norm(x) * logsumexp(x) + max(x); }, n);
        passes([&](auto x) { return dot(softmax(x), weights); }, n);
        passes([&](auto x) { return dot(log_softmax(x), weights); }, n);
        passes([](auto x) { return dot(softmax(x), x); }, n);
        passes([](auto x) { return -log_softmax(x)[0] * 3.0; }, n);
        passes([](auto x) { return softmax(std::vector<Value>{x.front(), sin(x.back()), 0.5, x[0]})[1]; }, n);
    }
}

TEST_CASE("reduce: Value and double give the same numbers, and parameters the same gradients as variables") {
    const Scope scope;
    const std::vector<double> x = some(400), y = some(401);
    const std::span<const double> z(y.data(), 400);
    const std::vector<Value> v = variables(x);
    Parameters block;
    const Parameter p = block.add("p", {400});
    std::copy(x.begin(), x.end(), p.values().begin());

    const auto same = [&](const Value& of_values, const Value& of_parameters, double number) {
        CHECK(of_values.value() == number);
        CHECK(of_parameters.value() == number);
        block.zero_gradients();
        backward({{of_values}, {of_parameters}});
        for (std::size_t i = 0; i < 400; ++i) CHECK(v[i].gradient() == p.gradients()[i]);
    };
    const ParameterView w = p.view();
    same(sum(v), sum(w), sum(x));
    same(mean(v), mean(w), mean(x));
    same(norm(v), norm(w), norm(x));
    same(max(v), max(w), max(x));
    same(logsumexp(v), logsumexp(w), logsumexp(x));
    same(dot(v, z), dot(w, z), dot(x, z));
    same(dot(z, v), dot(z, w), dot(z, x));
    same(dot(v, v), dot(w, w), dot(x, x));
    same(dot(v, variables(z)), dot(w, variables(z)), dot(x, z));
    same(softmax(v)[7], softmax(w)[7], softmax(x)[7]);
    same(log_softmax(v)[7], log_softmax(w)[7], log_softmax(x)[7]);
    block.zero_gradients();
    backward(dot(w.part(10, 3), std::array{1.0, 2.0, 3.0}));
    CHECK(p.gradients()[9] == 0.0);
    CHECK(p.gradients()[12] == 3.0);
}

TEST_CASE("reduce: a generic function takes vectors of double and of Value") {
    const auto cross_entropy = [](const auto& logits) { return -log_softmax(logits)[1] + norm(logits); };
    const std::vector<double> x{0.3, -1.2, 2.0};
    const Scope scope;
    CHECK(cross_entropy(variables(x)).value() == cross_entropy(x));
}

TEST_CASE("reduce: constants have no operands, and of constants alone nothing is recorded") {
    for (const Tape::Mode mode : {Tape::Mode::melting, Tape::Mode::graph}) {
        Tape tape{mode};
        const Recording on(tape);
        const std::vector<Value> constants{1.0, 2.0, 3.0};
        CHECK(sum(constants).is_constant());
        CHECK(dot(constants, constants).is_constant());
        CHECK(softmax(constants)[0].is_constant());
        CHECK(tape.entry_count() == 0);
        const Value x = variable(2.0);
        const std::vector<Value> mixed{1.0, x, 3.0, x};
        backward(dot(mixed, mixed));
        CHECK(x.gradient() == 8.0);
        backward(sum(mixed) + dot(mixed, std::array{1.0, 2.0, 3.0, 4.0}));
        CHECK(x.gradient() == 8.0);
    }
}

TEST_CASE("reduce: large arguments do not overflow, tiny ones do not vanish") {
    const auto with = [](auto f, const std::vector<double>& x) { return value_and_gradient(f, x); };
    for (const double shift : {1000.0, -1000.0, 1e300, -1e300}) {
        CAPTURE(shift);
        const auto lse = with([](auto x) { return logsumexp(x); }, {shift, shift});
        CHECK(lse.value == doctest::Approx(shift + std::numbers::ln2).epsilon(1e-15));
        CHECK(lse.gradient == std::vector{0.5, 0.5});
        CHECK(softmax(std::vector{shift, shift}) == std::vector{0.5, 0.5});
        CHECK(log_softmax(std::vector{shift, shift})[0] == -std::numbers::ln2);
    }
    CHECK(log_softmax(std::vector{1000.0, 0.0, -1000.0}) == std::vector{0.0, -1000.0, -2000.0});
    CHECK(with([](auto x) { return -log_softmax(x)[2]; }, {1000, 0, -1000}).gradient ==
          std::vector{1.0, 0.0, -1.0});
    const auto far = with([](auto x) { return norm(x); }, {3e300, 4e300});
    CHECK(far.value == doctest::Approx(5e300).epsilon(1e-15));
    CHECK(far.gradient[0] == doctest::Approx(0.6).epsilon(1e-15));
    CHECK(norm(std::vector{3e-300, 4e-300}) == doctest::Approx(5e-300).epsilon(1e-15));
}

TEST_CASE("reduce: edges are those of the table") {
    const auto with = [](auto f, const std::vector<double>& x) { return value_and_gradient(f, x); };
    const auto zero = with([](auto x) { return norm(x); }, {0.0, -0.0});
    CHECK(zero.value == 0.0);
    CHECK(zero.gradient == std::vector{0.0, 0.0});
    CHECK(with([](auto x) { return max(x); }, {1, 7, 7, 2}).gradient == std::vector{0.0, 1.0, 0.0, 0.0});
    CHECK(with([](auto x) { return max(x); }, {1, kNaN, 2}).value == 2.0);
    CHECK(std::isnan(max(std::vector{kNaN, 1.0})));

    const auto none = with([](auto x) { return logsumexp(x); }, {-kInf, -kInf});
    CHECK(none.value == -kInf);
    CHECK(none.gradient == std::vector{0.0, 0.0});
    const auto one = with([](auto x) { return logsumexp(x); }, {-kInf, 3.0});
    CHECK(one.value == 3.0);
    CHECK(one.gradient == std::vector{0.0, 1.0});
    CHECK(softmax(std::vector{-kInf, 3.0}) == std::vector{0.0, 1.0});
    CHECK(log_softmax(std::vector{-kInf, 3.0}) == std::vector{-kInf, 0.0});
    const auto infinite = with([](auto x) { return logsumexp(x); }, {kInf, 0.0});
    CHECK(infinite.value == kInf);
    CHECK(std::isnan(infinite.gradient[0]));
    CHECK(std::isnan(logsumexp(std::vector{kNaN, 1.0})));
    CHECK(std::isnan(logsumexp(std::vector{1.0, kNaN})));
    for (const auto& x : {std::vector{-kInf, -kInf}, std::vector{kInf, 1.0}}) {
        CHECK(std::isnan(softmax(x)[0]));
        CHECK(std::isnan(log_softmax(x)[0]));
    }
    CHECK(norm(std::vector{kInf, 1.0}) == kInf);
    CHECK(std::isnan(norm(std::vector{kNaN, 1.0})));

    const std::vector<double> empty;
    const std::vector<Value> no_values;
    CHECK(sum(empty) == 0.0);
    CHECK(dot(empty, empty) == 0.0);
    CHECK(norm(empty) == 0.0);
    CHECK(sum(no_values).value() == 0.0);
    CHECK(dot(no_values, empty).value() == 0.0);
    CHECK(norm(no_values).value() == 0.0);
}

TEST_CASE("reduce: what has no meaning is refused, and the named fix helps") {
    const Scope scope;
    const std::vector<double> empty;
    const std::vector<Value> no_values;
    const auto message = [](const std::string& name) {
        return name + ": it needs numbers: the span is empty. Give it at least one.";
    };
    CHECK_THROWS_WITH_AS(mean(empty), message("mean").c_str(), ShapeError);
    CHECK_THROWS_WITH_AS(mean(no_values), message("mean").c_str(), ShapeError);
    CHECK_THROWS_WITH_AS(max(empty), message("max").c_str(), ShapeError);
    CHECK_THROWS_WITH_AS(max(no_values), message("max").c_str(), ShapeError);
    CHECK_THROWS_WITH_AS(logsumexp(empty), message("logsumexp").c_str(), ShapeError);
    CHECK_THROWS_WITH_AS(logsumexp(no_values), message("logsumexp").c_str(), ShapeError);
    CHECK_THROWS_WITH_AS(softmax(empty), message("softmax").c_str(), ShapeError);
    CHECK_THROWS_WITH_AS(softmax(no_values), message("softmax").c_str(), ShapeError);
    CHECK_THROWS_WITH_AS(log_softmax(empty), message("log_softmax").c_str(), ShapeError);
    CHECK_THROWS_WITH_AS(log_softmax(no_values), message("log_softmax").c_str(), ShapeError);
    CHECK(mean(std::vector{4.0}) == 4.0);

    const char* const sizes_differ =
        "dot: sizes differ: a is (3), b is (2). Give it two spans of the same size.";
    const std::vector<double> three(3), two(2);
    CHECK_THROWS_WITH_AS(dot(three, two), sizes_differ, ShapeError);
    CHECK_THROWS_WITH_AS(dot(variables(three), two), sizes_differ, ShapeError);
    CHECK_THROWS_WITH_AS(dot(three, variables(two)), sizes_differ, ShapeError);
    CHECK_THROWS_WITH_AS(dot(variables(three), variables(two)), sizes_differ, ShapeError);
    CHECK(dot(two, two) == 0.0);
}

TEST_CASE("reduce: a stale operand is refused, and the tape stays whole") {
    Tape tape;
    const Recording on(tape);
    std::vector<Value> x = variables(some(300));
    Value gone = std::move(x[299]);
    CHECK_THROWS_AS(sum(x), TapeError);
    CHECK_THROWS_AS(softmax(x), TapeError);
    x[299] = gone * 2.0;
    const Value y = sum(x);
    backward(y);
    CHECK(x[0].gradient() == 1.0);
    CHECK(gone.gradient() == 2.0);

    Parameters block;
    const ParameterView stale = [&] {
        const Scope scope;
        return block.add("p", {3}).view();
    }();
    CHECK_THROWS_AS(sum(stale), TapeError);
    CHECK(sum(block.view()).value() == 0.0);
}

TEST_CASE("reduce: an operand stays as it is when the result melts") {
    // The newest entry is an operand of the reduction, whose result is then added to it.
    for (const Tape::Mode mode : {Tape::Mode::melting, Tape::Mode::graph}) {
        Tape tape{mode};
        const Recording on(tape);
        const Value a = variable(2.0), b = variable(3.0);
        std::vector<Value> x;
        x.push_back(a * b);
        Value s = dot(x, x);  // 36
        x[0] += std::move(s);
        backward(x[0]);
        CHECK(a.gradient() == 3.0 * (1.0 + 2.0 * 6.0));
        x[0] = a * b;
        x[0] = std::move(x[0]) + sum(x);
        backward(x[0]);
        CHECK(b.gradient() == 4.0);
    }
}

TEST_CASE("reduce: softmax is linear in its size, dot is one entry") {
    Tape tape;
    const Recording on(tape);
    const std::vector<Value> x = variables(some(200));
    softmax(x);
    CHECK(tape.operand_count() == 200 + 200 + 2 * 200);
    tape.clear();
    const std::vector<Value> y = variables(some(100));
    const std::size_t entries = tape.entry_count(), operands = tape.operand_count();
    const Value z = dot(y, some(100));
    CHECK(tape.entry_count() == entries + 1);
    CHECK(tape.operand_count() == operands + 100);
    CHECK((z + y[0]).value() == z.value() + y[0].value());
}
