// SPDX-License-Identifier: MIT
#include "gradus/tensor/elementwise.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "allocations.hpp"
#include "doctest.hpp"
#include "gradus/reduce.hpp"
#include "gradus/tensor/reduce.hpp"
#include "tensors.hpp"

using namespace gradus;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::array kEdges{0.0,  -0.0,  1.0, -1.0, 0.5,  -2.5, 3.0,   30.0,
                            1e-9, 700.0, 1e3, -1e3, 1e15, kInf, -kInf, kNaN};

using Operands = std::span<const Tensor>;

struct Unary {
    const char* name;
    ops::Interval smooth;
    Tensor (*on_tensors)(const Tensor&);
    Value (*on_values)(const Value&);
};

struct Binary {
    const char* name;
    std::array<ops::Interval, 2> smooth;
    Tensor (*on_tensors)(const Tensor&, const Tensor&);
    Value (*on_values)(const Value&, const Value&);
};

template <class Op>
Unary unary(Tensor (*on_tensors)(const Tensor&)) {
    return {Op::name, Op::smooth[0], on_tensors, [](const Value& x) { return detail::apply<Op>(x); }};
}

template <class Op>
Binary binary(Tensor (*on_tensors)(const Tensor&, const Tensor&)) {
    return {Op::name, Op::smooth, on_tensors,
            [](const Value& a, const Value& b) { return detail::apply<Op>(a, b); }};
}

const std::vector<Unary> kUnary{
    unary<ops::Negate>(operator-), unary<ops::Abs>(abs),           unary<ops::Floor>(floor),
    unary<ops::Ceil>(ceil),        unary<ops::Trunc>(trunc),       unary<ops::Round>(round),
    unary<ops::Sqrt>(sqrt),        unary<ops::Cbrt>(cbrt),         unary<ops::Exp>(exp),
    unary<ops::Expm1>(expm1),      unary<ops::Exp2>(exp2),         unary<ops::Log>(log),
    unary<ops::Log1p>(log1p),      unary<ops::Log2>(log2),         unary<ops::Log10>(log10),
    unary<ops::Sin>(sin),          unary<ops::Cos>(cos),           unary<ops::Tan>(tan),
    unary<ops::Asin>(asin),        unary<ops::Acos>(acos),         unary<ops::Atan>(atan),
    unary<ops::Sinh>(sinh),        unary<ops::Cosh>(cosh),         unary<ops::Tanh>(tanh),
    unary<ops::Asinh>(asinh),      unary<ops::Acosh>(acosh),       unary<ops::Atanh>(atanh),
    unary<ops::Erf>(erf),          unary<ops::Erfc>(erfc),         unary<ops::Lgamma>(lgamma),
    unary<ops::Sigmoid>(sigmoid),  unary<ops::Softplus>(softplus), unary<ops::LogSigmoid>(log_sigmoid),
    unary<ops::Relu>(relu),        unary<ops::Gelu>(gelu),         unary<ops::Silu>(silu),
};

const std::vector<Binary> kBinary{
    binary<ops::Add>(operator+),
    binary<ops::Subtract>(operator-),
    binary<ops::Multiply>(operator*),
    binary<ops::Divide>(operator/),
    binary<ops::Pow>(pow),
    binary<ops::Atan2>(atan2),
    binary<ops::Hypot>(hypot),
    binary<ops::Polygamma>(polygamma),
    binary<ops::Min>(min),
    binary<ops::Max>(max),
    binary<ops::Fmin>(fmin),
    binary<ops::Fmax>(fmax),
    binary<ops::Fmod>(fmod),
    binary<ops::Copysign>(copysign),
    binary<ops::LeakyRelu>(leaky_relu),
    binary<ops::Elu>(elu),
};

