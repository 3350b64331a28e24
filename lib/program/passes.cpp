// SPDX-License-Identifier: MIT
#include "passes.hpp"

#include <algorithm>
#include <bit>
#include <unordered_set>

#include "../kernels/elementwise.hpp"

namespace gradus::detail {
namespace {

using Node = Graph::Node;

template <class Op>
constexpr OpCode kCode = static_cast<OpCode>(ops::All::index<Op>());

bool is_elementary(OpCode op) { return static_cast<std::size_t>(op) < ops::All::size; }

/// What every pass does with a node that it leaves as it is: copy it, with its operands' new numbers.
class Rewriter {
   public:
    explicit Rewriter(const Graph& from) : from_(from), renamed_(from.size()) {
        to_.inputs = from.inputs;
        to_.parameters = from.parameters;
    }

    Graph& graph() { return to_; }
    void rename(Node n, Node to) { renamed_[n] = to; }
    [[nodiscard]] Node renamed(Node n) const { return renamed_[n]; }

    /// Return the new numbers of the operands, until the next call.
    std::span<const Node> operands(Node n) {
        const std::span<const Node> old = from_.operands(n);
        operands_.resize(old.size());
        std::transform(old.begin(), old.end(), operands_.begin(), [&](Node x) { return renamed_[x]; });
        return operands_;
    }

    void copy(Node n) {
        const OpCode op = from_.op(n);
        renamed_[n] = op == kConstant    ? to_.add_constant(from_.number(n))
                      : op == kInput     ? to_.add_input(from_.index(n))
                      : op == kParameter ? to_.add_parameter(from_.index(n))
                                         : to_.add(op, operands(n));
    }

    /// Return the new graph, with the outputs renamed.
    Graph finish() {
        for (const Node y : from_.outputs) to_.outputs.push_back(renamed_[y]);
        for (const Graph::Guard& g : from_.guards) to_.guards.push_back({renamed_[g.comparison], g.outcome});
        return std::move(to_);
    }

