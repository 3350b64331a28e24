// SPDX-License-Identifier: MIT
// Programs on several threads, and called by several threads.
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cmath>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "doctest.hpp"
#include "gradus/gradus.hpp"
#include "programs.hpp"

using namespace gradus;

TEST_CASE("program: any number of threads gives the same bits") {
    const MLP model({20, 30, 4}, {.hidden = "relu", .seed = 3});
    const auto loss = [&](std::span<const Value> x, const Value& label) {
        return softmax_cross_entropy(model(x), label);
    };
    std::vector<double> inputs = normals(21 * 1000, 4);
    for (std::size_t e = 0; e < 1000; ++e) inputs[21 * e + 20] = static_cast<double>(e % 4);
    const Result one = compiled(model.parameters(), compile(model, loss), inputs, 1000);
    for (const std::size_t threads : {2u, 3u, 16u}) {
        const Program program = compile(model, loss, {.threads = threads});
        for (int pass = 0; pass < 3; ++pass) {
            const Result several = compiled(model.parameters(), program, inputs, 1000);
            CHECK(several.value == one.value);
            CHECK(several.gradient == one.gradient);
        }
    }
}

TEST_CASE("program: an error in one part of a batch ends all of them, and the next call is right again") {
    const MLP model({20, 30, 4}, {.hidden = "relu", .seed = 3});
    std::vector<double> inputs = normals(21 * 1000, 4);
    for (std::size_t e = 0; e < 1000; ++e) inputs[21 * e + 20] = static_cast<double>(e % 4);
    for (const std::size_t threads : {1u, 2u, 3u}) {
        const Program program = compile(model,
                                        [&](std::span<const Value> x, const Value& label) {
                                            return softmax_cross_entropy(model(x), label);
                                        },
                                        {.threads = threads});
        const Result before = compiled(model.parameters(), program, inputs, 1000);
        for (const std::size_t e : {0u, 130u, 999u}) {
            const double label = std::exchange(inputs[21 * e + 20], 7.0);
            CHECK_THROWS_AS(program.value_and_gradient({inputs, 1000}), ShapeError);
            inputs[21 * e + 20] = label;
            CHECK(compiled(model.parameters(), program, inputs, 1000).gradient == before.gradient);
        }
    }
}

TEST_CASE("program: may be called by several threads at once") {
    const MLP model({3, 8, 1}, {.hidden = "tanh", .seed = 3});
    const Program program(model.parameters(),
                          [&](std::span<const Value> x) { return std::vector<Value>{model(x)[0]}; },
                          {.threads = 2});
    const std::vector<double> inputs = normals(3 * 500, 4);
    const auto expected = program.per_example_values({inputs, 500});
    std::array<bool, 4> same{};
    std::vector<std::thread> callers;
    for (std::size_t t = 0; t < 4; ++t) {
        callers.emplace_back([&, t] {
            same[t] = true;
            for (int k = 0; k < 20; ++k)
                same[t] = same[t] && program.per_example_values({inputs, 500}) == expected;
        });
    }
    for (auto& caller : callers) caller.join();
    CHECK(same == std::array{true, true, true, true});
}

// Sanitizers need much address space. g++ says that there is one by a macro, clang by a feature.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GRADUS_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GRADUS_SANITIZED
#endif
#endif

#if defined(__linux__) && !defined(GRADUS_SANITIZED)
TEST_CASE("program: threads that the system does not give are an error, and fewer work") {
    rlimit limit{};
    getrlimit(RLIMIT_AS, &limit);
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    rlimit low = limit;
    low.rlim_cur =
        static_cast<rlim_t>(pages) * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + (rlim_t{1} << 26);
    Parameters block;
    const Parameter p = block.add("p", {1});
    const auto formula = [&](std::span<const Value>) { return exp(p.view()[0]); };
    std::string message;
    setrlimit(RLIMIT_AS, &low);  // room for a few stacks
    rlimit found{};
    getrlimit(RLIMIT_AS, &found);
    if (found.rlim_cur != low.rlim_cur) {
        MESSAGE("not tested: this system, an emulator perhaps, takes no limit");
        return;
    }
    try {
        const Program program = compile(block, formula, {.threads = 1000});
    } catch (const Error& error) {
        message = error.what();
    }
    setrlimit(RLIMIT_AS, &limit);
    CHECK(message.starts_with("compile: not so many threads can be started: "));
    CHECK(message.ends_with(" of 1000 (Resource temporarily unavailable). Ask for fewer."));
    CHECK(compile(block, formula, {.threads = 2})(Batch()) == 1.0);
}
#endif