/// Append n numbers of an interval.
void append(std::vector<double>& x, std::size_t n, ops::Interval interval, std::minstd_rand& random) {
    for (std::size_t i = 0; i < n; ++i) {
        const double share = static_cast<double>(random() % 10'000) / 10'000.0;
        x.push_back(interval.low + share * (interval.high - interval.low));
    }
}

/// Whether two numbers are equal but for the rounding of a vector kernel.
bool close(double a, double b) {
    return a == b || (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= 1e-12 * std::abs(b) + 1e-300;
}

#define CHECK_CLOSE(a, b) CHECK_MESSAGE(close(a, b), (a), " instead of ", (b))

}  // namespace

TEST_CASE("tensor elementwise: every operation of the table but fma takes tensors") {
    std::vector<std::string> names{"fma"};
    for (const Unary& op : kUnary) names.emplace_back(op.name);
    for (const Binary& op : kBinary) names.emplace_back(op.name);
    for (const char* name : ops::All::names) {
        CAPTURE(name);
        CHECK(std::count(names.begin(), names.end(), name) == 1);
    }
}

TEST_CASE("tensor elementwise: one operand: gradients equal differences, for every size") {
    std::minstd_rand random{3};
    for (const Unary& op : kUnary) {
        CAPTURE(op.name);
        for (const Shape& shape : {Shape{}, Shape{0}, Shape{1}, Shape{3}, Shape{2, 5}, Shape{17}}) {
            CAPTURE(to_string(shape));
            std::vector<double> x;
            append(x, shape.size(), op.smooth, random);
            check_operation([&](Operands t) { return op.on_tensors(t[0]); }, {shape}, x);
        }
    }
}

TEST_CASE("tensor elementwise: one operand: edges as with values") {
    for (const Unary& op : kUnary) {
        CAPTURE(op.name);
        const Scope scope;
        const Tensor x = variable(tensor(kEdges, {kEdges.size()}));
        const Tensor y = op.on_tensors(x);
        for (std::size_t i = 0; i < kEdges.size(); ++i) {
            const Value number = variable(kEdges[i]), expected = op.on_values(number);
            CAPTURE(kEdges[i]);
            CHECK_CLOSE(y(i).value(), expected.value());
            backward(y(i));
            const double found = x(i).gradient();
            backward(expected);
            CHECK_CLOSE(found, number.gradient());
        }
    }
}

TEST_CASE("tensor elementwise: two operands: gradients equal differences, however they broadcast") {
    struct Shapes {
        Shape a, b, result;
    };
    const std::vector<Shapes> shapes{
        {{}, {}, {}},
        {{0}, {0}, {0}},
        {{0}, {1}, {0}},
        {{2, 0}, {2, 1}, {2, 0}},
        {{1}, {1}, {1}},
        {{11}, {11}, {11}},
        {{2, 3}, {3}, {2, 3}},
        {{3}, {2, 3}, {2, 3}},
        {{2, 3}, {}, {2, 3}},
        {{}, {5}, {5}},
        {{2, 1}, {1, 3}, {2, 3}},
        {{1, 3}, {2, 1}, {2, 3}},
        {{2, 1, 3}, {4, 1}, {2, 4, 3}},
        {{2, 2, 3}, {2, 1, 3}, {2, 2, 3}},
        {{1, 1, 3}, {2}, {0}},  // does not fit
    };
    std::minstd_rand random{4};
    for (const Binary& op : kBinary) {
        CAPTURE(op.name);
        for (const Shapes& s : shapes) {
            CAPTURE(to_string(s.a));
            CAPTURE(to_string(s.b));
            std::vector<double> x;
            append(x, s.a.size(), op.smooth[0], random);
            append(x, s.b.size(), op.smooth[1], random);
            const Scope scope;
            if (s.b == Shape{2}) {
                CHECK_THROWS_AS(op.on_tensors(some(s.a), some(s.b)), ShapeError);
                continue;
            }
            CHECK(op.on_tensors(some(s.a), some(s.b)).shape() == s.result);
            check_operation([&](Operands t) { return op.on_tensors(t[0], t[1]); }, {s.a, s.b}, x);
        }
    }
    const auto product = [](Operands t) { return t[0] * t[1]; };
    check_operation(product, {{2, 3, 2, 5}, {3, 1, 5}});
    check_operation(product, {{3, 1, 5}, {2, 3, 2, 1}});
    check_operation(product, {{1, 2, 1, 9}, {2, 1, 3, 1}});
}

TEST_CASE("tensor elementwise: two operands: each number meets its own") {
    const Scope scope;
    const Tensor a = some({2, 1, 3, 5}), b = some({4, 1, 5});
    const Tensor y = a - b;
    REQUIRE(y.shape() == Shape{2, 4, 3, 5});
    for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t j = 0; j < 4; ++j)
            for (std::size_t k = 0; k < 3; ++k)
                for (std::size_t l = 0; l < 5; ++l)
                    CHECK(y(i, j, k, l).value() == a(i, 0, k, l).value() - b(j, 0, l).value());
}

