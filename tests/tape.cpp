// SPDX-License-Identifier: MIT
// The tape: scopes, mistakes, threads, sizes.
#include "gradus/tape.hpp"

#include <atomic>
#include <cmath>
#include <memory>
#include <thread>
#include <vector>

#include "allocations.hpp"
#include "doctest.hpp"
#include "gradus/functions.hpp"
#include "gradus/parameters.hpp"
#include "gradus/reduce.hpp"

using namespace gradus;

namespace {

const char* const kRewound =
    "value: it was recorded before the tape was rewound or cleared. Compute it again.";
const char* const kOtherTape =
    "value: it belongs to another tape, to the tape of another thread, or to one that is gone. Compute it "
    "on this one, or pass on its number with value().";

}  // namespace

TEST_CASE("scope: a step leaves nothing behind") {
    Tape tape;
    const Recording on(tape);
    const Value x = variable(2.0);
    for (int step = 0; step < 3; ++step) {
        const Scope scope;
        const Value y = x * x * 3.0;
        backward(y);
        CHECK(x.gradient() == 12.0);
    }
    CHECK(tape.entry_count() == 1);
    CHECK(tape.operand_count() == 1);  // what has no operand takes the room of one
    CHECK(x.gradient() == 12.0);
}

TEST_CASE("scope: scopes nest, and values of the outer ones stay alive") {
    const Scope outer;
    const Value x = variable(2.0), u = x * x;
    Value kept = 0.0;
    {
        const Scope inner;
        const Value v = u * 3.0;
        {
            const Scope innermost;
            const Value w = v * x * u;
            backward(w);
            CHECK(x.gradient() == 240.0);
        }
        kept = v + x;
        backward(kept);
        CHECK(x.gradient() == 13.0);
    }
    CHECK_THROWS_WITH_AS(kept * 1.0, kRewound, TapeError);
    kept = u * 3.0 + x;
    backward(kept);
    CHECK(x.gradient() == 13.0);
}

TEST_CASE("scope: rewind starts the step anew") {
    const Scope outer;
    const Value x = variable(2.0);
    Scope step;
    Value y = x * x;
    const std::size_t entries = Tape::current().entry_count();
    step.rewind();
    CHECK_THROWS_WITH_AS(backward(y), kRewound, TapeError);
    y = x * x;
    CHECK(Tape::current().entry_count() == entries);
    backward(y);
    CHECK(x.gradient() == 4.0);
}

TEST_CASE("tape: clear ends every value, also inside a scope") {
    Tape tape;
    const Recording on(tape);
    Value x = variable(1.0);
    {
        const Scope scope;
        const Value y = x + 1.0;
        tape.clear();
        CHECK(tape.entry_count() == 0);
        CHECK_THROWS_WITH_AS(x + 1.0, kRewound, TapeError);
        CHECK_THROWS_WITH_AS(static_cast<void>(y.gradient()), kRewound, TapeError);
        x = variable(2.0);
    }
    backward(x * x);
    CHECK(x.gradient() == 4.0);
    CHECK(variable(7.0).value() == 7.0);
}

TEST_CASE("tape: a value of another tape is refused; its number may be passed on") {
    Tape one, other;
    Value x = 0.0;
    {
        const Recording on(one);
        x = variable(3.0);
    }
    const Recording on(other);
    const Value y = variable(1.0);
    CHECK_THROWS_WITH_AS(x + y, kOtherTape, TapeError);
    CHECK_THROWS_WITH_AS(sum(std::vector{x, y}), kOtherTape, TapeError);
    CHECK_THROWS_WITH_AS(backward(x), kOtherTape, TapeError);
    CHECK_THROWS_WITH_AS(static_cast<void>(x.gradient()), kOtherTape, TapeError);
    CHECK((x.value() + y).value() == 4.0);
    {
        const Recording back(one);
        backward(x * x);
        CHECK(x.gradient() == 6.0);
    }
    CHECK((y + 1.0).value() == 2.0);
}

TEST_CASE("tape: a value of a tape that is gone is refused; its number may be passed on") {
    Value x = 0.0;
    {
        Tape gone;
        const Recording on(gone);
        x = variable(3.0);
    }
    Tape tape;
    const Recording on(tape);
    CHECK_THROWS_WITH_AS(x + 1.0, kOtherTape, TapeError);
    CHECK((x.value() + 1.0) == 4.0);
}

