// SPDX-License-Identifier: MIT
#include "gradus/nn/dropout.hpp"

#include <fmt/format.h>

#include "gradus/error.hpp"
#include "gradus/tensor/normalize.hpp"

namespace gradus {

Dropout::Dropout(double rate, const DropoutOptions& options)
    : rate_(rate), state_(std::make_shared<State>(State{Random(options.seed)})) {
    if (rate >= 0.0 && rate < 1.0) return;
    throw DomainError(fmt::format(
        "dropout: the rate is no probability below 1: {}. Give the part of the numbers that shall "
        "go, such as 0.1.",
        rate));
}

Tensor Dropout::operator()(const Tensor& x) const {
    return dropout(x, rate_, state_->random, state_->training);
}

std::string Dropout::describe() const { return fmt::format("Dropout {}", rate_); }

}  // namespace gradus
