// SPDX-License-Identifier: MIT
#include "gradus/tensor/matmul.hpp"

#include <array>
#include <string>
#include <vector>

#include "allocations.hpp"
#include "doctest.hpp"
#include "gradus/reduce.hpp"
#include "gradus/tensor/elementwise.hpp"
#include "tensors.hpp"

using namespace gradus;

namespace {

using Operands = std::span<const Tensor>;

/// The product by its definition, of two matrices.
std::vector<double> product(const Tensor& a, const Tensor& b) {
    std::vector<double> c;
    for (std::size_t i = 0; i < a.shape()[0]; ++i) {
        for (std::size_t j = 0; j < b.shape()[1]; ++j) {
            double sum = 0.0;
            for (std::size_t l = 0; l < b.shape()[0]; ++l) sum += a(i, l).value() * b(l, j).value();
            c.push_back(sum);
        }
    }
    return c;
}

void check_close(const Tensor& found, const std::vector<double>& expected) {
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        CAPTURE(i);
        CHECK(found.numbers()[i] == doctest::Approx(expected[i]).epsilon(1e-13));
    }
}

struct Sizes {
    std::size_t m, n, k;
};
std::string text(const Sizes& s) { return to_string(Shape{s.m, s.n, s.k}); }
const std::array kSizes{Sizes{1, 1, 1}, Sizes{1, 5, 3}, Sizes{4, 1, 3}, Sizes{3, 2, 1}, Sizes{2, 3, 4},
                        Sizes{5, 7, 9}, Sizes{0, 2, 3}, Sizes{2, 0, 3}, Sizes{2, 3, 0}, Sizes{0, 0, 0}};

}  // namespace

TEST_CASE("matmul: the four forms agree with the definition") {
    for (const Sizes& sizes : {Sizes{1, 1, 1}, Sizes{2, 3, 4}, Sizes{17, 19, 23}, Sizes{1, 33, 8},
                               Sizes{33, 1, 8}, Sizes{2, 0, 3}, Sizes{2, 3, 0}}) {
        CAPTURE(text(sizes));
        const std::size_t m = sizes.m, n = sizes.n, k = sizes.k;
        const Scope scope;
        const Tensor a = some({m, k}), b = some({k, n}), at = transpose(a), bt = transpose(b);
        const std::vector<double> expected = product(a, b);
        CHECK(matmul(a, b).shape() == Shape{m, n});
        check_close(matmul(a, b), expected);
        check_close(matmul(at.T(), b), expected);
        check_close(matmul(a, bt.T()), expected);
        check_close(matmul(at.T(), bt.T()), expected);
    }
}

TEST_CASE("matmul: the gradients of the four forms equal differences, for every size") {
    for (const Sizes& sizes : kSizes) {
        CAPTURE(text(sizes));
        const std::size_t m = sizes.m, n = sizes.n, k = sizes.k;
        check_operation([](Operands x) { return matmul(x[0], x[1]); }, {{m, k}, {k, n}});
        check_operation([](Operands x) { return matmul(x[0].T(), x[1]); }, {{k, m}, {k, n}});
        check_operation([](Operands x) { return matmul(x[0], x[1].T()); }, {{m, k}, {n, k}});
        check_operation([](Operands x) { return matmul(x[0].T(), x[1].T()); }, {{k, m}, {n, k}});
    }
}

TEST_CASE("matmul: an operand may be both sides") {
    check_operation([](Operands x) { return matmul(x[0], x[0]); }, {{3, 3}});
    check_operation([](Operands x) { return matmul(x[0], x[0].T()); }, {{3, 5}});
    check_operation([](Operands x) { return matmul(x[0].T(), x[0]); }, {{3, 5}});
    check_operation([](Operands x) { return matmul(x[0].T(), x[0].T()); }, {{3, 3}});
    check_operation([](Operands x) { return matmul(x[0], x[0]); }, {{5}});
}

