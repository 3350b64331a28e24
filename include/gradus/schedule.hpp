// SPDX-License-Identifier: MIT
// Schedules: the learning rate as a function of the step.
#pragma once

#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

namespace gradus {

/// Give the learning rate of each step; steps count from 0.
///
/// A number is the constant schedule, and any function of the step is one, so every option that takes a
/// learning rate takes a schedule:
///
///     Sgd sgd{parameters, {.learning_rate = 0.1}};
///     Adam adam{parameters, {.learning_rate = schedule::warm_up(100, schedule::cosine(0.01, 0.0, 1000))}};
class Schedule {
   public:
    /// Always give the same rate.
    /// Raises DomainError unless it is finite and not negative.
    Schedule(double rate);

    /// Give what the function says.
    template <class F>
    requires std::is_invocable_r_v<double, const F&, std::size_t> Schedule(F rate) : rate_(std::move(rate)) {}

    /// Return the learning rate of a step.
    /// Raises DomainError if the function gave one that is not finite, or negative.
    [[nodiscard]] double operator()(std::size_t step) const;

   private:
    std::function<double(std::size_t)> rate_;
};

/// The usual schedules. Each raises DomainError for a rate or factor that is negative or not finite, and for
/// zero steps.
namespace schedule {

/// Give the same rate always.
Schedule constant(double rate);

/// Multiply the rate by a factor after every so many steps: rate * factor^floor(step / every).
Schedule step(double rate, std::size_t every, double factor);

/// Go from one rate to another in a straight line, and stay there.
Schedule linear(double from, double to, std::size_t steps);

/// Go from one rate to another along half a cosine wave, and stay there.
/// Source: Loshchilov and Hutter, SGDR (2017), without restarts.
Schedule cosine(double from, double to, std::size_t steps);

/// Rise in a straight line to the first rate of another schedule, then begin that one: step k of the rise
/// has the (k + 1) / (steps + 1)-th part of that rate.
Schedule warm_up(std::size_t steps, Schedule then);

}  // namespace schedule

}  // namespace gradus
