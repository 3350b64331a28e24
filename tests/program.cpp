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
    const std::vector<double> hessian = program.hessian(inputs, examples);
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
    const std::vector<double> along = program.hessian_vector(inputs, examples, direction);
    for (std::size_t i = 0; i < n; ++i)
        CHECK(std::abs(along[i] - product[i]) <= 1e-11 * (1.0 + std::abs(product[i])));
}

}  // namespace

TEST_CASE("hessian: every elementary operation against differences of gradients") {
    ops::All::each([](auto op) {
        using Op = decltype(op);
        if constexpr (!std::is_same_v<Op, ops::Lgamma>) {
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
        }
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
    const auto h = rosenbrock.hessian(std::span<const double>{}, 1);
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
    const auto found = logistic.hessian(inputs, 100);
    for (std::size_t k = 0; k < 4; ++k) CHECK(found[k] == doctest::Approx(expected[k]).epsilon(1e-12));
    CHECK_THROWS_WITH_AS(
        (void)logistic.hessian_vector(inputs, 100, std::array{1.0}),
        "hessian_vector: the direction must have a number for each parameter: it has 1, they are 2.",
        ShapeError);
    const Program gamma(block,
                        [&](std::span<const Value>) { return std::vector<Value>{lgamma(p.view()[1])}; });
    CHECK_THROWS_WITH_AS(
        (void)gamma.hessian(std::span<const double>{}, 1),
        "hessian: lgamma has no second derivative here. Use the gradient, or differences of it.",
        DomainError);
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
