// SPDX-License-Identifier: MIT
#include "plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "dots.hpp"
#include "gradus/error.hpp"
#include "reads.hpp"

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

/// Return of each node whether a parameter leads to it: whether it has an adjoint that anybody asks for.
std::vector<bool> find_moving(const Graph& graph) {
    std::vector<bool> moving(graph.size());
    for (Node n = 0; n < graph.size(); ++n) {
        const auto x = graph.operands(n);
        const bool moves = std::any_of(x.begin(), x.end(), [&](Node m) { return moving[m]; });
        moving[n] = graph.op(n) == kParameter || (moves && !is_comparison(graph.op(n)));
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
    std::span<const Node> nodes;
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
                                const LongVector<std::uint32_t>& levels) {
    LongVector<Node> order;
    std::map<std::pair<OpCode, std::size_t>, std::uint32_t> kinds;  // by operation and arity
    const auto kind = [&](Node n) { return std::pair(graph.op(n), graph.operands(n).size()); };
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
void each_group(const Graph& graph, const std::vector<bool>& uniform, const LongVector<std::uint32_t>& levels,
                std::span<const Node> order, Visit visit) {
    while (!order.empty()) {
        const Node n = order.front();
        const auto differs = [&](Node m) {
            return graph.op(m) != graph.op(n) || levels[m] != levels[n] || uniform[m] != uniform[n] ||
                   graph.operands(m).size() != graph.operands(n).size();
        };
        const auto end = std::find_if(order.begin(), order.end(), differs);
        const auto count = static_cast<std::size_t>(end - order.begin());
        visit(Group{graph.op(n), uniform[n], order.first(count)});
        order = order.subspan(count);
    }
}

/// Give each node its place.
LongVector<Place> number_places(const Graph& graph, const std::vector<bool>& uniform,
                                std::span<const Node> order, Plan& plan) {
    LongVector<Place> places(graph.size());
    plan.parameters = graph.parameters;
    plan.inputs = plan.lanes = graph.inputs;
    for (Node n = 0; n < graph.size(); ++n) {
        if (graph.op(n) == kParameter) places[n] = place_in(Region::parameters, graph.index(n));
        if (graph.op(n) == kInput) places[n] = place_in(Region::lanes, graph.index(n));
        if (graph.op(n) == kConstant) {
            places[n] = place_in(Region::uniforms, plan.uniforms++);
            plan.constants.push_back(graph.number(n));
        }
    }
    for (const Node n : order) {
        places[n] =
            uniform[n] ? place_in(Region::uniforms, plan.uniforms++) : place_in(Region::lanes, plan.lanes++);
    }
    return places;
}

/// Makes the instructions of groups, one group after the other.
class Emitter {
   public:
    Emitter(const Graph& graph, std::span<const Place> places, const std::vector<bool>& moving, Plan& plan)
        : graph_(graph), places_(places), moving_(moving), plan_(plan) {}

    void emit(const Group& group) {
        const Place result = places_[group.nodes.front()];
        auto& to = group.uniform ? plan_.once : plan_.every;
        if (group.op == kDot) return emit_dots(result, factors(group.nodes), group.uniform, plan_, to);

        Instruction made;
        made.op = group.op;
        made.count = static_cast<std::uint32_t>(group.nodes.size()), made.result = result;
        const std::size_t operands = graph_.operands(group.nodes.front()).size();
        if (group.op == kPick) {
            set_options(group.nodes, operands - 1, made);
        } else if (operands == 2 && is_elementwise(group.op)) {
            made.a = operand(group.nodes, 0, 1), made.b = operand(group.nodes, 1, 1);
        } else {
            made.arity = static_cast<std::uint32_t>(operands);
            made.a = operand(group.nodes, 0, operands);
        }
        to.push_back(std::move(made));
    }

   private:
    static bool is_elementwise(OpCode op) {
        return static_cast<std::size_t>(op) < ops::All::size || is_comparison(op);
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
    std::span<const Place> places_;
    const std::vector<bool>& moving_;
    Plan& plan_;
};

}  // namespace

Plan arrange(const Graph& graph) {
    Plan plan;
    const std::vector<bool> uniform = find_uniform(graph), moving = find_moving(graph);
    const LongVector<std::uint32_t> levels = find_levels(graph);
    const LongVector<Node> order = order_by_group(graph, uniform, levels);
    const LongVector<Place> places = number_places(graph, uniform, order, plan);
    Emitter emitter(graph, places, moving, plan);
    each_group(graph, uniform, levels, order, [&](const Group& group) { emitter.emit(group); });
    for (const Node y : graph.outputs) plan.outputs.push_back(places[y]);
    for (const Graph::Guard& g : graph.guards) plan.guards.push_back({places[g.comparison], g.outcome});
    return plan;
}

}  // namespace gradus::detail
