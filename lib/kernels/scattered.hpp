// SPDX-License-Identifier: MIT
// Loops over numbers that a list of places finds in memory one by one. They copy nothing: for instructions of
// one example whose operands lie in no order, which is mostly few numbers at a time.
// T is double or float. Gradients are added to what is there, in the order of the list.
#pragma once

#include <cstddef>
#include <cstdint>

#include "gradus/ops.hpp"

namespace gradus::kernels {

/// Numbers in several regions of memory: the two high bits of a place name the region, the others the number.
template <class T>
class Scattered {
   public:
    explicit Scattered(T* const* regions) : regions_(regions) {}
    T& operator[](std::uint32_t place) const { return regions_[place >> kShift][place & kMask]; }

   private:
    static constexpr int kShift = 30;
    static constexpr std::uint32_t kMask = (std::uint32_t{1} << kShift) - 1;

    T* const* regions_;
};

/// What an instruction reads: for each result its operands, those of a, then those of b.
template <class T>
struct ScatteredOperands {
    Scattered<T> numbers, adjoints;
    const std::uint32_t *places, *adjoint_places;
    std::size_t arity;      // of a, and of b
    bool a_moves, b_moves;  // whether anybody asks for the adjoints
};

/// The loops of one operation: y[i] = op(a[i]), or op(a[i], b[i]); of sums and dot products over `arity`.
/// A result of adjoint 0 passes nothing on, even where a partial is infinite.
template <class T>
struct ScatteredLoops {
    void (*forward)(const ScatteredOperands<T>& x, T* y, std::size_t n);
    void (*backward)(const ScatteredOperands<T>& x, const T* y, const T* dy, std::size_t n);
};

/// Return the loops of the operation at this position of ops::All, which has at most two arguments.
template <class T>
const ScatteredLoops<T>& scattered(std::size_t operation);

template <class T>
const ScatteredLoops<T>& scattered_sum();
template <class T>
const ScatteredLoops<T>& scattered_dot();

}  // namespace gradus::kernels