TEST_CASE("tape: values of many short-lived tapes do not pass for one another") {
    Tape tape;
    const Recording on(tape);
    const Value x = variable(1.0);
    for (int i = 0; i < 10'000; ++i) {
        Value foreign = 0.0;
        {
            Tape brief;
            const Recording inner(brief);
            foreign = variable(2.0);
        }
        CHECK_THROWS_AS(foreign + x, TapeError);
    }
}

TEST_CASE("tape: nothing melts behind the back of a handle that was copied while another tape was current") {
    Tape tape, other;
    const Recording on(tape);
    const Value a = variable(2.0), b = variable(3.0);
    Value x = a * b, copy = 0.0;
    {
        const Recording inner(other);
        copy = x;
    }
    x += a;
    backward(x * copy);
    CHECK(a.gradient() == 4.0 * 6.0 + 8.0 * 3.0);
    CHECK(b.gradient() == 2.0 * 6.0 + 8.0 * 2.0);
}

TEST_CASE("tape: a value of another thread is refused, and threads do not meet") {
    const Scope scope;
    const Value x = variable(3.0);
    std::string refused;
    std::vector<double> gradients(2);
    const auto work = [&](std::size_t k) {
        const double factor = static_cast<double>(k) + 1.0;
        const Value y = variable(factor);
        for (int i = 0; i < 1000; ++i) {
            const Scope step;
            Value s = 0.0;
            for (int j = 0; j < 50; ++j) s += sin(y) * y;
            backward(s);
        }
        gradients[k] = y.gradient();
        if (k == 0) {
            try {
                static_cast<void>(x * y);
            } catch (const TapeError& error) {
                refused = error.what();
            }
        }
    };
    std::thread one(work, 0), two(work, 1);
    one.join();
    two.join();
    CHECK(refused == kOtherTape);
    for (std::size_t k = 0; k < 2; ++k) {
        const double y = static_cast<double>(k) + 1.0;
        CHECK(gradients[k] == doctest::Approx(50 * (std::cos(y) * y + std::sin(y))).epsilon(1e-13));
    }
    std::string without_tape;
    std::thread([&] {
        try {
            static_cast<void>(sin(x));
        } catch (const TapeError& error) {
            without_tape = error.what();
        }
    }).join();
    CHECK(without_tape == kOtherTape);
    double constant = 0.0;
    std::thread([&] { constant = (exp(Value(0.0)) * Value(2.0) + 1.0).value(); }).join();
    CHECK(constant == 3.0);
}

TEST_CASE("tape: two threads cannot record to one tape at the same time, but one after the other") {
    Tape tape;
    std::string refused;
    {
        const Recording on(tape);
        const Recording again(tape);  // the same thread may
        std::thread([&] {
            try {
                const Recording mine(tape);
            } catch (const TapeError& error) {
                refused = error.what();
            }
        }).join();
    }
    CHECK(refused == "recording: another thread records to this tape. Give each thread a tape of its own.");
    double gradient = 0.0;
    std::thread([&] {
        const Recording mine(tape);
        const Value x = variable(2.0);
        backward(x * x);
        gradient = x.gradient();
    }).join();
    CHECK(gradient == 4.0);
}

TEST_CASE("tape: a scope that outlives the one around it ends no later one") {
    auto around = std::make_unique<Scope>();
    auto inside = std::make_unique<Scope>();
    around.reset();
    const Scope later;
    const Scope inside_later;
    const Value x = variable(2.0);
    inside.reset();  // ended with the one around it
    backward(x * x);
    CHECK(x.gradient() == 4.0);
}

TEST_CASE("tape: one that dies under the recording of another is not gone back to") {
    auto gone = std::make_unique<Tape>();
    const Recording on(*gone);
    const Value old = variable(1.0);
    {
        Tape tape;
        const Recording inner(tape);
        gone.reset();
        const Value x = variable(3.0);
        backward(x * x);
        CHECK(x.gradient() == 6.0);
    }
    const Value x = variable(2.0);  // on the tape that the thread has without asking for one
    backward(x * x);
    CHECK(x.gradient() == 4.0);
    CHECK_THROWS_WITH_AS(old + x, kOtherTape, TapeError);
}

