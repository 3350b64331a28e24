// SPDX-License-Identifier: MIT
// Slots: the numbers by which a tape knows its entries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace gradus {

/// Number of an entry of the tape, and of its adjoint. Positive: the entries, from 1 on in the order of
/// recording. Zero: a constant, which no tape knows. Negative: the parameters that are bound to the tape.
enum class Slot : std::int32_t { constant = 0 };

/// The most entries of a tape, and the most parameters: so nothing with more numbers can be recorded.
constexpr std::size_t kMostSlots = std::numeric_limits<std::underlying_type_t<Slot>>::max();

}  // namespace gradus
