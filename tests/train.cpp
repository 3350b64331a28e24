// SPDX-License-Identifier: MIT
// Tests of gradus/train.hpp.
#include "gradus/train.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "allocations.hpp"
#include "doctest.hpp"
#include "gradus/data.hpp"
#include "gradus/losses.hpp"
#include "gradus/nn.hpp"
#include "gradus/program.hpp"

using namespace gradus;

namespace {

using Numbers = std::vector<double>;

constexpr std::array<std::array<double, 2>, 4> kInputs{{{0, 0}, {0, 1}, {1, 0}, {1, 1}}};
constexpr std::array<double, 4> kXor{0, 1, 1, 0};
constexpr double kUnbounded = std::numeric_limits<double>::infinity();

/// A network that can learn "either, but not both".
struct Xor {
    MLP model{{2, 4, 1}, {.hidden = "tanh", .init = "xavier_normal", .seed = 1}};

    [[nodiscard]] Value operator()(std::size_t i) const {
        return binary_cross_entropy(model(kInputs[i])[0], kXor[i]);
    }
    [[nodiscard]] Numbers numbers() const {
        const std::span<double> values = model.parameters().values();
        return {values.begin(), values.end()};
    }
};

/// A model of one number p, for which descent can be followed by hand: the loss of example i is
/// (p - target[i])^2 / 2, so its gradient is p - target[i].
struct Mean {
    Parameters parameters;
    Parameter p = parameters.add("p", {1});
    Numbers targets{1, 2, 6};

    [[nodiscard]] double number() const { return p.values()[0]; }
    [[nodiscard]] auto loss() const {
        return [this](std::size_t i) { return 0.5 * squared_error(Value(p.view()[0]), targets[i]); };
    }
};

}  // namespace

TEST_CASE("train: a network learns XOR, with full batches and with single examples") {
    for (const std::size_t batch_size : {kFullBatch, std::size_t{1}, std::size_t{3}}) {
        const Xor task;
        Adam adam(task.model.parameters(), {.learning_rate = 0.05});
        const TrainResult result = train(adam, 4, task, {.epochs = 300, .batch_size = batch_size});
        CHECK(result.last.loss < 0.02);
        for (std::size_t i = 0; i < 4; ++i)
            CHECK((task.model.predict(kInputs[i])[0] > 0.0) == (kXor[i] == 1.0));
    }
}

TEST_CASE("train: one full batch is one step against the mean gradient") {
    const Mean mean;
    Sgd sgd(mean.parameters, {.learning_rate = 0.5});
    const TrainResult result = train(sgd, 3, mean.loss(), {.epochs = 2, .batch_size = kFullBatch});
    // The mean of the targets is 3; p goes from 0 half the way to it, twice.
    CHECK(mean.number() == doctest::Approx(2.25).epsilon(1e-15));
    CHECK(sgd.steps() == 2);
    CHECK(result.last.number == 2);
    CHECK(result.last.loss == doctest::Approx((0.25 + 0.25 + 20.25) / 6.0));  // at p = 1.5
    CHECK(result.last.learning_rate == 0.5);
    CHECK(std::isnan(result.last.validation_loss));
}

TEST_CASE("train: the batch size says how many steps an epoch has") {
    for (const std::size_t batch_size : {1U, 2U, 3U, 4U}) {
        const Mean mean;
        Sgd sgd(mean.parameters);
        train(sgd, 3, mean.loss(), {.epochs = 1, .batch_size = batch_size});
        CHECK(sgd.steps() == (3 + batch_size - 1) / batch_size);
    }
}

TEST_CASE("train: the penalty shows in the objective and pulls the parameters") {
    const Mean mean;
    mean.p.values()[0] = 2.0;
    Sgd sgd(mean.parameters, {.learning_rate = 0.5});
    const TrainResult result =
        train(sgd, 3, mean.loss(),
              {.epochs = 1, .batch_size = kFullBatch, .regularization = {.l1 = 0.25, .l2 = 0.5}});
    CHECK(result.last.loss == doctest::Approx(17.0 / 6.0));
    CHECK(result.last.penalty == 1.5);  // 0.25 |2| + 0.5 / 2 * 2^2
    CHECK(result.last.objective == result.last.loss + 1.5);
    CHECK(mean.number() == doctest::Approx(2.0 - 0.5 * (-1.0 + 0.25 + 0.5 * 2.0)).epsilon(1e-15));
}

