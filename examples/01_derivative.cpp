// SPDX-License-Identifier: MIT
// 01: the derivative of x^2 at 3, in three ways.
//
// Goal    See what a derivative is, and how the tape gets it exactly.
// Before  What a function is; a little C++.
// Look at the finite differences: a smaller step helps at first, then rounding spoils it. By hand, f'(x) = 2x
//         is exact, but somebody has to find it. The tape finds it while f runs, and is exact, too.
#include "common.hpp"
#include "gradus/functions.hpp"

// One function for doubles and for values: the tape needs no other program than the one you have.
template <class T>
T f(const T& x) {
    return x * x;
}

int main(int argc, char** argv) {
    example::Lesson lesson("The derivative of x^2 at 3 in three ways: differences, by hand, with the tape.");

    return lesson.run(argc, argv, [&] {
        const double at = 3.0;
        fmt::print("f(x) = x^2 at x = {}\n\n1. finite differences, (f(x + h) - f(x)) / h\n", at);
        double best_error = INFINITY;
        for (int digits = 1; digits <= 15; digits += 2) {
            const double h = std::pow(10.0, -digits);
            const double slope = (f(at + h) - f(at)) / h;
            const double error = std::abs(slope - 2 * at);
            best_error = std::min(best_error, error);
            fmt::print("   h = 1e-{:02}   slope {:.12f}   error {:.0e}\n", digits, slope, error);
        }

        const double by_hand = 2 * at;
        fmt::print("\n2. by hand, f'(x) = 2x\n   {}\n", by_hand);

        const gradus::Value x = gradus::variable(at);
        const gradus::Value y = f(x);
        gradus::backward(y);
        fmt::print("\n3. with the tape\n   f({}) = {}, f'({}) = {}\n", at, y.value(), at, x.gradient());

        example::check("f(x)", y.value(), at * at, 0.0);
        example::check("f'(x) with the tape", x.gradient(), by_hand, 0.0);
        example::check("f'(x) by finite differences", best_error, 0.0, 1e-6);
    });
}
