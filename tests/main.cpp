// SPDX-License-Identifier: MIT
// The one main function of all tests.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "doctest.hpp"