TEST_CASE("train: gradients are clipped") {
    const Mean mean;
    Sgd sgd(mean.parameters, {.learning_rate = 1.0});
    train(sgd, 3, mean.loss(), {.epochs = 1, .batch_size = kFullBatch, .max_gradient_norm = 0.25});
    CHECK(mean.number() == doctest::Approx(0.25).epsilon(1e-15));
}

TEST_CASE("train: the same seed gives the same bits, another seed others") {
    const auto run = [](std::uint64_t seed) {
        const Xor task;
        Sgd sgd(task.model.parameters(), {.learning_rate = 0.1, .momentum = 0.9});
        train(sgd, 4, task, {.epochs = 20, .batch_size = 2, .seed = seed});
        return task.numbers();
    };
    CHECK(run(1) == run(1));
    CHECK(run(1) != run(2));
}

TEST_CASE("train: the callback sees every epoch") {
    const Mean mean;
    Sgd sgd(mean.parameters, {.learning_rate = schedule::linear(0.4, 0.1, 3)});
    std::vector<Epoch> seen;
    train(sgd, 3, mean.loss(),
          {.epochs = 4,
           .batch_size = kFullBatch,
           .validation_loss = [&] { return mean.number(); },
           .on_epoch = [&](const Epoch& epoch) { seen.push_back(epoch); }});
    REQUIRE(seen.size() == 4);
    CHECK(seen[0].number == 1);
    CHECK(seen[3].number == 4);
    CHECK(seen[0].learning_rate == 0.4);
    CHECK(seen[3].learning_rate == doctest::Approx(0.1));
    CHECK(seen[3].validation_loss == mean.number());
    CHECK(seen[3].objective < seen[0].objective);
}

TEST_CASE("train: early stopping keeps the best parameters") {
    const Mean mean;
    Sgd sgd(mean.parameters, {.learning_rate = 0.5});  // p: 1.5, 2.25, 2.625, 2.8125, ...
    const TrainResult result = train(sgd, 3, mean.loss(),
                                     {.epochs = 100,
                                      .batch_size = kFullBatch,
                                      .validation_loss = [&] { return std::abs(mean.number() - 2.3); },
                                      .patience = 3});
    CHECK(result.stopped_early);
    CHECK(result.best.number == 2);
    CHECK(result.last.number == 5);
    CHECK(mean.number() == doctest::Approx(2.25).epsilon(1e-15));
}

TEST_CASE("train: min_delta is how much better an epoch must be") {
    const Mean mean;
    Sgd sgd(mean.parameters, {.learning_rate = 0.5});
    const TrainResult result =
        train(sgd, 3, mean.loss(),
              {.epochs = 100,
               .batch_size = kFullBatch,
               .validation_loss = [&] { return 3.0 - mean.number(); },
               .patience = 2,
               .min_delta = 0.3});  // 1.5, 0.75, 0.375, 0.1875, 0.09375: the last two are not enough
    CHECK(result.best.number == 3);
    CHECK(result.last.number == 5);
}

TEST_CASE("train: without patience a validation loss is only watched") {
    const Mean mean;
    Sgd sgd(mean.parameters, {.learning_rate = 0.5});
    const TrainResult result =
        train(sgd, 3, mean.loss(),
              {.epochs = 10, .batch_size = kFullBatch, .validation_loss = [&] { return mean.number(); }});
    CHECK_FALSE(result.stopped_early);
    CHECK(result.best.number == 1);
    CHECK(mean.number() > 2.99);
}

TEST_CASE("train: a run that diverges stops and keeps the last finite parameters") {
    const Mean mean;
    Sgd sgd(mean.parameters, {.learning_rate = 1e100});
    // p - 3 is multiplied by -1e100 each step: p is about 3e100, then -3e200, whose squared error overflows.
    try {
        train(sgd, 3, mean.loss(), {.epochs = 10, .batch_size = kFullBatch, .max_growth = kUnbounded});
        FAIL("it must diverge");
    } catch (const DivergenceError& error) {
        CHECK(error.step() == 3);
        CHECK(std::isinf(error.loss()));
        CHECK(std::string(error.what()) ==
              "train: the loss is not finite: inf in step 3 (epoch 3, loss inf, learning rate 1e+100). Lower "
              "the "
              "learning rate; the parameters are the last ones whose loss was finite.");
    }
    CHECK(mean.number() == doctest::Approx(3e100));
}

