// SPDX-License-Identifier: MIT
// Numeric differentiation, against which recorded gradients are checked.
#include "gradus/derivatives.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>

#include "gradus/error.hpp"

namespace gradus {
namespace {

constexpr int kSteps = 40;
constexpr std::size_t kOrders = 6;  // of extrapolation: errors of h^2, h^4, ... h^10 are removed
constexpr double kNoise = 1e-3;     // see GradientCheckOptions
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Estimate {
    double derivative = std::numeric_limits<double>::quiet_NaN();
    double uncertainty = kInfinity;
};

/// Differentiate f by its i-th argument. Ridders' method: halve the step of a central difference; combine
/// neighbours so that the leading error cancels; keep what changed least.
Estimate differentiate(const std::function<double(std::span<const double>)>& f, std::vector<double>& x,
                       std::size_t i) {
    const double x_i = x[i];
    Estimate best;
    std::array<double, kOrders> before{};  // estimates of growing order, from the step before
    std::size_t known = 0;                 // so many of them
    double h = 0.1 * std::max(std::abs(x_i), 1.0);
    for (int step = 0; step < kSteps; ++step, h *= 0.5) {
        x[i] = x_i + h;
        const double high = f(x), width_above = x[i] - x_i;
        x[i] = x_i - h;
        const double low = f(x), width_below = x_i - x[i];
        const double width = width_above + width_below;  // what 2 h became when x +- h was rounded
        const double difference = (high - low) / width;
        if (!std::isfinite(difference)) {  // outside the domain, perhaps: go nearer
            known = 0;
            continue;
        }
        const double rounding =
            std::numeric_limits<double>::epsilon() * std::max(std::abs(high), std::abs(low)) / width;
        std::array<double, kOrders> now{difference};
        double factor = 4.0;
        for (std::size_t k = 0; k < known; ++k, factor *= 4.0) {
            if (k + 1 == kOrders) break;
            now[k + 1] = now[k] + (now[k] - before[k]) / (factor - 1.0);
            const double change = std::max(std::abs(now[k + 1] - now[k]), std::abs(now[k + 1] - before[k]));
            if (change + rounding < best.uncertainty) best = {now[k + 1], change + rounding};
        }
        known = std::min(known + 1, kOrders);
        before = now;
    }
    x[i] = x_i;
    return best;
}

}  // namespace

GradientCheck detail::compare_with_differences(const std::function<double(std::span<const double>)>& f,
                                               std::span<const double> x, const ValueAndGradient& recorded,
                                               double tolerance) {
    if (!(tolerance >= 0.0)) {
        throw DomainError(fmt::format(
            "check_gradient: the tolerance is negative or NaN: {}. Give a small number such as 1e-7.",
            tolerance));
    }
    GradientCheck worst{.error = -1.0, .tolerance = tolerance};
    std::vector<double> at(x.begin(), x.end());
    for (std::size_t i = 0; i < at.size(); ++i) {
        const Estimate numeric = differentiate(f, at, i);
        const double derivative = recorded.gradient[i];
        const double noise = kNoise * std::abs(recorded.value) / std::max(std::abs(x[i]), 1.0);
        const double scale = std::max({std::abs(derivative), std::abs(numeric.derivative), noise});
        double error = std::abs(derivative - numeric.derivative);
        if (error != 0.0) error /= scale;
        if (!(error <= tolerance)) worst.passed = false;
        if (std::isnan(error)) error = kInfinity;
        if (error > worst.error) {
            worst.worst = i, worst.recorded = derivative, worst.error = error;
            worst.numeric = numeric.derivative, worst.uncertainty = numeric.uncertainty;
        }
    }
    worst.error = std::max(worst.error, 0.0);
    return worst;
}

double Jacobian::operator()(std::size_t i, std::size_t j) const {
    if (i < rows && j < columns) return partials[i * columns + j];
    throw ShapeError(
        fmt::format("jacobian: there is no such derivative: ({},{}) of a matrix ({},{}). Count results and "
                    "arguments from 0.",
                    i, j, rows, columns));
}

std::string GradientCheck::message() const {
    return fmt::format(
        "check_gradient: {}: component {} is the worst: recorded {:.12g}, differences {:.12g} +- {:.1g}, "
        "error "
        "{:.2g} of {:.2g} allowed.{}",
        passed ? "passed" : "failed", worst, recorded, numeric, uncertainty, error, tolerance,
        passed ? "" : " Check its partials, or whether x lies on a kink.");
}

}  // namespace gradus
