// SPDX-License-Identifier: MIT
// Every operation over runs, against the operation itself: the loops may not change a number but by rounding.
#include "kernels/elementwise.hpp"

#include "kernels.hpp"

using namespace gradus;

namespace {

// What the vector code may be off, in units of the last place; every other operation gives the same bits. The
// float versions compute in float what the operation computes in double and rounds once.
template <class Op>
constexpr double kUlps = 0;
template <>
constexpr double kUlps<ops::Exp> = 2;
template <>
constexpr double kUlps<ops::Log> = 2;
template <>
constexpr double kUlps<ops::Sin> = 3;
template <>
constexpr double kUlps<ops::Cos> = 3;
template <>
constexpr double kUlps<ops::Tanh> = 4;
template <>
constexpr double kUlps<ops::Sigmoid> = 3;
template <>
constexpr double kUlps<ops::Softplus> = 3;
template <>
constexpr double kUlps<ops::Silu> = 3;

template <class T>
std::vector<T> edges() {
    using Limits = std::numeric_limits<T>;
    std::vector<T> all{Limits::min(),    -Limits::min(),     Limits::denorm_min(), Limits::max(),
                       Limits::lowest(), Limits::infinity(), -Limits::infinity(),  Limits::quiet_NaN()};
    for (const double x : {0.0,    -0.0,   1.0,  -1.0,   0.5,    -0.625, 1e-20,  -1e-20, 18.8,  -18.8,
                           3.1415, -3.14,  88.5, -87.0,  89.0,   -104.0, -105.0, 709.5,  709.8, 710.0,
                           -745.0, -746.0, -1e3, 39000., 39001., 1e6,    1e20,   -1e20}) {
        all.push_back(static_cast<T>(x));
    }
    return all;
}

/// Compare a value; near the smallest normal number digits are lost on the way.
template <class Op, class T>
bool is_value(T found, T expected) {
    using Limits = std::numeric_limits<T>;
    if (kUlps<Op> == 0 || std::abs(expected) >= Limits::min() / Limits::epsilon()) {
        return ulps(found, expected) <= kUlps<Op>;
    }
    return std::isnan(expected) ? std::isnan(found) : std::abs(found - expected) <= Limits::min();
}

/// Compare dy times a derivative. In float, 1 - y^2 near y = 1 keeps no more digits than y has.
template <class T>
bool is_slope(T found, T expected, T dy) {
    if (std::isnan(expected)) return std::isnan(found);
    return found == expected || std::abs(found - expected) <= 8 * std::numeric_limits<T>::epsilon() *
                                                                  (std::abs(expected) + std::abs(dy));
}

template <class Op, class T>
void check_map(Run<T>& x) {
    const std::size_t n = x.size();
    Run<T> y(n), dx(n), dy(n);
    for (std::size_t i = 0; i < n; ++i) dy[i] = static_cast<T>(i % 3) - T{0.75}, dx[i] = 0;
    kernels::map<Op>(x.data(), y.data(), n);
    kernels::map_gradient<Op>(x.data(), y.data(), dy.data(), dx.data(), n);
    REQUIRE((y.is_intact() && dx.is_intact()));
    for (std::size_t i = 0; i < n; ++i) {
        const T value = static_cast<T>(Op::value(x[i])),
                slope = dy[i] * static_cast<T>(Op::da(double{x[i]}, double{y[i]}));
        CHECK_MESSAGE((is_value<Op>(y[i], value)), y[i], " at ", x[i], " instead of ", value);
        CHECK_MESSAGE(is_slope(dx[i], slope, dy[i]), "slope ", dx[i], " at ", x[i], " instead of ", slope);
    }
}

template <class Op, class T>
void check_zip(Run<T>& a, std::size_t a_step, Run<T>& b, std::size_t b_step, std::size_t n) {
    Run<T> y(n), dy(n), da(a_step == 0 ? 1 : n), db(b_step == 0 ? 1 : n);
    for (std::size_t i = 0; i < n; ++i) dy[i] = static_cast<T>(i % 3) - T{0.75};
    for (std::size_t i = 0; i < da.size(); ++i) da[i] = 0;
    for (std::size_t i = 0; i < db.size(); ++i) db[i] = 0;
    T* const none = nullptr;
    kernels::zip<Op>(a.data(), a_step, b.data(), b_step, y.data(), n);
    kernels::zip_gradient<Op>(a.data(), a_step, b.data(), b_step, y.data(), dy.data(), da.data(), none, n);
    kernels::zip_gradient<Op>(a.data(), a_step, b.data(), b_step, y.data(), dy.data(), none, db.data(), n);
    REQUIRE((y.is_intact() && da.is_intact() && db.is_intact()));
    double a_sum = 0, b_sum = 0, a_total = 0, b_total = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const T u = a[i * a_step], v = b[i * b_step], value = static_cast<T>(Op::value(u, v));
        const T pa = dy[i] * static_cast<T>(Op::da(double{u}, double{v}, double{y[i]})),
                pb = dy[i] * static_cast<T>(Op::db(double{u}, double{v}, double{y[i]}));
        CHECK_MESSAGE(ulps(y[i], value) == 0, y[i], " at ", u, ", ", v, " instead of ", value);
        if (a_step == 1)
            CHECK_MESSAGE(is_slope(da[i], pa, dy[i]), "da ", da[i], " at ", u, ", ", v, " instead of ", pa);
        if (b_step == 1)
            CHECK_MESSAGE(is_slope(db[i], pb, dy[i]), "db ", db[i], " at ", u, ", ", v, " instead of ", pb);
        a_sum += pa, a_total += std::abs(pa);
        b_sum += pb, b_total += std::abs(pb);
    }
    if (a_step == 0) CHECK(std::abs(da[0] - a_sum) <= rounding<T>(a_total, n));
    if (b_step == 0) CHECK(std::abs(db[0] - b_sum) <= rounding<T>(b_total, n));
}