TEST_CASE("train: a gradient or a parameter that is not finite is named") {
    Parameters parameters;
    const Parameter p = parameters.add("p", {2});
    p.values()[1] = 1.0;
    SUBCASE("the slope of sqrt at 0") {
        Sgd sgd(parameters);
        const auto loss = [&](std::size_t) { return p.view()[1] + sqrt(p.view()[0]); };
        CHECK_THROWS_WITH_AS(
            train(sgd, 1, loss, {.epochs = 1}),
            "train: a gradient is not finite: p[0] = inf in step 1 (epoch 1, loss 1, learning "
            "rate 0.01). No step was taken yet: look for nan, inf or huge numbers in the data and the "
            "parameters, and for infinite slopes, such as that of sqrt at 0.",
            DivergenceError);
        p.values()[0] = 4.0;
        CHECK(train(sgd, 1, loss, {.epochs = 1}).last.loss == 3.0);
        p.values()[0] = 0.0, p.values()[1] = 1.0;
    }
    SUBCASE("a number of the data") {
        Sgd sgd(parameters);
        double datum = std::numeric_limits<double>::infinity();
        const auto loss = [&](std::size_t) { return datum * p.view()[1]; };
        CHECK_THROWS_WITH_AS(
            train(sgd, 1, loss, {.epochs = 1}),
            "train: the loss is not finite: inf in step 1 (epoch 1, loss inf, learning rate 0.01). No step "
            "was "
            "taken yet: look for nan, inf or huge numbers in the data and the parameters, and for infinite "
            "slopes, such as that of sqrt at 0.",
            DivergenceError);
        datum = -std::nan("");
        CHECK_THROWS_WITH_AS(
            train(sgd, 1, loss, {.epochs = 1}),
            "train: the loss is not finite: nan in step 1 (epoch 1, loss nan, learning rate 0.01). No step "
            "was taken yet: look for nan, inf or huge numbers in the data and the parameters, and for "
            "infinite "
            "slopes, such as that of sqrt at 0.",
            DivergenceError);
        datum = 0.0;
        CHECK(train(sgd, 1, loss, {.epochs = 1}).last.loss == 0.0);
    }
    SUBCASE("a step out of the range of double") {
        Sgd sgd(parameters, {.learning_rate = 1e300});
        const auto loss = [&](std::size_t) { return 1e10 * p.view()[1]; };
        CHECK_THROWS_WITH_AS(
            train(sgd, 1, loss, {.epochs = 1}),
            "train: a parameter is not finite: p[1] = -inf in step 1 (epoch 1, loss "
            "10000000000, learning rate 1e+300). Lower the learning rate; the parameters are "
            "the last ones whose loss was finite.",
            DivergenceError);
    }
    CHECK(p.values()[0] == 0.0);
    CHECK(p.values()[1] == 1.0);
}

TEST_CASE("train: weights that explode behind dead units are a divergence, too") {
    // The loss is 1 whatever p is. The penalty p^2 / 4 pulls with p / 2, so a step at rate 10 makes -4 p of
    // p.
    Parameters parameters;
    const Parameter p = parameters.add("p", {1});
    p.values()[0] = 1.0;
    const auto loss = [&](std::size_t) { return squared_error(relu(-abs(p.view()[0])), 1.0); };
    TrainOptions options{.epochs = 100, .batch_size = kFullBatch, .regularization = {.l2 = 0.5}};
    SUBCASE("it stops while every number is finite") {
        Sgd sgd(parameters, {.learning_rate = 10.0});
        CHECK_THROWS_WITH_AS(
            train(sgd, 1, loss, options),
            "train: it diverges: loss 1 + penalty 1.638e+04 in epoch 5 (step 5, learning rate 10), "
            "from 1.25 at first. Lower the learning rate, or raise max_growth; the parameters "
            "are the last ones, and finite.",
            DivergenceError);
        CHECK(p.values()[0] == -1024.0);
    }
    SUBCASE("unless the growth is allowed") {
        Sgd sgd(parameters, {.learning_rate = 10.0});
        options.max_growth = 1e5;
        options.epochs = 5;
        CHECK(train(sgd, 1, loss, options).last.penalty == 16384.0);
    }
    SUBCASE("a penalty that is not finite is named") {
        Sgd sgd(parameters, {.learning_rate = 1e200});
        options.max_growth = kUnbounded;
        CHECK_THROWS_WITH_AS(train(sgd, 1, loss, options),
                             "train: the penalty is not finite: inf in step 2 (epoch 2, loss 1, learning "
                             "rate 1e+200). Lower the "
                             "learning rate; the parameters are the last ones whose loss was finite.",
                             DivergenceError);
    }
}

