// SPDX-License-Identifier: MIT
#include "passes.hpp"

#include <bit>

#include "../kernels/elementwise.hpp"
#include "rewriter.hpp"

namespace gradus::detail {
namespace {

using Node = Graph::Node;

double evaluate(OpCode op, double a, double b) {
    const auto& loops = kernels::detail::loops<double>(static_cast<std::size_t>(op));
    double y = 0.0;
    loops.map != nullptr ? loops.map(&a, &y, 1) : loops.zip(&a, 1, &b, 1, &y, 1);
    return y;
}

}  // namespace

// ---- constants

Graph fold_constants(Graph graph) {
    const auto is_constant = [&](Node n) { return graph.op(n) == kConstant; };
    const auto is_number = [&](Node n, double number) { return is_constant(n) && graph.number(n) == number; };
    for (Sieve sieve(graph); sieve.next();) {
        const OpCode op = sieve.op();
        if (!is_elementary(op)) {
            sieve.keep();
            continue;
        }
        const Node a = sieve.operand(0), b = sieve.operand(sieve.operand_count() - 1);
        if (is_constant(a) && is_constant(b)) {
            sieve.become(evaluate(op, graph.number(a), graph.number(b)));
        } else if ((op == code_of<ops::Multiply> && is_number(a, 1.0)) ||
                   (op == code_of<ops::Add> && is_number(a, 0.0))) {
            sieve.become(b);
        } else if ((op == code_of<ops::Multiply> && is_number(b, 1.0)) ||
                   ((op == code_of<ops::Add> || op == code_of<ops::Subtract>)&&is_number(b, 0.0))) {
            sieve.become(a);
        } else {
            sieve.keep();
        }
    }
    return graph;
}

// ---- repeated subexpressions

namespace {

/// Return of each node whether no other can be the same operation on the same operands: one of its operands
/// is used nowhere else, and is no repetition itself. So are the products and sums of a layer, each with a
/// weight of its own.
std::vector<bool> find_unlike_others(const Graph& graph) {
    const std::vector<bool> once = find_used_once(graph);
    std::vector<bool> unlike(graph.size());
    for (Node n = 0; n < graph.size(); ++n) {
        const auto x = graph.operands(n);
        unlike[n] = graph.op(n) == kInput || graph.op(n) == kParameter ||
                    std::any_of(x.begin(), x.end(), [&](Node m) { return unlike[m] && once[m]; });
    }
    return unlike;
}

/// Return of each node a number that is the same for all that compute the same. With 32 bits, the numbers
/// along a chain of 100,000 operations would come round to the first ones.
LongVector<std::uint64_t> find_hashes(const Graph& graph) {
    LongVector<std::uint64_t> hashes(graph.size());
    const auto mix = [](std::uint64_t hash, std::uint64_t x) {
        hash = (hash ^ x) * 0x9e3779b97f4a7c15u;
        return hash ^ hash >> 32;
    };
    for (Node n = 0; n < graph.size(); ++n) {
        const OpCode op = graph.op(n);
        std::uint64_t hash = static_cast<std::uint64_t>(op) + 1;
        if (op == kConstant) {
            hash = mix(hash, std::bit_cast<std::uint64_t>(graph.number(n)));
        } else if (!graph.is_operation(n)) {
            hash = mix(hash, graph.index(n));
        }
        for (const Node x : graph.operands(n)) hash = mix(hash, hashes[x]);
        hashes[n] = hash * 0xbf58476d1ce4e5b9u;
    }
    return hashes;
}

/// Operations of a graph by what they compute, constants by their numbers: a flat table, open addressing.
class Repetitions {
   public:
    Repetitions(const Graph& graph, std::size_t most) : graph_(graph), table_(most + most / 2 + 1) {}

    /// Say early what will be asked for: a large table is far from the processor.
    void expect(std::uint64_t hash) const {
#if defined(__GNUC__)
        __builtin_prefetch(&table_[place_of(hash)]);
#endif
    }

