// SPDX-License-Identifier: MIT
#include "graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <string_view>

#include "gradus/value.hpp"

namespace gradus::detail {
namespace {

/// Append the operation that an entry of the tape recorded, in the vocabulary of programs.
Graph::Node add(Graph& graph, OpCode op, std::span<const Graph::Node> x) {
    if (op == kSoftmax) return graph.add(code_of<ops::Exp>, {graph.add(code_of<ops::Subtract>, x)});
    if (op == kLogSoftmax) return graph.add(code_of<ops::Subtract>, x);
    if (op == code_of<ops::Fma>)
        return graph.add(code_of<ops::Add>, {graph.add(code_of<ops::Multiply>, {x[0], x[1]}), x[2]});
    if (op == kMean) {
        const Graph::Node share = graph.add_constant(1.0 / static_cast<double>(x.size()));
        return graph.add(code_of<ops::Multiply>, {graph.add(kSum, x), share});
    }
    return graph.add(op, x);
}

[[noreturn]] void refuse(const char* operation) {
    throw TapeError(
        fmt::format("compile: it is not told how to do this tensor operation number by number: "
                    "{}. Write it with others, or run the formula uncompiled.",
                    operation));
}

}  // namespace

std::uint64_t Graph::signature() const {
    std::uint64_t hash = inputs;
    const auto add = [&](std::uint64_t x) { hash = ((hash ^ x) * 0x9e3779b97f4a7c15u) ^ (hash >> 29); };
    for (Node n = 0; n < size(); ++n) {
        add(static_cast<std::uint64_t>(op(n)));
        if (op(n) == kConstant) {
            add(std::bit_cast<std::uint64_t>(number(n)));
        } else {
            for (const Node x : column(n)) add(x);
        }
    }
    for (const Node y : outputs) add(y);
    for (const Guard& g : guards) add(g.outcome ? 1 : 2);
    return hash;
}

Graph collect(const Tape& tape, std::span<const Value> outputs, std::size_t inputs, Slot first_parameter,
              std::size_t parameters) {
    Graph graph;
    graph.inputs = inputs;
    graph.parameters = parameters;
    graph.reserve(parameters + tape.entry_count(), parameters + tape.entry_count() + tape.operand_count());
    const auto first = static_cast<std::int64_t>(first_parameter);
    for (std::size_t i = 0; i < parameters; ++i) graph.add_parameter(i);

    LongVector<Graph::Node> nodes(tape.entry_count() + 1);  // of each slot
    const auto node_of = [&](Slot slot) {
        const auto s = static_cast<std::int64_t>(slot);
        if (s > 0) return nodes[static_cast<std::size_t>(s)];
        if (s < first || s >= first + static_cast<std::int64_t>(parameters)) {
            throw TapeError(
                "compile: it depends on parameters of another model. Keep all that it uses in one block.");
        }
        return static_cast<Graph::Node>(s - first);
    };

    std::vector<Graph::Node> operands;  // those of parts wait here for the entry that they are parts of
    bool continues = false;
    tape.each_entry([&](const Tape::Entry& entry) {
        const auto slot = static_cast<std::size_t>(entry.slot);
        if (entry.code == kTensor) {  // on a tape of scalars only, a stack: further names of nodes
            if (entry.operation != std::string_view("stack")) refuse(entry.operation);
            std::transform(entry.operands.begin(), entry.operands.end(), &nodes[slot], node_of);
            return;
        }
        if (entry.code == kConstant) {
            nodes[slot] = graph.add_constant(entry.value);
            return;
        }
        if (entry.code == kVariable) {
            nodes[slot] = slot <= inputs ? graph.add_input(slot - 1) : graph.add_constant(entry.value);
            return;
        }
        const std::span<const Slot> own = entry.operands.subspan(continues ? 1 : 0);
        std::transform(own.begin(), own.end(), std::back_inserter(operands), node_of);
        continues = entry.code == kPart;
        if (continues) return;
        nodes[slot] = add(graph, entry.code, operands);
        operands.clear();
        if (is_comparison(entry.code)) graph.guards.push_back({nodes[slot], entry.value != 0.0});
    });
    for (const Value& y : outputs) {
        graph.outputs.push_back(y.is_constant() ? graph.add_constant(y.value()) : node_of(y.slot()));
    }
    return graph;
}

}  // namespace gradus::detail
