// SPDX-License-Identifier: MIT
// Loops over pieces that a list of places finds, against plain loops over double.
#include "kernels/pieces.hpp"

#include <algorithm>

#include "kernels.hpp"

using namespace gradus;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

/// Call test(random) for each target and type of number.
template <class Test>
void for_each_type(Test test) {
    on_every_target([&] {
        Random random(7);
        test.template operator()<double>(random);
        test.template operator()<float>(random);
    });
}

template <class T>
bool near(T found, double expected, std::size_t terms) {
    return std::abs(found - expected) <= rounding<T>(8 * (1 + std::abs(expected)), terms);
}

/// Places of a region that begins at 1000: scattered, two of them the same.
constexpr std::uint32_t kOrigin = 1000;
const std::vector<std::uint32_t> kPlaces{1007, 1000, 1003, 1003, 1011};

kernels::Pieces pieces(std::size_t length, std::size_t repeat) {
    return {kPlaces.data(), kPlaces.size(), kOrigin, length, length, repeat};
}

constexpr std::size_t kRoom = 12;  // places that the lists above name

}  // namespace

TEST_CASE("kernels: pieces are laid side by side, and their gradients added where they came from") {
    for_each_type([]<class T>(Random& random) {
        for (const std::size_t length : {1u, 2u, 3u, 8u, 16u, 17u, 40u}) {
            for (const std::size_t repeat : {1u, 2u, 5u}) {
                CAPTURE(length);
                CAPTURE(repeat);
                const std::size_t n = kPlaces.size() * length * repeat;
                Run<T> x(kRoom * length, random), y(n), d(n, random), dx(kRoom * length, random);
                std::vector<double> expected(dx.data(), dx.data() + dx.size());
                const auto& loops = kernels::piece_loops<T>();
                loops.copy(x.data(), pieces(length, repeat), y.data());
                loops.add(d.data(), pieces(length, repeat), dx.data());
                std::size_t k = 0;
                for (const std::uint32_t place : kPlaces) {
                    for (std::size_t r = 0; r < repeat; ++r) {
                        for (std::size_t i = 0; i < length; ++i, ++k) {
                            const std::size_t at = (place - kOrigin) * length + i;
                            CHECK(y[k] == x[at]);
                            expected[at] += d[k];
                        }
                    }
                }
                for (std::size_t i = 0; i < dx.size(); ++i) CHECK(near(dx[i], expected[i], 2 * repeat));
                CHECK((y.is_intact() && dx.is_intact()));
            }
        }
    });
}

TEST_CASE("kernels: numbers of pieces are repeated one by one, and their gradients summed") {
    for_each_type([]<class T>(Random& random) {
        for (const std::size_t length : {1u, 3u}) {
            for (const std::size_t repeat : {1u, 3u, 16u, 33u}) {
                CAPTURE(length);
                CAPTURE(repeat);
                const std::size_t n = kPlaces.size() * length * repeat;
                Run<T> x(kRoom * length, random), y(n), d(n, random), dx(kRoom * length, random);
                std::vector<double> expected(dx.data(), dx.data() + dx.size());
                const auto& loops = kernels::piece_loops<T>();
                loops.fill(x.data(), pieces(length, repeat), y.data());
                loops.sum(d.data(), pieces(length, repeat), dx.data());
                std::size_t k = 0;
                for (const std::uint32_t place : kPlaces) {
                    for (std::size_t i = 0; i < length; ++i) {
                        const std::size_t at = (place - kOrigin) * length + i;
                        for (std::size_t r = 0; r < repeat; ++r, ++k) {
                            CHECK(y[k] == x[at]);
                            expected[at] += d[k];
                        }
                    }
                }
                for (std::size_t i = 0; i < dx.size(); ++i) CHECK(near(dx[i], expected[i], 2 * repeat));
                CHECK((y.is_intact() && dx.is_intact()));
            }
        }
    });
}

TEST_CASE("kernels: sums and logsumexp of rows, of one example and of several") {
    for_each_type([]<class T>(Random& random) {
        for (const std::size_t rows : {1u, 3u}) {
            for (const std::size_t arity : {1u, 2u, 7u, 17u}) {
                for (const std::size_t width : {1u, 2u, 8u, 19u}) {
                    CAPTURE(rows);
                    CAPTURE(arity);
                    CAPTURE(width);
                    const kernels::LaneRows shape{rows, arity, width};
                    const std::size_t n = rows * arity * width;
                    Run<T> x(n, random), e(n), sums(rows * width), y(rows * width);
                    Run<T> dy(rows * width, random), dx(n, random);
                    const std::vector<T> before(dx.data(), dx.data() + n);
                    const auto& loops = kernels::piece_loops<T>();
                    loops.sum_rows(shape, x.data(), sums.data());
                    loops.logsumexp_rows(shape, x.data(), e.data(), y.data());
                    loops.logsumexp_rows_gradient(shape, x.data(), e.data(), y.data(), dy.data(), dx.data());
                    for (std::size_t r = 0; r < rows; ++r) {
                        for (std::size_t l = 0; l < width; ++l) {
                            const auto at = [&](std::size_t i) { return (r * arity + i) * width + l; };
                            double sum = 0, total = 0;
                            for (std::size_t i = 0; i < arity; ++i)
                                sum += x[at(i)], total += std::exp(double{x[at(i)]});
                            CHECK(near(sums[r * width + l], sum, arity));
                            CHECK(near(y[r * width + l], std::log(total), arity));
                            for (std::size_t i = 0; i < arity; ++i) {
                                const double share = std::exp(double{x[at(i)]}) / total;
                                CHECK(near(dx[at(i)], before[at(i)] + share * dy[r * width + l], arity));
                            }
                        }
                    }
                    CHECK((e.is_intact() && y.is_intact() && dx.is_intact()));
                }
            }
        }
    });
}

