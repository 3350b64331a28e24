// SPDX-License-Identifier: MIT
// Products and sums of matrices, in vectors. Small products are made here: tiles of the result stay in
// registers while the inner size runs. There is no blocking over caches: large products go to CBLAS where
// there is one.
#include "matrix.hpp"

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <utility>

#ifdef GRADUS_HAS_CBLAS
#include <cblas.h>
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matrix.cpp"
#include "lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace gradus::kernels::HWY_NAMESPACE {
namespace {

/// Element (i, j) at data[i * row + j * column]: a matrix whose transposition costs nothing.
template <class T>
struct Strided {
    const T* data;
    std::size_t row, column;
};

template <class T>
Strided<T> strided(MatrixView<T> a) {
    return a.transposed ? Strided<T>{a.data, 1, a.stride} : Strided<T>{a.data, a.stride, 1};
}

/// Where a product goes.
template <class T>
struct Result {
    T* data;
    std::size_t stride;
    bool accumulate;

    Result from(std::size_t i, std::size_t j) const { return {data + i * stride + j, stride, accumulate}; }
};

// ---- b by rows: rows of the result are sums of rows of b

/// Make `rows` rows of the result, `columns` vectors wide, of which the last one may be a part.
template <std::size_t rows, std::size_t columns, class T, class Last>
HWY_INLINE void tile(std::size_t k, Strided<T> a, const T* b, std::size_t b_stride, Result<T> c, Last last) {
    // Few sums would wait for each other: then odd terms get sums of their own.
    constexpr std::size_t chains = rows * columns <= 4 ? 2 : 1;
    const auto load = [=](const T* row, auto j) HWY_ATTR {
        const T* p = row + j * kLanes<T>;
        if constexpr (j + 1 < columns)
            return hn::LoadU(Tag<T>(), p);
        else
            return last.load(p);
    };
    Vector<T> sum[chains][rows][columns];
    unroll<rows>([&](auto i) HWY_ATTR {
        unroll<columns>([&](auto j) HWY_ATTR {
            sum[0][i][j] = c.accumulate ? load(c.data + i * c.stride, j) : hn::Zero(Tag<T>());
            if constexpr (chains == 2) sum[1][i][j] = hn::Zero(Tag<T>());
        });
    });
    const auto add_term = [&](std::size_t l, auto chain) HWY_ATTR {
        Vector<T> row[columns];
        unroll<columns>([&](auto j) HWY_ATTR { row[j] = load(b + l * b_stride, j); });
        unroll<rows>([&](auto i) HWY_ATTR {
            const Vector<T> factor = hn::Set(Tag<T>(), a.data[i * a.row + l * a.column]);
            unroll<columns>(
                [&](auto j) HWY_ATTR { sum[chain][i][j] = hn::MulAdd(factor, row[j], sum[chain][i][j]); });
        });
    };
    std::size_t l = 0;
    for (; l + chains <= k; l += chains) unroll<chains>([&](auto s) HWY_ATTR { add_term(l + s, s); });
    if (l < k) add_term(l, std::integral_constant<std::size_t, 0>());
    unroll<rows>([&](auto i) HWY_ATTR {
        unroll<columns>([&](auto j) HWY_ATTR {
            T* p = c.data + i * c.stride + j * kLanes<T>;
            Vector<T> v = sum[0][i][j];
            if constexpr (chains == 2) v = v + sum[1][i][j];
            if constexpr (j + 1 < columns)
                hn::StoreU(v, Tag<T>(), p);
            else
                last.store(v, p);
        });
    });
}

/// Make all rows of the result, `columns` vectors wide.
template <std::size_t columns, class T, class Last>
void panel(std::size_t m, std::size_t k, Strided<T> a, const T* b, std::size_t b_stride, Result<T> c,
           Last last) {
    std::size_t i = 0;
    const auto rest = [&] HWY_ATTR { return Strided<T>{a.data + i * a.row, a.row, a.column}; };
    for (; i + 4 <= m; i += 4) tile<4, columns>(k, rest(), b, b_stride, c.from(i, 0), last);
    switch (m - i) {
        case 3:
            return tile<3, columns>(k, rest(), b, b_stride, c.from(i, 0), last);
        case 2:
            return tile<2, columns>(k, rest(), b, b_stride, c.from(i, 0), last);
        case 1:
            return tile<1, columns>(k, rest(), b, b_stride, c.from(i, 0), last);
        default:
            return;
    }
}

template <class T>
void multiply_by_rows(std::size_t m, std::size_t n, std::size_t k, Strided<T> a, const T* b,
                      std::size_t b_stride, Result<T> c) {
    constexpr std::size_t lanes = kLanes<T>;
    std::size_t j = 0;
    for (; j + 2 * lanes <= n; j += 2 * lanes) panel<2>(m, k, a, b + j, b_stride, c.from(0, j), Whole<T>());
    if (j + lanes < n) {
        panel<2>(m, k, a, b + j, b_stride, c.from(0, j), Part<T>(n - j - lanes));
    } else if (j + lanes == n) {
        panel<1>(m, k, a, b + j, b_stride, c.from(0, j), Whole<T>());
    } else if (j < n) {
        panel<1>(m, k, a, b + j, b_stride, c.from(0, j), Part<T>(n - j));
    }
}

// ---- b by columns: elements of the result are dot products

/// Make `columns` elements of a row of the result.
template <std::size_t columns, class T>
HWY_INLINE void dots(std::size_t k, const T* a, const T* b, std::size_t b_stride, Result<T> c) {
    Vector<T> sum[columns];
    unroll<columns>([&](auto j) HWY_ATTR { sum[j] = hn::Zero(Tag<T>()); });
    for_each_vector<T>(k, [&](auto part, std::size_t l) HWY_ATTR {
        const Vector<T> v = part.load(a + l);
        unroll<columns>([&](auto j)
                            HWY_ATTR { sum[j] = hn::MulAdd(v, part.load(b + j * b_stride + l), sum[j]); });
    });
    unroll<columns>([&](auto j)
                        HWY_ATTR { c.data[j] = sum_of_lanes(sum[j]) + (c.accumulate ? c.data[j] : 0); });
}

template <class T>
void multiply_by_columns(std::size_t m, std::size_t n, std::size_t k, Strided<T> a, const T* b,
                         std::size_t b_stride, Result<T> c) {
    for (std::size_t i = 0; i < m; ++i) {
        std::size_t j = 0;
        for (; j + 4 <= n; j += 4) dots<4>(k, a.data + i * a.row, b + j * b_stride, b_stride, c.from(i, j));
        for (; j < n; ++j) dots<1>(k, a.data + i * a.row, b + j * b_stride, b_stride, c.from(i, j));
    }
}

/// Lay rows of b beside each other: to[t * width + s] = b(t, s).
template <std::size_t width, class T>
void copy_panel(std::size_t terms, std::size_t columns, Strided<T> b, T* to) {
    for (std::size_t t = 0; t < terms; ++t, to += width) {
        const T* from = b.data + t * b.row;
        if (columns == width) {
            unroll<width>([&](auto s) HWY_ATTR { to[s] = from[s * b.column]; });
        } else {
            for (std::size_t s = 0; s < columns; ++s) to[s] = from[s * b.column];
        }
    }
}

/// Copy as many columns of b as a panel takes, then multiply by rows.
template <class T>
void multiply_by_copies(std::size_t m, std::size_t n, std::size_t k, Strided<T> a, Strided<T> b,
                        Result<T> c) {
    constexpr std::size_t width = 2 * kLanes<T>, height = 64;
    T copy[height * width];
    for (std::size_t l = 0; l < k; l += height) {
        const std::size_t terms = std::min(height, k - l);
        const Strided<T> part{a.data + l * a.column, a.row, a.column};
        for (std::size_t j = 0; j < n; j += width) {
            const std::size_t columns = std::min(width, n - j);
            copy_panel<width>(terms, columns, {b.data + l * b.row + j * b.column, b.row, b.column}, copy);
            Result<T> to = c.from(0, j);
            to.accumulate = c.accumulate || l > 0;
            multiply_by_rows(m, columns, terms, part, copy, width, to);
        }
    }
}

template <class T>
void multiply(std::size_t m, std::size_t n, std::size_t k, MatrixView<T> a, MatrixView<T> b, T* c,
              std::size_t c_stride, bool accumulate) {
    if (n == 1 && m > 1 && c_stride == 1) {  // a column lies in memory as a row does: c' = b' a'
        std::swap(a, b);
        std::swap(m, n);
        a = transpose(a);
        b = transpose(b);
    }
    const Strided<T> left = strided(a);
    const Result<T> to{c, c_stride, accumulate};
    // A panel of b that the cache cannot hold, or that lies along columns, is worth a copy if several rows
    // use it.
    const bool is_large = k > 64 && k * n > 4096;
    if (k == 0 || (!b.transposed && (m < 4 || !is_large))) {
        multiply_by_rows(m, n, k, left, b.data, b.stride, to);
    } else if (b.transposed && m < 4 && left.column == 1) {
        multiply_by_columns(m, n, k, left, b.data, b.stride, to);
    } else {
        multiply_by_copies(m, n, k, left, strided(b), to);
    }
}

// ---- bias and its gradient

template <class T>
void add_row_to_rows(const T* x, T* y, std::size_t m, std::size_t n) {
    for (std::size_t row = 0; row < m * n; row += n) {
        for_each_vector<T>(n, [=](auto part, std::size_t j) HWY_ATTR {
            part.store(part.load(y + row + j) + part.load(x + j), y + row + j);
        });
    }
}

template <class T>
void add_rows_to_row(const T* x, T* y, std::size_t m, std::size_t n) {
    for_each_vector<T>(n, [=](auto part, std::size_t j) HWY_ATTR {
        Vector<T> sum = part.load(y + j);
        for (std::size_t row = 0; row < m * n; row += n) sum = sum + part.load(x + row + j);
        part.store(sum, y + j);
    });
}

/// Products of more multiplications go to CBLAS. Measured with OpenBLAS 0.3.21 on AMD Zen 5, in double: these
/// loops stay level or ahead up to 16^3 with vectors of 128 bits, 256^3 with 256 bits, 512^3 with 512 bits.
template <class T>
constexpr double kLargest = [] {
    constexpr std::size_t bytes = kLanes<T> * sizeof(T);
    return bytes <= 16 ? 1 << 12 : bytes <= 32 ? 1 << 24 : 1 << 27;
}();

/// The functions of matrix.hpp, for the instruction set of this namespace.
template <class T>
constexpr detail::Matrices<T> kMatrices = {multiply<T>, kLargest<T>, add_row_to_rows<T>, add_rows_to_row<T>};

}  // namespace

