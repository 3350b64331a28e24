// SPDX-License-Identifier: MIT
// Measures the time of a gradient, recording included, for every workload and engine. First, all must agree.
// Each measurement is a process of its own: none finds the memory, or pays for the tape, of another.
#include <benchmark/benchmark.h>
#include <fmt/core.h>
#include <fmt/os.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <numeric>
#include <random>
#include <regex>
#include <string>

#include "engine.hpp"

namespace {

using benchmarks::Run;

struct Options {
    std::string json;
    std::string filter = ".*";
    std::string names;
    int repetitions = 3;
    double seconds = 0.04;
    bool quick = false;
};

/// What one process finds out about a run; in the end, the medians of all.
struct Result {
    double cold_ns = 0.0;  // of the first gradient
    double warm_ns = 0.0;  // of one measurement; in the end, of one gradient
    double check = 0.0;    // the number on which all engines must agree: values plus slopes along a direction
    benchmarks::TapeSize tape;
};

double median(std::vector<double> numbers) {
    if (numbers.empty()) return 0.0;
    const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
    std::nth_element(numbers.begin(), middle, numbers.end());
    return *middle;
}

std::string name_of(const Run& run) { return fmt::format("{}/{}", run.workload, run.engine.name); }

/// Return what a function finds in a new process: it is copied as bytes.
template <class F>
Result in_new_process(const Run& run, F&& function) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("cannot make a pipe");
    const pid_t child = fork();
    if (child < 0) throw std::runtime_error("cannot start a process");
    if (child == 0) {
        try {
            const Result found = function();
            _exit(write(ends[1], &found, sizeof found) == sizeof found ? 0 : 1);
        } catch (const std::exception& error) {
            fmt::print(stderr, "{}: {}\n", name_of(run), error.what());
            _exit(1);
        }
    }
    close(ends[1]);
    Result found;
    const bool complete = read(ends[0], &found, sizeof found) == sizeof found;
    close(ends[0]);
    waitpid(child, nullptr, 0);
    if (!complete) throw std::runtime_error(name_of(run) + " did not finish");
    return found;
}

/// Keeps the time of the one benchmark of this process.
class Collector : public benchmark::BenchmarkReporter {
   public:
    bool ReportContext(const Context&) override { return true; }
    void ReportRuns(const std::vector<Run>& runs) override {
        clock_ns = runs.front().GetAdjustedRealTime();
        processor_ns = runs.front().GetAdjustedCPUTime();
    }

    double clock_ns = 0.0, processor_ns = 0.0;
};

/// Return the mean time of one measurement of a task that has warmed up.
double measure(benchmarks::Task& task, const Run& run, const Options& options) {
    auto* registered = benchmark::RegisterBenchmark(name_of(run).c_str(), [&](benchmark::State& state) {
        for (auto _ : state) {
            std::size_t step = 0;
            for (int i = 0; i < run.repeats; ++i) {
                benchmark::DoNotOptimize(task.gradient(step));
                benchmark::ClobberMemory();
                if (++step == run.steps) step = 0;
            }
        }
    });
    registered->Unit(benchmark::kNanosecond);
    if (run.engine.has_threads) registered->UseRealTime();
    if (options.quick) {
        registered->Iterations(1);
    } else {
        registered->MinTime(options.seconds);
    }
    Collector collector;
    benchmark::RunSpecifiedBenchmarks(&collector);
    return run.engine.has_threads ? collector.clock_ns : collector.processor_ns;
}

/// The first gradient; a pass over all steps for the check, and another one, since a program records in its
/// first two calls; then the measurement.
Result first_and_warm(const Run& run, const Options& options) {
    const std::vector<double> x = run.parameters();
    const std::vector<double> direction = benchmarks::uniform(x.size(), 0.5, 1.5, 99);
    const std::unique_ptr<benchmarks::Task> task = run.start(x);
    Result result;
    const auto start = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(task->gradient(0));
    result.cold_ns =
        std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
    result.tape = task->tape_size();
    for (std::size_t step = 0; step < run.steps; ++step) {  // meets what the first one left behind
        result.check += task->gradient(step);
        result.check += task->slope(direction);
    }
    for (std::size_t step = 0; step < run.steps; ++step) benchmark::DoNotOptimize(task->gradient(step));
    result.warm_ns = measure(*task, run, options);
    return result;
}

