// SPDX-License-Identifier: MIT
// Where the stamps of stretches come from.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "gradus/tape.hpp"

namespace gradus::detail {

/// Stamps come in lots, so that a stamp tells the tape that gave it out, and tapes take them without a lock.
/// After 268 million stamps they begin anew.
class StampLots {
   public:
    static constexpr std::uint32_t kLot = std::uint32_t{1} << 9;
    static constexpr std::uint32_t kStep = 16;  // from stamp to stamp: a tag has other use for four bits

    static std::uint32_t take(std::uint32_t tape_id) {
        const std::uint32_t lot = 1 + next_.fetch_add(1, std::memory_order_relaxed) % (kLots - 2);
        owners_[lot].store(tape_id, std::memory_order_relaxed);
        return lot * kLot;
    }
    static std::uint32_t owner(Stamp stamp) {
        return owners_[static_cast<std::uint32_t>(stamp) / kStep / kLot].load(std::memory_order_relaxed);
    }

   private:
    // The first lot holds Stamp::none, the last one that of no_recorder.
    static constexpr std::uint32_t kLots = std::uint32_t{1} << 19;
    static inline std::atomic<std::uint32_t> next_{0};
    static inline std::array<std::atomic<std::uint32_t>, kLots> owners_{};
};

}  // namespace gradus::detail
