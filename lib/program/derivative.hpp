// SPDX-License-Identifier: MIT
// The derivative of a graph, as a graph: what second derivatives are made of.
#pragma once

#include "graph.hpp"

namespace gradus::detail {

/// Return the graph of the derivative of the only output, as the parameters move along a direction. It has
/// twice as many parameters: those of `graph`, then the direction. Its gradient by the former is the Hessian
/// matrix times the direction.
Graph directional_derivative(const Graph& graph);

/// Return the graph of the same outputs with a parameter more for each input, which is added to it: at zero,
/// the gradients by these are those by the inputs.
Graph move_inputs(const Graph& graph);

}  // namespace gradus::detail
