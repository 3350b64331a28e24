// SPDX-License-Identifier: MIT
// Narrow: instructions as they run for one example, where most of them are over in a few nanoseconds.
#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "../kernels/elementwise.hpp"
#include "../kernels/scattered.hpp"
#include "../large_pages.hpp"
#include "step.hpp"

namespace gradus::detail {

/// Instructions in a table, each line ready to run: a loop over runs of numbers, or over scattered ones,
/// which are found one by one and not brought together. What is neither is a step as it is for many examples.
template <class T>
class Narrow {
   public:
    /// The instructions must outlive it.
    explicit Narrow(std::span<const Instruction> instructions);

    /// Let adjoints of uniform results take turns in little room, if there are many: of a plan's instructions
    /// that run once.
    void recycle(const Plan& plan);

    /// Return how many adjoints need room behind those of uniform places.
    [[nodiscard]] std::size_t room() const { return room_; }

    /// Set the adjoints of uniform places to zero.
    void clear(T* adjoints, std::size_t uniforms) const;

    /// Compute the results. The memory must be that of one example.
    void forward(const Memory<T>& memory) const;

    /// Pass on the adjoints of the results, from the last instruction to the first.
    void backward(const Memory<T>& memory) const;

    /// Return how many numbers it needs room for in each buffer.
    [[nodiscard]] std::size_t buffer() const { return buffer_; }

   private:
    enum class Kind : std::uint8_t { map, zip, add, add_product, scattered, step };

    struct Line {  // of 48 bytes: a long program reads them from far away
        Kind kind;
        bool a_moves : 1, b_moves : 1;        // whether anybody asks for the adjoints
        std::uint8_t a_step : 1, b_step : 1;  // of a zip: 1, or 0 for one number
        bool frees : 1;                       // whether others use the room of its adjoints then
        std::uint16_t arity;                  // of scattered numbers
        std::uint32_t count;
        Place result, a, b;     // of scattered numbers: where their places begin, how many each result has
        Place dresult, da, db;  // where the adjoints lie
        union {
            const kernels::detail::Loops<T>* loops;
            const kernels::ScatteredLoops<T>* scattered;
            const Step<T>* step;
        };
    };

    [[nodiscard]] bool set_runs(const Instruction& instruction, Line& line) const;
    [[nodiscard]] bool set_scattered(const Instruction& instruction, Line& line);
    void set_step(const Instruction& instruction, Line& line);
    void pass_on(const Memory<T>& memory, const Line& line) const;
    template <class Read>
    void each_read(const Line& line, Read read) const;
    kernels::ScatteredOperands<T> operands(const Memory<T>& memory, const Line& line) const;

    LongVector<Line> lines_;
    LongVector<Place> places_;                            // of scattered numbers
    LongVector<Place> adjoint_places_;                    // of their adjoints, if these lie elsewhere
    std::vector<std::pair<Place, std::size_t>> at_home_;  // those that do not
    std::size_t room_ = 0;
    std::vector<std::unique_ptr<Step<T>>> steps_;
    std::size_t buffer_ = 0;
};

extern template class Narrow<double>;
extern template class Narrow<float>;

}  // namespace gradus::detail
