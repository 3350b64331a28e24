// SPDX-License-Identifier: MIT
// Backward passes, and the gradients that they leave.
#include <cmath>
#include <vector>

#include "doctest.hpp"
#include "gradus/functions.hpp"
#include "gradus/tape.hpp"

using namespace gradus;

namespace {

const char* const kNoBackward =
    "gradient: no backward pass has run since this value was recorded. Call backward() first.";

}  // namespace

TEST_CASE("backward: a value used twice gets both contributions") {
    const Scope scope;
    const Value x = variable(3.0);
    backward(x * x + 2.0 * x);
    CHECK(x.gradient() == 8.0);
}

TEST_CASE("backward: calling it twice gives the same gradients, not twice as much") {
    for (const Tape::Mode mode : {Tape::Mode::melting, Tape::Mode::graph}) {
        Tape tape{mode};
        const Recording on(tape);
        const Value x = variable(3.0), u = x * x, y = sin(u) * x;
        backward(y);
        const double dx = x.gradient(), du = u.gradient();
        backward(y);
        CHECK(x.gradient() == dx);
        CHECK(u.gradient() == du);
        CHECK(du == std::cos(9.0) * 3.0);
        CHECK(y.gradient() == 1.0);
    }
}

TEST_CASE("backward: several results, each with its seed") {
    const Scope scope;
    const Value x = variable(2.0), y = variable(5.0);
    const Value a = x * y, b = x * x, c = 7.0 * y;
    backward(a, 10.0);
    CHECK(x.gradient() == 50.0);
    backward({{a, 1.0}, {b, -1.0}, {c, 0.5}});
    CHECK(x.gradient() == 1.0);
    CHECK(y.gradient() == 5.5);
    backward({{a, 1.0}, {a, 2.0}});
    CHECK(x.gradient() == 15.0);
    const std::vector<Seed> seeds{{b}, {c}};
    backward(seeds);
    CHECK(x.gradient() == 4.0);
    CHECK(y.gradient() == 7.0);
    CHECK(a.gradient() == 0.0);
    backward(x, 3.0);
    CHECK(x.gradient() == 3.0);
    CHECK(y.gradient() == 0.0);
}

TEST_CASE("backward: recording goes on after it, and does not change what was differentiated") {
    const Scope scope;
    const Value a = variable(2.0), b = variable(3.0);
    Value s = a * b;
    backward(s);
    s += a;
    CHECK_THROWS_WITH_AS(static_cast<void>(s.gradient()), kNoBackward, TapeError);
    CHECK(a.gradient() == 3.0);
    backward(s);
    CHECK(s.gradient() == 1.0);
    CHECK(a.gradient() == 4.0);
}

TEST_CASE("backward: nor does the end of a scope around it change what was differentiated") {
    const Scope outer;
    const Value a = variable(2.0), b = variable(3.0);
    Value s = a * b;
    {
        const Scope inner;
        backward(s);
    }
    s += a;
    CHECK_THROWS_WITH_AS(static_cast<void>(s.gradient()), kNoBackward, TapeError);
}

TEST_CASE("backward: nor does a pass inside a scope over something else") {
    const Scope outer;
    const Value a = variable(2.0), b = variable(3.0);
    Value s = a * b;
    {
        const Scope inner;
        backward(a * a);
    }
    CHECK(a.gradient() == 4.0);
    s += a * b;
    CHECK_THROWS_WITH_AS(static_cast<void>(s.gradient()), kNoBackward, TapeError);
    const std::size_t entries = Tape::current().entry_count();
    for (int i = 0; i < 3; ++i) {
        const Scope inner;
        backward(a * a);
    }
    CHECK(Tape::current().entry_count() <= entries + 1);
}

TEST_CASE("backward: many passes over one result take no more and more memory") {
    Tape tape;
    const Recording on(tape);
    const Value x = variable(3.0), y = x * x;
    backward(y);
    const std::size_t entries = tape.entry_count();
    for (int i = 0; i < 100; ++i) backward(y);
    CHECK(tape.entry_count() == entries);
    CHECK(x.gradient() == 6.0);
}

TEST_CASE("backward: what it refuses, and that the named fix helps") {
    const Scope scope;
    const char* const depends_on_nothing =
        "backward: this value depends on no variable and no parameter. Make the inputs with variable(), and "
        "use "
        "Value, not double, from there to the result.";
    const Value constant = 3.0;
    CHECK_THROWS_WITH_AS(backward(constant * 2.0), depends_on_nothing, TapeError);
    CHECK_THROWS_WITH_AS(static_cast<void>(constant.gradient()),
                         "gradient: this value is a constant. Make it with variable() to have its gradient.",
                         TapeError);
    const Value x = variable(3.0), y = x * 2.0;
    CHECK_THROWS_WITH_AS(static_cast<void>(x.gradient()), kNoBackward, TapeError);
    backward(y);
    CHECK(x.gradient() == 2.0);
}

TEST_CASE("backward: an entry with adjoint zero is skipped, so 0 * inf does not arise") {
    for (const Tape::Mode mode : {Tape::Mode::melting, Tape::Mode::graph}) {
        Tape tape{mode};
        const Recording on(tape);
        const Value x = variable(0.0);
        const auto gradient_of = [&](const Value& y) {
            backward(y);
            return x.gradient();
        };
        CHECK(gradient_of(max(1.0, log(x))) == 0.0);
        CHECK(gradient_of(0.0 * sqrt(x)) == 0.0);
        CHECK(gradient_of(relu(sqrt(x)) + x) == 1.0);
        const Value root = sqrt(x);
        CHECK(gradient_of(root * 0.0 + 2.0 * x) == 2.0);
        CHECK(gradient_of(sqrt(x) * sqrt(x)) == 0.0);
        CHECK(gradient_of(exp(log(x)) + x) == 1.0);
    }
}
