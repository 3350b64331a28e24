// SPDX-License-Identifier: MIT
// Plan: the instructions of a program, each for many results at once, and where the numbers lie.
#pragma once

#include <cstdint>
#include <vector>

#include "graph.hpp"

namespace gradus::detail {

/// Number of a place in a program. First the parameters; then what is uniform: constants, and results that
/// depend on parameters alone, the same for all examples of a batch; then the lanes, which each example has
/// of its own: inputs, and results.
using Place = std::uint32_t;

/// What an instruction reads: places that follow each other, or a list of them.
struct Reads {
    Place first = 0;
    bool is_run = true;         // places first, first + 1, ...
    bool is_one = false;        // the place `first` throughout
    std::vector<Place> places;  // neither of both: this list
};

/// An operation for many results, whose places follow each other.
struct Instruction {
    OpCode op{};              // elementary; or kSum, kDot, kMax, kNorm, kLogSumExp; or kProduct
    std::uint32_t count = 0;  // results
    std::uint32_t arity = 1;  // numbers that each result takes: of a; of dot products also of b
    Place result = 0;         // of the first result
    Reads a, b;

    // Of a product: result (times, rows) = b (times, arity) a^T, where a is (rows, arity). The rows of a are
    // row_step places apart, those of b are b_step places apart.
    std::uint32_t rows = 0, times = 1, row_step = 0, b_step = 0;
};

struct Plan {
    std::size_t parameters = 0;
    std::size_t uniforms = 0;  // constants come first
    std::size_t lanes = 0;     // inputs come first
    std::size_t inputs = 0;
    std::vector<double> constants;
    std::vector<Instruction> once;   // on uniform numbers: once a batch
    std::vector<Instruction> every;  // on lanes: for every example
    std::vector<Place> outputs;

    struct Guard {
        Place comparison;
        bool outcome;
    };
    std::vector<Guard> guards;

    [[nodiscard]] bool is_parameter(Place p) const { return p < parameters; }
    [[nodiscard]] bool is_uniform(Place p) const { return p < parameters + uniforms; }
    [[nodiscard]] bool is_input(Place p) const {
        return !is_uniform(p) && p < parameters + uniforms + inputs;
    }
};

/// Arrange a graph: operations of one kind that wait for the same depth of others become one instruction, and
/// their results get places side by side. Dot products of consecutive rows of parameters with the same
/// numbers become products of a matrix and a vector, and these products of two matrices.
Plan arrange(const Graph& graph);

}  // namespace gradus::detail
