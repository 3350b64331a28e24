// SPDX-License-Identifier: MIT
// The engines that this program was configured with. The first one is what the others must agree with.
#include "engine.hpp"

namespace benchmarks {

std::vector<Run> all_runs() {
    std::vector<Run> runs;
    add_double(runs);
    add_hand(runs);
    add_training_hand(runs);
    add_gradus(runs);
    add_program(runs);
    add_training_gradus(runs);
    add_training_program(runs);
    add_training_tensor(runs);
#ifdef GRADUS_BENCH_LIBTORCH
    add_training_libtorch(runs);
#endif
#ifdef GRADUS_BENCH_ADOLC
    add_adolc(runs);
#endif
#ifdef GRADUS_BENCH_SACADO
    add_sacado(runs);
#endif
    return runs;
}

}  // namespace benchmarks