template <class T>
void check_sizes() {
    Random random(7);
    for (const std::size_t n : kSizes) {
        CAPTURE(n);
        ops::All::each([&]<class Op>(Op) {
            CAPTURE(std::string(Op::name));
            const auto inside = [&](const ops::Interval& box, std::size_t size) {
                Run<T> x(size);
                for (std::size_t i = 0; i < size; ++i)
                    x[i] = static_cast<T>(random.uniform(box.low, box.high));
                return x;
            };
            if constexpr (Op::smooth.size() == 1) {
                Run<T> x = inside(Op::smooth[0], n);
                check_map<Op>(x);
            }
            if constexpr (Op::smooth.size() == 2) {
                for (const std::size_t steps : {0U, 1U, 2U, 3U}) {
                    const std::size_t a_step = steps % 2, b_step = steps / 2;
                    Run<T> a = inside(Op::smooth[0], a_step == 0 ? 1 : n);
                    Run<T> b = inside(Op::smooth[1], b_step == 0 ? 1 : n);
                    check_zip<Op>(a, a_step, b, b_step, n);
                }
            }
        });
    }
}

/// Every unary operation at every edge, every binary one at every pair of them.
template <class T>
void check_edges() {
    const std::vector<T> points = edges<T>();
    const std::size_t count = points.size();
    Run<T> x(count), a(count * count), b(count * count);
    for (std::size_t i = 0; i < count; ++i) {
        x[i] = points[i];
        for (std::size_t j = 0; j < count; ++j) a[i * count + j] = points[i], b[i * count + j] = points[j];
    }
    ops::All::each([&]<class Op>(Op) {
        CAPTURE(std::string(Op::name));
        if constexpr (Op::smooth.size() == 1) check_map<Op>(x);
        if constexpr (Op::smooth.size() == 2) check_zip<Op>(a, 1, b, 1, a.size());
    });
}

