// SPDX-License-Identifier: MIT
#include "gradus/tensor/reduce.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "allocations.hpp"
#include "doctest.hpp"
#include "gradus/reduce.hpp"
#include "gradus/tensor/elementwise.hpp"
#include "gradus/tensor/matmul.hpp"
#include "tensors.hpp"

using namespace gradus;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

using Operands = std::span<const Tensor>;

/// Check a reduction along every axis against the one of a span, line by line.
template <class Along, class Whole>
void check_lines(Along along, Whole whole) {
    for (const Shape& shape : {Shape{5}, Shape{3, 4}, Shape{2, 17}, Shape{17, 2}, Shape{2, 3, 4},
                               Shape{3, 1, 2, 5}, Shape{1, 1}, Shape{0, 3}}) {
        for (int axis = 0; axis < static_cast<int>(shape.rank()); ++axis) {
            if (shape[static_cast<std::size_t>(axis)] == 0) continue;
            CAPTURE(to_string(shape));
            CAPTURE(axis);
            const Scope scope;
            const Tensor x = some(shape);
            const Tensor y = along(x, axis);
            // The axis moved to the end, each line is a row.
            Tensor lines = x;
            for (int k = axis; k + 1 < static_cast<int>(shape.rank()); ++k)
                lines = transpose(lines, k, k + 1);
            const std::size_t n = shape[static_cast<std::size_t>(axis)];
            REQUIRE(y.size() == x.size() / n);
            for (std::size_t i = 0; i < y.size(); ++i)
                CHECK(y.numbers()[i] ==
                      doctest::Approx(whole(lines.numbers().subspan(i * n, n))).epsilon(1e-13));
        }
    }
}

/// Check the gradient of a reduction of all numbers, and along axes.
template <class Whole, class Along>
void check_gradients(Whole whole, Along along) {
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{5}, Shape{3, 4}, Shape{2, 2, 3}})
        check_operation([&](Operands x) { return whole(x[0]); }, {shape});
    for (const Shape& shape :
         {Shape{1}, Shape{5}, Shape{3, 4}, Shape{1, 4}, Shape{2, 3, 3}, Shape{2, 1, 2, 3}}) {
        CAPTURE(to_string(shape));
        for (int axis = -static_cast<int>(shape.rank()); axis < 0; ++axis) {
            CAPTURE(axis);
            check_operation([&](Operands x) { return along(x[0], axis, {}); }, {shape});
            check_operation([&](Operands x) { return x[0] * along(x[0], axis, {.keep = true}); }, {shape});
        }
    }
    check_operation([&](Operands x) { return along(x[0], 1, {}); }, {Shape{0, 3}});
}

/// Check what becomes of an axis and of empty tensors.
template <class Along>
void check_shapes(Along along) {
    const Scope scope;
    const Tensor x = some({2, 3, 4});
    CHECK(along(x, 0, {}).shape() == Shape{3, 4});
    CHECK(along(x, 1, {}).shape() == Shape{2, 4});
    CHECK(along(x, -1, {}).shape() == Shape{2, 3});
    CHECK(along(x, 1, {.keep = true}).shape() == Shape{2, 1, 4});
    CHECK(along(some({5}), 0, {}).shape() == Shape{});
    CHECK(along(some({0, 3}), 1, {}).shape() == Shape{0});
    CHECK(along(some({3, 1, 0}), 1, {.keep = true}).shape() == Shape{3, 1, 0});
    CHECK_THROWS_AS(along(x, 3, {}), ShapeError);
    CHECK_THROWS_AS(along(some({}), 0, {}), ShapeError);
}

/// Check that a reduction of no numbers is an error, of all and along an axis.
template <class Whole, class Along>
void check_needs_numbers(const std::string& name, Whole whole, Along along) {
    const Scope scope;
    const std::string all = name + ": it needs numbers: the shape is (2,0). Give it at least one.";
    const std::string axis =
        name + ": it needs numbers: axis -1 of the shape (2,0) is empty. Give it at least one.";
    CHECK_THROWS_WITH_AS(whole(some({2, 0})), all.c_str(), ShapeError);
    CHECK_THROWS_WITH_AS(along(some({2, 0}), -1), axis.c_str(), ShapeError);
    CHECK(along(some({2, 0}), 0).size() == 0);
}

