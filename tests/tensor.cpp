// SPDX-License-Identifier: MIT
#include "gradus/tensor.hpp"

#include <array>
#include <sstream>
#include <vector>

#include "allocations.hpp"
#include "doctest.hpp"
#include "gradus/derivatives.hpp"
#include "gradus/reduce.hpp"
#include "gradus/tensor/elementwise.hpp"

using namespace gradus;

namespace {

std::vector<double> numbers(const Tensor& x) { return {x.numbers().begin(), x.numbers().end()}; }

/// A number of which every element of the tensor has another part.
Value weighed(const Tensor& x) {
    Value total = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const std::size_t columns = x.rank() == 2 ? x.shape()[1] : 1;
        const Value element = x.rank() == 0 ? x() : x.rank() == 1 ? x(i) : x(i / columns, i % columns);
        total += element * (1.0 + static_cast<double>(i));
    }
    return total;
}

}  // namespace

template <class Index>
concept IsIndex = requires(const Tensor& t, Index i) {
    t(i);
};
static_assert(IsIndex<std::size_t> && IsIndex<int>);
static_assert(!IsIndex<double>);  // 1.9 would be 1

TEST_CASE("shape: sizes, rank and text") {
    CHECK(Shape().size() == 1);
    CHECK(to_string(Shape()) == "()");
    CHECK(to_string(Shape{2, 3}) == "(2,3)");
    CHECK(Shape{2, 0, 3}.size() == 0);
    CHECK(Shape{2, 3} != Shape{2, 3, 1});
    CHECK_THROWS_WITH_AS(
        (Shape{1, 2, 3, 4, 5}),
        "shape: too many axes: found (1,2,3,4,5), at most 4 are possible. Join some of them.", ShapeError);
    CHECK_THROWS_WITH_AS((Shape{std::size_t{1} << 40, std::size_t{1} << 40}),
                         "shape: too many numbers: found (1099511627776,1099511627776), at most 536870911 "
                         "fit. Split the tensor, or check the sizes.",
                         ShapeError);
}

TEST_CASE("shape: axes of empty tensors must not be too long, either") {
    CHECK(Shape{0, 536870911}.size() == 0);
    CHECK_THROWS_WITH_AS(
        (Shape{65536, 0, 65536}),
        "shape: too many numbers: found (65536,0,65536), at most 536870911 fit. Split the tensor, "
        "or check the sizes.",
        ShapeError);
}

TEST_CASE("shape: axes count from either end") {
    CHECK(resolve_axis("sum", {2, 3}, 0) == 0);
    CHECK(resolve_axis("sum", {2, 3}, -1) == 1);
    CHECK_THROWS_WITH_AS(resolve_axis("sum", {2, 3}, 2),
                         "sum: there is no axis 2: the shape is (2,3). Name one from 0 to 1, or from -2 to "
                         "-1, the last one.",
                         ShapeError);
}

TEST_CASE("shape: one number has no axes") {
    CHECK_THROWS_WITH_AS(
        resolve_axis("sum", {}, 0),
        "sum: there is no axis 0: the shape is (), that of one number. Give a tensor with axes.", ShapeError);
}

TEST_CASE("shape: sizes broadcast from the last axis on") {
    CHECK(broadcast("+", {2, 3}, {3}) == Shape{2, 3});
    CHECK(broadcast("+", {2, 1}, {1, 3}) == Shape{2, 3});
    CHECK(broadcast("+", {}, {4, 1, 2}) == Shape{4, 1, 2});
    CHECK(broadcast("+", {0, 3}, {1, 3}) == Shape{0, 3});
    CHECK_THROWS_WITH_AS(
        broadcast("+", {2, 3}, {2}),
        "+: shapes do not fit: a is (2,3), b is (2). From the last axis on, sizes must be equal "
        "or 1.",
        ShapeError);
}

