// SPDX-License-Identifier: MIT
// What main.cpp asks of an engine: gradients of workloads, and how large its tape was.
// An engine is a template over the workload, in a translation unit of its own.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "training.hpp"
#include "workloads.hpp"

namespace benchmarks {

/// The memory of an engine's tape after a gradient, and how many entries it holds; 0 where unknown.
struct TapeSize {
    std::size_t bytes = 0;
    std::size_t entries = 0;
};

/// One engine at work on one workload. It has the parameters from the start.
class Task {
   public:
    Task() = default;
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    virtual ~Task() = default;

    /// Compute the value and its gradient anew; of a model, for that step.
    virtual double gradient(std::size_t step) = 0;

    /// Return the derivative of that value along a direction: the sum of direction[i] * gradient[i].
    virtual double slope(std::span<const double> direction) = 0;

    [[nodiscard]] virtual TapeSize tape_size() const { return {}; }
};

/// What is known of an engine beforehand.
struct EngineKind {
    std::string_view name;
    double tolerance = 1e-9;   ///< relative to the numbers of the first engine of a workload
    bool has_threads = false;  ///< then the time is that of the clock, not of the processor
};

/// What one engine does with one workload.
struct Run {
    std::string_view workload;
    EngineKind engine;
    bool is_training;
    int repeats;        ///< gradients in one measurement
    std::size_t steps;  ///< of different cost, which take turns; the time is their mean
    std::size_t parts;  ///< of a step, for each of which the time is told

    std::vector<double> (*parameters)();
    std::unique_ptr<Task> (*start)(std::vector<double> parameters);
};

/// Return the sum of a[i] * b[i].
inline double product(std::span<const double> a, std::span<const double> b) {
    double sum = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}

// ---- formulas

/// A formula in the hands of an engine that computes gradient(x, g), or slope_at(x, direction) if it knows no
/// gradient.
template <class Engine>
class Formula : public Task {
   public:
    explicit Formula(std::vector<double> x) : x_(std::move(x)), g_(x_.size()) {}

    double gradient(std::size_t) override { return Engine::gradient(x_, g_); }

    double slope(std::span<const double> direction) override {
        if constexpr (requires { Engine::slope_at(x_, direction); })
            return Engine::slope_at(x_, direction);
        else
            return product(direction, g_);
    }

    [[nodiscard]] TapeSize tape_size() const override { return Engine::tape_size(); }

   private:
    std::vector<double> x_, g_;
};

/// What the engines of formulas have in common.
struct EngineBase {
    static TapeSize tape_size() { return {}; }
};

/// Append the runs of the task Started<W> for each workload W of the list.
template <template <class> class Started, class... W>
void add_tasks(std::vector<Run>& runs, EngineKind engine, const std::tuple<W...>*) {
    (runs.push_back({.workload = W::kName,
                     .engine = engine,
                     .is_training = false,
                     .repeats = W::kRepeats,
                     .steps = 1,
                     .parts = 1,
                     .parameters = [] { return workload<W>(), W::parameters(); },
                     .start = [](std::vector<double> x) -> std::unique_ptr<Task> {
                         return std::make_unique<Started<W>>(std::move(x));
                     }}),
     ...);
}

template <template <class> class Started, class List>
void add_tasks(std::vector<Run>& runs, EngineKind engine) {
    add_tasks<Started>(runs, engine, static_cast<const List*>(nullptr));
}

template <template <class> class Gradient>
struct Formulas {
    template <class W>
    using Of = Formula<Gradient<W>>;
};

/// Append the runs of Gradient<W> for each workload W of the list.
template <template <class> class Gradient, class List = Workloads>
void add_runs(std::vector<Run>& runs, std::string_view name) {
    add_tasks<Formulas<Gradient>::template Of, List>(runs, {name});
}

// ---- models

/// Append the runs of the task Started<W> for each model W of the list.
template <template <class> class Started, class... W>
void add_training(std::vector<Run>& runs, EngineKind engine, const std::tuple<W...>*) {
    (runs.push_back({.workload = W::kName,
                     .engine = engine,
                     .is_training = true,
                     .repeats = static_cast<int>(W::kSteps),
                     .steps = W::kSteps,
                     .parts = W::kParts,
                     .parameters = [] { return workload<W>(), W::parameters(); },
                     .start = [](std::vector<double> x) -> std::unique_ptr<Task> {
                         return std::make_unique<Started<W>>(std::move(x));
                     }}),
     ...);
}

template <template <class> class Started, class List = Models>
void add_training(std::vector<Run>& runs, EngineKind engine) {
    add_training<Started>(runs, engine, static_cast<const List*>(nullptr));
}

// ---- engines

void add_double(std::vector<Run>& runs);
void add_hand(std::vector<Run>& runs);
void add_gradus(std::vector<Run>& runs);
void add_program(std::vector<Run>& runs);
void add_adolc(std::vector<Run>& runs);
void add_sacado(std::vector<Run>& runs);
void add_training_hand(std::vector<Run>& runs);
void add_training_gradus(std::vector<Run>& runs);
void add_training_tensor(std::vector<Run>& runs);
void add_training_program(std::vector<Run>& runs);
void add_training_libtorch(std::vector<Run>& runs);

/// All runs of this program.
std::vector<Run> all_runs();

}  // namespace benchmarks