std::vector<double> gradient_of(const Value& y, const Tensor& x) {
    backward(y);
    return numbers(x.gradient());
}

}  // namespace

TEST_CASE("tensor reduce: along an axis, each line gives what its numbers give alone") {
    using Numbers = std::span<const double>;
    check_lines([](const Tensor& x, int axis) { return sum(x, axis); }, [](Numbers x) { return sum(x); });
    check_lines([](const Tensor& x, int axis) { return mean(x, axis); }, [](Numbers x) { return mean(x); });
    check_lines([](const Tensor& x, int axis) { return norm(x, axis); }, [](Numbers x) { return norm(x); });
    check_lines([](const Tensor& x, int axis) { return logsumexp(x, axis); },
                [](Numbers x) { return logsumexp(x); });
    check_lines([](const Tensor& x, int axis) { return max(x, axis); },
                [](Numbers x) { return *std::max_element(x.begin(), x.end()); });
    check_lines([](const Tensor& x, int axis) { return min(x, axis); },
                [](Numbers x) { return *std::min_element(x.begin(), x.end()); });
    check_lines(
        [](const Tensor& x, int axis) {
            const std::vector<std::size_t> found = argmax(x, axis);
            const std::vector<double> positions(found.begin(), found.end());
            return tensor(positions, {positions.size()});
        },
        [](Numbers x) { return static_cast<double>(std::max_element(x.begin(), x.end()) - x.begin()); });
}

TEST_CASE("tensor reduce: all numbers, in every size") {
    for (const std::size_t n : {1U, 3U, 4U, 17U, 1000U}) {
        const Scope scope;
        const std::vector<double> numbers = some_numbers(n);
        const Tensor x = tensor(numbers, {n, 1});
        CHECK(sum(x).value() == doctest::Approx(sum(numbers)).epsilon(1e-13));
        CHECK(mean(x).value() == doctest::Approx(mean(numbers)).epsilon(1e-13));
        CHECK(norm(x).value() == doctest::Approx(norm(numbers)).epsilon(1e-13));
        CHECK(logsumexp(x).value() == doctest::Approx(logsumexp(numbers)).epsilon(1e-13));
        CHECK(max(x).value() == *std::max_element(numbers.begin(), numbers.end()));
        CHECK(min(x).value() == *std::min_element(numbers.begin(), numbers.end()));
        CHECK(numbers[argmax(x)] == max(x).value());
    }
}

TEST_CASE("tensor reduce: gradients equal differences") {
    check_gradients([](const Tensor& x) { return sum(x); },
                    [](const Tensor& x, int axis, const Reduced& r) { return sum(x, axis, r); });
    check_gradients([](const Tensor& x) { return mean(x); },
                    [](const Tensor& x, int axis, const Reduced& r) { return mean(x, axis, r); });
    check_gradients([](const Tensor& x) { return norm(x); },
                    [](const Tensor& x, int axis, const Reduced& r) { return norm(x, axis, r); });
    check_gradients([](const Tensor& x) { return logsumexp(x); },
                    [](const Tensor& x, int axis, const Reduced& r) { return logsumexp(x, axis, r); });
    check_gradients([](const Tensor& x) { return max(x); },
                    [](const Tensor& x, int axis, const Reduced& r) { return max(x, axis, r); });
    check_gradients([](const Tensor& x) { return min(x); },
                    [](const Tensor& x, int axis, const Reduced& r) { return min(x, axis, r); });
}

TEST_CASE("tensor reduce: the axis goes, or stays with size 1") {
    check_shapes([](const Tensor& x, int axis, const Reduced& r) { return sum(x, axis, r); });
    check_shapes([](const Tensor& x, int axis, const Reduced& r) { return mean(x, axis, r); });
    check_shapes([](const Tensor& x, int axis, const Reduced& r) { return norm(x, axis, r); });
    check_shapes([](const Tensor& x, int axis, const Reduced& r) { return logsumexp(x, axis, r); });
    check_shapes([](const Tensor& x, int axis, const Reduced& r) { return max(x, axis, r); });
    check_shapes([](const Tensor& x, int axis, const Reduced& r) { return min(x, axis, r); });
    const Scope scope;
    CHECK_THROWS_WITH_AS(
        sum(some({2, 3}), 2),
        "sum: there is no axis 2: the shape is (2,3). Name one from 0 to 1, or from -2 to -1, the last one.",
        ShapeError);
    CHECK_THROWS_AS(argmax(some({2, 3}), -3), ShapeError);
}

