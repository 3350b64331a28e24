// SPDX-License-Identifier: MIT
// Tests of gradus/tensor/attention.hpp.
#include "gradus/tensor/attention.hpp"

#include <cmath>
#include <vector>

#include "allocations.hpp"
#include "doctest.hpp"
#include "gradus/derivatives.hpp"
#include "gradus/reduce.hpp"
#include "gradus/tensor/elementwise.hpp"
#include "gradus/tensor/shaping.hpp"

using namespace gradus;

namespace {

using Numbers = std::vector<double>;
using Indices = std::vector<std::size_t>;

Numbers numbers(const Tensor& x) { return {x.numbers().begin(), x.numbers().end()}; }

/// n numbers without a pattern.
Numbers irregular(std::size_t n) {
    Numbers x(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = std::sin(2.3 * static_cast<double>(i) + 1.0) * 1.7;
    return x;
}

/// The tensor of this shape whose first number is values[first].
Tensor part(std::span<const Value> values, std::size_t first, const Shape& shape) {
    return reshape(stack(values.subspan(first, shape.size())), shape);
}

/// A number on which every element has another influence.
Value weighed(const Tensor& x) {
    const Tensor all = reshape(x, {x.size()});
    Value total = 0.0;
    for (std::size_t i = 0; i < all.size(); ++i) total += all(i) * std::cos(1.0 + static_cast<double>(i));
    return total;
}

/// The sizes of an attention, and its numbers by the definition.
struct Case {
    std::size_t batch, queries, keys, d, e, heads;
    bool causal;

    [[nodiscard]] std::size_t q_size() const { return batch * queries * d; }
    [[nodiscard]] std::size_t k_size() const { return batch * keys * d; }
    [[nodiscard]] std::size_t v_size() const { return batch * keys * e; }

    /// Attend to tensors whose numbers stand in x one after the other; a batch of 1 is left out.
    [[nodiscard]] Tensor attend(std::span<const Value> x) const {
        const auto shape = [&](std::size_t rows, std::size_t columns) {
            return batch == 1 ? Shape{rows, columns} : Shape{batch, rows, columns};
        };
        return attention(part(x, 0, shape(queries, d)), part(x, q_size(), shape(keys, d)),
                         part(x, q_size() + k_size(), shape(keys, e)), {.heads = heads, .causal = causal});
    }

    [[nodiscard]] Numbers by_loops(const Numbers& x) const {
        const double *q = x.data(), *k = q + q_size(), *v = k + k_size();
        const std::size_t width = d / heads, value_width = e / heads;
        Numbers y(batch * queries * e);
        for (std::size_t b = 0; b < batch; ++b) {
            for (std::size_t h = 0; h < heads; ++h) {
                for (std::size_t i = 0; i < queries; ++i) {
                    Numbers scores;
                    for (std::size_t j = 0; j < (causal ? keys - queries + i + 1 : keys); ++j) {
                        double score = 0.0;
                        for (std::size_t c = h * width; c < (h + 1) * width; ++c)
                            score += q[(b * queries + i) * d + c] * k[(b * keys + j) * d + c];
                        scores.push_back(score / std::sqrt(static_cast<double>(width)));
                    }
                    const Numbers p = softmax(scores);
                    for (std::size_t j = 0; j < p.size(); ++j) {
                        for (std::size_t c = h * value_width; c < (h + 1) * value_width; ++c)
                            y[(b * queries + i) * e + c] += p[j] * v[(b * keys + j) * e + c];
                    }
                }
            }
        }
        return y;
    }
};

const std::vector<Case> kSmall{
    {1, 1, 1, 1, 1, 1, true},  {1, 3, 3, 2, 2, 1, true}, {1, 3, 3, 4, 4, 2, false},
    {1, 5, 5, 6, 6, 3, true},  {2, 3, 3, 4, 4, 2, true}, {1, 2, 5, 4, 2, 2, true},
    {1, 4, 2, 2, 6, 2, false}, {2, 1, 3, 3, 3, 1, true}, {3, 2, 2, 2, 1, 1, false},
};

}  // namespace

TEST_CASE("attention: numbers are those of the definition, number by number") {
    std::vector<Case> cases = kSmall;
    cases.push_back({1, 7, 7, 16, 16, 4, true});
    cases.push_back({2, 40, 40, 12, 12, 3, true});  // more than one block
    cases.push_back({1, 65, 70, 8, 8, 1, true});
    cases.push_back({1, 40, 33, 8, 8, 2, false});
    for (const Case& c : cases) {
        CAPTURE(c.queries);
        CAPTURE(c.keys);
        const Numbers x = irregular(c.q_size() + c.k_size() + c.v_size());
        const Scope scope;
        const std::vector<Value> constants(x.begin(), x.end());
        const Tensor y = c.attend(constants);
        CHECK(y.shape() == (c.batch == 1 ? Shape{c.queries, c.e} : Shape{c.batch, c.queries, c.e}));
        const Numbers expected = c.by_loops(x);
        double error = 0.0;
        for (std::size_t i = 0; i < y.size(); ++i)
            error = std::max(error, std::abs(y.numbers()[i] - expected[i]));
        CHECK(error < 1e-13);  // of numbers up to 1.7
    }
}

TEST_CASE("attention: the gradient is that of differences, for q, k and v") {
    for (const Case& c : kSmall) {
        CAPTURE(c.queries);
        CAPTURE(c.keys);
        const GradientCheck check =
            check_gradient([&](std::span<const Value> x) { return weighed(c.attend(x)); },
                           irregular(c.q_size() + c.k_size() + c.v_size()));
        CHECK_MESSAGE(check, check.message());
    }
}

TEST_CASE("attention: the gradient goes through all blocks, as for each query by itself") {
    const std::size_t n = 70, d = 4;
    const Scope scope;
    const Tensor q = variable(tensor(irregular(n * d), {n, d})), k = variable(q + 0.0), v = variable(q + 0.0);
    const AttentionOptions two{.heads = 2};
    backward(weighed(attention(q, k, v, two)));
    const Numbers dq = numbers(q.gradient()), dk = numbers(k.gradient()), dv = numbers(v.gradient());

    std::vector<Tensor> rows;
    for (std::size_t i = 0; i < n; ++i)
        rows.push_back(attention(slice(q, 0, i, i + 1), slice(k, 0, 0, i + 1), slice(v, 0, 0, i + 1), two));
    backward(weighed(concatenate(rows, 0)));
    for (std::size_t i = 0; i < n * d; ++i) {
        REQUIRE(q.gradient().numbers()[i] == doctest::Approx(dq[i]).epsilon(1e-12));
        REQUIRE(k.gradient().numbers()[i] == doctest::Approx(dk[i]).epsilon(1e-12));
        REQUIRE(v.gradient().numbers()[i] == doctest::Approx(dv[i]).epsilon(1e-12));
    }
}

TEST_CASE("attention: one tensor may be query, key and value") {
    const GradientCheck check = check_gradient(
        [](std::span<const Value> x) {
            const Tensor t = part(x, 0, {5, 4});
            return weighed(attention(t, t, t, {.heads = 2}));
        },
        irregular(20));
    CHECK_MESSAGE(check, check.message());
}

TEST_CASE("attention: a constant among the operands gets nothing, and the others their gradient") {
    const Numbers x = irregular(3 * 12);
    for (std::size_t active = 0; active < 3; ++active) {
        CAPTURE(active);
        const GradientCheck check = check_gradient(
            [&](std::span<const Value> values) {
                std::vector<Tensor> qkv;
                for (std::size_t i = 0; i < 3; ++i) {
                    qkv.push_back(i == active ? part(values, 0, {3, 4})
                                              : tensor(std::span(x).subspan(12 * i, 12), {3, 4}));
                }
                return weighed(attention(qkv[0], qkv[1], qkv[2], {.heads = 2}));
            },
            std::span(x).subspan(12 * active, 12));
        CHECK_MESSAGE(check, check.message());
    }
}

TEST_CASE("attention: nothing flows back from the future") {
    const Scope scope;
    const Tensor x = variable(tensor(irregular(20), {5, 4}));
    const Tensor y = attention(x, x, x);
    backward(weighed(row(y, 2)));
    const Numbers dx = numbers(x.gradient());
    for (std::size_t i = 0; i < 12; ++i) CHECK(dx[i] != 0.0);
    for (std::size_t i = 12; i < 20; ++i) CHECK(dx[i] == 0.0);
}

TEST_CASE("attention: scores of +-1000 do not overflow") {
    const Scope scope;
    const Tensor y = attention(tensor({{1000}}), tensor({{1}, {-1}}), tensor({{2}, {3}}), {.causal = false});
    CHECK(y(0, 0).value() == 2.0);
}

TEST_CASE("attention: of no queries nothing comes, and batches may be empty") {
    const Scope scope;
    CHECK(attention(full({0, 4}, 1), full({3, 4}, 1), full({3, 4}, 1)).shape() == Shape{0, 4});
    CHECK(attention(full({0, 2, 4}, 1), full({0, 2, 4}, 1), full({0, 2, 4}, 1)).shape() == Shape{0, 2, 4});
    const Tensor no_columns = variable(full({2, 0}, 1));
    CHECK(attention(full({2, 4}, 1), full({2, 4}, 1), no_columns).shape() == Shape{2, 0});
}

TEST_CASE("attention: one entry, and no allocation in the steady state") {
    const Numbers x = irregular(7 * 16);
    const auto step = [&] {
        const Scope scope;
        const Tensor t = variable(tensor(x, {7, 16}));
        backward(attention(t, t, t, {.heads = 4})(6, 15));
    };
    step();
    const std::size_t before = allocation_count();
    for (int i = 0; i < 10; ++i) step();
    CHECK(allocation_count() == before);
    const Scope scope;
    const Tensor t = variable(tensor(x, {7, 16}));
    const std::size_t slots = Tape::current().entry_count();
    const Tensor y = attention(t, t, t, {.heads = 4});
    CHECK(Tape::current().entry_count() == slots + y.size());
}

TEST_CASE("attention: mistakes are named") {
    const Scope scope;
    const auto zeros = [](const Shape& shape) { return full(shape, 0.0); };
    const Tensor x = zeros({3, 4});
    CHECK_THROWS_WITH_AS(
        attention(x, x, zeros({2, 4})),
        "attention: queries, keys and values do not fit: q is (3,4), k is (3,4), v is (2,4). Give them the "
        "shapes (T,d), (S,d) and (S,e), or all a batch in front.",
        ShapeError);
    CHECK_THROWS_AS(attention(x, zeros({3, 5}), x), ShapeError);
    CHECK_THROWS_AS(attention(zeros({4}), zeros({4}), zeros({4})), ShapeError);
    CHECK_THROWS_AS(attention(x, zeros({1, 3, 4}), x), ShapeError);
    CHECK_THROWS_AS(attention(zeros({2, 3, 4}), zeros({1, 3, 4}), zeros({1, 3, 4})), ShapeError);
    CHECK_THROWS_WITH_AS(attention(x, x, x, {.heads = 3}),
                         "attention: the columns cannot be divided among the heads: q is (3,4), k is (3,4), "
                         "v is (3,4), with 3 "
                         "heads. Give last sizes that are multiples of the number of heads.",
                         ShapeError);
    CHECK_THROWS_AS(attention(x, x, zeros({3, 3}), {.heads = 2}), ShapeError);
    CHECK_THROWS_AS(attention(x, x, x, {.heads = 0}), ShapeError);
    CHECK_THROWS_AS(attention(zeros({3, 0}), zeros({3, 0}), x), ShapeError);
    CHECK_THROWS_WITH_AS(
        attention(x, zeros({2, 4}), zeros({2, 4})),
        "attention: the first queries see no key: q is (3,4), k is (2,4), v is (2,4). Give as many keys as "
        "queries, or {.causal = false}.",
        ShapeError);
    CHECK_THROWS_WITH_AS(
        attention(x, zeros({0, 4}), zeros({0, 4}), {.causal = false}),
        "attention: there are no keys: q is (3,4), k is (0,4), v is (0,4). Give at least one.", ShapeError);
}

TEST_CASE("embedding: rows by index, whose gradients add up") {
    const Scope scope;
    const Tensor table = variable(tensor({{1, 2}, {3, 4}, {5, 6}}));
    const Tensor y = embedding(table, Indices{2, 0, 2});
    CHECK(numbers(y) == Numbers{5, 6, 1, 2, 5, 6});
    CHECK(y.shape() == Shape{3, 2});
    backward(y(0, 0) + 2.0 * y(2, 0) + y(1, 1));
    CHECK(numbers(table.gradient()) == Numbers{0, 1, 0, 0, 3, 0});
    CHECK(embedding(table, Indices{}).shape() == Shape{0, 2});
    const GradientCheck check = check_gradient(
        [](std::span<const Value> x) {
            return weighed(embedding(part(x, 0, {3, 3}), Indices{1, 1, 0, 1}));
        },
        irregular(9));
    CHECK_MESSAGE(check, check.message());
    CHECK_THROWS_WITH_AS(
        embedding(full({3}, 1.0), Indices{0}),
        "embedding: the table is not a matrix: its shape is (3). Give it one row for each index.",
        ShapeError);
    CHECK_THROWS_AS(embedding(table, Indices{3}), ShapeError);
}
