// SPDX-License-Identifier: MIT
// What a program does with a batch: find the path of each example, share the examples out, add up.
#include "gradus/program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <mutex>
#include <numeric>
#include <optional>

#include "derivative.hpp"
#include "gradus/error.hpp"
#include "machine.hpp"
#include "passes.hpp"
#include "pool.hpp"

namespace gradus {
namespace {

using detail::Graph;
using detail::Plan;

/// Examples in one run of a machine: as many as keep its numbers near the processor, whole vectors of them.
std::size_t width_of(const Plan& plan) {
    constexpr std::size_t kNumbers = std::size_t{1} << 16, kLeast = 16, kMost = 64;
    return std::clamp(kNumbers / (plan.lanes + 1) / kLeast * kLeast, kLeast, kMost);
}

/// Partial sums of a batch. How many there are depends on the batch alone, and so do their terms.
constexpr std::size_t kMostParts = 8;

/// Record the formula for one example, on a graph of its own.
Graph record(const Parameters& parameters, std::span<const double> inputs, const Formula& formula) {
    Tape tape{Tape::Mode::graph};
    const Recording on(tape);
    const std::vector<Value> x = variables(inputs);
    const Slot first = detail::slot_of(parameters.view().first());
    return detail::collect(tape, formula(x), inputs.size(), first, parameters.size());
}

/// Run the passes that make a graph smaller, and tell what each one left.
Graph reduce(Graph graph, std::string& story) {
    const auto tell = [&](const char* pass) {
        const std::size_t leaves = graph.inputs + graph.parameters;
        story += fmt::format("  {:<24} {:>9} entries\n", pass, graph.size() - std::min(leaves, graph.size()));
    };
    tell("recorded");
    graph = detail::remove_dead(graph);
    tell("without dead code");
    graph = detail::fold_constants(graph);
    tell("constants folded");
    graph = detail::merge_repeated(graph);
    tell("repetitions merged");
    graph = detail::remove_dead(detail::flatten_sums(graph));
    tell("sums flattened");
    return graph;
}

/// Arrange the directional derivative of a reduced graph. Its sums are left as they are: rows stay rows.
Plan arrange_derivative(const Graph& graph) {
    Graph derivative = detail::fold_constants(detail::directional_derivative(graph));
    return detail::arrange(detail::merge_repeated(derivative));
}

std::string describe(const detail::Instruction& i) {
    if (i.op == detail::kProduct) {
        const std::string by = i.times == 1 ? "" : fmt::format(" x ({},{})", i.arity, i.times);
        return fmt::format("    product   ({},{}){}\n", i.rows, i.arity, by);
    }
    const std::string each = i.arity == 1 ? "" : fmt::format(", each of {}", i.arity);
    return fmt::format("    {:<9} ({}){}\n", detail::operation_name(i.op), i.count, each);
}

/// One path through the formula, compiled, and machines that run it.
template <class T>
class Path {
   public:
    Path(std::size_t inputs, Graph graph)
        : inputs_(inputs),
          signature_(graph.signature()),
          graph_(reduce(std::move(graph), story_)),
          plan_(detail::arrange(graph_)) {
        story_ += fmt::format("  {} instructions once a batch, {} for the examples:\n", plan_.once.size(),
                              plan_.every.size());
        for (const auto* part : {&plan_.once, &plan_.every}) {
            for (const detail::Instruction& i : *part) story_ += gradus::describe(i);
        }
    }

    [[nodiscard]] std::size_t inputs() const { return inputs_; }
    [[nodiscard]] std::uint64_t signature() const { return signature_; }
    [[nodiscard]] const Plan& plan() const { return plan_; }
    [[nodiscard]] const std::string& story() const { return story_; }

    /// Return the plan of the directional derivative, made at the first call.
    const Plan& derivative() {
        const std::lock_guard lock(mutex_);
        if (!derivative_) derivative_ = arrange_derivative(graph_);
        return *derivative_;
    }

