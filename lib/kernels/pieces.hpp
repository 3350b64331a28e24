// SPDX-License-Identifier: MIT
// Loops over pieces of numbers that a list of places finds in memory: what programs do that is no run.
// T is double or float. Gradients are added to what is there, in the order of the list.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gradus::kernels {

/// Equally long pieces in memory: piece k begins at (places[k] - origin) * unit, and is taken so often.
struct Pieces {
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

/// Rows of numbers for several examples: number i of row r of example l is x[(r * arity + i) * width + l].
struct LaneRows {
    std::size_t rows, arity, width;
};

/// The loops, for one instruction set.
template <class T>
struct PieceLoops {
    /// Lay the pieces side by side, each `repeat` times.
    void (*copy)(const T* from, const Pieces& pieces, T* to);

    /// Add to each piece what lies side by side: the gradient of copy().
    void (*add)(const T* d, const Pieces& pieces, T* to);

    /// Lay the numbers of the pieces side by side, each number `repeat` times.
    void (*fill)(const T* from, const Pieces& pieces, T* to);

    /// Add to each number of the pieces the sum of `repeat` numbers: the gradient of fill().
    void (*sum)(const T* d, const Pieces& pieces, T* to);

    /// Set y (rows, width) to the sum of each row.
    void (*sum_rows)(LaneRows shape, const T* x, T* y);

    /// Set y (rows, width) to log(sum of exp(x)) of each row, without overflow; -inf or inf if that is the
    /// largest. e has room for as many numbers as x.
    void (*logsumexp_rows)(LaneRows shape, const T* x, T* e, T* y);

    /// Add to dx the gradient of logsumexp_rows(): dy * exp(x - y), where x of -inf gets nothing.
    void (*logsumexp_rows_gradient)(LaneRows shape, const T* x, T* e, const T* y, const T* dy, T* dx);

    /// Set y to dot products of rows.
    void (*dots)(DotShape shape, const T* a, FactorRows a_rows, const T* b, FactorRows b_rows, T* y);

    /// Add the gradient of dots() to the rows of da and db, of which each may be null. They may overlap.
    void (*dots_gradient)(DotShape shape, const T* a, T* da, FactorRows a_rows, const T* b, T* db,
                          FactorRows b_rows, const T* dy);
};

/// Return the loops for the processor that runs this.
template <class T>
const PieceLoops<T>& piece_loops();

}  // namespace gradus::kernels
