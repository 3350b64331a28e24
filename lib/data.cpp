// SPDX-License-Identifier: MIT
// Splitting, standardising, batches and the two moons. Reading files stands in csv.cpp.
#include "gradus/data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "gradus/error.hpp"

namespace gradus {
namespace {

/// Beyond this a double can no longer hold every whole number.
constexpr double kMaxLabel = 0x1p53;

/// More are a mistake, such as a negative number.
constexpr std::size_t kMostRows = std::numeric_limits<std::uint32_t>::max();

void check_row(const char* where, std::size_t i, std::size_t rows) {
    if (i >= rows)
        throw ShapeError(
            fmt::format("{}: no such row: row {} of {} rows. Rows are counted from 0.", where, i, rows));
}

void check_count(const char* where, const char* what, std::size_t n) {
    if (n > kMostRows)
        throw DomainError(
            fmt::format("{}: too many {}: {}, at most {}. Check the number.", where, what, n, kMostRows));
}

/// A Dataset is open to everybody: before its numbers are walked over, its sizes must fit.
void check_sizes(const char* where, const Dataset& data) {
    const std::size_t n = data.inputs.size();  // divided, for rows * columns may overflow
    const bool inputs_fit =
        data.columns == 0 ? n == 0 : n / data.columns == data.rows && n % data.columns == 0;
    if (!inputs_fit || (!data.targets.empty() && data.targets.size() != data.rows))
        throw ShapeError(
            fmt::format("{}: sizes do not fit: {} inputs and {} targets in ({},{}). "
                        "Make rows * columns inputs, and as many targets as rows or none.",
                        where, data.inputs.size(), data.targets.size(), data.rows, data.columns));
}

}  // namespace

std::span<const double> Dataset::row(std::size_t i) const {
    check_row("Dataset::row", i, rows);
    check_sizes("Dataset::row", *this);
    return std::span(inputs).subspan(i * columns, columns);
}

std::size_t Dataset::label(std::size_t i) const {
    if (i >= targets.size()) {
        check_row("Dataset::label", i, rows);
        throw ShapeError(fmt::format(
            "Dataset::label: row {} has no target: found {} targets. Read the data with a target.", i,
            targets.size()));
    }
    const double target = targets[i];
    if (!(target >= 0.0 && target <= kMaxLabel) || target != std::floor(target))
        throw DomainError(
            fmt::format("Dataset::label: the target of row {} is not the number of a class: {}. "
                        "Number the classes 0, 1, ..., or read targets[i] for regression.",
                        i, target));
    return static_cast<std::size_t>(target);
}

std::vector<std::size_t> Dataset::labels() const {
    std::vector<std::size_t> all;
    all.reserve(std::min(rows, targets.size()));
    for (std::size_t i = 0; i < rows; ++i) all.push_back(label(i));
    return all;
}

Dataset Dataset::select(std::span<const std::size_t> chosen) const {
    check_sizes("Dataset::select", *this);
    Dataset part;
    part.rows = chosen.size();
    part.columns = columns;
    part.class_names = class_names;
    part.feature_names = feature_names;
    part.inputs.reserve(chosen.size() * columns);
    for (std::size_t i : chosen) {
        const auto from = row(i);
        part.inputs.insert(part.inputs.end(), from.begin(), from.end());
        if (!targets.empty()) part.targets.push_back(targets[i]);
    }
    return part;
}

Split stratified_split(const Dataset& data, double test_fraction, std::uint64_t seed) {
    if (!(test_fraction > 0.0 && test_fraction < 1.0))
        throw DomainError(
            fmt::format("stratified_split: test_fraction is not between 0 and 1: {}. "
                        "Give the part to hold out, such as 0.2.",
                        test_fraction));
    if (data.rows == 0) throw DomainError("stratified_split: nothing to split: 0 rows. Read the data first.");

    // Rows sorted by class: a greater label than rows cannot be without an empty class below it.
    const std::vector<std::size_t> labels = data.labels();
    const std::size_t classes =
        std::max(*std::max_element(labels.begin(), labels.end()) + 1, data.class_names.size());
    std::vector<std::vector<std::size_t>> members(std::min(classes, data.rows + 1));
    for (std::size_t i = 0; i < data.rows; ++i)
        if (labels[i] < members.size()) members[labels[i]].push_back(i);

    Random random{seed};
    std::vector<bool> held_out(data.rows);
    for (std::size_t k = 0; k < members.size(); ++k) {
        const std::size_t n = members[k].size();
        if (n < 2)
            throw DomainError(
                fmt::format("stratified_split: class {}{} is too small: {} example{}. "
                            "Each part needs one: add examples, or leave the class out.",
                            k, k < data.class_names.size() ? " (" + data.class_names[k] + ")" : "", n,
                            n == 1 ? "" : "s"));
        const auto wanted = static_cast<std::size_t>(std::llround(static_cast<double>(n) * test_fraction));
        random.shuffle(members[k]);
        for (std::size_t i : std::span(members[k]).first(std::clamp<std::size_t>(wanted, 1, n - 1)))
            held_out[i] = true;
    }

    std::vector<std::size_t> train;
    std::vector<std::size_t> test;
    for (std::size_t i = 0; i < data.rows; ++i) (held_out[i] ? test : train).push_back(i);
    return {data.select(train), data.select(test)};
}

Standardizer::Standardizer(const Dataset& train) {
    if (train.rows == 0)
        throw DomainError("Standardizer: no figures to take: 0 rows. Give the training part.");
    check_sizes("Standardizer", train);
    means_.resize(train.columns);
    scales_.resize(train.columns);
    const auto n = static_cast<double>(train.rows);
    for (std::size_t j = 0; j < train.columns; ++j) {
        const auto at = [&](std::size_t i) { return train.inputs[i * train.columns + j]; };
        double sum = 0.0;
        bool constant = true;
        for (std::size_t i = 0; i < train.rows; ++i) {
            if (!std::isfinite(at(i)))
                throw DomainError(
                    fmt::format("Standardizer: row {}, column {} is not finite: {}. "
                                "Remove the row, or mend it.",
                                i, j, at(i)));
            sum += at(i);
            constant = constant && at(i) == at(0);
        }
        // A rounded mean would leave a constant column a tiny deviation, and dividing by it would blow up
        // noise.
        const double mean = constant ? at(0) : sum / n;
        double squares = 0.0;
        for (std::size_t i = 0; i < train.rows; ++i) squares += (at(i) - mean) * (at(i) - mean);
        const double scale = std::sqrt(squares / n);
        if (!std::isfinite(mean) || !std::isfinite(scale))
            throw DomainError(
                fmt::format("Standardizer: column {} is too large: its squares overflow. "
                            "Scale it below 1e150.",
                            j));
        means_[j] = mean;
        scales_[j] = scale > 0.0 ? scale : 1.0;
    }
}

Dataset Standardizer::transform(Dataset data) const {
    check_sizes("Standardizer::transform", data);
    for (std::size_t i = 0; i < data.rows; ++i)
        transform(std::span(data.inputs).subspan(i * data.columns, data.columns));
    return data;
}

void Standardizer::transform(std::span<double> row) const {
    if (row.size() != means_.size())
        throw ShapeError(
            fmt::format("Standardizer::transform: the number of columns differs: {} here, {} in the "
                        "training part. Give data with the same columns.",
                        row.size(), means_.size()));
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = (row[j] - means_[j]) / scales_[j];
}

Batches::Batches(std::size_t n, std::size_t batch_size, std::uint64_t seed)
    : batch_size_(batch_size), random_(seed) {
    if (n == 0) throw DomainError("Batches: no rows: n is 0. Give a data set that is not empty.");
    check_count("Batches", "rows", n);
    if (batch_size == 0)
        throw DomainError("Batches: the batch size is 0. Give 1 for stochastic descent, n for full batches.");
    order_.resize(n);
    std::iota(order_.begin(), order_.end(), std::size_t{0});
}

const Batches& Batches::shuffle() {
    random_.shuffle(order_);
    return *this;
}

Batch::Batch(std::span<const double> numbers, std::size_t examples) : numbers_(numbers), size_(examples) {
    if (examples == 0 || numbers.size() % examples != 0) {
        throw ShapeError(fmt::format(
            "Batch: the numbers cannot be shared out: {} numbers among {} examples. Give each as many.",
            numbers.size(), examples));
    }
    check_count("Batch", "examples", examples);
    columns_ = numbers.size() / examples;
}

Batch::Batch(const Dataset& data, std::span<const std::size_t> rows) : Batch(data) {
    if (rows.empty()) throw ShapeError("Batch: no rows are chosen: found 0. Give at least one.");
    for (const std::size_t i : rows) check_row("Batch", i, data.rows);
    rows_ = rows, size_ = rows.size();
}

Batch::Batch(const Dataset& data)
    : data_(&data),
      data_rows_(data.rows),
      size_(data.rows),
      columns_(data.columns + (data.targets.empty() ? 0 : 1)) {
    check_sizes("Batch", data);
    if (data.rows == 0) throw ShapeError("Batch: the data set has no rows: found 0. Give at least one.");
    check_count("Batch", "examples", data.rows);
}

void Batch::copy(std::size_t example, std::span<double> to) const {
    check_row("Batch::copy", example, size_);
    if (to.size() != columns_) {
        throw ShapeError(
            fmt::format("Batch::copy: there must be room for the numbers of an example: found {}, they are "
                        "{}. Give columns().",
                        to.size(), columns_));
    }
    if (data_ == nullptr)
        return void(std::ranges::copy(numbers_.subspan(example * columns_, columns_), to.begin()));
    const std::size_t inputs = data_->columns, targets = data_->targets.size();
    if (columns_ != inputs + (targets == 0 ? 0 : 1) || data_->inputs.size() != data_rows_ * inputs ||
        targets != (columns_ - inputs) * data_rows_) {
        throw ShapeError(
            fmt::format("Batch: the data set has changed: it had {} rows of {} numbers, now it has {} inputs "
                        "and {} targets. Make the batch anew.",
                        data_rows_, columns_, data_->inputs.size(), targets));
    }
    const std::size_t i = rows_.empty() ? example : rows_[example];
    check_row("Batch", i, data_rows_);
    std::copy_n(data_->inputs.begin() + static_cast<std::ptrdiff_t>(i * inputs), inputs, to.begin());
    if (targets > 0) to[inputs] = data_->targets[i];
}

Dataset two_moons(std::size_t n, double noise, std::uint64_t seed) {
    if (n < 2)
        throw DomainError(fmt::format("two_moons: too few points: {}. Give 2 or more, one a moon.", n));
    check_count("two_moons", "points", n);
    if (!std::isfinite(noise) || noise < 0.0)
        throw DomainError(
            fmt::format("two_moons: the noise is no standard deviation: {}. "
                        "Give a finite number of at least 0, such as 0.1.",
                        noise));
    Dataset moons;
    moons.rows = n;
    moons.columns = 2;
    moons.class_names = {"upper", "lower"};
    moons.feature_names = {"x", "y"};
    moons.inputs.reserve(2 * n);  // what lacks memory throws before the machine swaps
    Random random{seed};
    for (std::size_t i = 0; i < n; ++i) {
        const bool lower = i % 2 == 1;
        const std::size_t points = lower ? n / 2 : (n + 1) / 2;
        // Midpoints of equal parts of [0, pi]: defined for a single point, too.
        const double t = std::numbers::pi * (static_cast<double>(i / 2) + 0.5) / static_cast<double>(points);
        const double x = lower ? 1.0 - std::cos(t) : std::cos(t);
        const double y = lower ? 0.5 - std::sin(t) : std::sin(t);
        moons.inputs.push_back(x + random.normal(0.0, noise));
        moons.inputs.push_back(y + random.normal(0.0, noise));
        moons.targets.push_back(lower ? 1.0 : 0.0);
    }
    return moons;
}

}  // namespace gradus
