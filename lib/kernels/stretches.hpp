// SPDX-License-Identifier: MIT
// Loops over stretches of numbers that a list of places finds in memory: what programs do that is no run.
// T is double or float. Gradients are added to what is there, in the order of the list.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gradus::kernels {

/// Equally long stretches in memory: stretch k begins at (places[k] - origin) * unit, and is taken so often.
struct Stretches {
    const std::uint32_t* places;
    std::size_t count;
    std::uint32_t origin;
    std::size_t unit, length, repeat;
};

/// The rows of numbers that dot products multiply: each begins at a place of the list, or, without a list,
/// `step` after the one before.
struct FactorRows {
    const std::uint32_t* places;  // or null
    std::uint32_t origin;
    std::size_t unit, step;

    [[nodiscard]] std::size_t offset(std::size_t row) const {
        return places == nullptr ? row * step : (places[row] - origin) * unit;
    }
};

/// Dot products: y[row][lane] = sum over i < arity of a[row][i][lane] * b[row][i][lane].
struct DotShape {
    std::size_t rows, arity;
    std::size_t width;  // lanes
    bool is_a_shared;   // a has one number for all lanes: a[row][i]
};

/// The loops, for one instruction set.
template <class T>
struct StretchLoops {
    /// Lay the stretches side by side, each `repeat` times.
    void (*copy)(const T* from, const Stretches& stretches, T* to);

    /// Add to each stretch what lies side by side: the gradient of copy().
    void (*add)(const T* d, const Stretches& stretches, T* to);

    /// Lay the numbers of the stretches side by side, each number `repeat` times.
    void (*fill)(const T* from, const Stretches& stretches, T* to);

    /// Add to each number of the stretches the sum of `repeat` numbers: the gradient of fill().
    void (*sum)(const T* d, const Stretches& stretches, T* to);

    /// Set y to dot products of rows.
    void (*dots)(DotShape shape, const T* a, FactorRows a_rows, const T* b, FactorRows b_rows, T* y);

    /// Add the gradient of dots() to the rows of da and db, of which each may be null. They may overlap.
    void (*dots_gradient)(DotShape shape, const T* a, T* da, FactorRows a_rows, const T* b, T* db,
                          FactorRows b_rows, const T* dy);
};

/// Return the loops for the processor that runs this.
template <class T>
const StretchLoops<T>& stretch_loops();

}  // namespace gradus::kernels
