// SPDX-License-Identifier: MIT
// Engines "gradus-program", "-f32" and "-2t": formulas compiled once; of sums over examples, that of one.
#include "gradus/program.hpp"

#include <algorithm>

#include "engine.hpp"
#include "gradus/functions.hpp"
#include "gradus/parameters.hpp"
#include "gradus/reduce.hpp"

namespace benchmarks {

namespace {

using gradus::CompileOptions;
using gradus::Value;

/// Operations instead of comparisons: a program has one path then.
struct Operations {
    template <class T, class X>
    static T largest(const X& x, std::size_t) {
        return gradus::max(x);
    }
};

template <class W, CompileOptions Options>
class CompiledFormula : public Task {
   public:
    explicit CompiledFormula(const std::vector<double>& p)
        : program_(
              filled(block_, p),
              [this](std::span<const Value> x) { return std::vector<Value>{value_of(block_.view(), x)}; },
              Options) {}

    double gradient(std::size_t) override {
        block_.zero_gradients();
        if constexpr (HasExamples<W>)
            return program_.value_and_gradient({workload<W>().examples(), W::kExamples});
        else
            return program_.value_and_gradient({});
    }

    double slope(std::span<const double> direction) override {
        return product(direction, block_.gradients());
    }

   private:
    /// A program computes the mean over the examples, the workload their sum.
    static Value value_of(const gradus::ParameterView& p, [[maybe_unused]] std::span<const Value> x) {
        if constexpr (HasExamples<W>)
            return static_cast<double>(W::kExamples) * W::template example<Value, Operations>(p, x.data());
        else
            return workload<W>().template operator()<Value, Operations>(p);
    }

    static const gradus::Parameters& filled(gradus::Parameters& block, const std::vector<double>& p) {
        block.add("p", {p.size()});
        std::ranges::copy(p, block.values().begin());
        return block;
    }

    gradus::Parameters block_;
    gradus::Program program_;
};

template <class W>
using InDouble = CompiledFormula<W, CompileOptions{}>;

template <class W>
using InFloat = CompiledFormula<W, CompileOptions{.single_precision = true}>;

template <class W>
using OnTwoThreads = CompiledFormula<W, CompileOptions{.threads = 2}>;

}  // namespace

void add_program(std::vector<Run>& runs) {
    using All = std::tuple<SmallMlp, LargeMlp, Gmm<10>, Chain, RungeKutta, Determinant, Dot, Tiny,
                           LogSumExp<100'000>, Gmm<20>, RungeKuttaChain, RungeKuttaDense, LogSumExp<640'000>>;
    using Batches = std::tuple<Gmm<10>, Gmm<20>>;
    add_tasks<InDouble, All>(runs, {"gradus-program"});
    add_tasks<InFloat, Batches>(runs, {.name = "gradus-program-f32", .tolerance = 1e-4});
    add_tasks<OnTwoThreads, Batches>(runs, {.name = "gradus-program-2t", .has_threads = true});
}

}  // namespace benchmarks
