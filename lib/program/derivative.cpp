// SPDX-License-Identifier: MIT
// Derivatives of graphs. The partials of elementary operations are those of ops.hpp.
#include "derivative.hpp"

#include <array>
#include <optional>
#include <vector>

#include "number.hpp"

namespace gradus::detail {
namespace {

using Node = Graph::Node;

/// Return the partial of y = op(x) by x[i].
template <class Op>
Number partial(std::span<const Number> x, const Number& y, std::size_t i) {
    if constexpr (Op::smooth.size() == 1) {
        return Number(Op::da(x[0], y));
    } else if constexpr (Op::smooth.size() == 2) {
        return i == 0 ? Number(Op::da(x[0], x[1], y)) : Number(Op::db(x[0], x[1], y));
    } else {
        return i == 0   ? Number(Op::da(x[0], x[1], x[2], y))
               : i == 1 ? Number(Op::db(x[0], x[1], x[2], y))
                        : Number(Op::dc(x[0], x[1], x[2], y));
    }
}

using Partial = Number (*)(std::span<const Number>, const Number&, std::size_t);

template <class... Ops>
constexpr std::array<Partial, sizeof...(Ops)> partials_of(ops::List<Ops...>) {
    return {partial<Ops>...};
}

Number partial(OpCode op, std::span<const Number> x, const Number& y, std::size_t i) {
    static constexpr auto kPartials = partials_of(ops::All());
    if (op == kNorm) return select(y == 0.0, 0.0, x[i] / y);
    if (op == kLogSumExp) return exp(x[i] - y);
    return kPartials[static_cast<std::size_t>(op)](x, y, i);
}

/// Copies a graph node by node, and appends how each one moves: its tangent, unless it does not.
class Derivative {
   public:
    explicit Derivative(const Graph& from) : from_(from), copies_(from.size()), tangents_(from.size()) {
        to_.inputs = from.inputs;
        to_.parameters = 2 * from.parameters;
        for (std::size_t i = 0; i < to_.parameters; ++i) to_.add_parameter(i);
    }

    Graph finish() {
        for (Node n = 0; n < from_.size(); ++n) {
            const OpCode op = from_.op(n);
            if (op == kParameter) {
                copies_[n] = static_cast<Node>(from_.index(n));
                tangents_[n] = static_cast<Node>(from_.parameters + from_.index(n));
            } else if (op == kConstant) {
                copies_[n] = to_.add_constant(from_.number(n));
            } else if (op == kInput) {
                copies_[n] = to_.add_input(from_.index(n));
            } else {
                copies_[n] = to_.add(op, copies(from_.operands(n)));
                tangents_[n] = tangent(n);
            }
        }
        for (const Graph::Guard& g : from_.guards) to_.guards.push_back({copies_[g.comparison], g.outcome});
        const std::optional<Node> tangent = tangents_[from_.outputs[0]];
        to_.outputs.push_back(tangent ? *tangent : to_.add_constant(0.0));
        return std::move(to_);
    }

   private:
    using Tangent = std::optional<Node>;

    [[nodiscard]] Number number(Node n) {
        return to_.op(n) == kConstant ? Number(to_.number(n)) : Number(to_, n);
    }
    [[nodiscard]] std::vector<Node> copies(std::span<const Node> x) const {
        std::vector<Node> copied;
        for (const Node n : x) copied.push_back(copies_[n]);
        return copied;
    }

    Tangent tangent(Node n) {
        const OpCode op = from_.op(n);
        const std::span<const Node> x = from_.operands(n);
        if (is_comparison(op)) return {};
        if (op == kPick) return of_picked(x);
        if (op == kMax) return of_largest(x);
        if (op == kSum) return of_sum(x);
        if (op == kDot) return of_dot(x.first(x.size() / 2), x.last(x.size() / 2));
        std::vector<Number> operands;
        for (const Node k : x) operands.push_back(number(copies_[k]));
        std::vector<Node> moves, slopes;
        for (std::size_t i = 0; i < x.size(); ++i) {
            if (!tangents_[x[i]]) continue;
            moves.push_back(*tangents_[x[i]]);
            slopes.push_back(partial(op, operands, number(copies_[n]), i).in(to_));
        }
        return dot(moves, slopes);
    }

