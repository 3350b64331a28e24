// SPDX-License-Identifier: MIT
// How instructions find their operands: the shortest description of a list of places.
#pragma once

#include <span>
#include <vector>

#include "plan.hpp"

namespace gradus::detail {

/// Return whether places follow each other.
bool follow_each_other(std::span<const Place> places);

/// Return whether all places are in the same region.
bool is_in_one_region(std::span<const Place> places);

/// Describe places in the shortest way.
Reads reads(std::span<const Place> places, bool moves);

/// Append an instruction that brings places together. Returns the first place of the copies, which are a run
/// of that region.
Place copy(std::span<const Place> places, bool moves, Region to, Plan& plan);

}  // namespace gradus::detail
