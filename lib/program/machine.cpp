// SPDX-License-Identifier: MIT
#include "machine.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "gradus/error.hpp"

#include "../kernels/elementwise.hpp"
#include "../kernels/matrix.hpp"
#include "../kernels/rows.hpp"

namespace gradus::detail {
namespace {

using std::size_t;

bool is_elementary(OpCode op) { return static_cast<size_t>(op) < ops::All::size; }

/// y[i] += a[i] b[i]
template <class T>
void add_products(const T* a, const T* b, T* y, size_t n) {
    kernels::zip_gradient<ops::Multiply, T>(b, 1, b, 1, y, a, y, nullptr, n);
}

/// An operand in memory: its numbers side by side, or one number that serves throughout (step 0).
template <class T>
struct Run {
    T* data;
    size_t step;
};

/// One instruction at work. What it reads becomes runs of `width` numbers for each place: where they lie, or
/// copied into a buffer.
template <class T>
class Work {
   public:
    Work(const Plan& plan, const Instruction& instruction, const Numbers<T>& numbers,
         const Numbers<T>& adjoints, size_t width, T* buffers, size_t buffer)
        : plan_(plan), in_(instruction), numbers_(numbers), adjoints_(adjoints), width_(width) {
        for (size_t k = 0; k < kBuffers; ++k) buffers_[k] = buffers + k * buffer;
    }

    void forward() {
        T* const y = at(numbers_, in_.result);
        if (in_.op == kProduct) return multiply(y);
        const Run<T> a = read(in_.a, in_.count * in_.arity, buffers_[0]);
        const size_t n = in_.count * width_;
        if (is_elementary(in_.op)) {
            const auto& loops = kernels::detail::loops<T>(static_cast<size_t>(in_.op));
            if (loops.map != nullptr) return loops.map(a.data, y, n);
            const Run<T> b = read(in_.b, in_.count, buffers_[1]);
            return loops.zip(a.data, a.step, b.data, b.step, y, n);
        }
        if (is_comparison(in_.op)) return compare(a.data, read(in_.b, in_.count, buffers_[1]).data, y);
        const T* b = in_.op == kDot ? read(in_.b, in_.count * in_.arity, buffers_[1]).data : nullptr;
        for (size_t j = 0; j < in_.count; ++j) {
            const size_t offset = j * in_.arity * width_;
            reduce(a.data + offset, b + (b == nullptr ? 0 : offset), y + j * width_);
        }
    }

    void backward() {
        const T* const y = at(numbers_, in_.result);
        const T* const dy = at(adjoints_, in_.result);
        if (is_comparison(in_.op)) return;
        if (in_.op == kProduct) return multiply_gradient(dy);
        const size_t n = in_.count * width_, operands = in_.count * in_.arity;
        const Run<T> a = read(in_.a, operands, buffers_[0]), da = open(in_.a, operands, buffers_[2]);
        if (is_elementary(in_.op)) {
            const auto& loops = kernels::detail::loops<T>(static_cast<size_t>(in_.op));
            if (loops.map != nullptr) {
                loops.map_gradient(a.data, y, dy, da.data, n);
            } else {
                const Run<T> b = read(in_.b, operands, buffers_[1]), db = open(in_.b, operands, buffers_[3]);
                loops.zip_gradient(a.data, a.step, b.data, b.step, y, dy, da.data, db.data, n);
                close(in_.b, operands, db.data, buffers_[3]);
            }
        } else {
            const bool is_dot = in_.op == kDot;
            const Run<T> b = is_dot ? read(in_.b, operands, buffers_[1]) : a;
            const Run<T> db = is_dot ? open(in_.b, operands, buffers_[3]) : da;
            for (size_t j = 0; j < in_.count; ++j) {
                const size_t offset = j * in_.arity * width_;
                reduce_gradient(a.data + offset, b.data + offset, y + j * width_, dy + j * width_,
                                da.data + offset, db.data + offset);
            }
            if (is_dot) close(in_.b, operands, db.data, buffers_[3]);
        }
        close(in_.a, operands, da.data, buffers_[2]);
    }

    static constexpr size_t kBuffers = 4;  // a, b and their adjoints

   private:
    [[nodiscard]] T* at(const Numbers<T>& numbers, Place p) const { return detail::at(plan_, numbers, p); }

