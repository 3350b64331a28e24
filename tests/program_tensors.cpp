// SPDX-License-Identifier: MIT
// Tests of programs whose formulas use tensors: each operation number by number, against the tape.
#include <array>

#include "doctest.hpp"
#include "gradus/gradus.hpp"
#include "programs.hpp"
#include "tensor/operation.hpp"
#include "tensors.hpp"

using namespace gradus;

namespace {

using Tensors = std::span<const Tensor>;

/// Compare the program of f(operands), a tensor or a value, with the tape. The operands have these shapes and
/// numbers: all the same for all examples, or none, or every other one.
template <class F>
void check_compiled(F f, const std::vector<Shape>& shapes, const std::vector<double>& numbers) {
    constexpr std::size_t kExamples = 3;
    Parameters block;
    std::vector<Parameter> parameters;
    std::size_t n = 0;
    for (const Shape& shape : shapes) {
        parameters.push_back(block.add(std::to_string(n), {shape.begin(), shape.end()}));
        n += shape.size();
    }
    REQUIRE(n == numbers.size());
    std::ranges::copy(numbers, block.values().begin());
    std::vector<double> moves = normals(n * kExamples, 1);  // of the numbers, for each example
    for (double& move : moves) move *= 0.02;
    for (const std::size_t moving : {0b00u, 0b11u, 0b01u, 0b10u}) {
        check_program(
            block,
            [&](std::span<const Value> inputs) {
                std::vector<Tensor> operands;
                for (std::size_t i = 0; i < shapes.size(); ++i) {
                    const Tensor p = parameters[i].tensor();
                    const bool moves_too = (moving >> i % 2 & 1) != 0;
                    operands.push_back(moves_too ? p + tensor(inputs.first(p.size()), p.shape()) : p);
                    inputs = inputs.subspan(p.size());
                }
                return std::vector<Value>{weighed(f(Tensors(operands)))};
            },
            moves, kExamples);
    }
}

template <class F>
void check_compiled(F f, const std::vector<Shape>& shapes) {
    std::size_t n = 0;
    for (const Shape& shape : shapes) n += shape.size();
    check_compiled(f, shapes, some_numbers(n));
}

/// Return the instructions of a program after one example.
std::string instructions(const Parameters& block, const Formula& formula, std::span<const double> example) {
    const Program program(block, formula);
    (void)program.per_example_values(example);
    const std::string story = program.describe();
    return story.substr(story.find("examples:\n") + std::string("examples:\n").size());
}

}  // namespace

TEST_CASE("program of tensors: every operation of one tensor") {
    const auto check = [](auto f, double low, double high) {
        std::vector<double> x = some_numbers(6);  // between -2 and 2
        for (double& x_i : x) x_i = low + (high - low) * (x_i + 2.0) / 4.0;
        check_compiled([&](Tensors x_0) { return f(x_0[0]); }, {{2, 3}}, x);
    };
    const auto check_all = [&](double low, double high, auto... f) { (check(f, low, high), ...); };
    check_all(
        -2.0, 2.0, [](const Tensor& x) { return -x; }, [](const Tensor& x) { return abs(x); },
        [](const Tensor& x) { return exp(x); }, [](const Tensor& x) { return expm1(x); },
        [](const Tensor& x) { return exp2(x); }, [](const Tensor& x) { return sin(x); },
        [](const Tensor& x) { return cos(x); }, [](const Tensor& x) { return atan(x); },
        [](const Tensor& x) { return sinh(x); }, [](const Tensor& x) { return cosh(x); },
        [](const Tensor& x) { return tanh(x); }, [](const Tensor& x) { return asinh(x); },
        [](const Tensor& x) { return erf(x); }, [](const Tensor& x) { return erfc(x); },
        [](const Tensor& x) { return sigmoid(x); }, [](const Tensor& x) { return softplus(x); },
        [](const Tensor& x) { return log_sigmoid(x); }, [](const Tensor& x) { return relu(x); },
        [](const Tensor& x) { return leaky_relu(x); }, [](const Tensor& x) { return elu(x); },
        [](const Tensor& x) { return gelu(x); }, [](const Tensor& x) { return silu(x); });
    check_all(
        0.3, 0.9, [](const Tensor& x) { return sqrt(x); }, [](const Tensor& x) { return cbrt(x); },
        [](const Tensor& x) { return log(x); }, [](const Tensor& x) { return log1p(x); },
        [](const Tensor& x) { return log2(x); }, [](const Tensor& x) { return log10(x); },
        [](const Tensor& x) { return tan(x); }, [](const Tensor& x) { return asin(x); },
        [](const Tensor& x) { return acos(x); }, [](const Tensor& x) { return acosh(x + 1.0); },
        [](const Tensor& x) { return atanh(x); }, [](const Tensor& x) { return lgamma(x); });
}

