// SPDX-License-Identifier: MIT
// Tests of gradus/batch.hpp.
#include "gradus/batch.hpp"

#include <array>
#include <vector>

#include "doctest.hpp"
#include "gradus/error.hpp"

using namespace gradus;

namespace {

const Dataset kData{.rows = 3,
                    .columns = 2,
                    .inputs = {1, 2, 3, 4, 5, 6},
                    .targets = {0, 2, 1},
                    .class_names = {"a", "b", "c"},
                    .feature_names = {}};
constexpr std::array<std::size_t, 3> kChosen{2, 0, 2};
constexpr std::array<std::size_t, 1> kBeyond{3};

std::vector<double> numbers(const Tensor& x) { return {x.numbers().begin(), x.numbers().end()}; }

}  // namespace

TEST_CASE("batch: the chosen rows, in their order, are a constant tensor") {
    const Scope scope;
    const Tensor x = rows(kData, kChosen);
    CHECK(x.shape() == Shape{3, 2});
    CHECK(x.is_constant());
    CHECK(numbers(x) == std::vector<double>{5, 6, 1, 2, 5, 6});
    CHECK(rows(kData).shape() == Shape{3, 2});
    CHECK(numbers(rows(kData)) == kData.inputs);
    CHECK(rows(kData, {}).shape() == Shape{0, 2});
}

TEST_CASE("batch: targets and classes follow the rows") {
    const Scope scope;
    CHECK(targets(kData, kChosen).shape() == Shape{3});
    CHECK(numbers(targets(kData, kChosen)) == std::vector<double>{1, 0, 1});
    const std::span<const std::size_t> classes = labels(kData, kChosen);
    CHECK(std::vector<std::size_t>(classes.begin(), classes.end()) == std::vector<std::size_t>{1, 0, 1});
}

TEST_CASE("batch: a tensor of rows lives as long as what is recorded now") {
    Tensor x = 0.0;
    {
        const Scope scope;
        x = rows(kData, kChosen);
    }
    CHECK_THROWS_AS(numbers(x), TapeError);
}

TEST_CASE("batch: mistakes are named") {
    const Scope scope;
    CHECK_THROWS_AS(rows(kData, kBeyond), ShapeError);
    CHECK_THROWS_AS(labels(kData, kBeyond), ShapeError);
    CHECK_THROWS_WITH_AS(
        targets(kData, kBeyond),
        "targets: row 3 has none: there are 3. Rows count from 0; read the data with a target.", ShapeError);
    Dataset numbers = kData;
    numbers.targets = {0.5, 0.5, 0.5};
    CHECK_THROWS_AS(labels(numbers, kChosen), DomainError);
}
