// SPDX-License-Identifier: MIT
// Finds doctest where the system keeps it, or where the wrap does.
#pragma once

// A call that throws may have a result that must not be ignored.
#define DOCTEST_CONFIG_VOID_CAST_EXPRESSIONS

#if __has_include(<doctest/doctest.h>)
#include <doctest/doctest.h>
#else
#include <doctest.h>
#endif