TEST_CASE("program of tensors: every operation of two tensors, whatever their shapes") {
    const std::vector<std::vector<Shape>> pairs{{{2, 3}, {2, 3}}, {{2, 3}, {3}}, {{2, 1}, {1, 3}},
                                                {{2, 3}, {}},     {{}, {2}},     {{2, 1, 3}, {4, 1}}};
    for (const std::vector<Shape>& shapes : pairs) {
        std::vector<double> positive = some_numbers(shapes[0].size() + shapes[1].size());  // for pow
        for (double& x_i : positive) x_i = 0.7 + 0.3 * x_i;
        check_compiled([](Tensors x) { return x[0] + x[1]; }, shapes, positive);
        check_compiled([](Tensors x) { return x[0] - x[1]; }, shapes, positive);
        check_compiled([](Tensors x) { return x[0] * x[1]; }, shapes, positive);
        check_compiled([](Tensors x) { return x[0] / x[1]; }, shapes, positive);
        check_compiled([](Tensors x) { return pow(x[0], x[1]); }, shapes, positive);
        check_compiled([](Tensors x) { return atan2(x[0], x[1]); }, shapes, positive);
        check_compiled([](Tensors x) { return hypot(x[0], x[1]); }, shapes, positive);
        check_compiled([](Tensors x) { return min(x[0], x[1]); }, shapes, positive);
        check_compiled([](Tensors x) { return max(x[0], x[1]); }, shapes, positive);
        check_compiled([](Tensors x) { return leaky_relu(x[0] - 0.7, x[1]); }, shapes, positive);
        check_compiled([](Tensors x) { return elu(x[0] - 0.7, x[1]); }, shapes, positive);
    }
    check_compiled([](Tensors x) { return 2.0 * x[0] + some({2, 1}) / (1.0 + x[0] * x[0]); }, {{3}});
}

TEST_CASE("program of tensors: products of matrices, of vectors, of many at once") {
    check_compiled([](Tensors x) { return matmul(x[0], x[1]); }, {{3, 4}, {4, 2}});
    check_compiled([](Tensors x) { return matmul(x[0], x[1]); }, {{4}, {4, 2}});
    check_compiled([](Tensors x) { return matmul(x[0], x[1]); }, {{3, 4}, {4}});
    check_compiled([](Tensors x) { return matmul(x[0], x[1]); }, {{4}, {4}});
    check_compiled([](Tensors x) { return matmul(x[0], x[1]); }, {{3, 1}, {1, 2}});
    check_compiled([](Tensors x) { return matmul(x[0], x[1]); }, {{2, 3, 4}, {4, 2}});
    check_compiled([](Tensors x) { return matmul(x[0], x[1]); }, {{2, 1, 3, 4}, {5, 4, 2}});
    check_compiled([](Tensors x) { return matmul(x[0], x[1].T()); }, {{3, 4}, {2, 4}});
    check_compiled([](Tensors x) { return matmul(x[0].T(), x[1]); }, {{4, 3}, {4, 2}});
    check_compiled([](Tensors x) { return matmul(x[0].T(), x[1].T()); }, {{4, 3}, {2, 4}});
    check_compiled([](Tensors x) { return outer(x[0], x[1]); }, {{3}, {2}});
    check_compiled([](Tensors x) { return linear(x[0], x[1]); }, {{3, 4}, {2, 4}});
    check_compiled([](Tensors x) { return linear(x[0], x[1], x[2]); }, {{3, 4}, {2, 4}, {2}});
    check_compiled([](Tensors x) { return linear(x[0], x[1], x[2]); }, {{4}, {2, 4}, {2}});
    check_compiled([](Tensors x) { return linear(x[0], x[1], x[2]); }, {{2, 3, 4}, {2, 4}, {2}});
    check_compiled([](Tensors x) { return matmul(some({2, 3}), x[0]); }, {{3, 2}});
}