    Tangent of_sum(std::span<const Node> x) {
        std::vector<Node> moves;
        for (const Node n : x) {
            if (tangents_[n]) moves.push_back(*tangents_[n]);
        }
        if (moves.empty()) return {};
        return moves.size() == 1 ? moves[0] : to_.add(kSum, moves);
    }

    /// Both halves are dot products of their own, so that rows of parameters stay rows.
    Tangent of_dot(std::span<const Node> a, std::span<const Node> b) {
        const auto half = [&](std::span<const Node> x, std::span<const Node> factors) {
            std::vector<Node> moves, fixed;
            for (std::size_t i = 0; i < x.size(); ++i) {
                if (!tangents_[x[i]]) continue;
                moves.push_back(*tangents_[x[i]]);
                fixed.push_back(copies_[factors[i]]);
            }
            return dot(moves, fixed);
        };
        const Tangent first = half(a, b), second = half(b, a);
        if (first && second) return (number(*first) + number(*second)).in(to_);
        return first ? first : second;
    }

    Tangent dot(std::vector<Node> a, const std::vector<Node>& b) {
        if (a.empty()) return {};
        if (a.size() == 1) return (number(a[0]) * number(b[0])).in(to_);
        a.insert(a.end(), b.begin(), b.end());
        return to_.add(kDot, a);
    }

    Node tangent_or_zero(Node n) { return tangents_[n] ? *tangents_[n] : to_.add_constant(0.0); }

    Tangent of_picked(std::span<const Node> x) {
        std::vector<Node> tangents;
        bool moves = false;
        for (const Node n : x.first(x.size() - 1)) {
            moves = moves || tangents_[n];
            tangents.push_back(tangent_or_zero(n));
        }
        if (!moves) return {};
        tangents.push_back(copies_[x.back()]);
        return to_.add(kPick, tangents);
    }

    /// Go from one to the next and keep the tangent of the largest so far, the first one on a tie.
    Tangent of_largest(std::span<const Node> x) {
        Number largest = number(copies_[x[0]]), moves = number(tangent_or_zero(x[0]));
        for (const Node n : x.subspan(1)) {
            const Number a = number(copies_[n]);
            moves = select(largest < a, number(tangent_or_zero(n)), moves);
            largest = calculate<ops::Max>(largest, a);
        }
        return moves.in(to_);
    }

    const Graph& from_;
    Graph to_;
    std::vector<Node> copies_;       // of each node, in the new graph
    std::vector<Tangent> tangents_;  // of each node, in the new graph
};

}  // namespace

Graph directional_derivative(const Graph& graph) { return Derivative(graph).finish(); }

Graph move_inputs(const Graph& graph) {
    Graph moved;
    moved.inputs = graph.inputs;
    moved.parameters = graph.parameters + graph.inputs;
    for (std::size_t i = 0; i < moved.parameters; ++i) moved.add_parameter(i);
    std::vector<Node> copies(graph.size()), operands;
    for (Node n = 0; n < graph.size(); ++n) {
        const OpCode op = graph.op(n);
        if (op == kParameter) {
            copies[n] = static_cast<Node>(graph.index(n));
        } else if (op == kConstant) {
            copies[n] = moved.add_constant(graph.number(n));
        } else if (op == kInput) {
            const auto move = static_cast<Node>(graph.parameters + graph.index(n));
            copies[n] = moved.add(code_of<ops::Add>, {moved.add_input(graph.index(n)), move});
        } else {
            operands.clear();
            for (const Node x : graph.operands(n)) operands.push_back(copies[x]);
            copies[n] = moved.add(op, operands);
        }
    }
    for (const Node y : graph.outputs) moved.outputs.push_back(copies[y]);
    for (const Graph::Guard& g : graph.guards) moved.guards.push_back({copies[g.comparison], g.outcome});
    return moved;
}

}  // namespace gradus::detail
