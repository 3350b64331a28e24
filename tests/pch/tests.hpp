// SPDX-License-Identifier: MIT
// Parsed once, for all tests: what most of them include. They include it all the same.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../doctest.hpp"
#include "gradus/gradus.hpp"
