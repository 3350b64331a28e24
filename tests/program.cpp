// SPDX-License-Identifier: MIT
#include "gradus/program.hpp"

#include <array>
#include <cmath>
#include <thread>

#include "doctest.hpp"
#include "gradus/gradus.hpp"

using namespace gradus;

namespace {

std::vector<double> normals(std::size_t n, std::uint64_t seed) {
    Random random(seed);
    std::vector<double> x(n);
    for (double& x_i : x) x_i = random.normal();
    return x;
}

struct Result {
    double value;
    std::vector<double> gradient;
};

/// The mean over the examples and its gradient, computed uncompiled.
Result on_the_tape(const Parameters& block, const Formula& formula, std::span<const double> inputs,
                   std::size_t examples) {
    block.zero_gradients();
    double total = 0.0;
    const std::size_t columns = inputs.size() / examples;
    for (std::size_t e = 0; e < examples; ++e) {
        const Scope scope;
        const Value y = formula(variables(inputs.subspan(e * columns, columns)))[0];
        total += y.value() / static_cast<double>(examples);
        if (!y.is_constant()) backward(y, 1.0 / static_cast<double>(examples));
    }
    return {total, {block.gradients().begin(), block.gradients().end()}};
}

Result compiled(const Parameters& block, const Program& program, std::span<const double> inputs,
                std::size_t examples) {
    block.zero_gradients();
    const double y = program.value_and_gradient(inputs, examples);
    return {y, {block.gradients().begin(), block.gradients().end()}};
}

void check_same(const Result& a, const Result& b, double tolerance = 1e-12) {
    CHECK(std::abs(a.value - b.value) <= tolerance * (1.0 + std::abs(b.value)));
    REQUIRE(a.gradient.size() == b.gradient.size());
    double worst = 0.0;
    for (std::size_t i = 0; i < a.gradient.size(); ++i)
        worst = std::max(worst, std::abs(a.gradient[i] - b.gradient[i]) / (1.0 + std::abs(b.gradient[i])));
    CHECK(worst <= tolerance);
}

void check_program(const Parameters& block, const Formula& formula, std::span<const double> inputs,
                   std::size_t examples) {
    const Program program(block, formula);
    check_same(compiled(block, program, inputs, examples), on_the_tape(block, formula, inputs, examples));
    const Program in_float(block, formula, {.single_precision = true});
    check_same(compiled(block, in_float, inputs, examples), on_the_tape(block, formula, inputs, examples),
               1e-4);
}

}  // namespace

TEST_CASE("program: an MLP, for one example and for many") {
    const MLP model({5, 7, 3}, {.hidden = "tanh", .seed = 1});
    const Formula formula = [&](std::span<const Value> x) {
        return std::vector<Value>{softmax_cross_entropy(model(x.first(5)), x[5])};
    };
    for (const std::size_t examples : {1u, 2u, 17u, 100u, 300u}) {
        std::vector<double> inputs = normals(6 * examples, 2);
        for (std::size_t e = 0; e < examples; ++e) inputs[6 * e + 5] = static_cast<double>(e % 3);
        check_program(model.parameters(), formula, inputs, examples);
    }
}

TEST_CASE("program: loops of scalars become products of matrices") {
    Parameters block;
    const Parameter w = block.add("w", {4, 6}), b = block.add("b", {4}, false);
    std::copy_n(normals(28, 1).begin(), 28, block.values().begin());
    const Formula formula = [&](std::span<const Value> x) {
        const auto weight = w.view(), bias = b.view();
        Value total = 0.0;
        for (std::size_t j = 0; j < 4; ++j) {
            Value sum = bias[j];
            for (std::size_t i = 0; i < 6; ++i) sum += weight[j * 6 + i] * x[i];
            total += sigmoid(sum) * sum;
        }
        return std::vector<Value>{total};
    };
    check_program(block, formula, normals(6 * 20, 3), 20);
    const Program program(block, formula);
    CHECK(program.describe() == "not compiled yet: it has met no example\n");
    CHECK(program.values(normals(6, 3)).size() == 1);
    CHECK(program.describe().find("product   (4,6)") != std::string::npos);
}

