// SPDX-License-Identifier: MIT
// Loops that apply one operation of ops.hpp to every number of a run, and their gradients.
// T is double or float. Shapes, broadcasting and errors are the callers' business.
#pragma once

#include <cstddef>

#include "gradus/ops.hpp"

namespace gradus::kernels {

namespace detail {

/// The loops of one operation: the first two if it has one argument, the other two if it has two.
template <class T>
struct Loops {
    using Size = std::size_t;
    void (*map)(const T* x, T* y, Size n);
    void (*map_gradient)(const T* x, const T* y, const T* dy, T* dx, Size n);
    void (*zip)(const T* a, Size a_step, const T* b, Size b_step, T* y, Size n);
    void (*zip_gradient)(const T* a, Size a_step, const T* b, Size b_step, const T* y, const T* dy, T* da,
                         T* db, Size n);
};

/// Return the loops of the operation at this position of ops::All, for the processor that runs this.
template <class T>
const Loops<T>& loops(std::size_t operation);

template <class Op, class T>
const Loops<T>& loops() {
    return loops<T>(ops::All::index<Op>());
}

}  // namespace detail

/// Set y[i] = Op(x[i]). y may be x.
template <class Op, class T>
void map(const T* x, T* y, std::size_t n) {
    static_assert(Op::smooth.size() == 1, "map takes operations of one argument");
    detail::loops<Op, T>().map(x, y, n);
}

/// Add dy[i] * dOp/dx(x[i], y[i]) to dx[i].
template <class Op, class T>
void map_gradient(const T* x, const T* y, const T* dy, T* dx, std::size_t n) {
    static_assert(Op::smooth.size() == 1, "map_gradient takes operations of one argument");
    detail::loops<Op, T>().map_gradient(x, y, dy, dx, n);
}

/// Set y[i] = Op(a[i * a_step], b[i * b_step]). A step is 1, or 0 for one number that serves throughout.
/// y may be a or b where their step is 1.
template <class Op, class T>
void zip(const T* a, std::size_t a_step, const T* b, std::size_t b_step, T* y, std::size_t n) {
    static_assert(Op::smooth.size() == 2, "zip takes operations of two arguments");
    detail::loops<Op, T>().zip(a, a_step, b, b_step, y, n);
}

/// Add dy[i] * dOp/da to da[i * a_step] and dy[i] * dOp/db to db[i * b_step]; da or db may be null.
/// Where a step is 0, the sum goes into the one number.
template <class Op, class T>
void zip_gradient(const T* a, std::size_t a_step, const T* b, std::size_t b_step, const T* y, const T* dy,
                  T* da, T* db, std::size_t n) {
    static_assert(Op::smooth.size() == 2, "zip_gradient takes operations of two arguments");
    detail::loops<Op, T>().zip_gradient(a, a_step, b, b_step, y, dy, da, db, n);
}

}  // namespace gradus::kernels
