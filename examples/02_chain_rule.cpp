// SPDX-License-Identifier: MIT
// 02: the chain rule, entry by entry.
//
// Goal    Follow a gradient through a formula that uses its inputs many times.
// Before  01; the chain rule: dg/da = dg/df df/da.
// Look at the tape. Each operation is a line: its value, and its derivatives by its operands. Backward starts
//         with adjoint 1 at the last line, g, and goes up: adjoint of an operand += derivative * adjoint.
//         What is used twice gets two contributions. The adjoints of a and b are dg/da and dg/db. Nobody asks
//         for the one nan, the derivative of x^2 by the 2 at x = -7: powers of negative numbers have none.
#include "common.hpp"
#include "gradus/explain.hpp"
#include "gradus/functions.hpp"

using gradus::Value;

// The formula with which micrograd (Andrej Karpathy, 2020) introduces itself, and so the numbers to expect.
template <class T>
T formula(const T& a, const T& b) {
    using gradus::pow, gradus::relu;
    T c = a + b, d = a * b + pow(b, 3);
    c += c + 1;
    c += 1 + c + (-a);
    d += d * 2 + relu(b + a);
    d += 3 * d + relu(b - a);
    const T e = c - d, f = pow(e, 2);
    return f / 2 + 10 / f;
}

int main(int argc, char** argv) {
    example::Lesson lesson("The chain rule on a formula of six lines, with the tape as a table.");

    return lesson.run(argc, argv, [&] {
        gradus::Tape tape(gradus::Tape::Mode::graph);  // keeps each operation, for tables and pictures
        const gradus::Recording recording(tape);

        const Value a = gradus::variable(-4.0), b = gradus::variable(2.0);
        const Value g = formula(a, b);
        gradus::backward(g);
        fmt::print("{}\n", gradus::trace_table(tape, {{a, "a"}, {b, "b"}, {g, "g"}}));

        const double h = 1e-6;
        const double by_a = (formula(-4.0 + h, 2.0) - formula(-4.0 - h, 2.0)) / (2 * h);
        const double by_b = (formula(-4.0, 2.0 + h) - formula(-4.0, 2.0 - h)) / (2 * h);
        fmt::print("g     = {:.4f}\n", g.value());
        fmt::print("dg/da = {:.4f}   by finite differences {:.4f}\n", a.gradient(), by_a);
        fmt::print("dg/db = {:.4f}   by finite differences {:.4f}\n", b.gradient(), by_b);

        example::check("g", g.value(), 24.7041, 5e-5);
        example::check("dg/da", a.gradient(), 138.8338, 5e-5);
        example::check("dg/db", b.gradient(), 645.5773, 5e-5);
        example::check("dg/da by differences", by_a, a.gradient(), 1e-4);
        example::check("dg/db by differences", by_b, b.gradient(), 1e-4);
    });
}
