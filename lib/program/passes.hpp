// SPDX-License-Identifier: MIT
// The passes that make a graph smaller. Each one takes a graph and returns another that computes the same
// outputs; read in this order, they are the first half of the compiler. Those that take it by value work in
// place. Cost of all: linear in time, at most 30 bytes a node beside the graph.
#pragma once

#include "graph.hpp"

namespace gradus::detail {

/// Compute once, now, what depends on constants alone; and drop factors of 1 and summands of 0.
Graph fold_constants(Graph graph);

/// Compute what occurs several times, same operation on same operands, once.
Graph merge_repeated(Graph graph);

/// Join chains of additions into sums of many terms, and the products among the terms into one dot product:
/// b + w0 * x0 + w1 * x1 + ... becomes b + dot(w, x). Operands of a dot product: all left factors, then all
/// right ones. Rounding may differ, since terms are added in another order.
Graph flatten_sums(const Graph& graph);

/// Name what was written out by hand: log(sum exp(x_i)), its stable form m + log(sum exp(x_i - m)) for any m,
/// (a - m) - log(sum exp(x_i - m)), log of a softmax, 1 / (1 + exp(-x)), log(1 + exp(x)). Run it on flat
/// sums. Value and gradient are the same, save that nothing overflows: the gradient by m is zero. What else
/// uses the parts keeps them alive.
Graph recognise_functions(Graph graph);

/// Drop what no output and no guard depends on. Inputs and parameters stay.
Graph remove_dead(Graph graph);

}  // namespace gradus::detail