TEST_CASE("tensor elementwise: two operands: edges as with values") {
    constexpr std::size_t n = kEdges.size();
    for (const Binary& op : kBinary) {
        CAPTURE(op.name);
        const Scope scope;
        const Tensor a = variable(tensor(kEdges, {n, 1})), b = variable(tensor(kEdges, {n}));
        const Tensor y = op.on_tensors(a, b);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                CAPTURE(kEdges[i]);
                CAPTURE(kEdges[j]);
                const Value p = variable(kEdges[i]), q = variable(kEdges[j]), expected = op.on_values(p, q);
                CHECK_CLOSE(y(i, j).value(), expected.value());
                // On one number each: in a row, NaN of the others would reach the shared operand.
                const Tensor u = variable(tensor(kEdges[i])), v = variable(tensor(kEdges[j]));
                backward(op.on_tensors(u, v).item());
                const double du = u.item().gradient(), dv = v.item().gradient();
                backward(expected);
                CHECK_CLOSE(du, p.gradient());
                CHECK_CLOSE(dv, q.gradient());
            }
        }
    }
}

TEST_CASE("tensor elementwise: an operand may be both") {
    for (const Shape& shape : {Shape{1}, Shape{5}, Shape{2, 3}}) {
        std::vector<double> x;
        std::minstd_rand random{5};
        append(x, shape.size(), {0.5, 2.0}, random);
        check_operation([](Operands t) { return t[0] + t[0]; }, {shape}, x);
        check_operation([](Operands t) { return t[0] * t[0]; }, {shape}, x);
        check_operation([](Operands t) { return t[0] / t[0]; }, {shape}, x);
        check_operation([](Operands t) { return pow(t[0], t[0]); }, {shape}, x);
        check_operation([](Operands t) { return hypot(t[0], t[0]); }, {shape}, x);
        check_operation([](Operands t) { return elu(-t[0], t[0]); }, {shape}, x);
    }
    check_operation([](Operands t) { return t[0] * reshape(t[0], {4, 1}); }, {{4}});
    check_operation([](Operands t) { return slice(t[0], 0, 0, 4) * slice(t[0], 0, 1, 5); }, {{5}});
    check_operation([](Operands t) { return t[0](1) * t[0] + t[0](0); }, {{5}});
}

TEST_CASE("tensor elementwise: numbers and values take part, constants get nothing") {
    const Scope scope;
    const Tensor x = variable(tensor({1, 2, 3}));
    const Value a = variable(2.0);
    CHECK(numbers(1.0 - x) == std::vector<double>{0, -1, -2});
    CHECK(numbers(x / 2) == std::vector<double>{0.5, 1, 1.5});
    CHECK(numbers(a * x + 1) == std::vector<double>{3, 5, 7});
    backward(sum(a * x * tensor({1, 10, 100})));
    CHECK(a.gradient() == 321.0);
    CHECK(numbers(x.gradient()) == std::vector<double>{2, 20, 200});
    CHECK((tensor({1, 2}) + 1).is_constant());
    CHECK(numbers(leaky_relu(tensor({-1, 1}))) == std::vector<double>{-0.01, 1});
    CHECK(numbers(elu(tensor({-kInf, 1}))) == std::vector<double>{-1, 1});
}

TEST_CASE("tensor elementwise: compound assignment is the operation on the name") {
    const Scope scope;
    const Tensor x = variable(tensor({1, 2, 3}));
    Tensor y = x;
    y += 1;
    y *= x;
    y -= tensor({{1}, {2}});
    y /= 2;
    CHECK(y.shape() == Shape{2, 3});
    CHECK(numbers(y) == std::vector<double>{0.5, 2.5, 5.5, 0, 2, 5});
    backward(sum(y));
    CHECK(numbers(x.gradient()) == std::vector<double>{3, 5, 7});
    CHECK(numbers(x) == std::vector<double>{1, 2, 3});
}

TEST_CASE("tensor elementwise: shapes that do not fit are told, in the name of the operation") {
    const Scope scope;
    CHECK_THROWS_WITH_AS(
        some({2, 3}) * some({2}),
        "*: shapes do not fit: a is (2,3), b is (2). From the last axis on, sizes must be equal or 1.",
        ShapeError);
    CHECK_THROWS_WITH_AS(
        hypot(some({2, 3}), some({3, 2})),
        "hypot: shapes do not fit: a is (2,3), b is (3,2). From the last axis on, sizes must be equal or 1.",
        ShapeError);
    CHECK((some({2, 3}) * reshape(some({2}), {2, 1})).shape() == Shape{2, 3});  // the fix
}

TEST_CASE("tensor elementwise: a step of the steady state allocates nothing") {
    const std::vector<double> input = some_numbers(30);
    const auto step = [&] {
        const Scope scope;
        const Tensor x = variable(tensor(input, {3, 10}));
        backward(sum(tanh(x * x + 1.0) / exp(slice(x, 0, 0, 1)) - max(x, 0.0)));
    };
    step();
    const std::size_t before = allocation_count();
    for (int i = 0; i < 10; ++i) step();
    CHECK(allocation_count() == before);
}