TEST_CASE("program of tensors: reductions, of all and along each axis") {
    const auto check = [](auto f) {
        check_compiled([&](Tensors x) { return f(x[0]); }, {{2, 3, 4}});
        for (const int axis : {0, 1, -1}) {
            check_compiled([&](Tensors x) { return f(x[0], axis); }, {{2, 3, 4}});
            check_compiled([&](Tensors x) { return f(x[0], axis, Reduced{.keep = true}) * x[0]; },
                           {{2, 3, 4}});
        }
    };
    check([](auto... of) { return sum(of...); });
    check([](auto... of) { return mean(of...); });
    check([](auto... of) { return norm(of...); });
    check([](auto... of) { return logsumexp(of...); });
    check([](auto... of) { return max(of...); });
    check([](auto... of) { return min(of...); });
}

TEST_CASE("program of tensors: other shapes of the same numbers") {
    check_compiled([](Tensors x) { return reshape(x[0], {3, 2}); }, {{2, 3}});
    check_compiled([](Tensors x) { return row(x[0], 1) * row(x[0], 0); }, {{2, 3}});
    check_compiled([](Tensors x) { return slice(x[0], 0, 1, 3); }, {{4, 3}});
    check_compiled([](Tensors x) { return slice(x[0], -1, 1, 3); }, {{2, 2, 4}});
    check_compiled([](Tensors x) { return split(x[0], 2, 1)[1]; }, {{2, 4}});
    check_compiled([](Tensors x) { return transpose(x[0]); }, {{2, 3}});
    check_compiled([](Tensors x) { return transpose(x[0], 0, 2); }, {{2, 3, 4}});
    check_compiled([](Tensors x) { return concatenate({x[0], some({2, 1}), x[1]}, 1); }, {{2, 3}, {2, 2}});
    check_compiled([](Tensors x) { return stack({x[0], x[1], some({3})}); }, {{3}, {3}});
    check_compiled([](Tensors x) { return gather(x[0], std::array<std::size_t, 3>{2, 0, 2}); }, {{3, 2}});
    check_compiled([](Tensors x) { return masked_fill(x[0], tensor({{0, 1, 0}}), -3.0); }, {{2, 3}});
    check_compiled([](Tensors x) { return x[0] * one_hot(std::array<std::size_t, 2>{2, 0}, 3); }, {{2, 3}});
    check_compiled(
        [](Tensors x) {
            return stack(std::vector<Value>{x[0](1), 2.0, x[1](0) * x[0](0)});
        },
        {{2}, {1}});
    check_compiled([](Tensors x) { return x[0] * variable(some({2, 3})) + x[0](1, 2); }, {{2, 3}});
}

TEST_CASE("program of tensors: functions of rows") {
    check_compiled([](Tensors x) { return softmax(x[0]); }, {{3, 4}});
    check_compiled([](Tensors x) { return log_softmax(x[0]); }, {{2, 1, 4}});
    check_compiled([](Tensors x) { return layer_norm(x[0]); }, {{3, 4}});
    check_compiled([](Tensors x) { return layer_norm(x[0], x[1], x[2], 0.1); }, {{3, 4}, {4}, {4}});
    check_compiled([](Tensors x) { return rms_norm(x[0]); }, {{3, 4}});
    check_compiled([](Tensors x) { return rms_norm(x[0], x[1], 0.1); }, {{3, 4}, {4}});
    Random random(1);
    check_compiled([&](Tensors x) { return dropout(x[0], 0.5, random, false); }, {{3, 4}});
}

