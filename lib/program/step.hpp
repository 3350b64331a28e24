// SPDX-License-Identifier: MIT
// Step: an instruction, made ready to run with numbers of one type.
#pragma once

#include <cstddef>
#include <memory>

#include "memory.hpp"

namespace gradus::detail {

/// An instruction at work. No run changes it.
template <class T>
class Step {
   public:
    virtual ~Step() = default;

    /// Compute the results.
    virtual void forward(const Memory<T>& memory) const = 0;

    /// Add to the adjoints of the operands what the chain rule passes on from those of the results.
    virtual void backward(const Memory<T>& memory) const = 0;

    /// Return how many numbers it needs room for in each buffer, for each example.
    [[nodiscard]] virtual std::size_t buffer() const { return 0; }
};

/// Make the step of an instruction, which must outlive it.
template <class T>
std::unique_ptr<Step<T>> make_step(const Instruction& instruction);

// ---- the kinds that have files of their own

template <class T>
std::unique_ptr<Step<T>> make_elementwise(const Instruction& instruction);
template <class T>
std::unique_ptr<Step<T>> make_reduction(const Instruction& instruction);
template <class T>
std::unique_ptr<Step<T>> make_product(const Instruction& instruction);
template <class T>
std::unique_ptr<Step<T>> make_pick(const Instruction& instruction);

}  // namespace gradus::detail
