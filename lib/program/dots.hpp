// SPDX-License-Identifier: MIT
// How dot products become products of matrices.
#pragma once

#include "plan.hpp"

namespace gradus::detail {

/// The factors of dot products, row by row: row j is the sum of a[j][i] * b[j][i] over i.
struct Factors {
    std::vector<Place> a, b;  // (rows, arity)
    std::size_t arity;
    bool a_moves, b_moves;  // whether a parameter leads to any of them
};

/// Append the instructions of a group of dot products, whose results begin at that place. Consecutive rows of
/// a matrix times the same numbers become a product, and that repeated with other numbers a product of
/// matrices. Other rows stay dot products.
void emit_dots(Place result, Factors factors, bool uniform, Plan& plan, std::vector<Instruction>& to);

}  // namespace gradus::detail
