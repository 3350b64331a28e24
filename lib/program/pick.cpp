// SPDX-License-Identifier: MIT
// The step that looks numbers up where other numbers say.
#include <fmt/format.h>

#include "gradus/error.hpp"
#include "gradus/reduce.hpp"
#include "step.hpp"

namespace gradus::detail {
namespace {

/// y[i] = option number positions[i] of those of result i
template <class T>
class Pick : public Step<T> {
   public:
    explicit Pick(const Instruction& i) : i_(i), positions_(i.b) {}

    void forward(const Memory<T>& m) const override {
        T* const y = m.number(i_.result);
        each(m, m.numbers, [&](std::size_t k, const T& option) { y[k] = option; });
    }
    void backward(const Memory<T>& m) const override {
        if (!i_.a.moves) return;
        const T* const dy = m.adjoint(i_.result);
        each(m, m.adjoints, [&](std::size_t k, T& d) { d += dy[k]; });
    }
    [[nodiscard]] std::size_t buffer() const override { return positions_.size(); }

   private:
    /// Call visit(k, number) with the number that result k picks.
    template <class Visit>
    void each(const Memory<T>& m, const typename Memory<T>::Regions& of, Visit visit) const {
        const T* const positions = positions_.read(m, m.buffers[0]);
        for (std::size_t j = 0; j < i_.count; ++j) {
            for (std::size_t l = 0; l < m.width; ++l) {
                const std::size_t k = j * m.width + l;
                const Place option = place(j, position(positions[k]));
                visit(k, m.at(of, option)[is_uniform(option) ? 0 : l]);
            }
        }
    }

    [[nodiscard]] Place place(std::size_t j, std::size_t position) const {
        const auto p = static_cast<Place>(position);
        return i_.row_step > 0 ? i_.a.firsts[j] + p * i_.row_step : i_.a.firsts[j * i_.arity + p];
    }

    [[nodiscard]] std::size_t position(T x) const {
        if (!is_position(x, i_.arity)) {
            throw ShapeError(fmt::format(
                "pick: there is no such position: {} in a span of {}. Count from 0, in whole numbers.", x,
                i_.arity));
        }
        return static_cast<std::size_t>(x);
    }

    const Instruction& i_;
    Source<T> positions_;
};

}  // namespace

template <class T>
std::unique_ptr<Step<T>> make_pick(const Instruction& i) {
    return std::make_unique<Pick<T>>(i);
}

template std::unique_ptr<Step<double>> make_pick(const Instruction&);
template std::unique_ptr<Step<float>> make_pick(const Instruction&);

}  // namespace gradus::detail
