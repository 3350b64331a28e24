// SPDX-License-Identifier: MIT
#include "gradus/schedule.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "gradus/error.hpp"

namespace gradus {

namespace {

double require_rate(double rate) {
    if (rate >= 0.0 && std::isfinite(rate)) return rate;
    throw DomainError(
        fmt::format("schedule: the learning rate is negative or not finite: {}. Give a small positive "
                    "number, such as 0.01.",
                    rate));
}

void require_steps(std::size_t steps) {
    if (steps == 0) throw DomainError("schedule: zero steps: found 0. Give at least 1.");
}

/// The part of the way that is done, from 0 to 1.
double progress(std::size_t step, std::size_t steps) {
    return step >= steps ? 1.0 : static_cast<double>(step) / static_cast<double>(steps);
}

}  // namespace

Schedule::Schedule(double rate) : rate_([rate](std::size_t) { return rate; }) { require_rate(rate); }

double Schedule::operator()(std::size_t step) const {
    if (!rate_)
        throw DomainError("schedule: there is no schedule: the function is empty. Give a rate such as 0.01.");
    return require_rate(rate_(step));
}

namespace schedule {

Schedule constant(double rate) { return rate; }

Schedule step(double rate, std::size_t every, double factor) {
    require_rate(rate);
    if (!(factor >= 0.0 && std::isfinite(factor))) {
        throw DomainError(fmt::format(
            "schedule: the factor is negative or not finite: {}. Give a number such as 0.5.", factor));
    }
    require_steps(every);
    return [=](std::size_t k) { return rate * std::pow(factor, static_cast<double>(k / every)); };
}

Schedule linear(double from, double to, std::size_t steps) {
    require_rate(from);
    require_rate(to);
    require_steps(steps);
    return [=](std::size_t k) { return from + (to - from) * progress(k, steps); };
}

Schedule cosine(double from, double to, std::size_t steps) {
    require_rate(from);
    require_rate(to);
    require_steps(steps);
    return [=](std::size_t k) {
        return to + (from - to) * 0.5 * (1.0 + std::cos(std::numbers::pi * progress(k, steps)));
    };
}

Schedule warm_up(std::size_t steps, Schedule then) {
    return [steps, then = std::move(then)](std::size_t k) {
        if (k >= steps) return then(k - steps);
        return then(0) * (static_cast<double>(k) + 1.0) / (static_cast<double>(steps) + 1.0);
    };
}

}  // namespace schedule

}  // namespace gradus