TEST_CASE("program: examples on many paths, for any number of threads the same bits") {
    const Branches branches;
    const std::vector<double> inputs = normals(4 * 700, 12);
    const Result expected = on_the_tape(branches.block, branches.formula(), inputs, 700);
    const Program one(branches.block, branches.formula());
    std::vector<Result> passes;
    for (int pass = 0; pass < 3; ++pass) {
        passes.push_back(compiled(branches.block, one, inputs, 700));
        check_same(passes.back(), expected);
    }
    const std::vector<double> values = one.per_example_values({inputs, 700});
    const std::vector<double> gradients = one.per_example_gradients({inputs, 700});
    const std::vector<double> hessian = one.hessian({inputs, 700});
    for (const std::size_t threads : {2u, 3u, 16u}) {
        const Program several(branches.block, branches.formula(), {.threads = threads});
        for (const Result& pass : passes) {
            const Result r = compiled(branches.block, several, inputs, 700);
            CHECK(r.value == pass.value);
            CHECK(r.gradient == pass.gradient);
        }
        CHECK(several.per_example_values({inputs, 700}) == values);
        CHECK(several.per_example_gradients({inputs, 700}) == gradients);
        CHECK(several.hessian({inputs, 700}) == hessian);
    }
}

TEST_CASE("program: several threads that meet new paths and sizes at once") {
    const Branches branches;
    const Program program(branches.block, branches.formula(), {.threads = 2});
    struct Call {
        std::vector<double> inputs;
        std::size_t examples;
        double value = 0.0;
        std::vector<double> gradient;
    };
    std::vector<Call> calls;
    for (std::size_t t = 0; t < 4; ++t) {
        const std::size_t columns = 2 + t % 3;
        calls.push_back({normals(columns * 150, t), 150, 0.0, std::vector<double>(3)});
    }
    std::vector<std::thread> callers;
    for (Call& call : calls) {
        callers.emplace_back([&program, &call] {
            call.value = program.value_and_gradient(
                {call.inputs, call.examples}, {.reduction = Reduction::sum, .gradients = call.gradient});
        });
    }
    for (auto& caller : callers) caller.join();
    for (const Call& call : calls) {
        Result expected = on_the_tape(branches.block, branches.formula(), call.inputs, call.examples);
        CHECK(call.value == doctest::Approx(150.0 * expected.value).epsilon(1e-12));
        for (std::size_t i = 0; i < 3; ++i)
            CHECK(call.gradient[i] == doctest::Approx(150.0 * expected.gradient[i]).epsilon(1e-11));
    }
}

TEST_CASE("program: two programs that ask each other on two threads are an error, not a wait without end") {
    const Parameters block;
    std::array<std::optional<Program>, 2> programs;
    std::array<std::atomic<bool>, 2> records{};
    for (std::size_t k = 0; k < 2; ++k) {
        programs[k].emplace(block, [&, k](std::span<const Value> x) {
            records[k] = true;
            while (!records[1 - k]) std::this_thread::yield();
            return std::vector<Value>{x[0] + programs[1 - k]->value(std::array{1.0})};
        });
    }
    std::array<std::string, 2> messages;
    std::array<std::thread, 2> callers;
    for (std::size_t k = 0; k < 2; ++k) {
        callers[k] = std::thread([&, k] {
            try {
                (void)programs[k]->value(std::array{1.0});
            } catch (const TapeError& error) {
                messages[k] = error.what();
            }
        });
    }
    for (auto& caller : callers) caller.join();
    for (const std::string& message : messages) {
        CHECK(message ==
              "program: its formula asks the program itself, or another one that does. Compute with the "
              "formula's own function there.");
    }
}

TEST_CASE("program: a formula on one thread may ask a program that is recorded on another one") {
    const Parameters block;
    std::atomic<bool> inner_records{false}, outer_records{false};
    const Program inner(block, [&](std::span<const Value> x) {
        inner_records = true;
        while (!outer_records) std::this_thread::yield();
        return std::vector<Value>{2.0 * x[0]};
    });
    const Program outer(block, [&](std::span<const Value> x) {
        outer_records = true;
        while (!inner_records) std::this_thread::yield();
        return std::vector<Value>{x[0] + inner.value(std::array{1.0})};
    });
    double doubled = 0.0;
    std::thread other([&] { doubled = inner.value(std::array{3.0}); });
    CHECK(outer.value(std::array{1.0}) == 3.0);
    other.join();
    CHECK(doubled == 6.0);
}
