// SPDX-License-Identifier: MIT
// Plain loops over rows.
#include "rows.hpp"

#include <cmath>
#include <limits>

namespace gradus::kernels {

template <class T>
T sum(const T* x, std::size_t n) {
    T s = 0;
    for (std::size_t i = 0; i < n; ++i) s += x[i];
    return s;
}

template <class T>
T dot(const T* x, const T* y, std::size_t n) {
    T s = 0;
    for (std::size_t i = 0; i < n; ++i) s += x[i] * y[i];
    return s;
}

template <class T>
T squared_distance(const T* x, const T* y, std::size_t n) {
    T s = 0;
    for (std::size_t i = 0; i < n; ++i) s += (x[i] - y[i]) * (x[i] - y[i]);
    return s;
}

template <class T>
std::size_t argmax(const T* x, std::size_t n) {
    std::size_t best = 0;
    for (std::size_t i = 0; i < n; ++i) {
        if (std::isnan(x[i])) return i;
        if (x[i] > x[best]) best = i;
    }
    return best;
}

template <class T>
void fill(T a, T* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) y[i] = a;
}

template <class T>
void scale(T a, T* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) y[i] *= a;
}

template <class T>
void add_number(T a, T* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) y[i] += a;
}

template <class T>
void add(const T* x, T* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) y[i] += x[i];
}

template <class T>
void add_scaled(T a, const T* x, T* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) y[i] += a * x[i];
}

template <class T>
T logsumexp_row(const T* x, std::size_t n) {
    if (n == 0) return -std::numeric_limits<T>::infinity();
    const T largest = x[argmax(x, n)];
    if (std::isinf(largest)) return largest;
    T s = 0;
    for (std::size_t i = 0; i < n; ++i) s += std::exp(x[i] - largest);
    return largest + std::log(s);
}

template <class T>
void logsumexp_gradient_row(const T* x, T y, T dy, T* dx, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) dx[i] += dy * std::exp(x[i] - y);
}

template <class T>
void softmax_row(const T* x, T* y, std::size_t n) {
    if (n == 0) return;
    const T largest = x[argmax(x, n)];
    T s = 0;
    for (std::size_t i = 0; i < n; ++i) s += y[i] = std::exp(x[i] - largest);
    scale(T{1} / s, y, n);
}

template <class T>
void softmax_gradient_row(const T* y, const T* dy, T* dx, std::size_t n) {
    const T mean = dot(y, dy, n);
    for (std::size_t i = 0; i < n; ++i) dx[i] += y[i] * (dy[i] - mean);
}

template <class T>
void log_softmax_row(const T* x, T* y, std::size_t n) {
    const T log_of_sum = logsumexp_row(x, n);
    for (std::size_t i = 0; i < n; ++i) y[i] = x[i] - log_of_sum;
}

template <class T>
void log_softmax_gradient_row(const T* y, const T* dy, T* dx, std::size_t n) {
    const T s = sum(dy, n);
    for (std::size_t i = 0; i < n; ++i) dx[i] += dy[i] - std::exp(y[i]) * s;
}

template <class T>
Normal<T> rms_norm_row(const T* x, const T* weight, T epsilon, T* y, std::size_t n) {
    const T scale = 1 / std::sqrt(dot(x, x, n) / static_cast<T>(n) + epsilon);
    for (std::size_t i = 0; i < n; ++i) y[i] = x[i] * scale * (weight != nullptr ? weight[i] : 1);
    return {0, scale};
}

template <class T>
void rms_norm_gradient_row(const T* x, const T* weight, Normal<T> normal, const T* dy, T* dx, T* dweight,
                           std::size_t n) {
    T gh = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const T h = x[i] * normal.scale;
        gh += (weight != nullptr ? weight[i] : 1) * dy[i] * h;
        if (dweight != nullptr) dweight[i] += dy[i] * h;
    }
    if (dx == nullptr) return;
    const T mean_gh = gh / static_cast<T>(n);
    for (std::size_t i = 0; i < n; ++i) {
        const T g = (weight != nullptr ? weight[i] : 1) * dy[i];
        dx[i] += normal.scale * (g - x[i] * normal.scale * mean_gh);
    }
}

template <class T>
Normal<T> layer_norm_row(const T* x, const T* weight, const T* bias, T epsilon, T* y, std::size_t n) {
    const T mean = sum(x, n) / static_cast<T>(n);
    T squares = 0;
    for (std::size_t i = 0; i < n; ++i) squares += (x[i] - mean) * (x[i] - mean);
    const T scale = 1 / std::sqrt(squares / static_cast<T>(n) + epsilon);
    for (std::size_t i = 0; i < n; ++i) {
        y[i] = (x[i] - mean) * scale * (weight != nullptr ? weight[i] : 1) + (bias != nullptr ? bias[i] : 0);
    }
    return {mean, scale};
}

template <class T>
void layer_norm_gradient_row(const T* x, const T* weight, Normal<T> normal, const T* dy, T* dx, T* dweight,
                             std::size_t n) {
    T g_sum = 0, gh_sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const T h = (x[i] - normal.mean) * normal.scale;
        const T g = (weight != nullptr ? weight[i] : 1) * dy[i];
        g_sum += g;
        gh_sum += g * h;
        if (dweight != nullptr) dweight[i] += dy[i] * h;
    }
    if (dx == nullptr) return;
    const T mean_g = g_sum / static_cast<T>(n), mean_gh = gh_sum / static_cast<T>(n);
    for (std::size_t i = 0; i < n; ++i) {
        const T g = (weight != nullptr ? weight[i] : 1) * dy[i];
        dx[i] += normal.scale * (g - mean_g - (x[i] - normal.mean) * normal.scale * mean_gh);
    }
}

#define GRADUS_ROWS(T)                                                                                 \
    template T sum(const T*, std::size_t);                                                             \
    template T dot(const T*, const T*, std::size_t);                                                   \
    template T squared_distance(const T*, const T*, std::size_t);                                      \
    template std::size_t argmax(const T*, std::size_t);                                                \
    template void fill(T, T*, std::size_t);                                                            \
    template void scale(T, T*, std::size_t);                                                           \
    template void add_number(T, T*, std::size_t);                                                      \
    template void add(const T*, T*, std::size_t);                                                      \
    template void add_scaled(T, const T*, T*, std::size_t);                                            \
    template T logsumexp_row(const T*, std::size_t);                                                   \
    template void logsumexp_gradient_row(const T*, T, T, T*, std::size_t);                             \
    template void softmax_row(const T*, T*, std::size_t);                                              \
    template void softmax_gradient_row(const T*, const T*, T*, std::size_t);                           \
    template void log_softmax_row(const T*, T*, std::size_t);                                          \
    template void log_softmax_gradient_row(const T*, const T*, T*, std::size_t);                       \
    template Normal<T> rms_norm_row(const T*, const T*, T, T*, std::size_t);                           \
    template void rms_norm_gradient_row(const T*, const T*, Normal<T>, const T*, T*, T*, std::size_t); \
    template Normal<T> layer_norm_row(const T*, const T*, const T*, T, T*, std::size_t);               \
    template void layer_norm_gradient_row(const T*, const T*, Normal<T>, const T*, T*, T*, std::size_t);

GRADUS_ROWS(double)
GRADUS_ROWS(float)

}  // namespace gradus::kernels
