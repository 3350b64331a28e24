// SPDX-License-Identifier: MIT
// Where the numbers of a running program lie, and how an instruction gets at its operands.
#pragma once

#include <array>
#include <cstddef>

#include "../kernels/pieces.hpp"
#include "plan.hpp"

namespace gradus::detail {

/// The numbers of all places and their adjoints, of one run. A uniform place has one number; a lane place has
/// one for each of `width` examples, side by side.
template <class T>
struct Memory {
    using Regions = std::array<T*, kRegions>;

    Regions numbers{}, adjoints{};
    std::array<T*, 4> buffers{};  // for operands that do not lie side by side, and for their adjoints
    std::size_t width = 1;

    /// Return how far apart the numbers of two places of a region are.
    [[nodiscard]] std::size_t unit(Region region) const { return region == Region::lanes ? width : 1; }

    [[nodiscard]] T* at(const Regions& of, Place p) const {
        const Region region = region_of(p);
        return of[static_cast<std::size_t>(region)] + position_of(p) * unit(region);
    }
    [[nodiscard]] T* number(Place p) const { return at(numbers, p); }
    [[nodiscard]] T* adjoint(Place p) const { return at(adjoints, p); }
};

/// The rows of a factor of dot products: where they lie, or brought together in a buffer.
template <class T>
struct Factor {
    const T* numbers;
    T* adjoints;  // null if nobody asks for them
    kernels::FactorRows rows;
    bool is_shared;  // one number for all examples
};

/// The operands of one side of an instruction.
template <class T>
class Source {
   public:
    explicit Source(const Reads& from);

    /// Return whether anybody asks for the adjoints.
    [[nodiscard]] bool moves() const { return from_.moves; }

    /// Return how many places it has.
    [[nodiscard]] std::size_t size() const { return from_.size(); }

    /// Return whether one number serves throughout: that of place().
    [[nodiscard]] bool is_one(const Memory<T>& m) const {
        return from_.is_one() && (m.width == 1 || is_uniform(place()));
    }

    /// Return the first place.
    [[nodiscard]] Place place() const { return from_.firsts.front(); }

    /// Return the numbers, `width` for each place: where they lie, or copied to the buffer.
    [[nodiscard]] const T* read(const Memory<T>& m, T* buffer) const;

    /// Return where the adjoints go; null if nobody asks for them. close() brings them home.
    [[nodiscard]] T* open(const Memory<T>& m, T* buffer) const;
    void close(const Memory<T>& m, const T* opened) const;

    /// The same of a factor of dot products of that many terms. Without a buffer for adjoints, there are
    /// none.
    [[nodiscard]] Factor<T> factor(const Memory<T>& m, std::size_t arity, T* buffer, T* adjoint_buffer) const;
    void close(const Memory<T>& m, std::size_t arity, const Factor<T>& opened) const;

    /// Return whether its numbers lie side by side.
    [[nodiscard]] bool lies_ready(const Memory<T>& m) const {
        return from_.is_run() && (m.width == 1 || !is_uniform(place()));
    }

   private:
    [[nodiscard]] bool has_rows(std::size_t arity) const;
    template <class Visit>
    void each_region(const Memory<T>& m, Visit visit) const;

    const Reads& from_;
    bool is_mixed_;  // of several regions
};

}  // namespace gradus::detail