    using Machine = std::unique_ptr<detail::Machine<T>>;

    /// Lend a machine that nobody uses.
    Machine take() {
        const std::lock_guard lock(mutex_);
        if (idle_.empty()) return std::make_unique<detail::Machine<T>>(plan_, width_of(plan_));
        Machine machine = std::move(idle_.back());
        idle_.pop_back();
        return machine;
    }
    void give_back(Machine machine) {
        const std::lock_guard lock(mutex_);
        idle_.push_back(std::move(machine));
    }

   private:
    std::size_t inputs_;
    std::uint64_t signature_;
    std::string story_;
    Graph graph_;
    Plan plan_;
    std::optional<Plan> derivative_;
    std::mutex mutex_;
    std::vector<Machine> idle_;
};

/// The gradients of the parts of a batch, on their way to the block. A single one goes there at once.
template <class T>
class GradientSums {
   public:
    GradientSums(const Parameters& block, std::size_t parts)
        : block_(block), size_(block.size()), at_once_(parts == 1 && std::is_same_v<T, double>) {
        if (!at_once_) sums_.resize(parts * size_);
    }

    T* of(std::size_t part) {
        if constexpr (std::is_same_v<T, double>) {
            if (at_once_) return block_.gradients().data();
        }
        return sums_.data() + part * size_;
    }

    /// Add the sums to the gradients of the block, part by part.
    void add_up() const {
        const std::span<double> to = block_.gradients();
        for (auto from = sums_.begin(); from != sums_.end(); from += static_cast<std::ptrdiff_t>(size_)) {
            for (std::size_t i = 0; i < size_; ++i)
                to[i] += static_cast<double>(from[static_cast<std::ptrdiff_t>(i)]);
        }
    }

   private:
    const Parameters& block_;
    std::size_t size_;
    bool at_once_;
    std::vector<T> sums_;  // (parts, size)
};

}  // namespace

class Program::Compiled {
   public:
    virtual ~Compiled() = default;
    virtual std::vector<double> values(std::span<const double> inputs, std::size_t examples) = 0;
    virtual double value_and_gradient(std::span<const double> inputs, std::size_t examples) = 0;
    virtual std::vector<double> per_example_gradients(std::span<const double> inputs,
                                                      std::size_t examples) = 0;
    virtual std::vector<double> hessian_vectors(std::span<const double> inputs, std::size_t examples,
                                                std::span<const double> directions) = 0;
    virtual std::string describe() = 0;

    [[nodiscard]] virtual std::size_t parameters() const = 0;

    template <class T>
    class With;
};

/// A program that computes with T.
template <class T>
class Program::Compiled::With : public Compiled {
   public:
    With(const Parameters& parameters, Formula formula, const CompileOptions& options)
        : parameters_(parameters), formula_(std::move(formula)), options_(options), pool_(options.threads) {}

    std::vector<double> values(std::span<const double> inputs, std::size_t examples) override {
        std::vector<double> all;
        each_path(inputs, examples,
                  [&](Path<T>& path, std::span<const double> x, std::span<const std::size_t> which) {
                      const std::size_t outputs = path.plan().outputs.size();
                      all.resize(examples * outputs);
                      each_chunk(
                          path, x, which.size(),
                          [&](std::size_t, detail::Machine<T>& machine, std::size_t first, std::size_t n) {
                              for (std::size_t k = 0; k < outputs; ++k) {
                                  const T* const y = machine.output(k);
                                  const bool uniform = path.plan().is_uniform(path.plan().outputs[k]);
                                  for (std::size_t e = 0; e < n; ++e)
                                      all[which[first + e] * outputs + k] =
                                          static_cast<double>(y[uniform ? 0 : e]);
                              }
                          });
                  });
        return all;
    }

