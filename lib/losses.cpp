// SPDX-License-Identifier: MIT
#include "gradus/losses.hpp"

#include <fmt/format.h>

#include "gradus/error.hpp"

namespace gradus::detail {

void require_same_size(std::size_t outputs, std::size_t targets) {
    if (outputs == targets && outputs > 0) return;
    throw ShapeError(fmt::format(
        "loss: outputs and targets do not pair up: {} outputs, {} targets. Give one target for each output.",
        outputs, targets));
}

void refuse_label(double label, std::size_t classes) {
    throw DomainError(fmt::format(
        "softmax_cross_entropy: there is no such class: label {} of {} classes. Count classes from 0, in "
        "whole numbers, and give the last layer one output a class.",
        label, classes));
}

void require_probability(double target) {
    if (target >= 0.0 && target <= 1.0) return;
    throw DomainError(fmt::format(
        "binary_cross_entropy: the target is no probability: {}. Give 0 or 1, or a number between.", target));
}

void require_sign(double target) {
    if (target == 1.0 || target == -1.0) return;
    throw DomainError(fmt::format(
        "hinge: the target is neither -1 nor 1: {}. Give -1 for one class, 1 for the other.", target));
}

void require_delta(double delta) {
    if (delta > 0.0 && std::isfinite(delta)) return;
    throw DomainError(
        fmt::format("huber: delta is not positive and finite: {}. Give the error from which on the "
                    "loss is a line, such as 1.",
                    delta));
}

}  // namespace gradus::detail