const detail::Matrices<double>& matrices_of_double() { return kMatrices<double>; }
const detail::Matrices<float>& matrices_of_float() { return kMatrices<float>; }

}  // namespace gradus::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gradus::kernels {

#ifdef GRADUS_HAS_CBLAS
namespace {

/// OpenBLAS starts a thread for each core unless it is told otherwise; small tasks lose by it.
void choose_threads() {
#ifdef OPENBLAS_VERSION
    static const bool once = [] {
        if (std::getenv("OPENBLAS_NUM_THREADS") == nullptr) openblas_set_num_threads(1);
        return true;
    }();
    static_cast<void>(once);
#endif
}

/// Whether CBLAS takes a matrix that is seen with so many rows and columns: not if its rows repeat or overlap
/// in memory, or there is but one, and the step to the next is left at 0.
template <class T>
bool is_for_blas(MatrixView<T> x, std::size_t rows, std::size_t columns) {
    return x.stride >= (x.transposed ? rows : columns) && x.stride <= INT_MAX;
}

void gemm(std::size_t m, std::size_t n, std::size_t k, MatrixView<double> a, MatrixView<double> b, double* c,
          std::size_t c_stride, bool accumulate) {
    cblas_dgemm(CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans,
                b.transposed ? CblasTrans : CblasNoTrans, static_cast<int>(m), static_cast<int>(n),
                static_cast<int>(k), 1.0, a.data, static_cast<int>(a.stride), b.data,
                static_cast<int>(b.stride), accumulate ? 1.0 : 0.0, c, static_cast<int>(c_stride));
}

void gemm(std::size_t m, std::size_t n, std::size_t k, MatrixView<float> a, MatrixView<float> b, float* c,
          std::size_t c_stride, bool accumulate) {
    cblas_sgemm(CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans,
                b.transposed ? CblasTrans : CblasNoTrans, static_cast<int>(m), static_cast<int>(n),
                static_cast<int>(k), 1.0F, a.data, static_cast<int>(a.stride), b.data,
                static_cast<int>(b.stride), accumulate ? 1.0F : 0.0F, c, static_cast<int>(c_stride));
}

}  // namespace
#endif