TEST_CASE("tensor reduce: of no numbers, a sum and a length are 0, the others an error") {
    const Scope scope;
    CHECK(sum(some({0})).value() == 0.0);
    CHECK(norm(some({2, 0})).value() == 0.0);
    CHECK(numbers(sum(some({2, 0}), 1)) == std::vector<double>{0, 0});
    CHECK(numbers(sum(some({0, 2}), 0)) == std::vector<double>{0, 0});
    CHECK(numbers(norm(some({0, 2}), 0)) == std::vector<double>{0, 0});
    const auto needs = [](const char* name, auto f) { check_needs_numbers(name, f, f); };
    needs("mean", [](const Tensor& x, auto... axis) { return mean(x, axis...); });
    needs("logsumexp", [](const Tensor& x, auto... axis) { return logsumexp(x, axis...); });
    needs("max", [](const Tensor& x, auto... axis) { return max(x, axis...); });
    needs("min", [](const Tensor& x, auto... axis) { return min(x, axis...); });
    CHECK_THROWS_WITH_AS(argmax(some({0})),
                         "argmax: it needs numbers: the shape is (0). Give it at least one.", ShapeError);
    CHECK_THROWS_WITH_AS(
        argmax(some({3, 0}), 1),
        "argmax: it needs numbers: axis 1 of the shape (3,0) is empty. Give it at least one.", ShapeError);
    CHECK(argmax(some({3, 0}), 0).empty());
}

TEST_CASE("tensor reduce: on ties the first one gets the gradient") {
    const Scope scope;
    const Tensor x = variable(tensor({{1, 3, 3}, {1, 1, 3}}));
    CHECK(gradient_of(max(x), x) == std::vector<double>{0, 1, 0, 0, 0, 0});
    CHECK(gradient_of(min(x), x) == std::vector<double>{1, 0, 0, 0, 0, 0});
    CHECK(gradient_of(sum(max(x, 1)), x) == std::vector<double>{0, 1, 0, 0, 0, 1});
    CHECK(gradient_of(sum(max(x, 0)), x) == std::vector<double>{1, 1, 1, 0, 0, 0});
    CHECK(gradient_of(sum(min(x, 1)), x) == std::vector<double>{1, 0, 0, 1, 0, 0});
    CHECK(gradient_of(sum(min(x, 0)), x) == std::vector<double>{1, 0, 1, 0, 1, 0});
    CHECK(argmax(x) == 1);
    CHECK(argmax(x, 0) == std::vector<std::size_t>{0, 0, 0});
    CHECK(argmax(x, 1) == std::vector<std::size_t>{1, 2});
}

TEST_CASE("tensor reduce: a NaN is the largest and the smallest") {
    const Scope scope;
    const Tensor x = tensor({{1, kNaN, 3}, {5, 2, kNaN}});
    CHECK(argmax(x) == 1);
    CHECK(std::isnan(max(x).value()));
    CHECK(std::isnan(min(x).value()));
    CHECK(argmax(x, 0) == std::vector<std::size_t>{1, 0, 1});
    CHECK(std::isnan(max(x, 0)(1).value()));
    CHECK(std::isnan(min(x, 1)(1).value()));
    CHECK(min(x, 0)(0).value() == 1.0);
}

TEST_CASE("tensor reduce: lengths neither overflow nor underflow, and have a gradient at zero") {
    const Scope scope;
    CHECK(norm(tensor({3e200, 4e200})).value() == doctest::Approx(5e200));
    CHECK(norm(tensor({3e-200, 4e-200})).value() == doctest::Approx(5e-200));
    CHECK(norm(tensor({-kInf, 1})).value() == kInf);
    CHECK(std::isnan(norm(tensor({kNaN, 1})).value()));
    const Tensor zero = variable(full({2, 2}, 0.0));
    CHECK(gradient_of(norm(zero), zero) == std::vector<double>(4, 0.0));
    CHECK(gradient_of(sum(norm(zero, 0)), zero) == std::vector<double>(4, 0.0));
    const Tensor small = variable(tensor({3e-200, 4e-200}));
    backward(norm(small));
    CHECK(small.gradient()(0).value() == doctest::Approx(0.6));
}

