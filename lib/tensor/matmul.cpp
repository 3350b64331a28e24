// SPDX-License-Identifier: MIT
#include "gradus/tensor/matmul.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "../kernels/matrix.hpp"
#include "axis.hpp"
#include "by_number.hpp"
#include "gradus/reduce.hpp"
#include "gradus/tensor/elementwise.hpp"
#include "operation.hpp"

namespace gradus {
namespace {

using Matrix = kernels::MatrixView<double>;

/// Add a b to c, which lies in memory as its transpose if `c_transposed` is set.
/// Shapes: a (m,k), b (k,n), c (m,n).
void add_product(std::size_t m, std::size_t n, std::size_t k, Matrix a, Matrix b, double* c,
                 bool c_transposed) {
    if (c_transposed) {
        kernels::multiply(n, m, k, transpose(b), transpose(a), c, m, true);
    } else {
        kernels::multiply(m, n, k, a, b, c, n, true);
    }
}

using Counts = std::array<std::size_t, 2>;
constexpr Counts kSingle{1, 1};

std::size_t broadcast_size(std::size_t m, std::size_t n) { return m == 1 ? n : m; }

/// One side of a product: a matrix (rows,columns) as the product reads it, or many in two leading axes.
struct Factor {
    Tensor tensor;
    bool transposed = false;
    std::size_t rows = 1, columns = 1;
    Counts counts = kSingle;

