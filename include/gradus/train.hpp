// SPDX-License-Identifier: MIT
// The training loop: full batches, mini-batches and stochastic descent, with early stopping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>

#include "gradus/data.hpp"
#include "gradus/error.hpp"
#include "gradus/optim.hpp"
#include "gradus/program.hpp"
#include "gradus/regularization.hpp"

namespace gradus {

/// The batch size of full-batch descent, however many examples there are.
constexpr std::size_t kFullBatch = std::numeric_limits<std::size_t>::max();

/// What one pass over the examples gave. Loss and penalty are means over its steps, each weighed by its batch
/// and taken before the parameters change: with full batches they are those at the parameters it began with.
struct Epoch {
    std::size_t number = 0;        ///< from 1
    double loss = 0.0;             ///< of the examples
    double penalty = 0.0;          ///< of the regularization
    double objective = 0.0;        ///< loss + penalty: what the descent makes small
    double validation_loss = 0.0;  ///< after the epoch; NaN if none is measured
    double learning_rate = 0.0;    ///< of the last step
};

struct TrainOptions {
    std::size_t epochs = 100;
    std::size_t batch_size = 32;  ///< 1 for stochastic descent, kFullBatch for all examples
    std::uint64_t seed = 0;       ///< of the order of the examples
    Regularization regularization = {};
    double max_gradient_norm = std::numeric_limits<double>::infinity();  ///< see clip_gradients
    /// How many times the objective of the first step (or 1, if that is less) the objective of an epoch may
    /// be. Beyond that the run diverges, although every number is finite: so it ends when weights grow and
    /// grow behind units that are dead.
    double max_growth = 1000.0;
    std::function<double()> validation_loss = nullptr;  ///< of held-out examples; asked for after each epoch
    std::size_t patience = 0;  ///< epochs without a better validation loss before it stops; 0: never
    double min_delta = 0.0;    ///< how much lower a better one must be
    std::function<void(const Epoch&)> on_epoch = nullptr;  ///< called after each epoch
};

/// How training ended.
struct TrainResult {
    Epoch last;  ///< the last epoch
    Epoch best;  ///< the epoch of the lowest validation loss; the last one, if none is measured
    bool stopped_early = false;
};

/// Training went to infinity, or far on the way. The parameters are the last ones at which loss and gradients
/// were finite.
class DivergenceError : public Error {
   public:
    DivergenceError(const std::string& message, std::size_t step, double loss)
        : Error(message), step_(step), loss_(loss) {}

    [[nodiscard]] std::size_t step() const { return step_; }  ///< from 1
    [[nodiscard]] double loss() const { return loss_; }       ///< of the batch so far, at that step

   private:
    std::size_t step_;
    double loss_;
};

/// Make the mean loss of the examples 0 ... examples - 1, plus the penalty, small.
///
///     Adam adam{model.parameters(), {.learning_rate = 0.01}};
///     train(adam, data.rows,
///           [&](std::size_t i) { return softmax_cross_entropy(model(data.row(i)), data.label(i)); },
///           {.epochs = 20, .batch_size = 16});
///
/// Each epoch goes through the examples in a new random order. The loss of each example of a batch is
/// recorded, differentiated and rewound; then the optimizer steps. With patience, the parameters of the best
/// epoch are restored at the end. The same seed gives the same bits.
/// Raises DivergenceError when the loss, a gradient or a parameter is not finite any more, or the objective
/// has grown beyond max_growth; DomainError for zero epochs, examples or batch size, for patience without a
/// validation loss, for a loss that is no function or runs backward itself, and if the losses of the first
/// batch use none of the parameters that the optimizer changes.
/// Cost: memory for one example's tape and a copy of the parameters; in steady state nothing is allocated.
TrainResult train(Optimizer& optimizer, std::size_t examples,
                  const std::function<Value(std::size_t example)>& loss, const TrainOptions& options = {});

/// Do the same with losses of whole batches: loss(batch) is the mean over the examples that it is given.
///
///     train_batches(adam, data.rows,
///                   [&](std::span<const std::size_t> batch) {
///                       return softmax_cross_entropy(model(rows(data, batch)), labels(data, batch));
///                   },
///                   {.epochs = 20, .batch_size = 32});
///
/// The batches are those of train() with the same seed, so both take the same steps, but for rounding.
/// Cost: memory for the tape of one batch; else as train().
TrainResult train_batches(Optimizer& optimizer, std::size_t examples,
                          const std::function<Value(std::span<const std::size_t> batch)>& loss,
                          const TrainOptions& options = {});

/// Do the same with a program of the loss of one example, which is a row of the data and its target.
///
///     Program program = compile(model, [&](std::span<const Value> x, const Value& label) {
///         return softmax_cross_entropy(model(x), label);
///     });
///     train(adam, data, program, {.epochs = 20, .batch_size = 32});
///
/// The steps are those of train() with the same seed, but for rounding.
/// Raises also what Program::value_and_gradient() does, and DomainError unless the program is one of the
/// parameters that the optimizer changes.
/// Cost: memory for one batch of the program; in steady state nothing is allocated.
TrainResult train(Optimizer& optimizer, const Dataset& data, const Program& program,
                  const TrainOptions& options = {});

/// Return the mean of loss(i) over the examples 0 ... examples - 1, for a validation loss. Leaves nothing on
/// the tape.
/// Raises DomainError if there are none.
double mean_loss(std::size_t examples, const std::function<double(std::size_t example)>& loss);

}  // namespace gradus