    double value_and_gradient(std::span<const double> inputs, std::size_t examples) override {
        const double seed = 1.0 / static_cast<double>(examples);
        double total = 0.0;
        each_path(
            inputs, examples,
            [&](Path<T>& path, std::span<const double> x, std::span<const std::size_t> which) {
                require_one_output(path.plan());
                const bool uniform = path.plan().is_uniform(path.plan().outputs[0]);
                std::array<double, kMostParts> sums{};
                GradientSums<T> gradients(parameters_, part_count(path, which.size()));
                each_chunk(
                    path, x, which.size(),
                    [&](std::size_t part, detail::Machine<T>& machine, std::size_t, std::size_t n) {
                        const T* const y = machine.output(0);
                        for (std::size_t e = 0; e < n; ++e)
                            sums[part] += static_cast<double>(y[uniform ? 0 : e]);
                        machine.backward({&seed, 1}, gradients.of(part));
                    },
                    [&](std::size_t part, detail::Machine<T>& machine) { machine.end(gradients.of(part)); });
                total = std::accumulate(sums.begin(), sums.end(), total);
                gradients.add_up();
            });
        return total * seed;
    }

    std::vector<double> per_example_gradients(std::span<const double> inputs, std::size_t examples) override {
        std::vector<double> all(examples * parameters_.size());
        each_path(inputs, examples,
                  [&](Path<T>& path, std::span<const double> x, std::span<const std::size_t> which) {
                      require_one_output(path.plan());
                      auto machine = path.take();
                      const std::vector<T> numbers(parameters_.values().begin(), parameters_.values().end());
                      std::vector<T> gradient(numbers.size());
                      const double seed = 1.0;
                      for (std::size_t e = 0; e < which.size(); ++e) {
                          std::fill(gradient.begin(), gradient.end(), T{0});
                          machine->begin(numbers.data());
                          machine->forward(x.data() + e * path.inputs(), 1);
                          machine->backward({&seed, 1}, gradient.data());
                          machine->end(gradient.data());
                          std::copy(gradient.begin(), gradient.end(),
                                    all.begin() + static_cast<std::ptrdiff_t>(which[e] * gradient.size()));
                      }
                      path.give_back(std::move(machine));
                  });
        return all;
    }

    std::vector<double> hessian_vectors(std::span<const double> inputs, std::size_t examples,
                                        std::span<const double> directions) override {
        const std::size_t n = parameters_.size();
        std::vector<double> all(directions.size());
        each_path(inputs, examples,
                  [&](Path<T>& path, std::span<const double> x, std::span<const std::size_t> which) {
                      require_one_output(path.plan());
                      const Plan& plan = path.derivative();
                      const std::size_t width = width_of(plan);
                      detail::Machine<T> machine(plan, width);
                      std::vector<T> numbers(parameters_.values().begin(), parameters_.values().end());
                      numbers.resize(2 * n);
                      std::vector<T> gradient(2 * n);  // the product, then the gradient itself
                      const double seed = 1.0 / static_cast<double>(examples);
                      for (std::size_t row = 0; row < directions.size(); row += n) {
                          const auto direction = directions.subspan(row, n);
                          std::transform(direction.begin(), direction.end(),
                                         numbers.begin() + static_cast<std::ptrdiff_t>(n),
                                         [](double d) { return static_cast<T>(d); });
                          std::fill(gradient.begin(), gradient.end(), T{0});
                          machine.begin(numbers.data());
                          for (std::size_t first = 0; first < which.size(); first += width) {
                              machine.forward(x.data() + first * path.inputs(),
                                              std::min(width, which.size() - first));
                              machine.backward({&seed, 1}, gradient.data());
                          }
                          machine.end(gradient.data());
                          for (std::size_t i = 0; i < n; ++i)
                              all[row + i] += static_cast<double>(gradient[i]);
                      }
                  });
        return all;
    }

    [[nodiscard]] std::size_t parameters() const override { return parameters_.size(); }

