// SPDX-License-Identifier: MIT
// The pipeline of the compiler: the passes in their order.
#pragma once

#include "graph.hpp"
#include "story.hpp"

namespace gradus::detail {

/// Run the passes that make a graph smaller, and tell what each one left.
Graph reduce(Graph graph, Story& story);

}  // namespace gradus::detail
