// SPDX-License-Identifier: MIT
// Each operation of the table: its value, its partials inside the smooth box, its decisions at the edges.
#include "gradus/ops.hpp"

#include <array>
#include <cmath>
#include <complex>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "doctest.hpp"
#include "gradus/derivatives.hpp"
#include "gradus/functions.hpp"

using namespace gradus;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kDenormal = std::numeric_limits<double>::denorm_min();

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

template <class Op>
constexpr std::size_t kArity = Op::smooth.size();

template <class Op>
Value call(std::span<const Value> x) {
    if constexpr (kArity<Op> == 1) return detail::apply<Op>(x[0]);
    if constexpr (kArity<Op> == 2) return detail::apply<Op>(x[0], x[1]);
    if constexpr (kArity<Op> == 3) return detail::apply<Op>(x[0], x[1], x[2]);
}

using Call = Value (*)(std::span<const Value>);

/// Check the value and the partials of an operation at a point.
void check_edge(const std::string& name, Call operation, std::span<const double> x, double value,
                std::span<const double> partials) {
    const ValueAndGradient found = value_and_gradient(operation, x);
    CAPTURE(name);
    CAPTURE(x[0]);
    CAPTURE(x.back());
    CHECK_MESSAGE(same(found.value, value), "value ", found.value, " instead of ", value);
    for (std::size_t i = 0; i < x.size(); ++i) {
        CHECK_MESSAGE(same(found.gradient[i], partials[i]), "partial ", i, " is ", found.gradient[i],
                      " instead of ", partials[i]);
    }
}

template <class Op>
void edge(const std::array<double, kArity<Op>>& x, double value,
          const std::array<double, kArity<Op>>& partials) {
    check_edge(Op::name, call<Op>, x, value, partials);
}

}  // namespace

