// SPDX-License-Identifier: MIT
// Operation codes: the elementary ones in the order of ops::All, then those that a span or the tape makes.
#pragma once

#include "gradus/record.hpp"

namespace gradus::detail {

constexpr bool is_elementary(OpCode code) { return static_cast<std::size_t>(code) < ops::All::size; }

constexpr OpCode code_after_table(std::size_t k) { return static_cast<OpCode>(ops::All::size + k); }

constexpr OpCode kConstant = code_after_table(0);
constexpr OpCode kVariable = code_after_table(1);
// Operands of the next entry, which takes this one with partial 1.
constexpr OpCode kPart = code_after_table(2);

// Reductions. The operands are those of the first span, then those of the second one.
constexpr OpCode kSum = code_after_table(3);
constexpr OpCode kMean = code_after_table(4);
constexpr OpCode kDot = code_after_table(5);
constexpr OpCode kNorm = code_after_table(6);
constexpr OpCode kMax = code_after_table(7);
constexpr OpCode kLogSumExp = code_after_table(8);
// Of x[i] and logsumexp(x).
constexpr OpCode kSoftmax = code_after_table(9);
constexpr OpCode kLogSoftmax = code_after_table(10);

// A tensor operation, and what a program reads.
constexpr OpCode kTensor = code_after_table(11);
constexpr OpCode kInput = code_after_table(12);
constexpr OpCode kParameter = code_after_table(13);

// Of a program: rows of one matrix by rows of another.
constexpr OpCode kProduct = code_after_table(14);

// Comparisons, in the order of detail::Comparison. Their value is the outcome, 0 or 1.
constexpr OpCode kEqual = code_after_table(15);
constexpr OpCode kLess = code_after_table(16);
constexpr OpCode kLessOrEqual = code_after_table(17);
constexpr bool is_comparison(OpCode code) { return kEqual <= code && code <= kLessOrEqual; }

// One of the operands, by the last one, which is its position.
constexpr OpCode kPick = code_after_table(18);

// Of a program: numbers that an instruction reads together, side by side.
constexpr OpCode kCopy = code_after_table(19);

/// Return the name of an operation, as labels and tables show it.
const char* operation_name(OpCode code);

}  // namespace gradus::detail
