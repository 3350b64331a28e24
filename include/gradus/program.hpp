// SPDX-License-Identifier: MIT
// Programs: a formula that was written with values, compiled into a handful of vector instructions.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gradus/functions.hpp"
#include "gradus/parameters.hpp"

namespace gradus {

struct CompileOptions {
    bool single_precision = false;  ///< compute with float: twice as many numbers in an instruction
    std::size_t threads = 1;        ///< that share the examples of a batch; for any number, the same bits
    std::size_t max_paths = 64;     ///< that the formula may take through its comparisons
};

/// The outputs of one example, as a function of its inputs and of parameters.
using Formula = std::function<std::vector<Value>(std::span<const Value> inputs)>;

/// A compiled formula: a pure function of parameters and inputs, free of the tape.
///
/// The formula is recorded with the first example that it meets. Then it runs for whole batches, each
/// instruction for many results and examples. The parameters are those of the block: what an optimizer
/// changes there, the next call uses.
///
/// A formula may compare values and take one path or another. A program checks each comparison for each
/// example; one that takes a new path is recorded anew, and both paths are kept. What a formula takes out of
/// a value with value() is a constant of the program: compare and compute with values instead.
///
/// May be called by several threads at once, save that they would add to the same gradients.
class Program {
   public:
    /// Prepare the program of a formula. All parameters that it uses must be of this block.
    /// Raises DomainError for zero threads or paths.
    Program(const Parameters& parameters, Formula formula, const CompileOptions& options = {});
    ~Program();
    Program(Program&&) noexcept;
    Program& operator=(Program&&) noexcept;

    /// Return the outputs of each example.
    /// Shapes: inputs (examples, any) -> (examples, outputs).
    /// Raises ShapeError if the inputs cannot be shared out among the examples; TapeError if the formula
    /// takes more paths than the options allow, uses tensors, or parameters of another block.
    [[nodiscard]] std::vector<double> values(std::span<const double> inputs, std::size_t examples = 1) const;

    /// Return the mean of the only output over the examples, and add its gradient to those of the parameters.
    /// Shapes: inputs (examples, any). Raises as values(), and ShapeError if there are several outputs.
    double value_and_gradient(std::span<const double> inputs, std::size_t examples = 1) const;

    /// Return the gradient of the only output by the parameters, for each example; the block's stay as they
    /// are. Shapes: inputs (examples, any) -> (examples, parameters). Raises as value_and_gradient().
    [[nodiscard]] std::vector<double> per_example_gradients(std::span<const double> inputs,
                                                            std::size_t examples = 1) const;

    /// Return the Hessian matrix, of the mean of the only output over the examples, times a direction; the
    /// block's gradients stay as they are. At a kink, that of the side that the subgradients name.
    /// Shapes: inputs (examples, any), direction (parameters) -> (parameters).
    /// Raises as value_and_gradient(), ShapeError for a direction of another size, DomainError for lgamma.
    /// Cost: a few gradients. Compiled at the first call, from the derivative of the program.
    [[nodiscard]] std::vector<double> hessian_vector(std::span<const double> inputs, std::size_t examples,
                                                     std::span<const double> direction) const;

    /// Return the Hessian matrix of the mean of the only output over the examples, row by row.
    /// Shapes: inputs (examples, any) -> (parameters, parameters). Raises as hessian_vector().
    /// Cost: a product with a vector for each parameter.
    [[nodiscard]] std::vector<double> hessian(std::span<const double> inputs, std::size_t examples = 1) const;

    /// Tell how each path was compiled: what every pass left, and the instructions with their shapes.
    [[nodiscard]] std::string describe() const;

   private:
    class Compiled;
    std::unique_ptr<Compiled> compiled_;
};

/// Compile the loss of one example, as a function of its inputs and its target: the last one of the numbers
/// of an example.
///
///     const Program program = compile(model, [&](std::span<const Value> x, const Value& label) {
///         return softmax_cross_entropy(model(x), label);
///     });
template <class Model, class Loss>
requires std::invocable < Loss&, std::span<const Value>,
const Value& > Program compile(const Model& model, Loss loss, const CompileOptions& options = {}) {
    const auto formula = [loss](std::span<const Value> numbers) {
        return std::vector<Value>{loss(numbers.first(numbers.size() - 1), numbers.back())};
    };
    return Program(model.parameters(), formula, options);
}

}  // namespace gradus