TEST_CASE("program of tensors: losses") {
    const std::array<std::size_t, 3> labels{1, 0, 3};
    check_compiled([&](Tensors x) { return softmax_cross_entropy(x[0], labels); }, {{3, 4}});
    check_compiled([](Tensors x) { return mean_squared_error(x[0], x[1]); }, {{3, 2}, {3, 2}});
    check_compiled([](Tensors x) { return mean_squared_error(x[0], some({3, 2})); }, {{3, 2}});
    check_compiled([](Tensors x) { return huber(x[0], x[1]); }, {{6}, {6}});
    check_compiled([](Tensors x) { return huber(x[0], x[1], 0.3); }, {{6}, {6}});
    check_compiled([](Tensors x) { return hinge(x[0], tensor({1, -1, 1})); }, {{3}});
    check_compiled([](Tensors x) { return binary_cross_entropy(x[0], sigmoid(x[1])); }, {{3}, {3}});
    check_compiled([](Tensors x) { return binary_cross_entropy(x[0], tensor({0, 0.3, 1})); }, {{3}});
}

TEST_CASE("program of tensors: attention, with heads, batches and short texts") {
    for (const bool causal : {true, false}) {
        const auto attend = [&](std::size_t heads) {
            return [=](Tensors x) { return attention(x[0], x[1], x[2], {.heads = heads, .causal = causal}); };
        };
        check_compiled(attend(1), {{3, 2}, {3, 2}, {3, 2}});
        check_compiled(attend(2), {{3, 4}, {5, 4}, {5, 6}});
        check_compiled(attend(2), {{2, 3, 4}, {2, 3, 4}, {2, 3, 2}});
    }
}

TEST_CASE("program of tensors: convolution and pooling") {
    check_compiled([](Tensors x) { return conv2d(x[0], x[1]); }, {{2, 2, 4, 3}, {3, 2, 2, 2}});
    check_compiled([](Tensors x) { return conv2d(x[0], x[1], x[2], {.stride = 2, .padding = 1}); },
                   {{1, 2, 5, 4}, {3, 2, 3, 3}, {3}});
    check_compiled([](Tensors x) { return max_pool2d(x[0]); }, {{2, 1, 4, 5}});
    check_compiled([](Tensors x) { return max_pool2d(x[0], {.size = 3, .stride = 1}); }, {{1, 2, 4, 5}});
    check_compiled([](Tensors x) { return average_pool2d(x[0]); }, {{2, 1, 4, 5}});
}

TEST_CASE("program of tensors: a product is one instruction, and so is what is done to each number") {
    Parameters block;
    const Parameter w = block.add("w", {4, 6}), b = block.add("b", {4}, false);
    std::ranges::copy(normals(28, 1), block.values().begin());
    const Formula one = [&](std::span<const Value> x) {
        return std::vector<Value>{sum(tanh(matmul(w.tensor(), stack(x)) + b.tensor()))};
    };
    CHECK(instructions(block, one, normals(6, 2)) ==
          "    product   (4,6)\n"
          "    +         (4)\n"
          "    tanh      (4)\n"
          "    sum       (1), each of 4\n");
    const Formula several = [&](std::span<const Value> x) {
        return std::vector<Value>{sum(tanh(linear(tensor(x, {5, 6}), w.tensor(), b.tensor())))};
    };
    CHECK(instructions(block, several, normals(30, 2)) ==
          "    product   (4,6) x (6,5)\n"
          "    +         (20)\n"
          "    tanh      (20)\n"
          "    sum       (1), each of 20\n");
    check_program(block, several, normals(30 * 20, 3), 20);

    const Formula by_columns = [&](std::span<const Value> x) {
        const Tensor matrix = reshape(w.tensor(), {6, 4});
        return std::vector<Value>{sum(tanh(matmul(tensor(x, {5, 6}), matrix)))};
    };
    CHECK(instructions(block, by_columns, normals(30, 2)) ==
          "    copy      (24)\n"  // the columns, once a batch
          "    product   (4,6) x (6,5)\n"
          "    tanh      (20)\n"
          "    sum       (1), each of 20\n");
    check_program(block, by_columns, normals(30 * 20, 3), 20);

    const Formula windows = [&](std::span<const Value> x) {
        const Tensor kernels = reshape(w.tensor(), {4, 1, 2, 3});
        return std::vector<Value>{sum(tanh(conv2d(tensor(x, {1, 1, 3, 4}), kernels, b.tensor())))};
    };
    CHECK(instructions(block, windows, normals(12, 2)) ==
          "    copy      (24)\n"  // the windows of each example
          "    product   (4,6) x (6,4)\n"
          "    +         (16)\n"
          "    tanh      (16)\n"
          "    sum       (1), each of 16\n");
    check_program(block, windows, normals(12 * 20, 3), 20);
}

