// SPDX-License-Identifier: MIT
// What was recorded between a mark and the next one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

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

/// Return whether a stretch is among those that are alive. Most questions are about the innermost one.
inline bool is_live(std::span<const Stretch> alive, Stamp stamp) {
    return std::any_of(alive.rbegin(), alive.rend(), [&](const Stretch& s) { return s.stamp == stamp; });
}

}  // namespace gradus::detail
