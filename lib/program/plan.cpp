// SPDX-License-Identifier: MIT
#include "plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "columns.hpp"
#include "dots.hpp"
#include "gradus/error.hpp"
#include "reads.hpp"
#include "rewriter.hpp"

namespace gradus::detail {
namespace {

using Node = Graph::Node;

/// Return of each node whether it is the same for all examples: whether no input leads to it.
std::vector<bool> find_uniform(const Graph& graph) {
    std::vector<bool> uniform(graph.size());
    for (Node n = 0; n < graph.size(); ++n) {
        const auto x = graph.operands(n);
        uniform[n] =
            graph.op(n) != kInput && std::all_of(x.begin(), x.end(), [&](Node m) { return uniform[m]; });
    }
    return uniform;
}

/// Return of each node whether it leads to an output. Else it leads to a comparison, and its adjoint is zero:
/// times a partial that is infinite or NaN, it must not reach the gradient.
std::vector<bool> find_wanted(const Graph& graph) {
    std::vector<bool> wanted(graph.size());
    for (const Node y : graph.outputs) wanted[y] = true;
    for (Node n = static_cast<Node>(graph.size()); n-- > 0;) {
        if (!wanted[n] || is_comparison(graph.op(n))) continue;
        for (const Node x : graph.operands(n)) wanted[x] = true;
    }
    return wanted;
}

/// Return of each node whether a parameter leads to it: whether it has an adjoint that anybody asks for.
std::vector<bool> find_moving(const Graph& graph, const std::vector<bool>& wanted) {
    std::vector<bool> moving(graph.size());
    for (Node n = 0; n < graph.size(); ++n) {
        const auto x = graph.operands(n);
        const bool moves = std::any_of(x.begin(), x.end(), [&](Node m) { return moving[m]; });
        moving[n] = graph.op(n) == kParameter || (moves && wanted[n] && !is_comparison(graph.op(n)));
    }
    return moving;
}

/// Return the length of the longest chain of operations that leads to each node.
LongVector<std::uint32_t> find_levels(const Graph& graph) {
    LongVector<std::uint32_t> levels(graph.size());
    for (Node n = 0; n < graph.size(); ++n) {
        for (const Node x : graph.operands(n)) levels[n] = std::max(levels[n], levels[x] + 1);
    }
    return levels;
}

/// Operations of one kind and level, in the order in which they were recorded.
struct Group {
    OpCode op;
    bool uniform;
    std::span<Node> nodes;
};

/// What the operations of a group have in common, but for their level and whether they are uniform.
struct Kind {
    OpCode op;
    std::size_t arity;
    bool wanted;

