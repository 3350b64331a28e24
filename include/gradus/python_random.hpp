// SPDX-License-Identifier: MIT
// The random numbers of Python's module `random`: to repeat in C++ what a Python program drew. For everything
// else, Random (random.hpp) is the better generator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <utility>

namespace gradus {

/// Draw what CPython's `random.Random(seed)` draws, by functions of the same names.
///
/// Integers and uniform numbers are the same bits as in Python; gauss() calls log, sqrt, cos and sin of the C
/// library, as Python does, so its last bit may depend on the platform.
/// Source: Matsumoto and Nishimura's Mersenne Twister, ACM TOMACS 8 (1998), seeded by their init_by_array;
/// the order of operations is that of CPython 3.11.
class PythonRandom {
   public:
    /// Seed as random.seed(number) does.
    explicit PythonRandom(std::uint64_t seed);

    /// Draw a double from [0, 1), a multiple of 2^-53. Cost: two words of the generator.
    double random();

    /// Draw a whole number of so many random bits, from 0 to 64.
    /// Raises DomainError for more.
    std::uint64_t getrandbits(unsigned bits);

    /// Draw a whole number from 0 to n-1, each equally likely, as random.randrange(n) does.
    /// Raises DomainError if n is 0.
    std::uint64_t randbelow(std::uint64_t n);

    /// Draw a + (b - a) * random().
    double uniform(double a, double b);

    /// Draw from the normal distribution. Numbers are made in pairs: each second call returns the one that
    /// was left over, whatever was drawn in between.
    double gauss(double mean = 0.0, double stddev = 1.0);

    /// Put the items in random order (Fisher-Yates, from the last one down).
    /// Items: whatever has size() and operator[]: a vector, an array, a span.
    template <typename Items>
    void shuffle(Items&& items);

    /// Draw i with probability weights[i] / (their sum), as random.choices(range(n), weights)[0] does.
    /// Raises DomainError if a weight is negative or the sum is not positive and finite.
    std::size_t choices(std::span<const double> weights);

   private:
    std::mt19937 words_;
    std::optional<double> left_over_;  // the second number of gauss()'s pair
};

template <typename Items>
void PythonRandom::shuffle(Items&& items) {
    for (std::size_t left = items.size(); left > 1; --left) {
        using std::swap;
        swap(items[left - 1], items[static_cast<std::size_t>(randbelow(left))]);
    }
}

}  // namespace gradus
