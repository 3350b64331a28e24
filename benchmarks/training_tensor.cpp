// SPDX-License-Identifier: MIT
// Engine "gradus-tensor": the models with the tensors of the library.
#include <algorithm>
#include <string>

#include "engine.hpp"
#include "gradus/parameters.hpp"
#include "gradus/tape.hpp"
#include "gradus/tensor.hpp"
#include "gradus/tensor/attention.hpp"
#include "gradus/tensor/elementwise.hpp"
#include "gradus/tensor/losses.hpp"
#include "gradus/tensor/matmul.hpp"
#include "gradus/tensor/normalize.hpp"
#include "gradus/tensor/shaping.hpp"

namespace benchmarks {

namespace {

using gradus::Tensor;
using gradus::Value;

/// Parts of one block, in the order of the parameters.
class TensorTask : public Task {
   public:
    double slope(std::span<const double> direction) override {
        return product(direction, block_.gradients());
    }

    [[nodiscard]] TapeSize tape_size() const override { return size_; }

   protected:
    void add(const std::vector<std::size_t>& shape) {
        parts_.push_back(block_.add(std::to_string(parts_.size()), shape));
    }
    void set(const std::vector<double>& p) { std::ranges::copy(p, block_.values().begin()); }

    [[nodiscard]] Tensor part(std::size_t i) const { return parts_[i].tensor(); }

    template <class Loss>
    double gradient_of(Loss&& loss) {
        block_.zero_gradients();
        const gradus::Scope scope;
        const Value y = loss();
        gradus::backward(y);
        size_ = {gradus::Tape::current().bytes(), gradus::Tape::current().entry_count()};
        return y.value();
    }

   private:
    gradus::Parameters block_;
    std::vector<gradus::Parameter> parts_;
    TapeSize size_;
};

Tensor activate(Activation f, const Tensor& x) {
    if (f == Activation::relu) return relu(x);
    if (f == Activation::sigmoid) return sigmoid(x);
    if (f == Activation::tanh) return tanh(x);
    return x;
}

template <class W>
class TensorPerceptron : public TensorTask {
   public:
    explicit TensorPerceptron(const std::vector<double>& p)
        : inputs_(gradus::tensor(workload<W>().inputs, {W::kBatch, W::kInputs})),
          targets_(gradus::tensor(workload<W>().targets, {W::kBatch, 1})),
          labels_(workload<W>().targets.begin(), workload<W>().targets.end()) {
        for (std::size_t i = 0; i < W::kLayers; ++i) {
            add({W::kWidths[i + 1], W::kWidths[i]});
            add({W::kWidths[i + 1]});
        }
        set(p);
    }

    double gradient(std::size_t) override {
        return gradient_of([this] { return loss(); });
    }

   private:
    [[nodiscard]] Value loss() const {
        Tensor x = inputs_;
        for (std::size_t i = 0; i < W::kLayers; ++i) {
            x = activate(i + 1 == W::kLayers ? W::kOutput : W::kHidden,
                         gradus::linear(x, part(2 * i), part(2 * i + 1)));
        }
        if (W::kLoss == Loss::hinge) return gradus::hinge(x, targets_);
        if (W::kLoss == Loss::squared_error) return gradus::mean_squared_error(x, targets_);
        return gradus::softmax_cross_entropy(x, labels_);
    }

    Tensor inputs_, targets_;  // constants from before any scope
    std::vector<std::size_t> labels_;
};

template <class W>
class TensorGpt : public TensorTask {
   public:
    explicit TensorGpt(const std::vector<double>& p) {
        add({W::kTokens, W::kWidth});
        add({W::kContext, W::kWidth});
        for (int matrix = 0; matrix < 4; ++matrix) add({W::kWidth, W::kWidth});
        add({W::kInner, W::kWidth});
        add({W::kWidth, W::kInner});
        add({W::kTokens, W::kWidth});
        set(p);
    }

    double gradient(std::size_t step) override {
        return gradient_of([this, step] { return loss(workload<W>().documents[step]); });
    }

   private:
    [[nodiscard]] Value loss(std::span<const std::size_t> document) const {
        using gradus::linear, gradus::rms_norm;
        const std::size_t n = document.size() - 1;
        const gradus::AttentionOptions options{.heads = W::kHeads};
        Tensor x = gradus::embedding(part(0), document.first(n)) + gradus::slice(part(1), 0, 0, n);
        x = rms_norm(x, W::kEpsilon);
        const Tensor y = rms_norm(x, W::kEpsilon);
        x += linear(attention(linear(y, part(2)), linear(y, part(3)), linear(y, part(4)), options), part(5));
        x += linear(relu(linear(rms_norm(x, W::kEpsilon), part(6))), part(7));
        return gradus::softmax_cross_entropy(linear(x, part(8)), document.subspan(1));
    }
};

template <class W>
struct Choice {
    using Type = TensorPerceptron<W>;
};
template <IsGpt W>
struct Choice<W> {
    using Type = TensorGpt<W>;
};

template <class W>
using Tensors = typename Choice<W>::Type;

}  // namespace

void add_training_tensor(std::vector<Run>& runs) {
    add_training<Tensors>(runs, {"gradus-tensor"});
    add_training<Tensors, std::tuple<Mnist1024>>(runs, {"gradus-tensor"});
}

}  // namespace benchmarks