    /// Whether the numbers of an operand can be read where they lie.
    [[nodiscard]] bool lies_ready(const Reads& from) const {
        return from.is_run && (width_ == 1 || !plan_.is_uniform(from.first));
    }
    [[nodiscard]] bool serves_throughout(const Reads& from) const {
        return from.is_one && in_.arity == 1 && is_elementary(in_.op) && has_two_operands() &&
               (width_ == 1 || plan_.is_uniform(from.first));
    }
    [[nodiscard]] bool has_two_operands() const {
        return kernels::detail::loops<T>(static_cast<size_t>(in_.op)).zip != nullptr;
    }
    [[nodiscard]] Place place(const Reads& from, size_t i) const {
        return from.is_one ? from.first : from.is_run ? from.first + static_cast<Place>(i) : from.places[i];
    }

    Run<T> read(const Reads& from, size_t count, T* buffer) const {
        if (serves_throughout(from)) return {at(numbers_, from.first), 0};
        if (lies_ready(from)) return {at(numbers_, from.first), 1};
        for (size_t i = 0; i < count; ++i) {
            const Place p = place(from, i);
            const T* const x = at(numbers_, p);
            if (plan_.is_uniform(p)) {
                std::fill_n(buffer + i * width_, width_, *x);
            } else {
                std::copy_n(x, width_, buffer + i * width_);
            }
        }
        return {buffer, 1};
    }

    /// Return where the adjoints of an operand go; close() brings them home.
    Run<T> open(const Reads& from, size_t count, T* buffer) const {
        if (serves_throughout(from)) return {at(adjoints_, from.first), 0};
        if (lies_ready(from)) return {at(adjoints_, from.first), 1};
        std::fill_n(buffer, count * width_, T{0});
        return {buffer, 1};
    }
    void close(const Reads& from, size_t count, const T* opened, const T* buffer) const {
        if (opened != buffer) return;
        for (size_t i = 0; i < count; ++i) {
            const Place p = place(from, i);
            T* const dx = at(adjoints_, p);
            const T* const d = buffer + i * width_;
            if (plan_.is_uniform(p)) {
                *dx += kernels::sum(d, width_);
            } else {
                kernels::add(d, dx, width_);
            }
        }
    }

    // ---- products of matrices: one example is a row, several are columns

    void multiply(T* y) const {
        const T* const a = at(numbers_, in_.a.first);
        const T* const b = at(numbers_, in_.b.first);
        const size_t m = in_.rows, k = in_.arity, n = width_;
        if (n == 1)
            return kernels::multiply<T>(in_.times, m, k, {b, in_.b_step}, {a, in_.row_step, true}, y, m,
                                        false);
        for (size_t t = 0; t < in_.times; ++t)
            kernels::multiply<T>(m, n, k, {a, in_.row_step}, {b + t * in_.b_step * n, n}, y + t * m * n, n,
                                 false);
    }

    void multiply_gradient(const T* dy) const {
        const T* const a = at(numbers_, in_.a.first);
        const T* const b = at(numbers_, in_.b.first);
        T* const da = at(adjoints_, in_.a.first);
        T* const db = plan_.is_input(in_.b.first) ? nullptr : at(adjoints_, in_.b.first);
        const size_t m = in_.rows, k = in_.arity, n = width_, times = in_.times;
        if (n == 1) {
            kernels::multiply<T>(m, k, times, {dy, m, true}, {b, in_.b_step}, da, in_.row_step, true);
            if (db != nullptr)
                kernels::multiply<T>(times, k, m, {dy, m}, {a, in_.row_step}, db, in_.b_step, true);
            return;
        }
        for (size_t t = 0; t < times; ++t) {
            const size_t x = t * in_.b_step * n;
            kernels::multiply<T>(m, k, n, {dy + t * m * n, n}, {b + x, n, true}, da, in_.row_step, true);
            if (db != nullptr)
                kernels::multiply<T>(k, n, m, {a, in_.row_step, true}, {dy + t * m * n, n}, db + x, n, true);
        }
    }

