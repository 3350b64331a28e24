// SPDX-License-Identifier: MIT
#include "by_number.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gradus/reduce.hpp"

namespace gradus::detail {

std::span<const Value> values_of(const Tensor& x) {
    const std::span<Value> values = Tape::current().values(x.size());
    std::ranges::copy(unstack(x), values.begin());
    if (x.is_constant()) {
        for (Value& number : values) number = variable(number.value());
    }
    return values;
}

std::vector<Value> line(std::span<const Value> x, std::size_t first, std::size_t n, std::size_t stride) {
    std::vector<Value> values(n);
    for (std::size_t k = 0; k < n; ++k) values[k] = x[first + k * stride];
    return values;
}

bool are_fixed(std::span<const Value> indices) {
    return !recorder->scalars_only || std::ranges::all_of(indices, &Value::is_constant);
}

std::vector<std::size_t> indices_of(const char* where, std::span<const Value> values) {
    constexpr auto kMost = std::size_t{1} << 53;  // from there on, not each whole number is a double
    std::vector<std::size_t> indices;
    for (const Value& x : values) {
        if (!is_position(x.value(), kMost)) {
            throw ShapeError(
                fmt::format("{}: this is no index: {}. Count from 0, in whole numbers.", where, x.value()));
        }
        indices.push_back(static_cast<std::size_t>(x.value()));
    }
    return indices;
}

}  // namespace gradus::detail
