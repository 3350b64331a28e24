// SPDX-License-Identifier: MIT
#include "gradus/tensor/shaping.hpp"

#include <array>
#include <vector>

#include "allocations.hpp"
#include "doctest.hpp"
#include "gradus/reduce.hpp"
#include "gradus/tensor/elementwise.hpp"
#include "gradus/tensor/matmul.hpp"
#include "gradus/tensor/reduce.hpp"
#include "tensors.hpp"

using namespace gradus;

namespace {

using Operands = std::span<const Tensor>;
using Indices = std::vector<std::size_t>;

/// Return 0, 1, 2, ... in that shape.
Tensor count(const Shape& shape) {
    std::vector<double> x(shape.size());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i);
    return tensor(x, shape);
}

/// Check that f names numbers of its operand and records nothing.
template <class F>
void check_free(const Tensor& x, F f) {
    const std::size_t entries = Tape::current().entry_count();
    const Tensor y = f(x);
    CHECK(Tape::current().entry_count() == entries);
    CHECK(y.data() >= x.data());
    CHECK(y.data() + y.size() <= x.data() + x.size());
    CHECK(y.is_constant() == x.is_constant());
}

const char* const kRewound =
    "value: it was recorded before the tape was rewound or cleared. Compute it again.";

}  // namespace

TEST_CASE("reshape: the same numbers and slots in another shape") {
    const Scope scope;
    const Tensor x = variable(count({2, 6}));
    const Tensor y = reshape(x, {3, 2, 2});
    CHECK(y.shape() == Shape{3, 2, 2});
    CHECK(y(1, 0, 1).value() == 5.0);
    check_free(x, [](const Tensor& t) { return reshape(t, {12}); });
    check_free(count({2, 6}), [](const Tensor& t) { return reshape(t, {4, 3}); });
    backward(y(1, 0, 1) * 3.0);
    CHECK(x(0, 5).gradient() == 3.0);
    CHECK(reshape(x(0, 1), {1, 1}).shape() == Shape{1, 1});
    CHECK(reshape(some({0}), {3, 0}).shape() == Shape{3, 0});
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{0}, Shape{3, 5}})
        check_operation([](Operands t) { return exp(reshape(t[0], {1, t[0].size(), 1})); }, {shape});
    CHECK_THROWS_WITH_AS(
        reshape(x, {5, 2}),
        "reshape: sizes differ: x is (2,6), which holds 12, the shape (5,2) holds 10. Give a "
        "shape for as many numbers.",
        ShapeError);
}

TEST_CASE("row: a part along the first axis, for free") {
    const Scope scope;
    const Tensor x = variable(count({3, 4}));
    CHECK(numbers(row(x, 1)) == std::vector<double>{4, 5, 6, 7});
    CHECK(row(count({2, 3, 4}), 1).shape() == Shape{3, 4});
    CHECK(row(count({5}), 2).item().value() == 2.0);
    check_free(x, [](const Tensor& t) { return row(t, 2); });
    check_free(count({3, 4}), [](const Tensor& t) { return row(t, 2); });
    CHECK(row(some({3, 0}), 2).shape() == Shape{0});
    check_operation([](Operands t) { return row(t[0], 1) * row(t[0], 2) + row(t[0], 1); }, {{3, 5}});
    CHECK_THROWS_WITH_AS(row(x, 3), "row: the index is too large: 3 of 3. Indices begin at 0.", ShapeError);
    CHECK_THROWS_AS(row(Tensor(2.0), 0), ShapeError);
}

TEST_CASE("slice: parts along any axis") {
    const Scope scope;
    const Tensor x = count({2, 3, 4});
    CHECK(numbers(slice(count({3, 2}), 0, 1, 3)) == std::vector<double>{2, 3, 4, 5});
    CHECK(numbers(slice(x, 1, 1, 2)) == std::vector<double>{4, 5, 6, 7, 16, 17, 18, 19});
    CHECK(numbers(slice(x, -1, 2, 4)) == std::vector<double>{2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23});
    CHECK(slice(x, 1, 1, 2).shape() == Shape{2, 1, 4});
    CHECK(slice(x, 0, 1, 1).shape() == Shape{0, 3, 4});
    CHECK(slice(x, 2, 4, 4).shape() == Shape{2, 3, 0});
    CHECK(slice(some({0, 3}), 1, 1, 2).shape() == Shape{0, 1});
    check_free(variable(x), [](const Tensor& t) { return slice(t, 0, 1, 2); });
    check_free(variable(count({1, 4, 2})), [](const Tensor& t) { return slice(t, 1, 1, 3); });
    check_free(x, [](const Tensor& t) { return slice(t, 0, 1, 2); });
}

