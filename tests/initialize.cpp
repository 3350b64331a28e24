// SPDX-License-Identifier: MIT
// Tests of gradus/initialize.hpp.
#include "gradus/initialize.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "doctest.hpp"
#include "gradus/error.hpp"

using namespace gradus;

namespace {

constexpr std::size_t kInputs = 300, kOutputs = 100;

std::vector<double> weights(const std::string& name, std::uint64_t seed = 1) {
    std::vector<double> w(kInputs * kOutputs);
    Random random(seed);
    initialize(name, w, kInputs, random);
    return w;
}

double mean_square(const std::vector<double>& w) {
    double sum = 0.0;
    for (const double x : w) sum += x * x;
    return sum / static_cast<double>(w.size());
}

}  // namespace

TEST_CASE("initialize: the variance is that of the paper, the mean zero") {
    struct Case {
        std::string name;
        double variance;
    };
    for (const Case& c : {Case{"xavier", 2.0 / 400}, Case{"glorot", 2.0 / 400}, Case{"he", 2.0 / 300},
                          Case{"lecun", 1.0 / 300}}) {
        for (const std::string shape : {"_normal", "_uniform"}) {
            CAPTURE(c.name + shape);
            const std::vector<double> w = weights(c.name + shape);
            double sum = 0.0;
            for (const double x : w) sum += x;
            // Of 30,000 draws: the mean square deviates by sqrt(2 / 30000) = 0.8%, the mean by stddev / 173.
            CHECK(mean_square(w) == doctest::Approx(c.variance).epsilon(0.04));
            CHECK(std::abs(sum / static_cast<double>(w.size())) < 5.0 * std::sqrt(c.variance) / 173.0);
        }
    }
}

TEST_CASE("initialize: uniform weights keep their bound, normal ones do not") {
    const auto largest = [](const std::vector<double>& w) { return *std::max_element(w.begin(), w.end()); };
    const double bound = std::sqrt(6.0 / 300);
    CHECK(largest(weights("he_uniform")) <= bound);
    CHECK(largest(weights("he_uniform")) > 0.99 * bound);
    CHECK(largest(weights("he_normal")) > bound);
}

TEST_CASE("initialize: zeros are zeros") { CHECK(mean_square(weights("zeros")) == 0.0); }

TEST_CASE("initialize: the seed decides, and glorot is another name of xavier") {
    CHECK(weights("xavier_normal", 7) == weights("glorot_normal", 7));
    CHECK(weights("he_normal", 7) != weights("he_normal", 8));
}

TEST_CASE("initialize: mistakes are named") {
    Random random(1);
    std::vector<double> w(6);
    CHECK_THROWS_WITH_AS(initialize("kaiming", w, 3, random),
                         "initialize: no initialization has this name: \"kaiming\". The names are: "
                         "xavier_normal, xavier_uniform, glorot_normal, glorot_uniform, he_normal, "
                         "he_uniform, lecun_normal, lecun_uniform, zeros.",
                         DomainError);
    CHECK_THROWS_WITH_AS(initialize("zeros", w, 4, random),
                         "initialize: not a whole number of outputs: 6 weights for 4 inputs. Give outputs * "
                         "inputs weights.",
                         ShapeError);
}
