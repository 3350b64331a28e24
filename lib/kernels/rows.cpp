// SPDX-License-Identifier: MIT
// The loops over rows, in vectors.
#include "rows.hpp"

#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rows.cpp"
#include "lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace gradus::kernels::HWY_NAMESPACE {
namespace {

// ---- sums

template <class T>
T sum(const T* x, std::size_t n) {
    return sum_over<T>(n,
                       [=](auto part, std::size_t i, Vector<T> s) HWY_ATTR { return s + part.load(x + i); });
}

template <class T>
T dot(const T* x, const T* y, std::size_t n) {
    return sum_over<T>(n, [=](auto part, std::size_t i, Vector<T> s)
                              HWY_ATTR { return hn::MulAdd(part.load(x + i), part.load(y + i), s); });
}

template <class T>
T squared_distance(const T* x, const T* y, std::size_t n) {
    return sum_over<T>(n, [=](auto part, std::size_t i, Vector<T> s) HWY_ATTR {
        const Vector<T> d = part.load(x + i) - part.load(y + i);
        return hn::MulAdd(d, d, s);
    });
}

// ---- the largest

/// Return the largest number; -inf if n is 0, NaN if there is one.
template <class T>
T max(const T* x, std::size_t n) {
    Vector<T> largest = hn::Set(Tag<T>(), -std::numeric_limits<T>::infinity());
    Vector<T> sum = hn::Zero(Tag<T>());  // NaN if there is one
    for_each_vector<T>(n, [&](auto part, std::size_t i) HWY_ATTR {
        const Vector<T> v = part.load(x + i);
        largest = part.keep(hn::IfThenElse(hn::Gt(v, largest), v, largest), largest);
        sum = hn::IfThenElse(hn::IsNaN(v), v, sum);
    });
    const T nan = sum_of_lanes(sum);
    return std::isnan(nan) ? nan : max_of_lanes(largest);
}

template <class T>
std::size_t argmax(const T* x, std::size_t n) {
    const T largest = max(x, n);
    std::size_t i = 0;
    while (i + 1 < n && x[i] != largest && !std::isnan(x[i])) ++i;
    return i;
}

// ---- rows that change in place

template <class T>
void fill(T a, T* y, std::size_t n) {
    for_each_vector<T>(n,
                       [=](auto part, std::size_t i) HWY_ATTR { part.store(hn::Set(Tag<T>(), a), y + i); });
}

template <class T>
void scale(T a, T* y, std::size_t n) {
    const Vector<T> factor = hn::Set(Tag<T>(), a);
    for_each_vector<T>(
        n, [=](auto part, std::size_t i) HWY_ATTR { part.store(factor * part.load(y + i), y + i); });
}

template <class T>
void add_number(T a, T* y, std::size_t n) {
    const Vector<T> term = hn::Set(Tag<T>(), a);
    for_each_vector<T>(
        n, [=](auto part, std::size_t i) HWY_ATTR { part.store(part.load(y + i) + term, y + i); });
}

template <class T>
void add(const T* x, T* y, std::size_t n) {
    for_each_vector<T>(n, [=](auto part, std::size_t i)
                              HWY_ATTR { part.store(part.load(y + i) + part.load(x + i), y + i); });
}

template <class T>
void add_scaled(T a, const T* x, T* y, std::size_t n) {
    const Vector<T> factor = hn::Set(Tag<T>(), a);
    for_each_vector<T>(n, [=](auto part, std::size_t i) HWY_ATTR {
        part.store(hn::MulAdd(factor, part.load(x + i), part.load(y + i)), y + i);
    });
}

template <class T>
void add_product(const T* x, const T* y, T* z, std::size_t n) {
    for_each_vector<T>(n, [=](auto part, std::size_t i) HWY_ATTR {
        part.store(hn::MulAdd(part.load(x + i), part.load(y + i), part.load(z + i)), z + i);
    });
}

// ---- softmax

template <class T>
T logsumexp_row(const T* x, std::size_t n) {
    const T largest = max(x, n);
    if (std::isinf(largest)) return largest;
    const Vector<T> offset = hn::Set(Tag<T>(), largest);
    const T total = sum_over<T>(n, [=](auto part, std::size_t i, Vector<T> s)
                                       HWY_ATTR { return s + exp(part.load(x + i) - offset); });
    return largest + std::log(total);
}

template <class T>
void logsumexp_gradient_row(const T* x, T y, T dy, T* dx, std::size_t n) {
    const Vector<T> offset = hn::Set(Tag<T>(), y), factor = hn::Set(Tag<T>(), dy);
    for_each_vector<T>(n, [=](auto part, std::size_t i) HWY_ATTR {
        part.store(hn::MulAdd(factor, exp(part.load(x + i) - offset), part.load(dx + i)), dx + i);
    });
}

template <class T>
void softmax_row(const T* x, T* y, std::size_t n) {
    const Vector<T> offset = hn::Set(Tag<T>(), max(x, n));
    const T total = sum_over<T>(n, [=](auto part, std::size_t i, Vector<T> s) HWY_ATTR {
        const Vector<T> e = exp(part.load(x + i) - offset);
        part.store(e, y + i);
        return s + e;
    });
    scale(1 / total, y, n);
}

template <class T>
void softmax_gradient_row(const T* y, const T* dy, T* dx, std::size_t n) {
    const Vector<T> mean = hn::Set(Tag<T>(), dot(y, dy, n));
    for_each_vector<T>(n, [=](auto part, std::size_t i) HWY_ATTR {
        part.store(hn::MulAdd(part.load(y + i), part.load(dy + i) - mean, part.load(dx + i)), dx + i);
    });
}

template <class T>
void log_softmax_row(const T* x, T* y, std::size_t n) {
    const Vector<T> offset = hn::Set(Tag<T>(), logsumexp_row(x, n));
    for_each_vector<T>(
        n, [=](auto part, std::size_t i) HWY_ATTR { part.store(part.load(x + i) - offset, y + i); });
}

template <class T>
void log_softmax_gradient_row(const T* y, const T* dy, T* dx, std::size_t n) {
    const Vector<T> total = hn::Set(Tag<T>(), sum(dy, n));
    for_each_vector<T>(n, [=](auto part, std::size_t i) HWY_ATTR {
        const Vector<T> slope = part.load(dy + i) - exp(part.load(y + i)) * total;
        part.store(part.load(dx + i) + slope, dx + i);
    });
}

// ---- normalisation: h = (x - mean) * scale

/// A row of factors or terms, or one number throughout if there is no row.
template <class T>
struct Optional {
    const T* data;
    T otherwise;

