// SPDX-License-Identifier: MIT
// Counts allocations, for tests that promise none.
#pragma once

#include <cstddef>

/// Return how often this program has called operator new.
std::size_t allocation_count();
