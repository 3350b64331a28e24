// SPDX-License-Identifier: MIT
// How good predictions are: accuracy, confusion matrix, precision, recall, F1, area under the ROC curve.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace gradus {

/// Return the fraction of rows whose predicted class is the true one.
/// Shapes: truth (n), predicted (n).
/// Raises ShapeError if the sizes differ, DomainError if there are no rows.
double accuracy(std::span<const std::size_t> truth, std::span<const std::size_t> predicted);

/// Count how often each class was taken for each.
/// A figure whose denominator is zero is 0: precision of a class that was never predicted, recall of a class
/// that never occurred, F1 of a class of which neither happened. Macro figures are plain means over all
/// classes, such ones included.
/// Raises DomainError wherever a class number is not below classes().
class ConfusionMatrix {
   public:
    /// Begin with zero counts for the named classes.
    /// Raises DomainError if there are none.
    explicit ConfusionMatrix(std::vector<std::string> class_names);

    /// Count one row.
    void add(std::size_t truth, std::size_t predicted);

    /// Return how many rows of the class `truth` were predicted as `predicted`.
    std::size_t count(std::size_t truth, std::size_t predicted) const;

    std::size_t classes() const { return class_names_.size(); }  ///< number of classes
    std::size_t total() const;                                   ///< rows counted

    /// Return the fraction of rows on the diagonal.
    /// Raises DomainError if nothing was counted.
    double accuracy() const;

    double precision(std::size_t k) const;  ///< of the rows predicted as k, the fraction that is k
    double recall(std::size_t k) const;     ///< of the rows that are k, the fraction predicted as k
    double f1(std::size_t k) const;         ///< harmonic mean of precision and recall of k

    double macro_precision() const;  ///< mean of precision over the classes
    double macro_recall() const;     ///< mean of recall over the classes
    double macro_f1() const;         ///< mean of f1 over the classes

    /// Return the counts as a table: a line for each true class, a column for each predicted one.
    std::string to_string() const;

   private:
    void check(const char* where, std::size_t k) const;
    std::size_t row_sum(std::size_t k) const;
    std::size_t column_sum(std::size_t k) const;

    std::vector<std::string> class_names_;
    std::vector<std::size_t> counts_;  // (classes, classes): truth, predicted
};

/// Return the area under the ROC curve: the chance that a row of class 1 scores above a row of class 0.
/// A tie counts half. Scores need no scale; infinite ones are allowed.
/// Shapes: scores (n), labels (n), each label 0 or 1.
/// Raises ShapeError if the sizes differ, DomainError if a class is missing, a label is neither 0 nor 1, or a
/// score is nan.
/// Cost: O(n log n), one sort.
double roc_auc(std::span<const double> scores, std::span<const std::size_t> labels);

}  // namespace gradus
