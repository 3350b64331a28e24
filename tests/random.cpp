// SPDX-License-Identifier: MIT
// Tests of gradus/random.hpp. Golden numbers: tests/reference/random_reference.py, Python 3.11.
#include "gradus/random.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <span>

#include "doctest.hpp"
#include "gradus/error.hpp"

using namespace gradus;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

using Bits = std::initializer_list<std::uint64_t>;

std::uint64_t bits(double x) { return std::bit_cast<std::uint64_t>(x); }

}  // namespace

static_assert(std::uniform_random_bit_generator<Random>);

TEST_CASE("random: the integers are those of xoshiro256++ seeded by splitmix64") {
    Random one{1};
    for (std::uint64_t golden :
         Bits{0xcfc5d07f6f03c29b, 0xbf424132963fe08d, 0x19a37d5757aaf520, 0xbf08119f05cd56d6})
        CHECK(one() == golden);
    Random zero{0};
    for (std::uint64_t golden :
         Bits{0x53175d61490b23df, 0x61da6f3dc380d507, 0x5c0fdf91ec9a7bfc, 0x02eebf8c3bbe5e1a})
        CHECK(zero() == golden);
}

TEST_CASE("random: uniform numbers are the golden bits") {
    Random random{1};
    for (std::uint64_t golden :
         Bits{0x3fe9f8ba0fede078, 0x3fe7e8482652c7fc, 0x3fb9a37d5757aaf0, 0x3fe7e10233e0b9aa})
        CHECK(bits(random.uniform()) == golden);
}

TEST_CASE("random: normal numbers are the golden bits, tails included") {
    Random random{1};
    for (std::uint64_t golden :
         Bits{0x3fce8225842d43dd, 0x3fd4a32c9bfcd20f, 0xbffa4e5361f88c92, 0xbfd4b661d0cb2d12,
              0xbff5394a0241ee87, 0x3fe13875fa47c8da, 0x3f90d8b33336fbe8, 0x3fe46b3605cda6f0})
        CHECK(bits(random.normal()) == golden);

    Random again{1};
    std::uint64_t folded = 0;
    for (int i = 0; i < 100000; ++i) folded = std::rotl(folded, 1) ^ bits(again.normal());
    CHECK(folded == 0x3d15107431b8e023);
}

TEST_CASE("random: indices and permutations are the golden ones") {
    Random random{1};
    for (unsigned golden : {7u, 5u, 4u, 0u, 0u, 5u, 3u, 5u, 0u, 2u, 1u, 7u})
        CHECK(random.index(10) == golden);
    CHECK(Random{1}.permutation(8) == std::vector<std::size_t>{7, 1, 6, 5, 0, 4, 2, 3});
}

TEST_CASE("random: the normal quantile agrees with the reference") {
    // Printed by the script from statistics.NormalDist; it measured 7e-16 as the worst difference of the two.
    struct Row {
        double probability, z;
    };
    for (const Row& row :
         {Row{0.5, 0.0}, Row{0.25, -0.6744897501960817}, Row{0.075, -1.4395314709384557},
          Row{0.001, -3.090232306167813}, Row{0.975, 1.9599639845400536}, Row{1e-10, -6.361340902404056},
          Row{1e-12, -7.034483825301132}, Row{0x1p-54, -8.292361075813595}, Row{1e-300, -37.0470962993612}}) {
        CAPTURE(row.probability);
        CHECK(std::abs(normal_quantile(row.probability) - row.z) <= 1e-15 * std::abs(row.z));
    }
    CHECK(bits(normal_quantile(0x1p-54)) == 0xc02095b059d67c4c);  // the lowest that normal() can give
    CHECK(std::isfinite(normal_quantile(std::numeric_limits<double>::denorm_min())));
    CHECK(std::isfinite(normal_quantile(1.0 - 0x1p-53)));
}

TEST_CASE("random: uniform has the moments of the uniform distribution") {
    Random random{7};
    constexpr int n = 1'000'000;
    double sum = 0.0;
    double squares = 0.0;
    int outside = 0;
    for (int i = 0; i < n; ++i) {
        const double x = random.uniform();
        outside += x < 0.0 || x >= 1.0;
        sum += x;
        squares += x * x;
    }
    CHECK(outside == 0);
    // Four standard errors: 4 sqrt(1/12) / 1000 and 4 sqrt(4/45) / 1000.
    CHECK(std::abs(sum / n - 0.5) < 0.0012);
    CHECK(std::abs(squares / n - 1.0 / 3.0) < 0.0012);
}

TEST_CASE("random: normal has the moments and the tails of the normal distribution") {
    Random random{7};
    constexpr int n = 1'000'000;
    std::array<double, 5> power{};
    int beyond_two = 0;
    int beyond_three = 0;
    for (int i = 0; i < n; ++i) {
        const double z = random.normal();
        double term = 1.0;
        for (std::size_t k = 1; k < power.size(); ++k) power[k] += term *= z;
        beyond_two += std::abs(z) > 2.0;
        beyond_three += std::abs(z) > 3.0;
    }
    // Four standard errors each: the variances of z, z^2, z^3, z^4 are 1, 2, 15, 96; counts are binomial.
    CHECK(std::abs(power[1] / n) < 0.004);
    CHECK(std::abs(power[2] / n - 1.0) < 0.0057);
    CHECK(std::abs(power[3] / n) < 0.0155);
    CHECK(std::abs(power[4] / n - 3.0) < 0.0392);
    CHECK(std::abs(beyond_two - 45500) < 834);
    CHECK(std::abs(beyond_three - 2700) < 208);
}