TEST_CASE("program: every elementary operation, on inputs, on parameters, on both") {
    Parameters block;
    const Parameter p = block.add("p", {3});
    std::copy_n(std::array{0.3, 0.6, 0.45}.begin(), 3, p.values().begin());
    const Formula formula = [&](std::span<const Value> x) {
        const auto q = p.view();
        const std::array<Value, 4> u{x[0], q[0], x[1] * q[1], q[1] * q[2]};
        Value y = 0.0;
        for (const Value& v : u) {
            y += exp(v) + log(v) * sin(v) - cos(v) / tan(v) + sqrt(v) * cbrt(v) + asin(v) * acos(v) + atan(v);
            y += sinh(v) * cosh(v) + tanh(v) + asinh(v) + acosh(v + 1.5) + atanh(v) + erf(v) * erfc(v) +
                 lgamma(v);
            y += exp2(v) + expm1(v) * log1p(v) + log2(v) + log10(v) + abs(v - 0.4) + sigmoid(v) + softplus(v);
            y += log_sigmoid(v) + relu(v) + leaky_relu(v, 0.1) + elu(v, 2.0) + gelu(v) + silu(v) - (-v);
            y += pow(v, 2.5) + pow(2.5, v) + pow(v, q[1]) + atan2(v, x[0]) + hypot(v, q[2]) + fma(v, v, q[0]);
            y += min(v, q[0]) * max(v, x[1]) + 2.0 / v;
        }
        const std::array<Value, 3> row{x[0], q[0], u[2]};
        y += sum(row) * mean(row) + norm(row) + max(row) + logsumexp(row) + softmax(row)[1] +
             log_softmax(row)[0];
        return std::vector<Value>{y + dot(row, row)};
    };
    std::vector<double> inputs = normals(2 * 40, 5);
    for (double& x : inputs) x = 0.1 + 0.8 / (1.0 + std::exp(-x));
    const Program program(block, formula);
    check_same(compiled(block, program, inputs, 40), on_the_tape(block, formula, inputs, 40), 1e-11);
}

TEST_CASE("program: each example runs on its own path") {
    Parameters block;
    const Parameter p = block.add("p", {2});
    std::copy_n(std::array{1.5, -0.5}.begin(), 2, p.values().begin());
    const Formula formula = [&](std::span<const Value> x) {
        const auto q = p.view();
        Value y = x[0] * q[0];
        if (y < x[1])
            y = exp(y) * q[1];
        else if (x[2] >= 0.0)
            y = y * y + std::max(x[2], q[0]);
        return std::vector<Value>{y};
    };
    const std::vector<double> inputs = normals(3 * 200, 9);
    const Program program(block, formula);
    for (int pass = 0; pass < 2; ++pass)
        check_same(compiled(block, program, inputs, 200), on_the_tape(block, formula, inputs, 200));
    const auto values = program.values(inputs, 200);
    for (std::size_t e = 0; e < 200; ++e) {
        const Scope scope;
        const double expected = formula(variables(std::span(inputs).subspan(3 * e, 3)))[0].value();
        CHECK(std::abs(values[e] - expected) <= 1e-12 * (1.0 + std::abs(expected)));
    }
    const Program few(block, formula, {.max_paths = 2});
    CHECK_THROWS_WITH_AS(
        (void)few.values(inputs, 200),
        "program: the formula takes more than 2 paths through its comparisons. Replace comparisons by "
        "operations such as max, abs, relu, or allow more with CompileOptions::max_paths.",
        TapeError);
}

TEST_CASE("program: a path is not taken for what it would make infinite") {
    Parameters block;
    const Parameter p = block.add("p", {1});
    p.values()[0] = 2.0;
    const Formula formula = [&](std::span<const Value> x) {
        return std::vector<Value>{x[0] > 0.0 ? log(x[0]) * p.view()[0] : p.view()[0] * x[0]};
    };
    const std::array<double, 4> inputs{1.0, 0.0, -1.0, 4.0};
    const Program program(block, formula);
    const Result r = compiled(block, program, inputs, 4);
    CHECK(r.gradient[0] == doctest::Approx((std::log(4.0) - 1.0) / 4.0));
}

