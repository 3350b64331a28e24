// SPDX-License-Identifier: MIT
// Steps that make one number of several: of a row, for each example.
#include <algorithm>
#include <cmath>

#include "../kernels/elementwise.hpp"
#include "../kernels/rows.hpp"
#include "step.hpp"

namespace gradus::detail {
namespace {

/// Rows of numbers, whose results one call computes: `n` numbers, each for w examples side by side.
template <class T>
class Reduction : public Step<T> {
   public:
    explicit Reduction(const Instruction& i) : i_(i), a_(i.a) {}

    void forward(const Memory<T>& m) const override {
        const T* a = a_.read(m, m.buffers[0]);
        T* y = m.number(i_.result);
        for (std::size_t j = 0; j < i_.count; ++j, a += i_.arity * m.width, y += m.width) reduce(m, a, y);
    }
    void backward(const Memory<T>& m) const override {
        T* const opened = a_.open(m, m.buffers[1]);
        if (opened == nullptr) return;
        const T* a = a_.read(m, m.buffers[0]);
        const T *y = m.number(i_.result), *dy = m.adjoint(i_.result);
        T* da = opened;
        for (std::size_t j = 0; j < i_.count; ++j, y += m.width, dy += m.width) {
            pass_on(m, a, y, dy, da);
            a += i_.arity * m.width, da += i_.arity * m.width;
        }
        a_.close(m, opened);
    }
    [[nodiscard]] std::size_t buffer() const override { return a_.size(); }

   private:
    void reduce(const Memory<T>& m, const T* a, T* y) const {
        const std::size_t n = i_.arity, w = m.width;
        if (w == 1) {
            *y = i_.op == kSum         ? kernels::sum(a, n)
                 : i_.op == kNorm      ? std::sqrt(kernels::dot(a, a, n))
                 : i_.op == kLogSumExp ? kernels::logsumexp_row(a, n)
                                       : largest(a, n);
        } else if (i_.op == kNorm) {
            std::fill_n(y, w, T{0});
            for (std::size_t i = 0; i < n; ++i, a += w)
                kernels::zip_gradient<ops::Multiply, T>(a, 1, a, 1, y, a, y, nullptr, w);  // y += a * a
            kernels::map<ops::Sqrt>(y, y, w);
        } else if (i_.op == kSum) {
            std::copy_n(a, w, y);
            for (std::size_t i = 1; i < n; ++i) kernels::add(a + i * w, y, w);
        } else {
            std::copy_n(a, w, y);
            for (std::size_t i = 1; i < n; ++i) kernels::zip<ops::Max>(y, 1, a + i * w, 1, y, w);
            if (i_.op == kLogSumExp) log_sum_exp(m, a, y);
        }
    }

    static T largest(const T* a, std::size_t n) {
        T y = a[0];
        for (std::size_t i = 1; i < n; ++i) y = y < a[i] ? a[i] : y;
        return y;
    }

    /// y = y + log(sum of exp(a[i] - y)), where y is the largest; if that is infinite, it is the result.
    void log_sum_exp(const Memory<T>& m, const T* a, T* y) const {
        const std::size_t w = m.width;
        T *const sum = m.buffers[2], *const e = m.buffers[3];
        std::fill_n(sum, w, T{0});
        for (std::size_t i = 0; i < i_.arity; ++i) {
            kernels::zip<ops::Subtract>(a + i * w, 1, y, 1, e, w);
            kernels::map<ops::Exp>(e, e, w);
            kernels::add(e, sum, w);
        }
        kernels::map<ops::Log>(sum, sum, w);
        for (std::size_t l = 0; l < w; ++l) y[l] = std::isinf(y[l]) ? y[l] : y[l] + sum[l];
    }

    void pass_on(const Memory<T>& m, const T* a, const T* y, const T* dy, T* da) const {
        const std::size_t n = i_.arity, w = m.width;
        if (i_.op == kMax) {
            for (std::size_t l = 0; l < w; ++l) {
                std::size_t i = 0;
                while (i + 1 < n && !(a[i * w + l] == y[l])) ++i;
                da[i * w + l] += dy[l];
            }
            return;
        }
        if (w == 1 && i_.op == kSum) return kernels::add_number(*dy, da, n);
        if (w == 1 && i_.op == kLogSumExp && std::isfinite(*y))
            return kernels::logsumexp_gradient_row(a, *y, *dy, da, n);
        T* const e = m.buffers[2];
        for (std::size_t i = 0; i < n; ++i, a += w, da += w) {
            if (i_.op == kSum) {
                kernels::add(dy, da, w);
            } else if (i_.op == kNorm) {
                for (std::size_t l = 0; l < w; ++l) da[l] += y[l] == T{0} ? T{0} : dy[l] * a[l] / y[l];
            } else {  // kLogSumExp; where a is -inf, the share is 0
                kernels::zip<ops::Subtract>(a, 1, y, 1, e, w);
                kernels::map<ops::Exp>(e, e, w);
                for (std::size_t l = 0; l < w; ++l) da[l] += std::isinf(a[l]) && a[l] < 0 ? T{0} : dy[l] * e[l];
            }
        }
    }

    const Instruction& i_;
    Source<T> a_;
};

}  // namespace

template <class T>
std::unique_ptr<Step<T>> make_reduction(const Instruction& i) {
    return std::make_unique<Reduction<T>>(i);
}

template std::unique_ptr<Step<double>> make_reduction(const Instruction&);
template std::unique_ptr<Step<float>> make_reduction(const Instruction&);

}  // namespace gradus::detail
