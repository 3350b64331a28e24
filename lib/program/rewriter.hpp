// SPDX-License-Identifier: MIT
// What the passes share: two ways to make a graph of a graph, and how often a node is used.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "graph.hpp"

namespace gradus::detail {

/// For passes that only keep, replace and drop: walks through a graph and writes over what it has read.
///
///     for (Sieve sieve(graph); sieve.next();) { ... }
class Sieve {
   public:
    using Node = Graph::Node;

    explicit Sieve(Graph& graph) : graph_(graph), renamed_(graph.size()) { numbers_.swap(graph.constants_); }
    Sieve(const Sieve&) = delete;
    Sieve& operator=(const Sieve&) = delete;

    /// Go to the next node. At the end, what is left of the graph is what was kept.
    bool next() {
        begin_ = end_;
        if (++node_ == graph_.size()) {
            finish();
            return false;
        }
        end_ = graph_.ends_[node_];
        return true;
    }

    [[nodiscard]] Node node() const { return node_; }  // by its old name
    [[nodiscard]] OpCode op() const { return graph_.op(node_); }

    /// Return the new name of operand i.
    [[nodiscard]] Node operand(std::size_t i) const { return renamed_[graph_.operands_[begin_ + i]]; }
    [[nodiscard]] std::size_t operand_count() const { return end_ - begin_; }

    /// Keep the node. Returns its new name, by which the graph knows it from now on.
    Node keep() {
        if (op() == kConstant) return become(numbers_[graph_.operands_[begin_]]);
        const bool is_leaf = !graph_.is_operation(node_);
        for (std::size_t i = begin_; i < end_; ++i) {
            const Node x = graph_.operands_[i];
            graph_.operands_[column_++] = is_leaf ? x : renamed_[x];
        }
        return end_node(op());
    }

    /// Put a constant in its place.
    Node become(double number) {
        graph_.operands_[column_++] = static_cast<Node>(graph_.constants_.size());
        graph_.constants_.push_back(number);
        return end_node(kConstant);
    }

    /// Put another node in its place, which has this new name.
    void become(Node other) { renamed_[node_] = other; }

    /// Take the operation back that was kept last, and put another node in its place.
    void undo(Node other) {
        --kept_;
        column_ = kept_ == 0 ? 0 : graph_.ends_[kept_ - 1];
        become(other);
    }

   private:
    Node end_node(OpCode op) {
        graph_.ops_[kept_] = op;
        graph_.ends_[kept_] = column_;
        return renamed_[node_] = kept_++;
    }
    void finish() {
        graph_.ops_.resize(kept_);
        graph_.ends_.resize(kept_);
        graph_.operands_.resize(column_);
        for (Node& y : graph_.outputs) y = renamed_[y];
        for (Graph::Guard& g : graph_.guards) g.comparison = renamed_[g.comparison];
    }

    Graph& graph_;
    LongVector<Node> renamed_;
    LongVector<double> numbers_;  // the constants, before
    Node node_ = static_cast<Node>(-1), kept_ = 0;
    std::uint32_t begin_ = 0, end_ = 0, column_ = 0;  // among the operands
};

/// For passes that make nodes of their own: a new graph beside the old one, and what becomes of each node.
class Rewriter {
   public:
    using Node = Graph::Node;

    explicit Rewriter(const Graph& from) : from_(from), renamed_(from.size()) {
        to_.inputs = from.inputs;
        to_.parameters = from.parameters;
        to_.reserve(from);
    }

    Graph& graph() { return to_; }
    void rename(Node n, Node to) { renamed_[n] = to; }
    [[nodiscard]] Node renamed(Node n) const { return renamed_[n]; }
    Node copy(Node n) { return renamed_[n] = to_.add_copy(from_, n, renamed_); }

    /// Return the new graph, with the outputs renamed.
    Graph finish() {
        for (const Node y : from_.outputs) to_.outputs.push_back(renamed_[y]);
        for (const Graph::Guard& g : from_.guards) to_.guards.push_back({renamed_[g.comparison], g.outcome});
        return std::move(to_);
    }

   private:
    const Graph& from_;
    Graph to_;
    LongVector<Node> renamed_;
};

/// Return of each node whether exactly one operand, output or guard is that node.
inline std::vector<bool> find_used_once(const Graph& graph) {
    std::vector<bool> once(graph.size()), often(graph.size());
    const auto use = [&](Graph::Node n) {
        often[n] = often[n] || once[n];
        once[n] = !often[n];
    };
    for (const Graph::Node y : graph.outputs) use(y);
    for (const Graph::Guard& g : graph.guards) use(g.comparison);
    for (Graph::Node n = 0; n < graph.size(); ++n) {
        for (const Graph::Node x : graph.operands(n)) use(x);
    }
    return once;
}

}  // namespace gradus::detail
