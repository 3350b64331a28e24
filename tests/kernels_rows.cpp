// SPDX-License-Identifier: MIT
// Loops over rows, against their formula in plain loops over double.
#include "kernels/rows.hpp"

#include <algorithm>

#include "kernels.hpp"

using namespace gradus;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Tell whether a number is right up to the rounding of n numbers of about 1.
template <class T>
bool near(T found, double expected, std::size_t n) {
    return std::abs(found - expected) <= rounding<T>(4 * (1 + std::abs(expected)), n);
}

/// Call test(n, random) for each size, target and type of number.
template <class Test>
void for_each_row(Test test) {
    on_every_target([&] {
        for (const std::size_t n : kSizes) {
            CAPTURE(n);
            Random random(n);
            test.template operator()<double>(n, random);
            test.template operator()<float>(n, random);
        }
    });
}

double logsumexp(Run<double>& x) {
    double s = 0;
    for (std::size_t i = 0; i < x.size(); ++i) s += std::exp(x[i]);
    return std::log(s);
}

template <class T>
Run<double> widened(Run<T>& x) {
    Run<double> wide(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) wide[i] = x[i];
    return wide;
}

}  // namespace

TEST_CASE("kernels: sums over a row") {
    for_each_row([]<class T>(std::size_t n, Random& random) {
        Run<T> x(n, random), y(n, random);
        double sum = 0, dot = 0, distance = 0;
        for (std::size_t i = 0; i < n; ++i) {
            sum += x[i];
            dot += double{x[i]} * y[i];
            distance += (double{x[i]} - y[i]) * (double{x[i]} - y[i]);
        }
        const double total = 16 * static_cast<double>(n);
        CHECK(std::abs(kernels::sum(x.data(), n) - sum) <= rounding<T>(total, n));
        CHECK(std::abs(kernels::dot(x.data(), y.data(), n) - dot) <= rounding<T>(total, n));
        CHECK(std::abs(kernels::squared_distance(x.data(), y.data(), n) - distance) <= rounding<T>(total, n));
    });
}

TEST_CASE("kernels: sums of whole numbers are exact") {
    for_each_row([]<class T>(std::size_t n, Random&) {
        Run<T> x(n);
        for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<T>(i + 1);
        CHECK(kernels::sum(x.data(), n) == static_cast<T>(n * (n + 1) / 2));
        CHECK(kernels::dot(x.data(), x.data(), n) == static_cast<T>(n * (n + 1) * (2 * n + 1) / 6));
        CHECK(kernels::squared_distance(x.data(), x.data(), n) == 0);
    });
}

TEST_CASE("kernels: argmax finds the first of the largest, wherever it stands") {
    for_each_row([]<class T>(std::size_t n, Random&) {
        for (std::size_t at = 0; at < n; ++at) {
            Run<T> x(n);
            for (std::size_t i = 0; i < n; ++i) x[i] = i < at ? T{-2} : T{-1};
            CHECK(kernels::argmax(x.data(), n) == at);
            for (std::size_t i = 0; i < n; ++i) x[i] = -std::numeric_limits<T>::infinity();
            CHECK(kernels::argmax(x.data(), n) == 0);
            x[n - 1] = x[at] = std::numeric_limits<T>::quiet_NaN();
            CHECK(kernels::argmax(x.data(), n) == at);
        }
    });
}

TEST_CASE("kernels: rows change in place") {
    for_each_row([]<class T>(std::size_t n, Random& random) {
        Run<T> x(n, random), y(n, random), filled = y, scaled = y, shifted = y, added = y, combined = y,
                                           fused = y;
        kernels::fill(T{3}, filled.data(), n);
        kernels::scale(T{3}, scaled.data(), n);
        kernels::add_number(T{3}, shifted.data(), n);
        kernels::add(x.data(), added.data(), n);
        kernels::add_scaled(T{3}, x.data(), combined.data(), n);
        kernels::add_product(x.data(), x.data(), fused.data(), n);
        for (auto* run : {&filled, &scaled, &shifted, &added, &combined, &fused}) REQUIRE(run->is_intact());
        for (std::size_t i = 0; i < n; ++i) {
            CHECK(filled[i] == 3);
            CHECK(scaled[i] == 3 * y[i]);
            CHECK(shifted[i] == y[i] + 3);
            CHECK(added[i] == y[i] + x[i]);
            CHECK(near(combined[i], y[i] + 3.0 * x[i], 1));
            CHECK(near(fused[i], y[i] + double{x[i]} * x[i], 1));
        }
    });
}