TEST_CASE("tensor: made of lists, of numbers, of one number") {
    const Scope scope;
    const Tensor a = tensor({{1, 2, 3}, {4, 5, 6}});
    CHECK(a.shape() == Shape{2, 3});
    CHECK(a(1, 0).value() == 4.0);
    CHECK(tensor({{1}, {2}}).shape() == Shape{2, 1});
    CHECK(tensor({0, 1}).shape() == Shape{2});
    CHECK(tensor({{{1, 2}}}).shape() == Shape{1, 1, 2});
    CHECK(tensor(3).shape() == Shape{});
    CHECK(full({2, 2}, 0.5)(1, 1).value() == 0.5);
    const std::vector<double> row{1, 2, 3, 4};
    CHECK(tensor(row, {2, 2})(1, 1).value() == 4.0);
    CHECK_THROWS_WITH_AS(
        tensor(row, {3}),
        "tensor: the numbers do not fill the shape: found 4 for (3), which holds 3. Give as many "
        "numbers as the product of the sizes.",
        ShapeError);
    CHECK_THROWS_WITH_AS(
        tensor({{1, 2}, {3}}),
        "tensor: the lists differ: by the first ones the shape is (2,2), but on axis 1 there is a "
        "list of 1. Make all lists of an axis equally long.",
        ShapeError);
    CHECK_THROWS_AS(tensor({{1, 2}, 3}), ShapeError);
    CHECK_THROWS_AS(tensor({1, {2, 3}}), ShapeError);
}

TEST_CASE("tensor: an element is a value of the same slot") {
    const Scope scope;
    const Tensor x = variable(tensor({{1, 2}, {3, 4}}));
    const Value y = x(0, 1) * x(1, 0) + x(0, 1);
    backward(y);
    CHECK(numbers(x.gradient()) == std::vector<double>{0, 4, 2, 0});
    CHECK(x(0, 1).gradient() == 4.0);
    CHECK_THROWS_WITH_AS(
        (void)x(0),
        "tensor: the number of indices is wrong: found 1 of a tensor of shape (2,2). Give one for "
        "each axis.",
        ShapeError);
    CHECK_THROWS_WITH_AS(
        (void)x(0, 2),
        "tensor: there is no such element: index 2 on axis 1 of a tensor of shape (2,2). Indices "
        "begin at 0.",
        ShapeError);
    CHECK_THROWS_WITH_AS(
        (void)x(0, -1),
        "tensor: there is no such element: index -1 on axis 1 of a tensor of shape (2,2). Indices "
        "begin at 0.",
        ShapeError);
}

TEST_CASE("tensor: item is the only number") {
    const Scope scope;
    const Tensor x = variable(tensor({{5}}));
    backward(x.item() * 3.0);
    CHECK(x.gradient().item().value() == 3.0);
    CHECK_THROWS_WITH_AS(
        (void)tensor({1, 2}).item(),
        "item: there is not one number: the shape is (2). Name one with t(i, j), or take the sum "
        "or mean.",
        ShapeError);
}

TEST_CASE("tensor: a rewound one is an error, a constant, too") {
    const Tensor outside = variable(tensor({1, 2}));
    Tensor x = outside, c = outside;
    {
        const Scope scope;
        x = exp(outside);
        c = tensor({1, 2});
    }
    const char* const message =
        "value: it was recorded before the tape was rewound or cleared. Compute it again.";
    CHECK_THROWS_WITH_AS(x + 1, message, TapeError);
    CHECK_THROWS_WITH_AS(c + 1, message, TapeError);
    CHECK_THROWS_WITH_AS(numbers(c), message, TapeError);
    CHECK_THROWS_WITH_AS((void)x(0), message, TapeError);
    CHECK(numbers(outside + 1) == std::vector<double>{2, 3});
}

