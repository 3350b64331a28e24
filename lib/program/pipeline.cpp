// SPDX-License-Identifier: MIT
#include "pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "passes.hpp"

namespace gradus::detail {
namespace {

std::string describe(const Instruction& i) {
    if (i.op == kProduct) {
        const std::string by = i.times == 1 ? "" : fmt::format(" x ({},{})", i.arity, i.times);
        return fmt::format("    product   ({},{}){}\n", i.rows, i.arity, by);
    }
    const std::string each = i.arity == 1 ? "" : fmt::format(", each of {}", i.arity);
    return fmt::format("    {:<9} ({}){}\n", operation_name(i.op), i.count, each);
}

}  // namespace

Graph reduce(Graph graph, std::string& story) {
    const auto tell = [&](const char* pass) {
        const std::size_t leaves = graph.inputs + graph.parameters;
        story += fmt::format("  {:<24} {:>9} entries\n", pass, graph.size() - std::min(leaves, graph.size()));
    };
    tell("recorded");
    graph = remove_dead(std::move(graph));
    tell("without dead code");
    graph = fold_constants(std::move(graph));
    tell("constants folded");
    graph = merge_repeated(std::move(graph));
    tell("repetitions merged");
    graph = remove_dead(flatten_sums(graph));
    tell("sums flattened");
    graph = remove_dead(recognise_functions(graph));
    tell("functions recognised");
    return graph;
}

std::string describe(const Plan& plan) {
    std::string text = fmt::format("  {} instructions once a batch, {} for the examples:\n", plan.once.size(),
                                   plan.every.size());
    for (const auto* part : {&plan.once, &plan.every}) {
        for (const Instruction& i : *part) text += describe(i);
    }
    return text;
}

}  // namespace gradus::detail
