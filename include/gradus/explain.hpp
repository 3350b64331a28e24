// SPDX-License-Identifier: MIT
// A tape that a reader can follow: every entry with its numbers.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "gradus/functions.hpp"

namespace gradus {

/// A name for a value, for tables.
struct Label {
    const Value& value;
    std::string_view name;
};

/// Return the entries of a graph tape as a table, one a line: slot, operation, operands, value, partial
/// derivatives by the operands, and the adjoint of the latest backward pass. Parameters have negative slots.
/// A tensor is one line, too, with its slots, first..last, and the first slot of each operand. A labelled
/// value shows its name instead of its slot: trace_table(tape, {{x, "x"}, {y, "y"}}). Raises TapeError for a
/// melting tape, which keeps no operations, and for a label of a value that is not alive on the tape.
std::string trace_table(const Tape& tape, std::initializer_list<Label> labels = {});

}  // namespace gradus
