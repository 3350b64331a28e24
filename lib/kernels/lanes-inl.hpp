// SPDX-License-Identifier: MIT
// The vectors that kernels are written in. A kernel's file is compiled once for each instruction set, and
// this header with it: Highway's two guards below come instead of a pragma.
#if defined(GRADUS_HAS_HIGHWAY)

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <hwy/contrib/math/math-inl.h>

#else
#include "scalar.hpp"
#endif

#if defined(GRADUS_LANES_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef GRADUS_LANES_INL_HPP
#undef GRADUS_LANES_INL_HPP
#else
#define GRADUS_LANES_INL_HPP
#endif

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <utility>

HWY_BEFORE_NAMESPACE();
namespace gradus::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::ScalableTag<T>;

/// The numbers that one instruction takes at once.
template <class T>
using Vector = hn::Vec<Tag<T>>;

template <class V>
using Number = hn::TFromV<V>;

template <class T>
constexpr std::size_t kLanes = hn::MaxLanes(Tag<T>());

/// Return a vector of this number in each lane, of the kind of `like`.
template <class V>
HWY_INLINE V all(V /*like*/, double number) {
    return hn::Set(hn::DFromV<V>(), static_cast<Number<V>>(number));
}

template <class V>
HWY_INLINE auto is_positive(V a) {
    return hn::Gt(a, all(a, 0.0));
}

template <class V>
HWY_INLINE auto is_negative(V a) {
    return hn::Lt(a, all(a, 0.0));
}

template <class V>
HWY_INLINE Number<V> sum_of_lanes(V v) {
    return hn::GetLane(hn::SumOfLanes(hn::DFromV<V>(), v));
}

template <class V>
HWY_INLINE Number<V> max_of_lanes(V v) {
#if HWY_TARGET == HWY_EMU128  // there, Highway takes the lowest finite number to be above -inf
    return *std::max_element(std::begin(v.raw), std::end(v.raw));
#else
    return hn::GetLane(hn::MaxOfLanes(hn::DFromV<V>(), v));
#endif
}

// ---- loops: all whole vectors of a run, then what is left of it

/// A whole vector.
template <class T>
struct Whole {
    HWY_INLINE Vector<T> load(const T* p) const { return hn::LoadU(Tag<T>(), p); }
    HWY_INLINE void store(Vector<T> v, T* p) const { hn::StoreU(v, Tag<T>(), p); }
    HWY_INLINE Vector<T> keep(Vector<T> v, Vector<T> /*otherwise*/) const { return v; }
};

/// The first lanes of a vector. Loads put 0 into the others, and stores leave the memory behind alone.
template <class T>
class Part {
   public:
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
    HWY_INLINE explicit Part(std::size_t count) : mask_(hn::FirstN(Tag<T>(), count)) {}
    HWY_INLINE Vector<T> load(const T* p) const { return hn::MaskedLoad(mask_, Tag<T>(), p); }
    HWY_INLINE void store(Vector<T> v, T* p) const { hn::BlendedStore(v, mask_, Tag<T>(), p); }
#else
    HWY_INLINE explicit Part(std::size_t count) : mask_(hn::FirstN(Tag<T>(), count)), count_(count) {}
    HWY_INLINE Vector<T> load(const T* p) const {
        T lanes[kLanes<T>] = {};
        for (std::size_t i = 0; i < count_; ++i) lanes[i] = p[i];
        return hn::LoadU(Tag<T>(), lanes);
    }
    HWY_INLINE void store(Vector<T> v, T* p) const {
        T lanes[kLanes<T>];
        hn::StoreU(v, Tag<T>(), lanes);
        for (std::size_t i = 0; i < count_; ++i) p[i] = lanes[i];
    }
#endif
    HWY_INLINE Vector<T> keep(Vector<T> v, Vector<T> otherwise) const {
        return hn::IfThenElse(mask_, v, otherwise);
    }

   private:
    decltype(hn::FirstN(Tag<T>(), 1)) mask_;
#if !(HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3)
    std::size_t count_;
#endif
};

