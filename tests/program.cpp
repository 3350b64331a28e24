// SPDX-License-Identifier: MIT
#include "gradus/program.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "allocations.hpp"
#include "doctest.hpp"
#include "gradus/gradus.hpp"
#include "programs.hpp"

using namespace gradus;

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

// On small vectors, CBLAS computes the products of its first layer.
TEST_CASE("program: an MLP with 4,550 weights in a layer, for one example and for two") {
    const MLP model({70, 65, 1}, {.hidden = "tanh", .seed = 1});
    const Formula formula = [&](std::span<const Value> x) { return std::vector<Value>{model(x)[0]}; };
    for (const std::size_t examples : {1u, 2u})
        check_program(model.parameters(), formula, normals(70 * examples, 2), examples);
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
    CHECK(program.per_example_values(normals(6, 3)).size() == 1);
    CHECK(program.describe().find("product   (4,6)") != std::string::npos);
}

TEST_CASE("program: many small steps one after the other, on a ring, with lines of code that take turns") {
    constexpr std::size_t n = 30;
    Parameters block;
    const Parameter start = block.add("start", {n}), rate = block.add("rate", {n});
    std::copy_n(normals(2 * n, 4).begin(), 2 * n, block.values().begin());
    const auto formula_of = [&](bool takes_inputs, int steps = 4) {
        return [=](std::span<const Value> x) {
            const auto y0 = start.view(), p = rate.view();
            std::vector<Value> y(n), slope(n), middle(n);
            for (std::size_t i = 0; i < n; ++i) y[i] = takes_inputs ? y0[i] * x[i] : y0[i];
            for (int step = 0; step < steps; ++step) {
                for (std::size_t i = 0; i < n; ++i)
                    slope[i] = p[i] * (y[(i + n - 1) % n] - 2.0 * y[i] + y[(i + 1) % n]) - tanh(y[i]) * y[i];
                for (std::size_t i = 0; i < n; ++i) middle[i] = y[i] + 0.05 * slope[i];
                for (std::size_t i = 1; i < n; ++i)
                    slope[i] = p[i] * middle[i - 1] + slope[i] / (2.0 + abs(y[i]));
                for (std::size_t i = 0; i < n; ++i) y[i] += 0.01 * (slope[i] + 2.0 * middle[i] - 4.0 * y[i]);
            }
            Value square = 0.0;
            for (const Value& y_i : y) square += y_i * y_i;
            return std::vector<Value>{square};
        };
    };
    check_program(block, formula_of(false), {}, 1);
    check_program(block, formula_of(false, 200), {}, 1);  // so long that adjoints take turns
    for (const std::size_t examples : {1u, 2u, 5u, 40u})
        check_program(block, formula_of(true), normals(n * examples, 5), examples);
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
            y += min(v, q[0]) * max(v, x[1]) + 2.0 / v + fmin(v, q[0]) * fmax(v, x[1]) + copysign(v, -q[0]);
            y += v * (floor(3.0 * v) + ceil(5.0 * v) + trunc(7.0 * v) + round(9.0 * v)) + fmod(v, 0.3 * q[0]);
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
    const auto values = program.per_example_values({inputs, 200});
    for (std::size_t e = 0; e < 200; ++e) {
        const Scope scope;
        const double expected = formula(variables(std::span(inputs).subspan(3 * e, 3)))[0].value();
        CHECK(std::abs(values[e] - expected) <= 1e-12 * (1.0 + std::abs(expected)));
    }
    const Program few(block, formula, {.max_paths = 2});
    CHECK_THROWS_WITH_AS(
        (void)few.per_example_values({inputs, 200}),
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

TEST_CASE("program: what a result does not depend on adds nothing, even where its slope is infinite") {
    Parameters block;
    const Parameter p = block.add("p", {2});
    p.values()[1] = 3.0;
    const Formula formula = [&](std::span<const Value> x) {
        const auto q = p.view();
        return std::vector<Value>{max(q[1], log(q[0] * x[0])) + min(q[1], exp(1000.0 * x[0])) +
                                  relu(-1.0 - sqrt(q[0] * x[0]))};
    };
    for (const std::size_t examples : {1u, 20u})
        check_program(block, formula, std::vector<double>(examples, 1.0), examples);
}

TEST_CASE("program: inputs of several shapes each have a path") {
    Parameters block;
    const Parameter p = block.add("p", {1});
    p.values()[0] = 3.0;
    const Program program(block,
                          [&](std::span<const Value> x) { return std::vector<Value>{sum(x) * p.view()[0]}; });
    CHECK(program.per_example_values(std::array{1.0, 2.0}) == std::vector<double>{9.0});
    CHECK(program.per_example_values({std::array{1.0, 2.0, 3.0, 4.0}, 2}) == std::vector<double>{9.0, 21.0});
    CHECK(program.per_example_values(std::array{1.0, 2.0, 3.0}) == std::vector<double>{18.0});
    CHECK_THROWS_WITH_AS(
        (void)program.per_example_values({std::array{1.0, 2.0, 3.0}, 2}),
        "Batch: the numbers cannot be shared out: 3 numbers among 2 examples. Give each as many.",
        ShapeError);
}

TEST_CASE("program: paths in float where double and float disagree at ties") {
    Parameters block;
    const Parameter p = block.add("p", {1});
    p.values()[0] = 0.1;
    const Formula formula = [&](std::span<const Value> x) {
        const Value y = x[0] * p.view()[0];
        return std::vector<Value>{y < 0.3 ? y * y : 2.0 * y};
    };
    const std::array<double, 4> inputs{3.0, 1.0, 3.0, 5.0};  // 3 * 0.1 > 0.3, but not in float
    const Program program(block, formula, {.single_precision = true});
    for (int pass = 0; pass < 2; ++pass) {
        const std::vector<double> y = program.per_example_values({inputs, 4});
        for (const std::size_t e : {0u, 2u})  // either side of the jump is right, nothing else is
            CHECK(
                (y[e] == doctest::Approx(0.09).epsilon(1e-6) || y[e] == doctest::Approx(0.6).epsilon(1e-6)));
        CHECK(y[1] == doctest::Approx(0.01).epsilon(1e-6));
        CHECK(y[3] == doctest::Approx(1.0).epsilon(1e-6));
    }
}

TEST_CASE("program: in steady state a call allocates nothing") {
    const Branches branches;
    const MLP model({4, 5, 2}, {.hidden = "tanh", .seed = 3});
    const Formula network = [&](std::span<const Value> x) {
        return std::vector<Value>{softplus(model(x)[0])};
    };
    Dataset data;
    data.rows = 300, data.columns = 3;
    data.inputs = normals(900, 1), data.targets = normals(300, 2);
    std::vector<std::size_t> rows(200);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = (7 * i) % 300;
    const std::vector<double> numbers = normals(4 * 1000, 7);
    for (const bool single_precision : {false, true}) {
        for (const std::size_t threads : {1u, 2u}) {
            const CompileOptions options{.single_precision = single_precision, .threads = threads};
            const Program straight(model.parameters(), network, options);
            const Program branching(branches.block, branches.formula(), options);
            const auto step = [&] {
                double sum = 0.0;
                for (const Program* program : {&straight, &branching}) {
                    sum += (*program)({numbers, 1000}) + (*program)({data, rows}) + program->value(data);
                    for (std::size_t e = 0; e < 10; ++e)
                        sum += (*program)(std::span(numbers).subspan(4 * e, 4));
                }
                return sum;
            };
            for (int i = 0; i < 3; ++i) CHECK(std::isfinite(step()));
            const std::size_t before = allocation_count();
            const double sum = step();
            const std::size_t after = allocation_count();
            CHECK(std::isfinite(sum));
            CHECK(after == before);
        }
    }
}

TEST_CASE("program: numbers that leave the values are found out") {
    Parameters block;
    const Parameter p = block.add("p", {2});
    p.values()[0] = 2.0, p.values()[1] = 0.5;
    const char* const message =
        "program: the formula is not the same for two examples that take the same path: it computes or "
        "chooses with numbers from outside, such as value() or random ones. Use values, inputs and pick().";
    const std::array<double, 3> inputs{1.0, 2.0, -3.0};

    const Program constant = compile(block, [&](std::span<const Value> x) { return x[0] * x[0].value(); });
    CHECK_THROWS_WITH_AS((void)constant.value({inputs, 3}), message, TapeError);

    const auto chooses = [&](std::span<const Value> x) {
        return x[0].value() < 0.0 ? exp(x[0]) : p.view()[0] * x[0];
    };
    const Program choice = compile(block, chooses);
    CHECK(choice.value(std::array{1.0}) == 2.0);
    CHECK_THROWS_WITH_AS((void)choice.value(std::array{-1.0}), message, TapeError);
    const auto compares = [&](std::span<const Value> x) {
        return x[0] < 0.0 ? exp(x[0]) : p.view()[0] * x[0];
    };
    CHECK(compile(block, compares).value({inputs, 3}) == doctest::Approx((6.0 + std::exp(-3.0)) / 3.0));

    const Program of_parameters = compile(block, [&](std::span<const Value>) {
        const Value q = p.view()[0];
        return q * q.value();
    });
    CHECK(of_parameters.value({}) == 4.0);
    p.values()[0] = 3.0;
    CHECK_THROWS_WITH_AS((void)of_parameters.value({}), message, TapeError);

    int draws = 0;
    const Program random = compile(block, [&](std::span<const Value> x) { return x[0] * ++draws; });
    CHECK_THROWS_WITH_AS((void)random.value({inputs, 3}), message, TapeError);
}

TEST_CASE("program: isnan, isinf, isfinite and signbit choose a path") {
    const Parameters none;
    const Program program = compile(none, [](std::span<const Value> x) {
        const Value y = log(x[0]);
        return isnan(y) ? Value(-1.0) : isfinite(y) ? y : isinf(x[0]) ? Value(-2.0) : -3.0 * exp(x[0]);
    });
    const double infinity = std::numeric_limits<double>::infinity();
    for (int pass = 0; pass < 2; ++pass)
        CHECK(program.per_example_values({std::array{1.0, -4.0, infinity, 0.0, -infinity}, 5}) ==
              std::vector<double>{0.0, -1.0, -2.0, -3.0, -1.0});
    const Program signs =
        compile(none, [](std::span<const Value> x) { return signbit(x[0]) ? -x[0] : x[0]; });
    CHECK(signs.per_example_values({std::array{1.0, 2.0, -3.0, 0.0, -0.0}, 5}) ==
          std::vector<double>{1.0, 2.0, 3.0, 0.0, 0.0});
    CHECK(signs.jacobian_by_inputs({std::array{1.0, 0.0, -0.0}, 3}) == std::vector<double>{1.0, 1.0, -1.0});
}

TEST_CASE("program: sums and means, with gradients where they are wanted") {
    Parameters block;
    const Parameter p = block.add("p", {2});
    p.values()[0] = 2.0, p.values()[1] = 5.0;
    const Program program(block, [&](std::span<const Value> x) {
        return std::vector<Value>{x[0] * p.view()[0] * p.view()[0] + x[1] * p.view()[1]};
    });
    const std::array<double, 4> inputs{1.0, 2.0, 3.0, 4.0};
    CHECK(program.value({inputs, 2}) == 23.0);
    CHECK(program.value({inputs, 2}, {.reduction = Reduction::sum}) == 46.0);
    std::array<double, 2> gradients{100.0, 200.0};
    CHECK(program.value_and_gradient({inputs, 2}, {.reduction = Reduction::sum, .gradients = gradients}) ==
          46.0);
    CHECK(gradients == std::array{116.0, 206.0});
    CHECK(block.gradients()[0] == 0.0);
    CHECK(program({inputs, 2}) == 23.0);
    CHECK(block.gradients()[0] == 8.0);
    CHECK(block.gradients()[1] == 3.0);
    CHECK(program.hessian({inputs, 2}) == std::vector<double>{4.0, 0.0, 0.0, 0.0});
    CHECK(program.hessian({inputs, 2}, {.reduction = Reduction::sum}) ==
          std::vector<double>{8.0, 0.0, 0.0, 0.0});
    CHECK_THROWS_WITH_AS(
        program.value_and_gradient({inputs, 2}, {.gradients = std::span(gradients).first(1)}),
        "value_and_gradient: there must be a gradient for each parameter: found 1, they are 2.", ShapeError);
}

TEST_CASE("program: a training loop over the batches of a data set") {
    const Dataset moons = two_moons(100, 0.1, 1);
    const MLP model({2, 8, 1}, {.hidden = "tanh", .seed = 2});
    const auto loss = [&](std::span<const Value> x, Value y) { return binary_cross_entropy(model(x)[0], y); };
    const Program program = compile(model, loss);
    Adam optimizer(model.parameters(), {.learning_rate = 0.05});
    Random random(7);
    double first = 0.0, last = 0.0;
    for (int epoch = 0; epoch < 40; ++epoch) {
        last = 0.0;
        for (const Batch& batch : batches(moons, 32, random)) {
            model.parameters().zero_gradients();
            const double value = program(batch);
            const std::vector<double> gradient(model.parameters().gradients().begin(),
                                               model.parameters().gradients().end());
            last += value * static_cast<double>(batch.size()) / 100.0;

            // The same lambda, uncompiled.
            double mean = 0.0;
            const double share = 1.0 / static_cast<double>(batch.size());
            model.parameters().zero_gradients();
            for (const std::size_t i : batch.rows()) {
                const Scope scope;
                const Value y = loss(variables(moons.row(i)), moons.targets[i]);
                mean += share * y.value();
                backward(y, share);
            }
            check_same(
                {value, gradient},
                {mean, {model.parameters().gradients().begin(), model.parameters().gradients().end()}});
            optimizer.step();
        }
        if (epoch == 0) first = last;
    }
    CHECK(first > 0.4);
    CHECK(last < 0.1);
}

TEST_CASE("program: gradients of single examples add up to that of the batch") {
    const MLP model({3, 4, 2}, {.hidden = "sigmoid", .seed = 3});
    const Program program = compile(model, [&](std::span<const Value> x, const Value& label) {
        return softmax_cross_entropy(model(x), label);
    });
    std::vector<double> inputs = normals(4 * 5, 4);
    for (std::size_t e = 0; e < 5; ++e) inputs[4 * e + 3] = static_cast<double>(e % 2);
    const Result batch = compiled(model.parameters(), program, inputs, 5);
    const auto single = program.per_example_gradients({inputs, 5});
    const std::size_t n = model.parameters().size();
    for (std::size_t i = 0; i < n; ++i) {
        double mean = 0.0;
        for (std::size_t e = 0; e < 5; ++e) mean += single[e * n + i] / 5.0;
        CHECK(mean == doctest::Approx(batch.gradient[i]).epsilon(1e-12));
    }
}

TEST_CASE("program: an output that was recorded in a scope which has ended is refused") {
    const Parameters block;
    const auto product = [](bool in_scope) {
        return [in_scope](std::span<const Value> x) {
            Value y;
            {
                std::optional<Scope> scope;
                if (in_scope) scope.emplace();
                y = x[0] * x[1];
            }
            return std::vector<Value>{y};
        };
    };
    CHECK_THROWS_WITH_AS((void)Program(block, product(true)).per_example_values(std::array{2.0, 3.0}),
                         "value: it was recorded before the tape was rewound or cleared. Compute it again.",
                         TapeError);
    CHECK(Program(block, product(false)).per_example_values(std::array{2.0, 3.0})[0] == 6.0);
}

TEST_CASE("program: a formula may ask another program, but not its own") {
    const Parameters block;
    const Program square(block, [](std::span<const Value> x) { return std::vector<Value>{x[0] * x[0]}; });
    const Program* asked = &square;
    const Program asking(block, [&](std::span<const Value> x) {
        const double four = asked->per_example_values(std::array{2.0})[0];
        return std::vector<Value>{four * x[0]};
    });
    CHECK(asking.per_example_values(std::array{3.0})[0] == 12.0);
    asked = &asking;
    CHECK_THROWS_WITH_AS(
        (void)asking.per_example_values(std::array{3.0, 4.0}),
        "program: its formula asks the program itself, or another one that does. Compute with the formula's "
        "own function there.",
        TapeError);
}

TEST_CASE("program: a copy shares what was compiled, and one that was moved from still works") {
    const Parameters block;
    Program first(block, [](std::span<const Value> x) { return std::vector<Value>{exp(x[0])}; });
    const Program copy = first, moved = std::move(first);
    CHECK(copy.per_example_values(std::array{0.0})[0] == 1.0);
    CHECK(moved.describe() == copy.describe());
    CHECK(first.per_example_values(std::array{0.0})[0] == 1.0);
}

TEST_CASE("program: mistakes have messages") {
    Parameters block, other;
    const Parameter p = block.add("p", {2}), q = other.add("q", {2});
    CHECK_THROWS_WITH_AS(Program(block, nullptr, {.threads = 0}),
                         "compile: there must be at least one thread, path and shape: found 0, 64 and 1024. "
                         "Leave them out for "
                         "1, 64 and 1024.",
                         DomainError);
    CHECK_THROWS_WITH_AS(Program(block, nullptr), "compile: the formula is empty. Give it a function.",
                         DomainError);
    const Formula square = [](std::span<const Value> x) { return std::vector<Value>{x[0] * x[0]}; };
    CHECK_THROWS_WITH_AS(
        Program(block, square, {.threads = 100'000}),
        "compile: too many threads: found 100000, at most 1024. As many as the processor has is best.",
        DomainError);
    CHECK(Program(block, square, {.threads = 2}).per_example_values(std::array{3.0})[0] == 9.0);
    const Program foreign(block,
                          [&](std::span<const Value> x) { return std::vector<Value>{x[0] * q.view()[0]}; });
    CHECK_THROWS_WITH_AS(
        (void)foreign.per_example_values(std::array{1.0}),
        "compile: it depends on parameters of another model. Keep all that it uses in one block.", TapeError);
    const Program two(block, [&](std::span<const Value> x) {
        return std::vector<Value>{x[0], x[0] * p.view()[0]};
    });
    CHECK_THROWS_WITH_AS(
        (void)two.value_and_gradient(std::array{1.0}),
        "program: the gradient of one output is defined, but there are 2. Return one, such as a loss.",
        ShapeError);
    CHECK_THROWS_AS((void)two.per_example_gradients(std::array{1.0}), ShapeError);
    CHECK_THROWS_AS((void)two.hessian(std::array{1.0}), ShapeError);
    const Program uneven(block, [&](std::span<const Value> x) {
        return x[0] > 0.0 ? std::vector<Value>{x[0]} : std::vector<Value>{x[0], p.view()[0]};
    });
    CHECK_THROWS_WITH_AS(
        (void)uneven.per_example_values({std::array{1.0, -1.0}, 2}),
        "program: the formula has 1 outputs for one example and 2 for another. Return as many for each.",
        ShapeError);
    Parameters growing;
    const Parameter first = growing.add("first", {2});
    const auto product = [&](std::span<const Value> x) { return x[0] * first.view()[1]; };
    const Program early = compile(growing, product);
    CHECK(early(std::array{1.0}) == 0.0);
    const Parameter more = growing.add("more", {3});
    CHECK_THROWS_WITH_AS(
        (void)early(std::array{1.0}),
        "program: parameters were added to the block: there were 2, now there are 5. Compile after adding.",
        ShapeError);
    CHECK(compile(growing, product)(std::array{1.0}) == 0.0);
    const Program sizes(block, [&](std::span<const Value> x) { return std::vector<Value>{sum(x)}; },
                        {.max_shapes = 2});
    for (int pass = 0; pass < 2; ++pass) {
        CHECK(sizes.value(std::array{1.0}) == 1.0);
        CHECK(sizes.value(std::array{1.0, 2.0}) == 3.0);
    }
    CHECK_THROWS_WITH_AS(
        (void)sizes.value(std::array{1.0, 2.0, 3.0}),
        "program: it has met examples of more than 2 sizes. Give examples of one size, padded, "
        "or allow more with CompileOptions::max_shapes.",
        TapeError);
    const MLP model({2, 1}, {.seed = 1});
    const Program loss = compile(model, [](std::span<const Value>, const Value& y) { return y; });
    CHECK_THROWS_WITH_AS((void)loss.value({}),
                         "compile: an example has no target: its numbers are 0. Give it inputs and a target.",
                         ShapeError);
    const Program picks(block,
                        [&](std::span<const Value> x) { return std::vector<Value>{pick(p.view(), x[0])}; });
    CHECK(picks.per_example_values(std::array{1.0}) == std::vector<double>{0.0});
    CHECK_THROWS_AS((void)picks.per_example_values({std::array{1.0, 2.0}, 2}), ShapeError);
}

TEST_CASE("program: outputs that need no example, and programs without parameters") {
    const Parameters none;
    const Program program(none, [](std::span<const Value> x) {
        return std::vector<Value>{2.0, x[0], x[0] * 3.0};
    });
    CHECK(program.per_example_values({std::array{1.0, 5.0}, 2}) == std::vector<double>{2, 1, 3, 2, 5, 15});
}
