// SPDX-License-Identifier: MIT
// Recycling: where the adjoints of a long program lie. Most of them are of use for a short while.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "../large_pages.hpp"
#include "plan.hpp"

namespace gradus::detail {

/// Finds homes for adjoints. That of a result is needed backward from the last line that reads the result to
/// the one that computes it; then its home is free for one that was computed before. So the adjoints of a
/// million results stay in the cache.
/// Tell it of the lines in their order, counted from 1; places and homes are positions in one region.
class Recycling {
   public:
    static constexpr std::size_t kRoom = std::size_t{1} << 14;  // for all those that take turns

    explicit Recycling(std::size_t places)
        : first_(places), last_(places), is_joined_(places), is_kept_(places) {}

    /// A line computes results, which lie side by side and so do their adjoints.
    void write(std::size_t place, std::size_t count, std::uint32_t line);

    /// A line reads places that lie side by side.
    void read(std::size_t place, std::size_t count, std::uint32_t line);

    /// Others need to find these adjoints where the numbers lie.
    void keep(std::size_t place, std::size_t count);

    /// Return the home of each place: the place itself, or one in the room behind all places.
    [[nodiscard]] LongVector<Place> homes() const;

    /// Return what to set to zero before the lines run backward: runs of homes, and their lengths. A line
    /// sets to zero what it frees.
    [[nodiscard]] static std::vector<std::pair<Place, std::size_t>> at_home(const LongVector<Place>& homes);

   private:
    LongVector<std::uint32_t> first_, last_;  // lines that compute and use each place
    std::vector<bool> is_joined_;             // with the place before it
    std::vector<bool> is_kept_;
};

}  // namespace gradus::detail
