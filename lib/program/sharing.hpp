// SPDX-License-Identifier: MIT
// Sharing: deals a batch out to the paths that its examples take, each path's examples to parts, and these to
// chunks that a machine takes at once. What is computed of a chunk is the job's business (jobs.hpp).
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <vector>

#include "gradus/data.hpp"
#include "paths.hpp"
#include "pool.hpp"

namespace gradus::detail {

/// Parts of a batch, which may run at the same time. How many there are, and what is in them, depends on the
/// batch alone: so do the sums over the parts.
constexpr std::size_t kMostParts = 8;

/// Some examples of a batch, by their numbers.
struct Chosen {
    const std::size_t* list = nullptr;  // null: all from `first` on
    std::size_t first = 0;
    std::size_t count = 0;

    std::size_t operator[](std::size_t i) const { return list == nullptr ? first + i : list[first + i]; }
    [[nodiscard]] Chosen part(std::size_t begin, std::size_t size) const {
        return {list, first + begin, size};
    }
};

/// What is computed of examples that ran forward.
template <class T>
class Job {
   public:
    Job() = default;
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;
    virtual ~Job() = default;

    virtual void begin(const Plan&, std::size_t /*parts*/) {}
    // Parts run on several threads: start, some chunks, then end, or fail if something was thrown.
    virtual void start(std::size_t /*part*/) {}
    virtual void take(std::size_t part, Machine<T>& machine, const Chosen& examples) = 0;
    virtual void end(std::size_t /*part*/, Machine<T>&) {}
    virtual void fail(std::size_t /*part*/) {}
    virtual void finish() {}
};

/// Memory that a call needs. It is kept for the next one.
template <class T>
struct Workspace {
    struct Part {
        std::vector<std::size_t> staying, leaving;  // examples that take a path, and those that do not
        std::vector<double> numbers;                // of the examples of a chunk
    };
    std::array<Part, kMostParts> parts;
    std::vector<std::size_t> left, staying, leaving;
    std::vector<T> parameters, gradients;

    // What the last call met: the next one likely meets the same, and need not ask for it.
    PathsOfShape<T>* shape = nullptr;
    std::size_t columns = 0;  // of that shape
    Runner<T>* runner = nullptr;
    typename Runner<T>::Lent machine;  // that ran a batch of a single part
};

template <class T>
class Sharing {
   public:
    /// Without a pool, all parts run on this thread.
    Sharing(Paths<T>& paths, Pool* pool, std::size_t threads, Workspace<T>& space)
        : paths_(paths), pool_(pool), threads_(threads), space_(space) {}

    struct How {
        Runner<T>& (Path<T>::*what)() = &Path<T>::outputs;
        std::size_t most_at_once = static_cast<std::size_t>(-1);  // examples in a chunk
    };

    /// Run each example of a batch on its path, and the job with it. A chunk of examples that all take a path
    /// runs once. Where some leave it, those that stay run again, without them.
    void run(const Batch& batch, const T* parameters, Job<T>& job, const How& how) {
        if (space_.shape == nullptr || space_.columns != batch.columns()) {
            space_.shape = &paths_.shape(batch.columns());
            space_.columns = batch.columns();
        }
        PathsOfShape<T>& shape = *space_.shape;
        const Path<T>* last = nullptr;  // that the examples left
        Chosen left{.count = batch.size()};
        while (left.count > 0) {
            Path<T>* path = shape.after(last);
            const bool is_recorded = path == nullptr;
            if (is_recorded)
                path = &paths_.record(shape,
                                      {numbers(batch, left.part(0, 1), space_.parts[0]), batch.columns()});
            if (path == shape.after(last)) last = path;
            Runner<T>& runner = (path->*how.what)();
            // The path was recorded for the first example: that it leaves is rounding at a tie.
            const Run run{batch, parameters, job, runner, std::min(runner.width(), how.most_at_once)};
            if (runner.plan().guards.empty()) {
                run_parts(run, left, Guards::ignored);
                space_.leaving.clear();
                if (!path->is_confirmed) confirm(*path, batch, left, is_recorded);
                return;
            }
            run_parts(run, left, is_recorded ? Guards::ignored_by_first : Guards::checked);
            gather(&Workspace<T>::Part::staying, space_.staying);
            gather(&Workspace<T>::Part::leaving, space_.leaving);
            if (!space_.staying.empty()) run_parts(run, all_of(space_.staying), Guards::ignored);
            if (!path->is_confirmed) confirm(*path, batch, left, is_recorded);
            space_.left.swap(space_.leaving);
            left = all_of(space_.left);
        }
    }

   private:
    enum class Guards { ignored, ignored_by_first, checked };
    struct Run {
        const Batch& batch;
        const T* parameters;
        Job<T>& job;
        Runner<T>& runner;
        std::size_t width;
    };

