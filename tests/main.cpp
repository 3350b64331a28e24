// SPDX-License-Identifier: MIT
// The one main function of all tests.
#define DOCTEST_CONFIG_IMPLEMENT
#include "doctest.hpp"

int main(int argc, char** argv) { return doctest::Context(argc, argv).run(); }
