// SPDX-License-Identifier: MIT
#include "gradus/tensor/losses.hpp"

#include <fmt/format.h>

#include <cmath>

#include "../kernels/elementwise.hpp"
#include "../kernels/rows.hpp"
#include "by_number.hpp"
#include "gradus/losses.hpp"
#include "operation.hpp"

namespace gradus {
namespace {

void require_examples(const char* where, std::size_t count, const Shape& shape) {
    if (count > 0) return;
    throw ShapeError(
        fmt::format("{}: the mean of no examples is not defined: the shape is {}. Give at least one example.",
                    where, to_string(shape)));
}

void require_pairs(const char* where, const Shape& y, const Shape& target) {
    if (y != target) {
        throw ShapeError(
            fmt::format("{}: outputs and targets do not pair up: the outputs are {}, the targets "
                        "{}. Reshape one of them: each output has its target.",
                        where, to_string(y), to_string(target)));
    }
    require_examples(where, y.size(), y);
}

/// Return the mean of f(y[i], target[i]), number by number.
template <class F>
Value mean_by_number(const Tensor& y, const Tensor& target, F f) {
    const std::span<const Value> ys = detail::values_of(y), targets = detail::values_of(target);
    std::vector<Value> terms;
    for (std::size_t i = 0; i < ys.size(); ++i) terms.push_back(f(ys[i], targets[i]));
    return mean(terms);
}

/// Return the mean of term(i, slope), which sets the slope, too: its derivative by y[i]. That by target[i] is
/// target_slope(y[i], slope).
template <class Term, class TargetSlope>
Value mean_of(const detail::Operation& operation, const Tensor& y, const Tensor& target, Term term,
              TargetSlope target_slope) {
    const std::size_t n = y.size();
    const double count = static_cast<double>(n);
    double* const terms = operation.numbers(n);
    double* const slopes = operation.numbers(n);
    for (std::size_t i = 0; i < n; ++i) terms[i] = term(i, slopes[i]);
    return operation.finish(kernels::sum(terms, n) / count, [=](const detail::Pull& d) {
        const double dterm = *d.result() / count;
        if (double* const dy = d(y)) kernels::add_scaled(dterm, slopes, dy, n);
        if (double* const dtarget = d(target)) {
            for (std::size_t i = 0; i < n; ++i) dtarget[i] += dterm * target_slope(y.data()[i], slopes[i]);
        }
    });
}

/// The same of a term(error, slope) of the error y - target; number by number, of value(error).
template <class Term, class ByNumber>
Value mean_of_errors(const char* name, const Tensor& y, const Tensor& target, Term term, ByNumber value) {
    const detail::Operation operation(name, {y, target});
    require_pairs(name, y.shape(), target.shape());
    if (operation.is_by_number()) {
        return mean_by_number(y, target,
                              [&](const Value& y_i, const Value& target_i) { return value(y_i - target_i); });
    }
    return mean_of(
        operation, y, target,
        [&](std::size_t i, double& slope) { return term(y.data()[i] - target.data()[i], slope); },
        [](double, double slope) { return -slope; });
}

// ---- classes

constexpr const char* kCrossEntropy = "softmax_cross_entropy";

/// The sizes of logits.
struct Logits {
    std::size_t rows, classes;
};

Logits require_labels(const Shape& shape, std::size_t labels) {
    const std::size_t classes = shape.rank() == 0 ? 0 : shape[shape.rank() - 1];
    const std::size_t rows = classes == 0 ? 0 : shape.size() / classes;
    require_examples(kCrossEntropy, rows, shape);
    if (labels != rows) {
        throw ShapeError(
            fmt::format("{}: labels and rows do not pair up: the logits are {}, found {} labels. "
                        "Give one label for each row of logits.",
                        kCrossEntropy, to_string(shape), labels));
    }
    return {rows, classes};
}

/// Return the mean of f(row, its number).
template <class F>
Value cross_entropy_by_number(const Tensor& logits, F f) {
    const std::size_t classes = logits.shape()[logits.rank() - 1];
    const std::span<const Value> values = detail::values_of(logits);
    std::vector<Value> terms;
    for (std::size_t first = 0; first < values.size(); first += classes)
        terms.push_back(f(values.subspan(first, classes), terms.size()));
    return mean(terms);
}

}  // namespace

Value softmax_cross_entropy(const Tensor& logits, std::span<const std::size_t> labels) {
    const detail::Operation operation(kCrossEntropy, {logits});
    const auto [rows, classes] = require_labels(logits.shape(), labels.size());
    for (const std::size_t label : labels) {
        if (label >= classes) detail::refuse_label(static_cast<double>(label), classes);
    }
    if (operation.is_by_number()) {
        return cross_entropy_by_number(logits, [&](std::span<const Value> row, std::size_t i) {
            return softmax_cross_entropy(row, labels[i]);
        });
    }
    const std::span<const std::size_t> label = operation.copy(labels);
    double* const logsums = operation.numbers(rows);
    double sum = 0.0;
    for (std::size_t i = 0; i < rows; ++i) {
        const double* const row = logits.data() + i * classes;
        logsums[i] = kernels::logsumexp_row(row, classes);
        sum += logsums[i] - row[label[i]];
    }
    const double count = static_cast<double>(rows);
    return operation.finish(sum / count, [=, classes = classes, rows = rows](const detail::Pull& d) {
        const double dterm = *d.result() / count;
        double* drow = d(logits);
        for (std::size_t i = 0; i < rows; ++i, drow += classes) {
            kernels::logsumexp_gradient_row(logits.data() + i * classes, logsums[i], dterm, drow, classes);
            drow[label[i]] -= dterm;
        }
    });
}

Value softmax_cross_entropy(const Tensor& logits, std::span<const Value> labels) {
    if (detail::are_fixed(labels))
        return softmax_cross_entropy(logits, detail::indices_of(kCrossEntropy, labels));
    require_labels(logits.shape(), labels.size());
    return cross_entropy_by_number(logits, [&](std::span<const Value> row, std::size_t i) {
        return softmax_cross_entropy(row, labels[i]);
    });
}

Value softmax_cross_entropy(const Tensor& logits, const Value& label) {
    return softmax_cross_entropy(logits, std::span(&label, 1));
}

Value mean_squared_error(const Tensor& y, const Tensor& target) {
    return mean_of_errors(
        "mean_squared_error", y, target,
        [](double error, double& slope) {
            slope = 2.0 * error;
            return error * error;
        },
        [](const Value& error) { return error * error; });
}

Value huber(const Tensor& y, const Tensor& target, double delta) {
    detail::require_delta(delta);
    return mean_of_errors(
        "huber", y, target,
        [delta](double error, double& slope) {
            if (std::abs(error) <= delta) {
                slope = error;
                return 0.5 * error * error;
            }
            slope = std::copysign(delta, error);
            return delta * (std::abs(error) - 0.5 * delta);
        },
        [delta](const Value& error) {
            const Value size = abs(error), square_part = min(size, delta);  // in place of a branch
            return square_part * (size - 0.5 * square_part);
        });
}

Value hinge(const Tensor& scores, const Tensor& targets) {
    const detail::Operation operation("hinge", {scores, targets});
    require_pairs("hinge", scores.shape(), targets.shape());
    if (operation.is_by_number()) {
        return mean_by_number(scores, targets, [](const Value& s, const Value& t) { return hinge(s, t); });
    }
    return mean_of(
        operation, scores, targets,
        [&](std::size_t i, double& slope) {
            const double target = targets.data()[i];
            detail::require_sign(target);
            const double missing = 1.0 - target * scores.data()[i];
            slope = -target * ops::Relu::da(missing, 0.0);
            return ops::Relu::value(missing);
        },
        [](double score, double slope) { return slope == 0.0 ? 0.0 : -score; });
}

Value binary_cross_entropy(const Tensor& logits, const Tensor& targets) {
    const detail::Operation operation("binary_cross_entropy", {logits, targets});
    require_pairs("binary_cross_entropy", logits.shape(), targets.shape());
    if (operation.is_by_number()) {
        return mean_by_number(logits, targets, [](const Value& logit, const Value& target) {
            return binary_cross_entropy(logit, target);
        });
    }
    // With z = -|logit|, both softplus(z) and sigmoid(z) are small where the answer is sure, and exact.
    const std::size_t n = logits.size();
    double* const z = operation.numbers(n);
    double* const softplus = operation.numbers(n);
    for (std::size_t i = 0; i < n; ++i) z[i] = -std::abs(logits.data()[i]);
    kernels::map<ops::Softplus>(z, softplus, n);
    kernels::map<ops::Sigmoid>(z, z, n);
    return mean_of(
        operation, logits, targets,
        [&](std::size_t i, double& slope) {
            const double logit = logits.data()[i], target = targets.data()[i], small = z[i];
            detail::require_probability(target);
            const double p = logit < 0.0 ? small : 1.0 - small, q = logit < 0.0 ? 1.0 - small : small;
            slope = (1.0 - target) * p - target * q;
            return (logit < 0.0 ? -target : 1.0 - target) * logit + softplus[i];
        },
        [](double logit, double) { return -logit; });
}

}  // namespace gradus