    static Chosen all_of(const std::vector<std::size_t>& list) { return {list.data(), 0, list.size()}; }

    /// Confirm a path with the last example that stayed on it, if there is another than the recorded first
    /// one.
    void confirm(Path<T>& path, const Batch& batch, const Chosen& examples, bool is_first_recorded) {
        const auto& leaving = space_.leaving;
        std::size_t last = examples.count - 1;
        const auto leaves = [&](std::size_t e) {
            return std::binary_search(leaving.begin(), leaving.end(), e);
        };
        while (last > 0 && leaves(examples[last])) --last;
        if (last == 0 && (is_first_recorded || leaves(examples[0]))) return;
        paths_.confirm(path, {numbers(batch, examples.part(last, 1), space_.parts[0]), batch.columns()});
    }

    void run_parts(const Run& run, const Chosen& examples, Guards guards) {
        const std::size_t chunks = (examples.count + run.width - 1) / run.width;
        const std::size_t parts = std::min(kMostParts, chunks);
        const std::size_t most = std::min(run.width, examples.count);  // examples that run at once
        run.job.begin(run.runner.plan(), parts);
        const auto run_chunks = [&](std::size_t part, Machine<T>& machine) {
            machine.begin(run.parameters);
            for (std::size_t first = part * run.width; first < examples.count; first += parts * run.width) {
                const Chosen chunk = examples.part(first, std::min(run.width, examples.count - first));
                machine.forward(numbers(run.batch, chunk, space_.parts[part]), chunk.count);
                const bool first_stays = first == 0 && guards == Guards::ignored_by_first;
                if (guards == Guards::ignored || all_stay(machine, chunk, first_stays, space_.parts[part]))
                    run.job.take(part, machine, chunk);
            }
            run.job.end(part, machine);
        };
        const auto run_part = [&](std::size_t part) {
            run.job.start(part);
            try {
                if (parts == 1) return run_chunks(part, kept_machine(run.runner, most));
                auto lent = run.runner.lend(most);
                run_chunks(part, *lent.machine);
                run.runner.take_back(std::move(lent));
            } catch (...) {
                run.job.fail(part);
                throw;
            }
        };
        if (guards != Guards::ignored) {
            for (auto& part : space_.parts) part.staying.clear(), part.leaving.clear();
        }
        if (pool_ == nullptr || parts == 1) {
            for (std::size_t part = 0; part < parts; ++part) run_part(part);
        } else {
            run.runner.reserve(std::min(threads_, parts), most);
            pool_->run(parts, std::ref(run_part));
        }
        run.job.finish();
    }

    /// Return the machine of the last call, if it is one of this runner with room enough, or else another.
    Machine<T>& kept_machine(Runner<T>& runner, std::size_t examples) {
        if (space_.runner != &runner || space_.machine.room < examples) {
            if (space_.runner != nullptr) space_.runner->take_back(std::move(space_.machine));
            space_.runner = nullptr;
            space_.machine = runner.lend(examples);
            space_.runner = &runner;
        }
        return *space_.machine.machine;
    }

    /// Return whether all examples of a chunk take the path. If not, note which do and which do not.
    static bool all_stay(const Machine<T>& machine, const Chosen& chunk, bool first_stays,
                         typename Workspace<T>::Part& part) {
        const std::size_t before = part.leaving.size();
        for (std::size_t e = 0; e < chunk.count; ++e) {
            const bool stays = machine.holds(e) || (e == 0 && first_stays);
            (stays ? part.staying : part.leaving).push_back(chunk[e]);
        }
        if (part.leaving.size() > before) return false;
        part.staying.resize(part.staying.size() - chunk.count);
        return true;
    }

    /// Collect what the parts noted, in the order of the examples.
    void gather(std::vector<std::size_t> Workspace<T>::Part::*noted, std::vector<std::size_t>& all) {
        all.clear();
        for (const auto& part : space_.parts)
            all.insert(all.end(), (part.*noted).begin(), (part.*noted).end());
        std::sort(all.begin(), all.end());
    }

    /// Return the numbers of examples side by side: where they are, or copied.
    static const double* numbers(const Batch& batch, const Chosen& examples,
                                 typename Workspace<T>::Part& part) {
        const std::size_t columns = batch.columns();
        if (examples.list == nullptr && batch.is_contiguous())
            return batch.numbers().data() + examples.first * columns;
        part.numbers.resize(examples.count * columns);
        for (std::size_t e = 0; e < examples.count; ++e)
            batch.copy(examples[e], std::span(part.numbers).subspan(e * columns, columns));
        return part.numbers.data();
    }

    Paths<T>& paths_;
    Pool* pool_;
    std::size_t threads_;  // of the pool
    Workspace<T>& space_;
};

}  // namespace gradus::detail