TEST_CASE("ops: every gradient equals finite differences inside the smooth box") {
    std::minstd_rand random{2};
    ops::All::each([&]<class Op>(Op) {
        for (int repeat = 0; repeat < 20; ++repeat) {
            std::vector<double> x;
            for (const ops::Interval& box : Op::smooth) {
                const double share = static_cast<double>(random() % 10'000) / 10'000.0;
                x.push_back(box.low + share * (box.high - box.low));
            }
            const GradientCheck check = check_gradient(call<Op>, x, {.tolerance = 1e-9});
            CHECK_MESSAGE(check.passed, Op::name, ": ", check.message());
        }
    });
}

TEST_CASE("ops: a function of the library records the operation of its name, with the value of std") {
    struct Case {
        const char* name;
        Value (*recorded)(const Value&);
        double (*expected)(double);
    };
    // clang-format off
    const std::array cases{
        Case{"neg", [](const Value& a) { return -a; }, [](double a) { return -a; }},
        Case{"sqrt", [](const Value& a) { return sqrt(a); }, [](double a) { return std::sqrt(a); }},
        Case{"cbrt", [](const Value& a) { return cbrt(a); }, [](double a) { return std::cbrt(a); }},
        Case{"exp", [](const Value& a) { return exp(a); }, [](double a) { return std::exp(a); }},
        Case{"expm1", [](const Value& a) { return expm1(a); }, [](double a) { return std::expm1(a); }},
        Case{"exp2", [](const Value& a) { return exp2(a); }, [](double a) { return std::exp2(a); }},
        Case{"log", [](const Value& a) { return log(a); }, [](double a) { return std::log(a); }},
        Case{"log1p", [](const Value& a) { return log1p(a); }, [](double a) { return std::log1p(a); }},
        Case{"log2", [](const Value& a) { return log2(a); }, [](double a) { return std::log2(a); }},
        Case{"log10", [](const Value& a) { return log10(a); }, [](double a) { return std::log10(a); }},
        Case{"sin", [](const Value& a) { return sin(a); }, [](double a) { return std::sin(a); }},
        Case{"cos", [](const Value& a) { return cos(a); }, [](double a) { return std::cos(a); }},
        Case{"tan", [](const Value& a) { return tan(a); }, [](double a) { return std::tan(a); }},
        Case{"asin", [](const Value& a) { return asin(a); }, [](double a) { return std::asin(a); }},
        Case{"acos", [](const Value& a) { return acos(a); }, [](double a) { return std::acos(a); }},
        Case{"atan", [](const Value& a) { return atan(a); }, [](double a) { return std::atan(a); }},
        Case{"sinh", [](const Value& a) { return sinh(a); }, [](double a) { return std::sinh(a); }},
        Case{"cosh", [](const Value& a) { return cosh(a); }, [](double a) { return std::cosh(a); }},
        Case{"tanh", [](const Value& a) { return tanh(a); }, [](double a) { return ops::Tanh::value(a); }},
        Case{"asinh", [](const Value& a) { return asinh(a); }, [](double a) { return std::asinh(a); }},
        Case{"acosh", [](const Value& a) { return acosh(a); }, [](double a) { return std::acosh(a); }},
        Case{"atanh", [](const Value& a) { return atanh(a); }, [](double a) { return std::atanh(a); }},
        Case{"abs", [](const Value& a) { return abs(a); }, [](double a) { return std::abs(a); }},
        Case{"erf", [](const Value& a) { return erf(a); }, [](double a) { return std::erf(a); }},
        Case{"erfc", [](const Value& a) { return erfc(a); }, [](double a) { return std::erfc(a); }},
        Case{"lgamma", [](const Value& a) { return lgamma(a); }, [](double a) { return std::lgamma(a); }},
        Case{"polygamma", [](const Value& a) { return digamma(a); }, [](double a) { return digamma(a); }},
        Case{"polygamma", [](const Value& a) { return polygamma(2, a); }, [](double a) { return polygamma(2, a); }},
        Case{"sigmoid", [](const Value& a) { return sigmoid(a); }, [](double a) { return sigmoid(a); }},
        Case{"softplus", [](const Value& a) { return softplus(a); }, [](double a) { return softplus(a); }},
        Case{"log_sigmoid", [](const Value& a) { return log_sigmoid(a); }, [](double a) { return log_sigmoid(a); }},
        Case{"relu", [](const Value& a) { return relu(a); }, [](double a) { return relu(a); }},
        Case{"leaky_relu", [](const Value& a) { return leaky_relu(a); }, [](double a) { return leaky_relu(a); }},
        Case{"elu", [](const Value& a) { return elu(a); }, [](double a) { return elu(a); }},
        Case{"gelu", [](const Value& a) { return gelu(a); }, [](double a) { return gelu(a); }},
        Case{"silu", [](const Value& a) { return silu(a); }, [](double a) { return silu(a); }},
        Case{"+", [](const Value& a) { return a + 0.7; }, [](double a) { return a + 0.7; }},
        Case{"-", [](const Value& a) { return 0.7 - a; }, [](double a) { return 0.7 - a; }},
        Case{"*", [](const Value& a) { return a * 0.7; }, [](double a) { return a * 0.7; }},
        Case{"/", [](const Value& a) { return 0.7 / a; }, [](double a) { return 0.7 / a; }},
        Case{"pow", [](const Value& a) { return pow(a, 3.0); }, [](double a) { return std::pow(a, 3.0); }},
        Case{"pow", [](const Value& a) { return pow(1.5, a); }, [](double a) { return std::pow(1.5, a); }},
        Case{"pow", [](const Value& a) { return pow(a, a); }, [](double a) { return std::pow(a, a); }},
        Case{"atan2", [](const Value& a) { return atan2(a, 0.7); }, [](double a) { return std::atan2(a, 0.7); }},
        Case{"hypot", [](const Value& a) { return hypot(a, 0.7); }, [](double a) { return std::hypot(a, 0.7); }},
        Case{"min", [](const Value& a) { return min(a, 0.7); }, [](double a) { return std::min(a, 0.7); }},
        Case{"max", [](const Value& a) { return max(a, 0.7); }, [](double a) { return std::max(a, 0.7); }},
        Case{"fmin", [](const Value& a) { return fmin(a, 0.7); }, [](double a) { return std::fmin(a, 0.7); }},
        Case{"fmax", [](const Value& a) { return fmax(a, 0.7); }, [](double a) { return std::fmax(a, 0.7); }},
        Case{"copysign", [](const Value& a) { return copysign(a, -0.7); }, [](double a) { return std::copysign(a, -0.7); }},
        Case{"floor", [](const Value& a) { return floor(a); }, [](double a) { return std::floor(a); }},
        Case{"ceil", [](const Value& a) { return ceil(a); }, [](double a) { return std::ceil(a); }},
        Case{"trunc", [](const Value& a) { return trunc(a); }, [](double a) { return std::trunc(a); }},
        Case{"round", [](const Value& a) { return round(a); }, [](double a) { return std::round(a); }},
        Case{"fmod", [](const Value& a) { return fmod(a, 0.7); }, [](double a) { return std::fmod(a, 0.7); }},
        Case{"fma", [](const Value& a) { return fma(a, 0.7, a); }, [](double a) { return std::fma(a, 0.7, a); }},
    };
    // clang-format on
    Tape tape{Tape::Mode::graph};
    Recording on(tape);
    std::vector<std::string> seen;
    for (const Case& c : cases) {
        for (const double x : {0.4, 2.5, -0.6, 0.0, -0.0, 1e3, -1e3, kDenormal, 1e300, kInf, -kInf, kNaN}) {
            CAPTURE(c.name);
            CAPTURE(x);
            const Value y = c.recorded(variable(x));
            CHECK(same(y.value(), c.expected(x)));
            CHECK(tape.trace().back().operation == std::string(c.name));
            tape.clear();
        }
        seen.emplace_back(c.name);
    }
    for (const char* name : ops::All::names) {
        CAPTURE(name);
        CHECK(std::find(seen.begin(), seen.end(), name) != seen.end());
    }
}

TEST_CASE("ops: tanh, which is our own, is within two units in the last place, odd and never above one") {
    std::minstd_rand random{3};
    for (int i = 0; i < 200'000; ++i) {
        const double x = std::ldexp(1.0 + static_cast<double>(random()) * 0x1p-31, i % 70 - 64);
        const double y = ops::Tanh::value(x), expected = std::tanh(x);  // itself up to one unit off
        CAPTURE(x);
        REQUIRE(std::abs(y - expected) <= 3.0 * (std::nextafter(expected, 2.0) - expected));
        REQUIRE(ops::Tanh::value(-x) == -y);
        REQUIRE(y <= 1.0);
    }
}

TEST_CASE("ops: derivatives of analytic functions equal the complex step") {
    // f'(x) = Im f(x + ih) / h without cancellation: right to rounding, and not by our formulas.
    using Complex = std::complex<double>;
    const auto check = [](auto f, double x) {
        const double expected = f(Complex(x, 1e-100)).imag() / 1e-100;
        const double found = gradient([&](std::span<const Value> a) { return f(a[0]); }, std::array{x})[0];
        CAPTURE(x);
        CHECK(std::abs(found - expected) <= 4e-15 * std::max(1.0, std::abs(expected)));
    };
    for (const double x : {0.1, 0.3, 0.7, 0.95}) {
        check(
            [](auto a) {
                using std::sqrt;
                return sqrt(a);
            },
            x);
        check(
            [](auto a) {
                using std::exp;
                return exp(a);
            },
            x);
        check(
            [](auto a) {
                using std::log;
                return log(a);
            },
            x);
        check(
            [](auto a) {
                using std::log10;
                return log10(a);
            },
            x);
        check(
            [](auto a) {
                using std::sin;
                return sin(a);
            },
            x);
        check(
            [](auto a) {
                using std::cos;
                return cos(a);
            },
            x);
        check(
            [](auto a) {
                using std::tan;
                return tan(a);
            },
            x);
        check(
            [](auto a) {
                using std::sinh;
                return sinh(a);
            },
            x);
        check(
            [](auto a) {
                using std::cosh;
                return cosh(a);
            },
            x);
        check(
            [](auto a) {
                using std::tanh;
                return tanh(a);
            },
            x);
        check(
            [](auto a) {
                using std::pow;
                return pow(a, 2.5);
            },
            x);
        check(
            [](auto a) {
                using std::pow;
                return pow(a, a);
            },
            x);
        check(
            [](auto a) {
                using std::exp;
                return 1.0 / (1.0 + exp(-a));
            },
            x);
        check(
            [](auto a) {
                using std::exp, std::sin, std::sqrt;
                return exp(sin(a)) / sqrt(a * a + 1.0);
            },
            x);
    }
}

TEST_CASE("ops: digamma has its known values") {
    // Abramowitz and Stegun, table 6.1, and psi(1/2) = -gamma - 2 log 2; psi(x + 1) = psi(x) + 1 / x
    const double gamma = std::numbers::egamma;
    CHECK(digamma(1.0) == doctest::Approx(-gamma).epsilon(1e-14));
    CHECK(digamma(0.5) == doctest::Approx(-gamma - 2.0 * std::numbers::ln2).epsilon(1e-14));
    CHECK(digamma(2.0) == doctest::Approx(1.0 - gamma).epsilon(1e-14));
    CHECK(digamma(-0.5) == doctest::Approx(2.0 - gamma - 2.0 * std::numbers::ln2).epsilon(1e-13));
    CHECK(digamma(-1.5) == doctest::Approx(2.0 / 3.0 + 2.0 - gamma - 2.0 * std::numbers::ln2).epsilon(1e-14));
    CHECK(digamma(10.0) == doctest::Approx(7129.0 / 2520.0 - gamma).epsilon(1e-14));
    CHECK(digamma(1e300) == doctest::Approx(std::log(1e300)).epsilon(1e-14));
    CHECK(std::isnan(digamma(0.0)));
    CHECK(std::isnan(digamma(-3.0)));
    CHECK(std::isnan(digamma(-kInf)));
    CHECK(digamma(kInf) == kInf);
}

TEST_CASE("ops: polygamma has its known values") {
    // Abramowitz and Stegun 6.4.2, 6.4.4, 6.4.5, 6.4.7; zeta(3) is Apery's number.
    const double pi = std::numbers::pi, zeta3 = 1.2020569031595942854;
    CHECK(polygamma(0, 3.7) == digamma(3.7));
    CHECK(polygamma(1, 1.0) == doctest::Approx(pi * pi / 6).epsilon(1e-14));
    CHECK(polygamma(1, 0.5) == doctest::Approx(pi * pi / 2).epsilon(1e-14));
    CHECK(polygamma(1, -0.5) == doctest::Approx(pi * pi / 2 + 4).epsilon(1e-14));
    CHECK(polygamma(1, 3.0) == doctest::Approx(pi * pi / 6 - 1.25).epsilon(1e-14));
    CHECK(polygamma(2, 1.0) == doctest::Approx(-2 * zeta3).epsilon(1e-14));
    CHECK(polygamma(2, 0.5) == doctest::Approx(-14 * zeta3).epsilon(1e-14));
    CHECK(polygamma(2, -0.5) == doctest::Approx(-14 * zeta3 + 16).epsilon(1e-13));
    CHECK(polygamma(3, 1.0) == doctest::Approx(std::pow(pi, 4) / 15).epsilon(1e-14));
    CHECK(polygamma(3, 0.5) == doctest::Approx(std::pow(pi, 4)).epsilon(1e-14));
    CHECK(polygamma(3, 0.25) - polygamma(3, 0.75) ==
          doctest::Approx(1536 * 0.98894455174110533611).epsilon(1e-13));
    // A factor in front of the sum of 1 / k^(n + 1), which is 1 for large n.
    CHECK(polygamma(100, 1.0) == doctest::Approx(-std::tgamma(101)).epsilon(1e-13));
    CHECK(polygamma(1, 1e300) == doctest::Approx(1e-300).epsilon(1e-14));
    CHECK(polygamma(1, kInf) == 0.0);
    for (const double nan : {polygamma(1, 0.0), polygamma(2, -3.0), polygamma(1, -kInf), polygamma(-1, 2.0),
                             polygamma(101, 2.0), polygamma(kNaN, 2.0), polygamma(1, kNaN)})
        CHECK(std::isnan(nan));
}

TEST_CASE("ops: at kinks and edges the subgradients are those of the table") {
    using namespace ops;
    const double half_pi = std::numbers::pi / 2.0;
    const double far = std::hypot(1e300, 1e300);
    // clang-format off
    edge<Divide>({1, 0}, kInf, {kInf, -kInf});
    edge<Divide>({0, 0}, kNaN, {kInf, kNaN});

    edge<Pow>({0, 0}, 1, {0, 0});
    edge<Pow>({3, 0}, 1, {0, std::log(3.0)});
    edge<Pow>({kNaN, 0}, 1, {0, kNaN});
    edge<Pow>({0, 1}, 0, {1, 0});
    edge<Pow>({0, 2}, 0, {0, 0});
    edge<Pow>({0, 0.5}, 0, {kInf, 0});
    edge<Pow>({0, -1}, kInf, {-kInf, -kInf});
    edge<Pow>({-2, 3}, -8, {12, kNaN});
    edge<Pow>({-2, -1}, -0.5, {-0.25, kNaN});
    edge<Pow>({-2, 0.5}, kNaN, {kNaN, kNaN});
    edge<Pow>({1e200, 2}, kInf, {2e200, kInf});

    edge<Sqrt>({0}, 0, {kInf});
    edge<Sqrt>({-0.0}, 0, {-kInf});
    edge<Sqrt>({-1}, kNaN, {kNaN});
    edge<Sqrt>({kInf}, kInf, {0});
    edge<Cbrt>({0}, 0, {kInf});
    edge<Cbrt>({-8}, -2, {1.0 / 12});
    edge<Hypot>({0, 0}, 0, {0, 0});
    edge<Hypot>({3e300, 4e300}, 5e300, {0.6, 0.8});

    edge<Exp>({1000}, kInf, {kInf});
    edge<Exp>({-1000}, 0, {0});
    edge<Log>({0}, -kInf, {kInf});
    edge<Log>({-0.0}, -kInf, {-kInf});
    edge<Log>({-1}, kNaN, {-1});
    edge<Log1p>({-1}, -kInf, {kInf});
    edge<Log2>({0}, -kInf, {kInf});
    edge<Log10>({0}, -kInf, {kInf});

    edge<Asin>({1}, half_pi, {kInf});
    edge<Asin>({-1}, -half_pi, {kInf});
    edge<Asin>({2}, kNaN, {kNaN});
    edge<Acos>({1}, 0, {-kInf});
    edge<Acos>({2}, kNaN, {kNaN});
    edge<Atan>({kInf}, half_pi, {0});
    edge<Atan2>({0, 0}, 0, {0, 0});
    edge<Atan2>({0, -1}, std::numbers::pi, {-1, -0.0});
    edge<Atan2>({1e300, 1e300}, half_pi / 2, {1e300 / far / far, -1e300 / far / far});
    edge<Acosh>({1}, 0, {kInf});
    edge<Acosh>({0}, kNaN, {kNaN});
    edge<Atanh>({1}, kInf, {kInf});
    edge<Atanh>({-1}, -kInf, {kInf});
    edge<Atanh>({2}, kNaN, {kNaN});

    edge<Abs>({0}, 0, {0});
    edge<Abs>({-0.0}, 0, {0});
    edge<Abs>({-2}, 2, {-1});
    edge<Min>({1, 1}, 1, {1, 0});
    edge<Min>({kNaN, 1}, kNaN, {1, 0});
    edge<Min>({1, kNaN}, 1, {1, 0});
    edge<Max>({1, 1}, 1, {1, 0});
    edge<Max>({0, -0.0}, 0, {1, 0});
    edge<Max>({kNaN, 1}, kNaN, {1, 0});
    edge<Max>({1, kNaN}, 1, {1, 0});
    edge<Fmin>({1, 1}, 1, {1, 0});
    edge<Fmin>({kNaN, 1}, 1, {0, 1});
    edge<Fmin>({1, kNaN}, 1, {1, 0});
    edge<Fmax>({1, 1}, 1, {1, 0});
    edge<Fmax>({kNaN, 1}, 1, {0, 1});
    edge<Fmax>({1, kNaN}, 1, {1, 0});
    edge<Copysign>({0, -1}, -0.0, {1, 0});
    edge<Copysign>({2, -0.0}, -2, {-1, 0});

    edge<Floor>({2}, 2, {0});
    edge<Ceil>({2}, 2, {0});
    edge<Trunc>({-2}, -2, {0});
    edge<Round>({-2.5}, -3, {0});
    edge<Fmod>({-5.5, 2}, -1.5, {1, 2});
    edge<Fmod>({6, 2}, 0, {1, -3});
    edge<Fmod>({3, kInf}, 3, {1, 0});
    edge<Fmod>({3, 0}, kNaN, {1, kNaN});

    edge<Erf>({kInf}, 1, {0});
    edge<Lgamma>({0}, kInf, {kNaN});
    edge<Lgamma>({-2}, kInf, {kNaN});
    edge<Lgamma>({1}, 0, {digamma(1.0)});
    edge<Polygamma>({0, 1}, digamma(1.0), {0, polygamma(1, 1.0)});
    edge<Polygamma>({1.4, 2}, polygamma(1, 2.0), {0, polygamma(2, 2.0)});
    edge<Polygamma>({0, 0}, kNaN, {0, kNaN});
    edge<Polygamma>({2, -1}, kNaN, {0, kNaN});
    edge<Polygamma>({1, kInf}, 0, {0, -0.0});

    edge<Sigmoid>({1000}, 1, {0});
    edge<Sigmoid>({-1000}, 0, {0});
    edge<Softplus>({1000}, 1000, {1});
    edge<Softplus>({-1000}, 0, {0});
    edge<LogSigmoid>({1000}, 0, {0});
    edge<LogSigmoid>({-1000}, -1000, {1});
    edge<Relu>({0}, 0, {0});
    edge<Relu>({-0.0}, -0.0, {0});
    edge<Relu>({kNaN}, kNaN, {0});
    edge<Relu>({kInf}, kInf, {1});
    edge<LeakyRelu>({0, 0.01}, 0, {0.01, 0});
    edge<Elu>({0, 1.5}, 0, {1.5, 0});
    edge<Elu>({-1000, 1.5}, -1.5, {0, -1});
    edge<Gelu>({1000}, 1000, {1});
    edge<Silu>({1000}, 1000, {1});
    edge<Silu>({-1000}, 0, {0});
    // clang-format on
}

TEST_CASE("ops: melting changes nothing at hostile arguments") {
    // The operation is applied to temporaries and its result melts on; a graph keeps every step.
    constexpr std::array hostile{0.0,  -0.0,  kDenormal, -kDenormal, 1e300, -1e300,
                                 kInf, -kInf, kNaN,      1.0,        -1.0};
    ops::All::each([&]<class Op>(Op) {
        for (const double a : hostile) {
            for (const double b : hostile) {
                const auto f = [](std::span<const Value> x) {
                    if constexpr (kArity<Op> == 1) return relu(detail::apply<Op>(sqrt(x[0]))) + x[1];
                    if constexpr (kArity<Op> == 2) return 1.0 - detail::apply<Op>(sqrt(x[0]), exp(x[1]));
                    if constexpr (kArity<Op> == 3) return detail::apply<Op>(x[0] * x[1], x[1], -x[0]) * 2.0;
                };
                const auto on = [&](Tape::Mode mode) {
                    Tape tape{mode};
                    Recording recording(tape);
                    return value_and_gradient(f, std::array{a, b});
                };
                const auto melting = on(Tape::Mode::melting), graph = on(Tape::Mode::graph);
                CAPTURE(Op::name);
                CAPTURE(a);
                CAPTURE(b);
                CHECK(same(melting.value, graph.value));
                for (std::size_t i = 0; i < 2; ++i) {
                    CAPTURE(melting.gradient[i]);
                    CAPTURE(graph.gradient[i]);
                    const double scale = std::abs(graph.gradient[i]);
                    CHECK((same(melting.gradient[i], graph.gradient[i]) ||
                           std::abs(melting.gradient[i] - graph.gradient[i]) <= 1e-15 * scale));
                }
            }
        }
    });
}

TEST_CASE("ops: docs/subgradients.md shows the notes of the table, word for word") {
    std::ifstream file(GRADUS_SOURCE_DIR "/docs/subgradients.md");
    std::stringstream text;
    text << file.rdbuf();
    ops::All::each([&]<class Op>(Op) {
        if (std::string(Op::note).empty()) return;
        std::string note = Op::note;
        for (std::size_t bar = 0; (bar = note.find('|', bar)) != std::string::npos; bar += 2)
            note.insert(bar, "\\");
        const std::string row = std::string("| `") + Op::name + "` | " + note + " |\n";
        CHECK_MESSAGE(text.str().find(row) != std::string::npos,
                      "docs/subgradients.md lacks this row: ", row);
    });
}
