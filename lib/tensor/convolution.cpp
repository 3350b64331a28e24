// SPDX-License-Identifier: MIT
#include "gradus/tensor/convolution.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "../kernels/matrix.hpp"
#include "../kernels/rows.hpp"
#include "by_number.hpp"
#include "gradus/reduce.hpp"
#include "operation.hpp"

namespace gradus {
namespace {

using Matrix = kernels::MatrixView<double>;

/// Windows that move over one axis of an image.
struct Windows {
    std::size_t image;  // numbers of the image along the axis
    std::size_t size, stride, padding;

    /// Return whether there is room for one.
    [[nodiscard]] bool fit() const { return size > 0 && size <= image + 2 * padding; }
    [[nodiscard]] std::size_t count() const { return (image + 2 * padding - size) / stride + 1; }

    /// The windows whose number at one place lies in the image, not in the padding: begin ... end-1.
    struct Range {
        std::size_t begin, end;
    };
    [[nodiscard]] Range inside(std::size_t place) const {
        const std::size_t begin = place >= padding ? 0 : (padding - place - 1) / stride + 1;
        const std::size_t end = place >= image + padding ? 0 : (image + padding - place - 1) / stride + 1;
        return {begin, std::max(begin, std::min(end, count()))};
    }

    /// Return where in the image that number is.
    [[nodiscard]] std::size_t position(std::size_t window, std::size_t place) const {
        return window * stride + place - padding;
    }
};

/// The windows of an image of several channels, and the matrix of them: a row for each place (channel,row,
/// column) in a window, a column for each window.
struct Unfolding {
    std::size_t channels;
    Windows down, across;

    [[nodiscard]] std::size_t rows() const { return channels * down.size * across.size; }
    [[nodiscard]] std::size_t columns() const { return down.count() * across.count(); }
    [[nodiscard]] std::size_t image() const { return channels * down.image * across.image; }

    /// Call f(i, j, n): n numbers of the matrix from i on are those of the image at j, j + stride, ...
    template <class F>
    void each_run(F f) const {
        std::size_t row = 0;
        for (std::size_t c = 0; c < channels; ++c) {
            for (std::size_t y = 0; y < down.size; ++y) {
                for (std::size_t x = 0; x < across.size; ++x, row += columns()) {
                    const Windows::Range p = down.inside(y), q = across.inside(x);
                    if (q.begin == q.end) continue;
                    for (std::size_t i = p.begin; i < p.end; ++i) {
                        const std::size_t line = c * down.image + down.position(i, y);
                        f(row + i * across.count() + q.begin,
                          line * across.image + across.position(q.begin, x), q.end - q.begin);
                    }
                }
            }
        }
    }

    /// Set the matrix to the numbers of the image; 0 in the padding.
    template <class T>
    void unfold(const T* from, T* matrix, const T& zero = 0.0) const {
        if (down.padding > 0) std::fill_n(matrix, rows() * columns(), zero);
        each_run([&](std::size_t i, std::size_t j, std::size_t n) {
            if (across.stride == 1) {
                std::copy_n(from + j, n, matrix + i);
            } else {
                for (std::size_t k = 0; k < n; ++k) matrix[i + k] = from[j + k * across.stride];
            }
        });
    }

