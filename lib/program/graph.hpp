// SPDX-License-Identifier: MIT
// Graph: a recorded computation that is free of the tape, as the passes of a compiler take and return it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../operation.hpp"
#include "gradus/tape.hpp"

namespace gradus::detail {

/// Nodes in an order in which operands come first. A node is an operation on nodes before it, a constant, an
/// input of the example, or a parameter.
class Graph {
   public:
    using Node = std::uint32_t;

    /// Append an operation.
    Node add(OpCode op, std::span<const Node> operands) { return append(op, operands, 0.0); }
    Node add(OpCode op, std::initializer_list<Node> operands) {
        return add(op, std::span(operands.begin(), operands.size()));
    }

    Node add_constant(double number) { return append(kConstant, {}, number); }
    Node add_input(std::size_t index) { return append(kInput, {}, static_cast<double>(index)); }
    Node add_parameter(std::size_t index) { return append(kParameter, {}, static_cast<double>(index)); }

    [[nodiscard]] std::size_t size() const { return ops_.size(); }
    [[nodiscard]] OpCode op(Node n) const { return ops_[n]; }
    [[nodiscard]] std::span<const Node> operands(Node n) const {
        const std::size_t begin = n == 0 ? 0 : ends_[n - 1];
        return std::span(operands_).subspan(begin, ends_[n] - begin);
    }

    /// Return the number of a constant.
    [[nodiscard]] double number(Node n) const { return numbers_[n]; }

    /// Return which input or parameter it is.
    [[nodiscard]] std::size_t index(Node n) const { return static_cast<std::size_t>(numbers_[n]); }

    /// Return whether a node is computed from others.
    [[nodiscard]] bool is_operation(Node n) const {
        return op(n) != kConstant && op(n) != kInput && op(n) != kParameter;
    }

    /// Return a number in which two graphs differ, unless they compute the same in the same way.
    [[nodiscard]] std::uint64_t signature() const;

    /// A comparison, and how it came out when the graph was recorded.
    struct Guard {
        Node comparison;
        bool outcome;
    };

    std::vector<Node> outputs;
    std::vector<Guard> guards;   // where one comes out otherwise, the graph does not hold
    std::size_t inputs = 0;      // that an example has, whether used or not
    std::size_t parameters = 0;  // of the block

   private:
    Node append(OpCode op, std::span<const Node> operands, double number) {
        ops_.push_back(op);
        operands_.insert(operands_.end(), operands.begin(), operands.end());
        ends_.push_back(static_cast<std::uint32_t>(operands_.size()));
        numbers_.push_back(number);
        return static_cast<Node>(ops_.size() - 1);
    }

    std::vector<OpCode> ops_;
    std::vector<std::uint32_t> ends_;  // the operands of node n end there
    std::vector<Node> operands_;
    std::vector<double> numbers_;
};

/// Read a graph from a graph tape: of the outputs as a function of `inputs` variables, which are the tape's
/// first entries, and of the parameters whose slots begin at `parameters`.
/// The tape recorded scalars only. Raises TapeError if the graph depends on other parameters.
Graph collect(const Tape& tape, std::span<const Value> outputs, std::size_t inputs, Slot first_parameter,
              std::size_t parameters);

}  // namespace gradus::detail