   private:
    const Graph& from_;
    Graph to_;
    std::vector<Node> renamed_;
    std::vector<Node> operands_;
};

double evaluate(OpCode op, double a, double b) {
    const auto& loops = kernels::detail::loops<double>(static_cast<std::size_t>(op));
    double y = 0.0;
    loops.map != nullptr ? loops.map(&a, &y, 1) : loops.zip(&a, 1, &b, 1, &y, 1);
    return y;
}

}  // namespace

// ---- constants

Graph fold_constants(const Graph& graph) {
    Rewriter rewriter(graph);
    const Graph& made = rewriter.graph();
    const auto is_constant = [&](Node n) { return made.op(n) == kConstant; };
    const auto is_number = [&](Node n, double number) { return is_constant(n) && made.number(n) == number; };
    for (Node n = 0; n < graph.size(); ++n) {
        const OpCode op = graph.op(n);
        if (!is_elementary(op)) {
            rewriter.copy(n);
            continue;
        }
        const std::span<const Node> x = rewriter.operands(n);
        const Node a = x.front(), b = x.back();
        if (is_constant(a) && is_constant(b)) {
            rewriter.rename(n, rewriter.graph().add_constant(evaluate(op, made.number(a), made.number(b))));
        } else if ((op == kCode<ops::Multiply> && is_number(a, 1.0)) ||
                   (op == kCode<ops::Add> && is_number(a, 0.0))) {
            rewriter.rename(n, b);
        } else if ((op == kCode<ops::Multiply> && is_number(b, 1.0)) ||
                   ((op == kCode<ops::Add> || op == kCode<ops::Subtract>)&&is_number(b, 0.0))) {
            rewriter.rename(n, a);
        } else {
            rewriter.copy(n);
        }
    }
    return rewriter.finish();
}

// ---- repeated subexpressions

namespace {

/// Tells operations of a graph apart by what they compute: constants by their numbers.
struct Computed {
    const Graph* graph;
    std::uint64_t key(Node x) const {
        return graph->op(x) == kConstant ? std::bit_cast<std::uint64_t>(graph->number(x)) : x;
    }
    bool is_same(Node a, Node b) const {
        return key(a) == key(b) && (graph->op(a) == kConstant) == (graph->op(b) == kConstant);
    }
    std::size_t operator()(Node n) const {
        std::uint64_t hash = static_cast<std::uint64_t>(graph->op(n));
        for (const Node x : graph->operands(n)) hash = (hash ^ key(x)) * 0x9e3779b97f4a7c15u ^ hash >> 29;
        return hash;
    }
    bool operator()(Node m, Node n) const {
        const auto x = graph->operands(m), y = graph->operands(n);
        return graph->op(m) == graph->op(n) && std::equal(x.begin(), x.end(), y.begin(), y.end(),
                                                          [&](Node a, Node b) { return is_same(a, b); });
    }
};

}  // namespace

Graph merge_repeated(const Graph& graph) {
    // Constants stay apart, so that a row of them stays a row: they are compared by number.
    Rewriter rewriter(graph);
    const Computed computed{&rewriter.graph()};
    std::unordered_set<Node, Computed, Computed> seen(graph.size(), computed, computed);
    for (Node n = 0; n < graph.size(); ++n) {
        rewriter.copy(n);
        if (!graph.is_operation(n)) continue;
        const auto [same, is_new] = seen.insert(rewriter.renamed(n));
        if (!is_new) rewriter.rename(n, *same);
    }
    return remove_dead(rewriter.finish());
}

// ---- sums

Graph flatten_sums(const Graph& graph) {
    constexpr OpCode kAdd = kCode<ops::Add>, kMultiply = kCode<ops::Multiply>;
    const auto is_sum = [&](Node n) { return graph.op(n) == kAdd || graph.op(n) == kSum; };

    // What is used once, by a sum, becomes terms of that sum: sums, products and dot products.
    std::vector<std::uint32_t> uses(graph.size());
    std::vector<bool> by_sum(graph.size());
    for (const Node y : graph.outputs) ++uses[y];
    for (const Graph::Guard& g : graph.guards) ++uses[g.comparison];
    for (Node n = 0; n < graph.size(); ++n) {
        for (const Node x : graph.operands(n)) {
            ++uses[x];
            by_sum[x] = is_sum(n);
        }
    }
    const auto joins = [&](Node n) {
        const bool has_terms = is_sum(n) || graph.op(n) == kMultiply || graph.op(n) == kDot;
        return has_terms && uses[n] == 1 && by_sum[n];
    };

    Rewriter rewriter(graph);
    std::vector<Node> waiting, terms, left, right;
    for (Node n = 0; n < graph.size(); ++n) {
        if (joins(n)) continue;
        if (!is_sum(n)) {
            rewriter.copy(n);
            continue;
        }
        terms.clear(), left.clear(), right.clear();
        waiting.assign(1, n);
        while (!waiting.empty()) {  // the first term is on top
            const Node t = waiting.back();
            waiting.pop_back();
            const auto x = graph.operands(t);
            if (is_sum(t) && (t == n || joins(t))) {
                waiting.insert(waiting.end(), x.rbegin(), x.rend());
            } else if (joins(t)) {  // a product, or a dot product
                const std::size_t half = x.size() / 2;
                for (std::size_t i = 0; i < half; ++i) {
                    left.push_back(rewriter.renamed(x[i]));
                    right.push_back(rewriter.renamed(x[half + i]));
                }
            } else {
                terms.push_back(rewriter.renamed(t));
            }
        }
        Graph& made = rewriter.graph();
        if (left.size() == 1) terms.push_back(made.add(kMultiply, {left[0], right[0]}));
        if (left.size() > 1) {
            left.insert(left.end(), right.begin(), right.end());
            terms.push_back(made.add(kDot, left));
        }
        const Node sum = terms.size() == 1 ? terms[0] : made.add(terms.size() == 2 ? kAdd : kSum, terms);
        rewriter.rename(n, sum);
    }
    return rewriter.finish();
}

// ---- dead code

Graph remove_dead(const Graph& graph) {
    std::vector<bool> alive(graph.size());
    for (const Node y : graph.outputs) alive[y] = true;
    for (const Graph::Guard& g : graph.guards) alive[g.comparison] = true;
    for (std::size_t n = graph.size(); n-- > 0;) {
        if (!alive[n]) continue;
        for (const Node x : graph.operands(static_cast<Node>(n))) alive[x] = true;
    }
    Rewriter rewriter(graph);
    for (Node n = 0; n < graph.size(); ++n) {
        if (alive[n] || graph.op(n) == kInput || graph.op(n) == kParameter) rewriter.copy(n);
    }
    return rewriter.finish();
}

}  // namespace gradus::detail
