// SPDX-License-Identifier: MIT
// Plan: the instructions of a program, each for many results at once, and where the numbers lie.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "graph.hpp"

namespace gradus::detail {

/// Where the numbers of a program lie: the parameters; what is uniform, which is constants and results that
/// depend on parameters alone, the same for all examples of a batch; and the lanes, which each example has of
/// its own: inputs, and results.
enum class Region : std::uint32_t { parameters, uniforms, lanes };
constexpr std::size_t kRegions = 3;

/// Number of a place in a program: in the two high bits its region, below them its position there.
using Place = std::uint32_t;
constexpr int kRegionShift = 30;
constexpr Place kPositions = Place{1} << kRegionShift;

constexpr Place place_in(Region region, std::size_t position) {
    return static_cast<Place>(region) << kRegionShift | static_cast<Place>(position);
}
constexpr Region region_of(Place p) { return static_cast<Region>(p >> kRegionShift); }
constexpr std::size_t position_of(Place p) { return p % kPositions; }
constexpr bool is_uniform(Place p) { return region_of(p) != Region::lanes; }

/// What an instruction reads: pieces of `block` places that follow each other, or single places, each of
/// which serves `repeat` times in a row.
struct Reads {
    std::vector<Place> firsts;  // of each piece
    std::uint32_t block = 1;    // if repeat is 1
    std::uint32_t repeat = 1;
    bool moves = true;  // whether a parameter leads to one of them: else they need no adjoint

    [[nodiscard]] bool is_run() const { return firsts.size() == 1 && repeat == 1; }
    [[nodiscard]] bool is_one() const { return firsts.size() == 1 && block == 1; }
    [[nodiscard]] std::size_t size() const { return firsts.size() * block * repeat; }

    bool operator==(const Reads&) const = default;
};

/// An operation for many results, whose places follow each other.
struct Instruction {
    OpCode op{};              // elementary; a reduction; kPick, kCopy, or kProduct
    bool adds = false;        // whether to add to the results of the instruction before: kCopy or Multiply
    std::uint32_t count = 0;  // results
    std::uint32_t arity = 1;  // numbers that each result takes: of a; of dot products also of b
    Place result = 0;         // of the first result
    Reads a, b;

    // Of a product: result (times, rows) = b (times, arity) a^T, where a is (rows, arity). The rows of a are
    // row_step places apart, those of b are b_step places apart.
    // Of a pick among numbers that lie row_step places apart: a names the first one of each result. If
    // row_step is 0, a names them all. b names the positions.
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

    [[nodiscard]] bool is_uniform(Place p) const { return detail::is_uniform(p); }
};

/// Arrange a graph: operations of one kind that wait for the same depth of others become one instruction, and
/// their results get places side by side. Dot products of consecutive rows of parameters with the same
/// numbers become products of a matrix and a vector, and these products of two matrices.
Plan arrange(const Graph& graph);

}  // namespace gradus::detail