TEST_CASE("kernels: logsumexp of rows at the edges") {
    for_each_type([]<class T>(Random&) {
        for (const std::size_t width : {1u, 3u}) {
            const auto value = [&](T a, T b) {
                Run<T> x(2 * width), e(2 * width), y(width), dy(width), dx(2 * width);
                for (std::size_t l = 0; l < width; ++l)
                    x[l] = a, x[width + l] = b, dy[l] = 1, dx[l] = dx[width + l] = 0;
                const auto& loops = kernels::piece_loops<T>();
                loops.logsumexp_rows({1, 2, width}, x.data(), e.data(), y.data());
                loops.logsumexp_rows_gradient({1, 2, width}, x.data(), e.data(), y.data(), dy.data(),
                                              dx.data());
                return std::array<T, 3>{y[width - 1], dx[width - 1], dx[2 * width - 1]};
            };
            const T inf = static_cast<T>(kInf);
            CHECK(value(-inf, 3) == std::array<T, 3>{3, 0, 1});  // -inf has no share
            CHECK(value(-inf, -inf) == std::array<T, 3>{-inf, 0, 0});
            CHECK(value(inf, 3)[0] == inf);
            CHECK(std::isnan(value(std::numeric_limits<T>::quiet_NaN(), 3)[0]));
            CHECK(near(value(1000, 1000)[0], 1000 + std::log(2.0), 2));
            CHECK(near(value(-1000, -1000)[0], -1000 + std::log(2.0), 2));
        }
    });
}

TEST_CASE("kernels: dot products of rows, and their gradients") {
    for_each_type([]<class T>(Random& random) {
        for (const std::size_t arity : {1u, 3u, 4u, 8u, 19u}) {
            for (const std::size_t width : {1u, 2u, 8u, 21u}) {
                for (const bool shared : {false, true}) {
                    if (shared && width == 1) continue;
                    CAPTURE(arity);
                    CAPTURE(width);
                    CAPTURE(shared);
                    // a by a list, in which rows repeat; b one row after the other
                    const std::vector<std::uint32_t> places{1000, 1000, 1000, 1020, 1020};
                    const std::size_t rows = places.size(), a_width = shared ? 1 : width;
                    Run<T> a(40 * a_width, random), b(rows * arity * width, random), y(rows * width);
                    Run<T> dy(rows * width, random), da(a.size(), random), db(b.size(), random);
                    std::vector<double> da_expected(da.data(), da.data() + da.size());
                    std::vector<double> db_expected(db.data(), db.data() + db.size());
                    const kernels::DotShape shape{rows, arity, width, shared};
                    const kernels::FactorRows a_rows{places.data(), kOrigin, a_width, 0};
                    const kernels::FactorRows b_rows{nullptr, 0, 0, arity * width};
                    const auto& loops = kernels::piece_loops<T>();
                    loops.dots(shape, a.data(), a_rows, b.data(), b_rows, y.data());
                    loops.dots_gradient(shape, a.data(), da.data(), a_rows, b.data(), db.data(), b_rows,
                                        dy.data());
                    for (std::size_t r = 0; r < rows; ++r) {
                        for (std::size_t l = 0; l < width; ++l) {
                            double sum = 0;
                            for (std::size_t i = 0; i < arity; ++i) {
                                const std::size_t p = (places[r] - kOrigin + i) * a_width + (shared ? 0 : l);
                                const std::size_t q = (r * arity + i) * width + l;
                                sum += double{a[p]} * b[q];
                                da_expected[p] += double{dy[r * width + l]} * b[q];
                                db_expected[q] += double{dy[r * width + l]} * a[p];
                            }
                            CHECK(near(y[r * width + l], sum, 4 * arity));
                        }
                    }
                    for (std::size_t i = 0; i < da.size(); ++i)
                        CHECK(near(da[i], da_expected[i], 4 * rows * width));
                    for (std::size_t i = 0; i < db.size(); ++i) CHECK(near(db[i], db_expected[i], 4));
                    CHECK((y.is_intact() && da.is_intact() && db.is_intact()));
                }
            }
        }
    });
}
