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

#include "gradus/data.hpp"
#include "gradus/error.hpp"
#include "gradus/functions.hpp"
#include "gradus/parameters.hpp"

namespace gradus {

struct CompileOptions {
    /// Compute with float: twice as many numbers in an instruction. Numbers have seven digits then; inputs
    /// and parameters above 3.4e38 in size are infinite, those below 1e-45 are 0.
    bool single_precision = false;
    std::size_t threads = 1;        ///< that share the examples of a batch; for any number, the same bits
    std::size_t max_paths = 64;     ///< that examples of one size may take through comparisons
    std::size_t max_shapes = 1024;  ///< numbers of inputs that examples may have
};

/// What becomes of the outputs of a batch.
enum class Reduction { mean, sum };

struct BatchOptions {
    Reduction reduction = Reduction::mean;
    std::span<double> gradients = {};  ///< where to add gradients, one a parameter; if empty, to the block's
};

/// The outputs of one example, as a function of its inputs and of parameters.
using Formula = std::function<std::vector<Value>(std::span<const Value> inputs)>;

/// A compiled formula: a pure function of parameters and inputs, free of the tape.
///
/// The formula is recorded with the first example that it meets. Then it runs for whole batches, each
/// instruction for many results and examples. The parameters are those of the block: what an optimizer
/// changes there, the next call uses. Examples may have any number of inputs: each number has a recording.
///
/// A formula may compare values and take one path or another. A program checks each comparison for each
/// example; one that takes a new path is recorded anew, and both paths are kept. What it computes with may
/// come from nowhere else: what it takes out of a value with value(), or draws at random, would be a constant
/// of the program. To be sure, each path is recorded a second time, with another example or at the second
/// call.
///
/// A handle: copies share what was compiled. May be called by several threads at once, save that they would
/// add to the same gradients: give each thread its own with BatchOptions::gradients. In steady state, value()
/// and value_and_gradient() allocate nothing.
///
/// A formula may use tensors: stack(x), or tensor(x, {2, 3}), makes one of inputs, and each operation is
/// recorded number by number. Indices and labels that differ from example to example are inputs, too: gather,
/// embedding and softmax_cross_entropy take them as values. Numbers of a tensor, argmax and dropout are
/// refused, for they would be those of the first example always.
///
/// All that takes a batch raises TapeError if the formula takes more paths, or examples have more sizes, than
/// the options allow, if two recordings of a path differ, and if it uses parameters of another block;
/// ShapeError if the number of outputs is not always the same, if parameters were added to the block, or if a
/// position that is an input does not exist; DomainError if single precision cannot hold a number of the
/// formula, such as an epsilon of 1e-50.
class Program {
   public:
    /// Prepare the program of a formula. All parameters that it uses must be of this block.
    /// Raises DomainError for zero threads, paths or shapes, more than 1024 threads, and an empty formula.
    Program(const Parameters& parameters, Formula formula, const CompileOptions& options = {});
    Program(const Program&) = default;  // and no move: a handle that was moved from still works
    Program& operator=(const Program&) = default;
    ~Program() = default;

    /// Return the block of its parameters.
    [[nodiscard]] const Parameters& parameters() const;

    /// Return the mean of the only output over a batch, and add its gradient to those of the parameters: what
    /// a step of training needs.
    double operator()(const Batch& batch) const { return value_and_gradient(batch); }

    /// Return the mean, or the sum, of the only output over a batch.
    /// Raises ShapeError if there are several outputs.
    [[nodiscard]] double value(const Batch& batch, const BatchOptions& options = {}) const;

    /// Return the same, and add its gradient to those of the parameters, or of the options.
    /// Raises ShapeError if there are several outputs, or not as many gradients as parameters. An error may
    /// leave a part of the gradient added.
    double value_and_gradient(const Batch& batch, const BatchOptions& options = {}) const;

    /// Return the outputs of each example.
    /// Shapes: -> (examples, outputs).
    [[nodiscard]] std::vector<double> per_example_values(const Batch& batch) const;

    // What follows leaves the gradients of the block as they are.