/// Operations with vector code, from the smallest numbers to the largest.
template <class T>
void check_range() {
    Random random(11);
    Run<T> x(3000);
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double widths[] = {1, 5, 700};
        const double power = random.uniform(-30, 30);
        x[i] = static_cast<T>(i % 4 == 3 ? std::copysign(std::exp2(power), random.uniform(-1, 1))
                                         : random.uniform(-1, 1) * widths[i % 4]);
    }
    check_map<ops::Exp>(x);
    check_map<ops::Log>(x);
    check_map<ops::Sin>(x);
    check_map<ops::Cos>(x);
    check_map<ops::Tanh>(x);
    check_map<ops::Sigmoid>(x);
    check_map<ops::Softplus>(x);
    check_map<ops::Silu>(x);
}

}  // namespace

TEST_CASE("kernels: loops over runs agree with the operation, for any size and step") {
    on_every_target([] {
        check_sizes<double>();
        check_sizes<float>();
    });
}

TEST_CASE("kernels: loops over runs agree with the operation at its edges") {
    on_every_target([] {
        check_edges<double>();
        check_edges<float>();
    });
}

TEST_CASE("kernels: functions in vectors stay within their units in the last place") {
    on_every_target([] {
        check_range<double>();
        check_range<float>();
    });
}

TEST_CASE("kernels: a run may be its own result") {
    on_every_target([] {
        Random random(3);
        Run<double> x(37, random), expected(37);
        kernels::map<ops::Exp>(x.data(), expected.data(), 37);
        kernels::map<ops::Exp>(x.data(), x.data(), 37);
        kernels::zip<ops::Add, double>(x.data(), 1, expected.data(), 1, x.data(), 37);
        for (std::size_t i = 0; i < 37; ++i) CHECK(x[i] == 2 * expected[i]);
    });
}

TEST_CASE("kernels: a run times itself gets both contributions") {
    on_every_target([] {
        Random random(3);
        Run<double> x(37, random), y(37), dy(37), dx(37);
        for (std::size_t i = 0; i < 37; ++i) dy[i] = 1, dx[i] = 0;
        kernels::zip<ops::Multiply, double>(x.data(), 1, x.data(), 1, y.data(), 37);
        kernels::zip_gradient<ops::Multiply, double>(x.data(), 1, x.data(), 1, y.data(), dy.data(), dx.data(),
                                                     dx.data(), 37);
        for (std::size_t i = 0; i < 37; ++i) CHECK(dx[i] == 2 * x[i]);
    });
}

namespace {

template <class T>
void check_zero_adjoints() {
    constexpr std::array hostile{0.0,
                                 -1.0,
                                 1.0,
                                 1e30,
                                 -1e30,
                                 std::numeric_limits<double>::infinity(),
                                 std::numeric_limits<double>::quiet_NaN()};
    const std::size_t n = hostile.size() * hostile.size();
    Run<T> a(n), b(n), y(n), dy(n), da(n), db(n);
    for (std::size_t i = 0; i < n; ++i) {
        a[i] = static_cast<T>(hostile[i % hostile.size()]),
        b[i] = static_cast<T>(hostile[i / hostile.size()]);
        dy[i] = i % 2 == 0 ? T{0} : -T{0}, da[i] = db[i] = T{2};
    }
    ops::All::each([&]<class Op>(Op) {
        if constexpr (Op::smooth.size() == 1) {
            kernels::map<Op>(a.data(), y.data(), n);
            kernels::map_gradient<Op>(a.data(), y.data(), dy.data(), da.data(), n);
        }
        if constexpr (Op::smooth.size() == 2) {
            kernels::zip<Op>(a.data(), 1, b.data(), 1, y.data(), n);
            kernels::zip_gradient<Op>(a.data(), 1, b.data(), 1, y.data(), dy.data(), da.data(), db.data(), n);
        }
        for (std::size_t i = 0; i < n; ++i)
            CHECK_MESSAGE((da[i] == T{2} && db[i] == T{2}), Op::name, " at ", a[i], ", ", b[i]);
    });
}

}  // namespace

TEST_CASE("kernels: an adjoint of zero passes nothing on, whatever the slope") {
    on_every_target([] {
        check_zero_adjoints<double>();
        check_zero_adjoints<float>();
    });
}
