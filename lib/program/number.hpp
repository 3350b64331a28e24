// SPDX-License-Identifier: MIT
// Number: a node of a graph that calculates like a double. With it the rules of ops.hpp, written for numbers,
// append the graph of a partial derivative.
#pragma once

#include "graph.hpp"

namespace gradus::detail {

/// A node, or a constant that is not in the graph yet: what depends on constants alone is computed at once.
struct Number {
    Number(double x) : constant(x) {}
    Number(Graph& g, Graph::Node n) : graph(&g), node(n) {}

    /// Return the node in this graph; a new one, for a constant.
    [[nodiscard]] Graph::Node in(Graph& g) const {
        return graph == nullptr ? g.add_constant(constant) : node;
    }

    Graph* graph = nullptr;
    Graph::Node node = 0;
    double constant = 0.0;
};

/// A comparison: 0 or 1, with slope 0.
struct Condition : Number {
    using Number::Number;
};

template <class Op>
Number calculate(const Number& a) {
    if (a.graph == nullptr) return Op::value(a.constant);
    return {*a.graph, a.graph->add(code_of<Op>, {a.node})};
}
template <class Op>
Number calculate(const Number& a, const Number& b) {
    Graph* const graph = a.graph != nullptr ? a.graph : b.graph;
    if (graph == nullptr) return Op::value(a.constant, b.constant);
    const Graph::Node x = a.in(*graph), y = b.in(*graph);
    return {*graph, graph->add(code_of<Op>, {x, y})};
}

inline Number operator-(const Number& a) { return calculate<ops::Negate>(a); }
inline Number operator+(const Number& a, const Number& b) { return calculate<ops::Add>(a, b); }
inline Number operator-(const Number& a, const Number& b) { return calculate<ops::Subtract>(a, b); }
inline Number operator*(const Number& a, const Number& b) { return calculate<ops::Multiply>(a, b); }
inline Number operator/(const Number& a, const Number& b) { return calculate<ops::Divide>(a, b); }

// The functions that the rules call.
inline Number abs(const Number& a) { return calculate<ops::Abs>(a); }
inline Number cos(const Number& a) { return calculate<ops::Cos>(a); }
inline Number cosh(const Number& a) { return calculate<ops::Cosh>(a); }
inline Number digamma(const Number& a) { return calculate<ops::Polygamma>(0.0, a); }
inline Number erfc(const Number& a) { return calculate<ops::Erfc>(a); }
inline Number exp(const Number& a) { return calculate<ops::Exp>(a); }
inline Number expm1(const Number& a) { return calculate<ops::Expm1>(a); }
inline Number hypot(const Number& a, const Number& b) { return calculate<ops::Hypot>(a, b); }
inline Number log(const Number& a) { return calculate<ops::Log>(a); }
inline Number min(const Number& a, const Number& b) { return calculate<ops::Min>(a, b); }
inline Number polygamma(const Number& order, const Number& a) { return calculate<ops::Polygamma>(order, a); }
inline Number pow(const Number& a, const Number& b) { return calculate<ops::Pow>(a, b); }
inline Number sigmoid(const Number& a) { return calculate<ops::Sigmoid>(a); }
inline Number sin(const Number& a) { return calculate<ops::Sin>(a); }
inline Number sinh(const Number& a) { return calculate<ops::Sinh>(a); }
inline Number sqrt(const Number& a) { return calculate<ops::Sqrt>(a); }

inline Condition compare(OpCode op, const Number& a, const Number& b) {
    Graph* const graph = a.graph != nullptr ? a.graph : b.graph;
    if (graph == nullptr) {
        const double x = a.constant, y = b.constant;
        return (op == kEqual ? x == y : op == kLess ? x < y : x <= y) ? 1.0 : 0.0;
    }
    const Graph::Node x = a.in(*graph), y = b.in(*graph);
    return {*graph, graph->add(op, {x, y})};
}
inline Condition operator==(const Number& a, const Number& b) { return compare(kEqual, a, b); }
inline Condition operator<(const Number& a, const Number& b) { return compare(kLess, a, b); }
inline Condition operator>(const Number& a, const Number& b) { return compare(kLess, b, a); }
inline Condition operator>=(const Number& a, const Number& b) { return compare(kLessOrEqual, b, a); }
inline Condition operator&&(const Condition& a, const Condition& b) {
    const Number both = a * b;
    return both.graph == nullptr ? Condition(both.constant) : Condition(*both.graph, both.node);
}

/// Return a if the condition is 1, b if it is 0; nothing of the other one remains.
inline Number select(const Condition& condition, const Number& a, const Number& b) {
    if (condition.graph == nullptr) return condition.constant != 0.0 ? a : b;
    if (a.graph == nullptr && b.graph == nullptr && a.constant == 1.0 && b.constant == 0.0) return condition;
    Graph& graph = *condition.graph;
    const Graph::Node first = b.in(graph), second = a.in(graph);
    return {graph, graph.add(kPick, {first, second, condition.node})};
}

}  // namespace gradus::detail
