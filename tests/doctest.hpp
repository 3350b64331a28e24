// SPDX-License-Identifier: MIT
// Finds doctest where the system keeps it, or where the wrap does. No #pragma once: main.cpp includes it
// again, for the implementation, and doctest guards itself.

#if __has_include(<doctest/doctest.h>)
#include <doctest/doctest.h>
#else
#include <doctest.h>
#endif
