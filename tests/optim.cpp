// SPDX-License-Identifier: MIT
// Tests of gradus/optim.hpp. Reference numbers: tests/reference/optim_reference.py, Python 3.11.
#include "gradus/optim.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "doctest.hpp"
#include "gradus/error.hpp"

using namespace gradus;

namespace {

using Numbers = std::vector<double>;

/// Two weights at (2, -3), and the objective of the reference script.
struct Bowl {
    Parameters parameters;
    Parameter w = parameters.add("w", {2});

    Bowl() { w.values()[0] = 2.0, w.values()[1] = -3.0; }

    void run(Optimizer& optimizer, int steps) const {
        for (int t = 0; t < steps; ++t) {
            const Scope scope;
            parameters.zero_gradients();
            const Value a = w.view()[0], b = w.view()[1];
            backward(0.5 * (a - 1.0) * (a - 1.0) + 2.0 * (b + 0.5) * (b + 0.5) + a * b);
            optimizer.step();
        }
    }
};

/// Check the parameters after step 1 and step 10.
template <class Method, class Options>
void check(const Options& options, const Numbers& after_1, const Numbers& after_10) {
    const Bowl bowl;
    Method method(bowl.parameters, options);
    // The rounding errors of ten steps: the script sums the gradient in another order.
    const auto near = [](double x) { return doctest::Approx(x).epsilon(1e-13); };
    bowl.run(method, 1);
    CHECK(bowl.w.values()[0] == near(after_1[0]));
    CHECK(bowl.w.values()[1] == near(after_1[1]));
    bowl.run(method, 9);
    CHECK(bowl.w.values()[0] == near(after_10[0]));
    CHECK(bowl.w.values()[1] == near(after_10[1]));
    CHECK(method.steps() == 10);
}

/// A block with the gradients (3, 4) times a scale.
Parameters with_gradients(double scale) {
    Parameters parameters;
    const Parameter p = parameters.add("p", {2});
    p.gradients()[0] = 3.0 * scale, p.gradients()[1] = 4.0 * scale;
    return parameters;
}

}  // namespace

TEST_CASE("optim: gradient descent gives the reference numbers") {
    check<Sgd, SgdOptions>({.learning_rate = 0.1}, {2.2, -2.2}, {2.2672689649999995, -1.0881280163999998});
}

TEST_CASE("optim: momentum gives the reference numbers") {
    check<Sgd, SgdOptions>({.learning_rate = 0.1, .momentum = 0.9}, {2.2, -2.2},
                           {1.4890062553999996, -1.6698039203999997});
}

TEST_CASE("optim: Nesterov's momentum gives the reference numbers") {
    check<Sgd, SgdOptions>({.learning_rate = 0.1, .momentum = 0.9, .nesterov = true}, {2.38, -1.48},
                           {1.7927061675988625, -0.9427958046606267});
}

TEST_CASE("optim: AdaGrad gives the reference numbers") {
    check<AdaGrad, AdaGradOptions>({.learning_rate = 0.5}, {2.499999999975, -2.50000000000625},
                                   {2.657257853173809, -1.4175062848025546});
}

TEST_CASE("optim: RMSProp gives the reference numbers") {
    check<RMSProp, RMSPropOptions>({.learning_rate = 0.05, .decay = 0.9},
                                   {2.1581138805084192, -2.841886117616581},
                                   {2.689507546869478, -2.226695044076212});
}

TEST_CASE("optim: Adam gives the reference numbers") {
    check<Adam, AdamOptions>({.learning_rate = 0.1, .beta1 = 0.8, .beta2 = 0.95},
                             {2.0999999995, -2.900000000125}, {2.894323806905158, -2.048306500459779});
}

TEST_CASE("optim: AdamW gives the reference numbers") {
    check<AdamW, AdamWOptions>({.learning_rate = 0.1, .beta1 = 0.8, .beta2 = 0.95, .weight_decay = 0.1},
                               {2.0799999995, -2.870000000125}, {2.6578234414821047, -1.8170971833140943});
}

TEST_CASE("optim: AdamW spares biases unless asked") {
    for (const bool asked : {false, true}) {
        Parameters parameters;
        const Parameter bias = parameters.add("bias", {1}, false);
        bias.values()[0] = 1.0;
        AdamW adamw(parameters, {.learning_rate = 0.5, .weight_decay = 0.5, .biases = asked});
        adamw.step();  // with a gradient of zero
        CHECK(bias.values()[0] == (asked ? 0.75 : 1.0));
    }
}

