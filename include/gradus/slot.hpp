// SPDX-License-Identifier: MIT
// Slots: the numbers by which a tape knows its entries.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gradus {

/// Number of an entry of the tape, and of its adjoint. Positive: the entries, from 1 on in the order of
/// recording. Zero: a constant, which no tape knows. Negative: the parameters that are bound to the tape.
enum class Slot : std::int32_t { constant = 0 };

/// The most entries of a tape, and the most parameters: so nothing with more numbers can be recorded. It
/// leaves room for a mark in each slot that a tape keeps (detail::Edge).
constexpr std::size_t kMostSlots = (std::size_t{1} << 29) - 1;

}  // namespace gradus
