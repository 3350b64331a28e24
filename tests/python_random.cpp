// SPDX-License-Identifier: MIT
// Tests of gradus/python_random.hpp. Golden numbers: tests/reference/python_random_reference.py,
// Python 3.11.7.
#include "gradus/python_random.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "doctest.hpp"
#include "gradus/error.hpp"

using namespace gradus;

namespace {

// log, cos and sin of another C library may round another way: two of them, each within a unit in the last
// place, are within 1e-15.
void check_close(double found, double golden) {
    CAPTURE(golden);
    CHECK(std::abs(found - golden) <= 1e-15 * std::abs(golden));
}

}  // namespace

TEST_CASE("python_random: random() is Python's for seeds of one word and of two") {
    struct Row {
        std::uint64_t seed;
        std::array<double, 3> golden;
    };
    for (const Row& row :
         {Row{0, {0x1.b0580f98a7dbep-1, 0x1.84129978f9c1ap-1, 0x1.aeaa51052e978p-2}},
          Row{1, {0x1.132d8f91b7584p-3, 0x1.b1e2d5b3584f8p-1, 0x1.870d778409f13p-1}},
          Row{42, {0x1.4762f307200c5p-1, 0x1.99c6b5eeb2060p-6, 0x1.19a1491f589dcp-2}},
          Row{0xffffffff, {0x1.454d9227a7013p-1, 0x1.a0274a3720bf8p-3, 0x1.36f8c1616ef77p-1}},
          Row{0x100000000, {0x1.ced31cb3df170p-4, 0x1.abdb5477a4f26p-2, 0x1.1139c02ebd380p-6}},
          Row{0xffffffffffffffff, {0x1.659799fd7f980p-6, 0x1.5a35a94f333d8p-2, 0x1.b21c0274c09a4p-3}}}) {
        CAPTURE(row.seed);
        PythonRandom random(row.seed);
        for (const double golden : row.golden) CHECK(random.random() == golden);
    }
}

TEST_CASE("python_random: whole numbers are Python's, from no bit to 64") {
    PythonRandom bits(42);
    std::vector<std::uint64_t> drawn;
    for (const unsigned k : {0u, 1u, 5u, 31u, 32u, 33u, 53u, 64u}) drawn.push_back(bits.getrandbits(k));
    CHECK(drawn == std::vector<std::uint64_t>{0, 1, 3, 53710184, 3184935163, 1181241943, 1256845828445918,
                                              1890702223848595625});
    PythonRandom below(42);
    drawn.clear();
    for (const std::uint64_t n : std::initializer_list<std::uint64_t>{1, 2, 3, 10, 1000, 1ull << 32,
                                                                      (1ull << 33) + 1, (1ull << 63) + 1}) {
        drawn.push_back(below.randbelow(n));
    }
    CHECK(drawn == std::vector<std::uint64_t>{0, 0, 2, 4, 250, 958682846, 3163119785, 586287033698423193});
}

TEST_CASE("python_random: uniform(a, b) is Python's") {
    PythonRandom random(42);
    for (const double golden : {1.1971339922894186, -1.8749462238866652, -0.6248534081544037}) {
        CHECK(random.uniform(-2.0, 3.0) == golden);
    }
}

TEST_CASE("python_random: gauss() is Python's, and keeps its second number over other draws") {
    PythonRandom weights(42);
    for (const double golden :
         {-0.011527226366234268, -0.013832288026521545, -0.008905268925412997, 0.05615869800790905}) {
        check_close(weights.gauss(0.0, 0.08), golden);
    }
    PythonRandom mixed(42);
    check_close(mixed.gauss(), -0.14409032957792836);
    CHECK(mixed.random() == 0.27502931836911926);
    check_close(mixed.gauss(10.0, 2.0), 9.654192799336961);
    CHECK(mixed.random() == 0.22321073814882275);
    check_close(mixed.gauss(), -0.12758828378288709);

    PythonRandom many(42);
    double sum = 0.0;
    for (int i = 0; i < 100000; ++i) sum += std::abs(many.gauss());
    CHECK(std::abs(sum - 80004.54574472156) < 1e-9);  // 1e5 roundings of half a unit in the last place
    CHECK(many.random() == 0.5755863844582546);
}

TEST_CASE("python_random: shuffle() is Python's") {
    std::vector<int> few(12);
    std::iota(few.begin(), few.end(), 0);
    PythonRandom(42).shuffle(few);
    CHECK(few == std::vector<int>{7, 5, 2, 8, 9, 6, 11, 3, 4, 0, 1, 10});

    std::vector<std::uint64_t> many(8000);
    std::iota(many.begin(), many.end(), 0u);
    PythonRandom random(42);
    random.shuffle(std::vector<int>(12));  // what the first one drew
    random.shuffle(many);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < many.size(); ++i) sum += i * many[i];
    CHECK(sum == 127954049686);
}

TEST_CASE("python_random: choices() are Python's, and none has weight zero") {
    PythonRandom random(42);
    const std::vector<double> weights{0.5, 0.0, 2.0, 1.0, 0.25, 0.0};
    for (const std::size_t golden :
         {2u, 0u, 2u, 2u, 3u, 3u, 3u, 0u, 2u, 0u, 2u, 2u, 0u, 2u, 2u, 2u, 2u, 2u, 3u, 0u}) {
        CHECK(random.choices(weights) == golden);
    }
    std::vector<int> counts(weights.size());
    for (int i = 0; i < 10000; ++i) ++counts[random.choices(weights)];
    CHECK(counts == std::vector<int>{1344, 0, 5315, 2664, 677, 0});
}

TEST_CASE("python_random: mistakes are told") {
    PythonRandom random(1);
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH_AS(random.getrandbits(65), "getrandbits: too many bits: 65. Ask for at most 64.",
                         DomainError);
    CHECK_THROWS_WITH_AS(random.randbelow(0),
                         "randbelow: nothing to choose from: n is 0. Give n of at least 1.", DomainError);
    CHECK_THROWS_WITH_AS(random.choices(std::vector{1.0, -0.5}),
                         "choices: a weight is negative: -0.5. Give weights that are zero or positive.",
                         DomainError);
    CHECK_THROWS_WITH_AS(random.choices({}),
                         "choices: the sum of the weights is not positive and finite: it is 0, of 0 weights. "
                         "Give at least one positive weight, and no infinite one.",
                         DomainError);
    CHECK_THROWS_AS(random.choices(std::vector{0.0, 0.0}), DomainError);
    CHECK_THROWS_AS(random.choices(std::vector{1.0, kInfinity}), DomainError);
    CHECK_THROWS_AS(random.choices(std::vector{1.0, std::nan("")}), DomainError);
}
