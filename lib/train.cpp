// SPDX-License-Identifier: MIT
#include "gradus/train.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "gradus/data.hpp"

namespace gradus {

namespace {

void require_sense(const TrainOptions& options) {
    if (options.epochs == 0) throw DomainError("train: zero epochs: found 0. Give at least 1.");
    if (options.patience > 0 && !options.validation_loss) {
        throw DomainError(fmt::format(
            "train: patience without a validation loss: patience is {}. Give validation_loss, or patience 0.",
            options.patience));
    }
    if (!(options.min_delta >= 0.0)) {
        throw DomainError(fmt::format("train: min_delta is negative: {}. Give 0 or a small positive number.",
                                      options.min_delta));
    }
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

/// Name the first number that is not finite, as in "0.weight[3] = inf".
std::string first_not_finite(const Parameters& parameters, std::span<const double> numbers) {
    for (const ParameterInfo& part : parameters.infos()) {
        for (std::size_t i = 0; i < part.size; ++i) {
            const double x = numbers[part.offset + i];
            if (!std::isfinite(x)) return fmt::format("{}[{}] = {}", part.name, i, x);
        }
    }
    return "none";
}

/// One run of the loop.
class Training {
   public:
    Training(Optimizer& optimizer, const std::function<Value(std::size_t)>& loss, const TrainOptions& options)
        : optimizer_(optimizer),
          parameters_(optimizer.parameters()),
          loss_(loss),
          options_(options),
          last_finite_(parameters_) {}

    /// Step once for each batch.
    Epoch run_epoch(std::size_t number, const Batches& batches, std::size_t examples) {
        epoch_ = {.number = number, .validation_loss = std::numeric_limits<double>::quiet_NaN()};
        for (const std::span<const std::size_t> batch : batches) {
            const double part = static_cast<double>(batch.size()) / static_cast<double>(examples);
            epoch_.learning_rate = optimizer_.learning_rate();
            step_ = optimizer_.steps() + 1;
            epoch_.loss += part * differentiate(batch);
            epoch_.penalty += part * options_.regularization.value(parameters_);
            descend();
        }
        epoch_.objective = epoch_.loss + epoch_.penalty;
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
        const double weight = 1.0 / static_cast<double>(batch.size());
        batch_loss_ = 0.0;
        for (const std::size_t example : batch) {
            const Scope scope;
            const Value loss = loss_(example);
            batch_loss_ += weight * loss.value();
            require_finite(batch_loss_, "the loss");
            backward(loss, weight);
        }
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
        require_finite(parameters_.values(), "a parameter");
    }

    void require_finite(double x, const char* what) const {
        if (!std::isfinite(x)) diverge(what, fmt::format("{}", x));
    }

    void require_finite(std::span<const double> numbers, const char* what) const {
        bool finite = true;
        for (const double x : numbers) finite &= std::isfinite(x);  // without a branch, so that it vectorizes
        if (!finite) diverge(what, first_not_finite(parameters_, numbers));
    }

    [[noreturn]] void diverge(const char* what, const std::string& found) const {
        last_finite_.restore();
        throw DivergenceError(
            fmt::format(
                "train: {} is not finite: {} in step {} (epoch {}, loss {}, learning rate {}). Lower the "
                "learning rate; the parameters are the last ones whose loss was finite.",
                what, found, step_, epoch_.number, batch_loss_, epoch_.learning_rate),
            step_, batch_loss_);
    }

    Optimizer& optimizer_;
    const Parameters& parameters_;
    const std::function<Value(std::size_t)>& loss_;
    const TrainOptions& options_;
    Snapshot last_finite_;
    Epoch epoch_;
    std::size_t step_ = 0;
    double batch_loss_ = 0.0;
};

}  // namespace

TrainResult train(Optimizer& optimizer, std::size_t examples, const std::function<Value(std::size_t)>& loss,
                  const TrainOptions& options) {
    require_sense(options);
    Training training(optimizer, loss, options);
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

double mean_loss(std::size_t examples, const std::function<double(std::size_t)>& loss) {
    if (examples == 0) {
        throw DomainError("mean_loss: there are no examples: found 0. Give a data set that is not empty.");
    }
    double sum = 0.0;
    for (std::size_t i = 0; i < examples; ++i) sum += loss(i);
    return sum / static_cast<double>(examples);
}

}  // namespace gradus
