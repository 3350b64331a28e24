// SPDX-License-Identifier: MIT
// A seeded random generator whose numbers are the same bits on every platform and compiler.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace gradus {

/// Draw random numbers that depend on the seed alone.
/// Integers: xoshiro256++ (Blackman and Vigna, 2019), its state filled by splitmix64.
/// Doubles: made from them by integer work, + - * / and sqrt, which IEEE 754 rounds in one way only, and not
/// by log, sin or cos, whose last bits differ between platforms.
/// Satisfies std::uniform_random_bit_generator; what <random> makes from it differs between platforms.
/// Give each purpose (weights, shuffles, split) a generator with a seed of its own.
class Random {
   public:
    using result_type = std::uint64_t;

    explicit Random(std::uint64_t seed);

    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

    /// Draw 64 random bits.
    result_type operator()();

    /// Draw a double from [0, 1), a multiple of 2^-53.
    double uniform();

    /// Draw a double from [low, high); low if both are equal.
    /// Raises DomainError if low > high or high - low is not finite.
    double uniform(double low, double high);

    /// Draw from the normal distribution: one draw of 64 bits, through normal_quantile.
    /// Within 8.3 standard deviations of the mean; never exactly the mean unless by rounding.
    /// Raises DomainError if an argument is not finite or stddev is negative.
    double normal(double mean = 0.0, double stddev = 1.0);

    /// Draw a whole number from 0 to n-1, each equally likely (no modulo bias).
    /// Raises DomainError if n is 0.
    std::size_t index(std::size_t n);

    /// Draw true with the given probability.
    /// Raises DomainError unless probability is in [0, 1].
    bool bernoulli(double probability);

    /// Put the items in random order, each order equally likely (Fisher-Yates).
    /// Items: whatever has size() and operator[]: a vector, an array, a span.
    template <typename Items>
    void shuffle(Items&& items);

    /// Return 0, 1, ..., n-1 in random order.
    std::vector<std::size_t> permutation(std::size_t n);

   private:
    std::array<std::uint64_t, 4> state_;
};

/// Return the z below which a standard normal variable falls with the given probability, to about 1e-15 of z.
/// Raises DomainError unless 0 < probability < 1.
/// Source: M. J. Wichura, Algorithm AS 241, Applied Statistics 37 (1988), routine PPND16.
double normal_quantile(double probability);

template <typename Items>
void Random::shuffle(Items&& items) {
    for (std::size_t left = items.size(); left > 1; --left) {
        using std::swap;
        swap(items[left - 1], items[index(left)]);
    }
}

}  // namespace gradus