TEST_CASE("random: normal is scaled by mean and stddev") {
    Random standard{3};
    Random scaled{3};
    for (int i = 0; i < 10; ++i)
        CHECK(scaled.normal(5.0, 2.0) == doctest::Approx(5.0 + 2.0 * standard.normal()));
    CHECK(Random{3}.normal(5.0, 0.0) == 5.0);
}

TEST_CASE("random: uniform between bounds never reaches the upper one") {
    Random random{5};
    const double next = std::nextafter(1.0, 2.0);
    for (int i = 0; i < 100; ++i) CHECK(random.uniform(1.0, next) == 1.0);
    for (int i = 0; i < 1000; ++i) {
        const double x = random.uniform(-3.0, -1.0);
        CHECK(x >= -3.0);
        CHECK(x < -1.0);
    }
    CHECK(random.uniform(4.0, 4.0) == 4.0);
}

TEST_CASE("random: index gives each number equally often") {
    Random random{11};
    std::array<int, 6> counts{};
    for (int i = 0; i < 60000; ++i) ++counts[random.index(6)];
    double chi_squared = 0.0;
    for (int count : counts) chi_squared += (count - 1e4) * (count - 1e4) / 1e4;
    CHECK(chi_squared < 20.5);  // 99.9% quantile for 5 degrees of freedom
    CHECK(random.index(1) == 0);
}

TEST_CASE("random: index rejects draws that would favour small numbers") {
    // Of 2^64 draws, nearly half must be thrown away for n = 2^63 + 1.
    if constexpr (sizeof(std::size_t) == 8) {
        Random random{1};
        const std::size_t n = (std::size_t{1} << 63) + 1;
        for (std::size_t golden : {5748229745150247578u, 4558277458377302156u, 4541899598897960661u})
            CHECK(random.index(n) == golden);
    }
}

TEST_CASE("random: bernoulli is true with its probability") {
    Random random{13};
    int hits = 0;
    for (int i = 0; i < 100000; ++i) hits += random.bernoulli(0.3);
    CHECK(std::abs(hits - 30000) < 580);  // four standard errors
    CHECK_FALSE(random.bernoulli(0.0));
    CHECK(random.bernoulli(1.0));
}

TEST_CASE("random: shuffle makes each order equally likely") {
    Random random{17};
    std::array<int, 6> counts{};
    for (int i = 0; i < 60000; ++i) {
        std::array<int, 3> items{0, 1, 2};
        random.shuffle(items);
        ++counts[static_cast<std::size_t>(items[0] * 2 + (items[1] > items[2]))];
    }
    double chi_squared = 0.0;
    for (int count : counts) chi_squared += (count - 1e4) * (count - 1e4) / 1e4;
    CHECK(chi_squared < 20.5);  // as above
}

TEST_CASE("random: shuffle takes vectors, spans and nothing at all") {
    Random random{1};
    std::vector<int> items{1, 2, 3, 4, 5};
    random.shuffle(std::span(items).first(3));
    CHECK(items[3] == 4);
    CHECK(items[4] == 5);
    CHECK(items[0] + items[1] + items[2] == 6);
    std::vector<int> none;
    random.shuffle(none);
    CHECK(random.permutation(0).empty());
}

TEST_CASE("random: arguments without meaning are named") {
    Random random{1};
    CHECK_THROWS_WITH_AS(
        random.uniform(2.0, 1.0),
        "uniform: not an interval: low is 2, high is 1. Give finite bounds, the lower one first.",
        DomainError);
    CHECK_THROWS_AS(random.uniform(0.0, kInfinity), DomainError);
    CHECK_THROWS_AS(random.uniform(kNan, 1.0), DomainError);
    CHECK_THROWS_AS(random.uniform(-1e308, 1e308), DomainError);  // the width overflows
    CHECK_THROWS_WITH_AS(
        random.normal(0.0, -1.0),
        "normal: not a distribution: mean is 0, stddev is -1. Give finite numbers, stddev at least 0.",
        DomainError);
    CHECK_THROWS_AS(random.normal(kNan), DomainError);
    CHECK_THROWS_AS(random.normal(0.0, kInfinity), DomainError);
    CHECK_THROWS_WITH_AS(random.index(0), "index: nothing to choose from: n is 0. Give n of at least 1.",
                         DomainError);
    CHECK_THROWS_WITH_AS(random.bernoulli(1.5),
                         "bernoulli: not a probability: 1.5. Give a number from 0 to 1.", DomainError);
    CHECK_THROWS_AS(random.bernoulli(kNan), DomainError);
    CHECK_THROWS_WITH_AS(normal_quantile(0.0),
                         "normal_quantile: outside of (0, 1): 0. Give a probability between 0 and 1.",
                         DomainError);
    CHECK_THROWS_AS(normal_quantile(1.0), DomainError);
    CHECK_THROWS_AS(normal_quantile(kNan), DomainError);
}
