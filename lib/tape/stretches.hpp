// SPDX-License-Identifier: MIT
// What was recorded between a mark and the next one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "arena.hpp"
#include "gradus/tape.hpp"

namespace gradus::detail {

/// A stretch lives or dies as a whole.
struct Stretch {
    Stamp stamp;
    std::int64_t first;  // the newest entry when it began
    std::size_t end;     // the operands then
    std::size_t runs;    // the tensor operations then
    Arena::Mark arena;
};

/// Those that are alive, the innermost one last.
using Stretches = std::vector<Stretch>;

/// Return whether one is among them. Most questions are about the innermost one.
inline bool is_live(const Stretches& alive, Stamp stamp) {
    return std::any_of(alive.rbegin(), alive.rend(), [&](const Stretch& s) { return s.stamp == stamp; });
}

/// How long something lasts: as long as a stretch. At first it is over.
class Lifetime {
   public:
    [[nodiscard]] bool is_over(const Stretches& alive) const {
        return depth_ >= alive.size() || alive[depth_].stamp != stamp_;
    }

    /// Let it begin, unless it did, and last as long as the innermost stretch.
    void begin(const Stretches& alive) {
        if (is_over(alive)) depth_ = alive.size() - 1, stamp_ = alive.back().stamp;
    }
    void end() { stamp_ = Stamp::none; }

   private:
    std::size_t depth_ = 0;
    Stamp stamp_ = Stamp::none;
};

}  // namespace gradus::detail
