// SPDX-License-Identifier: MIT
#include "gradus/tensor/shaping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "../kernels/rows.hpp"
#include "axis.hpp"
#include "broadcast.hpp"
#include "by_number.hpp"
#include "gradus/reduce.hpp"
#include "operation.hpp"

namespace gradus {
namespace {

using detail::Axis;
using detail::Operation;
using detail::Pull;

/// Return consecutive numbers of x as a tensor of their own, over the same slots.
Tensor view(const Tensor& x, std::size_t offset, const Shape& shape) {
    detail::recorder->require_live(x.tag());
    const bool has_slots = !x.is_constant() && shape.size() > 0;
    const detail::Tag tag = has_slots ? detail::slots_after(x.tag(), offset)
                                      : detail::make_tag(Slot::constant, detail::stamp_of(x.tag()));
    return {x.data() + offset, shape, tag};
}

/// Rows of numbers in two arrays: `count` rows of n numbers, each `from_stride` or `to_stride` after the one
/// before.
struct StridedRows {
    std::size_t count, n, from_stride, to_stride;

    template <class T>
    void copy(const T* from, T* to) const {
        for (std::size_t i = 0; i < count; ++i) std::copy_n(from + i * from_stride, n, to + i * to_stride);
    }

    /// Add what was copied to where it came from.
    void add_back(const double* dto, double* dfrom) const {
        for (std::size_t i = 0; i < count; ++i) kernels::add(dto + i * to_stride, dfrom + i * from_stride, n);
    }
};

/// Two axes that change places: (outer,m,between,n,inner) becomes (outer,n,between,m,inner).
struct Swap {
    std::size_t outer, m, between = 1, n, inner;

    Swap(const Shape& shape, std::size_t p, std::size_t q)
        : outer(Axis(shape, p).outer), m(shape[p]), n(shape[q]), inner(Axis(shape, q).inner) {
        for (std::size_t axis = p + 1; axis < q; ++axis) between *= shape[axis];
    }

    /// Call f(position before, position after) for each number.
    template <class F>
    void each(F f) const {
        std::size_t to = 0;
        for (std::size_t h = 0; h < outer; ++h)
            for (std::size_t j = 0; j < n; ++j)
                for (std::size_t l = 0; l < between; ++l)
                    for (std::size_t i = 0; i < m; ++i)
                        for (std::size_t k = 0; k < inner; ++k)
                            f((((h * m + i) * between + l) * n + j) * inner + k, to++);
    }
};

/// Put the rows of several tensors, of which each has `outer`, one behind the other.
Tensor join(const char* name, std::span<const Tensor> parts, const Shape& shape, std::size_t outer) {
    /// Where the numbers of a part go.
    struct Part {
        Slot slot;
        StridedRows rows;
        std::size_t offset;
    };
    const Operation operation(name, parts);
    const std::span<Part> placed = operation.memory<Part>(parts.size());
    const auto in_row = [&](std::size_t size) { return outer == 0 ? 0 : size / outer; };
    std::size_t offset = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::size_t n = in_row(parts[i].size());
        placed[i] = {parts[i].slot(), {outer, n, n, in_row(shape.size())}, offset};
        offset += n;
    }
    const auto copy = [&](auto* y, auto numbers_of) {
        for (std::size_t i = 0; i < parts.size(); ++i)
            placed[i].rows.copy(numbers_of(parts[i]), y + placed[i].offset);
    };
    if (operation.is_by_number()) {
        std::vector<Value> y(shape.size());
        copy(y.data(), [](const Tensor& part) { return detail::values_of(part).data(); });
        return tensor(y, shape);
    }
    double* const y = operation.numbers(shape.size());
    copy(y, [](const Tensor& part) { return part.data(); });
    return operation.finish(shape, y, [=](const Pull& d) {
        for (const Part& part : placed) {
            if (double* const dx = d(part.slot)) part.rows.add_back(d.result() + part.offset, dx);
        }
    });
}

void require_index(const char* name, std::size_t index, std::size_t size, const char* remedy) {
    if (index >= size) {
        throw ShapeError(fmt::format("{}: the index is too large: {} of {}. {}", name, index, size, remedy));
    }
}

}  // namespace

// ---- free

Tensor reshape(const Tensor& x, const Shape& shape) {
    if (shape.size() != x.size()) {
        throw ShapeError(
            fmt::format("reshape: sizes differ: x is {}, which holds {}, the shape {} holds {}. Give a shape "
                        "for as many numbers.",
                        to_string(x.shape()), x.size(), to_string(shape), shape.size()));
    }
    return view(x, 0, shape);
}

Tensor row(const Tensor& x, std::size_t i) {
    resolve_axis("row", x.shape(), 0);
    require_index("row", i, x.shape()[0], "Indices begin at 0.");
    const Shape shape = detail::without_axis(x.shape(), 0);
    return view(x, i * shape.size(), shape);
}

