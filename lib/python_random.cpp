// SPDX-License-Identifier: MIT
// Python's generator. Compiled with -ffp-contract=off: a fused multiply-add rounds otherwise.
#include "gradus/python_random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>

#include "gradus/error.hpp"

namespace gradus {
namespace {

/// Fill the generator's state as init_by_array does. Its key is the seed in words of 32 bits, the low one
/// first, and the high one only if it is not zero.
class InitByArray {
   public:
    using result_type = std::uint32_t;

    explicit InitByArray(std::uint64_t seed)
        : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
          length_(key_[1] == 0 ? 1 : 2) {}

    template <class Iterator>
    void generate(Iterator begin, Iterator end) const {
        std::array<std::uint32_t, kWords> state{19650218};
        const auto mixed = [&](std::size_t i, std::uint32_t factor) {
            const std::uint32_t before = state[i - 1];
            return (before ^ (before >> 30)) * factor;
        };
        for (std::uint32_t i = 1; i < kWords; ++i) state[i] = mixed(i, 1812433253) + i;
        std::size_t i = 1;
        const auto advance = [&] {
            if (++i < kWords) return;
            state[0] = state[kWords - 1];
            i = 1;
        };
        for (std::uint32_t round = 0; round < kWords; ++round, advance()) {
            const std::uint32_t j = round % length_;
            state[i] = (state[i] ^ mixed(i, 1664525)) + key_[j] + j;
        }
        for (std::size_t round = 1; round < kWords; ++round, advance()) {
            state[i] = (state[i] ^ mixed(i, 1566083941)) - static_cast<std::uint32_t>(i);
        }
        state[0] = 0x80000000;  // whatever the key, not all words are zero
        std::copy_n(state.begin(), end - begin, begin);
    }

   private:
    static constexpr std::size_t kWords = std::mt19937::state_size;

    std::array<std::uint32_t, 2> key_;
    std::uint32_t length_;
};

}  // namespace

PythonRandom::PythonRandom(std::uint64_t seed) {
    InitByArray sequence(seed);
    words_.seed(sequence);
}

double PythonRandom::random() {
    const double high = static_cast<double>(words_() >> 5);  // 27 bits
    const double low = static_cast<double>(words_() >> 6);   // 26 bits
    return (high * 0x1p26 + low) * 0x1p-53;
}

std::uint64_t PythonRandom::getrandbits(unsigned bits) {
    if (bits > 64)
        throw DomainError(fmt::format("getrandbits: too many bits: {}. Ask for at most 64.", bits));
    if (bits == 0) return 0;
    const auto draw = [&](unsigned n) { return static_cast<std::uint64_t>(words_()) >> (32 - n); };
    if (bits <= 32) return draw(bits);
    const std::uint64_t low = draw(32);
    return low | draw(bits - 32) << 32;
}

std::uint64_t PythonRandom::randbelow(std::uint64_t n) {
    if (n == 0) throw DomainError("randbelow: nothing to choose from: n is 0. Give n of at least 1.");
    const auto bits = static_cast<unsigned>(std::bit_width(n));
    std::uint64_t draw = getrandbits(bits);
    while (draw >= n) draw = getrandbits(bits);
    return draw;
}

double PythonRandom::uniform(double a, double b) { return a + (b - a) * random(); }

double PythonRandom::gauss(double mean, double stddev) {
    // Box and Muller: one angle and one radius make two numbers.
    double z = 0.0;
    if (left_over_) {
        z = *left_over_;
        left_over_.reset();
    } else {
        const double angle = random() * (2.0 * std::numbers::pi);
        const double radius = std::sqrt(-2.0 * std::log(1.0 - random()));
        z = std::cos(angle) * radius;
        left_over_ = std::sin(angle) * radius;
    }
    return mean + z * stddev;
}

std::size_t PythonRandom::choices(std::span<const double> weights) {
    double total = 0.0;
    for (const double weight : weights) {
        if (weight < 0.0) {
            throw DomainError(fmt::format(
                "choices: a weight is negative: {}. Give weights that are zero or positive.", weight));
        }
        total += weight;
    }
    if (!(total > 0.0 && std::isfinite(total))) {
        throw DomainError(fmt::format(
            "choices: the sum of the weights is not positive and finite: it is {}, of {} weights. Give at "
            "least one positive weight, and no infinite one.",
            total, weights.size()));
    }
    const double drawn = random() * total;
    double sum = 0.0;
    for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
        sum += weights[i];
        if (drawn < sum) return i;
    }
    return weights.size() - 1;  // also if the product was rounded up to the total
}

}  // namespace gradus