TEST_CASE("train: losses of whole batches give the steps that losses of examples give") {
    std::vector<std::vector<std::size_t>> seen;
    const auto run = [&](bool whole) {
        const Mean mean;
        Sgd sgd(mean.parameters, {.learning_rate = 0.5, .momentum = 0.5});
        const auto loss = mean.loss();
        const TrainOptions options{.epochs = 5,
                                   .batch_size = 2,
                                   .seed = 3,
                                   .regularization = {.l2 = 0.125},
                                   .max_gradient_norm = 2.0};
        const auto of_batch = [&](std::span<const std::size_t> batch) {
            seen.emplace_back(batch.begin(), batch.end());
            Value sum = 0.0;
            for (const std::size_t i : batch) sum += loss(i);
            return sum / static_cast<double>(batch.size());
        };
        const TrainResult result =
            whole ? train_batches(sgd, 3, of_batch, options) : train(sgd, 3, loss, options);
        return std::array{mean.number(), result.last.loss, result.last.penalty};
    };
    const auto by_example = run(false), by_batch = run(true);
    for (std::size_t k = 0; k < 3; ++k) CHECK(by_batch[k] == doctest::Approx(by_example[k]).epsilon(1e-15));
    REQUIRE(seen.size() == 10);  // two batches in each of five epochs, in the order of Batches
    Batches batches(3, 2, 3);
    std::size_t k = 0;
    for (std::size_t epoch = 0; epoch < 5; ++epoch) {
        for (const std::span<const std::size_t> batch : batches.shuffle())
            CHECK(std::vector(batch.begin(), batch.end()) == seen[k++]);
    }
}

TEST_CASE("train: losses of batches stop early and diverge as those of examples do") {
    const Mean mean;
    const auto loss = mean.loss();
    const auto first = [&](std::span<const std::size_t> batch) { return loss(batch[0]); };
    Sgd fast(mean.parameters, {.learning_rate = 1e100});
    CHECK_THROWS_AS(train_batches(fast, 3, first, {.batch_size = 2}), DivergenceError);
    mean.p.values()[0] = 0.0;
    Sgd slow(mean.parameters, {.learning_rate = 0.1});
    const TrainOptions options{
        .batch_size = kFullBatch, .validation_loss = [] { return 1.0; }, .patience = 2};
    CHECK(train_batches(slow, 3, first, options).stopped_early);
    CHECK(slow.steps() == 3);
}

TEST_CASE("train: a program of the loss gives the steps that the loss itself gives") {
    Dataset data;
    data.rows = 4, data.columns = 2;
    for (const auto& row : kInputs) data.inputs.insert(data.inputs.end(), row.begin(), row.end());
    data.targets.assign(kXor.begin(), kXor.end());
    const auto run = [&](bool compiled) {
        const Xor task;
        Adam adam(task.model.parameters(), {.learning_rate = 0.05});
        const TrainOptions options{.epochs = 50,
                                   .batch_size = 3,
                                   .seed = 3,
                                   .regularization = {.l2 = 0.001},
                                   .max_gradient_norm = 0.5};
        const Program program = compile(task.model, [&](std::span<const Value> x, const Value& target) {
            return binary_cross_entropy(task.model(x)[0], target);
        });
        const Epoch last =
            (compiled ? train(adam, data, program, options) : train(adam, 4, task, options)).last;
        Numbers numbers = task.numbers();
        numbers.insert(numbers.end(), {last.loss, last.penalty});
        return numbers;
    };
    const Numbers as_program = run(true), on_the_tape = run(false);
    for (std::size_t i = 0; i < on_the_tape.size(); ++i)
        CHECK(as_program[i] == doctest::Approx(on_the_tape[i]).epsilon(1e-11));
}