/// Return whether each engine agrees with the first one of its workload, and say which does not.
bool all_agree(const std::vector<Run>& runs, const std::vector<Result>& results) {
    bool agree = true;
    std::map<std::string_view, std::size_t> first;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const std::size_t reference = first.emplace(runs[i].workload, i).first->second;
        const double expected = results[reference].check, found = results[i].check;
        const double tolerance = runs[i].engine.tolerance;
        if (std::abs(found - expected) <= tolerance * std::abs(expected)) continue;
        fmt::print(stderr, "{}: {} finds {:.15g}, but {} finds {:.15g}. The limit is {:g} of it.\n",
                   runs[i].workload, runs[i].engine.name, found, runs[reference].engine.name, expected,
                   tolerance);
        agree = false;
    }
    return agree;
}

std::string readable_time(double ns) {
    if (ns < 1e4) return fmt::format("{:.0f} ns", ns);
    if (ns < 1e7) return fmt::format("{:.1f} us", ns / 1e3);
    return fmt::format("{:.1f} ms", ns / 1e6);
}

/// Formulas: one line for each engine.
void print_formulas(const std::vector<Run>& runs, const std::vector<Result>& results) {
    fmt::print("One gradient, recording included. cold: the first one of a process.\n\n");
    fmt::print("{:<20}{:<20}{:>12}{:>10}{:>12}{:>14}{:>12}\n", "workload", "engine", "median", "x double",
               "cold", "tape bytes", "per entry");
    std::map<std::string_view, double> plain;
    std::string_view before;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const Run& run = runs[i];
        const Result& result = results[i];
        if (run.is_training) continue;
        if (!before.empty() && before != run.workload) fmt::print("\n");
        before = run.workload;
        if (run.engine.name == "double") plain[run.workload] = result.warm_ns;
        fmt::print("{:<20}{:<20}{:>12}", run.workload, run.engine.name, readable_time(result.warm_ns));
        fmt::print("{:>10}", plain.contains(run.workload)
                                 ? fmt::format("{:.2f}", result.warm_ns / plain[run.workload])
                                 : "-");
        fmt::print("{:>12}{:>14}{:>12}{}\n", readable_time(result.cold_ns), result.tape.bytes,
                   result.tape.entries == 0
                       ? "-"
                       : fmt::format("{:.1f}", static_cast<double>(result.tape.bytes) /
                                                   static_cast<double>(result.tape.entries)),
                   run.repeats == 1 ? "" : fmt::format("  ({} gradients; cold: one)", run.repeats));
    }
    fmt::print("\n");
}

/// Models: one line for each, one column for each engine.
void print_training(const std::vector<Run>& runs, const std::vector<Result>& results) {
    std::vector<std::string_view> models, engines;
    std::map<std::pair<std::string_view, std::string_view>, double> times;
    const auto add = [](std::vector<std::string_view>& names, std::string_view name) {
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    };
    for (std::size_t i = 0; i < runs.size(); ++i) {
        if (!runs[i].is_training) continue;
        add(models, runs[i].workload);
        add(engines, runs[i].engine.name);
        times[{runs[i].workload, runs[i].engine.name}] = results[i].warm_ns;
    }
    fmt::print(
        "Microseconds a training step (of language models: a document): loss and gradient, recording "
        "included. "
        "double: the loss alone.\n\n");
    fmt::print("{:<20}", "workload");
    for (const std::string_view engine : engines) fmt::print("{:>20}", engine);
    for (const std::string_view model : models) {
        fmt::print("\n{:<20}", model);
        for (const std::string_view engine : engines) {
            const auto time = times.find({model, engine});
            fmt::print("{:>20}", time == times.end() ? "-" : fmt::format("{:.2f}", time->second / 1e3));
        }
    }
    fmt::print("\n");
}

