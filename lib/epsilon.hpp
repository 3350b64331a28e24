// SPDX-License-Identifier: MIT
// The small number that optimizers and norms add to what they divide by.
#pragma once

#include <fmt/format.h>

#include <cmath>

#include "gradus/error.hpp"

namespace gradus::detail {

/// Return an epsilon. Raises DomainError unless it is positive and finite: 0 / 0 would be NaN.
inline double require_epsilon(const char* where, double epsilon) {
    if (epsilon > 0.0 && std::isfinite(epsilon)) return epsilon;
    throw DomainError(fmt::format(
        "{}: epsilon is not positive and finite: {}. Give a small number such as 1e-8.", where, epsilon));
}

}  // namespace gradus::detail
