// SPDX-License-Identifier: MIT
// Paths: those that the examples of a program took so far. New ones are recorded while others are at work.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gradus/error.hpp"
#include "gradus/program.hpp"
#include "path.hpp"
#include "turn.hpp"

namespace gradus::detail {

/// The paths of examples with one number of inputs, in the order in which they were met. It only grows.
template <class T>
class PathsOfShape {
   public:
    /// Return the path after another one, or the first one after none; null if there is none yet.
    Path<T>* after(const Path<T>* path) const {
        return (path == nullptr ? first_ : path->next).load(std::memory_order_acquire);
    }

   private:
    template <class>
    friend class Paths;

    std::atomic<Path<T>*> first_{nullptr};
    std::vector<std::unique_ptr<Path<T>>> all_;  // changed under the lock of Paths alone
};

/// All paths, by the number of inputs.
template <class T>
class Paths {
   public:
    Paths(const Parameters& parameters, Formula formula, const CompileOptions& options)
        : parameters_(parameters), formula_(std::move(formula)), options_(options) {}

    /// Return the paths of examples with so many inputs.
    PathsOfShape<T>& shape(std::size_t inputs) {
        const std::lock_guard lock(mutex_);
        const auto found = shapes_.find(inputs);
        if (found != shapes_.end()) return found->second;
        if (shapes_.size() == options_.max_shapes) {
            throw TapeError(fmt::format(
                "program: it has met examples of more than {} sizes. Give examples of one size, padded, or "
                "allow more with CompileOptions::max_shapes.",
                options_.max_shapes));
        }
        return shapes_[inputs];
    }

    /// Record the path of an example that takes none of the known ones. Returns the path after the last one
    /// that was known; a known one, if the example takes it but for rounding at a tie.
    Path<T>& record(PathsOfShape<T>& shape, std::span<const double> example) {
        const std::lock_guard alone(turn_);
        Graph graph = recorded(example);
        const std::uint64_t signature = graph.signature();
        for (const auto& path : shape.all_) {
            if (path->signature() == signature) return *path;
        }
        require_same_outputs(shape, graph);
        if (shape.all_.size() == options_.max_paths) {
            throw TapeError(
                fmt::format("program: the formula takes more than {} paths through its comparisons. Replace "
                            "comparisons by operations such as max, abs, relu, or allow more with "
                            "CompileOptions::max_paths.",
                            options_.max_paths));
        }
        auto made = std::make_unique<Path<T>>(std::move(graph));
        Path<T>* const path = made.get();
        std::atomic<Path<T>*>& end = shape.all_.empty() ? shape.first_ : shape.all_.back()->next;
        {
            const std::lock_guard lock(mutex_);
            in_order_.push_back(path);
            shape.all_.push_back(std::move(made));
        }
        end.store(path, std::memory_order_release);
        return *path;
    }

    /// Record the formula for another example that takes this path. Where it is not the same then, a number
    /// has left the values, and the program has it as a constant, which is wrong for other examples.
    void confirm(Path<T>& path, std::span<const double> example) {
        const std::lock_guard alone(turn_);
        if (path.is_confirmed) return;
        if (!path.agrees_with(recorded(example))) {
            throw TapeError(
                "program: the formula is not the same for two examples that take the same path: it computes "
                "or "
                "chooses with numbers from outside, such as value() or random ones. Use values, inputs and "
                "pick().");
        }
        path.is_confirmed = true;
    }

    /// Return what is to tell of each path, in the order in which they were met.
    [[nodiscard]] std::vector<Told> told() {
        const std::lock_guard lock(mutex_);
        std::vector<Told> all;
        for (const Path<T>* path : in_order_) all.push_back(path->told());
        return all;
    }

   private:
    /// Record the formula for one example, on a graph of its own.
    [[nodiscard]] Graph recorded(std::span<const double> example) const {
        Tape tape{{.mode = Tape::Mode::graph, .scalars_only = true}};
        const Recording on(tape);
        const std::vector<Value> x = variables(example);
        const Slot first = slot_of(parameters_.view().first());
        const std::vector<Value> outputs = formula_(x);
        for (const Value& y : outputs) recorder->require_live(y.settle());
        return collect(tape, outputs, example.size(), first, parameters_.size());
    }

    static void require_same_outputs(const PathsOfShape<T>& shape, const Graph& graph) {
        if (shape.all_.empty()) return;
        const std::size_t before = shape.all_[0]->outputs().plan().outputs.size();
        if (before == graph.outputs.size()) return;
        throw ShapeError(
            fmt::format("program: the formula has {} outputs for one example and {} for another. Return as "
                        "many for each.",
                        before, graph.outputs.size()));
    }

    Parameters parameters_;
    Formula formula_;
    CompileOptions options_;
    Turn turn_;         // to record: the formula need not be made for several threads at once
    std::mutex mutex_;  // of what follows
    std::unordered_map<std::size_t, PathsOfShape<T>> shapes_;
    std::vector<const Path<T>*> in_order_;
};

}  // namespace gradus::detail