    /// Return the gradient of the only output by the parameters, for each example.
    /// Shapes: -> (examples, parameters).
    /// Raises ShapeError if there are several outputs. Cost: that of batches of one example.
    [[nodiscard]] std::vector<double> per_example_gradients(const Batch& batch) const;

    /// Return the gradients of all outputs by the parameters, for each example: Jacobian matrices.
    /// Shapes: -> (examples, outputs, parameters); of one example (outputs, parameters).
    /// Cost: for each example a value, and a gradient for each output.
    [[nodiscard]] std::vector<double> jacobian(const Batch& batch) const;

    /// Return the gradients of all outputs by the inputs, for each example.
    /// Shapes: -> (examples, outputs, inputs). A position that is an input has gradient 0.
    /// Cost: as jacobian(). Compiled at the first call.
    [[nodiscard]] std::vector<double> jacobian_by_inputs(const Batch& batch) const;

    /// Return the Hessian matrix, of the mean or sum of the only output over the batch, times a direction. At
    /// a kink, that of the side that the subgradients name.
    /// Shapes: direction (parameters) -> (parameters).
    /// Raises ShapeError if there are several outputs, or the direction has another size.
    /// Cost: a few gradients. Compiled at the first call, from the derivative of the program.
    [[nodiscard]] std::vector<double> hessian_vector(const Batch& batch, std::span<const double> direction,
                                                     const BatchOptions& options = {}) const;

    /// Return the Hessian matrix, row by row.
    /// Shapes: -> (parameters, parameters). Raises ShapeError if there are several outputs.
    /// Cost: a product with a vector for each parameter; threads share these.
    [[nodiscard]] std::vector<double> hessian(const Batch& batch, const BatchOptions& options = {}) const;

    /// Tell how each path was compiled: what every pass left, and the instructions with their shapes.
    [[nodiscard]] std::string describe() const;

    /// Tell the same with what each instruction costs for an example: operations ("flops"; a function such as
    /// tanh counts as one), bytes read and written, and how many operations come to a byte, alone and in a
    /// batch that shares its parameters. Counted from the shapes, not measured.
    friend std::string explain(const Program& program);

    /// Return the same as a picture, in SVG: bars for what every pass left, and the instructions as shapes.
    friend std::string draw(const Program& program);

   private:
    class Compiled;
    std::shared_ptr<Compiled> compiled_;
};

namespace detail {

inline const Parameters& parameters_of(const Parameters& parameters) { return parameters; }
template <class Model>
Parameters parameters_of(const Model& model) {
    return model.parameters();
}

inline std::vector<Value> outputs_of(const Value& y) { return {y}; }
inline std::vector<Value> outputs_of(std::vector<Value> y) { return y; }

}  // namespace detail

/// Compile the loss of one example, as a function of its inputs and its target: the last one of the numbers
/// of an example. Of a model, or of a block of parameters.
///
///     const Program program = compile(model, [&](std::span<const Value> x, const Value& label) {
///         return softmax_cross_entropy(model(x), label);
///     });
template <class Model, class Loss>
requires std::invocable < Loss&, std::span<const Value>,
const Value& > Program compile(const Model& model, Loss loss, const CompileOptions& options = {}) {
    const auto formula = [loss](std::span<const Value> numbers) mutable {
        if (numbers.empty()) {
            throw ShapeError(
                "compile: an example has no target: its numbers are 0. Give it inputs and a target.");
        }
        return detail::outputs_of(loss(numbers.first(numbers.size() - 1), numbers.back()));
    };
    return Program(detail::parameters_of(model), formula, options);
}

/// Compile any function of the inputs of one example: it returns one value, or a vector of them.
template <class Model, class Function>
requires std::invocable<Function&, std::span<const Value>> Program
compile(const Model& model, Function f, const CompileOptions& options = {}) {
    const auto formula = [f](std::span<const Value> inputs) mutable { return detail::outputs_of(f(inputs)); };
    return Program(detail::parameters_of(model), formula, options);
}

}  // namespace gradus