    Kind(const Graph& graph, const std::vector<bool>& all_wanted, Node n)
        : op(graph.op(n)), arity(graph.operands(n).size()), wanted(all_wanted[n]) {}
    auto operator<=>(const Kind&) const = default;
};

/// Sort nodes by a key below `keys`, in linear time. Those of one key stay in their order.
template <class Key>
LongVector<Node> sorted_by(const LongVector<Node>& nodes, std::size_t keys, Key key) {
    LongVector<std::uint32_t> places(keys + 1);
    for (const Node n : nodes) ++places[key(n) + 1];
    std::partial_sum(places.begin(), places.end(), places.begin());
    LongVector<Node> sorted(nodes.size());
    for (const Node n : nodes) sorted[places[key(n)]++] = n;
    return sorted;
}

/// Return the operations so ordered that those of a group are side by side.
LongVector<Node> order_by_group(const Graph& graph, const std::vector<bool>& uniform,
                                const std::vector<bool>& wanted, const LongVector<std::uint32_t>& levels) {
    LongVector<Node> order;
    std::map<Kind, std::uint32_t> kinds;
    const auto kind = [&](Node n) { return Kind(graph, wanted, n); };
    std::uint32_t last_level = 0;
    for (Node n = 0; n < graph.size(); ++n) {
        if (!graph.is_operation(n)) continue;
        order.push_back(n);
        if (order.size() == 1 || kind(n) != kind(order[order.size() - 2])) kinds.try_emplace(kind(n));
        last_level = std::max(last_level, levels[n]);
    }
    std::uint32_t next = 0;
    for (auto& [of, number] : kinds) number = next++;
    order = sorted_by(order, kinds.size(), [&](Node n) { return kinds.find(kind(n))->second; });
    return sorted_by(order, 2 * (last_level + std::size_t{1}),
                     [&](Node n) { return (uniform[n] ? 0 : last_level + std::size_t{1}) + levels[n]; });
}

template <class Visit>
void each_group(const Graph& graph, const std::vector<bool>& uniform, const std::vector<bool>& wanted,
                const LongVector<std::uint32_t>& levels, std::span<Node> order, Visit visit) {
    while (!order.empty()) {
        const Node n = order.front();
        const auto differs = [&](Node m) {
            return levels[m] != levels[n] || uniform[m] != uniform[n] ||
                   Kind(graph, wanted, m) != Kind(graph, wanted, n);
        };
        const auto end = std::find_if(order.begin(), order.end(), differs);
        const auto count = static_cast<std::size_t>(end - order.begin());
        visit(Group{graph.op(n), uniform[n], order.first(count)});
        order = order.subspan(count);
    }
}

/// Return of each node whether it is a factor of a long dot product: if constant, a number of a matrix.
std::vector<bool> find_factors(const Graph& graph) {
    std::vector<bool> is_factor(graph.size());
    for (Node n = 0; n < graph.size(); ++n) {
        const auto x = graph.operands(n);
        if (graph.op(n) != kDot || x.size() <= 2 * Columns::kMostTerms) continue;
        for (const Node m : x) is_factor[m] = true;
    }
    return is_factor;
}

/// Give each leaf its place. Equal constants share one, so that instructions find them in one place; those of
/// a matrix have their own, side by side.
LongVector<Place> number_leaves(const Graph& graph, Plan& plan) {
    LongVector<Place> places(graph.size());
    plan.parameters = graph.parameters;
    plan.inputs = plan.lanes = graph.inputs;
    const std::vector<bool> is_factor = find_factors(graph);
    std::unordered_map<std::uint64_t, Place> known;  // by their bits
    for (Node n = 0; n < graph.size(); ++n) {
        if (graph.op(n) == kParameter) places[n] = place_in(Region::parameters, graph.index(n));
        if (graph.op(n) == kInput) places[n] = place_in(Region::lanes, graph.index(n));
        if (graph.op(n) != kConstant) continue;
        const double number = graph.number(n);
        const Place next = place_in(Region::uniforms, plan.uniforms);
        places[n] =
            is_factor[n] ? next : known.try_emplace(std::bit_cast<std::uint64_t>(number), next).first->second;
        if (places[n] != next) continue;
        ++plan.uniforms;
        plan.constants.push_back(number);
    }
    return places;
}

/// Makes the instructions of groups, one group after the other, and gives their results places.
class Emitter {
   public:
    Emitter(const Graph& graph, LongVector<Place>& places, const std::vector<bool>& moving, Plan& plan)
        : graph_(graph), places_(places), moving_(moving), plan_(plan), columns_(graph, places) {}

    void emit(const Group& group) {
        std::span<const Node> nodes = group.nodes;
        for (const auto& [count, has_columns] : columns_.cut(group.nodes)) {
            has_columns ? emit_columns(group, nodes.first(count)) : emit_rest(group, nodes.first(count));
            nodes = nodes.subspan(count);
        }
    }

   private:
    static bool is_elementwise(OpCode op) { return is_elementary(op) || is_comparison(op); }

    std::vector<Instruction>& instructions(const Group& group) {
        return group.uniform ? plan_.once : plan_.every;
    }

    /// Give results places side by side. Returns the first one.
    Place number(const Group& group, std::span<const Node> nodes) {
        const Region region = group.uniform ? Region::uniforms : Region::lanes;
        std::size_t& end = group.uniform ? plan_.uniforms : plan_.lanes;
        const Place first = place_in(region, end);
        for (const Node n : nodes) places_[n] = place_in(region, end++);
        return first;
    }

    [[nodiscard]] Instruction instruction(OpCode op, std::span<const Node> nodes, Place result) const {
        Instruction made;
        made.op = op;
        made.count = static_cast<std::uint32_t>(nodes.size()), made.result = result;
        return made;
    }

    /// Make instructions of operations whose operands are columns: of a reduction one for each term.
    void emit_columns(const Group& group, std::span<const Node> nodes) {
        const Place result = number(group, nodes);
        const std::size_t operands = graph_.operands(nodes.front()).size();
        const auto append = [&](OpCode op, bool adds, std::size_t a, std::size_t b) {
            Instruction made = instruction(op, nodes, result);
            made.adds = adds;
            made.a = operand(nodes, a, 1);
            if (b < operands) made.b = operand(nodes, b, 1);
            instructions(group).push_back(std::move(made));
        };
        if (group.op == kSum) {
            append(code_of<ops::Add>, false, 0, 1);
            for (std::size_t k = 2; k < operands; ++k) append(kCopy, true, k, operands);
        } else if (group.op == kDot) {
            for (std::size_t k = 0; k < operands / 2; ++k)
                append(code_of<ops::Multiply>, k > 0, k, operands / 2 + k);
        } else {
            append(group.op, false, 0, 1);
        }
    }