TEST_CASE("slice: gradients equal differences, of overlapping parts, too") {
    for (int axis = 0; axis < 3; ++axis) {
        CAPTURE(axis);
        check_operation([&](Operands x) { return exp(slice(x[0], axis, 1, 3)); }, {{3, 4, 5}});
        check_operation([&](Operands x) { return slice(x[0], axis, 0, 2) * slice(x[0], axis, 1, 3); },
                        {{3, 3, 3}});
        check_operation([&](Operands x) { return slice(x[0], axis, 1, 1); }, {{3, 3, 3}});
        check_operation([&](Operands x) { return slice(slice(x[0], axis, 1, 3), -1, 0, 1); }, {{3, 3, 3}});
    }
    check_operation([](Operands x) { return slice(x[0], 0, 0, 1); }, {{1}});
    check_operation([](Operands x) { return slice(x[0], 1, 1, 2); }, {{0, 2}});
}

TEST_CASE("slice: parts that are not there are told") {
    const Scope scope;
    CHECK_THROWS_WITH_AS(slice(some({2, 3}), 1, 1, 4),
                         "slice: these parts are not there: 1 to 4 of 3 on axis 1 of the shape (2,3). Let "
                         "begin <= end <= size.",
                         ShapeError);
    CHECK_THROWS_AS(slice(some({2, 3}), 1, 2, 1), ShapeError);
    CHECK_THROWS_WITH_AS(slice(some({2, 3}), 2, 0, 1),
                         "slice: there is no axis 2: the shape is (2,3). Name one from 0 to 1, or from -2 to "
                         "-1, the last one.",
                         ShapeError);
}

TEST_CASE("split: equal parts that make up the whole") {
    const Scope scope;
    const Tensor x = variable(count({4, 6}));
    for (const int axis : {0, 1, -1}) {
        const std::vector<Tensor> parts = split(x, 2, axis);
        REQUIRE(parts.size() == 2);
        CHECK(numbers(concatenate(parts, axis)) == numbers(x));
    }
    CHECK(split(x, 3, 1)[2].shape() == Shape{4, 2});
    check_operation(
        [](Operands t) {
            const std::vector<Tensor> parts = split(t[0], 3, 1);
            return parts[0] * parts[1] + parts[2];
        },
        {{2, 9}});
    CHECK_THROWS_WITH_AS(
        split(x, 4, 1),
        "split: there are no such parts, equal and not empty: 4 of 6 on axis 1 of the shape (4,6). Choose a "
        "divisor, or use slice().",
        ShapeError);
    CHECK_THROWS_AS(split(x, 0), ShapeError);
    CHECK_THROWS_AS(split(full({0, 2}, 1.0), ~std::size_t{0}), ShapeError);
    CHECK(split(full({0, 2}, 1.0), 1)[0].shape() == Shape{0, 2});
}

TEST_CASE("transpose: two axes change places") {
    const Scope scope;
    const Tensor x = count({2, 3});
    CHECK(to_string(transpose(x)) == "[[0, 3],\n [1, 4],\n [2, 5]]");
    CHECK(numbers(transpose(x, -1, 0)) == numbers(transpose(x)));
    CHECK(numbers(transpose(x, 1, 1)) == numbers(x));
    const Tensor y = count({2, 3, 4, 5});
    for (int p = 0; p < 4; ++p) {
        for (int q = 0; q < 4; ++q) {
            CAPTURE(p);
            CAPTURE(q);
            const Tensor z = transpose(y, p, q);
            std::array<std::size_t, 4> i{};
            bool same = true;
            for (i[0] = 0; i[0] < 2; ++i[0])
                for (i[1] = 0; i[1] < 3; ++i[1])
                    for (i[2] = 0; i[2] < 4; ++i[2])
                        for (i[3] = 0; i[3] < 5; ++i[3]) {
                            std::array<std::size_t, 4> j = i;
                            std::swap(j[static_cast<std::size_t>(p)], j[static_cast<std::size_t>(q)]);
                            same = same && z(j[0], j[1], j[2], j[3]) == y(i[0], i[1], i[2], i[3]);
                        }
            CHECK(same);
        }
    }
    CHECK(transpose(some({0, 3})).shape() == Shape{3, 0});
}

