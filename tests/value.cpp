// SPDX-License-Identifier: MIT
// Values as numbers: generic code, moves, copies, constants; and what happens to those that are used wrongly.
#include "gradus/functions.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <sstream>
#include <type_traits>
#include <vector>

#include "doctest.hpp"
#include "gradus/functions.hpp"

using namespace gradus;

static_assert(sizeof(Value) == 16);
static_assert(std::is_nothrow_move_constructible_v<Value>);
static_assert(!std::is_convertible_v<Value, double>, "a gradient must not get lost silently");
static_assert(std::numeric_limits<Value>::is_specialized);
static_assert(std::numeric_limits<Value>::digits == 53);

namespace {

const char* const kMovedFrom =
    "value: it was moved from. Assign to it before you use it, or copy instead of moving.";

/// Numeric code that knows nothing of Gradus.
template <class T>
T generic(T a, T b) {
    using std::abs, std::exp, std::fabs, std::max, std::min, std::pow, std::sin, std::sqrt;
    T x = 0.0;
    x += exp(a) * b;
    if (x < b) x = -x;
    if (a == b || a != b) x -= 1;
    std::array<T, 3> three{a, b, a * b};
    std::vector<T> many(three.begin(), three.end());
    many.push_back(pow(a, 2) + pow(2.0, b) + pow(a, b));
    many.insert(many.begin(), T(3));
    std::sort(many.begin(), many.end(), [](const T& p, const T& q) { return p > q; });
    std::swap(many.front(), many.back());
    x = std::accumulate(many.begin(), many.end(), x);
    const auto square = [](T t) { return t * t; };
    T largest = std::max(x, square(b));
    largest = max(largest, T(0.5));
    T smallest = std::numeric_limits<T>::infinity();
    for (const T& t : many) smallest = min(smallest, t);
    const auto [low, high] = std::minmax_element(many.begin(), many.end());
    T moved = std::move(largest);
    return moved / sqrt(1.0 + square(smallest)) + sin(*low) * abs(*high) + fabs(*low) + 2 * x - x / 3 +
           (1 - a);
}

}  // namespace

TEST_CASE("value: generic numeric code works unchanged") {
    const Scope scope;
    const double h = 1e-6;
    for (const double p : {0.3, 1.4}) {
        for (const double q : {0.7, 2.0}) {
            const Value a = variable(p), b = variable(q);
            const Value y = generic(a, b);
            CHECK(y.value() == generic(p, q));
            backward(y);
            // Central differences with h = 1e-6 are right to about 1e-9.
            CHECK(a.gradient() ==
                  doctest::Approx((generic(p + h, q) - generic(p - h, q)) / (2 * h)).epsilon(1e-7));
            CHECK(b.gradient() ==
                  doctest::Approx((generic(p, q + h) - generic(p, q - h)) / (2 * h)).epsilon(1e-7));
        }
    }
}

TEST_CASE("value: numbers of every arithmetic type become constants, which record nothing") {
    const Scope scope;
    const std::size_t before = Tape::current().entry_count();
    const Value sum = Value(1) + Value(2U) + Value(3L) + Value(4.0F) + Value(true) + Value('\1') + 0.5;
    CHECK(sum.value() == 12.5);
    CHECK(sum.is_constant());
    CHECK(Value().value() == 0.0);
    CHECK(exp(Value(0.0) * 3.0).is_constant());
    CHECK(Tape::current().entry_count() == before);
}

TEST_CASE("value: a double may stand on either side") {
    const Scope scope;
    const Value x = variable(4.0);
    const auto check = [&](const Value& y, double value, double gradient) {
        CHECK(y.value() == value);
        backward(y);
        CHECK(x.gradient() == gradient);
    };
    check(x + 1.0, 5, 1);
    check(1 + x, 5, 1);
    check(x - 1.0, 3, 1);
    check(1 - x, -3, -1);
    check(x * 3.0, 12, 3);
    check(3 * x, 12, 3);
    check(x / 2.0, 2, 0.5);
    check(2.0 / x, 0.5, -0.125);
    check(-x, -4, -1);
    check(+x, 4, 1);
    check(pow(x, 2), 16, 8);
    check(pow(x, 0.5), 2, 0.25);
    check(pow(2.0, x), 16, 16 * std::numbers::ln2);
    check(pow(x, x), 256, 256 * (1 + std::log(4.0)));
    check(fma(x, 2.0, x), 12, 3);
    check(max(1.0, x), 4, 1);
    check(hypot(3.0, x), 5, 0.8);
}

