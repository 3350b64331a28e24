// SPDX-License-Identifier: MIT
// Plain loops over matrices.
#include "matrix.hpp"

namespace gradus::kernels {

template <class T>
void multiply(std::size_t m, std::size_t n, std::size_t k, MatrixView<T> a, MatrixView<T> b, T* c,
              std::size_t c_stride, bool accumulate) {
    const std::size_t a_row = a.transposed ? 1 : a.stride, a_column = a.transposed ? a.stride : 1;
    const std::size_t b_row = b.transposed ? 1 : b.stride, b_column = b.transposed ? b.stride : 1;
    for (std::size_t i = 0; i < m; ++i) {
        T* row = c + i * c_stride;
        for (std::size_t j = 0; j < n && !accumulate; ++j) row[j] = 0;
        for (std::size_t l = 0; l < k; ++l) {
            const T x = a.data[i * a_row + l * a_column];
            for (std::size_t j = 0; j < n; ++j) row[j] += x * b.data[l * b_row + j * b_column];
        }
    }
}

template <class T>
void add_row_to_rows(const T* x, T* y, std::size_t m, std::size_t n) {
    for (std::size_t i = 0; i < m; ++i) {
        for (std::size_t j = 0; j < n; ++j) y[i * n + j] += x[j];
    }
}

template <class T>
void add_rows_to_row(const T* x, T* y, std::size_t m, std::size_t n) {
    for (std::size_t i = 0; i < m; ++i) {
        for (std::size_t j = 0; j < n; ++j) y[j] += x[i * n + j];
    }
}

template void multiply(std::size_t, std::size_t, std::size_t, MatrixView<double>, MatrixView<double>, double*,
                       std::size_t, bool);
template void multiply(std::size_t, std::size_t, std::size_t, MatrixView<float>, MatrixView<float>, float*,
                       std::size_t, bool);
template void add_row_to_rows(const double*, double*, std::size_t, std::size_t);
template void add_row_to_rows(const float*, float*, std::size_t, std::size_t);
template void add_rows_to_row(const double*, double*, std::size_t, std::size_t);
template void add_rows_to_row(const float*, float*, std::size_t, std::size_t);

}  // namespace gradus::kernels
