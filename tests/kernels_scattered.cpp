// SPDX-License-Identifier: MIT
// Loops over scattered numbers, against the operations themselves.
#include "kernels/scattered.hpp"

#include <array>

#include "kernels.hpp"

using namespace gradus;

namespace {

constexpr std::uint32_t kSecond = std::uint32_t{1} << 30;  // the first place of the second region

/// Two regions of five numbers, and their adjoints.
template <class T>
struct Scene {
    Scene() = default;
    Scene(const Scene&) = delete;  // it points at itself
    Scene& operator=(const Scene&) = delete;

    std::array<T, 5> first{T{0.5}, T{-0.25}, T{1.5}, T{0.75}, T{0.125}},
        second{T{2}, T{0.25}, T{0.5}, T{1}, T{3}};
    std::array<T, 5> dfirst{}, dsecond{};
    std::array<T*, 2> numbers{first.data(), second.data()}, adjoints{dfirst.data(), dsecond.data()};

    kernels::ScatteredOperands<T> operands(const std::uint32_t* places, std::size_t arity,
                                           bool a_moves = true, bool b_moves = true) {
        return {kernels::Scattered<T>(numbers.data()),
                kernels::Scattered<T>(adjoints.data()),
                places,
                places,
                arity,
                a_moves,
                b_moves};
    }
};

template <class Op, class T>
void check_one_argument() {
    Scene<T> scene;
    const std::uint32_t places[] = {kSecond + 1, 3, kSecond + 1};
    const auto x = scene.operands(places, 1);
    std::array<T, 3> y{}, dy{T{2}, T{0}, T{-3}};
    const auto& loops = kernels::scattered<T>(ops::All::index<Op>());
    loops.forward(x, y.data(), 3);
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(ulps(y[i], static_cast<T>(Op::value(x.numbers[places[i]]))) == 0);
    loops.backward(x, y.data(), dy.data(), 3);
    const T slope = static_cast<T>(Op::da(double{scene.second[1]}, double{y[0]}));
    CHECK(ulps(scene.dsecond[1], T{2} * slope + T{-3} * slope) <= 2);
    CHECK(scene.dfirst[3] == 0);
}

template <class Op, class T>
void check_two_arguments() {
    for (const bool a_moves : {true, false}) {
        Scene<T> scene;
        const std::uint32_t places[] = {0, kSecond + 1, kSecond + 2, 3};
        const auto x = scene.operands(places, 1, a_moves, !a_moves);
        std::array<T, 2> y{}, dy{T{2}, T{-3}};
        const auto& loops = kernels::scattered<T>(ops::All::index<Op>());
        loops.forward(x, y.data(), 2);
        loops.backward(x, y.data(), dy.data(), 2);
        for (std::size_t i = 0; i < 2; ++i) {
            const double a = x.numbers[places[2 * i]], b = x.numbers[places[2 * i + 1]], value = y[i];
            CHECK(ulps(y[i], static_cast<T>(Op::value(a, b))) == 0);
            CHECK(x.adjoints[places[2 * i]] == (a_moves ? dy[i] * static_cast<T>(Op::da(a, b, value)) : 0));
            CHECK(x.adjoints[places[2 * i + 1]] ==
                  (a_moves ? 0 : dy[i] * static_cast<T>(Op::db(a, b, value))));
        }
    }
}

template <class T>
void check_every_operation() {
    ops::All::each([]<class Op>(Op) {
        CAPTURE(Op::name);
        if constexpr (Op::smooth.size() == 1) check_one_argument<Op, T>();
        if constexpr (Op::smooth.size() == 2) check_two_arguments<Op, T>();
    });
}

}  // namespace

TEST_CASE("kernels: scattered numbers get every operation and its gradient, bit by bit") {
    check_every_operation<double>();
    check_every_operation<float>();
}

TEST_CASE("kernels: sums and dot products of scattered numbers") {
    Scene<double> scene;
    const std::uint32_t sums[] = {0, kSecond, 0, 4, 1, kSecond};
    std::array<double, 2> y{}, dy{2.0, -1.0};
    const auto terms = scene.operands(sums, 3);
    kernels::scattered_sum<double>().forward(terms, y.data(), 2);
    CHECK(y[0] == 0.5 + 2.0 + 0.5);
    CHECK(y[1] == 0.125 - 0.25 + 2.0);
    kernels::scattered_sum<double>().backward(terms, y.data(), dy.data(), 2);
    CHECK(scene.dfirst == std::array{4.0, -1.0, 0.0, 0.0, -1.0});
    CHECK(scene.dsecond[0] == 1.0);

    Scene<double> other;
    const std::uint32_t factors[] = {0, 1, kSecond, kSecond + 4, 2, 3, 0, 1};  // a, a, b, b of each result
    const auto x = other.operands(factors, 2);
    kernels::scattered_dot<double>().forward(x, y.data(), 2);
    CHECK(y[0] == 0.5 * 2.0 - 0.25 * 3.0);
    CHECK(y[1] == 1.5 * 0.5 - 0.75 * 0.25);
    kernels::scattered_dot<double>().backward(x, y.data(), dy.data(), 2);
    CHECK(other.dfirst == std::array{2 * 2.0 - 1.5, 2 * 3.0 - 0.75, -0.5, 0.25, 0.0});
    CHECK(other.dsecond == std::array{2 * 0.5, 0.0, 0.0, 0.0, 2 * -0.25});
}

TEST_CASE("kernels: operands whose adjoints nobody asks for get none") {
    Scene<double> scene;
    const std::uint32_t places[] = {0, kSecond};
    const auto x = scene.operands(places, 1, false, false);
    const double y = 0.5, dy = 2.0;
    kernels::scattered<double>(ops::All::index<ops::Exp>()).backward(x, &y, &dy, 1);
    kernels::scattered<double>(ops::All::index<ops::Multiply>()).backward(x, &y, &dy, 1);
    kernels::scattered_sum<double>().backward(x, &y, &dy, 1);
    kernels::scattered_dot<double>().backward(x, &y, &dy, 1);
    CHECK(scene.dfirst == std::array<double, 5>{});
    CHECK(scene.dsecond == std::array<double, 5>{});
}

TEST_CASE("kernels: a result of adjoint 0 passes nothing on to scattered numbers") {
    Scene<double> scene;
    scene.first[0] = std::numeric_limits<double>::infinity();
    const std::uint32_t places[] = {0, 1};
    const auto x = scene.operands(places, 1);
    const double y = 0.0, dy = 0.0;
    kernels::scattered<double>(ops::All::index<ops::Multiply>()).backward(x, &y, &dy, 1);
    kernels::scattered_dot<double>().backward(x, &y, &dy, 1);
    CHECK(scene.dfirst == std::array<double, 5>{});
}
