// SPDX-License-Identifier: MIT
// What is trained: the shapes, the data and the first weights of each model. Who computes the loss and its
// gradient: the files training_*.cpp, one for each engine.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>
#include <string>

#include "workloads.hpp"

namespace benchmarks {

enum class Activation { identity, relu, sigmoid, tanh };

/// The loss of an example; that of a batch is the mean.
enum class Loss {
    hinge,          ///< max(0, 1 - target * output)
    squared_error,  ///< (output - target)^2
    cross_entropy   ///< of the softmax of the outputs; the target is a class
};

/// A multilayer perceptron, and one batch for it.
/// Parameters: for each layer the weights (outputs,inputs), then the biases (outputs).
template <std::size_t Batch, std::size_t... Widths>
struct Perceptron {
    static constexpr std::array kWidths{Widths...};
    static constexpr std::size_t kLayers = kWidths.size() - 1, kBatch = Batch;
    static constexpr std::size_t kInputs = kWidths.front(), kOutputs = kWidths.back();
    static constexpr std::size_t kSteps = 1, kParts = 1;

    std::vector<double> inputs = uniform(Batch * kInputs, 0.0, 1.0, 21);  // (batch,inputs)
    std::vector<double> targets = std::vector<double>(Batch);

    /// Where the weights of a layer begin; its biases follow.
    static constexpr std::size_t weights(std::size_t layer) {
        std::size_t offset = 0;
        for (std::size_t i = 0; i < layer; ++i) offset += (kWidths[i] + 1) * kWidths[i + 1];
        return offset;
    }
    static constexpr std::size_t biases(std::size_t layer) {
        return weights(layer) + kWidths[layer] * kWidths[layer + 1];
    }

    static std::vector<double> parameters() {
        std::vector<double> p = uniform(weights(kLayers), -1.0, 1.0, 22);
        for (std::size_t i = 0; i < kLayers; ++i) {
            const double bound = 1.0 / std::sqrt(static_cast<double>(kWidths[i]));
            for (std::size_t j = weights(i); j < weights(i + 1); ++j) p[j] *= bound;
        }
        return p;
    }
};

/// Two half circles that reach into each other.
struct Moons : Perceptron<100, 2, 16, 16, 1> {
    static constexpr std::string_view kName = "moons";
    static constexpr Activation kHidden = Activation::relu, kOutput = Activation::identity;
    static constexpr Loss kLoss = Loss::hinge;

    Moons() {
        const std::vector<double> noise = uniform(2 * kBatch, -0.2, 0.2, 23);
        for (std::size_t i = 0; i < kBatch; ++i) {
            const double angle = std::numbers::pi * static_cast<double>(i / 2) / (kBatch / 2 - 1);
            const double side = targets[i] = i % 2 == 0 ? 1.0 : -1.0;
            inputs[2 * i] = (1.0 - side) / 2 + side * std::cos(angle) + noise[2 * i];
            inputs[2 * i + 1] = (1.0 - side) / 4 + side * std::sin(angle) + noise[2 * i + 1];
        }
    }
};

/// Ten numbers, one answer: the network of many first lessons.
struct SeedNetwork : Perceptron<100, 10, 5, 1> {
    static constexpr std::string_view kName = "seed";
    static constexpr Activation kHidden = Activation::sigmoid, kOutput = Activation::sigmoid;
    static constexpr Loss kLoss = Loss::squared_error;

    SeedNetwork() { targets = uniform(kBatch, 0.0, 1.0, 24); }
};

/// Random pictures of one of ten classes: the time is that of true ones.
template <std::size_t Batch, std::size_t... Widths>
struct Pictures : Perceptron<Batch, Widths...> {
    static constexpr Activation kHidden = Activation::tanh, kOutput = Activation::identity;
    static constexpr Loss kLoss = Loss::cross_entropy;