TEST_CASE("matmul: vectors are rows on the left and columns on the right") {
    const Scope scope;
    const Tensor m = tensor({{1, 2, 3}, {4, 5, 6}}), v = tensor({1, 10, 100}), w = tensor({1, 10});
    CHECK(matmul(m, v).shape() == Shape{2});
    CHECK(numbers(matmul(m, v)) == std::vector<double>{321, 654});
    CHECK(numbers(matmul(w, m)) == std::vector<double>{41, 52, 63});
    CHECK(numbers(matmul(m.T(), w)) == std::vector<double>{41, 52, 63});
    CHECK(numbers(matmul(v, m.T())) == std::vector<double>{321, 654});
    CHECK(matmul(v, v).item().value() == 10101.0);
    CHECK(matmul(v, v).rank() == 0);

    for (const std::size_t n : {0U, 1U, 3U, 9U}) {
        check_operation([](Operands x) { return matmul(x[0], x[1]); }, {{2, n}, {n}});
        check_operation([](Operands x) { return matmul(x[0].T(), x[1]); }, {{n, 2}, {n}});
        check_operation([](Operands x) { return matmul(x[0], x[1]); }, {{n}, {n, 3}});
        check_operation([](Operands x) { return matmul(x[0], x[1].T()); }, {{n}, {3, n}});
        check_operation([](Operands x) { return matmul(x[0], x[1]); }, {{n}, {n}});
    }
}

TEST_CASE("matmul: leading axes broadcast") {
    const Scope scope;
    const Tensor a = some({2, 3, 4, 5}), b = some({3, 5, 2});
    const Tensor c = matmul(a, b);
    REQUIRE(c.shape() == Shape{2, 3, 4, 2});
    for (std::size_t i = 0; i < 2; ++i) {
        for (std::size_t j = 0; j < 3; ++j)
            check_close(row(row(c, i), j), product(row(row(a, i), j), row(b, j)));
    }
    CHECK(matmul(some({2, 1, 4, 5}), b).shape() == Shape{2, 3, 4, 2});
    CHECK(matmul(some({4, 5}), b).shape() == Shape{3, 4, 2});
    CHECK(matmul(some({5}), b).shape() == Shape{3, 2});
    CHECK(matmul(b, some({2})).shape() == Shape{3, 5});
    CHECK(matmul(some({7, 3, 5}), some({5, 2})).shape() == Shape{7, 3, 2});
    CHECK(matmul(some({0, 3, 5}), some({5, 2})).shape() == Shape{0, 3, 2});
    CHECK(matmul(some({1, 3, 5}), some({0, 5, 2})).shape() == Shape{0, 3, 2});
}

TEST_CASE("matmul: gradients of broadcast products equal differences") {
    const auto plain = [](Operands x) { return matmul(x[0], x[1]); };
    check_operation(plain, {{2, 3, 4}, {4, 5}});           // one tall matrix
    check_operation(plain, {{2, 3, 1, 3}, {3, 2}});        //
    check_operation(plain, {{3, 4}, {2, 4, 5}});           // a serves for all
    check_operation(plain, {{2, 3, 4}, {2, 4, 1}});        // each with its own
    check_operation(plain, {{2, 1, 3, 2}, {1, 3, 2, 2}});  // all with all
    check_operation(plain, {{2, 2, 3, 2}, {2, 2, 3}});
    check_operation(plain, {{4}, {3, 4, 2}});
    check_operation(plain, {{3, 2, 4}, {4}});
    check_operation(plain, {{0, 2, 4}, {4, 2}});
    check_operation([](Operands x) { return matmul(x[0], x[1].T()); }, {{2, 3, 4}, {5, 4}});
    check_operation([](Operands x) { return matmul(x[0].T(), x[1]); }, {{4, 3}, {2, 4, 2}});
    check_operation([](Operands x) { return matmul(x[0].T(), x[1]); }, {{4, 3}, {2, 2, 4, 1}});
}

