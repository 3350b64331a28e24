// SPDX-License-Identifier: MIT
// Penalties on large weights. They are a term of the objective, which the reported loss shows.
#pragma once

#include "gradus/parameters.hpp"

namespace gradus {

/// Add l1 * sum |w| + l2 / 2 * sum w^2 to the loss: J = L + R(w).
///
/// With l1 alone this is the lasso, which makes weights zero; with l2 alone ridge regression, whose gradient
/// l2 * w is what others call weight decay; with both the elastic net. The sums run over the parameters that
/// decay (ParameterInfo): weights, not biases.
/// Source: Goodfellow, Bengio and Courville, Deep Learning (2016), section 7.1.
struct Regularization {
    double l1 = 0.0;
    double l2 = 0.0;
    bool biases = false;  ///< whether the sums run over all parameters

    /// Return the penalty.
    /// Raises DomainError if l1 or l2 is negative or not finite.
    [[nodiscard]] double value(const Parameters& parameters) const;

    /// Add its gradient l1 * sign(w) + l2 * w to that of the parameters, where sign(0) = 0.
    /// Raises the same.
    void add_gradient(const Parameters& parameters) const;
};

}  // namespace gradus
