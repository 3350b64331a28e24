// SPDX-License-Identifier: MIT
// Loops over one row: n numbers that lie side by side. T is double or float.
// The order of every sum is fixed by n alone. Gradients are added to what is there.
#pragma once

#include <cstddef>

namespace gradus::kernels {

/// What the gradient of a normalised row needs of the way forward: h[i] = (x[i] - mean) * scale.
template <class T>
struct Normal {
    T mean, scale;
};

/// The loops, for one instruction set.
template <class T>
struct Rows {
    using Size = std::size_t;

    // ---- sums

    /// Return x[0] + x[1] + ...; 0 if n is 0.
    T (*sum)(const T* x, Size n);

    /// Return x[0] y[0] + x[1] y[1] + ...; 0 if n is 0.
    T (*dot)(const T* x, const T* y, Size n);

    /// Return (x[0] - y[0])^2 + (x[1] - y[1])^2 + ...; 0 if n is 0.
    T (*squared_distance)(const T* x, const T* y, Size n);

    // ---- the largest

    /// Return the position of the largest number: the first one on ties, the first NaN if there is one.
    /// n is at least 1.
    Size (*argmax)(const T* x, Size n);

    // ---- rows that change in place

    /// Set y[i] = a.
    void (*fill)(T a, T* y, Size n);

    /// Set y[i] = a * y[i].
    void (*scale)(T a, T* y, Size n);

    /// Add a to y[i].
    void (*add_number)(T a, T* y, Size n);

    /// Add x[i] to y[i].
    void (*add)(const T* x, T* y, Size n);

    /// Add a * x[i] to y[i].
    void (*add_scaled)(T a, const T* x, T* y, Size n);

    /// Add x[i] * y[i] to z[i].
    void (*add_product)(const T* x, const T* y, T* z, Size n);

    // ---- softmax

    /// Return log(exp(x[0]) + exp(x[1]) + ...) without overflow; -inf if n is 0.
    T (*logsumexp_row)(const T* x, Size n);

    /// Add dy * exp(x[i] - y) to dx[i], where y = logsumexp_row(x).
    void (*logsumexp_gradient_row)(const T* x, T y, T dy, T* dx, Size n);

    /// Set y[i] = exp(x[i]) / (exp(x[0]) + exp(x[1]) + ...) without overflow. An x[i] of -inf gets 0; NaN
    /// throughout if every x[i] is -inf, or one is inf. y may be x.
    void (*softmax_row)(const T* x, T* y, Size n);

    /// Add y[i] (dy[i] - dot(y, dy)) to dx[i].
    void (*softmax_gradient_row)(const T* y, const T* dy, T* dx, Size n);

    /// Set y[i] = x[i] - logsumexp_row(x). y may be x.
    void (*log_softmax_row)(const T* x, T* y, Size n);

    /// Add dy[i] - exp(y[i]) sum(dy) to dx[i].
    void (*log_softmax_gradient_row)(const T* y, const T* dy, T* dx, Size n);

    // ---- normalisation

    /// Set y[i] = weight[i] h[i], where h = x / sqrt(mean(x^2) + epsilon). weight may be null for ones.
    /// The mean of the result is 0.
    Normal<T> (*rms_norm_row)(const T* x, const T* weight, T epsilon, T* y, Size n);

    /// Add to dx and dweight, of which each may be null, the gradient of rms_norm_row():
    /// dx = scale (g - h mean(g h)), where g = weight dy; dweight = dy h.
    void (*rms_norm_gradient_row)(const T* x, const T* weight, Normal<T> normal, const T* dy, T* dx,
                                  T* dweight, Size n);

    /// Set y[i] = weight[i] h[i] + bias[i], where h = (x - mean(x)) / sqrt(variance(x) + epsilon), the
    /// variance over n. weight may be null for ones, bias for zeros.
    Normal<T> (*layer_norm_row)(const T* x, const T* weight, const T* bias, T epsilon, T* y, Size n);

    /// Add to dx and dweight, of which each may be null, the gradient of layer_norm_row():
    /// dx = scale (g - mean(g) - h mean(g h)), where g = weight dy; dweight = dy h. That of bias is dy:
    /// add().
    void (*layer_norm_gradient_row)(const T* x, const T* weight, Normal<T> normal, const T* dy, T* dx,
                                    T* dweight, Size n);
};

/// Return the loops for the processor that runs this.
template <class T>
const Rows<T>& rows();

// ---- each of them by name

template <class T>
T sum(const T* x, std::size_t n) {
    return rows<T>().sum(x, n);
}

template <class T>
T dot(const T* x, const T* y, std::size_t n) {
    return rows<T>().dot(x, y, n);
}

template <class T>
T squared_distance(const T* x, const T* y, std::size_t n) {
    return rows<T>().squared_distance(x, y, n);
}

template <class T>
std::size_t argmax(const T* x, std::size_t n) {
    return rows<T>().argmax(x, n);
}

template <class T>
void fill(T a, T* y, std::size_t n) {
    rows<T>().fill(a, y, n);
}

template <class T>
void scale(T a, T* y, std::size_t n) {
    rows<T>().scale(a, y, n);
}

template <class T>
void add_number(T a, T* y, std::size_t n) {
    rows<T>().add_number(a, y, n);
}

template <class T>
void add(const T* x, T* y, std::size_t n) {
    rows<T>().add(x, y, n);
}

template <class T>
void add_scaled(T a, const T* x, T* y, std::size_t n) {
    rows<T>().add_scaled(a, x, y, n);
}

template <class T>
void add_product(const T* x, const T* y, T* z, std::size_t n) {
    rows<T>().add_product(x, y, z, n);
}

template <class T>
T logsumexp_row(const T* x, std::size_t n) {
    return rows<T>().logsumexp_row(x, n);
}

template <class T>
void logsumexp_gradient_row(const T* x, T y, T dy, T* dx, std::size_t n) {
    rows<T>().logsumexp_gradient_row(x, y, dy, dx, n);
}

template <class T>
void softmax_row(const T* x, T* y, std::size_t n) {
    rows<T>().softmax_row(x, y, n);
}

template <class T>
void softmax_gradient_row(const T* y, const T* dy, T* dx, std::size_t n) {
    rows<T>().softmax_gradient_row(y, dy, dx, n);
}

template <class T>
void log_softmax_row(const T* x, T* y, std::size_t n) {
    rows<T>().log_softmax_row(x, y, n);
}

template <class T>
void log_softmax_gradient_row(const T* y, const T* dy, T* dx, std::size_t n) {
    rows<T>().log_softmax_gradient_row(y, dy, dx, n);
}

template <class T>
Normal<T> rms_norm_row(const T* x, const T* weight, T epsilon, T* y, std::size_t n) {
    return rows<T>().rms_norm_row(x, weight, epsilon, y, n);
}

template <class T>
void rms_norm_gradient_row(const T* x, const T* weight, Normal<T> normal, const T* dy, T* dx, T* dweight,
                           std::size_t n) {
    rows<T>().rms_norm_gradient_row(x, weight, normal, dy, dx, dweight, n);
}

template <class T>
Normal<T> layer_norm_row(const T* x, const T* weight, const T* bias, T epsilon, T* y, std::size_t n) {
    return rows<T>().layer_norm_row(x, weight, bias, epsilon, y, n);
}

template <class T>
void layer_norm_gradient_row(const T* x, const T* weight, Normal<T> normal, const T* dy, T* dx, T* dweight,
                             std::size_t n) {
    rows<T>().layer_norm_gradient_row(x, weight, normal, dy, dx, dweight, n);
}

}  // namespace gradus::kernels