    void emit_rest(const Group& group, std::span<const Node> nodes) {
        const Place result = number(group, nodes);
        auto& to = instructions(group);
        if (group.op == kDot) return emit_dots(result, factors(nodes), group.uniform, plan_, to);

        Instruction made = instruction(group.op, nodes, result);
        const std::size_t operands = graph_.operands(nodes.front()).size();
        if (group.op == kPick) {
            set_options(nodes, operands - 1, made);
        } else if (operands == 2 && is_elementwise(group.op)) {
            made.a = operand(nodes, 0, 1), made.b = operand(nodes, 1, 1);
        } else {
            made.arity = static_cast<std::uint32_t>(operands);
            made.a = operand(nodes, 0, operands);
        }
        to.push_back(std::move(made));
    }

    /// Return the places of operands first ... first + n - 1 of each node.
    [[nodiscard]] std::vector<Place> places_of(std::span<const Node> nodes, std::size_t first,
                                               std::size_t n) const {
        std::vector<Place> all;
        all.reserve(nodes.size() * n);
        for (const Node node : nodes) {
            for (const Node x : graph_.operands(node).subspan(first, n)) all.push_back(places_[x]);
        }
        return all;
    }

    [[nodiscard]] bool any_moves(std::span<const Node> nodes, std::size_t first, std::size_t n) const {
        return std::any_of(nodes.begin(), nodes.end(), [&](Node node) {
            if (!moving_[node]) return false;
            const auto x = graph_.operands(node).subspan(first, n);
            return std::any_of(x.begin(), x.end(), [&](Node m) { return moving_[m]; });
        });
    }

    [[nodiscard]] Reads operand(std::span<const Node> nodes, std::size_t first, std::size_t n) const {
        return reads(places_of(nodes, first, n), any_moves(nodes, first, n));
    }

    /// Describe what picks choose from: numbers that lie equally far apart by the first one alone.
    void set_options(std::span<const Node> nodes, std::size_t options, Instruction& pick) const {
        pick.arity = static_cast<std::uint32_t>(options);
        pick.a.firsts = places_of(nodes, 0, options);
        pick.a.moves = any_moves(nodes, 0, options);
        pick.b = operand(nodes, options, 1);
        const std::vector<Place>& all = pick.a.firsts;
        const Place step = options > 1 ? all[1] - all[0] : 0;
        for (std::size_t k = 0; k < all.size(); ++k) {
            if (k % options > 0 && all[k] - all[k - 1] != step) return;
        }
        pick.row_step = step;
        if (step == 0) return;
        for (std::size_t j = 0; j < nodes.size(); ++j) pick.a.firsts[j] = all[j * options];
        pick.a.firsts.resize(nodes.size());
    }

    [[nodiscard]] Factors factors(std::span<const Node> nodes) const {
        const std::size_t arity = graph_.operands(nodes.front()).size() / 2;
        Factors all{places_of(nodes, 0, arity), places_of(nodes, arity, arity), arity,
                    any_moves(nodes, 0, arity), any_moves(nodes, arity, arity)};
        return all;
    }

    const Graph& graph_;
    LongVector<Place>& places_;
    const std::vector<bool>& moving_;
    Plan& plan_;
    Columns columns_;
};

}  // namespace

Plan arrange(const Graph& graph) {
    Plan plan;
    const std::vector<bool> uniform = find_uniform(graph), wanted = find_wanted(graph),
                            moving = find_moving(graph, wanted);
    const LongVector<std::uint32_t> levels = find_levels(graph);
    LongVector<Node> order = order_by_group(graph, uniform, wanted, levels);
    LongVector<Place> places = number_leaves(graph, plan);
    Emitter emitter(graph, places, moving, plan);
    each_group(graph, uniform, wanted, levels, order, [&](const Group& group) { emitter.emit(group); });
    for (const Node y : graph.outputs) plan.outputs.push_back(places[y]);
    for (const Graph::Guard& g : graph.guards) plan.guards.push_back({places[g.comparison], g.outcome});
    return plan;
}

}  // namespace gradus::detail
