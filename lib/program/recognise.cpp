// SPDX-License-Identifier: MIT
// Functions that were written out by hand, because elementary operations were all that there was.
#include <optional>
#include <unordered_map>

#include "passes.hpp"
#include "rewriter.hpp"

namespace gradus::detail {
namespace {

using Node = Graph::Node;

constexpr OpCode kAdd = code_of<ops::Add>, kSubtract = code_of<ops::Subtract>, kDivide = code_of<ops::Divide>;
constexpr OpCode kExp = code_of<ops::Exp>, kLog = code_of<ops::Log>;

/// Each rule looks at a node and at what leads to it, and returns the node that takes its place, if any.
class Recogniser {
   public:
    explicit Recogniser(const Graph& from) : from_(from), rewriter_(from), to_(rewriter_.graph()) {}

    Graph finish() {
        for (Node n = 0; n < from_.size(); ++n) {
            if (const std::optional<Node> made = replacement(n)) {
                rewriter_.rename(n, *made);
            } else {
                rewriter_.copy(n);
            }
        }
        return rewriter_.finish();
    }

   private:
    using Found = std::optional<Node>;

    [[nodiscard]] bool is(Node n, OpCode op) const { return from_.op(n) == op; }
    [[nodiscard]] bool is_number(Node n, double x) const { return is(n, kConstant) && from_.number(n) == x; }
    [[nodiscard]] Node operand(Node n, std::size_t i = 0) const { return from_.operands(n)[i]; }
    [[nodiscard]] Node made(Node n) const { return rewriter_.renamed(n); }

    Found replacement(Node n) {
        if (is(n, kLog)) return of_log(operand(n));
        if (is(n, code_of<ops::Log1p>) && is(operand(n), kExp)) return softplus(operand(operand(n)));
        if (is(n, kDivide)) return sigmoid(operand(n, 0), operand(n, 1));
        if (is(n, kSubtract)) return log_softmax(operand(n, 0), operand(n, 1));
        if (is(n, kAdd) || is(n, kSum)) return sum_with_shifts(n);
        return {};
    }

    // ---- the logistic function and its integral

    /// Return u where a node is 1 + exp(u).
    [[nodiscard]] Found one_plus_exp(Node n) const {
        if (!is(n, kAdd)) return {};
        const Node a = operand(n, 0), b = operand(n, 1);
        if (is_number(a, 1.0) && is(b, kExp)) return operand(b);
        if (is_number(b, 1.0) && is(a, kExp)) return operand(a);
        return {};
    }

    Found softplus(Node u) { return to_.add(code_of<ops::Softplus>, {made(u)}); }

    /// 1 / (1 + exp(u)) is sigmoid(-u), and exp(u) / (1 + exp(u)) is sigmoid(u).
    Found sigmoid(Node above, Node below) {
        const Found u = one_plus_exp(below);
        if (!u) return {};
        if (is(above, kExp) && operand(above) == *u) return to_.add(code_of<ops::Sigmoid>, {made(*u)});
        if (is_number(above, 1.0)) return to_.add(code_of<ops::Sigmoid>, {negative(*u)});
        return {};
    }

    Node negative(Node u) {
        if (is(u, code_of<ops::Negate>)) return made(operand(u));
        if (is(u, code_of<ops::Multiply>)) {
            if (is_number(operand(u, 0), -1.0)) return made(operand(u, 1));
            if (is_number(operand(u, 1), -1.0)) return made(operand(u, 0));
        }
        return to_.add(code_of<ops::Negate>, {made(u)});
    }

    // ---- logarithms of sums of exponentials

    /// log(sum exp(x_i - m)) = logsumexp(x) - m.
    struct LogOfSum {
        Node logsumexp;
        Found shift;  // m, in the old graph
    };

    /// Read a sum of at least two exponentials. All are shifted by the same number, or count as they are.
    std::optional<LogOfSum> log_of_sum(Node sum) {
        if (!is(sum, kAdd) && !is(sum, kSum)) return {};
        const auto terms = from_.operands(sum);
        if (!std::all_of(terms.begin(), terms.end(), [&](Node t) { return is(t, kExp); })) return {};
        const auto [known, is_new] = logs_.try_emplace(sum);
        if (is_new) {
            const Found shift = shift_of(terms);
            std::vector<Node> x;
            for (const Node t : terms) x.push_back(made(*exponent(t, shift)));
            known->second = {to_.add(kLogSumExp, x), shift};
        }
        return known->second;
    }

    /// Return m where all terms are exp(x_i - m).
    [[nodiscard]] Found shift_of(std::span<const Node> terms) const {
        const Node first = operand(terms[0]);
        if (!is(first, kSubtract)) return {};
        const Node m = operand(first, 1);
        return std::all_of(terms.begin(), terms.end(), [&](Node t) { return exponent(t, m); }) ? Found(m)
                                                                                               : Found();
    }