TEST_CASE("program of tensors: indices and labels are looked up for each example") {
    Parameters block;
    const Parameter table = block.add("table", {5, 3}), head = block.add("head", {5, 3});
    std::ranges::copy(normals(30, 1), block.values().begin());
    const Formula formula = [&](std::span<const Value> tokens) {
        const Tensor x = tanh(embedding(table.tensor(), tokens.first(4)));
        return std::vector<Value>{softmax_cross_entropy(linear(x, head.tensor()), tokens.last(4))};
    };
    std::vector<double> tokens(5 * 40);
    for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<double>((i * i + i / 7) % 5);
    check_program(block, formula, tokens, 40);
    tokens[3] = 5.0;
    CHECK_THROWS_AS((void)Program(block, formula).value({tokens, 40}), ShapeError);

    const Formula masked = [&](std::span<const Value> x) {
        return std::vector<Value>{
            weighed(masked_fill(row(table.tensor(), 0) * x[3], stack(x.first(3)), 7.0))};
    };
    check_program(block, masked, std::array{0.0, 1.0, 0.0, 0.5, 1.0, 1.0, 0.0, -0.5}, 2);
}

TEST_CASE("gather, embedding, softmax_cross_entropy: values as indices serve outside of programs, too") {
    const Scope scope;
    const Tensor table = variable(some({3, 2}));
    const std::vector<Value> at{2.0, variable(0.0)};
    const std::vector<std::size_t> indices{2, 0};
    CHECK(numbers(gather(table, at)) == numbers(gather(table, indices)));
    CHECK(numbers(embedding(table, at)) == numbers(gather(table, indices)));
    CHECK(softmax_cross_entropy(table, std::vector<Value>{0.0, 1.0, 1.0}).value() ==
          softmax_cross_entropy(table, std::array<std::size_t, 3>{0, 1, 1}).value());
    CHECK(softmax_cross_entropy(row(table, 1), at[1]).value() ==
          softmax_cross_entropy(row(table, 1), std::array<std::size_t, 1>{0}).value());
    CHECK_THROWS_WITH_AS((void)gather(table, std::vector<Value>{0.5}),
                         "gather: this is no index: 0.5. Count from 0, in whole numbers.", ShapeError);
    CHECK_THROWS_WITH_AS((void)gather(table, std::vector<Value>{-1.0}),
                         "gather: this is no index: -1. Count from 0, in whole numbers.", ShapeError);
    CHECK_THROWS_AS((void)gather(table, std::vector<Value>{3.0}), ShapeError);
    CHECK_THROWS_AS((void)embedding(row(table, 0), at), ShapeError);
}

TEST_CASE("tape: of scalars only, an operation on tensors is one on each number, with the same gradients") {
    const auto run = [](const Tape::Options& options) {
        Tape tape(options);
        const Recording on(tape);
        const Tensor a = variable(some({2, 3})), b = variable(some({3}));
        backward(sum(tanh(matmul(a, b))));
        std::vector<double> gradients = numbers(a.gradient());
        for (const double db : b.gradient().numbers()) gradients.push_back(db);
        return std::pair(gradients, tape.trace().size());
    };
    using enum Tape::Mode;
    const auto [expected, entries] = run({.mode = graph});
    CHECK(entries == 5);  // variable, variable, matmul, tanh, sum
    for (const Tape::Mode mode : {graph, melting}) {
        const auto [gradients, scalar_entries] = run({.mode = mode, .scalars_only = true});
        CHECK(scalar_entries >= 6 + 3 + 2 + 2 + 1);  // stacks and constants may come in addition
        for (std::size_t i = 0; i < expected.size(); ++i)
            CHECK(std::abs(gradients[i] - expected[i]) <= 1e-14);  // a sum of 3 in another order
    }
}