TEST_CASE("tape: recordings need not end in reverse order") {
    Tape tape, other;
    Tape* const own = &Tape::current();
    auto first = std::make_unique<Recording>(tape);
    auto second = std::make_unique<Recording>(other);
    first.reset();
    CHECK(&Tape::current() == &other);
    bool is_free = false;
    std::thread([&] {
        try {
            const Recording mine(tape);
            is_free = true;
        } catch (const TapeError&) {
        }
    }).join();
    CHECK(is_free);
    second.reset();
    CHECK(&Tape::current() == own);
}

TEST_CASE("tape: scopes of one that is gone end without it") {
    auto gone = std::make_unique<Tape>();
    const Recording on(*gone);
    {
        Scope scope;
        auto cleared = std::make_unique<Scope>();
        gone->clear();
        const Scope later;
        gone.reset();
        scope.rewind();
    }
    const Value x = variable(2.0);
    backward(x * x);
    CHECK(x.gradient() == 4.0);
}

TEST_CASE("tape: it refuses more entries than max_entries, and goes on after a rewind") {
    for (const Tape::Mode mode : {Tape::Mode::melting, Tape::Mode::graph}) {
        Tape tape{Tape::Options{.mode = mode, .max_entries = 100}};
        const Recording on(tape);
        const char* const full =
            "tape: it is full: it holds 100 entries and may hold 100. Rewind it after each step with a "
            "Scope, or "
            "allow more with Options::max_entries.";
        for (int repeat = 0; repeat < 2; ++repeat) {
            const Scope scope;
            const Value x = variable(1.0);
            Value y = x;
            CHECK_THROWS_WITH_AS(
                for (int i = 0; i < 1000; ++i) {
                    const Value z = sin(y);
                    y = z;
                },
                full, TapeError);
            CHECK(tape.entry_count() == 100);
            CHECK_THROWS_WITH_AS(variable(1.0), full, TapeError);
            CHECK_THROWS_AS(sum(std::vector{x, y}), TapeError);
            backward(y);
            CHECK(x.gradient() > 0.0);
        }
        CHECK_THROWS_WITH_AS(for (int i = 0; i < 101; ++i) variable(1.0), full, TapeError);
        tape.clear();
        CHECK(variable(1.0).value() == 1.0);
    }
}

