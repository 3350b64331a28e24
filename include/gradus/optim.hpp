// SPDX-License-Identifier: MIT
// Optimizers: each one a loop over a block of parameters w, their gradients g and what it remembers of them.
// Numbers equal those of PyTorch's optimizers of the same names.
#pragma once

#include <cstddef>
#include <vector>

#include "gradus/parameters.hpp"
#include "gradus/schedule.hpp"

namespace gradus {

/// Scale the gradients down so that their Euclidean norm is at most max_norm; return the norm before.
/// A norm that is not finite leaves them as they are. PyTorch adds 1e-6 to the norm; here nothing is added.
/// Raises DomainError unless max_norm is positive. Source: Pascanu, Mikolov and Bengio (2013).
double clip_gradients(const Parameters& parameters, double max_norm);

/// Change parameters against their gradients, step by step.
class Optimizer {
   public:
    virtual ~Optimizer() = default;

    /// Change the parameters once, at the rate of learning_rate(). The gradients stay as they are: zero them
    /// before the next backward pass.
    /// Raises ShapeError if parameters were added to the block.
    void step();

    /// Return the learning rate of the next step.
    [[nodiscard]] double learning_rate() const { return schedule_(steps_); }

    /// Return how many steps were taken.
    [[nodiscard]] std::size_t steps() const { return steps_; }

    [[nodiscard]] const Parameters& parameters() const { return parameters_; }

   protected:
    Optimizer(Parameters parameters, Schedule schedule);
    Optimizer(const Optimizer&) = default;
    Optimizer& operator=(const Optimizer&) = default;
    Optimizer(Optimizer&&) = delete;  // so all are copied: one that was moved from would have lost its memory
    Optimizer& operator=(Optimizer&&) = delete;

    /// Return a vector with one zero for each parameter.
    [[nodiscard]] std::vector<double> zeros() const { return std::vector<double>(size_); }

   private:
    virtual void update(double rate) = 0;

    Parameters parameters_;
    std::size_t size_;
    Schedule schedule_;
    std::size_t steps_ = 0;
};

struct SgdOptions {
    Schedule learning_rate = 0.01;
    double momentum = 0.0;
    bool nesterov = false;
};

/// Gradient descent with momentum.
///
///     v <- momentum * v + g
///     w <- w - rate * v                     with nesterov: w - rate * (g + momentum * v)
///
/// Source: Sutskever et al., On the importance of initialization and momentum (2013), in PyTorch's form.
class Sgd final : public Optimizer {
   public:
    /// Raises DomainError unless 0 <= momentum < 1, or if nesterov is asked for without momentum.
    explicit Sgd(Parameters parameters, const SgdOptions& options = {});

   private:
    void update(double rate) override;

    double momentum_;
    bool nesterov_;
    std::vector<double> velocity_;
};

struct AdaGradOptions {
    Schedule learning_rate = 0.01;
    double epsilon = 1e-10;
};

/// Descent whose rate shrinks, for each parameter, with the gradients that it has seen.
///
///     s <- s + g^2
///     w <- w - rate * g / (sqrt(s) + epsilon)
///
/// Source: Duchi, Hazan and Singer, JMLR 12 (2011).
class AdaGrad final : public Optimizer {
   public:
    /// Raises DomainError unless epsilon is positive.
    explicit AdaGrad(Parameters parameters, const AdaGradOptions& options = {});

   private:
    void update(double rate) override;

    double epsilon_;
    std::vector<double> squares_;
};

struct RMSPropOptions {
    Schedule learning_rate = 0.01;
    double decay = 0.99;
    double epsilon = 1e-8;
};

/// AdaGrad that forgets: gradients are divided by the root of their recent mean square.
///
///     s <- decay * s + (1 - decay) * g^2
///     w <- w - rate * g / (sqrt(s) + epsilon)
///
/// Source: Hinton, Neural Networks for Machine Learning, lecture 6e (2012).
class RMSProp final : public Optimizer {
   public:
    /// Raises DomainError unless 0 <= decay < 1 and epsilon is positive.
    explicit RMSProp(Parameters parameters, const RMSPropOptions& options = {});

   private:
    void update(double rate) override;

    double decay_, epsilon_;
    std::vector<double> squares_;
};

struct AdamOptions {
    Schedule learning_rate = 0.001;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
};

/// Momentum and RMSProp together, both corrected for having begun at zero; t is the number of the step,
/// from 1.
///
///     m <- beta1 * m + (1 - beta1) * g
///     s <- beta2 * s + (1 - beta2) * g^2
///     w <- w - rate * (m / (1 - beta1^t)) / (sqrt(s / (1 - beta2^t)) + epsilon)
///
/// Source: Kingma and Ba, Adam (2015).
class Adam : public Optimizer {
   public:
    /// Raises DomainError unless 0 <= beta1 < 1, 0 <= beta2 < 1 and epsilon is positive.
    explicit Adam(Parameters parameters, const AdamOptions& options = {});

   protected:
    void update(double rate) override;

   private:
    double beta1_, beta2_, epsilon_;
    double beta1_power_ = 1.0, beta2_power_ = 1.0;  // beta^t
    std::vector<double> means_, squares_;
};

struct AdamWOptions {
    Schedule learning_rate = 0.001;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
    double weight_decay = 0.01;
    bool biases = false;  ///< whether biases decay, too, as they do in PyTorch
};

/// Adam whose weights decay apart from the gradient: w <- w - rate * weight_decay * w, then the step of Adam.
/// Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization (2019).
class AdamW final : public Adam {
   public:
    /// Raises what Adam raises, and DomainError if weight_decay is negative or not finite.
    explicit AdamW(Parameters parameters, const AdamWOptions& options = {});

   private:
    void update(double rate) override;

    double weight_decay_;
    bool biases_;
};

}  // namespace gradus
