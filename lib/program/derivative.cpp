// SPDX-License-Identifier: MIT
// The rules of ops.hpp once more, as operations on nodes: ops.hpp gives a number, here a graph is built.
#include "derivative.hpp"

#include <array>
#include <numbers>
#include <optional>
#include <vector>

#include "gradus/error.hpp"

namespace gradus::detail {
namespace {

using Node = Graph::Node;

/// A node with the operators of arithmetic, each of which appends a node.
struct Number {
    Graph* graph;
    Node node;

    [[nodiscard]] Number constant(double x) const { return {graph, graph->add_constant(x)}; }
    [[nodiscard]] Number with(OpCode op, Number b) const { return {graph, graph->add(op, {node, b.node})}; }
};

template <class Op>
constexpr OpCode kCode = static_cast<OpCode>(ops::All::index<Op>());

template <class Op>
Number apply(Number a) {
    return {a.graph, a.graph->add(kCode<Op>, {a.node})};
}
template <class Op>
Number apply(Number a, Number b) {
    return a.with(kCode<Op>, b);
}

Number operator+(Number a, Number b) { return apply<ops::Add>(a, b); }
Number operator-(Number a, Number b) { return apply<ops::Subtract>(a, b); }
Number operator*(Number a, Number b) { return apply<ops::Multiply>(a, b); }
Number operator/(Number a, Number b) { return apply<ops::Divide>(a, b); }
Number operator-(Number a) { return apply<ops::Negate>(a); }
Number operator+(double a, Number b) { return b.constant(a) + b; }
Number operator-(double a, Number b) { return b.constant(a) - b; }
Number operator-(Number a, double b) { return a - a.constant(b); }
Number operator*(double a, Number b) { return b.constant(a) * b; }
Number operator/(double a, Number b) { return b.constant(a) / b; }

// Comparisons as numbers, 0 or 1, with slope 0.
Number equal(Number a, Number b) { return a.with(kEqual, b); }
Number less(Number a, Number b) { return a.with(kLess, b); }
Number positive(Number a) { return less(a.constant(0.0), a); }
Number is_zero(Number a) { return equal(a, a.constant(0.0)); }

/// Return a if the condition is 1, b if it is 0; nothing of the other one remains.
Number select(Number condition, Number a, Number b) {
    return {a.graph, a.graph->add(kPick, {b.node, a.node, condition.node})};
}

Number normal_cdf(Number a) { return 0.5 * apply<ops::Erfc>((-1.0 / std::numbers::sqrt2) * a); }
Number gauss(double scale, double exponent, Number a) { return scale * apply<ops::Exp>(exponent * (a * a)); }

/// Return dy/da of y = op(a).
Number slope(OpCode op, Number a, Number y) {
    using namespace ops;
    using std::numbers::inv_sqrtpi;
    const auto is = [op](auto of) { return op == kCode<decltype(of)>; };
    if (is(Negate{})) return a.constant(-1.0);
    if (is(Sqrt{})) return 0.5 / y;
    if (is(Cbrt{})) return 1.0 / (3.0 * (y * y));
    if (is(Exp{})) return y;
    if (is(Expm1{})) return 1.0 + y;
    if (is(Exp2{})) return std::numbers::ln2 * y;
    if (is(Log{})) return 1.0 / a;
    if (is(Log1p{})) return 1.0 / (1.0 + a);
    if (is(Log2{})) return std::numbers::log2e / a;
    if (is(Log10{})) return std::numbers::log10e / a;
    if (is(Sin{})) return apply<Cos>(a);
    if (is(Cos{})) return -apply<Sin>(a);
    if (is(Tan{})) return 1.0 + y * y;
    if (is(Asin{})) return 1.0 / apply<Sqrt>((1.0 - a) * (1.0 + a));
    if (is(Acos{})) return -1.0 / apply<Sqrt>((1.0 - a) * (1.0 + a));
    if (is(Atan{})) return 1.0 / (1.0 + a * a);
    if (is(Sinh{})) return apply<Cosh>(a);
    if (is(Cosh{})) return apply<Sinh>(a);
    if (is(Tanh{})) return 1.0 - y * y;
    if (is(Asinh{})) return 1.0 / apply<Hypot>(a.constant(1.0), a);
    if (is(Acosh{})) return 1.0 / (apply<Sqrt>(a - 1.0) * apply<Sqrt>(1.0 + a));
    if (is(Atanh{})) return 1.0 / ((1.0 - a) * (1.0 + a));
    if (is(Abs{})) return positive(a) - positive(-a);
    if (is(Erf{})) return gauss(2.0 * inv_sqrtpi, -1.0, a);
    if (is(Erfc{})) return gauss(-2.0 * inv_sqrtpi, -1.0, a);
    if (is(Sigmoid{})) return y * (1.0 - y);
    if (is(Softplus{})) return apply<Sigmoid>(a);
    if (is(LogSigmoid{})) return apply<Sigmoid>(-a);
    if (is(Relu{})) return positive(a);
    if (is(Gelu{})) return normal_cdf(a) + a * gauss(inv_sqrtpi / std::numbers::sqrt2, -0.5, a);
    if (is(Silu{})) {
        const Number s = apply<Sigmoid>(a);
        return s + y * (1.0 - s);
    }
    throw DomainError(
        "hessian: lgamma has no second derivative here. Use the gradient, or differences of it.");
}

/// Return dy/da and dy/db of y = op(a, b).
std::array<Number, 2> slopes(OpCode op, Number a, Number b, Number y) {
    using namespace ops;
    const Number zero = y.constant(0.0), one = y.constant(1.0);
    const auto is = [op](auto of) { return op == kCode<decltype(of)>; };
    if (is(Add{})) return {one, one};
    if (is(Subtract{})) return {one, y.constant(-1.0)};
    if (is(Multiply{})) return {b, a};
    if (is(Divide{})) return {1.0 / b, -(y / b)};
    if (is(Pow{})) {
        const Number flat = is_zero(a) * (1.0 - less(b, zero));
        return {select(is_zero(b), zero, b * apply<Pow>(a, b - 1.0)), select(flat, zero, y * apply<Log>(a))};
    }
    if (is(Hypot{})) return {select(is_zero(y), zero, a / y), select(is_zero(y), zero, b / y)};
    if (is(Atan2{})) {
        const Number square = a * a + b * b;
        return {select(is_zero(square), zero, b / square), select(is_zero(square), zero, -(a / square))};
    }
    if (is(Min{})) return {1.0 - less(b, a), less(b, a)};
    if (is(Max{})) return {1.0 - less(a, b), less(a, b)};
    if (is(LeakyRelu{})) return {select(positive(a), one, b), select(positive(a), zero, a)};
    return {select(positive(a), one, y + b), select(positive(a), zero, apply<Expm1>(a))};  // Elu
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

    [[nodiscard]] Number number(Node n) { return {&to_, n}; }
    [[nodiscard]] std::vector<Node> copies(std::span<const Node> x) const {
        std::vector<Node> copied;
        for (const Node n : x) copied.push_back(copies_[n]);
        return copied;
    }

    Tangent tangent(Node n) {
        const OpCode op = from_.op(n);
        const std::span<const Node> x = from_.operands(n);
        const Number y = number(copies_[n]);
        if (is_comparison(op)) return {};
        if (op == kPick) return of_picked(x);
        if (op == kMax) return of_largest(x);
        if (op == kSum) return of_sum(x);
        if (op == kDot) return of_dot(x.first(x.size() / 2), x.last(x.size() / 2));
        std::vector<Node> moves, slopes_of;
        for (std::size_t i = 0; i < x.size(); ++i) {
            if (!tangents_[x[i]]) continue;
            const Number a = number(copies_[x[i]]);
            const Number by_a = op == kNorm        ? select(is_zero(y), y.constant(0.0), a / y)
                                : op == kLogSumExp ? apply<ops::Exp>(a - y)
                                : x.size() == 1
                                    ? slope(op, a, y)
                                    : slopes(op, number(copies_[x[0]]), number(copies_[x[1]]), y)[i];
            moves.push_back(*tangents_[x[i]]);
            slopes_of.push_back(by_a.node);
        }
        return dot(moves, slopes_of);
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
        if (first && second) return (number(*first) + number(*second)).node;
        return first ? first : second;
    }

    Tangent dot(std::vector<Node> a, const std::vector<Node>& b) {
        if (a.empty()) return {};
        if (a.size() == 1) return (number(a[0]) * number(b[0])).node;
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
            moves = select(less(largest, a), number(tangent_or_zero(n)), moves);
            largest = apply<ops::Max>(largest, a);
        }
        return moves.node;
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
            copies[n] = moved.add(kCode<ops::Add>, {moved.add_input(graph.index(n)), move});
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
