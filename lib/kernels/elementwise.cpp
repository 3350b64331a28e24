// SPDX-License-Identifier: MIT
// Plain loops over every operation.
#include "elementwise.hpp"

#include <array>

namespace gradus::kernels::detail {
namespace {

template <class Op, class T>
void map(const T* x, T* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<T>(Op::value(x[i]));
}

template <class Op, class T>
void map_gradient(const T* x, const T* y, const T* dy, T* dx, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) dx[i] += dy[i] * static_cast<T>(Op::da(x[i], y[i]));
}

template <class Op, class T>
void zip(const T* a, std::size_t a_step, const T* b, std::size_t b_step, T* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<T>(Op::value(a[i * a_step], b[i * b_step]));
}

template <class Op, class T>
void zip_gradient(const T* a, std::size_t a_step, const T* b, std::size_t b_step, const T* y, const T* dy,
                  T* da, T* db, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
        const T u = a[i * a_step], v = b[i * b_step];
        if (da != nullptr) da[i * a_step] += dy[i] * static_cast<T>(Op::da(u, v, y[i]));
        if (db != nullptr) db[i * b_step] += dy[i] * static_cast<T>(Op::db(u, v, y[i]));
    }
}

template <class Op, class T>
constexpr Loops<T> plain() {
    if constexpr (Op::smooth.size() == 1) return {map<Op, T>, map_gradient<Op, T>, nullptr, nullptr};
    if constexpr (Op::smooth.size() == 2) return {nullptr, nullptr, zip<Op, T>, zip_gradient<Op, T>};
    return {};
}

template <class T>
std::array<Loops<T>, ops::All::size> table() {
    std::array<Loops<T>, ops::All::size> all;
    ops::All::each([&]<class Op>(Op) { all[ops::All::index<Op>()] = plain<Op, T>(); });
    return all;
}

}  // namespace

template <class T>
const Loops<T>& loops(std::size_t operation) {
    static const auto all = table<T>();
    return all[operation];
}

template const Loops<double>& loops(std::size_t);
template const Loops<float>& loops(std::size_t);

}  // namespace gradus::kernels::detail
