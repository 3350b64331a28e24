// SPDX-License-Identifier: MIT
// What the tests of kernels share: every instruction set of this processor, hostile sizes, rounding.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "doctest.hpp"
#include "gradus/random.hpp"

#ifdef GRADUS_HAS_HIGHWAY
#include <hwy/targets.h>
#endif

#ifdef GRADUS_HAS_HIGHWAY
/// The instruction sets from which kernels choose; 0: those of this processor.
inline std::int64_t usual_targets = 0;

inline void allow_targets(std::int64_t targets) {
    hwy::SetSupportedTargetsForTest(targets);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}
#endif

/// Let kernels run on the smallest vectors that they were compiled for.
inline void use_smallest_vectors() {
#ifdef GRADUS_HAS_HIGHWAY
    usual_targets = hwy::SupportedAndGeneratedTargets().back();
    allow_targets(usual_targets);
#endif
}

/// Call test() on every instruction set that this processor has.
template <class Test>
void on_every_target(Test test) {
#ifdef GRADUS_HAS_HIGHWAY
    allow_targets(0);
    for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
        allow_targets(target);
        CAPTURE(std::string(hwy::TargetName(target)));
        test();
        allow_targets(0);
    }
    allow_targets(usual_targets);
#else
    test();
#endif
}

/// Around every number of lanes that a vector can have, and around several vectors.
inline constexpr std::array<std::size_t, 17> kSizes{0,  1,  2,  3,  4,  5,  7,  8,  9,
                                                    15, 16, 17, 31, 33, 64, 67, 100};

/// Numbers at an odd address, with guards around them that no kernel may touch.
template <class T>
class Run {
   public:
    explicit Run(std::size_t n) : numbers_(n + 2, kGuard) {}
    Run(std::size_t n, gradus::Random& random) : Run(n) {
        for (std::size_t i = 0; i < n; ++i) (*this)[i] = static_cast<T>(random.uniform(-2, 2));
    }
    T* data() { return numbers_.data() + 1; }
    T& operator[](std::size_t i) { return numbers_[i + 1]; }
    std::size_t size() const { return numbers_.size() - 2; }
    bool is_intact() const { return numbers_.front() == kGuard && numbers_.back() == kGuard; }

   private:
    static constexpr T kGuard = 12345;
    std::vector<T> numbers_;
};

/// Return how many steps between neighbours of type T lead from a to b: 0 for two NaNs, huge where only one
/// is NaN or the signs differ, of zeros, too.
template <class T>
double ulps(T a, T b) {
    if (std::isnan(a) && std::isnan(b)) return 0;
    if (std::isnan(a) || std::isnan(b) || std::signbit(a) != std::signbit(b)) return 1e300;
    using Bits = std::conditional_t<sizeof(T) == 8, std::int64_t, std::int32_t>;
    return std::abs(static_cast<double>(std::bit_cast<Bits>(a) - std::bit_cast<Bits>(b)));
}

/// Return what rounding may change in a sum of terms whose magnitudes add up to `total`, in any order.
template <class T>
double rounding(double total, std::size_t terms) {
    return static_cast<double>(terms + 4) * total * std::numeric_limits<T>::epsilon();
}
