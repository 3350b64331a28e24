// SPDX-License-Identifier: MIT
// What main.cpp asks of an engine: gradients of workloads, and how large its tape was.
// An engine is a template over the workload, in a translation unit of its own.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>

#include "workloads.hpp"

namespace benchmarks {

/// The memory of an engine's tape after a gradient, and how many entries it holds; 0 where unknown.
struct TapeSize {
    std::size_t bytes = 0;
    std::size_t entries = 0;
};

/// One engine on one workload.
struct Run {
    std::string_view workload;
    std::string_view engine;
    int repeats;  ///< gradients in one measurement

    std::vector<double> (*parameters)();

    /// Return the value at x and write the gradient to g; an engine without gradients leaves g alone.
    double (*gradient)(std::span<const double> x, std::span<double> g);

    /// Return value + weights * gradient by other means; null for engines with gradients.
    double (*check)(std::span<const double> x, std::span<const double> weights);

    TapeSize (*tape_size)();
};

/// Append the runs of Engine<W> for each workload W of the list.
template <template <class> class Engine, class... W>
void add_runs(std::vector<Run>& runs, std::string_view name, const std::tuple<W...>*) {
    (runs.push_back({.workload = W::kName,
                     .engine = name,
                     .repeats = W::kRepeats,
                     .parameters = [] { return workload<W>(), W::parameters(); },
                     .gradient = Engine<W>::gradient,
                     .check = Engine<W>::check,
                     .tape_size = Engine<W>::tape_size}),
     ...);
}

template <template <class> class Engine, class List = Workloads>
void add_runs(std::vector<Run>& runs, std::string_view name) {
    add_runs<Engine>(runs, name, static_cast<const List*>(nullptr));
}

/// What the engines have in common.
struct EngineBase {
    static constexpr double (*check)(std::span<const double>, std::span<const double>) = nullptr;
    static TapeSize tape_size() { return {}; }
};

void add_double(std::vector<Run>& runs);
void add_hand(std::vector<Run>& runs);
void add_gradus(std::vector<Run>& runs);
void add_adolc(std::vector<Run>& runs);
void add_sacado(std::vector<Run>& runs);

/// All runs of this program.
std::vector<Run> all_runs();

}  // namespace benchmarks
