// SPDX-License-Identifier: MIT
// Graphs for tests: as text, evaluated node by node, and made at random.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "gradus/random.hpp"
#include "kernels/elementwise.hpp"
#include "program/graph.hpp"

namespace graphs {

using gradus::detail::Graph;
using gradus::detail::OpCode;
using Node = Graph::Node;
namespace ops = gradus::ops;
namespace detail = gradus::detail;

template <class Op>
constexpr OpCode kOp = static_cast<OpCode>(ops::All::index<Op>());

/// Return a graph with so many parameters and inputs, which are its first nodes.
inline Graph leaves(std::size_t parameters, std::size_t inputs) {
    Graph graph;
    graph.parameters = parameters, graph.inputs = inputs;
    for (std::size_t i = 0; i < parameters; ++i) graph.add_parameter(i);
    for (std::size_t i = 0; i < inputs; ++i) graph.add_input(i);
    return graph;
}

/// Return the nodes as text, each with the numbers of its operands, and then the outputs and the guards:
/// "p0; x0; * 0 1; -> 2".
inline std::string text(const Graph& graph) {
    std::string all;
    for (Node n = 0; n < graph.size(); ++n) {
        const OpCode op = graph.op(n);
        if (op == detail::kConstant) {
            all += fmt::format("{}", graph.number(n));
        } else if (op == detail::kInput || op == detail::kParameter) {
            all += fmt::format("{}{}", op == detail::kInput ? 'x' : 'p', graph.index(n));
        } else {
            all += fmt::format("{} {}", detail::operation_name(op), fmt::join(graph.operands(n), " "));
        }
        all += "; ";
    }
    all += fmt::format("-> {}", fmt::join(graph.outputs, " "));
    for (const Graph::Guard& g : graph.guards)
        all += fmt::format("; {} is {}", g.comparison, g.outcome ? "true" : "false");
    return all;
}

/// Compute one node from the numbers of those before it.
inline double evaluate(const Graph& graph, Node n, const std::vector<double>& numbers) {
    const OpCode op = graph.op(n);
    std::vector<double> x;
    for (const Node m : graph.operands(n)) x.push_back(numbers[m]);
    const auto half = static_cast<std::ptrdiff_t>(x.size() / 2);
    if (op == detail::kSum) return std::accumulate(x.begin(), x.end(), 0.0);
    if (op == detail::kDot) return std::inner_product(x.begin(), x.begin() + half, x.begin() + half, 0.0);
    if (op == detail::kMax) return *std::max_element(x.begin(), x.end());
    if (op == detail::kPick) return x[static_cast<std::size_t>(x.back())];
    if (op == detail::kLess) return x[0] < x[1] ? 1.0 : 0.0;
    if (op == detail::kLogSumExp) {
        const double largest = *std::max_element(x.begin(), x.end());
        double sum = 0.0;
        for (const double x_i : x) sum += std::exp(x_i - largest);
        return largest + std::log(sum);
    }
    const auto& loops = gradus::kernels::detail::loops<double>(static_cast<std::size_t>(op));
    double y = 0.0;
    x.size() == 1 ? loops.map(x.data(), &y, 1) : loops.zip(&x[0], 1, &x[1], 1, &y, 1);
    return y;
}

/// Return the outputs, and how the guards come out.
inline std::vector<double> outputs(const Graph& graph, const std::vector<double>& parameters,
                                   const std::vector<double>& inputs) {
    std::vector<double> numbers;
    for (Node n = 0; n < graph.size(); ++n) {
        const OpCode op = graph.op(n);
        numbers.push_back(op == detail::kConstant    ? graph.number(n)
                          : op == detail::kInput     ? inputs[graph.index(n)]
                          : op == detail::kParameter ? parameters[graph.index(n)]
                                                     : evaluate(graph, n, numbers));
    }
    std::vector<double> results;
    for (const Node y : graph.outputs) results.push_back(numbers[y]);
    for (const Graph::Guard& g : graph.guards) results.push_back(numbers[g.comparison]);
    return results;
}

/// Makes graphs of what passes look for, in every combination that chance finds.
class Maker {
   public:
    explicit Maker(std::uint64_t seed) : random_(seed) {}

