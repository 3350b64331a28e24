// SPDX-License-Identifier: MIT
// Machine: runs a plan, forward and backward, for several examples at once.
#pragma once

#include <span>
#include <vector>

#include "plan.hpp"

namespace gradus::detail {

/// The numbers of all places, or their adjoints. A uniform place has one; a lane place has one for each of
/// `width` examples, side by side.
template <class T>
struct Numbers {
    T* parameters;
    T* uniforms;
    T* lanes;
    std::size_t width;
};

/// Return where the numbers of a place lie.
template <class T>
T* at(const Plan& plan, const Numbers<T>& numbers, Place p) {
    if (plan.is_parameter(p)) return numbers.parameters + p;
    if (plan.is_uniform(p)) return numbers.uniforms + (p - plan.parameters);
    return numbers.lanes + (p - plan.parameters - plan.uniforms) * numbers.width;
}

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
    [[nodiscard]] const T* output(std::size_t k) const { return at(plan_, numbers_, plan_.outputs[k]); }

    /// Start the chain rule with these adjoints of all outputs, the same for every example, and add up those
    /// of uniform places. forward() must have run.
    void backward(std::span<const double> seeds, T* gradients);

    /// Pass the adjoints of uniform results on to the parameters, and forget them.
    void end(T* gradients);

   private:
    void run(const std::vector<Instruction>& instructions, std::size_t width);
    void run_back(const std::vector<Instruction>& instructions, std::size_t width);

    const Plan& plan_;
    std::size_t capacity_, examples_ = 0;
    Numbers<T> numbers_{}, adjoints_{};
    std::vector<T> memory_;
    std::vector<T> buffers_;  // operands and their adjoints
    std::size_t buffer_ = 0;  // numbers of the longest operand
};

extern template class Machine<double>;
extern template class Machine<float>;

}  // namespace gradus::detail