TEST_CASE("train: a program stops early and diverges as a loss does") {
    const Mean mean;
    Dataset data;
    data.rows = 3, data.targets = mean.targets;
    const Program program(mean.parameters, [&](std::span<const Value> x) {
        return std::vector<Value>{0.5 * squared_error(Value(mean.p.view()[0]), x.back())};
    });
    Sgd fast(mean.parameters, {.learning_rate = 1e200});
    CHECK_THROWS_AS(train(fast, data, program, {.batch_size = 2}), DivergenceError);
    CHECK(std::isfinite(mean.number()));
    mean.p.values()[0] = 0.0;
    Sgd slow(mean.parameters, {.learning_rate = 0.5});
    const TrainOptions options{
        .batch_size = kFullBatch, .validation_loss = [] { return 1.0; }, .patience = 2};
    CHECK(train(slow, data, program, options).stopped_early);
    CHECK(slow.steps() == 3);
    CHECK(mean.number() == 1.5);  // that after the first step
}

TEST_CASE("train: in steady state nothing is allocated") {
    const Xor task;
    Adam adam(task.model.parameters());
    const auto allocations = [&](std::size_t epochs) {
        const std::size_t before = allocation_count();
        train(adam, 4, task,
              {.epochs = epochs, .batch_size = 2, .regularization = {.l2 = 0.01}, .max_gradient_norm = 1.0});
        return allocation_count() - before;
    };
    allocations(1);             // the tape takes its memory
    CHECK(allocations(1) > 0);  // the copies of the parameters, the order of the examples
    CHECK(allocations(1000) == allocations(1));
}

TEST_CASE("train: an optimizer of another model is refused, and the model's own one works") {
    const Xor task, other;
    const Numbers before = other.numbers();
    Sgd sgd(other.model.parameters());
    const std::string message =
        "train: the loss does not depend on the optimizer's parameters: none of the 17 was used for the "
        "first batch. Make the optimizer with the parameters() of the model in the loss.";
    const TrainOptions options{.epochs = 1, .batch_size = 2, .regularization = {.l2 = 0.1}};
    SUBCASE("with a loss of examples, though it was used before") {
        static_cast<void>(other.model(kInputs[0]));
        CHECK_THROWS_WITH_AS(train(sgd, 4, task, options), message.c_str(), DomainError);
    }
    SUBCASE("with a loss of batches") {
        const auto loss = [&](std::span<const std::size_t> batch) { return task(batch[0]); };
        CHECK_THROWS_WITH_AS(train_batches(sgd, 4, loss, options), message.c_str(), DomainError);
    }
    SUBCASE("with a program") {
        const Program program = compile(task.model, [&](std::span<const Value> x, const Value& y) {
            return squared_error(task.model(x)[0], y);
        });
        Dataset data;
        data.rows = 1, data.columns = 2, data.inputs = {0.0, 1.0}, data.targets = {1.0};
        CHECK_THROWS_WITH_AS(train(sgd, data, program, options),
                             "train: the program does not depend on the optimizer's parameters: it has 17, "
                             "the optimizer another 17. Make both with the parameters() of one model.",
                             DomainError);
    }
    CHECK(other.numbers() == before);
    CHECK(sgd.steps() == 0);
    Sgd own(task.model.parameters());
    CHECK(train(own, 4, task, options).last.number == 1);
}

TEST_CASE("train: parameters count as used by a view from outside, or with gradients of zero") {
    const Scope scope;
    const Mean mean;
    Sgd sgd(mean.parameters);
    const ParameterView view = mean.p.view();
    const auto outside = [&](std::size_t i) { return squared_error(Value(view[0]), mean.targets[i]); };
    train(sgd, 3, outside, {.epochs = 1});
    CHECK(mean.number() > 0.0);
    const auto flat = [&](std::size_t) { return relu(-1.0 - abs(mean.p.view()[0])); };
    CHECK(train(sgd, 3, flat, {.epochs = 1}).last.loss == 0.0);
}