TEST_CASE("matmul: shapes that do not fit are told") {
    const Scope scope;
    CHECK_THROWS_WITH_AS(
        matmul(some({2, 3}), some({4, 5})),
        "matmul: inner sizes differ: a is (2,3), b is (4,5). Transpose one of them, or check the "
        "layer widths.",
        ShapeError);
    CHECK(matmul(some({2, 3}), some({4, 3}).T()).shape() == Shape{2, 4});  // the fix
    CHECK_THROWS_WITH_AS(
        matmul(some({2, 3}), some({5, 4}).T()),
        "matmul: inner sizes differ: a is (2,3), b is (4,5). Transpose one of them, or check the "
        "layer widths.",
        ShapeError);
    CHECK_THROWS_WITH_AS(
        matmul(some({3}), some({2, 3})),
        "matmul: inner sizes differ: a is (3), b is (2,3). Transpose one of them, or check the "
        "layer widths.",
        ShapeError);
    CHECK_THROWS_WITH_AS(matmul(2.0, some({2, 3})),
                         "matmul: a number is no matrix: a is (), b is (2,3). Multiply by it with *.",
                         ShapeError);
    CHECK_THROWS_WITH_AS(matmul(some({2, 3, 4}), some({3, 4, 5})),
                         "matmul: leading axes differ: a is (2,3,4), b is (3,4,5). Sizes before the last two "
                         "must be equal or 1.",
                         ShapeError);
    CHECK_THROWS_AS(matmul(some({2, 3, 4, 5}), some({2, 5, 4})), ShapeError);
}

TEST_CASE("matmul: parameters get their gradients, constants none") {
    Parameters block;
    const Parameter w = block.add("w", {2, 3});
    std::copy_n(std::array{1.0, 2.0, 3.0, 4.0, 5.0, 6.0}.begin(), 6, w.values().begin());
    for (int pass = 1; pass <= 2; ++pass) {
        const Scope scope;
        const Tensor x = tensor({{1, 10, 100}});
        const Tensor y = matmul(x, w.tensor().T());
        CHECK(numbers(y) == std::vector<double>{321, 654});
        backward(y(0, 0) + 2.0 * y(0, 1));
        CHECK(std::vector<double>(w.gradients().begin(), w.gradients().end()) ==
              std::vector<double>{1.0 * pass, 10.0 * pass, 100.0 * pass, 2.0 * pass, 20.0 * pass,
                                  200.0 * pass});
        CHECK(matmul(x, x.T()).is_constant());
    }
}

TEST_CASE("outer: each number with each") {
    const Scope scope;
    const Tensor y = outer(tensor({1, 2}), tensor({3, 4, 5}));
    CHECK(y.shape() == Shape{2, 3});
    CHECK(numbers(y) == std::vector<double>{3, 4, 5, 6, 8, 10});
    for (const std::size_t n : {0U, 1U, 3U}) {
        check_operation([](Operands x) { return outer(x[0], x[1]); }, {{n}, {5}});
        check_operation([](Operands x) { return outer(x[0], x[0]); }, {{n}});
    }
    CHECK_THROWS_WITH_AS(outer(some({2, 3}), some({4})),
                         "outer: it takes two vectors: a is (2,3), b is (4). Reshape them first.",
                         ShapeError);
}

