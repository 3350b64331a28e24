// SPDX-License-Identifier: MIT
// Engine "libtorch": the models with the tensors of PyTorch, in double and on one thread.
#include <torch/torch.h>

#include "engine.hpp"

// Where OpenBLAS multiplies for libtorch, it has threads of its own.
extern "C" __attribute__((weak)) void openblas_set_num_threads(int threads);

namespace benchmarks {

namespace {

using torch::Tensor;

Tensor tensor_of(const double* numbers, at::IntArrayRef shape) {
    return torch::from_blob(const_cast<double*>(numbers), shape, torch::kFloat64).clone();
}

std::int64_t size(std::size_t n) { return static_cast<std::int64_t>(n); }

/// Leaves, in the order of the parameters.
class LibtorchTask : public Task {
   public:
    double slope(std::span<const double> direction) override {
        std::vector<Tensor> gradients;
        for (const Tensor& leaf : leaves_) gradients.push_back(leaf.grad().flatten());
        const Tensor g = torch::cat(gradients);
        return product(direction, {g.data_ptr<double>(), direction.size()});
    }

   protected:
    LibtorchTask() {
        at::set_num_threads(1);
        if (openblas_set_num_threads != nullptr) openblas_set_num_threads(1);
    }

    /// Append the leaf that follows in the parameters.
    void add(const std::vector<double>& p, at::IntArrayRef shape) {
        const Tensor leaf = tensor_of(p.data() + offset_, shape);
        offset_ += static_cast<std::size_t>(leaf.numel());
        leaves_.push_back(leaf.set_requires_grad(true));
    }

    template <class Loss>
    double gradient_of(Loss&& loss) {
        for (Tensor& leaf : leaves_) leaf.mutable_grad().reset();
        const Tensor y = loss();
        y.backward();
        return y.item<double>();
    }

    std::vector<Tensor> leaves_;

   private:
    std::size_t offset_ = 0;
};

Tensor activate(Activation f, const Tensor& x) {
    if (f == Activation::relu) return torch::relu(x);
    if (f == Activation::sigmoid) return torch::sigmoid(x);
    if (f == Activation::tanh) return torch::tanh(x);
    return x;
}

template <class W>
class LibtorchPerceptron : public LibtorchTask {
   public:
    explicit LibtorchPerceptron(const std::vector<double>& p) {
        const W& w = workload<W>();
        for (std::size_t i = 0; i < W::kLayers; ++i) {
            add(p, {size(W::kWidths[i + 1]), size(W::kWidths[i])});
            add(p, {size(W::kWidths[i + 1])});
        }
        inputs_ = tensor_of(w.inputs.data(), {size(W::kBatch), size(W::kInputs)});
        targets_ = tensor_of(w.targets.data(), {size(W::kBatch)});
        if (W::kLoss == Loss::cross_entropy) targets_ = targets_.to(torch::kInt64);
    }

    double gradient(std::size_t) override {
        return gradient_of([this] { return loss(); });
    }

   private:
    Tensor loss() const {
        Tensor x = inputs_;
        for (std::size_t i = 0; i < W::kLayers; ++i) {
            x = activate(i + 1 == W::kLayers ? W::kOutput : W::kHidden,
                         torch::linear(x, leaves_[2 * i], leaves_[2 * i + 1]));
        }
        if (W::kLoss == Loss::hinge) return torch::relu(1.0 - targets_ * x.squeeze(1)).mean();
        if (W::kLoss == Loss::squared_error) return torch::mse_loss(x.squeeze(1), targets_);
        return torch::cross_entropy_loss(x, targets_);
    }

    Tensor inputs_, targets_;
};

template <class W>
class LibtorchGpt : public LibtorchTask {
   public:
    explicit LibtorchGpt(const std::vector<double>& p) {
        const std::int64_t width = size(W::kWidth), tokens = size(W::kTokens), inner = size(W::kInner);
        add(p, {tokens, width});
        add(p, {size(W::kContext), width});
        for (int matrix = 0; matrix < 4; ++matrix) add(p, {width, width});
        add(p, {inner, width});
        add(p, {width, inner});
        add(p, {tokens, width});
        for (const auto& document : workload<W>().documents) {
            const std::vector<std::int64_t> ids(document.begin(), document.end());
            documents_.push_back(torch::tensor(ids, torch::kInt64));
        }
        future_ = torch::ones({size(W::kContext), size(W::kContext)}, torch::kBool).triu(1);
    }

    double gradient(std::size_t step) override {
        return gradient_of([this, step] { return loss(documents_[step]); });
    }

   private:
    Tensor loss(const Tensor& document) const {
        const std::int64_t n = document.numel() - 1;
        Tensor x = torch::embedding(leaves_[0], document.narrow(0, 0, n)) + leaves_[1].narrow(0, 0, n);
        x = normalized(x);
        x = x + torch::linear(attention(normalized(x), n), leaves_[5]);
        x = x + torch::linear(torch::relu(torch::linear(normalized(x), leaves_[6])), leaves_[7]);
        return torch::cross_entropy_loss(torch::linear(x, leaves_[8]), document.narrow(0, 1, n));
    }

    Tensor attention(const Tensor& x, std::int64_t n) const {
        const auto heads = [&](const Tensor& matrix) {  // (heads,n,width of a head)
            return torch::linear(x, matrix).view({n, size(W::kHeads), size(W::kHeadWidth)}).transpose(0, 1);
        };
        const Tensor query = heads(leaves_[2]), key = heads(leaves_[3]), value = heads(leaves_[4]);
        const Tensor scores =
            torch::matmul(query, key.transpose(1, 2)) * (1.0 / std::sqrt(static_cast<double>(W::kHeadWidth)));
        const Tensor future = future_.narrow(0, 0, n).narrow(1, 0, n);
        const Tensor weights =
            torch::softmax(scores.masked_fill(future, -std::numeric_limits<double>::infinity()), 2);
        return torch::matmul(weights, value).transpose(0, 1).reshape({n, size(W::kWidth)});
    }

    static Tensor normalized(const Tensor& x) {
        return x * torch::rsqrt((x * x).mean(1, true) + W::kEpsilon);
    }

    std::vector<Tensor> documents_;
    Tensor future_;
};

template <class W>
struct Choice {
    using Type = LibtorchPerceptron<W>;
};
template <IsGpt W>
struct Choice<W> {
    using Type = LibtorchGpt<W>;
};

template <class W>
using Libtorch = typename Choice<W>::Type;

}  // namespace

void add_training_libtorch(std::vector<Run>& runs) {
    add_training<Libtorch>(runs, {"libtorch"});
    add_training<Libtorch, std::tuple<Mnist1024>>(runs, {"libtorch"});
}

}  // namespace benchmarks
