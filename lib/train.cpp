// SPDX-License-Identifier: MIT
#include "gradus/train.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <vector>

namespace gradus {

namespace {

void require_sense(const TrainOptions& options) {
    const auto epochs = static_cast<std::ptrdiff_t>(options.epochs);  // -1, if someone gave that
    if (epochs < 1)
        throw DomainError(fmt::format("train: too few epochs: found {}. Give at least 1.", epochs));
    if (options.patience > 0 && !options.validation_loss) {
        throw DomainError(fmt::format(
            "train: patience without a validation loss: patience is {}. Give validation_loss, or patience 0.",
            options.patience));
    }
    if (!(options.min_delta >= 0.0)) {
        throw DomainError(fmt::format("train: min_delta is negative: {}. Give 0 or a small positive number.",
                                      options.min_delta));
    }
    if (!(options.max_gradient_norm > 0.0)) {
        throw DomainError(fmt::format(
            "train: max_gradient_norm is not positive: {}. Give a number such as 1, or leave it out.",
            options.max_gradient_norm));
    }
    if (!(options.max_growth >= 1.0)) {
        throw DomainError(fmt::format(
            "train: max_growth is less than 1: {}. Give a large number, such as 1000.", options.max_growth));
    }
}

void require_loss(bool given) {
    if (given) return;
    throw DomainError(
        "train: there is no loss: the function is empty. Give one that returns a Value for an example, or "
        "for a batch.");
}

/// A copy of the parameters that can be put back.
class Snapshot {
   public:
    explicit Snapshot(const Parameters& parameters)
        : parameters_(parameters), values_(parameters.values().begin(), parameters.values().end()) {}

    void take() { std::copy_n(parameters_.values().begin(), values_.size(), values_.begin()); }
    void restore() const { std::copy(values_.begin(), values_.end(), parameters_.values().begin()); }

   private:
    Parameters parameters_;
    std::vector<double> values_;
};

/// Write a number; never "-nan", whose sign says nothing.
std::string text(double x) { return std::isnan(x) ? "nan" : fmt::format("{}", x); }

/// Name the first number, one a parameter, of which something holds, as in "0.weight[3] = inf".
std::string first_of(const Parameters& parameters, std::span<const double> numbers, bool (*holds)(double)) {
    for (const ParameterInfo& part : parameters.infos()) {
        for (std::size_t i = 0; i < part.size; ++i) {
            const double x = numbers[part.offset + i];
            if (holds(x)) return fmt::format("{}[{}] = {}", part.name, i, text(x));
        }
    }
    return "none";
}

using BatchLoss = std::function<Value(std::span<const std::size_t>)>;

/// What computes the mean loss of a batch, and adds its gradient to that of the parameters.
using BatchGradient = std::function<double(std::span<const std::size_t>)>;

/// Raise an error unless the parameters were used, or got a gradient, since there were so many views.
void require_use(const Parameters& parameters, std::size_t views) {
    const auto is_zero = [](double g) { return g == 0.0; };
    if (parameters.view_count() > views || !std::ranges::all_of(parameters.gradients(), is_zero)) return;
    throw DomainError(
        fmt::format("train: the loss does not depend on the optimizer's parameters: none of the {} was used "
                    "for the first batch. Make the optimizer with the parameters() of the model in the loss.",
                    parameters.size()));
}

/// Raise an error if there are gradients already: they would count twice.
void require_no_gradients(const Parameters& parameters) {
    const auto is_gradient = [](double g) { return g != 0.0; };
    if (std::ranges::none_of(parameters.gradients(), is_gradient)) return;
    throw DomainError(fmt::format("train: the loss ran backward itself: {}. Leave backward() to train().",
                                  first_of(parameters, parameters.gradients(), is_gradient)));
}

/// Record the loss of a batch, so many examples at once, and differentiate it. Stops at one that is not
/// finite.
BatchGradient on_the_tape(const BatchLoss& loss, std::size_t piece_size, const Parameters& parameters) {
    return [&loss, piece_size, &parameters, is_first = true](std::span<const std::size_t> batch) mutable {
        const std::size_t views = parameters.view_count();
        double sum = 0.0;
        for (std::size_t begin = 0; begin < batch.size() && std::isfinite(sum); begin += piece_size) {
            const auto piece = batch.subspan(begin, std::min(piece_size, batch.size() - begin));
            const double weight = static_cast<double>(piece.size()) / static_cast<double>(batch.size());
            const Scope scope;
            const Value y = loss(piece);
            if (is_first && begin == 0) require_no_gradients(parameters);
            sum += weight * y.value();
            if (std::isfinite(sum)) backward(y, weight);
        }
        if (is_first && std::isfinite(sum)) require_use(parameters, views);
        is_first = false;
        return sum;
    };
}

/// One run of the loop.
class Training {
   public:
    Training(Optimizer& optimizer, const BatchGradient& gradient, const TrainOptions& options)
        : optimizer_(optimizer),
          parameters_(optimizer.parameters()),
          gradient_(gradient),
          options_(options),
          last_finite_(parameters_) {}

    /// Step once for each batch.
    Epoch run_epoch(std::size_t number, const Batches& batches, std::size_t examples) {
        epoch_ = {.number = number, .validation_loss = std::numeric_limits<double>::quiet_NaN()};
        for (const std::span<const std::size_t> batch : batches) {
            const double part = static_cast<double>(batch.size()) / static_cast<double>(examples);
            epoch_.learning_rate = optimizer_.learning_rate();
            step_ = optimizer_.steps() + 1;
            const double loss = differentiate(batch);
            const double penalty = options_.regularization.value(parameters_);
            require_finite(penalty, "the penalty");
            if (!first_objective_) first_objective_ = loss + penalty;
            epoch_.loss += part * loss;
            epoch_.penalty += part * penalty;
            descend();
        }
        epoch_.objective = epoch_.loss + epoch_.penalty;
        require_bounded_growth();
        if (options_.validation_loss) {
            epoch_.validation_loss = options_.validation_loss();
            require_finite(epoch_.validation_loss, "the validation loss");
        }
        return epoch_;
    }

