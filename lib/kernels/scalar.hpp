// SPDX-License-Identifier: MIT
// Stands in for Highway where there is none: the few names of it that the kernels use, over vectors of one
// number.
#pragma once

#include <cmath>
#include <cstddef>

#define HWY_TARGET 1
#define HWY_NAMESPACE scalar
#define HWY_BEFORE_NAMESPACE() static_assert(true)
#define HWY_AFTER_NAMESPACE() static_assert(true)
#define HWY_INLINE inline
#define HWY_NOINLINE
#define HWY_ATTR
#define HWY_ONCE 1
#define HWY_EXPORT(f) static_assert(true)
#define HWY_DYNAMIC_DISPATCH(f) HWY_NAMESPACE::f

namespace hwy::scalar {

template <class T>
struct Vec1 {
    T x;
};
template <class T>
struct ScalableTag {
    using Number = T;
};
template <class D>
using Vec = Vec1<typename D::Number>;
template <class V>
using TFromV = decltype(V::x);
template <class V>
using DFromV = ScalableTag<TFromV<V>>;

template <class D>
constexpr std::size_t MaxLanes(D) {
    return 1;
}

template <class D, class T>
Vec<D> Set(D, T x) {
    return {x};
}
template <class D>
Vec<D> Zero(D) {
    return {0};
}
template <class D, class T>
Vec<D> LoadU(D, const T* p) {
    return {*p};
}
template <class D, class T>
void StoreU(Vec1<T> v, D, T* p) {
    *p = v.x;
}
template <class T>
T GetLane(Vec1<T> v) {
    return v.x;
}
template <class D, class V>
V SumOfLanes(D, V v) {
    return v;
}
template <class D, class V>
V MaxOfLanes(D, V v) {
    return v;
}

template <class T>
Vec1<T> operator+(Vec1<T> a, Vec1<T> b) {
    return {a.x + b.x};
}
template <class T>
Vec1<T> operator-(Vec1<T> a, Vec1<T> b) {
    return {a.x - b.x};
}
template <class T>
Vec1<T> operator*(Vec1<T> a, Vec1<T> b) {
    return {a.x * b.x};
}
template <class T>
Vec1<T> operator/(Vec1<T> a, Vec1<T> b) {
    return {a.x / b.x};
}
template <class T>
Vec1<T> MulAdd(Vec1<T> a, Vec1<T> b, Vec1<T> c) {
    return {a.x * b.x + c.x};
}
template <class T>
Vec1<T> Neg(Vec1<T> a) {
    return {-a.x};
}
template <class T>
Vec1<T> Abs(Vec1<T> a) {
    return {std::abs(a.x)};
}
template <class T>
Vec1<T> Sqrt(Vec1<T> a) {
    return {std::sqrt(a.x)};
}

template <class T>
bool Lt(Vec1<T> a, Vec1<T> b) {
    return a.x < b.x;
}
template <class T>
bool Le(Vec1<T> a, Vec1<T> b) {
    return a.x <= b.x;
}
template <class T>
bool Gt(Vec1<T> a, Vec1<T> b) {
    return a.x > b.x;
}
template <class T>
bool Eq(Vec1<T> a, Vec1<T> b) {
    return a.x == b.x;
}
template <class T>
bool IsNaN(Vec1<T> a) {
    return std::isnan(a.x);
}
inline bool And(bool a, bool b) { return a && b; }
inline bool Or(bool a, bool b) { return a || b; }
template <class D>
bool AllTrue(D, bool m) {
    return m;
}
template <class D>
bool FirstN(D, std::size_t n) {
    return n > 0;
}
template <class V>
V IfThenElse(bool m, V a, V b) {
    return m ? a : b;
}

template <class D, class I>
const I* SetTableIndices(D, const I* lanes) {
    return lanes;
}
template <class T, class I>
Vec1<T> TableLookupLanes(Vec1<T> v, const I*) {
    return v;
}

template <class D, class T>
Vec1<T> Exp(D, Vec1<T> a) {
    return {std::exp(a.x)};
}
template <class D, class T>
Vec1<T> Log(D, Vec1<T> a) {
    return {std::log(a.x)};
}
template <class D, class T>
Vec1<T> Log1p(D, Vec1<T> a) {
    return {std::log1p(a.x)};
}
template <class D, class T>
Vec1<T> Tanh(D, Vec1<T> a) {
    return {std::tanh(a.x)};
}
template <class D, class T>
Vec1<T> Sin(D, Vec1<T> a) {
    return {std::sin(a.x)};
}
template <class D, class T>
Vec1<T> Cos(D, Vec1<T> a) {
    return {std::cos(a.x)};
}

}  // namespace hwy::scalar