TEST_CASE("optim: a schedule gives each step its learning rate") {
    Parameters parameters = with_gradients(1.0);
    Sgd sgd(parameters, {.learning_rate = schedule::step(1.0, 1, 0.5)});
    CHECK(sgd.learning_rate() == 1.0);
    sgd.step();
    CHECK(sgd.learning_rate() == 0.5);
    sgd.step();
    CHECK(parameters.values()[0] == -4.5);
    CHECK(parameters.values()[1] == -6.0);
}

TEST_CASE("optim: clipping scales gradients down to a norm, and never up") {
    for (const double scale : {1.0, 1e200, 1e-200}) {  // squares of the latter two overflow and vanish
        CAPTURE(scale);
        const Parameters parameters = with_gradients(scale);
        CHECK(clip_gradients(parameters, 10.0 * scale) == doctest::Approx(5.0 * scale));
        CHECK(parameters.gradients()[0] == 3.0 * scale);
        CHECK(clip_gradients(parameters, scale) == doctest::Approx(5.0 * scale));
        CHECK(parameters.gradients()[0] == doctest::Approx(0.6 * scale));
        CHECK(parameters.gradients()[1] == doctest::Approx(0.8 * scale));
    }
    CHECK(clip_gradients(with_gradients(0.0), 1.0) == 0.0);
}

TEST_CASE("optim: clipping tells of gradients that are not finite, and leaves them") {
    const double infinity = std::numeric_limits<double>::infinity();
    const Parameters parameters = with_gradients(1.0);
    for (const double faulty : {infinity, std::nan("")}) {
        for (const std::size_t place : {0U, 1U}) {
            const std::size_t other = 1 - place;
            parameters.gradients()[place] = faulty;
            parameters.gradients()[other] = 3.0;
            CHECK_FALSE(std::isfinite(clip_gradients(parameters, 1.0)));
            CHECK(parameters.gradients()[other] == 3.0);
            parameters.gradients()[other] = 0.0;
            CHECK_FALSE(std::isfinite(clip_gradients(parameters, 1.0)));
        }
    }
}

TEST_CASE("optim: an optimizer that was moved from still works") {
    const Parameters parameters = with_gradients(1.0);
    Adam adam(parameters);
    Adam other = std::move(adam);
    adam.step();
    const std::vector<double> after(parameters.values().begin(), parameters.values().end());
    for (double& w : parameters.values()) w += 0.001;  // undo the first step of Adam: the learning rate
    other.step();
    for (std::size_t i = 0; i < after.size(); ++i) CHECK(parameters.values()[i] == doctest::Approx(after[i]));
}

TEST_CASE("optim: mistakes are named") {
    Parameters p;
    p.add("w", {1});
    CHECK_THROWS_WITH_AS(Sgd(p, {.learning_rate = -1.0}),
                         "schedule: the learning rate is negative or not finite: -1. Give a small positive "
                         "number, such as 0.01.",
                         DomainError);
    CHECK_THROWS_WITH_AS(Sgd(p, {.momentum = 1.0}),
                         "sgd: momentum is outside [0, 1): 1. Give a number such as 0.9.", DomainError);
    CHECK_THROWS_WITH_AS(Sgd(p, {.nesterov = true}),
                         "sgd: nesterov needs momentum: found 0. Give momentum a number such as 0.9.",
                         DomainError);
    CHECK_THROWS_WITH_AS(AdaGrad(p, {.epsilon = 0.0}),
                         "adagrad: epsilon is not positive and finite: 0. Give a small number such as 1e-8.",
                         DomainError);
    CHECK_THROWS_WITH_AS(RMSProp(p, {.decay = -0.1}),
                         "rmsprop: decay is outside [0, 1): -0.1. Give a number such as 0.9.", DomainError);
    CHECK_THROWS_WITH_AS(Adam(p, {.beta1 = 1.5}),
                         "adam: beta1 is outside [0, 1): 1.5. Give a number such as 0.9.", DomainError);
    CHECK_THROWS_AS(Adam(p, {.beta2 = std::nan("")}), DomainError);
    CHECK_THROWS_WITH_AS(AdamW(p, {.weight_decay = -1.0}),
                         "adamw: weight_decay is negative or not finite: -1. Give a number such as 0.01.",
                         DomainError);
    CHECK_THROWS_WITH_AS(clip_gradients(p, 0.0),
                         "clip_gradients: the largest norm is not positive: 0. Give a number such as 1.",
                         DomainError);
    Sgd sgd(p);
    p.add("more", {2});
    CHECK_THROWS_WITH_AS(sgd.step(),
                         "optimizer: parameters were added to the block: it had 1, found 3. Build the model "
                         "first, then the optimizer.",
                         ShapeError);
}
