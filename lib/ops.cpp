// SPDX-License-Identifier: MIT
#include "gradus/ops.hpp"

namespace gradus {

double digamma(double x) {
    if (x <= 0.0) {
        if (x == std::floor(x)) return std::numeric_limits<double>::quiet_NaN();  // a pole, and -inf
        // Reflection: psi(x) = psi(1 - x) - pi / tan(pi x), where whole turns of the tangent are left out.
        return digamma(1.0 - x) - std::numbers::pi / std::tan(std::numbers::pi * (x - std::round(x)));
    }
    double shift = 0.0;  // psi(x) = psi(x + 1) - 1 / x, until the series below converges
    for (; x < 10.0; x += 1.0) shift += 1.0 / x;

    // psi(x) ~ log(x) - 1 / (2x) - sum of B_2k / (2k x^2k)
    constexpr std::array kTerms{1.0 / 12,  -1.0 / 120,      1.0 / 252, -1.0 / 240,
                                1.0 / 132, -691.0 / 32'760, 1.0 / 12};
    const double r = 1.0 / (x * x);
    double series = 0.0;
    for (std::size_t k = kTerms.size(); k-- > 0;) series = r * (kTerms[k] + series);
    return std::log(x) - 0.5 / x - series - shift;
}

}  // namespace gradus