TEST_CASE("transpose: gradients equal differences") {
    for (const Shape& shape : {Shape{1, 1}, Shape{2, 3}, Shape{5, 1}, Shape{0, 2}, Shape{7, 9}}) {
        check_operation([](Operands x) { return transpose(x[0]); }, {shape});
        check_operation([](Operands x) { return matmul(transpose(x[0]), x[0]); }, {shape});
    }
    check_operation([](Operands x) { return transpose(x[0], 1, -1); }, {{2, 3, 2, 3}});
    check_operation([](Operands x) { return transpose(x[0], 0, 2); }, {{3, 2, 4}});
    const Scope scope;
    CHECK_THROWS_WITH_AS(transpose(some({2, 3, 4})),
                         "transpose: it is not a matrix: the shape is (2,3,4). Name two axes.", ShapeError);
    CHECK(transpose(some({2, 3, 4}), 0, 1).shape() == Shape{3, 2, 4});  // the fix
    CHECK_THROWS_AS(transpose(some({2, 3}), 0, 2), ShapeError);
}

TEST_CASE("concatenate: parts one behind the other along an axis") {
    const Scope scope;
    const Tensor a = tensor({{1, 2}, {3, 4}}), b = tensor({{5}, {6}});
    CHECK(to_string(concatenate({a, b}, 1)) == "[[1, 2, 5],\n [3, 4, 6]]");
    CHECK(to_string(concatenate({a, transpose(b)}, 0)) == "[[1, 2],\n [3, 4],\n [5, 6]]");
    CHECK(numbers(concatenate({a}, -2)) == numbers(a));
    CHECK(numbers(concatenate({some({0}), tensor({1, 2}), some({0})}, 0)) == std::vector<double>{1, 2});
    CHECK(concatenate({some({0, 2}), some({0, 3})}, 1).shape() == Shape{0, 5});
    CHECK(concatenate({some({2, 3, 4}), some({2, 1, 4})}, 1).shape() == Shape{2, 4, 4});
}

TEST_CASE("concatenate: gradients equal differences") {
    check_operation([](Operands x) { return concatenate(x, 0); }, {{3}, {0}, {1}, {5}});
    check_operation([](Operands x) { return concatenate(x, 1); }, {{2, 3}, {2, 1}});
    check_operation([](Operands x) { return concatenate(x, 1); }, {{2, 3, 2}, {2, 0, 2}, {2, 2, 2}});
    check_operation([](Operands x) { return concatenate({x[0], x[0], exp(x[0])}, -1); }, {{2, 3}});
    check_operation([](Operands x) { return concatenate({full({1, 3}, 2.0), x[0]}, 0); }, {{2, 3}});
}

TEST_CASE("concatenate: shapes that do not fit are told") {
    const Scope scope;
    CHECK_THROWS_WITH_AS(concatenate({some({2, 3}), some({2, 1}), some({3, 3})}, 1),
                         "concatenate: shapes do not fit: part 0 is (2,3), part 2 is (3,3). All sizes but "
                         "that of axis 1 must be equal.",
                         ShapeError);
    CHECK_THROWS_AS(concatenate({some({2, 3}), some({2})}, 1), ShapeError);
    CHECK_THROWS_WITH_AS(concatenate({}, 0),
                         "concatenate: it needs tensors: there is none. Give it at least one.", ShapeError);
    CHECK_THROWS_AS(concatenate({some({2, 3})}, 2), ShapeError);
    CHECK_THROWS_AS(concatenate({Tensor(1.0), Tensor(2.0)}, 0), ShapeError);
}

