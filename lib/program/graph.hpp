// SPDX-License-Identifier: MIT
// Graph: a recorded computation that is free of the tape, as the passes of a compiler take and return it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../large_pages.hpp"
#include "../operation.hpp"
#include "gradus/tape.hpp"

namespace gradus::detail {

class Sieve;

/// Nodes in an order in which operands come first. A node is an operation on nodes before it, a constant, an
/// input of the example, or a parameter. Cost: 5 bytes a node, 4 an operand, 12 more a constant.
class Graph {
   public:
    using Node = std::uint32_t;

    /// Append an operation.
    Node add(OpCode op, std::span<const Node> operands) {
        operands_.insert(operands_.end(), operands.begin(), operands.end());
        return end_node(op);
    }
    Node add(OpCode op, std::initializer_list<Node> operands) {
        return add(op, std::span(operands.begin(), operands.size()));
    }

    Node add_constant(double number) {
        constants_.push_back(number);
        return add_leaf(kConstant, constants_.size() - 1);
    }
    Node add_input(std::size_t index) { return add_leaf(kInput, index); }
    Node add_parameter(std::size_t index) { return add_leaf(kParameter, index); }

    /// Append a copy of a node of another graph, whose operands have these new names.
    Node add_copy(const Graph& from, Node n, const LongVector<Node>& renamed) {
        if (from.op(n) == kConstant) return add_constant(from.number(n));
        const bool is_leaf = !from.is_operation(n);
        for (const Node x : from.column(n)) operands_.push_back(is_leaf ? x : renamed[x]);
        return end_node(from.op(n));
    }

    /// Make room for as much as another graph has.
    void reserve(const Graph& like) { reserve(like.size(), like.operands_.size()); }
    void reserve(std::size_t nodes, std::size_t operands) {
        ops_.reserve(nodes);
        ends_.reserve(nodes);
        operands_.reserve(operands);
    }

    [[nodiscard]] std::size_t size() const { return ops_.size(); }
    [[nodiscard]] OpCode op(Node n) const { return ops_[n]; }
    [[nodiscard]] std::span<const Node> operands(Node n) const {
        return is_operation(n) ? column(n) : std::span<const Node>();
    }

    /// Return the number of a constant.
    [[nodiscard]] double number(Node n) const { return constants_[column(n)[0]]; }

    /// Return which input or parameter it is.
    [[nodiscard]] std::size_t index(Node n) const { return column(n)[0]; }

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
    friend class Sieve;

    Node add_leaf(OpCode op, std::size_t index) {
        operands_.push_back(static_cast<Node>(index));
        return end_node(op);
    }
    Node end_node(OpCode op) {
        ops_.push_back(op);
        ends_.push_back(static_cast<std::uint32_t>(operands_.size()));
        return static_cast<Node>(ops_.size() - 1);
    }
    [[nodiscard]] std::span<const Node> column(Node n) const {
        const std::size_t begin = n == 0 ? 0 : ends_[n - 1];
        return std::span(operands_).subspan(begin, ends_[n] - begin);
    }

    LongVector<OpCode> ops_;
    LongVector<std::uint32_t> ends_;  // the operands of node n end there
    LongVector<Node> operands_;       // of a leaf: its place among the constants, the inputs, the parameters
    LongVector<double> constants_;
};

/// Read a graph from a graph tape: of the outputs as a function of `inputs` variables, which are the tape's
/// first entries, and of the parameters whose slots begin at `parameters`.
/// The tape recorded scalars only. Raises TapeError if the graph depends on other parameters.
Graph collect(const Tape& tape, std::span<const Value> outputs, std::size_t inputs, Slot first_parameter,
              std::size_t parameters);

}  // namespace gradus::detail
