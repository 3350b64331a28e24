// SPDX-License-Identifier: MIT
// Path: one way through a formula, compiled, and the machines that run it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "derivative.hpp"
#include "gradus/error.hpp"
#include "machine.hpp"
#include "passes.hpp"
#include "pipeline.hpp"

namespace gradus::detail {

inline void require_one_output(const Plan& plan) {
    if (plan.outputs.size() == 1) return;
    throw ShapeError(fmt::format(
        "program: the gradient of one output is defined, but there are {}. Return one, such as a loss.",
        plan.outputs.size()));
}

/// Raise DomainError if T cannot hold the size of a number.
template <class T>
void require_exponents(std::span<const double> numbers) {
    using Limits = std::numeric_limits<T>;
    for (const double x : numbers) {
        const double size = std::abs(x);
        if (x == 0.0 || !std::isfinite(x) || (size >= Limits::min() && size <= Limits::max())) continue;
        throw DomainError(fmt::format(
            "program: single precision cannot hold a number of the formula: {}. Write one between "
            "{:.3} and {:.3} in size, or compile with double precision.",
            x, Limits::min(), Limits::max()));
    }
}

/// A plan, and the machines for it that nobody uses at the moment.
template <class T>
class Runner {
   public:
    explicit Runner(Plan plan) : plan_(std::move(plan)) { require_exponents<T>(plan_.constants); }

    [[nodiscard]] const Plan& plan() const { return plan_; }

    /// Return how many examples a machine takes at once: as many as keep its numbers near the processor,
    /// whole vectors of them.
    [[nodiscard]] std::size_t width() const {
        constexpr std::size_t kNumbers = std::size_t{1} << 16, kLeast = 16, kMost = 64;
        return std::clamp(kNumbers / (plan_.lanes + 1) / kLeast * kLeast, kLeast, kMost);
    }

    /// A machine, and the number of examples that it has room for.
    struct Lent {
        std::unique_ptr<Machine<T>> machine;
        std::size_t room;
    };

    /// Lend a machine for so many examples.
    Lent lend(std::size_t examples) {
        {
            const std::lock_guard lock(mutex_);
            const auto fits =
                std::find_if(idle_.rbegin(), idle_.rend(), [&](const Lent& m) { return m.room >= examples; });
            if (fits != idle_.rend()) {
                std::swap(*fits, idle_.back());
                Lent lent = std::move(idle_.back());
                idle_.pop_back();
                return lent;
            }
        }
        return make(examples);
    }
    void take_back(Lent lent) {
        const std::lock_guard lock(mutex_);
        idle_.push_back(std::move(lent));
    }

    /// Have so many machines ready, so that it does not depend on chance how many there will be.
    void reserve(std::size_t machines, std::size_t examples) {
        const std::lock_guard lock(mutex_);
        const auto fitting =
            std::count_if(idle_.begin(), idle_.end(), [&](const Lent& m) { return m.room >= examples; });
        for (auto ready = static_cast<std::size_t>(fitting); ready < machines; ++ready)
            idle_.push_back(make(examples));
    }

   private:
    [[nodiscard]] Lent make(std::size_t examples) const {
        const std::size_t room = std::bit_ceil(examples);
        return {std::make_unique<Machine<T>>(plan_, room), room};
    }

    Plan plan_;
    std::mutex mutex_;
    std::vector<Lent> idle_;
};

/// A path through the formula: the graph of it, and what is computed with that.
template <class T>
class Path {
   public:
    explicit Path(Graph graph)
        : signature_(graph.signature()),
          choices_(choices(graph)),
          graph_(reduce(std::move(graph), story_)),
          outputs_(arrange(graph_)) {
        story_.inputs = graph_.inputs;
        story_.bytes_of_number = sizeof(T);
    }

    [[nodiscard]] std::size_t inputs() const { return graph_.inputs; }
    [[nodiscard]] std::uint64_t signature() const { return signature_; }
    [[nodiscard]] Told told() const { return {story_, outputs_.plan()}; }

    /// Return whether this path computes what another recording of the formula does. One that chose otherwise
    /// at some comparison is of another path, and says nothing of this one.
    [[nodiscard]] bool agrees_with(const Graph& graph) const {
        return choices(graph) != choices_ || graph.signature() == signature_;
    }

    /// The outputs as functions of the parameters.
    Runner<T>& outputs() { return outputs_; }

    /// The same as functions of the parameters, then of how far each input is moved from where it is.
    Runner<T>& movable() {
        std::call_once(movable_made_, [&] { movable_.emplace(arrange(move_inputs(graph_))); });
        return *movable_;
    }

    /// The derivative of the only output along a direction: a function of the parameters, then of the
    /// direction.
    Runner<T>& derivative() {
        require_one_output(outputs_.plan());
        std::call_once(derivative_made_, [&] {
            derivative_.emplace(arrange(merge_repeated(fold_constants(directional_derivative(graph_)))));
        });
        return *derivative_;
    }

    /// The path that was met after this one, by examples with as many inputs.
    std::atomic<Path*> next{nullptr};

    /// Whether it agreed with the recording of a second example.
    std::atomic<bool> is_confirmed{false};

   private:
    static std::vector<bool> choices(const Graph& graph) {
        std::vector<bool> outcomes;
        for (const Graph::Guard& g : graph.guards) outcomes.push_back(g.outcome);
        return outcomes;
    }

    std::uint64_t signature_;
    std::vector<bool> choices_;  // how its comparisons come out
    Story story_;
    Graph graph_;
    Runner<T> outputs_;
    std::optional<Runner<T>> movable_, derivative_;
    std::once_flag movable_made_, derivative_made_;
};

}  // namespace gradus::detail