TEST_CASE("stack: tensors of one shape along a new first axis") {
    const Scope scope;
    const Tensor a = tensor({1, 2}), b = tensor({3, 4});
    CHECK(to_string(stack({a, b})) == "[[1, 2],\n [3, 4]]");
    CHECK(stack({some({2, 3, 4}), some({2, 3, 4})}).shape() == Shape{2, 2, 3, 4});
    CHECK(stack({Tensor(1.0), Tensor(2.0)}).shape() == Shape{2});
    CHECK(stack({Value(1.0), Value(2.0)}).shape() == Shape{2});
    CHECK(stack(std::vector<Tensor>{}).shape() == Shape{0});
    CHECK(stack({}).shape() == Shape{0});
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{1}, Shape{3}, Shape{2, 3}})
        check_operation([](Operands x) { return stack({x[0], x[1], x[0]}); }, {shape, shape});
    CHECK_THROWS_WITH_AS(stack({some({2}), some({2}), some({3})}),
                         "stack: shapes differ: part 0 is (2), part 2 is (3). Use concatenate() for parts of "
                         "different size.",
                         ShapeError);
    CHECK_THROWS_WITH_AS(
        stack({some({1, 1, 2, 1})}),
        "shape: too many axes: found (1,1,1,2,1), at most 4 are possible. Join some of them.", ShapeError);
}

TEST_CASE("gather: rows by their index, also more than once") {
    const Scope scope;
    const Tensor x = count({3, 2});
    CHECK(numbers(gather(x, Indices{2, 0, 2})) == std::vector<double>{4, 5, 0, 1, 4, 5});
    CHECK(gather(count({5}), Indices{4, 1}).shape() == Shape{2});
    CHECK(gather(count({3, 2, 4}), Indices{1}).shape() == Shape{1, 2, 4});
    CHECK(gather(x, Indices{}).shape() == Shape{0, 2});
    CHECK(gather(some({0, 2}), Indices{}).shape() == Shape{0, 2});
    CHECK(gather(some({3, 0}), Indices{1, 1}).shape() == Shape{2, 0});
    for (const Indices& rows : {Indices{}, Indices{1}, Indices{2, 0, 2, 2, 1}}) {
        check_operation([&](Operands t) { return gather(t[0], rows); }, {{3}});
        check_operation([&](Operands t) { return gather(t[0], rows) * gather(t[0], rows); }, {{3, 5}});
        check_operation([&](Operands t) { return gather(t[0], rows); }, {{3, 1, 2}});
    }
    CHECK_THROWS_WITH_AS(gather(x, Indices{0, 3}),
                         "gather: the index is too large: 3 of 3. Indices begin at 0.", ShapeError);
    CHECK_THROWS_AS(gather(Tensor(1.0), Indices{0}), ShapeError);
}

TEST_CASE("gather: the indices may be gone when backward runs") {
    const Scope scope;
    const Tensor x = variable(count({3, 2}));
    Indices rows{1, 1, 2};
    const Value y = sum(gather(x, rows));
    rows.assign(3, 0);
    backward(y);
    CHECK(numbers(x.gradient()) == std::vector<double>{0, 0, 2, 2, 1, 1});
}

TEST_CASE("one_hot: a 1 in each row") {
    const Scope scope;
    const Tensor y = one_hot(Indices{2, 0}, 3);
    CHECK(to_string(y) == "[[0, 0, 1],\n [1, 0, 0]]");
    CHECK(y.is_constant());
    CHECK(one_hot(Indices{}, 3).shape() == Shape{0, 3});
    const Tensor x = count({3, 2});
    CHECK(numbers(matmul(y, x)) == numbers(gather(x, Indices{2, 0})));
    CHECK_THROWS_WITH_AS(one_hot(Indices{2, 3}, 3),
                         "one_hot: the index is too large: 3 of 3. Give as many classes as there are.",
                         ShapeError);
}

