// SPDX-License-Identifier: MIT
// Counts and fractions. Counts are exact, so that every figure is rounded once or twice only.
#include "gradus/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gradus/error.hpp"

namespace gradus {
namespace {

/// part / whole, and 0 if the whole is nothing.
double fraction(std::size_t part, std::size_t whole) {
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

void check_sizes(const char* where, const char* left, std::size_t left_size, const char* right,
                 std::size_t right_size) {
    if (left_size != right_size)
        throw ShapeError(fmt::format("{}: the sizes differ: {} {} and {} {}. Give one of each for every row.",
                                     where, left_size, left, right_size, right));
}

template <typename Figure>
double mean_over(std::size_t classes, Figure figure) {
    double sum = 0.0;
    for (std::size_t k = 0; k < classes; ++k) sum += figure(k);
    return sum / static_cast<double>(classes);
}

}  // namespace

double accuracy(std::span<const std::size_t> truth, std::span<const std::size_t> predicted) {
    check_sizes("accuracy", "true classes", truth.size(), "predicted ones", predicted.size());
    if (truth.empty()) throw DomainError("accuracy: nothing to compare: 0 rows. Predict at least one.");
    std::size_t hits = 0;
    for (std::size_t i = 0; i < truth.size(); ++i) hits += truth[i] == predicted[i] ? 1 : 0;
    return fraction(hits, truth.size());
}

ConfusionMatrix::ConfusionMatrix(std::vector<std::string> class_names)
    : class_names_(std::move(class_names)), counts_(class_names_.size() * class_names_.size()) {
    if (class_names_.empty())
        throw DomainError("ConfusionMatrix: no classes: 0 names. Give a name for each class.");
}

void ConfusionMatrix::check(const char* where, std::size_t k) const {
    if (k >= classes())
        throw DomainError(
            fmt::format("ConfusionMatrix::{}: no such class: {}, there are {}. "
                        "Classes are counted from 0.",
                        where, k, classes()));
}

void ConfusionMatrix::add(std::size_t truth, std::size_t predicted) {
    check("add", truth);
    check("add", predicted);
    ++counts_[truth * classes() + predicted];
}

std::size_t ConfusionMatrix::count(std::size_t truth, std::size_t predicted) const {
    check("count", truth);
    check("count", predicted);
    return counts_[truth * classes() + predicted];
}

std::size_t ConfusionMatrix::total() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::size_t{0});
}

std::size_t ConfusionMatrix::row_sum(std::size_t k) const {
    std::size_t sum = 0;
    for (std::size_t j = 0; j < classes(); ++j) sum += count(k, j);
    return sum;
}

std::size_t ConfusionMatrix::column_sum(std::size_t k) const {
    std::size_t sum = 0;
    for (std::size_t j = 0; j < classes(); ++j) sum += count(j, k);
    return sum;
}

double ConfusionMatrix::accuracy() const {
    if (total() == 0)
        throw DomainError("ConfusionMatrix::accuracy: nothing was counted: 0 rows. Call add() first.");
    std::size_t hits = 0;
    for (std::size_t k = 0; k < classes(); ++k) hits += count(k, k);
    return fraction(hits, total());
}

double ConfusionMatrix::precision(std::size_t k) const {
    check("precision", k);
    return fraction(count(k, k), column_sum(k));
}

double ConfusionMatrix::recall(std::size_t k) const {
    check("recall", k);
    return fraction(count(k, k), row_sum(k));
}

double ConfusionMatrix::f1(std::size_t k) const {
    check("f1", k);
    // 2 p r / (p + r) with p = hits / predicted and r = hits / occurred.
    return fraction(2 * count(k, k), column_sum(k) + row_sum(k));
}

double ConfusionMatrix::macro_precision() const {
    return mean_over(classes(), [&](std::size_t k) { return precision(k); });
}

double ConfusionMatrix::macro_recall() const {
    return mean_over(classes(), [&](std::size_t k) { return recall(k); });
}

double ConfusionMatrix::macro_f1() const {
    return mean_over(classes(), [&](std::size_t k) { return f1(k); });
}

std::string ConfusionMatrix::to_string() const {
    const std::string corner = "true \\ predicted";
    std::size_t first = corner.size();
    std::size_t width = std::to_string(*std::max_element(counts_.begin(), counts_.end())).size();
    for (const std::string& name : class_names_) {
        first = std::max(first, name.size());
        width = std::max(width, name.size());
    }
    std::string table = fmt::format("{:<{}}", corner, first);
    for (const std::string& name : class_names_) table += fmt::format("  {:>{}}", name, width);
    for (std::size_t truth = 0; truth < classes(); ++truth) {
        table += fmt::format("\n{:<{}}", class_names_[truth], first);
        for (std::size_t k = 0; k < classes(); ++k) table += fmt::format("  {:>{}}", count(truth, k), width);
    }
    return table + "\n";
}

double roc_auc(std::span<const double> scores, std::span<const std::size_t> labels) {
    check_sizes("roc_auc", "scores", scores.size(), "labels", labels.size());
    std::size_t positives = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        if (std::isnan(scores[i]))
            throw DomainError(
                fmt::format("roc_auc: the score of row {} is nan. Look for the first nan in the model.", i));
        if (labels[i] > 1)
            throw DomainError(
                fmt::format("roc_auc: the label of row {} is neither 0 nor 1: {}. "
                            "Compare one class with the rest.",
                            i, labels[i]));
        positives += labels[i];
    }
    const std::size_t negatives = scores.size() - positives;
    if (positives == 0 || negatives == 0)
        throw DomainError(
            fmt::format("roc_auc: a class is missing: {} rows of class 0, {} of class 1. "
                        "Give rows of both.",
                        negatives, positives));

    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });

    // Ranks count from 1; rows that tie share the mean of theirs (the midrank). The sum of the positive rows'
    // ranks, less the least that it could be, is the number of pairs in which the positive row wins.
    double rank_sum = 0.0;
    for (std::size_t first = 0; first < order.size();) {
        std::size_t last = first;
        std::size_t positives_here = 0;
        while (last < order.size() && scores[order[last]] == scores[order[first]])
            positives_here += labels[order[last++]];
        const double midrank = 0.5 * static_cast<double>(first + 1 + last);
        rank_sum += midrank * static_cast<double>(positives_here);
        first = last;
    }
    const auto up = static_cast<double>(positives);
    return (rank_sum - 0.5 * up * (up + 1.0)) / (up * static_cast<double>(negatives));
}

}  // namespace gradus
