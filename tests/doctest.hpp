// SPDX-License-Identifier: MIT
// Finds doctest where the system keeps it, or where the wrap does.
#pragma once

#if __has_include(<doctest/doctest.h>)
#include <doctest/doctest.h>
#else
#include <doctest.h>
#endif
