// SPDX-License-Identifier: MIT
// Engines "gradus-value", models of loops over scalars, and "gradus-dot", with the sums of the library. And
// "gradus-plain": the loops on a tape on which nothing melts, an entry for each operation.
#include <algorithm>

#include "engine.hpp"
#include "gradus/functions.hpp"
#include "gradus/parameters.hpp"
#include "gradus/reduce.hpp"
#include "gradus/tape.hpp"
#include "training_scalars.hpp"

namespace benchmarks {

namespace {

using gradus::ParameterView;
using gradus::Value;

/// Sums that the library records as one entry.
struct Reductions : Loops<Value> {
    template <class X>
    static Value dot(const ParameterView& p, std::size_t offset, const X* x, std::size_t n) {
        return gradus::dot(p.part(offset, n), std::span<const X>(x, n));
    }
    static Value dot(const Value* a, const Value* b, std::size_t n) {
        return gradus::dot(std::span(a, n), std::span(b, n));
    }
    static Value sum_log_exp(const std::vector<Value>& x) { return gradus::logsumexp(x); }
    static std::span<Value> softmax(const std::vector<Value>& x) { return gradus::softmax(x); }
};

template <class W, class Style, gradus::Tape::Mode Mode = gradus::Tape::Mode::melting>
class GradusTraining : public Task {
   public:
    explicit GradusTraining(const std::vector<double>& p) {
        parameters_.add("p", {p.size()});
        std::ranges::copy(p, parameters_.values().begin());
    }

    double gradient(std::size_t step) override {
        parameters_.zero_gradients();
        const gradus::Recording on(tape_);
        const gradus::Scope scope;
        const Value y = loss<Value, Style>(workload<W>(), parameters_.view(), step);
        gradus::backward(y);
        size_ = {tape_.bytes(), tape_.entry_count()};
        return y.value();
    }

    double slope(std::span<const double> direction) override {
        return product(direction, parameters_.gradients());
    }

    [[nodiscard]] TapeSize tape_size() const override { return size_; }

   private:
    gradus::Tape tape_{Mode};
    gradus::Parameters parameters_;
    TapeSize size_;
};

template <class W>
using WithLoops = GradusTraining<W, Loops<Value>>;

template <class W>
using WithoutMelting = GradusTraining<W, Loops<Value>, gradus::Tape::Mode::graph>;

template <class W>
using WithReductions = GradusTraining<W, Reductions>;

}  // namespace

void add_training_gradus(std::vector<Run>& runs) {
    add_training<WithoutMelting, std::tuple<Digits<1>, Mnist<1>>>(runs, {"gradus-plain"});
    add_training<WithLoops>(runs, {"gradus-value"});
    add_training<WithLoops, std::tuple<GptBatch>>(runs, {"gradus-value"});
    add_training<WithReductions>(runs, {"gradus-dot"});
    add_training<WithReductions, std::tuple<GptBatch>>(runs, {"gradus-dot"});
}

}  // namespace benchmarks