TEST_CASE("linear: one entry for x wT + bias") {
    const Scope scope;
    const Tensor w = tensor({{1, 2}, {3, 4}, {5, 6}}), b = tensor({100, 200, 300}),
                 x = tensor({{1, 10}, {2, 0}});
    CHECK(numbers(linear(x, w, b)) == std::vector<double>{121, 243, 365, 102, 206, 310});
    CHECK(numbers(linear(x, w)) == numbers(matmul(x, w.T())));
    CHECK(linear(some({2}), w, b).shape() == Shape{3});
    CHECK(linear(some({4, 5, 2}), w, b).shape() == Shape{4, 5, 3});
    CHECK(linear(some({4, 5, 6, 2}), w).shape() == Shape{4, 5, 6, 3});
    CHECK(linear(some({0, 2}), w, b).shape() == Shape{0, 3});
    CHECK(numbers(linear(some({1, 0}), some({3, 0}), b)) == numbers(b));

    Tape tape{Tape::Mode::graph};
    const Recording on(tape);
    const Tensor y = linear(some({4, 2}), variable(some({3, 2})), some({3}));
    const auto trace = tape.trace();
    REQUIRE(trace.size() == 2);  // the variable, and
    CHECK(std::string(trace[1].operation) == "linear");
    CHECK(trace[1].size == y.size());
}

TEST_CASE("linear: gradients equal differences, for every size") {
    const auto with_bias = [](Operands x) { return linear(x[0], x[1], x[2]); };
    const auto without = [](Operands x) { return linear(x[0], x[1]); };
    for (const Sizes& sizes : kSizes) {
        CAPTURE(text(sizes));
        const std::size_t rows = sizes.m, out = sizes.n, in = sizes.k;
        check_operation(with_bias, {{rows, in}, {out, in}, {out}});
        check_operation(without, {{rows, in}, {out, in}});
    }
    check_operation(with_bias, {{3}, {2, 3}, {2}});
    check_operation(with_bias, {{2, 2, 3}, {2, 3}, {2}});
    check_operation(with_bias, {{2, 1, 2, 3}, {2, 3}, {2}});
    check_operation([](Operands x) { return linear(x[0], x[0], x[1]); }, {{3, 2}, {3}});
}

TEST_CASE("linear: only what is not constant gets a gradient") {
    const Scope scope;
    const Tensor x = tensor({{1, 2}}), w = tensor({{3, 4}}), b = variable(tensor({5}));
    backward(linear(x, w, b).item());
    CHECK(b.gradient().item().value() == 1.0);
    const Tensor v = variable(x);
    backward(linear(v, w).item());
    CHECK(numbers(v.gradient()) == std::vector<double>{3, 4});
    CHECK(linear(x, w).is_constant());
}

TEST_CASE("linear: shapes that do not fit are told") {
    const Scope scope;
    CHECK_THROWS_WITH_AS(linear(some({2, 3}), some({4, 5}), some({4})),
                         "linear: widths differ: x is (2,3), weight is (4,5), bias is (4). The last axis of "
                         "both must be equal: check the layer widths.",
                         ShapeError);
    CHECK_THROWS_WITH_AS(linear(some({2, 3}), some({4, 5})),
                         "linear: widths differ: x is (2,3), weight is (4,5). The last axis of both must be "
                         "equal: check the layer widths.",
                         ShapeError);
    CHECK_THROWS_WITH_AS(linear(some({2, 5}), some({4, 5}), some({5})),
                         "linear: the bias does not fit: x is (2,5), weight is (4,5), bias is (5). It has a "
                         "number for each row of the weight.",
                         ShapeError);
    CHECK_THROWS_WITH_AS(
        linear(some({2, 5}), some({5})),
        "linear: the weight is no matrix: x is (2,5), weight is (5). It has a row for each output.",
        ShapeError);
    CHECK_THROWS_AS(linear(2.0, some({4, 5})), ShapeError);
}

TEST_CASE("matmul: a step of the steady state allocates nothing") {
    Parameters block;
    const Parameter w = block.add("w", {30, 20}), b = block.add("b", {30});
    const std::vector<double> input(20 * 8, 0.5);
    const auto step = [&] {
        const Scope scope;
        const Tensor y = linear(tensor(input, {8, 20}), w.tensor(), b.tensor());
        backward(matmul(y, y.T())(1, 2) + outer(row(y, 0), row(y, 1))(3, 4));
    };
    step();
    const std::size_t before = allocation_count();
    for (int i = 0; i < 10; ++i) step();
    CHECK(allocation_count() == before);
}