    /// Return the logarithm of a sum of shifted exponentials, where a node is one.
    std::optional<LogOfSum> shifted_log(Node n) {
        if (!is(n, kLog)) return {};
        const auto log = log_of_sum(operand(n));
        return log && log->shift ? log : std::nullopt;
    }

    Found of_log(Node x) {
        if (const Found u = one_plus_exp(x)) return softplus(*u);
        if (is(x, kDivide)) return log_of_softmax(operand(x, 0), operand(x, 1));
        if (is(x, kPick)) return log_of_picked_softmax(from_.operands(x));
        // A shifted one waits for its shift to be added: it is needed only if that never happens.
        const auto log = log_of_sum(x);
        return log && !log->shift ? Found(log->logsumexp) : Found();
    }

    /// log(exp(x_k - m) / sum exp(x_i - m)) = x_k - logsumexp(x).
    Found log_of_softmax(Node exponential, Node sum) {
        const auto log = log_of_sum(sum);
        const Found x = log ? exponent(exponential, log->shift) : Found();
        return x ? Found(to_.add(kSubtract, {made(*x), log->logsumexp})) : Found();
    }

    /// The same, where k is known only to the example: log(pick(softmax, k)) = pick(x, k) - logsumexp(x).
    Found log_of_picked_softmax(std::span<const Node> picked) {
        const auto softmax = picked.first(picked.size() - 1);
        if (!is(softmax[0], kDivide)) return {};
        const Node sum = operand(softmax[0], 1);
        const auto log = log_of_sum(sum);
        if (!log) return {};
        std::vector<Node> x;
        for (const Node y : softmax) {
            if (!is(y, kDivide) || operand(y, 1) != sum) return {};
            const Found x_i = exponent(operand(y, 0), log->shift);
            if (!x_i) return {};
            x.push_back(made(*x_i));
        }
        x.push_back(made(picked.back()));
        return to_.add(kSubtract, {to_.add(kPick, x), log->logsumexp});
    }

    /// Return x where a node is exp(x - shift), or exp(x) if there is no shift.
    [[nodiscard]] Found exponent(Node n, Found shift) const {
        if (!is(n, kExp)) return {};
        const Node u = operand(n);
        if (!shift) return u;
        return is(u, kSubtract) && operand(u, 1) == *shift ? Found(operand(u)) : Found();
    }

    /// (a - m) - log(sum exp(x_i - m)) = a - logsumexp(x).
    Found log_softmax(Node a, Node b) {
        if (!is(a, kSubtract)) return {};
        const auto log = shifted_log(b);
        if (!log || operand(a, 1) != *log->shift) return {};
        return to_.add(kSubtract, {made(operand(a)), log->logsumexp});
    }

    /// m + log(sum exp(x_i - m)) = logsumexp(x), among the terms of any sum.
    Found sum_with_shifts(Node n) {
        const auto terms = from_.operands(n);
        std::unordered_map<Node, std::size_t> shifts;  // that the logarithms among the terms wait for
        std::vector<Node> left;
        for (const Node t : terms) {
            if (const auto log = shifted_log(t)) ++shifts[*log->shift];
        }
        if (shifts.empty()) return {};
        std::unordered_map<Node, std::size_t> found;
        for (const Node t : terms) {
            const auto wanted = shifts.find(t);
            if (wanted != shifts.end() && found[t] < wanted->second) {
                ++found[t];
            } else {
                left.push_back(t);
            }
        }
        if (found.empty()) return {};
        for (Node& t : left) {
            const auto log = shifted_log(t);
            const auto shift = log ? found.find(*log->shift) : found.end();
            const bool is_met = shift != found.end() && shift->second > 0;
            if (is_met) --shift->second;
            t = is_met ? log->logsumexp : made(t);
        }
        if (left.size() == 1) return left[0];
        return to_.add(left.size() == 2 ? kAdd : kSum, left);
    }

    const Graph& from_;
    Rewriter rewriter_;
    Graph& to_;
    std::unordered_map<Node, LogOfSum> logs_;  // of the sums that were read
};

}  // namespace

Graph recognise_functions(Graph graph) {
    const auto any = [&](auto... ops) {
        for (Node n = 0; n < graph.size(); ++n) {
            if (((graph.op(n) == ops) || ...)) return true;
        }
        return false;
    };
    if (!any(kExp) || !any(kLog, code_of<ops::Log1p>, kDivide)) return graph;
    return Recogniser(graph).finish();
}

}  // namespace gradus::detail
