// SPDX-License-Identifier: MIT
// Engine "gradus-program": the perceptrons, written with values for one example and compiled for the batch.
#include <algorithm>

#include "engine.hpp"
#include "gradus/functions.hpp"
#include "gradus/losses.hpp"
#include "gradus/parameters.hpp"
#include "gradus/program.hpp"
#include "training_scalars.hpp"

namespace benchmarks {

namespace {

using gradus::Value;

/// Operations instead of comparisons: a program has one path then.
Value activation(Activation f, const Value& x) {
    if (f == Activation::relu) return relu(x);
    if (f == Activation::sigmoid) return sigmoid(x);
    if (f == Activation::tanh) return tanh(x);
    return x;
}

/// The loss of one example, with loops over scalars.
template <class W>
Value loss_of(const gradus::Parameters& block, std::span<const Value> inputs, const Value& target) {
    const auto p = block.view();
    std::vector<Value> x(inputs.begin(), inputs.end()), y;
    for (std::size_t i = 0; i < W::kLayers; ++i) {
        y.resize(W::kWidths[i + 1]);
        for (std::size_t j = 0; j < y.size(); ++j) {
            const Value sum = Loops<Value>::dot(p, W::weights(i) + j * x.size(), x.data(), x.size());
            y[j] = activation(i + 1 == W::kLayers ? W::kOutput : W::kHidden, sum + p[W::biases(i) + j]);
        }
        swap(x, y);
    }
    if constexpr (W::kLoss == Loss::hinge) return relu(1.0 - target * x[0]);
    if constexpr (W::kLoss == Loss::squared_error) return gradus::squared_error(x[0], target);
    return gradus::softmax_cross_entropy(x, target);
}

template <class W>
class CompiledTraining : public Task {
   public:
    explicit CompiledTraining(const std::vector<double>& p)
        : program_(filled(block_, p), [this](std::span<const Value> numbers) {
              return std::vector<Value>{loss_of<W>(block_, numbers.first(W::kInputs), numbers.back())};
          }) {
        const W& w = workload<W>();
        for (std::size_t e = 0; e < W::kBatch; ++e) {
            const auto row = std::span(w.inputs).subspan(e * W::kInputs, W::kInputs);
            batch_.insert(batch_.end(), row.begin(), row.end());
            batch_.push_back(w.targets[e]);
        }
    }

    double gradient(std::size_t) override {
        block_.zero_gradients();
        return program_.value_and_gradient(batch_, W::kBatch);
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
    std::vector<double> batch_;  // (batch, inputs and target)
};

}  // namespace

void add_training_program(std::vector<Run>& runs) {
    using Perceptrons = std::tuple<Moons, SeedNetwork, Digits<1>, Digits<32>, Mnist<1>, Mnist<64>>;
    add_training<CompiledTraining>(runs, "gradus-program", static_cast<const Perceptrons*>(nullptr));
}

}  // namespace benchmarks
