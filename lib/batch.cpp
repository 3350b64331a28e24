// SPDX-License-Identifier: MIT
#include "gradus/batch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gradus/error.hpp"

namespace gradus {

namespace {

template <class T>
T* memory(std::size_t n) {
    return static_cast<T*>(Tape::current().allocate(n * sizeof(T), 64));
}

Tensor constant(const double* numbers, const Shape& shape) {
    return {numbers, shape, detail::make_tag(Slot::constant, detail::recorder->stamp)};
}

}  // namespace

Tensor rows(const Dataset& data, std::span<const std::size_t> chosen) {
    auto* const numbers = memory<double>(chosen.size() * data.columns);
    for (std::size_t i = 0; i < chosen.size(); ++i)
        std::ranges::copy(data.row(chosen[i]), numbers + i * data.columns);
    return constant(numbers, {chosen.size(), data.columns});
}

Tensor rows(const Dataset& data) { return tensor(data.inputs, {data.rows, data.columns}); }

Tensor targets(const Dataset& data, std::span<const std::size_t> chosen) {
    auto* const numbers = memory<double>(chosen.size());
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        if (chosen[i] >= data.targets.size()) {
            throw ShapeError(fmt::format(
                "targets: row {} has none: there are {}. Rows count from 0; read the data with a target.",
                chosen[i], data.targets.size()));
        }
        numbers[i] = data.targets[chosen[i]];
    }
    return constant(numbers, {chosen.size()});
}

std::span<const std::size_t> labels(const Dataset& data, std::span<const std::size_t> chosen) {
    auto* const classes = memory<std::size_t>(chosen.size());
    std::ranges::transform(chosen, classes, [&](std::size_t i) { return data.label(i); });
    return {classes, chosen.size()};
}

}  // namespace gradus