    /// Add each number of the matrix to that of the image.
    void fold(const double* matrix, double* to) const {
        each_run([&](std::size_t i, std::size_t j, std::size_t n) {
            for (std::size_t k = 0; k < n; ++k) to[j + k * across.stride] += matrix[i + k];
        });
    }
};

Unfolding unfolding(const Shape& x, const Shape& weight, const Conv2dOptions& options) {
    if (x.rank() != 4 || weight.rank() != 4 || x[1] != weight[1]) {
        throw ShapeError(
            fmt::format("conv2d: images and kernels do not fit: x is {}, weight is {}. Give them the shapes "
                        "(images,channels,rows,columns) and (kernels,channels,rows,columns).",
                        to_string(x), to_string(weight)));
    }
    if (options.stride == 0)
        throw DomainError("conv2d: the window does not move: the stride is 0. Give at least 1.");
    if (options.padding > kMostSlots) {  // 2 * padding would overflow
        throw ShapeError(fmt::format(
            "conv2d: the padding is too large: {}, at most {}. Half the size of a kernel is usual.",
            options.padding, kMostSlots));
    }
    const Unfolding windows{x[1],
                            {x[2], weight[2], options.stride, options.padding},
                            {x[3], weight[3], options.stride, options.padding}};
    if (!windows.down.fit() || !windows.across.fit()) {
        throw ShapeError(
            fmt::format("conv2d: no window fits: x is {}, weight is {}, the padding {}. Give kernels of at "
                        "least one number and at most the padded image, or more padding.",
                        to_string(x), to_string(weight), options.padding));
    }
    return windows;
}

Tensor convolve_by_number(const Tensor& x, const Tensor& weight, const Tensor& bias, const Unfolding& windows,
                          const Shape& shape) {
    const std::span<const Value> xs = detail::values_of(x), w = detail::values_of(weight);
    const bool has_bias = bias.data() != nullptr;
    const std::span<const Value> b = has_bias ? detail::values_of(bias) : std::span<const Value>();
    const std::size_t rows = windows.rows(), columns = windows.columns();
    const Value zero = variable(0.0);
    std::vector<Value> y(shape.size()), matrix(rows * columns);
    for (std::size_t i = 0; i < shape[0]; ++i) {
        windows.unfold(xs.data() + i * windows.image(), matrix.data(), zero);
        for (std::size_t j = 0; j < columns; ++j) {  // all kernels meet a window: a matrix times a vector
            const std::vector<Value> window = detail::line(matrix, j, rows, columns);
            for (std::size_t k = 0; k < shape[1]; ++k) {
                const Value sum = dot(w.subspan(k * rows, rows), window);
                y[(i * shape[1] + k) * columns + j] = has_bias ? sum + b[k] : sum;
            }
        }
    }
    return tensor(y, shape);
}

Tensor convolve(const Tensor& x, const Tensor& weight, const Tensor& bias, const Unfolding& windows) {
    const detail::Operation operation("conv2d", {x, weight, bias});
    const std::size_t images = x.shape()[0], outputs = weight.shape()[0];
    const std::size_t rows = windows.rows(), columns = windows.columns();
    const Shape shape{images, outputs, windows.down.count(), windows.across.count()};
    if (operation.is_by_number()) return convolve_by_number(x, weight, bias, windows, shape);
    const Matrix w{weight.data(), rows};
    double* const y = operation.numbers(shape.size());
    double* const matrix = operation.numbers(rows * columns);
    for (std::size_t i = 0; i < images; ++i) {
        double* const to = y + i * outputs * columns;
        windows.unfold(x.data() + i * windows.image(), matrix);
        kernels::multiply(outputs, columns, rows, w, Matrix{matrix, columns}, to, columns, false);
        if (bias.data() == nullptr) continue;
        for (std::size_t k = 0; k < outputs; ++k)
            kernels::add_number(bias.data()[k], to + k * columns, columns);
    }
    return operation.finish(shape, y, [=](const detail::Pull& d) {
        double* const dx = d(x);
        double* const dweight = d(weight);
        double* const dbias = d(bias);
        for (std::size_t i = 0; i < images; ++i) {
            const Matrix dy{d.result() + i * outputs * columns, columns};
            if (dweight != nullptr) {
                windows.unfold(x.data() + i * windows.image(), matrix);
                kernels::multiply(outputs, rows, columns, dy, Matrix{matrix, columns, true}, dweight, rows,
                                  true);
            }
            if (dx != nullptr) {
                kernels::multiply(rows, columns, outputs, Matrix{w.data, rows, true}, dy, matrix, columns,
                                  false);
                windows.fold(matrix, dx + i * windows.image());
            }
            if (dbias == nullptr) continue;
            for (std::size_t k = 0; k < outputs; ++k)
                dbias[k] += kernels::sum(dy.data + k * columns, columns);
        }
    });
}

/// The windows of a pooling, over every channel of every image.
struct Pooling {
    std::size_t planes;
    Windows down, across;

    Pooling(const char* where, const Shape& x, const Pool2dOptions& options) {
        if (x.rank() != 4) {
            throw ShapeError(fmt::format(
                "{}: these are no images: x is {}. Give it the shape (images,channels,rows,columns).", where,
                to_string(x)));
        }
        if (options.size == 0) {
            throw DomainError(fmt::format("{}: the window is empty: its size is 0. Give at least 1.", where));
        }
        planes = x[0] * x[1];
        const std::size_t stride = options.stride == 0 ? options.size : options.stride;
        down = {x[2], options.size, stride, 0};
        across = {x[3], options.size, stride, 0};
        if (!down.fit() || !across.fit()) {
            throw ShapeError(
                fmt::format("{}: no window fits: x is {}, the window ({},{}). Give a smaller one.", where,
                            to_string(x), options.size, options.size));
        }
    }

