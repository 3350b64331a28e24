// SPDX-License-Identifier: MIT
// Engine "adolc": ADOL-C, traced anew for each gradient.
#include <adolc/adolc.h>

#include "engine.hpp"

namespace benchmarks {

namespace {

template <class W>
struct AdolC : EngineBase {
    static constexpr short kTag = 1;

    static double gradient(std::span<const double> x, std::span<double> g) {
        // Buffers that hold every workload here, so that no tape goes to a file.
        constexpr unsigned buffer = W::kRepeats == 1 ? 1u << 25 : 1u << 10;
        std::vector<adouble> p(x.size());
        double y = 0.0;
        trace_on(kTag, 1, buffer, buffer, buffer, buffer);
        for (std::size_t i = 0; i < x.size(); ++i) p[i] <<= x[i];
        workload<W>().template operator()<adouble>(p) >>= y;
        trace_off();
        double seed = 1.0;
        reverse(kTag, 1, static_cast<int>(x.size()), 0, &seed, g.data());
        return y;
    }

    static TapeSize tape_size() {
        std::size_t counts[STAT_SIZE];
        tapestats(kTag, counts);
        return {counts[NUM_OPERATIONS] + counts[NUM_LOCATIONS] * sizeof(locint) +
                    (counts[NUM_VALUES] + counts[TAY_STACK_SIZE]) * sizeof(double),
                counts[NUM_OPERATIONS]};
    }
};

}  // namespace

void add_adolc(std::vector<Run>& runs) { add_runs<AdolC>(runs, "adolc"); }

}  // namespace benchmarks
