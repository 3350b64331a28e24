// SPDX-License-Identifier: MIT
// Products and sums of matrices that lie row-major in memory, each row `stride` numbers after the one before.
// T is double or float. No result may overlap an operand.
#pragma once

#include <cstddef>

namespace gradus::kernels {

/// A matrix to read: element (i, j) is data[i * stride + j], or data[j * stride + i] if it is transposed.
template <class T>
struct MatrixView {
    const T* data;
    std::size_t stride;
    bool transposed = false;
};

template <class T>
MatrixView<T> transpose(MatrixView<T> a) {
    return {a.data, a.stride, !a.transposed};
}

namespace detail {

/// The loops, for one instruction set.
template <class T>
struct Matrices {
    using Size = std::size_t;
    void (*multiply)(Size m, Size n, Size k, MatrixView<T> a, MatrixView<T> b, T* c, Size c_stride,
                     bool accumulate);
    double largest;  // number of multiplications above which CBLAS is faster
    void (*add_row_to_rows)(const T* x, T* y, Size m, Size n);
    void (*add_rows_to_row)(const T* x, T* y, Size m, Size n);
};

/// Return the loops for the processor that runs this.
template <class T>
const Matrices<T>& matrices();

}  // namespace detail

/// Set c to the product of a and b, or add the product to c if `accumulate` is set.
/// Shapes: a (m,k), b (k,n), each as seen after transposing -> c (m,n), its rows c_stride apart.
/// Products above a measured size go to CBLAS, on one thread unless OPENBLAS_NUM_THREADS says otherwise.
template <class T>
void multiply(std::size_t m, std::size_t n, std::size_t k, MatrixView<T> a, MatrixView<T> b, T* c,
              std::size_t c_stride, bool accumulate);

/// Add the row x to each row of y. Shapes: x (n), y (m,n), contiguous.
template <class T>
void add_row_to_rows(const T* x, T* y, std::size_t m, std::size_t n) {
    detail::matrices<T>().add_row_to_rows(x, y, m, n);
}

/// Add each row of x to the row y. Shapes: x (m,n), contiguous, y (n).
template <class T>
void add_rows_to_row(const T* x, T* y, std::size_t m, std::size_t n) {
    detail::matrices<T>().add_rows_to_row(x, y, m, n);
}

}  // namespace gradus::kernels