    [[nodiscard]] Shape result(const Shape& x) const { return {x[0], x[1], down.count(), across.count()}; }

    /// Call f(i, j) for each window: the i-th number of the result is made from x[j], the first one of the
    /// window.
    template <class F>
    void each_window(F f) const {
        std::size_t i = 0;
        for (std::size_t plane = 0; plane < planes; ++plane) {
            for (std::size_t p = 0; p < down.count(); ++p) {
                for (std::size_t q = 0; q < across.count(); ++q, ++i)
                    f(i, (plane * down.image + p * down.stride) * across.image + q * across.stride);
            }
        }
    }

    /// Call f(j) for each number x[j] of the window that begins at `first`.
    template <class F>
    void each_number(std::size_t first, F f) const {
        for (std::size_t row = 0; row < down.size; ++row) {
            for (std::size_t column = 0; column < across.size; ++column)
                f(first + row * across.image + column);
        }
    }
};

/// Return f of the numbers of each window.
template <class F>
Tensor pool_by_number(const Tensor& x, const Pooling& pooling, const Shape& shape, F f) {
    const std::span<const Value> values = detail::values_of(x);
    std::vector<Value> y;
    pooling.each_window([&](std::size_t, std::size_t first) {
        std::vector<Value> window;
        pooling.each_number(first, [&](std::size_t j) { window.push_back(values[j]); });
        y.push_back(f(window));
    });
    return tensor(y, shape);
}

}  // namespace

Tensor conv2d(const Tensor& x, const Tensor& weight, const Conv2dOptions& options) {
    return convolve(x, weight, detail::kNone, unfolding(x.shape(), weight.shape(), options));
}

Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Conv2dOptions& options) {
    const Unfolding windows = unfolding(x.shape(), weight.shape(), options);
    if (bias.shape() != Shape{weight.shape()[0]}) {
        throw ShapeError(fmt::format(
            "conv2d: kernels and biases do not pair up: weight is {}, bias is {}. Give it the shape ({}).",
            to_string(weight.shape()), to_string(bias.shape()), weight.shape()[0]));
    }
    return convolve(x, weight, bias, windows);
}

Tensor max_pool2d(const Tensor& x, const Pool2dOptions& options) {
    const detail::Operation operation("max_pool2d", {x});
    const Pooling pooling("max_pool2d", x.shape(), options);
    const Shape shape = pooling.result(x.shape());
    if (operation.is_by_number())
        return pool_by_number(x, pooling, shape, [](auto& row) { return max(row); });
    double* const y = operation.numbers(shape.size());
    const std::span<std::uint32_t> chosen = operation.memory<std::uint32_t>(shape.size());
    pooling.each_window([&](std::size_t i, std::size_t first) {
        std::size_t best = first;
        pooling.each_number(first, [&](std::size_t j) {
            const double number = x.data()[j];
            if (number > x.data()[best] || std::isnan(number)) best = j;
        });
        y[i] = x.data()[best];
        chosen[i] = static_cast<std::uint32_t>(best);
    });
    return operation.finish(shape, y, [=, slot = x.slot()](const detail::Pull& d) {
        double* const dx = d(slot);
        for (std::size_t i = 0; i < chosen.size(); ++i) dx[chosen[i]] += d.result()[i];
    });
}

Tensor average_pool2d(const Tensor& x, const Pool2dOptions& options) {
    const detail::Operation operation("average_pool2d", {x});
    const Pooling pooling("average_pool2d", x.shape(), options);
    const Shape shape = pooling.result(x.shape());
    if (operation.is_by_number())
        return pool_by_number(x, pooling, shape, [](auto& row) { return mean(row); });
    double* const y = operation.numbers(shape.size());
    const double count = static_cast<double>(options.size) * static_cast<double>(options.size);
    pooling.each_window([&](std::size_t i, std::size_t first) {
        double sum = 0.0;
        pooling.each_number(first, [&](std::size_t j) { sum += x.data()[j]; });
        y[i] = sum / count;
    });
    return operation.finish(shape, y, [=, slot = x.slot()](const detail::Pull& d) {
        double* const dx = d(slot);
        pooling.each_window([&](std::size_t i, std::size_t first) {
            const double part = d.result()[i] / count;
            pooling.each_number(first, [&](std::size_t j) { dx[j] += part; });
        });
    });
}

}  // namespace gradus