TEST_CASE("train: mistakes are named") {
    const Mean mean;
    Sgd sgd(mean.parameters);
    CHECK_THROWS_WITH_AS(train(sgd, 3, mean.loss(), {.epochs = 0}),
                         "train: too few epochs: found 0. Give at least 1.", DomainError);
    CHECK_THROWS_WITH_AS(train(sgd, 3, mean.loss(), {.epochs = static_cast<std::size_t>(-5)}),
                         "train: too few epochs: found -5. Give at least 1.", DomainError);
    CHECK_THROWS_AS(train(sgd, 3, mean.loss(), {.batch_size = 0}), DomainError);
    CHECK_THROWS_AS(train(sgd, 0, mean.loss()), DomainError);
    CHECK_THROWS_WITH_AS(train(sgd, 3, mean.loss(), {.patience = 5}),
                         "train: patience without a validation loss: patience is 5. Give validation_loss, or "
                         "patience 0.",
                         DomainError);
    CHECK_THROWS_WITH_AS(train(sgd, 3, mean.loss(), {.min_delta = -1.0}),
                         "train: min_delta is negative: -1. Give 0 or a small positive number.", DomainError);
    CHECK_THROWS_WITH_AS(
        train(sgd, 3, mean.loss(), {.max_gradient_norm = -1.0}),
        "train: max_gradient_norm is not positive: -1. Give a number such as 1, or leave it out.",
        DomainError);
    CHECK_THROWS_AS(train(sgd, 3, mean.loss(), {.max_gradient_norm = std::nan("")}), DomainError);
    CHECK_THROWS_WITH_AS(train(sgd, 3, mean.loss(), {.max_growth = 0.5}),
                         "train: max_growth is less than 1: 0.5. Give a large number, such as 1000.",
                         DomainError);
    const char* const no_loss =
        "train: there is no loss: the function is empty. Give one that returns a Value for an example, or "
        "for a batch.";
    CHECK_THROWS_WITH_AS(train(sgd, 3, nullptr), no_loss, DomainError);
    CHECK_THROWS_WITH_AS(train_batches(sgd, 3, nullptr), no_loss, DomainError);
    const auto eager = [&](std::size_t) { return backward(mean.loss()(0)), mean.loss()(0); };
    CHECK_THROWS_WITH_AS(train(sgd, 3, eager),
                         "train: the loss ran backward itself: p[0] = -1. Leave backward() to train().",
                         DomainError);
    CHECK_THROWS_WITH_AS(mean_loss(0, [](std::size_t) { return 1.0; }),
                         "mean_loss: there are no examples: found 0. Give a data set that is not empty.",
                         DomainError);
}

TEST_CASE("train: the mean loss leaves nothing on the tape") {
    const Scope scope;
    const std::size_t before = Tape::current().entry_count();
    const Mean mean;
    const auto loss = mean.loss();
    CHECK(mean_loss(3, [&](std::size_t i) { return loss(i).value(); }) ==
          doctest::Approx((1 + 4 + 36) / 6.0));
    CHECK(Tape::current().entry_count() == before);
    CHECK(mean_loss(3, [](std::size_t i) { return static_cast<double>(i * i); }) ==
          doctest::Approx(5.0 / 3.0));
}

TEST_CASE("train: an error in the loss leaves the parameters as they are, and the tape empty") {
    const Scope scope;
    const std::size_t before = Tape::current().entry_count();
    const Mean mean;
    Sgd sgd(mean.parameters, {.learning_rate = 0.5});
    bool fails = true;
    const auto loss = [&](std::size_t i) {
        const Value y = mean.loss()(i);
        if (fails && i == 1) throw IoError("the disk is gone");
        return y;
    };
    CHECK_THROWS_WITH_AS(train(sgd, 3, loss, {.batch_size = kFullBatch}), "the disk is gone", IoError);
    CHECK(mean.number() == 0.0);
    CHECK(Tape::current().entry_count() == before);
    fails = false;
    train(sgd, 3, loss, {.epochs = 1, .batch_size = kFullBatch});
    CHECK(mean.number() == doctest::Approx(1.5));  // nothing is left of the gradient before
}