    Pictures() {
        for (std::size_t i = 0; i < Batch; ++i) this->targets[i] = static_cast<double>((7 * i + 3) % 10);
    }
};

template <std::size_t Batch>
struct Digits : Pictures<Batch, 64, 64, 10> {
    static constexpr std::string_view kName = Batch == 1 ? "digits-b1" : "digits-b32";
};

template <std::size_t Batch>
struct Mnist : Pictures<Batch, 784, 128, 64, 10> {
    static constexpr std::string_view kName = Batch == 1    ? "mnist-b1"
                                              : Batch == 64 ? "mnist-b64"
                                                            : "mnist-b1024";
};

/// The names that the language models are trained on: of the file that was set, a hundred from all over it.
/// Raises std::runtime_error if the file cannot be read, or has fewer names of the letters a to z.
const std::vector<std::string>& names();
void set_names(const std::string& path);

/// A language model of letters: one transformer block with RMSNorm and ReLU, without biases, on the mean
/// cross entropy of the next letter. A document is a name between two ends, or (with the context of 64) names
/// joined until the context is full; a step trains on so many documents, on the mean of their losses. Sorted:
/// by length, as who trains in batches does.
/// Parameters: token and position embeddings, the matrices of queries, keys, values and outputs of attention,
/// the two of the perceptron, that of the logits; each (outputs,inputs).
template <std::size_t Width, std::size_t Context, bool Joined, std::size_t Documents = 1, bool Sorted = false>
struct Gpt {
    static constexpr std::string_view kName = Joined            ? "gpt-64"
                                              : Sorted          ? "gpt-16-b16-sorted"
                                              : Documents == 16 ? "gpt-16-b16"
                                              : Width == 16     ? "gpt-16"
                                                                : "gpt-64-names";
    static constexpr std::size_t kWidth = Width, kContext = Context, kHeads = 4, kHeadWidth = Width / kHeads;
    static constexpr std::size_t kInner = 4 * Width, kEnd = 26, kTokens = 27;
    static constexpr std::size_t kSteps = Joined ? 1 : 100 / Documents, kParts = Documents;
    static constexpr double kEpsilon = 1e-5;

    static constexpr std::size_t kSquare = Width * Width;
    static constexpr std::size_t kToken = 0, kPosition = kToken + kTokens * Width;
    static constexpr std::size_t kQuery = kPosition + Context * Width, kKey = kQuery + kSquare;
    static constexpr std::size_t kValue = kKey + kSquare, kMix = kValue + kSquare;
    static constexpr std::size_t kUp = kMix + kSquare, kDown = kUp + kInner * Width;
    static constexpr std::size_t kLogits = kDown + kInner * Width;
    static constexpr std::size_t kParameters = kLogits + kTokens * Width;

    using Document = std::vector<std::size_t>;

    std::vector<Document> documents;  // (steps, documents of each): tokens, each of which predicts the next

    Gpt() {
        Document document{kEnd};
        for (const std::string& name : names()) {
            for (const char letter : name) document.push_back(static_cast<std::size_t>(letter - 'a'));
            document.push_back(kEnd);
            if (Joined && document.size() <= Context) continue;
            if (document.size() > Context + 1) document.resize(Context + 1);
            documents.push_back(document);
            if (documents.size() == kSteps * Documents) break;
            document = {kEnd};
        }
        if (Sorted) std::ranges::stable_sort(documents, {}, &Document::size);
    }

    [[nodiscard]] std::span<const Document> of_step(std::size_t step) const {
        return std::span(documents).subspan(step * Documents, Documents);
    }

    static std::vector<double> parameters() { return uniform(kParameters, -0.14, 0.14, 25); }
};

/// The models of all engines, in the order of the report.
using Models = std::tuple<Gpt<16, 16, false>, Gpt<64, 64, false>, Gpt<64, 64, true>, Moons, SeedNetwork,
                          Digits<1>, Digits<32>, Mnist<1>, Mnist<64>>;

/// Models of large batches: for threads, and of documents of different lengths.
using Mnist1024 = Mnist<1024>;
using GptBatch = Gpt<16, 16, false, 16>;
using GptSortedBatch = Gpt<16, 16, false, 16, true>;

template <class W>
concept IsGpt = requires {
    W::kHeads;
};

template <class W>
concept IsPerceptron = requires {
    W::kLayers;
};

}  // namespace benchmarks