    Graph graph(std::size_t operations) {
        graph_ = Graph();
        graph_.parameters = graph_.inputs = 4;
        for (std::size_t i = 0; i < 4; ++i) graph_.add_parameter(i);
        for (std::size_t i = 0; i < 4; ++i) graph_.add_input(i);
        for (std::size_t i = 0; i < operations; ++i) add();
        for (int i = 0; i < 3; ++i) graph_.outputs.push_back(any());
        graph_.guards.push_back({graph_.add(detail::kLess, {any(), any()}), true});
        return std::move(graph_);
    }

    std::vector<double> numbers() {
        std::vector<double> x(4);
        for (double& x_i : x) x_i = random_.normal();
        return x;
    }

   private:
    std::size_t below(std::size_t n) { return random_.index(n); }

    /// Return a node, likely a recent one: chains grow. No number is large, so that no digits get lost.
    Node any() {
        const std::size_t n = graph_.size();
        return static_cast<Node>(below(3) == 0 ? below(n) : n - 1 - below(std::min<std::size_t>(n, 8)));
    }
    Node small(Node x) { return graph_.add(kOp<ops::Tanh>, {x}); }
    Node binary(OpCode op, Node a, Node b) { return graph_.add(op, {a, b}); }
    Node unary(OpCode op, Node a) { return graph_.add(op, {a}); }

    void add() {
        constexpr double kNumbers[] = {0.0, 1.0, -1.0, 0.5, 2.0};
        const auto constant = [&] { return graph_.add_constant(kNumbers[below(5)]); };
        switch (below(9)) {
            case 0:
                return void(binary(kOp<ops::Add>, any(), constant()));
            case 1:
                return void(binary(kOp<ops::Multiply>, constant(), small(any())));
            case 2:
                return void(binary(kOp<ops::Subtract>, small(any()), any()));
            case 3:
                return void(
                    binary(kOp<ops::Add>, binary(kOp<ops::Multiply>, small(any()), small(any())), any()));
            case 4:
                return void(graph_.add(detail::kSum, {small(any()), any(), small(any())}));
            case 5:
                return void(binary(kOp<ops::Divide>, constant(),
                                   binary(kOp<ops::Add>, graph_.add_constant(1.0),
                                          unary(kOp<ops::Exp>, unary(kOp<ops::Negate>, small(any()))))));
            case 6:
                return void(unary(kOp<ops::Log>, binary(kOp<ops::Add>, unary(kOp<ops::Exp>, small(any())),
                                                        graph_.add_constant(1.0))));
            case 7:
                return void(small(any()));
            default:
                return add_log_sum_exp();
        }
    }

    void add_log_sum_exp() {
        std::vector<Node> x, terms;
        for (std::size_t i = 2 + below(4); i > 0; --i) x.push_back(small(any()));
        const Node m = below(2) == 0 ? graph_.add(detail::kMax, x) : any();
        const Node shift = small(m);
        for (const Node x_i : x)
            terms.push_back(unary(kOp<ops::Exp>, binary(kOp<ops::Subtract>, x_i, shift)));
        const Node sum = below(2) == 0 ? graph_.add(detail::kSum, terms) : chain(terms);
        const Node log = unary(kOp<ops::Log>, sum);
        switch (below(4)) {
            case 0:
                return void(binary(kOp<ops::Add>, shift, log));
            case 1:
                return void(binary(kOp<ops::Add>, binary(kOp<ops::Add>, log, any()), shift));
            case 2:
                return void(binary(kOp<ops::Subtract>, binary(kOp<ops::Subtract>, any(), shift), log));
            default:
                return void(unary(kOp<ops::Log>, binary(kOp<ops::Divide>, terms[0], sum)));
        }
    }

    Node chain(const std::vector<Node>& terms) {
        Node sum = terms[0];
        for (std::size_t i = 1; i < terms.size(); ++i) sum = binary(kOp<ops::Add>, sum, terms[i]);
        return sum;
    }

    gradus::Random random_;
    Graph graph_;
};

}  // namespace graphs