TEST_CASE("kernels: softmax and its gradient") {
    for_each_row([]<class T>(std::size_t n, Random& random) {
        Run<T> x(n, random), dy(n, random), y(n), dx(n, random), before = dx;
        kernels::softmax_row(x.data(), y.data(), n);
        kernels::softmax_gradient_row(y.data(), dy.data(), dx.data(), n);
        REQUIRE((y.is_intact() && dx.is_intact()));
        Run<double> wide = widened(x);
        double mean = 0;
        for (std::size_t i = 0; i < n; ++i) mean += double{y[i]} * dy[i];
        for (std::size_t i = 0; i < n; ++i) {
            CHECK(near(y[i], std::exp(wide[i] - logsumexp(wide)), n));
            CHECK(near(dx[i], before[i] + double{y[i]} * (dy[i] - mean), n));
        }
        kernels::softmax_row(x.data(), x.data(), n);
        for (std::size_t i = 0; i < n; ++i) CHECK(x[i] == y[i]);
    });
}

TEST_CASE("kernels: logsumexp, log_softmax and their gradients") {
    for_each_row([]<class T>(std::size_t n, Random& random) {
        Run<T> x(n, random), dy(n, random), y(n), dx(n, random), before = dx, dx_of_sum = dx;
        Run<double> wide = widened(x);
        const T total = kernels::logsumexp_row(x.data(), n);
        if (n > 0) CHECK(near(total, logsumexp(wide), n));
        kernels::logsumexp_gradient_row(x.data(), total, T{2}, dx_of_sum.data(), n);
        kernels::log_softmax_row(x.data(), y.data(), n);
        kernels::log_softmax_gradient_row(y.data(), dy.data(), dx.data(), n);
        REQUIRE((y.is_intact() && dx.is_intact() && dx_of_sum.is_intact()));
        double dy_sum = 0;
        for (std::size_t i = 0; i < n; ++i) dy_sum += dy[i];
        for (std::size_t i = 0; i < n; ++i) {
            const double log_p = wide[i] - logsumexp(wide);
            CHECK(near(y[i], log_p, n));
            CHECK(near(dx_of_sum[i], before[i] + 2 * std::exp(log_p), n));
            CHECK(std::abs(dx[i] - (before[i] + dy[i] - std::exp(log_p) * dy_sum)) <=
                  rounding<T>(8 * static_cast<double>(n), n));
        }
    });
}

TEST_CASE("kernels: softmax and logsumexp at infinity") {
    on_every_target([] {
        for (const std::size_t n : std::initializer_list<std::size_t>{1, 2, 5, 8, 16, 19}) {
            CAPTURE(n);
            Run<double> x(n), y(n);
            for (std::size_t i = 0; i < n; ++i) x[i] = -kInf;
            CHECK(kernels::logsumexp_row(x.data(), n) == -kInf);
            kernels::softmax_row(x.data(), y.data(), n);
            for (std::size_t i = 0; i < n; ++i) CHECK(std::isnan(y[i]));
            x[n - 1] = 1000;  // exp(1000) alone would overflow
            CHECK(kernels::logsumexp_row(x.data(), n) == 1000);
            kernels::softmax_row(x.data(), y.data(), n);
            for (std::size_t i = 0; i < n; ++i) CHECK(y[i] == (i + 1 == n ? 1 : 0));
            kernels::log_softmax_row(x.data(), y.data(), n);
            for (std::size_t i = 0; i < n; ++i) CHECK(y[i] == (i + 1 == n ? 0 : -kInf));
            x[n - 1] = kInf;
            CHECK(kernels::logsumexp_row(x.data(), n) == kInf);
            kernels::softmax_row(x.data(), y.data(), n);
            CHECK(std::isnan(y[n - 1]));
            x[n - 1] = kNaN;
            CHECK(std::isnan(kernels::logsumexp_row(x.data(), n)));
            kernels::softmax_row(x.data(), y.data(), n);
            for (std::size_t i = 0; i < n; ++i) CHECK(std::isnan(y[i]));
        }
        CHECK(kernels::logsumexp_row<double>(nullptr, 0) == -kInf);
    });
}