HWY_EXPORT(matrices_of_double);
HWY_EXPORT(matrices_of_float);

template <>
const detail::Matrices<double>& detail::matrices() {
    return HWY_DYNAMIC_DISPATCH(matrices_of_double)();
}

template <>
const detail::Matrices<float>& detail::matrices() {
    return HWY_DYNAMIC_DISPATCH(matrices_of_float)();
}

template <class T>
void multiply(std::size_t m, std::size_t n, std::size_t k, MatrixView<T> a, MatrixView<T> b, T* c,
              std::size_t c_stride, bool accumulate) {
    const detail::Matrices<T>& matrices = detail::matrices<T>();
#ifdef GRADUS_HAS_CBLAS
    const double products = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
    if (products > matrices.largest && is_for_blas(a, m, k) && is_for_blas(b, k, n) &&
        std::max({m, n, k, c_stride}) <= INT_MAX) {
        choose_threads();
        return gemm(m, n, k, a, b, c, c_stride, accumulate);
    }
#endif
    matrices.multiply(m, n, k, a, b, c, c_stride, accumulate);
}

template void multiply(std::size_t, std::size_t, std::size_t, MatrixView<double>, MatrixView<double>, double*,
                       std::size_t, bool);
template void multiply(std::size_t, std::size_t, std::size_t, MatrixView<float>, MatrixView<float>, float*,
                       std::size_t, bool);

}  // namespace gradus::kernels
#endif