TEST_CASE("tensor: scalars and tensors mix in one backward pass") {
    const auto f = [](std::span<const Value> v) {
        const Value product = v[0] * v[1];
        std::array<Value, 3> row;
        for (std::size_t i = 0; i < 3; ++i) row[i] = product * v[i + 2] + v[1];
        const Value middle = row[0] * row[2] + v[0];
        Value sum = 0.0;
        for (std::size_t i = 0; i < 3; ++i) sum += row[i] * middle * (1.0 + static_cast<double>(i));
        return sum * 0.5;
    };
    const auto expected = value_and_gradient(f, std::vector<double>{2, 3, 1, 2, 3});

    const Scope scope;
    const Value a = variable(2.0), b = variable(3.0);
    const Tensor x = variable(tensor({1, 2, 3}));
    const Value before = a * b;             // 6
    const Tensor y = before * x + b;        // 6 x + 3
    const Value between = y(0) * y(2) + a;  // 9 * 21 + 2
    const Tensor z = y * between;           //
    const Value after = weighed(z) * 0.5;
    backward(after);
    CHECK(after.value() == doctest::Approx(expected.value));
    CHECK(a.gradient() == doctest::Approx(expected.gradient[0]));
    CHECK(b.gradient() == doctest::Approx(expected.gradient[1]));
    for (std::size_t i = 0; i < 3; ++i) CHECK(x(i).gradient() == doctest::Approx(expected.gradient[i + 2]));
}

TEST_CASE("tensor: backward may start inside a tensor, below others") {
    const Scope scope;
    const Tensor x = variable(tensor({1, 2, 3, 4}));
    const Tensor y = x * x;
    const Tensor z = exp(y);
    const Value unused = z(0) + 1.0;
    const Value element = y(2);
    backward(element);
    CHECK(numbers(x.gradient()) == std::vector<double>{0, 0, 6, 0});
    backward(element, 2.0);
    CHECK(numbers(x.gradient()) == std::vector<double>{0, 0, 12, 0});
    CHECK(unused.gradient() == 0.0);
}

TEST_CASE("tensor: what does not lead to the result adds nothing, not even 0 * inf") {
    const Scope scope;
    const Tensor x = variable(tensor({0, 1}));
    const Tensor unused = log(x) * x;
    const Value y = x(0) * 2.0;
    backward(y);
    CHECK(numbers(x.gradient()) == std::vector<double>{2, 0});
    CHECK(unused.size() == 2);
}

TEST_CASE("tensor: values side by side in consecutive slots are one for free") {
    const Scope scope;
    const std::vector<Value> x = variables(std::array{1.0, 2.0, 3.0});
    const std::size_t entries = Tape::current().entry_count();
    const Tensor row = stack(x);
    CHECK(Tape::current().entry_count() == entries);
    backward(weighed(row));
    CHECK(x[2].gradient() == 3.0);

    const std::array<Value, 4> mixed{x[2], 7.0, x[0], x[0]};
    const Tensor gathered = stack(mixed);
    CHECK(Tape::current().entry_count() > entries);
    backward(weighed(gathered));
    CHECK(x[2].gradient() == 1.0);
    CHECK(x[0].gradient() == 7.0);
    CHECK(stack(std::array<Value, 2>{1.0, 2.0}).is_constant());
    CHECK(stack({}).shape() == Shape{0});
}

TEST_CASE("tensor: a parameter's gradient accumulates in its block, from tensors and from values") {
    Parameters block;
    const Parameter w = block.add("w", {2, 2});
    const Parameter b = block.add("b", {2}, false);
    std::copy_n(std::array{1.0, 2.0, 3.0, 4.0}.begin(), 4, w.values().begin());
    for (int pass = 1; pass <= 2; ++pass) {
        const Scope scope;
        const Tensor t = w.tensor() * w.tensor() + b.tensor();
        const Value loss = weighed(t) + w.view()[3] * 100.0 + w.tensor()(0, 0) * 1000.0;
        backward(loss);
        CHECK(std::vector<double>(block.gradients().begin(), block.gradients().end()) ==
              std::vector<double>{1002.0 * pass, 8.0 * pass, 18.0 * pass, 132.0 * pass, 4.0 * pass,
                                  6.0 * pass});
        CHECK(numbers(b.tensor().gradient()) == std::vector<double>{4.0 * pass, 6.0 * pass});
    }
}

