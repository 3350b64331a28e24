// SPDX-License-Identifier: MIT
// The pipeline of the compiler: the passes in their order, and the story of what each one left.
#pragma once

#include <string>

#include "graph.hpp"
#include "plan.hpp"

namespace gradus::detail {

/// Run the passes that make a graph smaller, and append to the story what each one left.
Graph reduce(Graph graph, std::string& story);

/// Return a line for each instruction, with its shapes.
std::string describe(const Plan& plan);

}  // namespace gradus::detail