    void compare(const T* a, const T* b, T* y) const {
        const OpCode op = in_.op;
        for (size_t i = 0; i < in_.count * width_; ++i) {
            const bool outcome = op == kEqual ? a[i] == b[i] : op == kLess ? a[i] < b[i] : a[i] <= b[i];
            y[i] = static_cast<T>(outcome);
        }
    }

    // ---- reductions of `arity` numbers a and b to one, for each example

    void reduce(const T* a, const T* b, T* y) const {
        const size_t n = in_.arity, w = width_;
        if (w == 1 && in_.op == kDot) {
            *y = kernels::dot(a, b, n);
        } else if (w == 1 && in_.op == kSum) {
            *y = kernels::sum(a, n);
        } else if (w == 1 && in_.op == kLogSumExp) {
            *y = kernels::logsumexp_row(a, n);
        } else if (in_.op == kDot || in_.op == kNorm) {
            std::fill_n(y, w, T{0});
            for (size_t i = 0; i < n; ++i) add_products(a + i * w, (in_.op == kDot ? b : a) + i * w, y, w);
            if (in_.op == kNorm) kernels::map<ops::Sqrt>(y, y, w);
        } else if (in_.op == kSum) {
            std::fill_n(y, w, T{0});
            for (size_t i = 0; i < n; ++i) kernels::add(a + i * w, y, w);
        } else if (in_.op == kPick) {
            for (size_t l = 0; l < w; ++l) y[l] = a[position(a, l) * w + l];
        } else {  // kMax, kLogSumExp
            std::copy_n(a, w, y);
            for (size_t i = 1; i < n; ++i) kernels::zip<ops::Max>(y, 1, a + i * w, 1, y, w);
            if (in_.op == kLogSumExp) log_sum_exp(a, y);
        }
    }

    /// y = y + log(sum of exp(a[i] - y)), where y is the largest; if that is infinite, it is the result.
    void log_sum_exp(const T* a, T* y) const {
        const size_t w = width_;
        T* const sum = buffers_[2];
        T* const e = buffers_[3];
        std::fill_n(sum, w, T{0});
        for (size_t i = 0; i < in_.arity; ++i) {
            kernels::zip<ops::Subtract>(a + i * w, 1, y, 1, e, w);
            kernels::map<ops::Exp>(e, e, w);
            kernels::add(e, sum, w);
        }
        kernels::map<ops::Log>(sum, sum, w);
        for (size_t l = 0; l < w; ++l) y[l] = std::isinf(y[l]) ? y[l] : y[l] + sum[l];
    }

    /// Return where the last number says that the others are to be looked up.
    [[nodiscard]] size_t position(const T* a, size_t l) const {
        const size_t n = in_.arity - 1;
        const T position = a[n * width_ + l];
        if (!(position >= T{0} && position < static_cast<T>(n)) || position != std::floor(position)) {
            throw ShapeError(fmt::format(
                "pick: there is no such position: {} in a span of {}. Count from 0, in whole numbers.",
                position, n));
        }
        return static_cast<size_t>(position);
    }

    void reduce_gradient(const T* a, const T* b, const T* y, const T* dy, T* da, T* db) const {
        const size_t w = width_;
        if (in_.op == kMax) {
            for (size_t l = 0; l < w; ++l) {
                size_t i = 0;
                while (i + 1 < in_.arity && !(a[i * w + l] == y[l])) ++i;
                da[i * w + l] += dy[l];
            }
            return;
        }
        if (in_.op == kPick) {
            for (size_t l = 0; l < w; ++l) da[position(a, l) * w + l] += dy[l];
            return;
        }
        T* const e = buffers_[1];  // only a dot product has a b
        for (size_t i = 0; i < in_.arity; ++i, a += w, b += w, da += w, db += w) {
            if (in_.op == kSum) {
                kernels::add(dy, da, w);
            } else if (in_.op == kDot) {
                add_products(dy, b, da, w);
                add_products(dy, a, db, w);
            } else if (in_.op == kNorm) {
                for (size_t l = 0; l < w; ++l) da[l] += y[l] == T{0} ? T{0} : dy[l] * a[l] / y[l];
            } else {  // kLogSumExp; where a is -inf, the share is 0
                kernels::zip<ops::Subtract>(a, 1, y, 1, e, w);
                kernels::map<ops::Exp>(e, e, w);
                for (size_t l = 0; l < w; ++l) da[l] += std::isinf(a[l]) && a[l] < 0 ? T{0} : dy[l] * e[l];
            }
        }
    }

