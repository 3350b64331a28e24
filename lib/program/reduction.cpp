// SPDX-License-Identifier: MIT
// Steps that make one number of several: of a row, for each example.
#include <algorithm>

#include "../kernels/elementwise.hpp"
#include "../kernels/rows.hpp"
#include "step.hpp"

namespace gradus::detail {
namespace {

/// y[j] = op(a[j][0], a[j][1], ...)
template <class T>
class Reduction : public Step<T> {
   public:
    explicit Reduction(const Instruction& i) : i_(i), a_(i.a) {}

    void forward(const Memory<T>& m) const override {
        const T* const a = a_.read(m, m.buffers[0]);
        reduce(shape(m), a, m.buffers[1], m.number(i_.result));
    }
    void backward(const Memory<T>& m) const override {
        T* const da = a_.open(m, m.buffers[1]);
        if (da == nullptr) return;
        const T* const a = i_.op == kSum ? nullptr : a_.read(m, m.buffers[0]);
        pass_on(shape(m), a, m.buffers[2], m.number(i_.result), m.adjoint(i_.result), da);
        a_.close(m, da);
    }
    [[nodiscard]] std::size_t buffer() const override { return a_.size(); }

   protected:
    using Rows = kernels::LaneRows;

    static const kernels::PieceLoops<T>& loops() { return kernels::piece_loops<T>(); }

    /// Compute y (rows, width); `buffer` has room for as many numbers as a.
    virtual void reduce(Rows rows, const T* a, T* buffer, T* y) const = 0;

    /// Add to da what the chain rule passes on from dy.
    virtual void pass_on(Rows rows, const T* a, T* buffer, const T* y, const T* dy, T* da) const = 0;

   private:
    [[nodiscard]] Rows shape(const Memory<T>& m) const { return {i_.count, i_.arity, m.width}; }

    const Instruction& i_;
    Source<T> a_;
};

/// Call visit(k, l) for each number k of the rows, l being where the number of its row and example is.
template <class Visit>
void each_number(kernels::LaneRows s, Visit visit) {
    for (std::size_t r = 0, k = 0; r < s.rows; ++r) {
        for (std::size_t i = 0; i < s.arity; ++i) {
            for (std::size_t l = 0; l < s.width; ++l, ++k) visit(k, r * s.width + l);
        }
    }
}

template <class T>
class Sum : public Reduction<T> {
    using Reduction<T>::Reduction;
    using typename Reduction<T>::Rows;

    void reduce(Rows s, const T* a, T*, T* y) const override {
        if (s.width == 1 && s.rows == 1)
            *y = kernels::sum(a, s.arity);
        else
            this->loops().sum_rows(s, a, y);
    }
    void pass_on(Rows s, const T*, T*, const T*, const T* dy, T* da) const override {
        for (std::size_t r = 0; r < s.rows; ++r, dy += s.width) {
            if (s.width == 1) {
                kernels::add_number(*dy, da, s.arity);
                da += s.arity;
                continue;
            }
            for (std::size_t i = 0; i < s.arity; ++i, da += s.width) kernels::add(dy, da, s.width);
        }
    }
};

/// The square root of the sum of squares; at 0 its gradient is 0.
template <class T>
class Norm : public Reduction<T> {
    using Reduction<T>::Reduction;
    using typename Reduction<T>::Rows;

    void reduce(Rows s, const T* a, T* squares, T* y) const override {
        kernels::zip<ops::Multiply>(a, 1, a, 1, squares, s.rows * s.arity * s.width);
        this->loops().sum_rows(s, squares, y);
        kernels::map<ops::Sqrt>(y, y, s.rows * s.width);
    }
    void pass_on(Rows s, const T* a, T*, const T* y, const T* dy, T* da) const override {
        each_number(s, [&](std::size_t k, std::size_t l) {
            if (y[l] != T{0}) da[k] += dy[l] * a[k] / y[l];
        });
    }
};

/// The largest; on a tie the first one and its gradient.
template <class T>
class Max : public Reduction<T> {
    using Reduction<T>::Reduction;
    using typename Reduction<T>::Rows;

    void reduce(Rows s, const T* a, T*, T* y) const override {
        for (std::size_t r = 0; r < s.rows; ++r, y += s.width) {
            std::copy_n(a, s.width, y);
            a += s.width;
            for (std::size_t i = 1; i < s.arity; ++i, a += s.width) {
                for (std::size_t l = 0; l < s.width; ++l) y[l] = y[l] < a[l] ? a[l] : y[l];
            }
        }
    }
    void pass_on(Rows s, const T* a, T*, const T* y, const T* dy, T* da) const override {
        for (std::size_t r = 0; r < s.rows; ++r, a += s.arity * s.width, da += s.arity * s.width) {
            for (std::size_t l = 0; l < s.width; ++l, ++y, ++dy) {
                std::size_t i = 0;
                while (i + 1 < s.arity && !(a[i * s.width + l] == *y)) ++i;
                da[i * s.width + l] += *dy;
            }
        }
    }
};

template <class T>
class LogSumExp : public Reduction<T> {
    using Reduction<T>::Reduction;
    using typename Reduction<T>::Rows;

    /// Long rows need no buffer.
    static bool is_long(Rows s) { return s.width == 1 && s.arity > 64; }

    void reduce(Rows s, const T* a, T* buffer, T* y) const override {
        if (!is_long(s)) return this->loops().logsumexp_rows(s, a, buffer, y);
        for (std::size_t r = 0; r < s.rows; ++r) y[r] = kernels::logsumexp_row(a + r * s.arity, s.arity);
    }
    void pass_on(Rows s, const T* a, T* buffer, const T* y, const T* dy, T* da) const override {
        if (!is_long(s)) return this->loops().logsumexp_rows_gradient(s, a, buffer, y, dy, da);
        for (std::size_t r = 0; r < s.rows; ++r) {
            const std::size_t k = r * s.arity;
            kernels::logsumexp_gradient_row(a + k, y[r], dy[r], da + k, s.arity);
        }
    }
};

}  // namespace

template <class T>
std::unique_ptr<Step<T>> make_reduction(const Instruction& i) {
    if (i.op == kSum) return std::make_unique<Sum<T>>(i);
    if (i.op == kNorm) return std::make_unique<Norm<T>>(i);
    if (i.op == kMax) return std::make_unique<Max<T>>(i);
    return std::make_unique<LogSumExp<T>>(i);
}

template std::unique_ptr<Step<double>> make_reduction(const Instruction&);
template std::unique_ptr<Step<float>> make_reduction(const Instruction&);

}  // namespace gradus::detail
