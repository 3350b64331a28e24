// SPDX-License-Identifier: MIT
// Steps of dot products and of matrices.
#include <algorithm>

#include "../kernels/matrix.hpp"
#include "step.hpp"

namespace gradus::detail {
namespace {

/// y[j] = sum of a[j][i] * b[j][i]
template <class T>
class Dots : public Step<T> {
   public:
    explicit Dots(const Instruction& i) : i_(i), a_(i.a), b_(i.b), is_square_(i.a == i.b) {}

    void forward(const Memory<T>& m) const override {
        const Factor<T> a = a_.factor(m, i_.arity, m.buffers[0], nullptr);
        const Factor<T> b = is_square_ ? a : b_.factor(m, i_.arity, m.buffers[1], nullptr);
        loops().dots(shape(m, a), a.numbers, a.rows, b.numbers, b.rows, m.number(i_.result));
    }
    void backward(const Memory<T>& m) const override {
        const Factor<T> a = a_.factor(m, i_.arity, m.buffers[0], m.buffers[2]);
        const Factor<T> b = is_square_ ? a : b_.factor(m, i_.arity, m.buffers[1], m.buffers[3]);
        loops().dots_gradient(shape(m, a), a.numbers, a.adjoints, a.rows, b.numbers, b.adjoints, b.rows,
                              m.adjoint(i_.result));
        a_.close(m, i_.arity, a);
        if (!is_square_) b_.close(m, i_.arity, b);
    }
    [[nodiscard]] std::size_t buffer() const override { return std::size_t{i_.count} * i_.arity; }

   private:
    static const kernels::PieceLoops<T>& loops() { return kernels::piece_loops<T>(); }
    [[nodiscard]] kernels::DotShape shape(const Memory<T>& m, const Factor<T>& a) const {
        return {i_.count, i_.arity, m.width, a.is_shared};
    }

    const Instruction& i_;
    Source<T> a_, b_;
    bool is_square_;
};

/// y (times, rows) = b (times, arity) a^T. Of one example, the numbers of a row of b or y lie side by side.
/// Of several, those of the examples do, and rows become columns.
template <class T>
class Product : public Step<T> {
   public:
    explicit Product(const Instruction& i) : i_(i) {
        if (i.times == 1) return;
        b_columns_ = columns(i.arity, i.times, i.b_step);
        y_columns_ = columns(i.rows, i.times, i.rows);
        y_rows_ = columns(i.times, i.rows, i.times);
    }

    void forward(const Memory<T>& m) const override {
        const T *const a = m.number(i_.a.firsts[0]), *const b = m.number(i_.b.firsts[0]);
        T* const y = m.number(i_.result);
        const std::size_t rows = i_.rows, k = i_.arity, w = m.width;
        if (w == 1 && i_.times == 1)
            return kernels::multiply<T>(1, rows, k, {b, k}, {a, i_.row_step, true}, y, rows, false);
        if (is_packed(w)) {
            const std::size_t columns = i_.times * w;
            loops().copy(b, pieces(b_columns_, w), m.buffers[0]);
            kernels::multiply<T>(rows, columns, k, {a, i_.row_step}, {m.buffers[0], columns}, m.buffers[1],
                                 columns, false);
            return loops().copy(m.buffers[1], pieces(y_rows_, w), y);
        }
        for (std::size_t t = 0; t < i_.times; ++t)
            kernels::multiply<T>(rows, w, k, {a, i_.row_step}, {b + t * i_.b_step * w, w}, y + t * rows * w,
                                 w, false);
    }

    void backward(const Memory<T>& m) const override {
        const T *const a = m.number(i_.a.firsts[0]), *const b = m.number(i_.b.firsts[0]);
        T* const da = i_.a.moves ? m.adjoint(i_.a.firsts[0]) : nullptr;
        T* const db = i_.b.moves ? m.adjoint(i_.b.firsts[0]) : nullptr;
        const T* const dy = m.adjoint(i_.result);
        const std::size_t rows = i_.rows, k = i_.arity, w = m.width, times = i_.times;
        if (w == 1) {
            if (da != nullptr)
                kernels::multiply<T>(rows, k, times, {dy, rows, true}, {b, i_.b_step}, da, i_.row_step, true);
            if (db != nullptr)
                kernels::multiply<T>(times, k, rows, {dy, rows}, {a, i_.row_step}, db, i_.b_step, true);
            return;
        }
        if (is_packed(w)) return packed_backward(m, a, b, da, db, dy);
        for (std::size_t t = 0; t < times; ++t) {
            const std::size_t x = t * i_.b_step * w;
            const T* const d = dy + t * rows * w;
            if (da != nullptr)
                kernels::multiply<T>(rows, k, w, {d, w}, {b + x, w, true}, da, i_.row_step, true);
            if (db != nullptr)
                kernels::multiply<T>(k, w, rows, {a, i_.row_step, true}, {d, w}, db + x, w, true);
        }
    }

    [[nodiscard]] std::size_t buffer() const override {
        return i_.times == 1 ? 0 : std::size_t{i_.times} * std::max(i_.rows, i_.arity);
    }

   private:
    /// Few examples fill no vector: then their columns of all `times` are laid side by side.
    [[nodiscard]] bool is_packed(std::size_t width) const { return i_.times > 1 && width < kPacked; }
    static constexpr std::size_t kPacked = 16;

    void packed_backward(const Memory<T>& m, const T* a, const T* b, T* da, T* db, const T* dy) const {
        const std::size_t rows = i_.rows, k = i_.arity, columns = i_.times * m.width;
        T *const packed_dy = m.buffers[1], *const packed_b = m.buffers[0];
        loops().copy(dy, pieces(y_columns_, m.width), packed_dy);
        if (da != nullptr) {
            loops().copy(b, pieces(b_columns_, m.width), packed_b);
            kernels::multiply<T>(rows, k, columns, {packed_dy, columns}, {packed_b, columns, true}, da,
                                 i_.row_step, true);
        }
        if (db == nullptr) return;
        kernels::multiply<T>(k, columns, rows, {a, i_.row_step, true}, {packed_dy, columns}, packed_b,
                             columns, false);
        loops().add(packed_b, pieces(b_columns_, m.width), db);
    }

    static const kernels::PieceLoops<T>& loops() { return kernels::piece_loops<T>(); }

    /// Return where the elements of a matrix (columns, rows) lie, column by column: its rows are `step`
    /// apart.
    static std::vector<std::uint32_t> columns(std::uint32_t count, std::uint32_t length, std::uint32_t step) {
        std::vector<std::uint32_t> places;
        for (std::uint32_t i = 0; i < count; ++i) {
            for (std::uint32_t t = 0; t < length; ++t) places.push_back(t * step + i);
        }
        return places;
    }
    static kernels::Pieces pieces(const std::vector<std::uint32_t>& places, std::size_t width) {
        return {places.data(), places.size(), 0, width, width, 1};
    }

    const Instruction& i_;
    std::vector<std::uint32_t> b_columns_, y_columns_;  // (arity, times), (rows, times): places of b, y
    std::vector<std::uint32_t> y_rows_;                 // (times, rows): of y packed
};

}  // namespace

template <class T>
std::unique_ptr<Step<T>> make_product(const Instruction& i) {
    if (i.op == kDot) return std::make_unique<Dots<T>>(i);
    return std::make_unique<Product<T>>(i);
}

template std::unique_ptr<Step<double>> make_product(const Instruction&);
template std::unique_ptr<Step<float>> make_product(const Instruction&);

}  // namespace gradus::detail
