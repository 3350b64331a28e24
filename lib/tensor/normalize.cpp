// SPDX-License-Identifier: MIT
#include "gradus/tensor/normalize.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "../epsilon.hpp"
#include "../kernels/matrix.hpp"
#include "../kernels/rows.hpp"
#include "by_number.hpp"
#include "gradus/reduce.hpp"
#include "gradus/tensor/elementwise.hpp"
#include "gradus/tensor/reduce.hpp"
#include "operation.hpp"

namespace gradus {
namespace {

/// A tensor as rows: the numbers along its last axis.
struct Rows {
    Rows(const char* where, const Shape& shape) {
        if (shape.rank() == 0) {
            throw ShapeError(
                fmt::format("{}: there are no rows: the shape is {}. Give a tensor of at least one axis.",
                            where, to_string(shape)));
        }
        length = shape[shape.rank() - 1];
        count = length == 0 ? 0 : shape.size() / length;
    }

    std::size_t length, count;
};

/// Compute y = forward(x) of each row, where backward needs y alone; or values(row), number by number.
template <class Forward, class Backward, class ByNumber>
Tensor map_rows(const char* name, const Tensor& x, Forward forward, Backward backward, ByNumber values) {
    const detail::Operation operation(name, {x});
    const Rows rows(name, x.shape());
    if (operation.is_by_number()) {
        std::vector<Value> y;
        for (auto left = detail::values_of(x); !left.empty(); left = left.subspan(rows.length))
            std::ranges::copy(values(left.first(rows.length)), std::back_inserter(y));
        return tensor(y, x.shape());
    }
    double* const y = operation.numbers(x.size());
    const std::size_t n = rows.length, size = x.size();
    for (std::size_t i = 0; i < size; i += n) forward(x.data() + i, y + i, n);
    return operation.finish(x.shape(), y, [=, slot = x.slot()](const detail::Pull& d) {
        double* const dx = d(slot);
        for (std::size_t i = 0; i < size; i += n) backward(y + i, d.result() + i, dx + i, n);
    });
}

void require_row(const char* where, const char* name, const Tensor& row, const Shape& x) {
    const std::size_t n = x[x.rank() - 1];
    if (row.data() == nullptr || row.shape() == Shape{n}) return;
    throw ShapeError(
        fmt::format("{}: the {} does not fit the rows: x is {}, {} is {}. Give it the shape ({}), one number "
                    "for each place of a row.",
                    where, name, to_string(x), name, to_string(row.shape()), n));
}

// The same as formulas of simpler operations.

Tensor mean_of_rows(const Tensor& x) { return mean(x, -1, {.keep = true}); }
Tensor centre(const Tensor& x) { return x - mean_of_rows(x); }
Tensor scale(const Tensor& x, const Tensor& weight, const Tensor& bias, double epsilon) {
    Tensor h = x * (1.0 / sqrt(mean_of_rows(x * x) + epsilon));
    if (weight.data() != nullptr) h *= weight;
    return bias.data() == nullptr ? h : h + bias;
}

/// Normalise each row. forward(x, weight, bias, epsilon, y, n) returns what backward needs of it.
template <class Forward, class Backward>
Tensor normalize(const char* name, const Tensor& x, const Tensor& weight, const Tensor& bias, double epsilon,
                 Tensor (*prepare)(const Tensor& x), Forward forward, Backward backward) {
    const detail::Operation operation(name, {x, weight, bias});
    const Rows rows(name, x.shape());
    require_row(name, "weight", weight, x.shape());
    require_row(name, "bias", bias, x.shape());
    detail::require_epsilon(name, epsilon);
    if (operation.is_by_number()) return scale(prepare(x), weight, bias, epsilon);
    double* const y = operation.numbers(x.size());
    const std::span normals = operation.memory<kernels::Normal<double>>(rows.count);
    for (std::size_t i = 0, at = 0; i < rows.count; ++i, at += rows.length)
        normals[i] = forward(x.data() + at, weight.data(), bias.data(), epsilon, y + at, rows.length);
    return operation.finish(x.shape(), y, [=](const detail::Pull& d) {
        double* const dx = d(x);
        double* const dweight = d(weight);
        for (std::size_t i = 0, at = 0; i < rows.count; ++i, at += rows.length) {
            backward(x.data() + at, weight.data(), normals[i], d.result() + at,
                     dx == nullptr ? nullptr : dx + at, dweight, rows.length);
        }
        if (double* const dbias = d(bias))
            kernels::add_rows_to_row(d.result(), dbias, rows.count, rows.length);
    });
}

}  // namespace

Tensor softmax(const Tensor& x) {
    return map_rows(
        "softmax", x, [](auto... of) { kernels::softmax_row(of...); },
        [](auto... of) { kernels::softmax_gradient_row(of...); },
        [](std::span<const Value> row) { return softmax(row); });
}

Tensor log_softmax(const Tensor& x) {
    return map_rows(
        "log_softmax", x, [](auto... of) { kernels::log_softmax_row(of...); },
        [](auto... of) { kernels::log_softmax_gradient_row(of...); },
        [](std::span<const Value> row) { return log_softmax(row); });
}

Tensor layer_norm(const Tensor& x, double epsilon) {
    return layer_norm(x, detail::kNone, detail::kNone, epsilon);
}

Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double epsilon) {
    return normalize(
        "layer_norm", x, weight, bias, epsilon, centre,
        [](auto... of) { return kernels::layer_norm_row(of...); },
        [](auto... of) { kernels::layer_norm_gradient_row(of...); });
}

Tensor rms_norm(const Tensor& x, double epsilon) { return rms_norm(x, detail::kNone, epsilon); }

Tensor rms_norm(const Tensor& x, const Tensor& weight, double epsilon) {
    return normalize(
        "rms_norm", x, weight, detail::kNone, epsilon, [](const Tensor& row) { return row; },
        [](const double* row, const double* w, const double*, double e, double* y, std::size_t n) {
            return kernels::rms_norm_row(row, w, e, y, n);
        },
        [](auto... of) { kernels::rms_norm_gradient_row(of...); });
}

Tensor dropout(const Tensor& x, double rate, Random& random, bool training) {
    if (!(rate >= 0.0 && rate < 1.0)) {
        throw DomainError(fmt::format(
            "dropout: the rate is not in [0, 1): {}. Give the part of the numbers that goes, such "
            "as 0.1.",
            rate));
    }
    const detail::Operation operation("dropout", {x});
    if (!training || rate == 0.0) return x;
    if (detail::recorder->scalars_only) {
        throw TapeError(
            "dropout: a program would drop the same numbers each time. Switch it off with eval(), or run the "
            "formula uncompiled.");
    }
    const std::size_t n = x.size();
    double* const y = operation.numbers(n);
    double* const factors = operation.numbers(n);
    const double kept = 1.0 / (1.0 - rate);
    for (std::size_t i = 0; i < n; ++i) {
        factors[i] = random.bernoulli(rate) ? 0.0 : kept;
        y[i] = factors[i] * x.data()[i];
    }
    return operation.finish(x.shape(), y, [=, slot = x.slot()](const detail::Pull& d) {
        double* const dx = d(slot);
        for (std::size_t i = 0; i < n; ++i) dx[i] += factors[i] * d.result()[i];
    });
}

}  // namespace gradus