TEST_CASE("tape: variables, operations and rewinds in any proportion keep within its memory") {
    Tape tape;
    const Recording on(tape);
    {
        const std::vector<Value> x = variables(std::vector(10'000, 1.0));
        for (int i = 0; i < 20'000; ++i) static_cast<void>(sin(x[0]));
    }
    tape.clear();
    {
        const Scope scope;
        const Value a = variable(1.0), b = variable(2.0);
        for (int i = 0; i < 50'000; ++i) static_cast<void>(a * b);
    }
    tape.clear();
    const Value a = variable(1.0);
    for (int i = 0; i < 200'000; ++i) static_cast<void>(sin(a));
    Value s = 0.0;
    for (int i = 0; i < 1'000'000; ++i) s += a;
    backward(s);
    CHECK(a.gradient() == 1e6);
    CHECK(tape.entry_count() < 200'001 + 1'000'000 / 200);
}

TEST_CASE("tape: a chain of ten million additions works, and sharing forty deep is linear") {
    Tape tape;
    const Recording on(tape);
    const Value y = variable(1.0);
    SUBCASE("x = x + y") {
        Value x = variable(0.0);
        for (int i = 0; i < 10'000'000; ++i) x = x + y;
        CHECK(x.value() == 1e7);
        CHECK(tape.entry_count() == 10'000'002);
        backward(x);
        CHECK(y.gradient() == 1e7);
    }
    SUBCASE("x += y") {
        Value x = 0.0;
        for (int i = 0; i < 10'000'000; ++i) x += y;
        backward(x);
        CHECK(y.gradient() == 1e7);
        CHECK(tape.entry_count() < 10'000'000 / 250);
    }
    SUBCASE("x = x + x") {
        Value x = y;
        for (int i = 0; i < 40; ++i) x = x + x;
        CHECK(tape.entry_count() == 41);
        backward(x);
        CHECK(y.gradient() == 0x1p40);
        Value z = y;
        for (int i = 0; i < 40; ++i) z += z;
        backward(z);
        CHECK(y.gradient() == 0x1p40);
    }
}

TEST_CASE("tape: an operand takes 12 bytes and an entry 8") {
    Tape tape;
    const Recording on(tape);
    const Value x = variable(1.0), y = variable(2.0);
    CHECK(tape.bytes() == 2 * 8 + 2 * 12);  // a variable takes the room of an operand
    const Value u = sin(x);
    CHECK(tape.bytes() == 3 * 8 + 3 * 12);
    static_cast<void>(u * y);
    CHECK(tape.bytes() == 4 * 8 + 5 * 12);
    CHECK(tape.bytes_reserved() >= tape.bytes());
    tape.clear();
    CHECK(tape.bytes() == 0);
}

TEST_CASE("tape: in steady state a step allocates nothing") {
    for (const Tape::Mode mode : {Tape::Mode::melting, Tape::Mode::graph}) {
        Tape tape{mode};
        const Recording on(tape);
        Parameters parameters;
        const Parameter w = parameters.add("w", {300});
        for (double& number : w.values()) number = 0.01;
        const std::vector<double> input(300, 0.5);
        const auto step = [&] {
            const Scope scope;
            const ParameterView view = w.view();
            Value s = 0.0;
            for (std::size_t i = 0; i < view.size(); ++i) s += sin(view[i]) * input[i];
            const std::span<const Value> p = softmax(view);
            s += dot(view, input) + norm(view) + logsumexp(p) + dot(view, p) + mean(view) + max(view);
            backward(s + sum(log_softmax(p)));
        };
        step();
        const std::size_t before = allocation_count();
        for (int i = 0; i < 100; ++i) step();
        CHECK(allocation_count() == before);
    }
}

TEST_CASE("tape: what cannot be held is refused") {
    Tape tape;
    CHECK_THROWS_WITH_AS(tape.values(std::size_t{1} << 62),
                         "values: there is no room for so many: found 4611686018427387904. Ask for fewer.",
                         TapeError);
    CHECK_THROWS_WITH_AS(
        tape.allocate(~std::size_t{0}, 8),
        "allocate: there is no room for so many bytes: found 18446744073709551615. Ask for fewer.",
        TapeError);
    CHECK(tape.values(3).size() == 3);
}

TEST_CASE("tape: an alignment that cannot be kept is refused") {
    Tape tape;
    CHECK_THROWS_WITH_AS(tape.allocate(8, 0),
                         "allocate: the alignment is no power of two up to 64: found 0. Give alignof(T) of "
                         "what shall lie there.",
                         DomainError);
    for (const std::size_t alignment : {std::size_t{3}, std::size_t{128}, ~std::size_t{0}})
        CHECK_THROWS_AS(tape.allocate(8, alignment), DomainError);
    for (const std::size_t alignment : {alignof(double), std::size_t{64}}) {
        tape.allocate(1, 1);
        CHECK(reinterpret_cast<std::uintptr_t>(tape.allocate(8, alignment)) % alignment == 0);
    }
}

TEST_CASE("tape: values() hands out runs that stay where they are until the rewind") {
    Tape tape;
    const Recording on(tape);
    const std::span<Value> kept = tape.values(1000);
    kept[999] = variable(5.0);
    for (int repeat = 0; repeat < 3; ++repeat) {
        const Scope scope;
        std::vector<std::span<Value>> runs;
        for (const std::size_t n : {30U, 1U, 5000U, 0U, 100U, 2000U, 3U}) {
            runs.push_back(tape.values(n));
            CHECK(runs.back().size() == n);
            for (Value& x : runs.back()) {
                CHECK((x.is_constant() && x.value() == 0.0));
                x = static_cast<double>(n);
            }
        }
        for (const std::span<Value> run : runs) {
            for (const Value& x : run) CHECK(x.value() == static_cast<double>(run.size()));
        }
    }
    CHECK(kept[999].value() == 5.0);
}

TEST_CASE("graph: it remembers operations, numbers and constants") {
    Tape tape{Tape::Mode::graph};
    const Recording on(tape);
    const Value x = variable(2.0), y = x * 3.0;
    backward(y);
    const std::vector<Tape::Entry> trace = tape.trace();
    REQUIRE(trace.size() == 3);
    CHECK(trace[0].operation == std::string("variable"));
    CHECK(trace[1].operation == std::string("constant"));
    CHECK(trace[1].value == 3.0);
    CHECK(trace[2].operation == std::string("*"));
    CHECK(trace[2].value == 6.0);
    CHECK(trace[2].operands[0] == x.slot());
    CHECK(trace[2].operands[1] == trace[1].slot);
    CHECK(trace[2].partials[0] == 3.0);
    CHECK(trace[0].adjoint == 3.0);
}
