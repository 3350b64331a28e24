// SPDX-License-Identifier: MIT
#include "scattered.hpp"

#include <array>

namespace gradus::kernels {
namespace {

template <class T>
using Operands = ScatteredOperands<T>;

// ---- elementary operations

template <class Op, class T>
void map(const Operands<T>& x, T* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<T>(Op::value(x.numbers[x.places[i]]));
}

template <class Op, class T>
void map_gradient(const Operands<T>& x, const T* y, const T* dy, std::size_t n) {
    if (!x.a_moves) return;
    for (std::size_t i = 0; i < n; ++i) {
        if (dy[i] == T{0}) continue;
        const double a = x.numbers[x.places[i]], value = y[i];
        x.adjoints[x.adjoint_places[i]] += dy[i] * static_cast<T>(Op::da(a, value));
    }
}

template <class Op, class T>
void zip(const Operands<T>& x, T* y, std::size_t n) {
    const std::uint32_t* places = x.places;
    for (std::size_t i = 0; i < n; ++i, places += 2)
        y[i] = static_cast<T>(Op::value(x.numbers[places[0]], x.numbers[places[1]]));
}

template <class Op, class T>
void zip_gradient(const Operands<T>& x, const T* y, const T* dy, std::size_t n) {
    const std::uint32_t *places = x.places, *adjoints = x.adjoint_places;
    for (std::size_t i = 0; i < n; ++i, places += 2, adjoints += 2) {
        if (dy[i] == T{0}) continue;
        const double a = x.numbers[places[0]], b = x.numbers[places[1]], value = y[i];
        if (x.a_moves) x.adjoints[adjoints[0]] += dy[i] * static_cast<T>(Op::da(a, b, value));
        if (x.b_moves) x.adjoints[adjoints[1]] += dy[i] * static_cast<T>(Op::db(a, b, value));
    }
}

template <class Op, class T>
constexpr ScatteredLoops<T> loops_of() {
    if constexpr (Op::smooth.size() == 1) return {map<Op, T>, map_gradient<Op, T>};
    if constexpr (Op::smooth.size() == 2) return {zip<Op, T>, zip_gradient<Op, T>};
    return {};
}

template <class T, class... Ops>
constexpr std::array<ScatteredLoops<T>, sizeof...(Ops)> table_of(ops::List<Ops...>) {
    return {loops_of<Ops, T>()...};
}

template <class T>
constexpr auto kTable = table_of<T>(ops::All());

// ---- sums

template <class T>
void sum(const Operands<T>& x, T* y, std::size_t n) {
    const std::uint32_t* places = x.places;
    for (std::size_t i = 0; i < n; ++i, places += x.arity) {
        T total = x.numbers[places[0]];
        for (std::size_t k = 1; k < x.arity; ++k) total += x.numbers[places[k]];
        y[i] = total;
    }
}

template <class T>
void sum_gradient(const Operands<T>& x, const T*, const T* dy, std::size_t n) {
    if (!x.a_moves) return;
    const std::uint32_t* adjoints = x.adjoint_places;
    for (std::size_t i = 0; i < n; ++i, adjoints += x.arity) {
        for (std::size_t k = 0; k < x.arity; ++k) x.adjoints[adjoints[k]] += dy[i];
    }
}

template <class T>
void dot(const Operands<T>& x, T* y, std::size_t n) {
    const std::uint32_t *a = x.places, *b = a + x.arity;
    for (std::size_t i = 0; i < n; ++i, a += 2 * x.arity, b += 2 * x.arity) {
        T total = x.numbers[a[0]] * x.numbers[b[0]];
        for (std::size_t k = 1; k < x.arity; ++k) total += x.numbers[a[k]] * x.numbers[b[k]];
        y[i] = total;
    }
}

template <class T>
void dot_gradient(const Operands<T>& x, const T*, const T* dy, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
        const std::uint32_t *a = x.places + 2 * x.arity * i, *b = a + x.arity;
        const std::uint32_t *da = x.adjoint_places + 2 * x.arity * i, *db = da + x.arity;
        if (dy[i] == T{0}) continue;
        for (std::size_t k = 0; k < x.arity; ++k) {
            if (x.a_moves) x.adjoints[da[k]] += dy[i] * x.numbers[b[k]];
            if (x.b_moves) x.adjoints[db[k]] += dy[i] * x.numbers[a[k]];
        }
    }
}

template <class T>
constexpr ScatteredLoops<T> kSum = {sum<T>, sum_gradient<T>};
template <class T>
constexpr ScatteredLoops<T> kDot = {dot<T>, dot_gradient<T>};

}  // namespace

template <class T>
const ScatteredLoops<T>& scattered(std::size_t operation) {
    return kTable<T>[operation];
}
template <class T>
const ScatteredLoops<T>& scattered_sum() {
    return kSum<T>;
}
template <class T>
const ScatteredLoops<T>& scattered_dot() {
    return kDot<T>;
}

template const ScatteredLoops<double>& scattered(std::size_t);
template const ScatteredLoops<float>& scattered(std::size_t);
template const ScatteredLoops<double>& scattered_sum();
template const ScatteredLoops<float>& scattered_sum();
template const ScatteredLoops<double>& scattered_dot();
template const ScatteredLoops<float>& scattered_dot();

}  // namespace gradus::kernels