    template <class Part>
    HWY_INLINE Vector<T> load(Part part, std::size_t i) const {
        return data == nullptr ? hn::Set(Tag<T>(), otherwise) : part.load(data + i);
    }
};

template <class T>
Normal<T> rms_norm_row(const T* x, const T* weight, T epsilon, T* y, std::size_t n) {
    const T scale = 1 / std::sqrt(dot(x, x, n) / static_cast<T>(n) + epsilon);
    const Vector<T> s = hn::Set(Tag<T>(), scale);
    const Optional<T> w{weight, 1};
    for_each_vector<T>(n, [=](auto part, std::size_t i)
                              HWY_ATTR { part.store(part.load(x + i) * s * w.load(part, i), y + i); });
    return {0, scale};
}

template <class T>
Normal<T> layer_norm_row(const T* x, const T* weight, const T* bias, T epsilon, T* y, std::size_t n) {
    const T mean = sum(x, n) / static_cast<T>(n);
    const Vector<T> m = hn::Set(Tag<T>(), mean);
    const T squares = sum_over<T>(n, [=](auto part, std::size_t i, Vector<T> s) HWY_ATTR {
        const Vector<T> d = part.load(x + i) - m;
        return hn::MulAdd(d, d, s);
    });
    const T scale = 1 / std::sqrt(squares / static_cast<T>(n) + epsilon);
    const Vector<T> s = hn::Set(Tag<T>(), scale);
    const Optional<T> w{weight, 1}, b{bias, 0};
    for_each_vector<T>(n, [=](auto part, std::size_t i) HWY_ATTR {
        part.store(hn::MulAdd((part.load(x + i) - m) * s, w.load(part, i), b.load(part, i)), y + i);
    });
    return {mean, scale};
}

/// What both gradients share: dx = scale (g - mean_g - h mean(g h)), with mean_g = mean(g) if x was centred.
template <class T>
void norm_gradient_row(bool centred, const T* x, const T* weight, Normal<T> normal, const T* dy, T* dx,
                       T* dweight, std::size_t n) {
    const Vector<T> m = hn::Set(Tag<T>(), normal.mean), scale = hn::Set(Tag<T>(), normal.scale);
    const Optional<T> w{weight, 1};
    if (dweight != nullptr) {
        for_each_vector<T>(n, [=](auto part, std::size_t i) HWY_ATTR {
            const Vector<T> h = (part.load(x + i) - m) * scale;
            part.store(hn::MulAdd(part.load(dy + i), h, part.load(dweight + i)), dweight + i);
        });
    }
    if (dx == nullptr) return;
    const T g_sum =
        centred ? sum_over<T>(n, [=](auto part, std::size_t i, Vector<T> s)
                                     HWY_ATTR { return hn::MulAdd(w.load(part, i), part.load(dy + i), s); })
                : 0;
    const T gh_sum = sum_over<T>(n, [=](auto part, std::size_t i, Vector<T> s) HWY_ATTR {
        const Vector<T> h = (part.load(x + i) - m) * scale;
        return hn::MulAdd(w.load(part, i) * part.load(dy + i), h, s);
    });
    const Vector<T> mean_g = hn::Set(Tag<T>(), g_sum / static_cast<T>(n));
    const Vector<T> mean_gh = hn::Set(Tag<T>(), gh_sum / static_cast<T>(n));
    for_each_vector<T>(n, [=](auto part, std::size_t i) HWY_ATTR {
        const Vector<T> g = w.load(part, i) * part.load(dy + i);
        const Vector<T> h = (part.load(x + i) - m) * scale;
        part.store(hn::MulAdd(scale, g - mean_g - h * mean_gh, part.load(dx + i)), dx + i);
    });
}

template <class T>
void rms_norm_gradient_row(const T* x, const T* weight, Normal<T> normal, const T* dy, T* dx, T* dweight,
                           std::size_t n) {
    norm_gradient_row(false, x, weight, normal, dy, dx, dweight, n);
}

template <class T>
void layer_norm_gradient_row(const T* x, const T* weight, Normal<T> normal, const T* dy, T* dx, T* dweight,
                             std::size_t n) {
    norm_gradient_row(true, x, weight, normal, dy, dx, dweight, n);
}

/// The functions of rows.hpp, for the instruction set of this namespace.
template <class T>
constexpr Rows<T> kRows = {
    sum<T>,
    dot<T>,
    squared_distance<T>,
    argmax<T>,
    fill<T>,
    scale<T>,
    add_number<T>,
    add<T>,
    add_scaled<T>,
    add_product<T>,
    logsumexp_row<T>,
    logsumexp_gradient_row<T>,
    softmax_row<T>,
    softmax_gradient_row<T>,
    log_softmax_row<T>,
    log_softmax_gradient_row<T>,
    rms_norm_row<T>,
    rms_norm_gradient_row<T>,
    layer_norm_row<T>,
    layer_norm_gradient_row<T>,
};

}  // namespace

const Rows<double>& rows_of_double() { return kRows<double>; }
const Rows<float>& rows_of_float() { return kRows<float>; }

}  // namespace gradus::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gradus::kernels {

HWY_EXPORT(rows_of_double);
HWY_EXPORT(rows_of_float);

template <>
const Rows<double>& rows() {
    return HWY_DYNAMIC_DISPATCH(rows_of_double)();
}

template <>
const Rows<float>& rows() {
    return HWY_DYNAMIC_DISPATCH(rows_of_float)();
}

}  // namespace gradus::kernels
#endif