TEST_CASE("tensor: values get a shape, for free where their slots are consecutive") {
    const Scope scope;
    const std::vector<Value> x = variables(some_numbers(6));
    const std::size_t before = Tape::current().entry_count();
    const Tensor t = tensor(x, {2, 3});
    CHECK(Tape::current().entry_count() == before);
    CHECK(t.shape() == Shape{2, 3});
    CHECK(t(1, 0).slot() == x[3].slot());
    CHECK_THROWS_WITH_AS((void)tensor(x, {2, 2}),
                         "tensor: the numbers do not fill the shape: found 6 for (2,2), which holds 4. Give "
                         "as many numbers as the product of the sizes.",
                         ShapeError);
}

TEST_CASE("unstack: a tensor's numbers become values, outputs of a program too") {
    const Scope scope;
    const Tensor x = variable(some({2, 2}));
    const std::size_t before = Tape::current().entry_count();
    const std::vector<Value> values = unstack(x);
    CHECK(Tape::current().entry_count() == before);
    CHECK(values.size() == 4);
    CHECK(values[2].slot() == x(1, 0).slot());
    CHECK(values[2].value() == x(1, 0).value());
    CHECK(unstack(some({3}))[1].is_constant());

    const Layer layer(3, 2, {.activation = "tanh", .seed = 1});
    const Program program(layer.parameters(),
                          [&](std::span<const Value> inputs) { return unstack(layer(stack(inputs))); });
    const std::vector<double> inputs = normals(3, 1), outputs = program.per_example_values(inputs);
    const std::vector<double> expected = layer.predict(inputs);
    REQUIRE(outputs.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) CHECK(std::abs(outputs[i] - expected[i]) <= 1e-15);
}

TEST_CASE("program of tensors: the Hessian matrix is that of the same formula of scalars") {
    const MLP model({3, 4, 2}, {.hidden = "tanh", .seed = 1});
    std::vector<double> inputs = normals(4 * 5, 2);
    for (std::size_t e = 0; e < 5; ++e) inputs[4 * e + 3] = static_cast<double>(e % 2);
    const auto hessian = [&](auto make) {
        const Program program = compile(model, [&](std::span<const Value> x, const Value& label) {
            return softmax_cross_entropy(model(make(x)), label);
        });
        return program.hessian({inputs, 5});
    };
    const auto of_tensors = hessian([](std::span<const Value> x) { return stack(x); });
    const auto of_scalars = hessian([](std::span<const Value> x) { return x; });
    double worst = 0.0;
    for (std::size_t i = 0; i < of_scalars.size(); ++i)
        worst = std::max(worst, std::abs(of_tensors[i] - of_scalars[i]));
    CHECK(worst <= 1e-14);  // the same sums, perhaps in another order
}