TEST_CASE("tensor reduce: logsumexp neither overflows nor yields NaN at -inf") {
    const Scope scope;
    CHECK(logsumexp(tensor({1000, 1000})).value() == doctest::Approx(1000 + std::log(2.0)));
    CHECK(logsumexp(tensor({-1000, -1000})).value() == doctest::Approx(-1000 + std::log(2.0)));
    const Tensor x = variable(tensor({{-kInf, 0}, {-kInf, -kInf}}));
    const Tensor y = logsumexp(x, 1);
    CHECK(numbers(y) == std::vector<double>{0, -kInf});
    CHECK(gradient_of(sum(y), x) == std::vector<double>{0, 1, 0, 0});
}

TEST_CASE("tensor reduce: names of reductions take tensors, spans, vectors, parameters and numbers alike") {
    const Scope scope;
    Parameters block;
    const Parameter p = block.add("p", {3});
    const std::vector<double> d{1, 2, 4};
    std::copy(d.begin(), d.end(), p.values().begin());
    const std::vector<Value> v = variables(d);
    const Tensor t = stack(v);
    const auto same = [](double a, const Value& b, const Value& c, const Value& e, const Value& f, double g) {
        for (const Value& found : {b, c, e, f, Value(g)}) CHECK(found.value() == doctest::Approx(a));
    };
    const std::span<const Value> s(v);
    same(7.0, sum(t), sum(v), sum(s), sum(p.view()), sum(d));
    same(7.0 / 3.0, mean(t), mean(v), mean(s), mean(p.view()), mean(d));
    same(std::sqrt(21.0), norm(t), norm(v), norm(s), norm(p.view()), norm(d));
    same(4.0, max(t), max(v), max(s), max(p.view()), max(d));
    same(logsumexp(d), logsumexp(t), logsumexp(v), logsumexp(s), logsumexp(p.view()), logsumexp(d));
    CHECK(sum(std::array{1.0, 2.0}) == 3.0);
    CHECK(sum(p.tensor()).value() == 7.0);
    CHECK(sum(Value(2.0)).value() == 2.0);
}

TEST_CASE("tensor reduce: an integer beside max names an axis, any other number is compared") {
    const Scope scope;
    const Tensor x = tensor({{-1, 2}, {3, -4}});
    CHECK(numbers(max(x, 0)) == std::vector<double>{3, 2});
    CHECK(numbers(max(x, std::size_t{1})) == std::vector<double>{2, 3});
    CHECK(numbers(max(x, 0.0)) == std::vector<double>{0, 2, 3, 0});
    CHECK(numbers(min(x, 0.0F)) == std::vector<double>{-1, 0, 0, -4});
    CHECK(numbers(max(x, Value(0.0))) == std::vector<double>{0, 2, 3, 0});
    CHECK(max(Value(1.0), 2.0).value() == 2.0);
}

TEST_CASE("tensor reduce: parameters get their gradients, constants record nothing") {
    Parameters block;
    const Parameter w = block.add("w", {2, 2});
    const Scope scope;
    const Tensor x = tensor({{1, 2}, {3, 4}});
    const std::size_t entries = Tape::current().entry_count();
    CHECK(sum(x).is_constant());
    CHECK(mean(x, 0).is_constant());
    CHECK(Tape::current().entry_count() == entries);
    backward(sum(matmul(x, w.tensor())) + mean(w.tensor()) + sum(max(w.tensor(), 1)));
    CHECK(std::vector<double>(w.gradients().begin(), w.gradients().end()) ==
          std::vector<double>{5.25, 4.25, 7.25, 6.25});
}

TEST_CASE("tensor reduce: a step of the steady state allocates nothing") {
    const std::vector<double> input = some_numbers(60);
    const auto step = [&] {
        const Scope scope;
        const Tensor x = variable(tensor(input, {3, 4, 5}));
        backward(sum(norm(x, 1)) + logsumexp(max(x, 0)) + mean(sum(x, -1)) + norm(logsumexp(x, 2)));
    };
    step();
    const std::size_t before = allocation_count();
    for (int i = 0; i < 10; ++i) step();
    CHECK(allocation_count() == before);
}
