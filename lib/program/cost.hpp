// SPDX-License-Identifier: MIT
// What an instruction costs: counted from its shape, not measured.
#pragma once

#include <cstddef>

#include "plan.hpp"

namespace gradus::detail {

/// The work of a run forward, for one example. Operations: additions, multiplications, comparisons, and calls
/// of functions such as tanh, each as one. Numbers: what is read and written, each once.
struct Cost {
    double operations = 0.0;
    double numbers_each = 0.0;    // that every example has of its own
    double numbers_shared = 0.0;  // the same for all examples of a batch

    Cost& operator+=(const Cost& other);

    /// Return how many bytes move for a batch.
    [[nodiscard]] double bytes(std::size_t bytes_of_number, std::size_t examples = 1) const;

    /// Return the operations on each byte that moves.
    [[nodiscard]] double intensity(std::size_t bytes_of_number, std::size_t examples = 1) const;
};

Cost cost_of(const Instruction& instruction);

}  // namespace gradus::detail
