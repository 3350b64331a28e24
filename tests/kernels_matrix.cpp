// SPDX-License-Identifier: MIT
// Products and sums of matrices, against three plain loops.
#include "kernels/matrix.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "kernels.hpp"

using namespace gradus;

namespace {

/// How a product is asked for.
struct Case {
    std::size_t m, n, k;
    bool a_transposed, b_transposed, accumulate;
    std::size_t gap;  // numbers between two rows
    // So far apart do rows of an operand begin at most: less than a row, they overlap.
    std::size_t a_most = SIZE_MAX, b_most = SIZE_MAX;
};

/// The numbers from the first to the last one of so many rows.
std::size_t extent(std::size_t rows, std::size_t width, std::size_t stride) {
    return rows == 0 ? 0 : (rows - 1) * stride + width;
}

template <class T>
void check(const Case& c, Random& random) {
    CAPTURE(c.m);
    CAPTURE(c.n);
    CAPTURE(c.k);
    CAPTURE(c.a_transposed);
    CAPTURE(c.b_transposed);
    CAPTURE(c.accumulate);
    CAPTURE(c.gap);
    CAPTURE(c.a_most);
    CAPTURE(c.b_most);
    const std::size_t a_width = c.a_transposed ? c.m : c.k, b_width = c.b_transposed ? c.k : c.n;
    const std::size_t a_stride = std::min(a_width + c.gap, c.a_most);
    const std::size_t b_stride = std::min(b_width + c.gap, c.b_most);
    const std::size_t c_stride = c.n + c.gap;
    Run<T> a(extent(c.a_transposed ? c.k : c.m, a_width, a_stride), random);
    Run<T> b(extent(c.b_transposed ? c.n : c.k, b_width, b_stride), random);
    Run<T> before(c.m * c_stride, random), product = before;
    kernels::multiply<T>(c.m, c.n, c.k, {a.data(), a_stride, c.a_transposed},
                         {b.data(), b_stride, c.b_transposed}, product.data(), c_stride, c.accumulate);
    REQUIRE(product.is_intact());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < c.m; ++i) {
        for (std::size_t j = 0; j < c.n; ++j) {
            const std::size_t at = i * c_stride + j;
            double sum = c.accumulate ? before[at] : 0, total = std::abs(sum);
            for (std::size_t l = 0; l < c.k; ++l) {
                const double x = a[c.a_transposed ? l * a_stride + i : i * a_stride + l];
                const double y = b[c.b_transposed ? j * b_stride + l : l * b_stride + j];
                sum += x * y;
                total += std::abs(x * y);
            }
            wrong += std::abs(product[at] - sum) > rounding<T>(total, c.k);
        }
        for (std::size_t gap = 0; gap < c.gap; ++gap) {
            const std::size_t at = i * c_stride + c.n + gap;
            wrong += product[at] != before[at];
        }
    }
    CHECK(wrong == 0);
}

/// The four forms, over and onto what is there, rows side by side and apart.
template <class T>
void check_forms(std::size_t m, std::size_t n, std::size_t k, Random& random) {
    for (unsigned form = 0; form < 16; ++form) {
        check<T>({m, n, k, (form & 1) != 0, (form & 2) != 0, (form & 4) != 0, (form & 8) != 0 ? 3U : 0U},
                 random);
    }
}

template <class T>
void check_sizes() {
    Random random(5);
    for (const std::size_t m : std::initializer_list<std::size_t>{0, 1, 2, 3, 4, 7, 9}) {
        for (const std::size_t n : std::initializer_list<std::size_t>{0, 1, 2, 3, 5, 8, 15, 16, 17, 33}) {
            for (const std::size_t k : std::initializer_list<std::size_t>{0, 1, 2, 3, 4, 7, 8, 9, 17}) {
                check_forms<T>(m, n, k, random);
            }
        }
    }
    for (const std::size_t size : kSizes) check_forms<T>(size, size, size, random);
    check_forms<T>(2, 40, 129, random);  // more terms than a panel has
    check_forms<T>(1, 1, 1000, random);
}

}  // namespace

TEST_CASE("kernels: products agree with three plain loops, in every form and size") {
    on_every_target([] {
        check_sizes<double>();
        check_sizes<float>();
    });
}

// Of these, instruction sets with vectors of up to 256 bits leave the products to CBLAS, if built with it.
TEST_CASE("kernels: large products agree with three plain loops") {
    on_every_target([] {
        Random random(6);
        check<double>({257, 256, 258, false, false, false, 0}, random);
        check<float>({257, 256, 258, true, true, true, 2}, random);
        check<double>({41, 40, 43, true, false, true, 1}, random);
        check<float>({41, 40, 43, false, true, false, 0}, random);
    });
}

// CBLAS refuses such a matrix: it prints a line, leaves the result as it was, and goes on.
TEST_CASE("kernels: rows may repeat or overlap in a product that is large enough for CBLAS") {
    on_every_target([] {
        Random random(7);
        for (const std::size_t stride : std::initializer_list<std::size_t>{0, 1, 7}) {
            for (const bool transposed : {false, true}) {
                Case c{40, 41, 43, transposed, transposed, false, 0};
                c.a_most = stride;
                check<double>(c, random);
                std::swap(c.a_most, c.b_most);
                check<double>(c, random);
            }
        }
    });
}

TEST_CASE("kernels: a product carries NaN and infinity") {
    on_every_target([] {
        constexpr double kInf = std::numeric_limits<double>::infinity();
        const double a[] = {1, kInf, 0, 1}, b[] = {0, 2, 1, std::nan("")};
        double c[4];
        kernels::multiply<double>(2, 2, 2, {a, 2}, {b, 2}, c, 2, false);
        CHECK(c[0] == kInf);
        CHECK(std::isnan(c[1]));
        CHECK(c[2] == 1);
        CHECK(std::isnan(c[3]));
    });
}

TEST_CASE("kernels: a product does not look at what it overwrites") {
    on_every_target([] {
        const double x[] = {1, 2, 3};
        double c = std::nan("");
        kernels::multiply<double>(1, 1, 3, {x, 3}, {x, 1}, &c, 1, false);
        CHECK(c == 14);
        c = std::nan("");
        kernels::multiply<double>(1, 1, 3, {x, 3}, {x, 3, true}, &c, 1, false);
        CHECK(c == 14);
    });
}

TEST_CASE("kernels: a bias goes to every row, its gradient is the sum of rows") {
    on_every_target([] {
        Random random(8);
        for (const std::size_t m : std::initializer_list<std::size_t>{0, 1, 2, 7}) {
            for (const std::size_t n : kSizes) {
                Run<float> row(n, random), rows(m * n, random), sum = row, sums = rows;
                kernels::add_row_to_rows(row.data(), sums.data(), m, n);
                kernels::add_rows_to_row(rows.data(), sum.data(), m, n);
                REQUIRE((sums.is_intact() && sum.is_intact()));
                for (std::size_t j = 0; j < n; ++j) {
                    double total = row[j];
                    for (std::size_t i = 0; i < m; ++i) {
                        CHECK(sums[i * n + j] == rows[i * n + j] + row[j]);
                        total += rows[i * n + j];
                    }
                    CHECK(std::abs(sum[j] - total) <= rounding<float>(2.0 * static_cast<double>(m + 1), m));
                }
            }
        }
    });
}