TEST_CASE("value: comparisons compare the numbers") {
    const Scope scope;
    const Value x = variable(1.0), y = variable(2.0), same = variable(1.0);
    CHECK((x < y && x <= y && y > x && y >= x && x != y && x == same && x <= same));
    CHECK((x < 1.5 && 1.5 > x && x == 1 && 1 == x && x != 2.0 && 0.5 <= x));
    const Value nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_FALSE((nan == nan || nan < x || nan >= x));
    CHECK((isnan(nan) && !isfinite(nan) && !isinf(x) && signbit(Value(-0.0))));
}

TEST_CASE("value: select carries no NaN and no gradient of the side not taken") {
    const Scope scope;
    const Value x = variable(0.0);
    const Value y = select(x > 0.0, log(x), 2.0 * x);
    backward(y);
    CHECK(x.gradient() == 2.0);
    CHECK(select(true, 1, 2.5) == 1.0);
    CHECK(select(false, x, 3.0).value() == 3.0);
}

TEST_CASE("value: it is written as its number") {
    std::ostringstream out;
    out << Value(2.5) << ' ' << variable(-1.0);
    CHECK(out.str() == "2.5 -1");
}

TEST_CASE("value: moving ends a value, and assigning to it or copying instead mends it") {
    const Scope scope;
    Value x = variable(3.0);
    Value y = std::move(x);
    CHECK_THROWS_WITH_AS(x + 1.0, kMovedFrom, TapeError);
    CHECK_THROWS_WITH_AS(sin(x), kMovedFrom, TapeError);
    CHECK_THROWS_WITH_AS(x += 1.0, kMovedFrom, TapeError);
    CHECK_THROWS_WITH_AS(fma(1.0, x, y), kMovedFrom, TapeError);
    CHECK_THROWS_WITH_AS(backward(x), kMovedFrom, TapeError);
    CHECK_THROWS_WITH_AS(static_cast<void>(x.gradient()), kMovedFrom, TapeError);
    const Value copy = x;
    CHECK_THROWS_WITH_AS(copy * y, kMovedFrom, TapeError);
    x = y;
    CHECK((x + 1.0).value() == 4.0);
    Value& same = x;
    x = std::move(same);
    CHECK((x + 1.0).value() == 4.0);
}

TEST_CASE("value: giving a value to an operator with std::move ends it, too") {
    for (const Tape::Mode mode : {Tape::Mode::melting, Tape::Mode::graph}) {
        Tape tape{mode};
        const Recording on(tape);
        const Value a = variable(2.0), b = variable(3.0);
        Value x = a * b;
        const Value y = std::move(x) * 10.0;
        CHECK_THROWS_WITH_AS(x * 1.0, kMovedFrom, TapeError);
        Value u = a * b, v = sin(a);
        const Value z = std::move(u) - std::move(v);
        CHECK_THROWS_WITH_AS(exp(u), kMovedFrom, TapeError);
        CHECK_THROWS_WITH_AS(exp(v), kMovedFrom, TapeError);
        u = y + z;
        backward(u);
        CHECK(b.gradient() == 22.0);
    }
}

TEST_CASE("value: an operation that failed leaves its operands as they were") {
    const Scope scope;
    Value x = variable(2.0), gone = variable(1.0);
    const Value kept = std::move(gone);
    CHECK_THROWS_AS(x += gone, TapeError);
    CHECK_THROWS_AS(x * gone, TapeError);
    CHECK(x.value() == 2.0);
    backward(x * x);
    CHECK(x.gradient() == 4.0);
}

TEST_CASE("value: a sum of temporaries becomes one entry") {
    const Scope scope;
    const Value p = variable(0.1), q = variable(0.2), r = variable(0.3);
    Value s = variable(0.4) * 1.0;
    const std::size_t before = Tape::current().entry_count();
    s += sin(p) * exp(q) / (1.0 + sqrt(r * r + 1.0));
    CHECK(Tape::current().entry_count() == before);
    for (int i = 0; i < 100; ++i) s += p * 0.5;
    CHECK(Tape::current().entry_count() == before);
}

TEST_CASE("value: a loop of products stays linear") {
    const Scope scope;
    const std::size_t before = Tape::current().operand_count();
    const Value x = variable(1.0);
    Value p = 1.0;
    for (int i = 0; i < 10'000; ++i) p *= x;
    CHECK(Tape::current().operand_count() - before < 20'000);
    backward(p);
    CHECK(x.gradient() == 10'000.0);
}