TEST_CASE("masked_fill: a number wherever the mask is not 0") {
    const Scope scope;
    const Tensor x = count({2, 3});
    CHECK(numbers(masked_fill(x, tensor({{1, 0, 0}, {0, 0, 1}}), -1)) ==
          std::vector<double>{-1, 1, 2, 3, 4, -1});
    CHECK(numbers(masked_fill(x, tensor({0, 1, 0}), 9)) == std::vector<double>{0, 9, 2, 3, 9, 5});
    CHECK(numbers(masked_fill(x, tensor({{0}, {1}}), 9)) == std::vector<double>{0, 1, 2, 9, 9, 9});
    CHECK(numbers(masked_fill(x, 1.0, 9)) == std::vector<double>(6, 9.0));
    CHECK(masked_fill(some({0, 3}), tensor({0, 1, 0}), 9).shape() == Shape{0, 3});

    check_operation([](Operands t) { return masked_fill(t[0], tensor({0, 1, 0}), 9); }, {{3}});
    check_operation([](Operands t) { return masked_fill(t[0], tensor({{0}, {1}}), 9); }, {{2, 2, 5}});
    check_operation(
        [](Operands t) {
            return masked_fill(t[0], tensor({{0, 1, 1}, {0, 0, 1}, {0, 0, 0}}), -2);
        },
        {{2, 3, 3}});
    check_operation([](Operands t) { return masked_fill(t[0], 0.0, 9); }, {{}});
    check_operation([](Operands t) { return masked_fill(t[0], tensor({1}), 9); }, {{1}});

    const char* const message =
        "masked_fill: the mask does not fit: x is (2,3), mask is (2). From the last axis on, the sizes of "
        "the "
        "mask must be those of x or 1.";
    CHECK_THROWS_WITH_AS(masked_fill(x, tensor({0, 1}), 9), message, ShapeError);
    CHECK_THROWS_AS(masked_fill(tensor({1, 2, 3}), full({2, 3}, 0), 9), ShapeError);
    CHECK_THROWS_AS(masked_fill(full({1, 3}, 0), full({2, 3}, 0), 9), ShapeError);
}

TEST_CASE("masked_fill: what was masked passes nothing on, not even 0 * inf") {
    const Scope scope;
    const Tensor x = variable(tensor({0, 4}));
    const Tensor mask = variable(tensor({1, 0}));
    backward(sum(log(masked_fill(x, mask, 1))));
    CHECK(numbers(x.gradient()) == std::vector<double>{0, 0.25});
    CHECK(numbers(mask.gradient()) == std::vector<double>{0, 0});
}

TEST_CASE("shaping: views of parameters add to the gradients of the block") {
    Parameters block;
    const Parameter first = block.add("first", {2}), w = block.add("w", {3, 4});
    const Scope scope;
    const Tensor t = w.tensor();
    const Tensor y = slice(reshape(row(t, 1), {2, 2}), 0, 1, 2);
    backward(weighed(y) + w.tensor()(2, 0) * 5.0 + sum(slice(t, 0, 3, 3)) * first.view()[0]);
    std::vector<double> expected(12, 0.0);
    expected[6] = 1.0, expected[7] = 1.37, expected[8] = 5.0;
    CHECK(std::vector<double>(w.gradients().begin(), w.gradients().end()) == expected);
    CHECK(std::vector<double>(first.gradients().begin(), first.gradients().end()) ==
          std::vector<double>{0, 0});
}

TEST_CASE("shaping: a view of a tensor that was rewound is an error") {
    Tensor x = 1.0, c = 1.0;
    {
        const Scope scope;
        x = variable(some({2, 3}));
        c = row(some({2, 3}), 1);
    }
    CHECK_THROWS_WITH_AS(reshape(x, {6}), kRewound, TapeError);
    CHECK_THROWS_WITH_AS(row(x, 0), kRewound, TapeError);
    CHECK_THROWS_WITH_AS(reshape(c, {3, 1}), kRewound, TapeError);
    CHECK_THROWS_WITH_AS(c + 1.0, kRewound, TapeError);
}

TEST_CASE("shaping: a view lives as long as its tensor, not as the scope it was made in") {
    const Scope scope;
    const Tensor x = variable(count({2, 3}));
    Tensor y = x, c = x;
    const Tensor constant = count({2, 3});
    {
        const Scope inner;
        y = row(x, 1);
        c = row(constant, 1);
    }
    CHECK(numbers(y) == std::vector<double>{3, 4, 5});
    CHECK(numbers(c) == std::vector<double>{3, 4, 5});
}

TEST_CASE("shaping: a step of the steady state allocates nothing") {
    const std::vector<double> input = some_numbers(12);
    const Indices rows{2, 0, 2};
    const auto step = [&] {
        const Scope scope;
        const Tensor x = variable(tensor(input, {3, 4}));
        const Tensor y = stack({transpose(gather(x, rows)), transpose(x)});
        const Tensor z = concatenate({slice(y, 1, 0, 1), slice(y, 1, 2, 4)}, 1);
        backward(sum(masked_fill(z, 0.0, 1.0) * reshape(z, z.shape())));
    };
    step();
    const std::size_t before = allocation_count();
    for (int i = 0; i < 10; ++i) step();
    CHECK(allocation_count() == before);
}
