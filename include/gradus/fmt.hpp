// SPDX-License-Identifier: MIT
// fmt writes a Value as its number: fmt::format("{:.3f}", x). gradus.hpp does not include this, for it needs
// fmt, which you link yourself.
#pragma once

#include <fmt/format.h>

#include "gradus/value.hpp"

template <>
struct fmt::formatter<gradus::Value> : fmt::formatter<double> {
    template <class Context>
    auto format(const gradus::Value& x, Context& context) const {
        return fmt::formatter<double>::format(x.value(), context);
    }
};
