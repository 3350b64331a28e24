// SPDX-License-Identifier: MIT
// The loops over stretches, in vectors. Most stretches are short: a vector, or a part of one.
#include "stretches.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/stretches.cpp"
#include "lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace gradus::kernels::HWY_NAMESPACE {
namespace {

/// Call body(k, offset) for each stretch, k being where its numbers lie side by side with the others'.
template <class Body>
HWY_INLINE void each_stretch(const Stretches& s, Body body) {
    const std::size_t size = s.length * s.repeat;
    for (std::size_t k = 0; k < s.count; ++k) body(k * size, (s.places[k] - s.origin) * s.unit);
}

/// Call body(lanes, k, offset) for each vector of each stretch. A short stretch is one part of a vector,
/// always the same one.
template <class T, class Body>
HWY_INLINE void each_vector_of_stretches(const Stretches& s, Body body) {
    if (s.length <= kLanes<T>) {
        const Part<T> part(s.length);
        each_stretch(s, [&](std::size_t k, std::size_t offset) HWY_ATTR { body(part, k, offset); });
    } else {
        each_stretch(s, [&](std::size_t k, std::size_t offset) HWY_ATTR {
            for_each_vector<T>(s.length,
                               [&](auto part, std::size_t i) HWY_ATTR { body(part, k + i, offset + i); });
        });
    }
}

template <class T>
void copy(const T* from, const Stretches& s, T* to) {
    if (s.length == 1 && s.repeat == 1)
        return each_stretch(s, [=](std::size_t k, std::size_t offset) { to[k] = from[offset]; });
    each_vector_of_stretches<T>(s, [=](auto part, std::size_t k, std::size_t offset) HWY_ATTR {
        const Vector<T> v = part.load(from + offset);
        for (std::size_t r = 0; r < s.repeat; ++r) part.store(v, to + k + r * s.length);
    });
}

template <class T>
void add(const T* d, const Stretches& s, T* to) {
    if (s.length == 1 && s.repeat == 1)
        return each_stretch(s, [=](std::size_t k, std::size_t offset) { to[offset] += d[k]; });
    each_vector_of_stretches<T>(s, [=](auto part, std::size_t k, std::size_t offset) HWY_ATTR {
        Vector<T> total = part.load(to + offset);
        for (std::size_t r = 0; r < s.repeat; ++r) total = total + part.load(d + k + r * s.length);
        part.store(total, to + offset);
    });
}

/// Call body(k, offset) for each number of each stretch.
template <class Body>
HWY_INLINE void each_number(const Stretches& s, Body body) {
    each_stretch(s, [&](std::size_t k, std::size_t offset) HWY_ATTR {
        for (std::size_t i = 0; i < s.length; ++i) body(k + i * s.repeat, offset + i);
    });
}

template <class T>
void fill(const T* from, const Stretches& s, T* to) {
    each_number(s, [&](std::size_t k, std::size_t offset) HWY_ATTR {
        const Vector<T> v = hn::Set(Tag<T>(), from[offset]);
        for_each_vector<T>(s.repeat, [&](auto part, std::size_t i) HWY_ATTR { part.store(v, to + k + i); });
    });
}

template <class T>
void sum(const T* d, const Stretches& s, T* to) {
    each_number(s, [&](std::size_t k, std::size_t offset) HWY_ATTR {
        Vector<T> total = hn::Zero(Tag<T>());
        for_each_vector<T>(s.repeat, [&](auto part, std::size_t i)
                                         HWY_ATTR { total = total + part.load(d + k + i); });
        to[offset] += sum_of_lanes(total);
    });
}

// ---- dot products: one example's numbers lie side by side; those of several examples lie in lanes

template <class T>
void dots_side_by_side(DotShape s, const T* a, FactorRows a_rows, const T* b, FactorRows b_rows, T* y) {
    for (std::size_t row = 0; row < s.rows; ++row) {
        const T *u = a + a_rows.offset(row), *v = b + b_rows.offset(row);
        y[row] = sum_over<T>(s.arity, [=](auto part, std::size_t i, Vector<T> t) HWY_ATTR {
            return hn::MulAdd(part.load(u + i), part.load(v + i), t);
        });
    }
}

/// Load the number of lanes from `lane` on, or one for all of them.
template <bool shared, class T, class Part>
HWY_INLINE Vector<T> load_factor(const T* a, std::size_t i, std::size_t width, std::size_t lane, Part part) {
    if constexpr (shared)
        return hn::Set(Tag<T>(), a[i]);
    else
        return part.load(a + i * width + lane);
}

template <bool shared, class T>
void dots_in_lanes(DotShape s, const T* a, FactorRows a_rows, const T* b, FactorRows b_rows, T* y) {
    for (std::size_t row = 0; row < s.rows; ++row) {
        const T *u = a + a_rows.offset(row), *v = b + b_rows.offset(row);
        for_each_vector<T>(s.width, [&](auto part, std::size_t lane) HWY_ATTR {
            Vector<T> even = hn::Zero(Tag<T>()), odd = even;
            std::size_t i = 0;
            for (; i + 1 < s.arity; i += 2) {
                even = hn::MulAdd(load_factor<shared, T>(u, i, s.width, lane, part),
                                  part.load(v + i * s.width + lane), even);
                odd = hn::MulAdd(load_factor<shared, T>(u, i + 1, s.width, lane, part),
                                 part.load(v + (i + 1) * s.width + lane), odd);
            }
            if (i < s.arity)
                even = hn::MulAdd(load_factor<shared, T>(u, i, s.width, lane, part),
                                  part.load(v + i * s.width + lane), even);
            part.store(even + odd, y + row * s.width + lane);
        });
    }
}

template <class T>
void dots(DotShape s, const T* a, FactorRows a_rows, const T* b, FactorRows b_rows, T* y) {
    if (s.width == 1) return dots_side_by_side(s, a, a_rows, b, b_rows, y);
    if (s.is_a_shared) return dots_in_lanes<true>(s, a, a_rows, b, b_rows, y);
    dots_in_lanes<false>(s, a, a_rows, b, b_rows, y);
}

template <class T>
void dots_gradient_side_by_side(DotShape s, const T* a, T* da, FactorRows a_rows, const T* b, T* db,
                                FactorRows b_rows, const T* dy) {
    for (std::size_t row = 0; row < s.rows; ++row) {
        const std::size_t u = a_rows.offset(row), v = b_rows.offset(row);
        const Vector<T> d = hn::Set(Tag<T>(), dy[row]);
        for_each_vector<T>(s.arity, [&](auto part, std::size_t i) HWY_ATTR {
            const Vector<T> left = part.load(a + u + i), right = part.load(b + v + i);
            if (da != nullptr) part.store(hn::MulAdd(d, right, part.load(da + u + i)), da + u + i);
            if (db != nullptr) part.store(hn::MulAdd(d, left, part.load(db + v + i)), db + v + i);
        });
    }
}

/// Add to shared numbers da[i] the sum over the lanes of dy * b[i], four of them at a time.
template <class T>
void add_shared_gradient(DotShape s, const T* b, const T* dy, T* da) {
    const auto add_some = [&](auto some, std::size_t i) HWY_ATTR {
        Vector<T> sums[some];
        unroll<some>([&](auto k) HWY_ATTR { sums[k] = hn::Zero(Tag<T>()); });
        for_each_vector<T>(s.width, [&](auto part, std::size_t lane) HWY_ATTR {
            const Vector<T> d = part.load(dy + lane);
            unroll<some>([&](auto k) HWY_ATTR {
                sums[k] = hn::MulAdd(d, part.load(b + (i + k) * s.width + lane), sums[k]);
            });
        });
        unroll<some>([&](auto k) HWY_ATTR { da[i + k] += sum_of_lanes(sums[k]); });
    };
    std::size_t i = 0;
    for (; i + 4 <= s.arity; i += 4) add_some(std::integral_constant<std::size_t, 4>(), i);
    for (; i < s.arity; ++i) add_some(std::integral_constant<std::size_t, 1>(), i);
}

template <class T>
void dots_gradient_in_lanes(DotShape s, const T* a, T* da, FactorRows a_rows, const T* b, T* db,
                            FactorRows b_rows, const T* dy) {
    for (std::size_t row = 0; row < s.rows; ++row, dy += s.width) {
        const std::size_t u = a_rows.offset(row), v = b_rows.offset(row);
        if (s.is_a_shared && da != nullptr) add_shared_gradient(s, b + v, dy, da + u);
        for_each_vector<T>(s.width, [&](auto part, std::size_t lane) HWY_ATTR {
            const Vector<T> d = part.load(dy + lane);
            for (std::size_t i = 0; i < s.arity; ++i) {
                T* const right = db + v + i * s.width + lane;
                if (s.is_a_shared) {
                    if (db == nullptr) break;
                    part.store(hn::MulAdd(d, hn::Set(Tag<T>(), a[u + i]), part.load(right)), right);
                    continue;
                }
                const std::size_t p = u + i * s.width + lane, q = v + i * s.width + lane;
                const Vector<T> left_factor = part.load(a + p), right_factor = part.load(b + q);
                if (da != nullptr) part.store(hn::MulAdd(d, right_factor, part.load(da + p)), da + p);
                if (db != nullptr) part.store(hn::MulAdd(d, left_factor, part.load(db + q)), db + q);
            }
        });
    }
}

template <class T>
void dots_gradient(DotShape s, const T* a, T* da, FactorRows a_rows, const T* b, T* db, FactorRows b_rows,
                   const T* dy) {
    if (s.width == 1)
        dots_gradient_side_by_side(s, a, da, a_rows, b, db, b_rows, dy);
    else
        dots_gradient_in_lanes(s, a, da, a_rows, b, db, b_rows, dy);
}

/// The functions of stretches.hpp, for the instruction set of this namespace.
template <class T>
constexpr StretchLoops<T> kStretchLoops = {copy<T>, add<T>, fill<T>, sum<T>, dots<T>, dots_gradient<T>};

}  // namespace

const StretchLoops<double>& stretches_of_double() { return kStretchLoops<double>; }
const StretchLoops<float>& stretches_of_float() { return kStretchLoops<float>; }

}  // namespace gradus::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gradus::kernels {

HWY_EXPORT(stretches_of_double);
HWY_EXPORT(stretches_of_float);

template <>
const StretchLoops<double>& stretch_loops() {
    return HWY_DYNAMIC_DISPATCH(stretches_of_double)();
}

template <>
const StretchLoops<float>& stretch_loops() {
    return HWY_DYNAMIC_DISPATCH(stretches_of_float)();
}

}  // namespace gradus::kernels
#endif
