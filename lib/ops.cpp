// SPDX-License-Identifier: MIT
#include "gradus/ops.hpp"

namespace gradus {
namespace {

/// B_2, B_4, ... of Bernoulli.
constexpr std::array kBernoulli{1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2'730, 7.0 / 6};

constexpr std::size_t kMostOrder = 100;

/// Return derivative number `order` of pi / tan(pi x). With c = 1 / tan(pi x) it is a polynomial of c, since
/// dc/dx = -pi (1 + c^2).
double cotangent(std::size_t order, double x) {
    std::array<double, kMostOrder + 2> p{0.0, std::numbers::pi}, next{};  // coefficients of 1, c, c^2, ...
    for (std::size_t k = 0; k < order; ++k) {
        next = {};
        for (std::size_t i = 1; i <= k + 1; ++i) {
            const double slope = -std::numbers::pi * static_cast<double>(i) * p[i];
            next[i - 1] += slope;
            next[i + 1] += slope;
        }
        p = next;
    }
    const double c = 1.0 / std::tan(std::numbers::pi * (x - std::round(x)));
    double y = 0.0;
    for (std::size_t i = order + 2; i-- > 0;) y = y * c + p[i];
    return y;
}

}  // namespace

double digamma(double x) {
    if (x <= 0.0) {
        if (x == std::floor(x)) return std::numeric_limits<double>::quiet_NaN();  // a pole, and -inf
        // Reflection: psi(x) = psi(1 - x) - pi / tan(pi x), where whole turns of the tangent are left out.
        return digamma(1.0 - x) - std::numbers::pi / std::tan(std::numbers::pi * (x - std::round(x)));
    }
    double shift = 0.0;  // psi(x) = psi(x + 1) - 1 / x, until the series below converges
    for (; x < 10.0; x += 1.0) shift += 1.0 / x;

    // psi(x) ~ log(x) - 1 / (2x) - sum of B_2k / (2k x^2k)
    const double r = 1.0 / (x * x);
    double series = 0.0;
    for (std::size_t k = kBernoulli.size(); k-- > 0;)
        series = r * (kBernoulli[k] / static_cast<double>(2 * k + 2) + series);
    return std::log(x) - 0.5 / x - series - shift;
}

double polygamma(double order, double x) {
    const double n = std::round(order);
    const bool is_order = n >= 0.0 && n <= static_cast<double>(kMostOrder);
    if (!is_order || (x <= 0.0 && x == std::floor(x))) return std::numeric_limits<double>::quiet_NaN();
    if (n == 0.0) return digamma(x);
    const double sign = std::fmod(n, 2.0) == 0.0 ? -1.0 : 1.0;
    if (x < 0.0) return -sign * polygamma(n, 1.0 - x) - cotangent(static_cast<std::size_t>(n), x);

    // f = |polygamma|: f(x) = f(x + 1) + n! / x^(n + 1), until the series below converges.
    double shift = 0.0;
    for (; x < 10.0 + 2.0 * n; x += 1.0) shift += std::pow(x, -n - 1.0);

    // f(x) ~ (n - 1)! / x^n (1 + n / (2x) + sum of B_2k binomial(2k + n - 1, 2k) / x^2k)
    const double r = 1.0 / (x * x);
    double series = 1.0 + n / (2.0 * x), term = 1.0;
    for (std::size_t k = 0; k < kBernoulli.size(); ++k) {
        const double m = static_cast<double>(2 * k + 2);
        term *= (m + n - 2.0) * (m + n - 1.0) / ((m - 1.0) * m) * r;
        series += kBernoulli[k] * term;
    }
    return sign * std::tgamma(n) * (std::pow(x, -n) * series + n * shift);
}

}  // namespace gradus
