// SPDX-License-Identifier: MIT
#include "gradus/tensor/reduce.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "../kernels/matrix.hpp"
#include "../kernels/rows.hpp"
#include "axis.hpp"
#include "by_number.hpp"
#include "gradus/reduce.hpp"
#include "operation.hpp"

namespace gradus {
namespace {

using detail::Axis;
using detail::Operation;
using detail::Pull;

// ---- shapes

constexpr bool kMayBeEmpty = true;  // as an argument: lines without numbers have a result, too

/// An axis along which a tensor is reduced, and the shape of the result.
struct ReducedAxis {
    ReducedAxis(const char* name, const Tensor& x, int number, const Reduced& reduced,
                bool may_be_empty = false)
        : ReducedAxis(x.shape(), resolve_axis(name, x.shape(), number), reduced) {
        if (axis.n == 0 && !may_be_empty) {
            throw ShapeError(
                fmt::format("{}: it needs numbers: axis {} of the shape {} is empty. Give it at least one.",
                            name, number, to_string(x.shape())));
        }
    }

    Axis axis;
    Shape shape;

   private:
    ReducedAxis(const Shape& of_x, std::size_t i, const Reduced& reduced)
        : axis(of_x, i),
          shape(reduced.keep ? detail::with_size(of_x, i, 1) : detail::without_axis(of_x, i)) {}
};

void require_any(const char* name, const Tensor& x) {
    if (x.size() == 0) {
        throw ShapeError(fmt::format("{}: it needs numbers: the shape is {}. Give it at least one.", name,
                                     to_string(x.shape())));
    }
}

/// Reduce each line along an axis, number by number.
template <class F>
Tensor lines_by_number(const Tensor& x, const ReducedAxis& r, F f) {
    const std::span<const Value> values = detail::values_of(x);
    return detail::by_number(r.shape, [&](std::size_t i) {
        return f(detail::line(values, r.axis.first(i), r.axis.n, r.axis.inner));
    });
}

// ---- sums

Value sum_all(const char* name, const Tensor& x, double divisor) {
    const Operation operation(name, {x});
    if (operation.is_by_number())
        return divisor == 1.0 ? sum(detail::values_of(x)) : mean(detail::values_of(x));
    const std::size_t n = x.size();
    return operation.finish(kernels::sum(x.data(), n) / divisor,
                            [=](const Pull& d) { kernels::add_number(*d.result() / divisor, d(x), n); });
}

/// Sum along an axis: where it is the last one, each row to a number; else row on row.
Tensor sum_along(const char* name, const Tensor& x, const ReducedAxis& r, double divisor) {
    const Operation operation(name, {x});
    if (operation.is_by_number()) {
        return lines_by_number(x, r,
                               [=](const auto& line) { return divisor == 1.0 ? sum(line) : mean(line); });
    }
    const Axis a = r.axis;
    const std::size_t size = a.lines();
    double* const y = operation.numbers(size);
    if (a.inner == 1) {
        for (std::size_t i = 0; i < a.outer; ++i) y[i] = kernels::sum(x.data() + i * a.n, a.n);
    } else {
        kernels::fill(0.0, y, size);
        for (std::size_t i = 0; i < a.outer; ++i)
            kernels::add_rows_to_row(x.data() + i * a.n * a.inner, y + i * a.inner, a.n, a.inner);
    }
    for (std::size_t i = 0; i < size && divisor != 1.0; ++i) y[i] /= divisor;
    return operation.finish(r.shape, y, [=](const Pull& d) {
        double* dx = d(x);
        const double* dy = d.result();
        for (std::size_t i = 0; i < a.outer; ++i, dy += a.inner) {
            if (a.inner == 1) kernels::add_number(*dy / divisor, dx + i * a.n, a.n);
            for (std::size_t k = 0; a.inner != 1 && k < a.n; ++k)
                kernels::add_scaled(1.0 / divisor, dy, dx + (i * a.n + k) * a.inner, a.inner);
        }
    });
}

// ---- functions of a row

/// The Euclidean length.
struct EuclideanNorm {
    static double value(const double* x, std::size_t n) {
        const double square = kernels::dot(x, x, n);
        if (square > 1e-280 && square < 1e280) return std::sqrt(square);
        double largest = 0.0;  // the squares would overflow or underflow: scale
        for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(x[i]));
        if (largest == 0.0 || std::isinf(largest)) return std::isnan(square) ? square : largest;
        double scaled = 0.0;
        for (std::size_t i = 0; i < n; ++i) scaled += (x[i] / largest) * (x[i] / largest);
        return largest * std::sqrt(scaled);
    }
    static Value record(const Values& x) { return norm(x); }
    static void pull(const double* x, double y, double dy, double* dx, std::size_t n) {
        for (std::size_t i = 0; y != 0.0 && i < n; ++i) dx[i] += dy * (x[i] / y);
    }
};

struct LogSumExp {
    static double value(const double* x, std::size_t n) { return kernels::logsumexp_row(x, n); }
    static Value record(const Values& x) { return logsumexp(x); }
    static void pull(const double* x, double y, double dy, double* dx, std::size_t n) {
        if (y == -std::numeric_limits<double>::infinity()) return;
        kernels::logsumexp_gradient_row(x, y, dy, dx, n);
    }
};

template <class Row>
Value row_all(const char* name, const Tensor& x) {
    const Operation operation(name, {x});
    if (operation.is_by_number()) return Row::record(detail::values_of(x));
    const std::size_t n = x.size();
    const double y = Row::value(x.data(), n);
    return operation.finish(y, [=](const Pull& d) { Row::pull(x.data(), y, *d.result(), d(x), n); });
}

/// Reduce each line along an axis. Where the axis is not the last one, what the function sees is a copy.
template <class Row>
Tensor row_along(const char* name, const Tensor& x, const ReducedAxis& r) {
    const Operation operation(name, {x});
    if (operation.is_by_number())
        return lines_by_number(x, r, [](const auto& line) { return Row::record(line); });
    const Axis a = r.axis;
    double* const y = operation.numbers(a.lines());
    const bool is_last = a.inner == 1;
    double* const copy = operation.numbers(is_last ? 0 : a.n);
    double* const dcopy = operation.numbers(is_last ? 0 : a.n);

    const auto line = [=](std::size_t i) -> const double* {
        const double* const first = x.data() + a.first(i);
        for (std::size_t k = 0; !is_last && k < a.n; ++k) copy[k] = first[k * a.inner];
        return is_last ? first : copy;
    };
    for (std::size_t i = 0; i < a.lines(); ++i) y[i] = Row::value(line(i), a.n);
    return operation.finish(r.shape, y, [=](const Pull& d) {
        for (std::size_t i = 0; i < a.lines(); ++i) {
            double* const dx = d(x) + a.first(i);
            if (!is_last) kernels::fill(0.0, dcopy, a.n);
            Row::pull(line(i), y[i], d.result()[i], is_last ? dx : dcopy, a.n);
            for (std::size_t k = 0; !is_last && k < a.n; ++k) dx[k * a.inner] += dcopy[k];
        }
    });
}

// ---- the largest and the smallest

/// Return the position of the number that no other one is better than: the first of them, or the first NaN.
template <class Better>
std::size_t best(const double* x, std::size_t n, std::size_t stride) {
    if (std::same_as<Better, std::greater<>> && stride == 1) return kernels::argmax(x, n);
    std::size_t found = 0;
    for (std::size_t k = 0; k < n; ++k) {
        if (std::isnan(x[k * stride])) return k;
        if (Better()(x[k * stride], x[found * stride])) found = k;
    }
    return found;
}

template <class Better>
Value best_by_number(const Values& x) {
    if (std::same_as<Better, std::greater<>>) return max(x);
    std::vector<Value> negative;
    for (std::size_t i = 0; i < x.size(); ++i) negative.push_back(-x.data()[i]);
    return -max(negative);
}

template <class Better>
Value best_of_all(const char* name, const Tensor& x) {
    require_any(name, x);
    const Operation operation(name, {x});
    if (operation.is_by_number()) return best_by_number<Better>(detail::values_of(x));
    const std::size_t i = best<Better>(x.data(), x.size(), 1);
    return operation.finish(x.data()[i], [=](const Pull& d) { d(x)[i] += *d.result(); });
}

template <class Better>
Tensor best_along(const char* name, const Tensor& x, int number, const Reduced& reduced) {
    const ReducedAxis r(name, x, number, reduced);
    const Operation operation(name, {x});
    if (operation.is_by_number())
        return lines_by_number(x, r, [](const auto& line) { return best_by_number<Better>(line); });
    const std::size_t lines = r.axis.lines();
    double* const y = operation.numbers(lines);
    const std::span<std::size_t> chosen = operation.memory<std::size_t>(lines);
    for (std::size_t i = 0; i < lines; ++i) {
        const std::size_t first = r.axis.first(i), stride = r.axis.inner;
        chosen[i] = first + stride * best<Better>(x.data() + first, r.axis.n, stride);
        y[i] = x.data()[chosen[i]];
    }
    return operation.finish(r.shape, y, [=](const Pull& d) {
        double* const dx = d(x);
        for (std::size_t i = 0; i < lines; ++i) dx[chosen[i]] += d.result()[i];
    });
}

}  // namespace

