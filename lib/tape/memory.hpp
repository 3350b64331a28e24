// SPDX-License-Identifier: MIT
// What only the slow paths of a tape touch.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "arena.hpp"
#include "column.hpp"
#include "stamps.hpp"
#include "tape/bindings.hpp"
#include "tape/stretches.hpp"

namespace gradus {

namespace detail {

constexpr std::size_t kLine = 8;  // numbers in a cache line
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

inline std::int64_t number_of(Slot slot) { return static_cast<std::int64_t>(slot); }
inline Slot slot_at(std::int64_t number) { return Slot{static_cast<std::int32_t>(number)}; }

}  // namespace detail

struct Tape::Memory {
    /// A tensor operation, and where it lies between the scalar entries.
    struct PlacedRun {
        detail::Run run;
        std::int64_t first;  // slots first ... last
        std::int64_t last;
        std::int64_t before;  // the newest slot before it
        std::size_t end;      // the operands of scalar entries before it
    };

    detail::Column<detail::Edge> edges;
    detail::Column<double> values;         // of a graph's entries
    detail::Column<detail::OpCode> codes;  // of a graph's entries

    detail::Column<double> adjoint_column;  // those of the parameters, of slot 0, of the entries
    double* adjoints = nullptr;             // points at slot 0; those of parameters are zero between passes
    std::int64_t adjoint_slots = 0;         // entries that fit
    std::int64_t differentiated = 0;        // adjoints[1 ... this] are those of the latest backward pass

    std::vector<PlacedRun> runs;
    std::vector<Slot> traced_operands;  // to which a trace points
    std::vector<double> traced_partials;
    detail::Stretches stretches;
    detail::Bindings bindings{stretches};
    detail::Arena arena;  // numbers of tensors, values() and what a tensor operation needs backward

    std::uint32_t id;  // of the tape: stamps tell it
    std::uint32_t next_stamp = 0, last_stamp = 0;
    std::atomic<const void*> owner{nullptr};  // the thread whose current tape this is

    explicit Memory(std::uint32_t tape_id) : id(tape_id) {}

    Stamp fresh_stamp() {
        if (next_stamp == last_stamp) {
            next_stamp = detail::StampLots::take(id);
            last_stamp = next_stamp + detail::StampLots::kLot;
        }
        return Stamp{detail::StampLots::kStep * next_stamp++};
    }

    /// Make the adjoints of all parameters and of the entries up to `newest` addressable.
    void reserve_adjoints(std::int64_t newest) {
        const std::int64_t parameters = bindings.size();
        if (adjoints != nullptr && adjoints - adjoint_column.data() >= parameters && newest <= adjoint_slots)
            return;
        const auto needed = static_cast<std::size_t>(parameters + newest + 1);
        const std::size_t room = std::max(needed + needed / 2 + detail::kLine, adjoint_column.capacity());
        adjoint_column.reserve(room, 0);
        const auto lines = (static_cast<std::size_t>(parameters) + detail::kLine - 1) / detail::kLine;
        adjoints = adjoint_column.data() + lines * detail::kLine;  // slot 0 begins a cache line
        adjoint_slots = static_cast<std::int64_t>(adjoint_column.capacity() - lines * detail::kLine) - 1;
        std::fill(adjoint_column.data(), adjoints + 1, 0.0);
    }
};

/// Say how far the inline operators may go before they ask again: each begins at most one entry, with
/// at least one edge, which may grow to kGrowth operands. A graph records nothing inline.
inline void Tape::set_limit() {
    const std::size_t room = memory_->edges.capacity();
    if (mode_ == Mode::graph || room == 0) return;
    limit = begin + std::min(room - (detail::kGrowth - 1), operand_count() + max_entries_ - entry_count());
}

}  // namespace gradus