   private:
    /// Return the mean loss of a batch, and leave its gradient with the parameters.
    double differentiate(std::span<const std::size_t> batch) {
        parameters_.zero_gradients();
        batch_loss_ = gradient_(batch);
        require_finite(batch_loss_, "the loss");
        return batch_loss_;
    }

    void descend() {
        options_.regularization.add_gradient(parameters_);
        require_finite(parameters_.gradients(), "a gradient");
        last_finite_.take();
        if (std::isfinite(options_.max_gradient_norm)) {
            clip_gradients(parameters_, options_.max_gradient_norm);
        }
        optimizer_.step();
        has_stepped_ = true;
        require_finite(parameters_.values(), "a parameter");
    }

    void require_finite(double x, const char* what) const {
        if (!std::isfinite(x)) diverge(what, text(x));
    }

    void require_finite(std::span<const double> numbers, const char* what) const {
        bool finite = true;
        for (const double x : numbers) finite &= std::isfinite(x);  // without a branch, so that it vectorizes
        if (!finite)
            diverge(what, first_of(parameters_, numbers, [](double x) { return !std::isfinite(x); }));
    }

    void require_bounded_growth() const {
        if (epoch_.objective <= options_.max_growth * std::max(*first_objective_, 1.0)) return;
        throw DivergenceError(
            fmt::format(
                "train: it diverges: loss {:.4g} + penalty {:.4g} in epoch {} (step {}, learning rate "
                "{:.4g}), "
                "from {:.4g} at first. Lower the learning rate, or raise max_growth; the parameters are the "
                "last ones, and finite.",
                epoch_.loss, epoch_.penalty, epoch_.number, step_, epoch_.learning_rate, *first_objective_),
            step_, epoch_.loss);
    }

    [[noreturn]] void diverge(const char* what, const std::string& found) const {
        last_finite_.restore();
        const char* const remedy =
            has_stepped_ ? "Lower the learning rate; the parameters are the last ones whose loss was finite."
                         : "No step was taken yet: look for nan, inf or huge numbers in the data and the "
                           "parameters, and for infinite slopes, such as that of sqrt at 0.";
        throw DivergenceError(
            fmt::format("train: {} is not finite: {} in step {} (epoch {}, loss {}, learning rate {}). {}",
                        what, found, step_, epoch_.number, text(batch_loss_), epoch_.learning_rate, remedy),
            step_, batch_loss_);
    }

    Optimizer& optimizer_;
    const Parameters& parameters_;
    const BatchGradient& gradient_;
    const TrainOptions& options_;
    Snapshot last_finite_;
    std::optional<double> first_objective_;  // of the first step
    Epoch epoch_;
    std::size_t step_ = 0;
    bool has_stepped_ = false;
    double batch_loss_ = 0.0;
};

TrainResult run(Optimizer& optimizer, std::size_t examples, const BatchGradient& gradient,
                const TrainOptions& options) {
    require_sense(options);
    Training training(optimizer, gradient, options);
    Batches batches(examples, options.batch_size, options.seed);
    Snapshot best_parameters(optimizer.parameters());
    TrainResult result;
    for (std::size_t number = 1; number <= options.epochs && !result.stopped_early; ++number) {
        result.last = training.run_epoch(number, batches.shuffle(), examples);
        const bool better = !options.validation_loss || number == 1 ||
                            result.last.validation_loss < result.best.validation_loss - options.min_delta;
        if (better) {
            result.best = result.last;
            best_parameters.take();
        }
        if (options.on_epoch) options.on_epoch(result.last);
        result.stopped_early = options.patience > 0 && number - result.best.number >= options.patience;
    }
    if (options.patience > 0) best_parameters.restore();
    return result;
}

}  // namespace

TrainResult train(Optimizer& optimizer, std::size_t examples, const std::function<Value(std::size_t)>& loss,
                  const TrainOptions& options) {
    require_loss(loss != nullptr);
    const BatchLoss of_one = [&](std::span<const std::size_t> example) { return loss(example[0]); };
    return run(optimizer, examples, on_the_tape(of_one, 1, optimizer.parameters()), options);
}

TrainResult train_batches(Optimizer& optimizer, std::size_t examples,
                          const std::function<Value(std::span<const std::size_t>)>& loss,
                          const TrainOptions& options) {
    require_loss(loss != nullptr);
    return run(optimizer, examples, on_the_tape(loss, options.batch_size, optimizer.parameters()), options);
}

TrainResult train(Optimizer& optimizer, const Dataset& data, const Program& program,
                  const TrainOptions& options) {
    if (program.parameters() != optimizer.parameters()) {
        throw DomainError(
            fmt::format("train: the program does not depend on the optimizer's parameters: it has {}, the "
                        "optimizer another {}. Make both with the parameters() of one model.",
                        program.parameters().size(), optimizer.parameters().size()));
    }
    const auto gradient = [&](std::span<const std::size_t> batch) { return program(Batch(data, batch)); };
    return run(optimizer, data.rows, gradient, options);
}

double mean_loss(std::size_t examples, const std::function<double(std::size_t)>& loss) {
    if (examples == 0) {
        throw DomainError("mean_loss: there are no examples: found 0. Give a data set that is not empty.");
    }
    double sum = 0.0;
    for (std::size_t i = 0; i < examples; ++i) {
        const Scope scope;
        sum += loss(i);
    }
    return sum / static_cast<double>(examples);
}

}  // namespace gradus