TEST_CASE("program of tensors: networks of layers, of convolutions, of transformer blocks") {
    const MLP mlp({5, 7, 3}, {.hidden = "tanh", .seed = 1});
    std::vector<double> inputs = normals(6 * 50, 2);
    for (std::size_t e = 0; e < 50; ++e) inputs[6 * e + 5] = static_cast<double>(e % 3);
    const auto classify = [&](std::span<const Value> x, const Value& label) {
        return softmax_cross_entropy(mlp(stack(x)), label);
    };
    check_same(compiled(mlp.parameters(), compile(mlp, classify), inputs, 50),
               on_the_tape(
                   mlp.parameters(),
                   [&](std::span<const Value> x) { return std::vector<Value>{classify(x.first(5), x[5])}; },
                   inputs, 50));

    const TransformerBlock block(4, {.heads = 2, .seed = 3});
    const auto rebuild = [&](std::span<const Value> x, const Value& target) {
        return squared_error(mean(block(tensor(x, {3, 4}))), target);
    };
    inputs = normals(13 * 20, 4);
    const Program program = compile(block, rebuild);
    check_same(compiled(block.parameters(), program, inputs, 20),
               on_the_tape(
                   block.parameters(),
                   [&](std::span<const Value> x) { return std::vector<Value>{rebuild(x.first(12), x[12])}; },
                   inputs, 20));
    const std::span<const double> example = std::span(inputs).first(13);
    const std::vector<double> by_inputs = program.jacobian_by_inputs(example);
    {
        const Scope scope;
        const std::vector<Value> x = variables(example);
        backward(rebuild(std::span(x).first(12), x[12]));
        for (std::size_t i = 0; i < 13; ++i) CHECK(std::abs(by_inputs[i] - x[i].gradient()) <= 1e-12);
    }

    Sequential pictures({.seed = 2});
    pictures.add<Conv2d>(1, 2, 3, {.padding = 1, .activation = "relu"});
    pictures.add(MaxPool2d(2));
    pictures.add(Dropout(0.5));
    pictures.add(Flatten());
    pictures.add<Linear>(8, 3);
    pictures.eval();
    check_program(
        pictures.parameters(),
        [&](std::span<const Value> x) {
            return std::vector<Value>{
                softmax_cross_entropy(pictures(tensor(x.first(16), {1, 1, 4, 4})), x[16])};
        },
        [] {
            std::vector<double> x = normals(17 * 5, 3);
            for (std::size_t e = 0; e < 5; ++e) x[17 * e + 16] = static_cast<double>(e % 3);
            return x;
        }(),
        5);

    for (const char* norm : {"layer_norm", "rms_norm"}) {
        Parameters weights;
        const Embedding token(weights, 6, 8, {.deviation = 0.5, .seed = 1, .name = "token"});
        const TransformerBlock transformer(weights, 8,
                                           {.heads = 2, .norm = norm, .seed = 2, .name = "block"});
        const Linear head(weights, 8, 6, {.seed = 3, .name = "head"});
        std::vector<double> tokens(6 * 20);
        for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<double>((i * i + i / 5) % 6);
        check_program(
            weights,
            [&](std::span<const Value> text) {
                const Tensor x = token(text.first(5));
                return std::vector<Value>{softmax_cross_entropy(head(transformer(x)), text.last(5))};
            },
            tokens, 20);
    }
}

TEST_CASE("program of tensors: what a program would freeze is refused") {
    Parameters block;
    const Parameter p = block.add("p", {3});
    std::ranges::copy(normals(3, 1), block.values().begin());
    const auto run = [&](auto f) {
        (void)Program(block, [&](std::span<const Value> x) {
            return std::vector<Value>{f(p.tensor() + stack(x))};
        }).value(normals(3, 2));
    };
    const char* const frozen =
        "numbers: a program would keep these numbers of its first example. Compute with the tensor, or run "
        "the formula uncompiled.";
    CHECK_THROWS_WITH_AS(run([](const Tensor& x) { return x.numbers()[0] * sum(x); }), frozen, TapeError);
    CHECK_THROWS_WITH_AS(run([](const Tensor& x) { return x(argmax(x)); }), frozen, TapeError);
    CHECK_NOTHROW(run([](const Tensor& x) { return sum(x) * some({3}).numbers()[0]; }));
    CHECK_NOTHROW(run([](const Tensor& x) { return sum(x) * to_string(x).size(); }));

    Random random(1);
    CHECK_THROWS_WITH_AS(run([&](const Tensor& x) { return sum(dropout(x, 0.5, random)); }),
                         "dropout: a program would drop the same numbers each time. Switch it off with "
                         "eval(), or run the formula uncompiled.",
                         TapeError);
    CHECK_THROWS_WITH_AS(
        run([](const Tensor& x) {
            const gradus::detail::Operation operation("twice", {x});
            return operation.finish(2.0 * x.data()[0],
                                    [x](const gradus::detail::Pull& d) { d(x)[0] += 2.0 * *d.result(); });
        }),
        "compile: it is not told how to do this tensor operation number by number: twice. Write it with "
        "others, or run the formula uncompiled.",
        TapeError);
}