    const Plan& plan_;
    const Instruction& in_;
    const Numbers<T>& numbers_;
    const Numbers<T>& adjoints_;
    size_t width_;
    T* buffers_[kBuffers];
};

constexpr size_t kLine = 16;  // numbers in a cache line, at least

size_t round_up(size_t n) { return (n + kLine - 1) / kLine * kLine; }

}  // namespace

template <class T>
Machine<T>::Machine(const Plan& plan, size_t width) : plan_(plan), capacity_(width) {
    for (const auto* instructions : {&plan.once, &plan.every}) {
        for (const Instruction& i : *instructions) {
            if (i.op != kProduct) buffer_ = std::max<size_t>(buffer_, size_t{i.count} * i.arity);
        }
    }
    buffer_ = round_up(buffer_ * width);
    const size_t uniforms = round_up(plan.uniforms), lanes = round_up(plan.lanes * width);
    memory_.resize(2 * (uniforms + lanes) + Work<T>::kBuffers * buffer_ + kLine);
    T* const first = memory_.data();
    numbers_ = {nullptr, first, first + uniforms, width};
    adjoints_ = {nullptr, numbers_.lanes + lanes, numbers_.lanes + lanes + uniforms, width};
    std::copy(plan.constants.begin(), plan.constants.end(), numbers_.uniforms);
}

template <class T>
void Machine<T>::run(const std::vector<Instruction>& instructions, size_t width) {
    T* const buffers = adjoints_.lanes + round_up(plan_.lanes * capacity_);
    for (const Instruction& i : instructions)
        Work<T>(plan_, i, numbers_, adjoints_, width, buffers, buffer_).forward();
}

template <class T>
void Machine<T>::run_back(const std::vector<Instruction>& instructions, size_t width) {
    T* const buffers = adjoints_.lanes + round_up(plan_.lanes * capacity_);
    for (auto i = instructions.rbegin(); i != instructions.rend(); ++i)
        Work<T>(plan_, *i, numbers_, adjoints_, width, buffers, buffer_).backward();
}

template <class T>
void Machine<T>::begin(const T* parameters) {
    numbers_.parameters = const_cast<T*>(parameters);  // read only
    run(plan_.once, 1);
    std::fill_n(adjoints_.uniforms, plan_.uniforms, T{0});
}

template <class T>
void Machine<T>::forward(const double* inputs, size_t examples) {
    numbers_.width = adjoints_.width = examples;
    for (size_t e = 0; e < examples; ++e) {
        for (size_t i = 0; i < plan_.inputs; ++i)
            numbers_.lanes[i * examples + e] = static_cast<T>(inputs[e * plan_.inputs + i]);
    }
    run(plan_.every, examples);
}

template <class T>
bool Machine<T>::holds(size_t example) const {
    return std::all_of(plan_.guards.begin(), plan_.guards.end(), [&](const Plan::Guard& g) {
        const T* const outcome = at(plan_, numbers_, g.comparison);
        return (outcome[plan_.is_uniform(g.comparison) ? 0 : example] != T{0}) == g.outcome;
    });
}

template <class T>
void Machine<T>::backward(std::span<const double> seeds, T* gradients) {
    const size_t width = numbers_.width;
    adjoints_.parameters = gradients;
    std::fill_n(adjoints_.lanes, plan_.lanes * width, T{0});
    for (size_t k = 0; k < plan_.outputs.size(); ++k) {
        const Place p = plan_.outputs[k];
        const T seed = static_cast<T>(seeds[k]);
        T* const adjoint = at(plan_, adjoints_, p);
        if (plan_.is_uniform(p)) {
            *adjoint += seed * static_cast<T>(width);
        } else {
            kernels::add_number(seed, adjoint, width);
        }
    }
    run_back(plan_.every, width);
}

template <class T>
void Machine<T>::end(T* gradients) {
    adjoints_.parameters = gradients;
    run_back(plan_.once, 1);
    std::fill_n(adjoints_.uniforms, plan_.uniforms, T{0});
}

template class Machine<double>;
template class Machine<float>;

}  // namespace gradus::detail