TEST_CASE("program: inputs of several shapes each have a path") {
    Parameters block;
    const Parameter p = block.add("p", {1});
    p.values()[0] = 3.0;
    const Program program(block,
                          [&](std::span<const Value> x) { return std::vector<Value>{sum(x) * p.view()[0]}; });
    CHECK(program.values(std::array{1.0, 2.0}) == std::vector<double>{9.0});
    CHECK(program.values(std::array{1.0, 2.0, 3.0, 4.0}, 2) == std::vector<double>{9.0, 21.0});
    CHECK(program.values(std::array{1.0, 2.0, 3.0}) == std::vector<double>{18.0});
    CHECK_THROWS_WITH_AS(
        (void)program.values(std::array{1.0, 2.0, 3.0}, 2),
        "program: the inputs cannot be shared out: 3 numbers among 2 examples. Give each as many.",
        ShapeError);
}

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

TEST_CASE("program: may be called by several threads at once") {
    const MLP model({3, 8, 1}, {.hidden = "tanh", .seed = 3});
    const Program program(model.parameters(),
                          [&](std::span<const Value> x) { return std::vector<Value>{model(x)[0]}; },
                          {.threads = 2});
    const std::vector<double> inputs = normals(3 * 500, 4);
    const auto expected = program.values(inputs, 500);
    std::array<bool, 4> same{};
    std::vector<std::thread> callers;
    for (std::size_t t = 0; t < 4; ++t) {
        callers.emplace_back([&, t] {
            same[t] = true;
            for (int k = 0; k < 20; ++k) same[t] = same[t] && program.values(inputs, 500) == expected;
        });
    }
    for (auto& caller : callers) caller.join();
    CHECK(same == std::array{true, true, true, true});
}

TEST_CASE("program: gradients of single examples add up to that of the batch") {
    const MLP model({3, 4, 2}, {.hidden = "sigmoid", .seed = 3});
    const Program program = compile(model, [&](std::span<const Value> x, const Value& label) {
        return softmax_cross_entropy(model(x), label);
    });
    std::vector<double> inputs = normals(4 * 5, 4);
    for (std::size_t e = 0; e < 5; ++e) inputs[4 * e + 3] = static_cast<double>(e % 2);
    const Result batch = compiled(model.parameters(), program, inputs, 5);
    const auto single = program.per_example_gradients(inputs, 5);
    const std::size_t n = model.parameters().size();
    for (std::size_t i = 0; i < n; ++i) {
        double mean = 0.0;
        for (std::size_t e = 0; e < 5; ++e) mean += single[e * n + i] / 5.0;
        CHECK(mean == doctest::Approx(batch.gradient[i]).epsilon(1e-12));
    }
}

TEST_CASE("program: mistakes have messages") {
    Parameters block, other;
    const Parameter p = block.add("p", {2}), q = other.add("q", {2});
    CHECK_THROWS_WITH_AS(Program(block, nullptr, {.threads = 0}),
                         "compile: there must be at least one thread and one path: found 0 and 64.",
                         DomainError);
    const Program foreign(block,
                          [&](std::span<const Value> x) { return std::vector<Value>{x[0] * q.view()[0]}; });
    CHECK_THROWS_WITH_AS(
        (void)foreign.values(std::array{1.0}),
        "compile: it depends on parameters of another model. Keep all that it uses in one block.", TapeError);
    const Program two(block, [&](std::span<const Value> x) {
        return std::vector<Value>{x[0], x[0] * p.view()[0]};
    });
    CHECK_THROWS_WITH_AS(
        (void)two.value_and_gradient(std::array{1.0}),
        "program: the gradient of one output is defined, but there are 2. Return one, such as a loss.",
        ShapeError);
    const Program picks(block,
                        [&](std::span<const Value> x) { return std::vector<Value>{pick(p.view(), x[0])}; });
    CHECK(picks.values(std::array{1.0}) == std::vector<double>{0.0});
    CHECK_THROWS_AS((void)picks.values(std::array{1.0, 2.0}, 2), ShapeError);
}

TEST_CASE("program: outputs that need no example, and programs without parameters") {
    const Parameters none;
    const Program program(none, [](std::span<const Value> x) {
        return std::vector<Value>{2.0, x[0], x[0] * 3.0};
    });
    CHECK(program.values(std::array{1.0, 5.0}, 2) == std::vector<double>{2, 1, 3, 2, 5, 15});
}
