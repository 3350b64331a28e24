// SPDX-License-Identifier: MIT
// Machine: runs a plan, forward and backward, for several examples at once.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "narrow.hpp"
#include "plan.hpp"
#include "step.hpp"

namespace gradus::detail {

/// Where a plan is run: memory for the numbers of up to `width` examples, and for operands on their way.
/// T is double or float. Not for several threads at once; a plan is, since no run changes it.
template <class T>
class Machine {
   public:
    Machine(const Plan& plan, std::size_t width);

    /// Compute what depends on parameters alone. Shapes: parameters (plan.parameters).
    void begin(const T* parameters);

    /// Compute the results of so many examples. Shapes: inputs (examples, plan.inputs).
    void forward(const double* inputs, std::size_t examples);

    /// Return whether all comparisons of an example came out as they did when the plan was recorded. If not,
    /// its outputs mean nothing.
    [[nodiscard]] bool holds(std::size_t example) const;

    /// Return the numbers of an output: one for each example, or one if it is uniform.
    [[nodiscard]] const T* output(std::size_t k) const { return memory_.number(plan_.outputs[k]); }

    /// Start the chain rule with these adjoints of all outputs, the same for every example, and add up those
    /// of uniform places. forward() must have run.
    void backward(std::span<const double> seeds, T* gradients);

    /// Pass the adjoints of uniform results on to the parameters, and forget them.
    void end(T* gradients);

   private:
    using Steps = std::vector<std::unique_ptr<Step<T>>>;

    T*& numbers(Region region) { return memory_.numbers[static_cast<std::size_t>(region)]; }
    T*& adjoints(Region region) { return memory_.adjoints[static_cast<std::size_t>(region)]; }
    const Plan& plan_;
    Narrow<T> once_, single_;  // single_: the instructions of one example; every_: those of several
    Steps every_;
    Memory<T> memory_;
    bool has_adjoints_ = false;  // of uniform places
    LongVector<T> all_;          // the numbers that memory_ points at
};

extern template class Machine<double>;
extern template class Machine<float>;

}  // namespace gradus::detail