/// Call body(i) for i = 0 ... n-1, each i a constant: arrays of vectors stay in registers.
template <std::size_t n, class Body>
HWY_INLINE void unroll(Body body) {
    [&]<std::size_t... i>(std::index_sequence<i...>) HWY_ATTR {
        (body(std::integral_constant<std::size_t, i>()), ...);
    }
    (std::make_index_sequence<n>());
}

/// Call body(lanes, i) for each vector that starts at i, in order.
template <class T, class Body>
HWY_INLINE void for_each_vector(std::size_t n, Body body) {
    constexpr std::size_t step = kLanes<T>;
    std::size_t i = 0;
    for (; i + step <= n; i += step) body(Whole<T>(), i);
    if (i < n) body(Part<T>(n - i), i);
}

/// Return the sum over a run, where add(lanes, i, sum) returns sum + what the vector at i contributes.
/// Four sums side by side, so that an addition need not wait for the one before.
template <class T, class Add>
HWY_INLINE T sum_over(std::size_t n, Add add) {
    constexpr std::size_t step = kLanes<T>;
    const Whole<T> whole;
    Vector<T> s0 = hn::Zero(Tag<T>()), s1 = s0, s2 = s0, s3 = s0;
    std::size_t i = 0;
    for (; i + 4 * step <= n; i += 4 * step) {
        s0 = add(whole, i, s0);
        s1 = add(whole, i + step, s1);
        s2 = add(whole, i + 2 * step, s2);
        s3 = add(whole, i + 3 * step, s3);
    }
    for (; i + step <= n; i += step) s0 = add(whole, i, s0);
    if (i < n) {
        const Part<T> part(n - i);
        s1 = part.keep(add(part, i, s1), s1);
    }
    return sum_of_lanes((s0 + s1) + (s2 + s3));
}

// ---- functions, with the edges that ops.hpp has

/// Return f of each lane, one after the other.
template <class V>
HWY_NOINLINE V lane_by_lane(double (*f)(double), V v) {
    const hn::DFromV<V> d;
    Number<V> lanes[kLanes<Number<V>>];
    hn::StoreU(v, d, lanes);
    for (auto& x : lanes) x = static_cast<Number<V>>(f(x));
    return hn::LoadU(d, lanes);
}

template <class V>
HWY_INLINE V exp(V a) {
    const V largest = all(a, sizeof(Number<V>) == 8 ? 710.0 : 89.0);  // its exp is infinite
    const V y = hn::Exp(hn::DFromV<V>(), hn::IfThenElse(hn::Gt(a, largest), largest, a));
    return hn::IfThenElse(hn::IsNaN(a), a, y);
}

template <class V>
HWY_INLINE V log(V a) {
    using Limits = std::numeric_limits<Number<V>>;
    const V zero = all(a, 0.0), inf = all(a, Limits::infinity());
    const V edge = hn::IfThenElse(hn::Eq(a, zero), hn::Neg(inf),
                                  hn::IfThenElse(hn::Eq(a, inf), inf, all(a, Limits::quiet_NaN())));
    const V y = hn::Log(hn::DFromV<V>(), a);
    return hn::IfThenElse(hn::And(hn::Gt(a, zero), hn::Lt(a, inf)), y, edge);
}

/// Return log(1 + a) for a in [0, 1].
template <class V>
HWY_INLINE V log1p_of_fraction(V a) {
    return hn::Log1p(hn::DFromV<V>(), a);
}

template <class V>
HWY_INLINE V tanh(V a) {
    return hn::Tanh(hn::DFromV<V>(), a);
}

/// Tell whether the reduction of the angle keeps its digits in every lane.
template <class V>
HWY_INLINE bool is_moderate(V angle) {
    return hn::AllTrue(hn::DFromV<V>(), hn::Le(hn::Abs(angle), all(angle, 39000.0)));
}

template <class V>
HWY_INLINE V sin(V a) {
    if (!is_moderate(a)) return lane_by_lane(std::sin, a);
    const V y = hn::Sin(hn::DFromV<V>(), a);
    return hn::IfThenElse(hn::Eq(a, all(a, 0.0)), a, y);  // the sign of -0
}

template <class V>
HWY_INLINE V cos(V a) {
    return is_moderate(a) ? hn::Cos(hn::DFromV<V>(), a) : lane_by_lane(std::cos, a);
}

}  // namespace gradus::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
