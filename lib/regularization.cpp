// SPDX-License-Identifier: MIT
#include "gradus/regularization.hpp"

#include <fmt/format.h>

#include <cmath>

#include "gradus/error.hpp"

namespace gradus {

namespace {

void require_weight(const char* name, double weight) {
    if (weight >= 0.0 && std::isfinite(weight)) return;
    throw DomainError(
        fmt::format("regularization: {} is negative or not finite: {}. Give 0 for no penalty, or a small "
                    "positive number.",
                    name, weight));
}

/// Call visit(w, its gradient) for each parameter that the penalty is for.
template <class Visitor>
void each(const Regularization& penalty, const Parameters& parameters, Visitor visit) {
    require_weight("l1", penalty.l1);
    require_weight("l2", penalty.l2);
    if (penalty.l1 == 0.0 && penalty.l2 == 0.0) return;
    const std::span<const double> w = parameters.values();
    const std::span<double> gradient = parameters.gradients();
    for (const ParameterInfo& part : parameters.infos()) {
        if (!part.decays && !penalty.biases) continue;
        for (std::size_t i = part.offset; i < part.offset + part.size; ++i) visit(w[i], gradient[i]);
    }
}

double sign(double x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : 0.0; }

}  // namespace

double Regularization::value(const Parameters& parameters) const {
    double absolute = 0.0, squares = 0.0;
    each(*this, parameters, [&](double w, double&) {
        if (l1 > 0.0) absolute += std::abs(w);
        if (l2 > 0.0) squares += w * w;  // may overflow, and 0 * inf would be NaN
    });
    return l1 * absolute + 0.5 * l2 * squares;
}

void Regularization::add_gradient(const Parameters& parameters) const {
    each(*this, parameters, [&](double w, double& gradient) { gradient += l1 * sign(w) + l2 * w; });
}

}  // namespace gradus
