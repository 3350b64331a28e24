// SPDX-License-Identifier: MIT
#include "pipeline.hpp"

#include <algorithm>
#include <utility>

#include "passes.hpp"

namespace gradus::detail {

Graph reduce(Graph graph, Story& story) {
    const auto tell = [&](const char* pass) {
        const std::size_t leaves = graph.inputs + graph.parameters;
        story.passes.push_back({pass, graph.size() - std::min(leaves, graph.size())});
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
    graph = remove_dead(recognise_functions(std::move(graph)));
    tell("functions recognised");
    return graph;
}

}  // namespace gradus::detail
