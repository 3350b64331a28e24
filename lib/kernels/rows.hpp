// SPDX-License-Identifier: MIT
// Loops over one row: n numbers that lie side by side. T is double or float.
// The order of every sum is fixed by n alone. Gradients are added to what is there.
#pragma once

#include <cstddef>

namespace gradus::kernels {

// ---- sums

/// Return x[0] + x[1] + ...; 0 if n is 0.
template <class T>
T sum(const T* x, std::size_t n);

/// Return x[0] y[0] + x[1] y[1] + ...; 0 if n is 0.
template <class T>
T dot(const T* x, const T* y, std::size_t n);

/// Return (x[0] - y[0])^2 + (x[1] - y[1])^2 + ...; 0 if n is 0.
template <class T>
T squared_distance(const T* x, const T* y, std::size_t n);

// ---- the largest

/// Return the position of the largest number: the first one on ties, the first NaN if there is one.
/// n is at least 1.
template <class T>
std::size_t argmax(const T* x, std::size_t n);

// ---- rows that change in place

/// Set y[i] = a.
template <class T>
void fill(T a, T* y, std::size_t n);

/// Set y[i] = a * y[i].
template <class T>
void scale(T a, T* y, std::size_t n);

/// Add a to y[i].
template <class T>
void add_number(T a, T* y, std::size_t n);

/// Add x[i] to y[i].
template <class T>
void add(const T* x, T* y, std::size_t n);

/// Add a * x[i] to y[i].
template <class T>
void add_scaled(T a, const T* x, T* y, std::size_t n);

// ---- softmax

/// Return log(exp(x[0]) + exp(x[1]) + ...) without overflow; -inf if n is 0.
template <class T>
T logsumexp_row(const T* x, std::size_t n);

/// Add dy * exp(x[i] - y) to dx[i], where y = logsumexp_row(x).
template <class T>
void logsumexp_gradient_row(const T* x, T y, T dy, T* dx, std::size_t n);

/// Set y[i] = exp(x[i]) / (exp(x[0]) + exp(x[1]) + ...) without overflow. An x[i] of -inf gets 0; NaN
/// throughout if every x[i] is -inf, or one is inf. y may be x.
template <class T>
void softmax_row(const T* x, T* y, std::size_t n);

/// Add y[i] (dy[i] - dot(y, dy)) to dx[i].
template <class T>
void softmax_gradient_row(const T* y, const T* dy, T* dx, std::size_t n);

/// Set y[i] = x[i] - logsumexp_row(x). y may be x.
template <class T>
void log_softmax_row(const T* x, T* y, std::size_t n);

/// Add dy[i] - exp(y[i]) sum(dy) to dx[i].
template <class T>
void log_softmax_gradient_row(const T* y, const T* dy, T* dx, std::size_t n);

// ---- normalisation

/// What the gradient of a normalised row needs of the way forward: h[i] = (x[i] - mean) * scale.
template <class T>
struct Normal {
    T mean, scale;
};

/// Set y[i] = weight[i] h[i], where h = x / sqrt(mean(x^2) + epsilon). weight may be null for ones.
/// The mean of the result is 0.
template <class T>
Normal<T> rms_norm_row(const T* x, const T* weight, T epsilon, T* y, std::size_t n);

/// Add to dx and dweight, of which each may be null, the gradient of rms_norm_row():
/// dx = scale (g - h mean(g h)), where g = weight dy; dweight = dy h.
template <class T>
void rms_norm_gradient_row(const T* x, const T* weight, Normal<T> normal, const T* dy, T* dx, T* dweight,
                           std::size_t n);

/// Set y[i] = weight[i] h[i] + bias[i], where h = (x - mean(x)) / sqrt(variance(x) + epsilon), the variance
/// over n. weight may be null for ones, bias for zeros.
template <class T>
Normal<T> layer_norm_row(const T* x, const T* weight, const T* bias, T epsilon, T* y, std::size_t n);

/// Add to dx and dweight, of which each may be null, the gradient of layer_norm_row():
/// dx = scale (g - mean(g) - h mean(g h)), where g = weight dy; dweight = dy h. That of bias is dy: add().
template <class T>
void layer_norm_gradient_row(const T* x, const T* weight, Normal<T> normal, const T* dy, T* dx, T* dweight,
                             std::size_t n);

}  // namespace gradus::kernels
