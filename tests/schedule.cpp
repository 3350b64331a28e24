// SPDX-License-Identifier: MIT
// Tests of gradus/schedule.hpp.
#include "gradus/schedule.hpp"

#include <cmath>
#include <functional>

#include "doctest.hpp"
#include "gradus/error.hpp"

using namespace gradus;

TEST_CASE("schedule: a number is the constant schedule") {
    const Schedule rate = 0.1;
    CHECK(rate(0) == 0.1);
    CHECK(rate(1'000'000) == 0.1);
    CHECK(schedule::constant(0.1)(5) == 0.1);
}

TEST_CASE("schedule: any function of the step is one") {
    const Schedule rate = [](std::size_t step) { return 1.0 / static_cast<double>(step + 1); };
    CHECK(rate(3) == 0.25);
}

TEST_CASE("schedule: step multiplies by a factor every so often") {
    const Schedule rate = schedule::step(0.8, 10, 0.5);
    CHECK(rate(9) == 0.8);
    CHECK(rate(10) == 0.4);
    CHECK(rate(29) == 0.2);
}

TEST_CASE("schedule: linear goes in a straight line and stays") {
    const Schedule rate = schedule::linear(1.0, 0.5, 4);
    CHECK(rate(0) == 1.0);
    CHECK(rate(1) == 0.875);
    CHECK(rate(4) == 0.5);
    CHECK(rate(100) == 0.5);
}

TEST_CASE("schedule: cosine goes along half a wave and stays") {
    const Schedule rate = schedule::cosine(1.0, 0.2, 6);
    CHECK(rate(0) == 1.0);
    CHECK(rate(2) == doctest::Approx(0.8));  // cos(60 degrees) = 1/2
    CHECK(rate(3) == doctest::Approx(0.6));
    CHECK(rate(6) == doctest::Approx(0.2));
    CHECK(rate(100) == doctest::Approx(0.2));
}

TEST_CASE("schedule: warm-up rises to where the other schedule begins") {
    const Schedule rate = schedule::warm_up(3, schedule::linear(0.8, 0.0, 4));
    CHECK(rate(0) == doctest::Approx(0.2));
    CHECK(rate(1) == doctest::Approx(0.4));
    CHECK(rate(2) == doctest::Approx(0.6));
    CHECK(rate(3) == 0.8);
    CHECK(rate(5) == 0.4);
    CHECK(rate(7) == 0.0);
    CHECK(schedule::warm_up(~std::size_t{0}, 0.5)(0) == 0x1p-65);
}

TEST_CASE("schedule: mistakes are named") {
    const char* negative =
        "schedule: the learning rate is negative or not finite: -0.1. Give a small positive number, such as "
        "0.01.";
    CHECK_THROWS_WITH_AS(Schedule(-0.1), negative, DomainError);
    CHECK_THROWS_WITH_AS(schedule::linear(0.1, -0.1, 5), negative, DomainError);
    const Schedule faulty = [](std::size_t) { return -0.1; };
    CHECK_THROWS_WITH_AS((void)faulty(0), negative, DomainError);
    CHECK_THROWS_AS(Schedule(std::nan("")), DomainError);
    const Schedule none = std::function<double(std::size_t)>();
    CHECK_THROWS_WITH_AS((void)none(0),
                         "schedule: there is no schedule: the function is empty. Give a rate such as 0.01.",
                         DomainError);
    CHECK_THROWS_WITH_AS(schedule::cosine(0.1, 0.0, 0), "schedule: zero steps: found 0. Give at least 1.",
                         DomainError);
    CHECK_THROWS_AS(schedule::step(0.1, 0, 0.5), DomainError);
    CHECK_THROWS_WITH_AS(schedule::step(0.1, 10, -0.5),
                         "schedule: the factor is negative or not finite: -0.5. Give a number such as 0.5.",
                         DomainError);
}
