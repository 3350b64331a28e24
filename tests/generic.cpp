// SPDX-License-Identifier: MIT
// Numeric code that knows nothing of Gradus: templates of a number type T, each with T = double and T =
// Value.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <sstream>
#include <type_traits>
#include <vector>

#include "doctest.hpp"
#include "gradus/derivatives.hpp"
#include "gradus/fmt.hpp"
#include "gradus/functions.hpp"
#include "programs.hpp"

using namespace gradus;

static_assert(!std::is_constructible_v<double, Value>, "value(x) is the number, of a double as well");
static_assert(!std::is_constructible_v<bool, Value>);

namespace {

/// Check that f has the same value with both types, and the gradient of finite differences.
template <class F>
void check_generic(F f, std::array<double, 2> at) {
    CAPTURE(at[0]);
    CAPTURE(at[1]);
    const auto on_values = [&](std::span<const Value> x) { return Value(f(x[0], x[1])); };
    // Those that are composed of others may differ from the standard's in the last places.
    CHECK(value_and_gradient(on_values, at).value == doctest::Approx(f(at[0], at[1])).epsilon(1e-15));
    const GradientCheck check = check_gradient(on_values, at, {.tolerance = 1e-8});
    CHECK_MESSAGE(check.passed, check.message());
}

const auto steps = [](auto x, auto y) {
    auto before = x++;
    const auto after = ++y;
    before -= y--;
    return before * after + --x * y;
};

const auto extremes = [](auto x, auto y) {
    using std::fmax, std::fmin, std::max, std::min;
    using T = decltype(x);
    return fmax(x, 0.0) + 2 * fmin(x, y) + 3 * fmax(2.0, y) + std::max<T>(x, 1) * std::min<T>(y, 1) +
           std::max({x, y, T(0.5)}) * std::clamp(x * y, T(-1), T(1)) + max(x, 0.1) * min(0.2, y);
};

const auto rounding = [](auto x, auto y) {
    using std::ceil, std::copysign, std::floor, std::fmod, std::round, std::trunc;
    return x * floor(y) + y * ceil(x) - x * trunc(x * y) + round(y) * x + fmod(x, y) + copysign(x, -1.0) * y +
           copysign(2.0, x) * y;
};

const auto lengths = [](auto x, auto y) {
    using std::hypot, std::lerp;
    return hypot(x, y, 2.0) + hypot(1, 2, x) * lerp(x, y, 0.25) + lerp(1.0, 3, y) + hypot(x, y);
};

const auto algorithms = [](auto x, auto y) {
    using T = decltype(x);
    std::vector<T> v(5);
    std::iota(v.begin(), v.end(), x);  // needs ++
    std::ranges::sort(v, std::greater<>());
    std::swap(v.front(), v.back());
    v.push_back(y);
    std::partial_sum(v.begin(), v.end(), v.begin(), std::plus<>());
    std::adjacent_difference(v.begin(), v.end(), v.begin());
    return std::inner_product(v.begin(), v.end(), v.begin(), T(1)) +
           std::accumulate(v.begin(), v.end(), T(0)) +
           std::reduce(v.begin(), v.end()) * std::transform_reduce(v.begin(), v.end(), v.begin(), T(0)) +
           *std::ranges::max_element(v) * *std::min_element(v.begin(), v.end());
};

const auto classified = [](auto x, auto y) {
    using std::isfinite, std::isinf, std::isnan, std::signbit;
    const auto z = signbit(x) ? x : y;
    return isnan(z) || isinf(z) || !isfinite(z) ? x : x * z;
};

template <class T>
struct Limits : std::numeric_limits<T> {};

}  // namespace

TEST_CASE("generic: numeric code works unchanged, with the gradients of finite differences") {
    const Scope scope;
    for (const std::array at : {std::array{0.7, 1.9}, std::array{-1.3, 0.4}, std::array{5.2, -1.6}}) {
        check_generic(steps, at);
        check_generic(extremes, at);
        check_generic(rounding, at);
        check_generic(lengths, at);
        check_generic(algorithms, at);
        check_generic(classified, at);
    }
}

TEST_CASE("generic: a program computes the same") {
    Parameters block;
    const Parameter p = block.add("p", {1});
    p.values()[0] = 0.9;
    const std::vector<double> inputs = normals(2 * 20, 3);
    const auto check = [&](auto f) {
        const Formula formula = [&](std::span<const Value> x) {
            return std::vector<Value>{f(p.view()[0] * x[0], 3.0 * x[1])};
        };
        check_program(block, formula, inputs, 20);
    };
    check(steps);
    check(extremes);
    check(rounding);
    check(lengths);
    check(classified);
}

TEST_CASE("generic: ++ and -- change a value as += 1 and -= 1, and leave a copy") {
    const Scope scope;
    const Value x = variable(2.0);
    Value y = x * x;
    const Value before = y++;
    CHECK((before.value() == 4.0 && y.value() == 5.0));
    CHECK((--y).value() == 4.0);
    CHECK(&++y == &y);
    backward(before + 10.0 * y);
    CHECK(x.gradient() == 44.0);
}

TEST_CASE("generic: functions of namespace gradus take numbers, too") {
    CHECK(gradus::fmax(1.0, 2.0) == 2.0);
    CHECK(gradus::floor(1.5) == 1.0);
    CHECK(gradus::lerp(1.0, 3.0, 0.5) == 2.0);
    CHECK(value(2.5) == value(Value(2.5)));
    CHECK(Limits<Value>::epsilon() == Limits<double>::epsilon());
}

TEST_CASE("generic: values are written and read as numbers") {
    const Scope scope;
    const Value x = variable(2.5);
    CHECK(fmt::format("{} {:8.3f}|{:e}", x, x, x) == "2.5    2.500|2.500000e+00");
    std::istringstream in("1.5 -3 word");
    Value a, b, c = 7.0;
    in >> a >> b;
    CHECK((a.value() == 1.5 && b.value() == -3.0 && a.is_constant()));
    in >> c;
    CHECK((in.fail() && c.value() == 0.0));  // as a double has it
    in >> c;
    CHECK(c.value() == 0.0);
}

TEST_CASE("generic: values may be keys of a map, ordered by their numbers") {
    const Scope scope;
    std::map<Value, int> ranks{{variable(2.0), 2}, {Value(1.0), 1}};
    ++ranks[2.0];
    CHECK(ranks.size() == 2);
    CHECK((ranks.begin()->second == 1 && ranks[variable(2.0)] == 3));
}