Tensor slice(const Tensor& x, int axis, std::size_t begin, std::size_t end) {
    const std::size_t at = resolve_axis("slice", x.shape(), axis);
    const Axis a(x.shape(), at);
    if (begin > end || end > a.n) {
        throw ShapeError(fmt::format(
            "slice: these parts are not there: {} to {} of {} on axis {} of the shape {}. Let begin "
            "<= end <= size.",
            begin, end, a.n, axis, to_string(x.shape())));
    }
    const Shape shape = detail::with_size(x.shape(), at, end - begin);
    const std::size_t offset = begin * a.inner;
    if (a.outer == 1) return view(x, offset, shape);

    const Operation operation("slice", {x});
    const StridedRows rows{a.outer, (end - begin) * a.inner, a.n * a.inner, (end - begin) * a.inner};
    if (operation.is_by_number()) {
        std::vector<Value> y(shape.size());
        rows.copy(detail::values_of(x).data() + offset, y.data());
        return tensor(y, shape);
    }
    double* const y = operation.numbers(shape.size());
    rows.copy(x.data() + offset, y);
    return operation.finish(shape, y, [=](const Pull& d) { rows.add_back(d.result(), d(x) + offset); });
}

std::vector<Tensor> split(const Tensor& x, std::size_t parts, int axis) {
    const std::size_t n = x.shape()[resolve_axis("split", x.shape(), axis)];
    if (parts == 0 || n % parts != 0 || (n == 0 && parts > 1)) {  // nothing has any number of equal parts
        throw ShapeError(
            fmt::format("split: there are no such parts, equal and not empty: {} of {} on axis {} of the "
                        "shape {}. Choose a divisor, "
                        "or use slice().",
                        parts, n, axis, to_string(x.shape())));
    }
    std::vector<Tensor> cut;
    for (std::size_t i = 0; i < parts; ++i)
        cut.push_back(slice(x, axis, i * (n / parts), (i + 1) * (n / parts)));
    return cut;
}

// ---- copies

Tensor transpose(const Tensor& x) {
    if (x.rank() != 2) {
        throw ShapeError(fmt::format("transpose: it is not a matrix: the shape is {}. Name two axes.",
                                     to_string(x.shape())));
    }
    return transpose(x, 0, 1);
}

Tensor transpose(const Tensor& x, int axis, int other_axis) {
    const auto [p, q] = std::minmax(
        {resolve_axis("transpose", x.shape(), axis), resolve_axis("transpose", x.shape(), other_axis)});
    if (p == q) return x;
    std::array<std::size_t, Shape::kMaxRank> sizes{};
    std::copy(x.shape().begin(), x.shape().end(), sizes.begin());
    std::swap(sizes[p], sizes[q]);
    const Shape shape(std::span<const std::size_t>(sizes.data(), x.rank()));

    const Operation operation("transpose", {x});
    const Swap swap(x.shape(), p, q);
    if (operation.is_by_number()) {
        std::vector<Value> y(x.size());
        const std::span<const Value> values = detail::values_of(x);
        swap.each([&](std::size_t from, std::size_t to) { y[to] = values[from]; });
        return tensor(y, shape);
    }
    double* const y = operation.numbers(x.size());
    swap.each([&](std::size_t from, std::size_t to) { y[to] = x.data()[from]; });
    return operation.finish(shape, y, [=](const Pull& d) {
        double* const dx = d(x);
        swap.each([&](std::size_t from, std::size_t to) { dx[from] += d.result()[to]; });
    });
}

Tensor concatenate(std::span<const Tensor> parts, int axis) {
    if (parts.empty()) {
        throw ShapeError("concatenate: it needs tensors: there is none. Give it at least one.");
    }
    const Shape& first = parts[0].shape();
    const std::size_t at = resolve_axis("concatenate", first, axis);
    std::size_t n = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const Shape& shape = parts[i].shape();
        if (shape.rank() != first.rank() || detail::with_size(shape, at, first[at]) != first) {
            throw ShapeError(
                fmt::format("concatenate: shapes do not fit: part 0 is {}, part {} is {}. All sizes but that "
                            "of axis {} must be equal.",
                            to_string(first), i, to_string(shape), axis));
        }
        n += shape[at];
    }
    return join("concatenate", parts, detail::with_size(first, at, n), Axis(first, at).outer);
}

Tensor concatenate(std::initializer_list<Tensor> parts, int axis) {
    return concatenate(std::span(parts.begin(), parts.size()), axis);
}

Tensor stack(std::span<const Tensor> parts) {
    std::array<std::size_t, Shape::kMaxRank + 1> sizes{parts.size()};
    std::size_t rank = 1;
    if (!parts.empty()) {
        std::copy(parts[0].shape().begin(), parts[0].shape().end(), sizes.begin() + 1);
        rank += parts[0].rank();
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (parts[i].shape() != parts[0].shape()) {
            throw ShapeError(fmt::format(
                "stack: shapes differ: part 0 is {}, part {} is {}. Use concatenate() for parts of "
                "different size.",
                to_string(parts[0].shape()), i, to_string(parts[i].shape())));
        }
    }
    return join("stack", parts, Shape(std::span<const std::size_t>(sizes.data(), rank)), 1);
}

