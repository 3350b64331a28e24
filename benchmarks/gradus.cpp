// SPDX-License-Identifier: MIT
// Engine "gradus": parameters in a block, each gradient in a scope of its own.
#include <algorithm>

#include "engine.hpp"
#include "gradus/functions.hpp"
#include "gradus/parameters.hpp"
#include "gradus/tape.hpp"

namespace benchmarks {

namespace {

template <class W>
struct Gradus : EngineBase {
    static double gradient(std::span<const double> x, std::span<double> g) {
        static const gradus::Parameters parameters = make_parameters(x.size());
        std::ranges::copy(x, parameters.values().begin());
        parameters.zero_gradients();
        const gradus::Scope step;
        const gradus::Value y = workload<W>().template operator()<gradus::Value>(parameters.view());
        gradus::backward(y);
        std::ranges::copy(parameters.gradients(), g.begin());
        if (size_.bytes == 0)
            size_ = {gradus::Tape::current().bytes(), gradus::Tape::current().entry_count()};
        return y.value();
    }

    static TapeSize tape_size() { return size_; }

   private:
    static gradus::Parameters make_parameters(std::size_t size) {
        gradus::Parameters parameters;
        parameters.add("x", {size});
        return parameters;
    }

    static inline TapeSize size_;
};

}  // namespace

void add_gradus(std::vector<Run>& runs) {
    add_runs<Gradus>(runs, "gradus");
    add_runs<Gradus, LargeWorkloads>(runs, "gradus");
}

}  // namespace benchmarks
