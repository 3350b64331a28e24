// SPDX-License-Identifier: MIT
// Steps that apply one operation to number after number, and the copy, which applies none.
#include "../kernels/elementwise.hpp"

#include <algorithm>

#include "../kernels/rows.hpp"
#include "step.hpp"

namespace gradus::detail {
namespace {

/// y[i] = op(a[i])
template <class T>
class Map : public Step<T> {
   public:
    explicit Map(const Instruction& i)
        : loops_(kernels::detail::loops<T>(static_cast<std::size_t>(i.op))), a_(i.a), result_(i.result) {}

    void forward(const Memory<T>& m) const override {
        loops_.map(a_.read(m, m.buffers[0]), m.number(result_), a_.size() * m.width);
    }
    void backward(const Memory<T>& m) const override {
        T* const da = a_.open(m, m.buffers[1]);
        if (da == nullptr) return;
        loops_.map_gradient(a_.read(m, m.buffers[0]), m.number(result_), m.adjoint(result_), da,
                            a_.size() * m.width);
        a_.close(m, da);
    }
    [[nodiscard]] std::size_t buffer() const override { return a_.size(); }

   private:
    const kernels::detail::Loops<T>& loops_;
    Source<T> a_;
    Place result_;
};

/// y[i] = op(a[i], b[i]), or y[i] += a[i] b[i]
template <class T>
class Zip : public Step<T> {
   public:
    explicit Zip(const Instruction& i)
        : loops_(kernels::detail::loops<T>(static_cast<std::size_t>(i.op))),
          a_(i.a),
          b_(i.b),
          result_(i.result),
          count_(i.count),
          adds_(i.adds) {}

    void forward(const Memory<T>& m) const override {
        const bool one_a = a_.is_one(m), one_b = b_.is_one(m);
        const T* const a = one_a ? m.number(a_.place()) : a_.read(m, m.buffers[0]);
        const T* const b = one_b ? m.number(b_.place()) : b_.read(m, m.buffers[1]);
        T* const y = m.number(result_);
        const std::size_t n = count_ * m.width;
        if (!adds_) return loops_.zip(a, one_a ? 0 : 1, b, one_b ? 0 : 1, y, n);
        if (one_a && one_b) return kernels::add_number(*a * *b, y, n);
        if (one_a) return kernels::add_scaled(*a, b, y, n);
        if (one_b) return kernels::add_scaled(*b, a, y, n);
        kernels::add_product(a, b, y, n);
    }
    void backward(const Memory<T>& m) const override {
        const bool one_a = a_.is_one(m), one_b = b_.is_one(m);
        const T* const a = one_a ? m.number(a_.place()) : a_.read(m, m.buffers[0]);
        const T* const b = one_b ? m.number(b_.place()) : b_.read(m, m.buffers[1]);
        T* const da = one_a ? adjoint_of_one(m, a_) : a_.open(m, m.buffers[2]);
        T* const db = one_b ? adjoint_of_one(m, b_) : b_.open(m, m.buffers[3]);
        loops_.zip_gradient(a, one_a ? 0 : 1, b, one_b ? 0 : 1, m.number(result_), m.adjoint(result_), da, db,
                            count_ * m.width);
        if (!one_a) a_.close(m, da);
        if (!one_b) b_.close(m, db);
    }
    [[nodiscard]] std::size_t buffer() const override { return count_; }

   private:
    static T* adjoint_of_one(const Memory<T>& m, const Source<T>& x) {
        return x.moves() ? m.adjoint(x.place()) : nullptr;
    }

    const kernels::detail::Loops<T>& loops_;
    Source<T> a_, b_;
    Place result_;
    std::size_t count_;
    bool adds_;
};

/// y[i] = 1 if a[i] compares so with b[i], else 0
template <class T>
class Compare : public Step<T> {
   public:
    explicit Compare(const Instruction& i) : i_(i), a_(i.a), b_(i.b) {}

    void forward(const Memory<T>& m) const override {
        const T* const a = a_.read(m, m.buffers[0]);
        const T* const b = b_.read(m, m.buffers[1]);
        T* const y = m.number(i_.result);
        for (std::size_t k = 0; k < i_.count * m.width; ++k) {
            const bool outcome = i_.op == kEqual ? a[k] == b[k] : i_.op == kLess ? a[k] < b[k] : a[k] <= b[k];
            y[k] = static_cast<T>(outcome);
        }
    }
    void backward(const Memory<T>&) const override {}
    [[nodiscard]] std::size_t buffer() const override { return i_.count; }

   private:
    const Instruction& i_;
    Source<T> a_, b_;
};

/// y[i] = a[i], or y[i] += a[i]
template <class T>
class Copy : public Step<T> {
   public:
    explicit Copy(const Instruction& i) : a_(i.a), result_(i.result), adds_(i.adds) {}

    void forward(const Memory<T>& m) const override {
        T* const y = m.number(result_);
        const std::size_t n = a_.size() * m.width;
        if (adds_) return kernels::add(a_.read(m, m.buffers[0]), y, n);
        const T* const a = a_.read(m, y);
        if (a != y) std::copy_n(a, n, y);
    }
    void backward(const Memory<T>& m) const override {
        T* const dy = m.adjoint(result_);
        if (!a_.moves()) return;
        if (a_.lies_ready(m)) return kernels::add(dy, m.adjoint(a_.place()), a_.size() * m.width);
        a_.close(m, dy);
    }
    [[nodiscard]] std::size_t buffer() const override { return adds_ ? a_.size() : 0; }

   private:
    Source<T> a_;
    Place result_;
    bool adds_;
};

}  // namespace

template <class T>
std::unique_ptr<Step<T>> make_elementwise(const Instruction& i) {
    if (i.op == kCopy) return std::make_unique<Copy<T>>(i);
    if (is_comparison(i.op)) return std::make_unique<Compare<T>>(i);
    const bool is_map = kernels::detail::loops<T>(static_cast<std::size_t>(i.op)).map != nullptr;
    if (is_map) return std::make_unique<Map<T>>(i);
    return std::make_unique<Zip<T>>(i);
}

template std::unique_ptr<Step<double>> make_elementwise(const Instruction&);
template std::unique_ptr<Step<float>> make_elementwise(const Instruction&);

}  // namespace gradus::detail
