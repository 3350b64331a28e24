// SPDX-License-Identifier: MIT
// How operations of one kind are put into an order in which their operands lie side by side.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph.hpp"
#include "plan.hpp"

namespace gradus::detail {

/// Finds, among operations of one kind, columns: stretches of which the first operands follow each other in
/// memory, and the second ones, and so on, or are one place that serves all. Such a stretch is computed in
/// whole vectors, without looking for its operands one by one.
class Columns {
   public:
    static constexpr std::size_t kMostTerms = 8;  // of a sum or dot product that is computed by columns

    /// The places are those of the nodes before the operations that are cut. Those of constants come first.
    Columns(const Graph& graph, const LongVector<Place>& places) : graph_(graph), places_(places) {}

    struct Stretch {
        std::size_t count;
        bool has_columns;
    };

    /// Put operations into an order in which they have columns, as far as that is worth it: those that were
    /// made by one line of the formula go together. Returns the stretches; each is to be one instruction.
    std::vector<Stretch> cut(std::span<Graph::Node> operations);

   private:
    using Node = Graph::Node;
    static constexpr std::size_t kLeast = 12;  // operations that are worth an instruction of their own
    static constexpr int kDepth = 8;           // up to which formulas of the same form are one line

    [[nodiscard]] Place place(Node n, std::size_t column) const {
        return places_[graph_.operands(n)[column]];
    }
    [[nodiscard]] bool may_have_columns(std::span<const Node> operations) const;
    [[nodiscard]] bool has_rows(Node n) const;
    [[nodiscard]] bool have_pieces(std::span<const Node> operations) const;
    [[nodiscard]] std::vector<Stretch> stretches(std::span<const Node> operations) const;
    [[nodiscard]] std::size_t length(std::span<const Node> operations) const;
    [[nodiscard]] std::size_t count_breaks(std::span<const Node> operations, std::size_t column) const;
    void sort_by_form(std::span<Node> operations);
    void turn_round(std::span<Node> operations) const;
    void find_forms();

    const Graph& graph_;
    const LongVector<Place>& places_;
    LongVector<std::uint32_t> forms_;  // of each node, the same where formulas are
};

}  // namespace gradus::detail
