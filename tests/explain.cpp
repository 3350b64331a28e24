// SPDX-License-Identifier: MIT
#include "gradus/explain.hpp"

#include "doctest.hpp"
#include "gradus/functions.hpp"
#include "gradus/tensor/elementwise.hpp"

using namespace gradus;

TEST_CASE("explain: the table shows every entry of a graph, before and after the backward pass") {
    Tape tape{Tape::Mode::graph};
    const Recording on(tape);
    const Value a = variable(2.0), b = variable(-3.0);
    const Value product = a * b;
    const Value y = product + 10.0;
    CHECK(trace_table(tape, {{a, "a"}, {y, "y"}}) ==
          "slot  operation  operands  value  partials  adjoint\n"
          "   a  variable                 2                  -\n"
          "   2  variable                -3                  -\n"
          "   3  *          a, 2         -6  -3, 2           -\n"
          "   4  constant                10                  -\n"
          "   y  +          3, 4          4  1, 1            -\n");
    backward(y);
    CHECK(trace_table(tape) ==
          "slot  operation  operands  value  partials  adjoint\n"
          "   1  variable                 2                 -3\n"
          "   2  variable                -3                  2\n"
          "   3  *          1, 2         -6  -3, 2           1\n"
          "   4  constant                10                  1\n"
          "   5  +          3, 4          4  1, 1            1\n");
}

TEST_CASE("explain: an empty tape has an empty table; a melting one is refused, and the named fix helps") {
    CHECK(trace_table(Tape{Tape::Mode::graph}) == "slot  operation  operands  value  partials  adjoint\n");
    Tape melting;
    CHECK_THROWS_WITH_AS(
        trace_table(melting),
        "trace_table: this tape keeps no operations: it is a melting one. Record on a graph: "
        "Tape tape{Tape::Mode::graph}; Recording on(tape);",
        TapeError);
    Tape tape{Tape::Mode::graph};
    Recording on(tape);
    variable(1.0);
    CHECK(trace_table(tape).find("variable") != std::string::npos);
}

TEST_CASE("explain: a label of a value that is gone is refused, for its slot may be that of another") {
    Tape tape{Tape::Mode::graph};
    const Recording on(tape);
    Value gone;
    {
        const Scope scope;
        gone = variable(1.0);
    }
    const Value x = variable(2.0);
    CHECK_THROWS_WITH_AS(trace_table(tape, {{gone, "gone"}}),
                         "value: it was recorded before the tape was rewound or cleared. Compute it again.",
                         TapeError);
    CHECK(trace_table(tape, {{x, "x"}}).find("   x  variable") != std::string::npos);
}

TEST_CASE("explain: a tensor is one line, with its slots") {
    Tape tape{Tape::Mode::graph};
    const Recording on(tape);
    const Tensor x = variable(tensor({1, 2, 3}));
    const Value y = exp(x)(0) * 2.0;
    CHECK(trace_table(tape, {{y, "y"}}) ==
          "slot  operation  operands      value  partials     adjoint\n"
          "1..3  variable             3 numbers                     -\n"
          "4..6  exp        1         3 numbers                     -\n"
          "   7  constant                     2                     -\n"
          "   y  *          4, 7       5.436564  2, 2.718282        -\n");
}