Tensor stack(std::initializer_list<Tensor> parts) { return stack(std::span(parts.begin(), parts.size())); }

Tensor gather(const Tensor& x, std::span<const std::size_t> rows) {
    const std::size_t n = x.shape()[resolve_axis("gather", x.shape(), 0)];
    for (const std::size_t i : rows) require_index("gather", i, n, "Indices begin at 0.");
    const Shape shape = detail::with_size(x.shape(), 0, rows.size());

    const Operation operation("gather", {x});
    const std::size_t inner = Axis(x.shape(), 0).inner;
    if (operation.is_by_number()) {
        return detail::by_number(shape, [&, values = detail::values_of(x)](std::size_t i) {
            return values[rows[i / inner] * inner + i % inner];
        });
    }
    double* const y = operation.numbers(shape.size());
    for (std::size_t k = 0; k < rows.size(); ++k)
        std::copy_n(x.data() + rows[k] * inner, inner, y + k * inner);
    return operation.finish(shape, y, [=, rows = operation.copy(rows)](const Pull& d) {
        double* const dx = d(x);
        for (std::size_t k = 0; k < rows.size(); ++k)
            kernels::add(d.result() + k * inner, dx + rows[k] * inner, inner);
    });
}

Tensor gather(const Tensor& x, std::span<const Value> rows) {
    if (detail::are_fixed(rows)) return gather(x, detail::indices_of("gather", rows));
    const Axis a(x.shape(), resolve_axis("gather", x.shape(), 0));
    const std::span<const Value> values = detail::values_of(x);
    std::vector<std::vector<Value>> columns;
    for (std::size_t j = 0; j < a.inner; ++j) columns.push_back(detail::line(values, j, a.n, a.inner));
    return detail::by_number(detail::with_size(x.shape(), 0, rows.size()),
                             [&](std::size_t i) { return pick(columns[i % a.inner], rows[i / a.inner]); });
}

Tensor one_hot(std::span<const std::size_t> indices, std::size_t classes) {
    const Shape shape{indices.size(), classes};
    const Operation operation("one_hot", std::span<const Tensor>());
    double* const y = operation.numbers(shape.size());
    std::fill_n(y, shape.size(), 0.0);
    for (std::size_t i = 0; i < indices.size(); ++i) {
        require_index("one_hot", indices[i], classes, "Give as many classes as there are.");
        y[i * classes + indices[i]] = 1.0;
    }
    return operation.finish(shape, y, [](const Pull&) {});
}

Tensor masked_fill(const Tensor& x, const Tensor& mask, double number) {
    const Shape& shape = x.shape();
    bool fits = mask.rank() <= x.rank();
    for (std::size_t k = 1; fits && k <= mask.rank(); ++k) {
        const std::size_t n = mask.shape()[mask.rank() - k];
        fits = n == 1 || n == shape[x.rank() - k];
    }
    if (!fits) {
        throw ShapeError(
            fmt::format("masked_fill: the mask does not fit: x is {}, mask is {}. From the last axis on, the "
                        "sizes of the mask must be those of x or 1.",
                        to_string(shape), to_string(mask.shape())));
    }
    const Operation operation("masked_fill", {x, mask});
    const detail::Runs runs(shape, mask.shape(), shape);
    const auto each = [runs, masks = mask.data()](auto f) {
        runs.each([&](std::size_t, std::size_t j, std::size_t k) {
            for (std::size_t i = 0; i < runs.length(); ++i) f(k + i, masks[j + i * runs.b_step()] != 0.0);
        });
    };
    if (operation.is_by_number()) {
        std::vector<Value> y(x.size());
        const std::span<const Value> values = detail::values_of(x);
        if (mask.is_constant()) {
            each([&](std::size_t i, bool masked) { y[i] = masked ? Value(number) : values[i]; });
            return tensor(y, shape);
        }
        const std::span<const Value> masks = detail::values_of(mask);
        runs.each([&](std::size_t, std::size_t j, std::size_t k) {
            for (std::size_t i = 0; i < runs.length(); ++i) {
                const std::array<Value, 2> choice{values[k + i], number};
                y[k + i] = pick(choice, masks[j + i * runs.b_step()]);
            }
        });
        return tensor(y, shape);
    }
    double* const y = operation.numbers(x.size());
    each([&](std::size_t i, bool masked) { y[i] = masked ? number : x.data()[i]; });
    return operation.finish(shape, y, [=](const Pull& d) {
        if (double* const dx = d(x)) {
            each([&](std::size_t i, bool masked) { dx[i] += masked ? 0.0 : d.result()[i]; });
        }
    });
}

}  // namespace gradus