Value sum(const Tensor& x) { return sum_all("sum", x, 1.0); }
Tensor sum(const Tensor& x, int axis, const Reduced& reduced) {
    return sum_along("sum", x, ReducedAxis("sum", x, axis, reduced, kMayBeEmpty), 1.0);
}

Value mean(const Tensor& x) {
    require_any("mean", x);
    return sum_all("mean", x, static_cast<double>(x.size()));
}
Tensor mean(const Tensor& x, int axis, const Reduced& reduced) {
    const ReducedAxis r("mean", x, axis, reduced);
    return sum_along("mean", x, r, static_cast<double>(r.axis.n));
}

Value norm(const Tensor& x) { return row_all<EuclideanNorm>("norm", x); }
Tensor norm(const Tensor& x, int axis, const Reduced& reduced) {
    return row_along<EuclideanNorm>("norm", x, ReducedAxis("norm", x, axis, reduced, kMayBeEmpty));
}

Value logsumexp(const Tensor& x) {
    require_any("logsumexp", x);
    return row_all<LogSumExp>("logsumexp", x);
}
Tensor logsumexp(const Tensor& x, int axis, const Reduced& reduced) {
    return row_along<LogSumExp>("logsumexp", x, ReducedAxis("logsumexp", x, axis, reduced));
}

Value max(const Tensor& x) { return best_of_all<std::greater<>>("max", x); }
Value min(const Tensor& x) { return best_of_all<std::less<>>("min", x); }
Tensor detail::max_along(const Tensor& x, int axis, const Reduced& reduced) {
    return best_along<std::greater<>>("max", x, axis, reduced);
}
Tensor detail::min_along(const Tensor& x, int axis, const Reduced& reduced) {
    return best_along<std::less<>>("min", x, axis, reduced);
}

std::size_t argmax(const Tensor& x) {
    require_any("argmax", x);
    return best<std::greater<>>(x.numbers().data(), x.size(), 1);
}
std::vector<std::size_t> argmax(const Tensor& x, int axis) {
    const Axis a = ReducedAxis("argmax", x, axis, {}).axis;
    const double* const numbers = x.numbers().data();
    std::vector<std::size_t> positions(a.lines());
    for (std::size_t i = 0; i < a.lines(); ++i)
        positions[i] = best<std::greater<>>(numbers + a.first(i), a.n, a.inner);
    return positions;
}

}  // namespace gradus