TEST_CASE("tensor: stacked parameters of two blocks keep to their blocks") {
    Parameters first, second;
    const Parameter a = first.add("a", {2}), b = second.add("b", {2});
    const Scope scope;
    const std::array<Value, 4> all{b.view()[0], b.view()[1], a.view()[0], a.view()[1]};
    backward(weighed(stack(all)));
    CHECK(std::vector<double>(b.gradients().begin(), b.gradients().end()) == std::vector<double>{1, 2});
    CHECK(std::vector<double>(a.gradients().begin(), a.gradients().end()) == std::vector<double>{3, 4});
}

TEST_CASE("tensor: printed as NumPy does") {
    const Scope scope;
    std::ostringstream out;
    out << tensor({{1, 2.5}, {-3, 1e-7}});
    CHECK(out.str() == "[[1, 2.5],\n [-3, 1e-07]]");
    CHECK(to_string(Tensor(2.0)) == "2");
    CHECK(to_string(tensor({{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}})) ==
          "[[[1, 2],\n  [3, 4]],\n [[5, 6],\n  [7, 8]]]");
    CHECK(to_string(full({2000}, 1)) == "[1, 1, 1, ..., 1, 1, 1]");
    CHECK(to_string(full({2, 0}, 1)) == "[[],\n []]");
}

TEST_CASE("tensor: backward from one that is not a number is an error") {
    const Scope scope;
    const Tensor x = variable(tensor({1, 2}));
    CHECK_THROWS_WITH_AS(
        backward(x * 2.0),
        "backward: the result is not one number: its shape is (2). Sum it, or take its mean, first.",
        ShapeError);
}

TEST_CASE("tensor: on a graph the trace names the operation and its operands") {
    Tape tape{Tape::Mode::graph};
    const Recording on(tape);
    const Tensor x = variable(tensor({1, 2, 3}));
    const Tensor y = exp(x) * 2.0;
    backward(weighed(y));
    const auto trace = tape.trace();
    REQUIRE(trace.size() > 3);
    CHECK(std::string(trace[0].operation) == "variable");
    CHECK(trace[0].size == 3);
    CHECK(std::string(trace[1].operation) == "exp");
    CHECK(trace[1].operands.front() == trace[0].slot);
    CHECK(x(1).gradient() == doctest::Approx(4 * std::exp(2.0)));
}

TEST_CASE("tensor: a graph has room for numbers after a large tensor") {
    Tape tape{Tape::Mode::graph};
    const Recording on(tape);
    const Tensor x = variable(full({100'000}, 1.0));
    const Tensor y = x + x;
    Value z = y(99'999);
    for (int k = 0; k < 10; ++k) z *= 2.0;
    CHECK(tape.trace().back().value == 2048.0);
    backward(z);
    CHECK(x(99'999).gradient() == 2048.0);
}

TEST_CASE("tensor: a step of the steady state allocates nothing") {
    Parameters block;
    const Parameter w = block.add("w", {100, 30});
    const std::vector<double> input(30, 0.5);
    const auto step = [&] {
        const Scope scope;
        const Tensor y = tanh(w.tensor() * tensor(input, {30})) + 1.0;
        backward(y(3, 4) + y(99, 29));
    };
    step();
    const std::size_t before = allocation_count();
    for (int i = 0; i < 10; ++i) step();
    CHECK(allocation_count() == before);
}

TEST_CASE("tensor: a full tape says so") {
    Tape tape{{.max_entries = 100}};
    const Recording on(tape);
    const Tensor x = variable(full({40}, 1.0));
    CHECK_THROWS_AS(exp(exp(x)), TapeError);
}