    /// Return where matrix (i,j) begins; along an axis of size 1 there is one for all.
    [[nodiscard]] std::size_t offset(std::size_t i, std::size_t j) const {
        return ((counts[0] == 1 ? 0 : i) * counts[1] + (counts[1] == 1 ? 0 : j)) * rows * columns;
    }
    [[nodiscard]] Matrix at(std::size_t offset) const {
        return {tensor.data() + offset, transposed ? rows : columns, transposed};
    }
};

/// Call f(offset in a, offset in b, offset in the result) for each pair of matrices.
template <class F>
void each_pair(const Factor& a, const Factor& b, F f) {
    std::size_t c = 0;
    for (std::size_t i = 0; i < broadcast_size(a.counts[0], b.counts[0]); ++i) {
        for (std::size_t j = 0; j < broadcast_size(a.counts[1], b.counts[1]); ++j, c += a.rows * b.columns)
            f(a.offset(i, j), b.offset(i, j), c);
    }
}

/// Return row i of the matrix at this offset, or column j.
std::vector<Value> row_of(const Factor& f, std::span<const Value> x, std::size_t offset, std::size_t i) {
    return f.transposed ? detail::line(x, offset + i, f.columns, f.rows)
                        : detail::line(x, offset + i * f.columns, f.columns, 1);
}
std::vector<Value> column_of(const Factor& f, std::span<const Value> x, std::size_t offset, std::size_t j) {
    return f.transposed ? detail::line(x, offset + j * f.rows, f.rows, 1)
                        : detail::line(x, offset + j, f.rows, f.columns);
}

Tensor product_by_number(const Shape& shape, const Factor& a, const Factor& b) {
    const std::span<const Value> as = detail::values_of(a.tensor), bs = detail::values_of(b.tensor);
    std::vector<Value> y;
    each_pair(a, b, [&](std::size_t a_offset, std::size_t b_offset, std::size_t) {
        std::vector<std::vector<Value>> columns;
        for (std::size_t j = 0; j < b.columns; ++j) columns.push_back(column_of(b, bs, b_offset, j));
        for (std::size_t i = 0; i < a.rows; ++i) {
            const std::vector<Value> row = row_of(a, as, a_offset, i);
            for (const std::vector<Value>& column : columns)
                y.push_back(a.columns == 1 ? row[0] * column[0] : dot(row, column));
        }
    });
    return tensor(y, shape);
}

Tensor product(const char* name, const Shape& shape, Factor a, const Factor& b) {
    if (b.counts == kSingle) {  // one below the other, the matrices of a are a single one
        a.rows *= a.counts[0] * a.counts[1];
        a.counts = kSingle;
    }
    const detail::Operation operation(name, {a.tensor, b.tensor});
    if (operation.is_by_number()) return product_by_number(shape, a, b);
    const std::size_t m = a.rows, n = b.columns, k = a.columns;
    double* const y = operation.numbers(shape.size());
    each_pair(a, b, [&](std::size_t i, std::size_t j, std::size_t c) {
        kernels::multiply(m, n, k, a.at(i), b.at(j), y + c, n, false);
    });
    return operation.finish(shape, y, [=](const detail::Pull& d) {
        double* const da = d(a.tensor);
        double* const db = d(b.tensor);
        each_pair(a, b, [&](std::size_t i, std::size_t j, std::size_t c) {
            const Matrix dy{d.result() + c, n};
            if (da != nullptr) add_product(m, k, n, dy, transpose(b.at(j)), da + i, a.transposed);
            if (db != nullptr) add_product(k, n, m, transpose(a.at(i)), dy, db + j, b.transposed);
        });
    });
}

// ---- shapes

/// Return a tensor as a factor: a vector is one row, or one column.
Factor factor(const Tensor& x, bool is_column) {
    const Shape& shape = x.shape();
    const std::size_t rank = shape.rank();
    Factor f{x};
    if (rank == 1) (is_column ? f.rows : f.columns) = shape[0];
    if (rank >= 2) f.rows = shape[rank - 2], f.columns = shape[rank - 1];
    if (rank >= 3) f.counts[1] = shape[rank - 3];
    if (rank >= 4) f.counts[0] = shape[rank - 4];
    return f;
}

Factor factor(const Transposed& x, bool) {
    const Shape& shape = x.T().shape();
    return {x.T(), true, shape[1], shape[0]};
}

/// Return the shape as the product reads it.
Shape shape_of(const Factor& f) { return f.transposed ? Shape{f.rows, f.columns} : f.tensor.shape(); }

/// Return the shape of the product.
Shape multiply_shapes(const Factor& a, const Factor& b) {
    const Shape a_shape = shape_of(a), b_shape = shape_of(b);
    const auto fail = [&](const char* wrong, const char* remedy) {
        throw ShapeError(fmt::format("matmul: {}: a is {}, b is {}. {}", wrong, to_string(a_shape),
                                     to_string(b_shape), remedy));
    };
    if (a_shape.rank() == 0 || b_shape.rank() == 0) fail("a number is no matrix", "Multiply by it with *.");
    if (a.columns != b.rows) {
        fail("inner sizes differ", "Transpose one of them, or check the layer widths.");
    }
    std::array<std::size_t, Shape::kMaxRank> sizes{};
    std::size_t rank = 0;
    const std::size_t leading = std::max({a_shape.rank(), b_shape.rank(), std::size_t{2}}) - 2;
    for (std::size_t axis = 2 - leading; axis < 2; ++axis) {
        const std::size_t i = a.counts[axis], j = b.counts[axis];
        if (i != j && i != 1 && j != 1) {
            fail("leading axes differ", "Sizes before the last two must be equal or 1.");
        }
        sizes[rank++] = broadcast_size(i, j);
    }
    if (a_shape.rank() >= 2) sizes[rank++] = a.rows;
    if (b_shape.rank() >= 2) sizes[rank++] = b.columns;
    return Shape(std::span(sizes).first(rank));
}

template <class A, class B>
Tensor multiply(const A& a, const B& b) {
    const Factor left = factor(a, false), right = factor(b, true);
    return product("matmul", multiply_shapes(left, right), left, right);
}

// ---- layers

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor* bias) {
    const auto fail = [&](const char* wrong, const char* remedy) {
        throw ShapeError(fmt::format("linear: {}: x is {}, weight is {}{}. {}", wrong, to_string(x.shape()),
                                     to_string(weight.shape()),
                                     bias != nullptr ? ", bias is " + to_string(bias->shape()) : "", remedy));
    };
    if (weight.rank() != 2) fail("the weight is no matrix", "It has a row for each output.");
    const std::size_t out = weight.shape()[0], in = weight.shape()[1];
    if (x.rank() == 0 || x.shape()[x.rank() - 1] != in) {
        fail("widths differ", "The last axis of both must be equal: check the layer widths.");
    }
    if (bias != nullptr && bias->shape() != Shape{out}) {
        fail("the bias does not fit", "It has a number for each row of the weight.");
    }
    const Shape shape = detail::with_size(x.shape(), x.rank() - 1, out);
    const std::size_t rows = detail::Axis(x.shape(), x.rank() - 1).outer;

    const std::array<Tensor, 3> operands{x, weight, bias != nullptr ? *bias : weight};
    const detail::Operation operation("linear", std::span(operands).first(bias != nullptr ? 3 : 2));
    if (operation.is_by_number()) {
        const Tensor product = matmul(x, weight.T());
        return bias != nullptr ? product + *bias : product;
    }
    double* const y = operation.numbers(shape.size());
    kernels::multiply(rows, out, in, Matrix{x.data(), in}, Matrix{weight.data(), in, true}, y, out, false);
    if (bias != nullptr) kernels::add_row_to_rows(bias->data(), y, rows, out);

    const Slot bias_slot = bias != nullptr ? bias->slot() : Slot::constant;
    return operation.finish(shape, y, [=](const detail::Pull& d) {
        const Matrix dy{d.result(), out};
        if (double* const dx = d(x)) add_product(rows, in, out, dy, {weight.data(), in}, dx, false);
        if (double* const dw = d(weight)) {
            add_product(out, in, rows, transpose(dy), {x.data(), in}, dw, false);
        }
        if (double* const db = d(bias_slot)) kernels::add_rows_to_row(d.result(), db, rows, out);
    });
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) { return multiply(a, b); }
Tensor matmul(const Tensor& a, const Transposed& b) { return multiply(a, b); }
Tensor matmul(const Transposed& a, const Tensor& b) { return multiply(a, b); }
Tensor matmul(const Transposed& a, const Transposed& b) { return multiply(a, b); }

Tensor outer(const Tensor& a, const Tensor& b) {
    if (a.rank() != 1 || b.rank() != 1) {
        throw ShapeError(fmt::format("outer: it takes two vectors: a is {}, b is {}. Reshape them first.",
                                     to_string(a.shape()), to_string(b.shape())));
    }
    const std::size_t m = a.size(), n = b.size();
    return product("outer", {m, n}, {.tensor = a, .rows = m}, {.tensor = b, .columns = n});
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) { return linear(x, weight, &bias); }
Tensor linear(const Tensor& x, const Tensor& weight) { return linear(x, weight, nullptr); }

}  // namespace gradus
