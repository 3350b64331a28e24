// SPDX-License-Identifier: MIT
// Operation codes: the elementary ones in the order of ops::All, then those that a span or the tape makes.
#pragma once

#include "gradus/ops.hpp"
#include "gradus/tape.hpp"

namespace gradus::detail {

constexpr OpCode code_after_table(std::size_t k) {
    return static_cast<OpCode>(ops::All::size + k);
}

constexpr OpCode kConstant = code_after_table(0);
constexpr OpCode kVariable = code_after_table(1);
constexpr OpCode kPart =
    code_after_table(2);  // operands of the next entry, which takes this one with partial 1

/// Return the name of an operation, as labels and tables show it.
const char* operation_name(OpCode code);

}  // namespace gradus::detail
