// SPDX-License-Identifier: MIT
// The generator and the normal quantile. Compiled with -ffp-contract=off: a fused multiply-add rounds
// otherwise.
#include "gradus/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "gradus/error.hpp"

namespace gradus {
namespace {

std::uint64_t splitmix64(std::uint64_t& state) {
    state += 0x9e3779b97f4a7c15;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/// log(x) for finite x > 0, made from operations that every platform rounds alike.
/// x = m 2^e with m in [0.7, 1.42): log(x) = e log(2) + 2 artanh(s), s = (m - 1) / (m + 1), |s| < 0.18.
/// The first term left out of artanh's series, s^25 / 25, is below 1e-19 of the first one.
double portable_log(double x) {
    int exponent = 0;
    double m = std::frexp(x, &exponent);  // exact
    if (m < 0.7071) {
        m *= 2.0;
        --exponent;
    }
    const double s = (m - 1.0) / (m + 1.0);
    double series = 0.0;
    for (int k = 23; k >= 1; k -= 2) series = series * (s * s) + 1.0 / k;
    return exponent * 0.6931471805599453 + 2.0 * s * series;
}

using Coefficients = std::array<double, 8>;

/// c[0] + c[1] x + ... + c[7] x^7.
double polynomial(const Coefficients& c, double x) {
    double sum = 0.0;
    for (std::size_t i = c.size(); i-- > 0;) sum = sum * x + c[i];
    return sum;
}

// AS 241: numerators and denominators for |p - 0.5| <= 0.425, for the tails, and for the far tails (p <
// e^-25).
constexpr Coefficients kCentreOver{
    3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
    4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3};
constexpr Coefficients kCentreUnder{1.0,
                                    4.2313330701600911252e+1,
                                    6.8718700749205790830e+2,
                                    5.3941960214247511077e+3,
                                    2.1213794301586595867e+4,
                                    3.9307895800092710610e+4,
                                    2.8729085735721942674e+4,
                                    5.2264952788528545610e+3};
constexpr Coefficients kTailOver{1.42343711074968357734e0,  4.63033784615654529590e0,
                                 5.76949722146069140550e0,  3.64784832476320460504e0,
                                 1.27045825245236838258e0,  2.41780725177450611770e-1,
                                 2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr Coefficients kTailUnder{1.0,
                                  2.05319162663775882187e0,
                                  1.67638483018380384940e0,
                                  6.89767334985100004550e-1,
                                  1.48103976427480074590e-1,
                                  1.51986665636164571966e-2,
                                  5.47593808499534494600e-4,
                                  1.05075007164441684324e-9};
constexpr Coefficients kFarOver{6.65790464350110377720e0,  5.46378491116411436990e0,
                                1.78482653991729133580e0,  2.96560571828504891230e-1,
                                2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr Coefficients kFarUnder{1.0,
                                 5.99832206555887937690e-1,
                                 1.36929880922735805310e-1,
                                 1.48753612908506148525e-2,
                                 7.86869131145613259100e-4,
                                 1.84631831751005468180e-5,
                                 1.42151175831644588870e-7,
                                 2.04426310338993978564e-15};

}  // namespace

Random::Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) word = splitmix64(seed);
}

Random::result_type Random::operator()() {
    auto& s = state_;
    const std::uint64_t result = std::rotl(s[0] + s[3], 23) + s[0];
    const std::uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = std::rotl(s[3], 45);
    return result;
}

double Random::uniform() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

double Random::uniform(double low, double high) {
    if (!(low <= high) || !std::isfinite(high - low))
        throw DomainError(
            fmt::format("uniform: not an interval: low is {}, high is {}. "
                        "Give finite bounds, the lower one first.",
                        low, high));
    // The sum may round up to high, which does not belong to the interval.
    return std::min(low + (high - low) * uniform(), std::nextafter(high, low));
}

double Random::normal(double mean, double stddev) {
    if (!std::isfinite(mean) || !std::isfinite(stddev) || stddev < 0.0)
        throw DomainError(
            fmt::format("normal: not a distribution: mean is {}, stddev is {}. "
                        "Give finite numbers, stddev at least 0.",
                        mean, stddev));
    // 52 bits choose the lower tail's probability, an odd multiple of 2^-54 below 1/2; one more bit, the
    // sign. So the numbers are exactly symmetric, the tails are finely resolved, and 0 and infinity cannot
    // come up.
    const std::uint64_t bits = (*this)();
    const double tail = static_cast<double>((bits >> 12) * 2 + 1) * 0x1p-54;
    const double z = normal_quantile(tail);
    return mean + stddev * (bits & 1 ? -z : z);
}

std::size_t Random::index(std::size_t n) {
    if (n == 0) throw DomainError("index: nothing to choose from: n is 0. Give n of at least 1.");
    const std::uint64_t count = n;
    const std::uint64_t excess = (0 - count) % count;  // 2^64 mod n: so many draws would be too many
    std::uint64_t draw = (*this)();
    while (draw < excess) draw = (*this)();
    return static_cast<std::size_t>(draw % count);
}

bool Random::bernoulli(double probability) {
    if (!(probability >= 0.0 && probability <= 1.0))
        throw DomainError(
            fmt::format("bernoulli: not a probability: {}. Give a number from 0 to 1.", probability));
    return uniform() < probability;
}

std::vector<std::size_t> Random::permutation(std::size_t n) {
    std::vector<std::size_t> numbers(n);
    std::iota(numbers.begin(), numbers.end(), std::size_t{0});
    shuffle(numbers);
    return numbers;
}

double normal_quantile(double probability) {
    if (!(probability > 0.0 && probability < 1.0))
        throw DomainError(fmt::format(
            "normal_quantile: outside of (0, 1): {}. Give a probability between 0 and 1.", probability));
    const double q = probability - 0.5;
    if (std::abs(q) <= 0.425) {
        const double r = 0.180625 - q * q;
        return q * polynomial(kCentreOver, r) / polynomial(kCentreUnder, r);
    }
    const double r = std::sqrt(-portable_log(q < 0.0 ? probability : 1.0 - probability));
    const double z = r <= 5.0 ? polynomial(kTailOver, r - 1.6) / polynomial(kTailUnder, r - 1.6)
                              : polynomial(kFarOver, r - 5.0) / polynomial(kFarUnder, r - 5.0);
    return q < 0.0 ? -z : z;
}

}  // namespace gradus