void print_tables(const std::vector<Run>& runs, const std::vector<Result>& results) {
    const auto is_training = [](const Run& run) { return run.is_training; };
    if (!std::ranges::all_of(runs, is_training)) print_formulas(runs, results);
    if (std::ranges::any_of(runs, is_training)) print_training(runs, results);
}

void write_json(const std::string& path, const std::vector<Run>& runs, const std::vector<Result>& results) {
    auto file = fmt::output_file(path);
    file.print("[");
    for (std::size_t i = 0; i < runs.size(); ++i) {
        file.print("{}\n  {{\"workload\": \"{}\", \"engine\": \"{}\", \"median_ns\": {:.1f}, \"bytes\": {}, ",
                   i == 0 ? "" : ",", runs[i].workload, runs[i].engine.name, results[i].warm_ns,
                   results[i].tape.bytes);
        file.print("\"check\": {:.17g}, \"cold_ns\": {:.1f}}}", results[i].check, results[i].cold_ns);
    }
    file.print("\n]\n");
}

int run_all(const Options& options) {
    std::vector<Run> runs = benchmarks::all_runs();
    const std::regex filter{options.filter};
    std::erase_if(runs, [&](const Run& run) { return !std::regex_search(name_of(run), filter); });
    if (runs.empty()) throw std::runtime_error("no workload/engine matches --filter " + options.filter);
    std::vector<std::string_view> order;
    for (const Run& run : runs) {
        if (std::find(order.begin(), order.end(), run.workload) == order.end()) order.push_back(run.workload);
    }
    std::stable_sort(runs.begin(), runs.end(), [&](const Run& a, const Run& b) {
        return std::find(order.begin(), order.end(), a.workload) <
               std::find(order.begin(), order.end(), b.workload);
    });

    std::vector<Result> results(runs.size());
    std::vector<std::vector<double>> cold(runs.size()), warm(runs.size());
    std::vector<std::size_t> turns(runs.size());
    std::iota(turns.begin(), turns.end(), std::size_t{0});
    std::mt19937 generator;
    for (int round = 0; round < (options.quick ? 1 : options.repetitions); ++round) {
        std::shuffle(turns.begin(), turns.end(), generator);
        for (const std::size_t i : turns) {
            results[i] = in_new_process(runs[i], [&] { return first_and_warm(runs[i], options); });
            cold[i].push_back(results[i].cold_ns);
            warm[i].push_back(results[i].warm_ns);
        }
        if (!all_agree(runs, results)) return 1;
    }
    for (std::size_t i = 0; i < runs.size(); ++i) {
        results[i].cold_ns = median(cold[i]);
        results[i].warm_ns = median(warm[i]) / static_cast<double>(runs[i].steps * runs[i].parts);
    }
    print_tables(runs, results);
    if (!options.json.empty()) write_json(options.json, runs, results);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app{"Measure gradients of formulas and of models, Gradus beside others."};
    app.add_option("--json", options.json, "Write the results to this file, as a JSON array");
    app.add_option("--filter", options.filter,
                   "Only the workload/engine pairs that match this regular expression");
    app.add_option("--names", options.names, "A file of names, one a line, that gpt-* train on");
    app.add_option("--repetitions", options.repetitions, "Repetitions, of which the median is reported")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--seconds", options.seconds, "Least time of a repetition")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_flag("--quick", options.quick, "One gradient each: says that it works, not how fast it is");
    CLI11_PARSE(app, argc, argv);
    try {
        if (!options.names.empty()) benchmarks::set_names(options.names);
        return run_all(options);
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench: {}\n", error.what());
        return 1;
    }
}
