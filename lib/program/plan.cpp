// SPDX-License-Identifier: MIT
#include "plan.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <utility>

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

/// Return the length of the longest chain of operations that leads to each node.
std::vector<std::uint32_t> find_levels(const Graph& graph) {
    std::vector<std::uint32_t> levels(graph.size());
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
std::vector<Node> sorted_by(const std::vector<Node>& nodes, std::size_t keys, Key key) {
    std::vector<std::uint32_t> places(keys + 1);
    for (const Node n : nodes) ++places[key(n) + 1];
    std::partial_sum(places.begin(), places.end(), places.begin());
    std::vector<Node> sorted(nodes.size());
    for (const Node n : nodes) sorted[places[key(n)]++] = n;
    return sorted;
}

/// Return the operations so ordered that those of a group are side by side.
std::vector<Node> order_by_group(const Graph& graph, const std::vector<bool>& uniform,
                                 const std::vector<std::uint32_t>& levels) {
    std::vector<Node> order;
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
void each_group(const Graph& graph, const std::vector<bool>& uniform,
                const std::vector<std::uint32_t>& levels, std::span<const Node> order, Visit visit) {
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
std::vector<Place> number_places(const Graph& graph, const std::vector<bool>& uniform,
                                 std::span<const Node> order, Plan& plan) {
    std::vector<Place> places(graph.size());
    plan.parameters = graph.parameters;
    plan.inputs = graph.inputs;
    for (Node n = 0; n < graph.size(); ++n) {
        if (graph.op(n) == kParameter) places[n] = static_cast<Place>(graph.index(n));
        if (graph.op(n) == kConstant) {
            places[n] = static_cast<Place>(plan.parameters + plan.constants.size());
            plan.constants.push_back(graph.number(n));
        }
    }
    auto next = static_cast<Place>(plan.parameters + plan.constants.size());
    const auto first_lane = std::find_if(order.begin(), order.end(), [&](Node n) { return !uniform[n]; });
    for (auto n = order.begin(); n != first_lane; ++n) places[*n] = next++;
    plan.uniforms = next - plan.parameters;
    for (Node n = 0; n < graph.size(); ++n) {
        if (graph.op(n) == kInput) places[n] = next + static_cast<Place>(graph.index(n));
    }
    next += static_cast<Place>(plan.inputs);
    for (auto n = first_lane; n != order.end(); ++n) places[*n] = next++;
    plan.lanes = next - plan.parameters - plan.uniforms;
    return places;
}

/// Return whether places follow each other, and do not cross the bounds between parameters, uniforms and
/// lanes.
bool is_run_of_one_kind(const Plan& plan, std::span<const Place> places) {
    const Place first = places.front(), last = places.back();
    const auto follows = [](Place p, Place next) { return next == p + 1; };
    return plan.is_parameter(first) == plan.is_parameter(last) &&
           plan.is_uniform(first) == plan.is_uniform(last) &&
           std::adjacent_find(places.begin(), places.end(), std::not_fn(follows)) == places.end();
}

/// Describe places in the shortest way.
Reads reads(const Plan& plan, std::vector<Place> places) {
    Reads shortest{.first = places.front(), .is_run = false, .is_one = false, .places = {}};
    shortest.is_run = is_run_of_one_kind(plan, places);
    shortest.is_one = std::all_of(places.begin(), places.end(), [&](Place p) { return p == shortest.first; });
    if (!shortest.is_run && !shortest.is_one) shortest.places = std::move(places);
    return shortest;
}

/// The factors of dot products, row by row.
class Factors {
   public:
    Factors(const Plan& plan, const Graph& graph, std::span<const Place> places, std::span<const Node> nodes)
        : plan_(plan), arity_(graph.operands(nodes.front()).size() / 2) {
        for (const Node n : nodes) {
            const auto x = graph.operands(n);
            for (std::size_t i = 0; i < arity_; ++i) {
                const Place a = places[x[i]], b = places[x[arity_ + i]];
                const bool swap = plan.is_uniform(b) && !plan.is_uniform(a);  // parameters to the left
                a_.push_back(swap ? b : a);
                b_.push_back(swap ? a : b);
            }
        }
    }

    [[nodiscard]] std::size_t arity() const { return arity_; }
    [[nodiscard]] std::size_t size() const { return a_.size() / arity_; }
    [[nodiscard]] std::span<const Place> a(std::size_t j) const { return row(a_, j); }
    [[nodiscard]] std::span<const Place> b(std::size_t j) const { return row(b_, j); }

    /// Return whether a row of uniform numbers meets a run of places.
    [[nodiscard]] bool is_matrix_row(std::size_t j) const {
        return plan_.is_uniform(a(j).front()) && is_run_of_one_kind(plan_, a(j)) &&
               is_run_of_one_kind(plan_, b(j));
    }

    [[nodiscard]] Instruction dots(std::size_t begin, std::size_t count) const {
        Instruction dots;
        dots.op = kDot;
        dots.count = static_cast<std::uint32_t>(count), dots.arity = static_cast<std::uint32_t>(arity_);
        dots.a = reads(plan_, rows(a_, begin, count)), dots.b = reads(plan_, rows(b_, begin, count));
        return dots;
    }

    /// Return the largest product of matrices that begins at row j.
    [[nodiscard]] Instruction product(std::size_t j) const {
        Instruction product;
        product.op = kProduct;
        product.arity = static_cast<std::uint32_t>(arity_);
        product.a.first = a(j).front(), product.b.first = b(j).front();
        product.rows = 1;
        while (extends_rows(j, product)) ++product.rows;
        while (extends_times(j, product)) ++product.times;
        product.count = product.rows * product.times;
        return product;
    }

   private:
    [[nodiscard]] std::span<const Place> row(const std::vector<Place>& all, std::size_t j) const {
        return std::span(all).subspan(j * arity_, arity_);
    }
    [[nodiscard]] std::vector<Place> rows(const std::vector<Place>& all, std::size_t begin,
                                          std::size_t count) const {
        const auto first = all.begin() + static_cast<std::ptrdiff_t>(begin * arity_);
        return {first, first + static_cast<std::ptrdiff_t>(count * arity_)};
    }

    /// Whether the next row goes on in a, on the same numbers of b. The first one that does sets the step.
    [[nodiscard]] bool extends_rows(std::size_t j, Instruction& product) const {
        const std::size_t next = j + product.rows;
        if (next >= size() || !is_matrix_row(next) || b(next).front() != product.b.first) return false;
        const Place last = product.a.first + (product.rows - 1) * product.row_step, found = a(next).front();
        if (product.rows == 1 && found >= last + arity_) product.row_step = found - last;
        const bool one_kind = plan_.is_parameter(found) == plan_.is_parameter(last);
        return one_kind && product.row_step > 0 && found == last + product.row_step;
    }

    /// Whether the next rows are the same rows of a, further on in b.
    [[nodiscard]] bool extends_times(std::size_t j, Instruction& product) const {
        const std::size_t next = j + product.rows * product.times;
        if (next + product.rows > size()) return false;
        const Place last = product.b.first + (product.times - 1) * product.b_step, found = b(next).front();
        if (product.times == 1 && found >= last + arity_) product.b_step = found - last;
        if (product.b_step == 0 || found != last + product.b_step) return false;
        for (std::size_t r = 0; r < product.rows; ++r) {
            if (!is_matrix_row(next + r) || b(next + r).front() != found ||
                a(next + r).front() != a(j + r).front())
                return false;
        }
        return true;
    }

    const Plan& plan_;
    std::size_t arity_;
    std::vector<Place> a_, b_;
};

/// Append the instructions of a group of dot products.
void emit_dots(const Factors& factors, Place result, std::vector<Instruction>& to) {
    const auto append = [&](Instruction instruction) {
        instruction.result = result;
        result += instruction.count;
        to.push_back(std::move(instruction));
        return to.back().count;
    };
    std::size_t plain = 0;  // rows of no matrix that wait for their instruction
    for (std::size_t j = 0; j <= factors.size();) {
        const bool ends = j == factors.size() || factors.is_matrix_row(j);
        if (ends && plain > 0) {
            append(factors.dots(j - plain, plain));
            plain = 0;
        }
        if (j == factors.size()) break;
        if (ends) {
            j += append(factors.product(j));
        } else {
            ++plain, ++j;
        }
    }
}

/// Append the instruction of a group of other operations.
void emit(const Plan& plan, const Graph& graph, std::span<const Place> places, const Group& group,
          Place result, std::vector<Instruction>& to) {
    Instruction made;
    made.op = group.op;
    made.count = static_cast<std::uint32_t>(group.nodes.size()), made.result = result;
    const std::size_t operands = graph.operands(group.nodes.front()).size();
    const bool is_elementary = static_cast<std::size_t>(group.op) < ops::All::size;
    const bool is_binary = operands == 2 && (is_elementary || is_comparison(group.op));
    made.arity = is_binary ? 1 : static_cast<std::uint32_t>(operands);
    std::vector<Place> a, b;
    for (const Node n : group.nodes) {
        const auto x = graph.operands(n);
        for (std::size_t i = 0; i < made.arity; ++i) a.push_back(places[x[i]]);
        if (is_binary) b.push_back(places[x[1]]);
    }
    made.a = reads(plan, std::move(a));
    if (is_binary) made.b = reads(plan, std::move(b));
    to.push_back(std::move(made));
}

}  // namespace

Plan arrange(const Graph& graph) {
    Plan plan;
    const std::vector<bool> uniform = find_uniform(graph);
    const std::vector<std::uint32_t> levels = find_levels(graph);
    const std::vector<Node> order = order_by_group(graph, uniform, levels);
    const std::vector<Place> places = number_places(graph, uniform, order, plan);
    each_group(graph, uniform, levels, order, [&](const Group& group) {
        auto& to = group.uniform ? plan.once : plan.every;
        const Place result = places[group.nodes.front()];
        if (group.op == kDot) {
            emit_dots(Factors(plan, graph, places, group.nodes), result, to);
        } else {
            emit(plan, graph, places, group, result, to);
        }
    });
    for (const Node y : graph.outputs) plan.outputs.push_back(places[y]);
    for (const Graph::Guard& g : graph.guards) plan.guards.push_back({places[g.comparison], g.outcome});
    return plan;
}

}  // namespace gradus::detail