namespace {

/// Check a norm and its gradient, centred (layer_norm) or not (rms_norm), with and without weights.
template <class T>
void check_norm(bool centred, bool weighted, std::size_t n, Random& random) {
    Run<T> x(n, random), weight(n, random), bias(n, random), dy(n, random), dx(n, random), dweight(n, random),
        y(n);
    Run<T> dx_before = dx, dweight_before = dweight;
    const T* w = weighted ? weight.data() : nullptr;
    const T* b = weighted ? bias.data() : nullptr;
    T* dw = weighted ? dweight.data() : nullptr;
    const T epsilon = T(1e-3);
    const kernels::Normal<T> normal = centred ? kernels::layer_norm_row(x.data(), w, b, epsilon, y.data(), n)
                                              : kernels::rms_norm_row(x.data(), w, epsilon, y.data(), n);
    const auto gradient = centred ? kernels::layer_norm_gradient_row<T> : kernels::rms_norm_gradient_row<T>;
    gradient(x.data(), w, normal, dy.data(), dx.data(), dw, n);
    REQUIRE((y.is_intact() && dx.is_intact() && dweight.is_intact()));

    double mean = 0, squares = 0, g_mean = 0, gh_mean = 0;
    const auto count = static_cast<double>(n);
    for (std::size_t i = 0; i < n && centred; ++i) mean += x[i] / count;
    for (std::size_t i = 0; i < n; ++i) squares += (x[i] - mean) * (x[i] - mean) / count;
    const double scale = 1 / std::sqrt(squares + double{epsilon});
    const auto h = [&](std::size_t i) { return (x[i] - mean) * scale; };
    const auto g = [&](std::size_t i) { return weighted ? double{weight[i]} * dy[i] : dy[i]; };
    for (std::size_t i = 0; i < n; ++i) {
        if (centred) g_mean += g(i) / count;
        gh_mean += g(i) * h(i) / count;
    }
    const double allowed =
        rounding<T>(100 * (1 + scale), n);  // of numbers below 4, some of them times the scale
    for (std::size_t i = 0; i < n; ++i) {
        const double offset = weighted && centred ? bias[i] : 0;
        CHECK(std::abs(y[i] - (weighted ? weight[i] * h(i) + offset : h(i))) <= allowed);
        CHECK(std::abs(dx[i] - (dx_before[i] + scale * (g(i) - g_mean - h(i) * gh_mean))) <=
              allowed * (1 + scale));
        CHECK(std::abs(dweight[i] - (dweight_before[i] + (weighted ? dy[i] * h(i) : 0))) <= allowed);
    }
}

}  // namespace

TEST_CASE("kernels: rms_norm and layer_norm and their gradients") {
    for_each_row([]<class T>(std::size_t n, Random& random) {
        check_norm<T>(false, false, n, random);
        check_norm<T>(false, true, n, random);
        check_norm<T>(true, false, n, random);
        check_norm<T>(true, true, n, random);
    });
}

TEST_CASE("kernels: the gradient of a norm may leave out the row") {
    on_every_target([] {
        const double x[] = {1, -1}, dy[] = {2, 3};
        double dweight[] = {0, 0}, y[2];
        const auto normal = kernels::layer_norm_row<double>(x, nullptr, nullptr, 0.0, y, 2);
        CHECK(normal.mean == 0);
        CHECK(normal.scale == 1);
        kernels::layer_norm_gradient_row<double>(x, nullptr, normal, dy, nullptr, dweight, 2);
        CHECK(dweight[0] == 2);
        CHECK(dweight[1] == -3);
    });
}
