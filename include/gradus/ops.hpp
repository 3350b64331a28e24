// SPDX-License-Identifier: MIT
// The table of elementary operations: each one struct with its value, its partial derivatives, where it is
// smooth, and its decisions at kinks and edges. The tape, the graph's labels and derivatives, the tests and
// the reference all read it.
#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include "gradus/ops/activations.hpp"
#include "gradus/ops/arithmetic.hpp"
#include "gradus/ops/functions.hpp"

/// How to read an entry: y = value(a, b, c); da, db, dc are dy/da, dy/db, dy/dc, and may use y.
/// `smooth` is the box (one interval an argument) in which the tests compare with finite differences.
/// `note` states the decision at a kink or an edge.
namespace gradus::ops {

template <class... Ops>
struct List {
    static constexpr std::size_t size = sizeof...(Ops);

    /// Call visit(op) with one object of each operation.
    template <class Visitor>
    static void each(Visitor&& visit) {
        (visit(Ops{}), ...);
    }

    /// Return the position of an operation.
    template <class Op>
    static constexpr std::size_t index() {
        constexpr std::array<bool, size> same{std::is_same_v<Op, Ops>...};
        std::size_t i = 0;
        while (!same[i]) ++i;
        return i;
    }

    static constexpr std::array<const char*, size> names{Ops::name...};
};

/// Every elementary operation. To add one: write its struct in a file of its family, name it here, give it a
/// line in functions.hpp.
using All = List<Add, Subtract, Multiply, Divide, Negate, Fma, Pow, Sqrt, Cbrt, Hypot, Exp, Expm1, Exp2, Log,
                 Log1p, Log2, Log10, Sin, Cos, Tan, Asin, Acos, Atan, Atan2, Sinh, Cosh, Tanh, Asinh, Acosh,
                 Atanh, Abs, Min, Max, Fmin, Fmax, Copysign, Floor, Ceil, Trunc, Round, Fmod, Erf, Erfc,
                 Lgamma, Polygamma, Sigmoid, Softplus, LogSigmoid, Relu, LeakyRelu, Elu, Gelu, Silu>;

}  // namespace gradus::ops
