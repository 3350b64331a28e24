// SPDX-License-Identifier: MIT
// Engines "gradus-program", "-f32" and "-2t": the losses of one example or document, compiled for batches.
#include <algorithm>
#include <map>

#include "engine.hpp"
#include "gradus/functions.hpp"
#include "gradus/losses.hpp"
#include "gradus/parameters.hpp"
#include "gradus/program.hpp"
#include "gradus/reduce.hpp"
#include "training_scalars.hpp"

namespace benchmarks {

namespace {

using gradus::CompileOptions;
using gradus::ParameterView;
using gradus::Value;

/// Loops of scalars, with operations instead of comparisons and of indices: a program has one path then.
struct Operations : Loops<Value> {
    static Value activate(Activation f, const Value& x) {
        if (f == Activation::relu) return relu(x);
        if (f == Activation::sigmoid) return sigmoid(x);
        if (f == Activation::tanh) return tanh(x);
        return x;
    }
    static Value sum_log_exp(const std::vector<Value>& x) { return gradus::logsumexp(x); }
    static std::span<Value> softmax(const std::vector<Value>& x) { return gradus::softmax(x); }

    static Value pick(const std::vector<Value>& x, const Value& position) {
        return gradus::pick(x, position);
    }
    static Value pick(const ParameterView& p, std::size_t offset, std::size_t columns, const Value& row,
                      std::size_t column) {
        std::vector<Value> all;
        for (std::size_t i = 0; i < GptBatch::kTokens; ++i) all.push_back(p[offset + i * columns + column]);
        return gradus::pick(all, row);
    }
};

/// Numbers of examples, as many for each.
struct Examples {
    std::vector<double> numbers;  // (count, any)
    std::size_t count = 0;

    void add(std::span<const double> example) {
        numbers.insert(numbers.end(), example.begin(), example.end());
        ++count;
    }
};

// ---- perceptrons: an example is its inputs and its target

template <IsPerceptron W>
Value loss_of(const ParameterView& p, std::span<const Value> example) {
    const std::span<const Value> inputs = example.first(W::kInputs);
    const Value& target = example.back();
    std::vector<Value> x(inputs.begin(), inputs.end()), y;
    for (std::size_t i = 0; i < W::kLayers; ++i) {
        layer<Value, Operations>(workload<W>(), i, p, x.data(), y);
        swap(x, y);
    }
    if constexpr (W::kLoss == Loss::hinge) return relu(1.0 - target * x[0]);
    if constexpr (W::kLoss == Loss::squared_error) return gradus::squared_error(x[0], target);
    return gradus::softmax_cross_entropy(x, target);
}

template <IsPerceptron W>
std::vector<Examples> examples_of(std::size_t) {
    const W& w = workload<W>();
    Examples all;
    for (std::size_t e = 0; e < W::kBatch; ++e) {
        std::vector<double> example(&w.inputs[e * W::kInputs], &w.inputs[e * W::kInputs] + W::kInputs);
        example.push_back(w.targets[e]);
        all.add(example);
    }
    return {all};
}

// ---- language models: an example is its share of the step, then its tokens

template <IsGpt W>
Value loss_of(const ParameterView& p, std::span<const Value> example) {
    return example[0] * GptLoss<Value, Operations, W, ParameterView>(p)(example.subspan(1));
}

/// Documents of one length are computed together: their mean loss counts by how many they are.
template <IsGpt W>
std::vector<Examples> examples_of(std::size_t step) {
    const auto documents = workload<W>().of_step(step);
    std::map<std::size_t, std::size_t> counts;
    for (const auto& document : documents) ++counts[document.size()];
    std::map<std::size_t, Examples> by_length;
    for (const auto& document : documents) {
        const auto count = static_cast<double>(counts[document.size()]);
        std::vector<double> example{count / static_cast<double>(documents.size())};
        example.insert(example.end(), document.begin(), document.end());
        by_length[document.size()].add(example);
    }
    std::vector<Examples> all;
    for (auto& [length, examples] : by_length) all.push_back(std::move(examples));
    return all;
}

// ---- engines

template <class W, CompileOptions Options>
class CompiledTraining : public Task {
   public:
    explicit CompiledTraining(const std::vector<double>& p)
        : program_(
              filled(block_, p),
              [this](std::span<const Value> x) { return std::vector<Value>{loss_of<W>(block_.view(), x)}; },
              Options) {
        for (std::size_t step = 0; step < W::kSteps; ++step) steps_.push_back(examples_of<W>(step));
    }

    double gradient(std::size_t step) override {
        block_.zero_gradients();
        double sum = 0.0;
        for (const Examples& examples : steps_[step])
            sum += program_.value_and_gradient({examples.numbers, examples.count});
        return sum;
    }

    double slope(std::span<const double> direction) override {
        return product(direction, block_.gradients());
    }

   private:
    static const gradus::Parameters& filled(gradus::Parameters& block, const std::vector<double>& p) {
        block.add("p", {p.size()});
        std::ranges::copy(p, block.values().begin());
        return block;
    }

    gradus::Parameters block_;
    gradus::Program program_;
    std::vector<std::vector<Examples>> steps_;  // examples of one shape together
};

template <class W>
using InDouble = CompiledTraining<W, CompileOptions{}>;

template <class W>
using InFloat = CompiledTraining<W, CompileOptions{.single_precision = true}>;

template <class W>
using OnTwoThreads = CompiledTraining<W, CompileOptions{.threads = 2}>;

}  // namespace

void add_training_program(std::vector<Run>& runs) {
    using All = std::tuple<Gpt<16, 16, false>, Gpt<64, 64, false>, Gpt<64, 64, true>, Moons, SeedNetwork,
                           Digits<1>, Digits<32>, Mnist<1>, Mnist<64>, GptBatch, GptSortedBatch, Mnist1024>;
    add_training<InDouble, All>(runs, {"gradus-program"});
    add_training<InFloat, All>(runs, {.name = "gradus-program-f32", .tolerance = 1e-4});
    add_training<OnTwoThreads, std::tuple<Mnist1024>>(runs,
                                                      {.name = "gradus-program-2t", .has_threads = true});
}

}  // namespace benchmarks
