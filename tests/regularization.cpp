// SPDX-License-Identifier: MIT
// Tests of gradus/regularization.hpp.
#include "gradus/regularization.hpp"

#include <algorithm>
#include <vector>

#include "doctest.hpp"
#include "gradus/error.hpp"

using namespace gradus;

namespace {

using Numbers = std::vector<double>;

/// Three weights and a bias, with gradients of 100 from elsewhere.
struct Model {
    Parameters parameters;
    Model() {
        parameters.add("weight", {1, 3});
        parameters.add("bias", {1}, false);
        const Numbers numbers{2, 0, -3, 5};
        std::copy(numbers.begin(), numbers.end(), parameters.values().begin());
        std::fill(parameters.gradients().begin(), parameters.gradients().end(), 100.0);
    }
    [[nodiscard]] Numbers gradients_with(const Regularization& penalty) const {
        penalty.add_gradient(parameters);
        return {parameters.gradients().begin(), parameters.gradients().end()};
    }
};

}  // namespace

TEST_CASE("regularization: l1 is the sum of magnitudes, of weights only") {
    const Regularization lasso{.l1 = 0.5};
    CHECK(lasso.value(Model().parameters) == 2.5);
    CHECK(Model().gradients_with(lasso) == Numbers{100.5, 100, 99.5, 100});
}

TEST_CASE("regularization: l2 is half the sum of squares, of weights only") {
    const Regularization ridge{.l2 = 2.0};
    CHECK(ridge.value(Model().parameters) == 13.0);
    CHECK(Model().gradients_with(ridge) == Numbers{104, 100, 94, 100});
}

TEST_CASE("regularization: the elastic net is both") {
    const Regularization elastic_net{.l1 = 0.5, .l2 = 2.0};
    CHECK(elastic_net.value(Model().parameters) == 15.5);
    CHECK(Model().gradients_with(elastic_net) == Numbers{104.5, 100, 93.5, 100});
}

TEST_CASE("regularization: biases are penalized when asked for") {
    const Regularization all{.l1 = 0.5, .l2 = 2.0, .biases = true};
    CHECK(all.value(Model().parameters) == 43.0);
    CHECK(Model().gradients_with(all) == Numbers{104.5, 100, 93.5, 110.5});
}

TEST_CASE("regularization: without a weight there is no penalty") {
    CHECK(Regularization{}.value(Model().parameters) == 0.0);
    CHECK(Model().gradients_with({}) == Numbers{100, 100, 100, 100});
}

TEST_CASE("regularization: a penalty that is not asked for does not overflow") {
    const Model model;
    std::ranges::fill(model.parameters.values(), 1e200);
    CHECK(Regularization{.l1 = 0.5, .biases = true}.value(model.parameters) == doctest::Approx(2e200));
}

TEST_CASE("regularization: mistakes are named") {
    const Model model;
    CHECK_THROWS_WITH_AS(
        (void)(Regularization{.l1 = -1.0}.value(model.parameters)),
        "regularization: l1 is negative or not finite: -1. Give 0 for no penalty, or a small "
        "positive number.",
        DomainError);
    CHECK_THROWS_AS((Regularization{.l2 = -1.0}.add_gradient(model.parameters)), DomainError);
}
