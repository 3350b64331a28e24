// SPDX-License-Identifier: MIT
// The one main function of all tests. With --smallest-vectors, they run as on a processor that has no larger
// ones.
#define DOCTEST_CONFIG_IMPLEMENT
#include "doctest.hpp"

#include <algorithm>
#include <string_view>

#include "kernels.hpp"

int main(int argc, char** argv) {
    if (std::find(argv, argv + argc, std::string_view("--smallest-vectors")) != argv + argc)
        use_smallest_vectors();
    return doctest::Context(argc, argv).run();
}