    std::string describe() override {
        const std::lock_guard lock(mutex_);
        std::string text;
        for (const Path<T>& path : paths_)
            text += fmt::format("path of {} inputs\n{}", path.inputs(), path.story());
        return text.empty() ? "not compiled yet: it has met no example\n" : text;
    }

   private:
    static void require_one_output(const Plan& plan) {
        if (plan.outputs.size() == 1) return;
        throw ShapeError(fmt::format(
            "program: the gradient of one output is defined, but there are {}. Return one, such as a loss.",
            plan.outputs.size()));
    }

    /// Find the path of each example, and call f(path, inputs, numbers of the examples) for those of each.
    template <class F>
    void each_path(std::span<const double> inputs, std::size_t examples, F f) {
        if (examples == 0 || inputs.size() % examples != 0) {
            throw ShapeError(fmt::format(
                "program: the inputs cannot be shared out: {} numbers among {} examples. Give each as many.",
                inputs.size(), examples));
        }
        const std::size_t columns = inputs.size() / examples;
        std::vector<std::size_t> left(examples);
        std::iota(left.begin(), left.end(), std::size_t{0});
        std::vector<double> copied;  // the inputs of those that are left, unless these are all
        for (std::size_t k = 0; !left.empty(); ++k) {
            const std::span<const double> x = copied.empty() ? inputs : std::span<const double>(copied);
            Path<T>* path = known_path(k);
            const bool is_recorded = path == nullptr;
            if (is_recorded) path = &record_path(x.first(columns));
            if (path->inputs() != columns) continue;
            std::vector<std::size_t> others = leave(*path, x, left);
            // The path was recorded for the first example: that it leaves is rounding at a tie.
            if (is_recorded && !others.empty() && others[0] == left[0]) others.erase(others.begin());
            if (others.empty()) return f(*path, x, std::span<const std::size_t>(left));
            std::vector<std::size_t> mine;
            std::set_difference(left.begin(), left.end(), others.begin(), others.end(),
                                std::back_inserter(mine));
            const auto rows = [&](std::span<const std::size_t> numbers) {
                std::vector<double> of_these;
                for (const std::size_t e : numbers) {
                    const auto row = inputs.subspan(e * columns, columns);
                    of_these.insert(of_these.end(), row.begin(), row.end());
                }
                return of_these;
            };
            if (!mine.empty())
                f(*path, std::span<const double>(rows(mine)), std::span<const std::size_t>(mine));
            copied = rows(others);
            left = others;
        }
    }

    /// Return the path of that number; null after the last.
    Path<T>* known_path(std::size_t k) {
        const std::lock_guard lock(mutex_);
        return k < paths_.size() ? &paths_[k] : nullptr;
    }

    /// Return the path of an example, which is a new one unless a known one is the same.
    Path<T>& record_path(std::span<const double> example) {
        Graph graph = record(parameters_, example, formula_);
        const std::lock_guard lock(mutex_);
        for (Path<T>& path : paths_) {
            if (path.signature() == graph.signature()) return path;
        }
        if (paths_.size() == options_.max_paths) {
            throw TapeError(
                fmt::format("program: the formula takes more than {} paths through its comparisons. Replace "
                            "comparisons by operations such as max, abs, relu, or allow more with "
                            "CompileOptions::max_paths.",
                            options_.max_paths));
        }
        return paths_.emplace_back(example.size(), std::move(graph));
    }

    /// Return which of the examples do not take this path.
    std::vector<std::size_t> leave(Path<T>& path, std::span<const double> x,
                                   std::span<const std::size_t> examples) {
        std::vector<std::size_t> others;
        if (path.plan().guards.empty()) return others;
        std::vector<std::vector<std::size_t>> by_part(kMostParts);
        each_chunk(path, x, examples.size(),
                   [&](std::size_t part, detail::Machine<T>& machine, std::size_t first, std::size_t n) {
                       for (std::size_t e = 0; e < n; ++e) {
                           if (!machine.holds(e)) by_part[part].push_back(examples[first + e]);
                       }
                   });
        for (const auto& some : by_part) others.insert(others.end(), some.begin(), some.end());
        std::sort(others.begin(), others.end());
        return others;
    }

