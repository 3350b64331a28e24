// SPDX-License-Identifier: MIT
#include "gradus/optim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "epsilon.hpp"
#include "gradus/error.hpp"

namespace gradus {

namespace {

double require_fraction(const char* where, const char* name, double x) {
    if (x >= 0.0 && x < 1.0) return x;
    throw DomainError(
        fmt::format("{}: {} is outside [0, 1): {}. Give a number such as 0.9.", where, name, x));
}

}  // namespace

double clip_gradients(const Parameters& parameters, double max_norm) {
    if (!(max_norm > 0.0)) {
        throw DomainError(fmt::format(
            "clip_gradients: the largest norm is not positive: {}. Give a number such as 1.", max_norm));
    }
    const std::span<double> gradients = parameters.gradients();
    double largest = 0.0;
    for (const double g : gradients) {
        if (std::abs(g) > largest || std::isnan(g)) largest = std::abs(g);  // a NaN stays
    }
    if (largest == 0.0) return 0.0;
    double squares = 0.0;  // of gradients divided by the largest one, so that none overflows
    for (const double g : gradients) squares += (g / largest) * (g / largest);
    const double norm = largest * std::sqrt(squares);
    if (norm > max_norm && std::isfinite(norm)) {
        for (double& g : gradients) g *= max_norm / norm;
    }
    return norm;
}

Optimizer::Optimizer(Parameters parameters, Schedule schedule)
    : parameters_(std::move(parameters)), size_(parameters_.size()), schedule_(std::move(schedule)) {}

void Optimizer::step() {
    if (parameters_.size() != size_) {
        throw ShapeError(
            fmt::format("optimizer: parameters were added to the block: it had {}, found {}. Build "
                        "the model first, then the optimizer.",
                        size_, parameters_.size()));
    }
    update(learning_rate());
    ++steps_;
}

Sgd::Sgd(Parameters parameters, const SgdOptions& options)
    : Optimizer(std::move(parameters), options.learning_rate),
      momentum_(require_fraction("sgd", "momentum", options.momentum)),
      nesterov_(options.nesterov),
      velocity_(zeros()) {
    if (nesterov_ && momentum_ == 0.0) {
        throw DomainError("sgd: nesterov needs momentum: found 0. Give momentum a number such as 0.9.");
    }
}

void Sgd::update(double rate) {
    const std::span<double> w = parameters().values();
    const std::span<const double> g = parameters().gradients();
    for (std::size_t i = 0; i < w.size(); ++i) {
        double& v = velocity_[i];
        v = momentum_ * v + g[i];
        w[i] -= rate * (nesterov_ ? g[i] + momentum_ * v : v);
    }
}

AdaGrad::AdaGrad(Parameters parameters, const AdaGradOptions& options)
    : Optimizer(std::move(parameters), options.learning_rate),
      epsilon_(detail::require_epsilon("adagrad", options.epsilon)),
      squares_(zeros()) {}

void AdaGrad::update(double rate) {
    const std::span<double> w = parameters().values();
    const std::span<const double> g = parameters().gradients();
    for (std::size_t i = 0; i < w.size(); ++i) {
        double& s = squares_[i];
        s += g[i] * g[i];
        w[i] -= rate * g[i] / (std::sqrt(s) + epsilon_);
    }
}

RMSProp::RMSProp(Parameters parameters, const RMSPropOptions& options)
    : Optimizer(std::move(parameters), options.learning_rate),
      decay_(require_fraction("rmsprop", "decay", options.decay)),
      epsilon_(detail::require_epsilon("rmsprop", options.epsilon)),
      squares_(zeros()) {}

void RMSProp::update(double rate) {
    const std::span<double> w = parameters().values();
    const std::span<const double> g = parameters().gradients();
    for (std::size_t i = 0; i < w.size(); ++i) {
        double& s = squares_[i];
        s = decay_ * s + (1.0 - decay_) * g[i] * g[i];
        w[i] -= rate * g[i] / (std::sqrt(s) + epsilon_);
    }
}

Adam::Adam(Parameters parameters, const AdamOptions& options)
    : Optimizer(std::move(parameters), options.learning_rate),
      beta1_(require_fraction("adam", "beta1", options.beta1)),
      beta2_(require_fraction("adam", "beta2", options.beta2)),
      epsilon_(detail::require_epsilon("adam", options.epsilon)),
      means_(zeros()),
      squares_(zeros()) {}

void Adam::update(double rate) {
    beta1_power_ *= beta1_;
    beta2_power_ *= beta2_;
    const std::span<double> w = parameters().values();
    const std::span<const double> g = parameters().gradients();
    for (std::size_t i = 0; i < w.size(); ++i) {
        double &m = means_[i], &s = squares_[i];
        m = beta1_ * m + (1.0 - beta1_) * g[i];
        s = beta2_ * s + (1.0 - beta2_) * g[i] * g[i];
        const double mean = m / (1.0 - beta1_power_), square = s / (1.0 - beta2_power_);
        w[i] -= rate * mean / (std::sqrt(square) + epsilon_);
    }
}

AdamW::AdamW(Parameters parameters, const AdamWOptions& options)
    : Adam(std::move(parameters), {.learning_rate = options.learning_rate,
                                   .beta1 = options.beta1,
                                   .beta2 = options.beta2,
                                   .epsilon = options.epsilon}),
      weight_decay_(options.weight_decay),
      biases_(options.biases) {
    if (!(weight_decay_ >= 0.0 && std::isfinite(weight_decay_))) {
        throw DomainError(fmt::format(
            "adamw: weight_decay is negative or not finite: {}. Give a number such as 0.01.", weight_decay_));
    }
}

void AdamW::update(double rate) {
    const std::span<double> w = parameters().values();
    for (const ParameterInfo& part : parameters().infos()) {
        if (!part.decays && !biases_) continue;
        for (double& each : w.subspan(part.offset, part.size)) each -= rate * weight_decay_ * each;
    }
    Adam::update(rate);
}

}  // namespace gradus