    /// Return the first node found here that computes what this one does: possibly this one.
    Node find(Node n, std::uint64_t hash) {
        const Entry entry{n, static_cast<std::uint32_t>(hash) | 1};
        std::size_t k = place_of(hash);
        while (table_[k].mark != 0) {
            if (table_[k].mark == entry.mark && is_same(table_[k].node, n)) return table_[k].node;
            k = k + 1 == table_.size() ? 0 : k + 1;
        }
        table_[k] = entry;
        return n;
    }

   private:
    struct Entry {
        Node node;
        std::uint32_t mark;  // half of the hash, made odd: zero is no entry
    };

    [[nodiscard]] std::size_t place_of(std::uint64_t hash) const {
        return (hash >> 32) * table_.size() >> 32;
    }
    [[nodiscard]] bool is_same(Node m, Node n) const {
        const auto x = graph_.operands(m), y = graph_.operands(n);
        return graph_.op(m) == graph_.op(n) &&
               std::equal(x.begin(), x.end(), y.begin(), y.end(),
                          [&](Node a, Node b) { return a == b || is_same_constant(a, b); });
    }
    [[nodiscard]] bool is_same_constant(Node a, Node b) const {
        const auto bits = [&](Node x) { return std::bit_cast<std::uint64_t>(graph_.number(x)); };
        return graph_.op(a) == kConstant && graph_.op(b) == kConstant && bits(a) == bits(b);
    }

    const Graph& graph_;
    LongVector<Entry> table_;
};

}  // namespace

Graph merge_repeated(Graph graph) {
    // Constants stay apart, so that a row of them stays a row: they are compared by number.
    const std::vector<bool> unlike = find_unlike_others(graph);
    const auto may_repeat = [&](Node n) { return graph.is_operation(n) && !unlike[n]; };
    std::size_t most = 0;
    for (Node n = 0; n < graph.size(); ++n) most += may_repeat(n);
    if (most == 0) return graph;

    constexpr Node kAhead = 16;
    const LongVector<std::uint64_t> hashes = find_hashes(graph);
    Repetitions repetitions(graph, most);
    for (Sieve sieve(graph); sieve.next();) {
        const Node n = sieve.node();
        if (n + kAhead < hashes.size()) repetitions.expect(hashes[n + kAhead]);
        const bool may = may_repeat(n);
        const Node kept = sieve.keep();
        const Node first = may ? repetitions.find(kept, hashes[n]) : kept;
        if (first != kept) sieve.undo(first);
    }
    return remove_dead(std::move(graph));
}

// ---- sums

Graph flatten_sums(const Graph& graph) {
    constexpr OpCode kAdd = code_of<ops::Add>, kMultiply = code_of<ops::Multiply>;
    const auto is_sum = [&](Node n) { return graph.op(n) == kAdd || graph.op(n) == kSum; };

    // What is used once, by a sum, becomes terms of that sum: sums, products and dot products.
    const std::vector<bool> once = find_used_once(graph);
    std::vector<bool> by_sum(graph.size());
    for (Node n = 0; n < graph.size(); ++n) {
        for (const Node x : graph.operands(n)) by_sum[x] = is_sum(n);
    }
    const auto joins = [&](Node n) {
        const bool has_terms = is_sum(n) || graph.op(n) == kMultiply || graph.op(n) == kDot;
        return has_terms && once[n] && by_sum[n];
    };

    Rewriter rewriter(graph);
    LongVector<Node> waiting, terms, left, right;
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

Graph remove_dead(Graph graph) {
    std::vector<bool> alive(graph.size());
    std::size_t count = 0;
    for (const Node y : graph.outputs) alive[y] = true;
    for (const Graph::Guard& g : graph.guards) alive[g.comparison] = true;
    for (std::size_t i = graph.size(); i-- > 0;) {
        const auto n = static_cast<Node>(i);
        if (graph.op(n) == kInput || graph.op(n) == kParameter) alive[n] = true;
        if (!alive[n]) continue;
        ++count;
        for (const Node x : graph.operands(n)) alive[x] = true;
    }
    if (count == graph.size()) return graph;
    for (Sieve sieve(graph); sieve.next();) {
        if (alive[sieve.node()]) sieve.keep();
    }
    return graph;
}

}  // namespace gradus::detail