    static std::size_t part_count(const Path<T>& path, std::size_t examples) {
        const std::size_t width = width_of(path.plan());
        return std::min(kMostParts, (examples + width - 1) / width);
    }

    /// Run the examples forward in chunks, and call f(part, machine, first example, how many) after each one,
    /// end(part, machine) after the last one of each part. The parts run on the threads of the pool.
    template <class F, class End>
    void each_chunk(Path<T>& path, std::span<const double> x, std::size_t examples, F f, End end) {
        const std::size_t width = width_of(path.plan()), parts = part_count(path, examples);
        const std::span<const double> values = parameters_.values();
        std::vector<T> converted;
        const T* numbers = nullptr;
        if constexpr (std::is_same_v<T, double>) {
            numbers = values.data();
        } else {
            converted.assign(values.begin(), values.end());
            numbers = converted.data();
        }
        pool_.run(parts, [&](std::size_t part) {
            auto machine = path.take();
            machine->begin(numbers);
            for (std::size_t first = part * width; first < examples; first += parts * width) {
                const std::size_t n = std::min(width, examples - first);
                machine->forward(x.data() + first * path.inputs(), n);
                f(part, *machine, first, n);
            }
            end(part, *machine);
            path.give_back(std::move(machine));
        });
    }
    template <class F>
    void each_chunk(Path<T>& path, std::span<const double> x, std::size_t examples, F f) {
        each_chunk(path, x, examples, f, [](std::size_t, detail::Machine<T>&) {});
    }

    Parameters parameters_;
    Formula formula_;
    CompileOptions options_;
    detail::Pool pool_;
    std::mutex mutex_;
    std::deque<Path<T>> paths_;  // never moved, only more
};

Program::Program(const Parameters& parameters, Formula formula, const CompileOptions& options) {
    if (options.threads == 0 || options.max_paths == 0) {
        throw DomainError(
            fmt::format("compile: there must be at least one thread and one path: found {} and {}.",
                        options.threads, options.max_paths));
    }
    if (options.single_precision) {
        compiled_ = std::make_unique<Compiled::With<float>>(parameters, std::move(formula), options);
    } else {
        compiled_ = std::make_unique<Compiled::With<double>>(parameters, std::move(formula), options);
    }
}

Program::~Program() = default;
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;

std::vector<double> Program::values(std::span<const double> inputs, std::size_t examples) const {
    return compiled_->values(inputs, examples);
}
double Program::value_and_gradient(std::span<const double> inputs, std::size_t examples) const {
    return compiled_->value_and_gradient(inputs, examples);
}
std::vector<double> Program::per_example_gradients(std::span<const double> inputs,
                                                   std::size_t examples) const {
    return compiled_->per_example_gradients(inputs, examples);
}
std::vector<double> Program::hessian_vector(std::span<const double> inputs, std::size_t examples,
                                            std::span<const double> direction) const {
    if (direction.size() != compiled_->parameters()) {
        throw ShapeError(fmt::format(
            "hessian_vector: the direction must have a number for each parameter: it has {}, they are {}.",
            direction.size(), compiled_->parameters()));
    }
    return compiled_->hessian_vectors(inputs, examples, direction);
}
std::vector<double> Program::hessian(std::span<const double> inputs, std::size_t examples) const {
    const std::size_t n = compiled_->parameters();
    std::vector<double> axes(n * n);
    for (std::size_t i = 0; i < n; ++i) axes[i * n + i] = 1.0;
    return compiled_->hessian_vectors(inputs, examples, axes);
}
std::string Program::describe() const { return compiled_->describe(); }

}  // namespace gradus
