// SPDX-License-Identifier: MIT
// Tests of gradus/metrics.hpp. Reference numbers: tests/reference/data_reference.py, Python 3.11.
#include "gradus/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "doctest.hpp"
#include "gradus/data.hpp"
#include "gradus/error.hpp"

using namespace gradus;
using doctest::Approx;

namespace {

using Labels = std::vector<std::size_t>;
using Scores = std::vector<double>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

const Labels kTruth{0, 0, 0, 0, 1, 1, 1, 2, 2, 2};
const Labels kPredicted{0, 0, 0, 1, 1, 1, 2, 2, 2, 2};

ConfusionMatrix example() {
    ConfusionMatrix matrix({"cat", "dog", "bird"});
    for (std::size_t i = 0; i < kTruth.size(); ++i) matrix.add(kTruth[i], kPredicted[i]);
    return matrix;
}

}  // namespace

TEST_CASE("metrics: accuracy is the fraction of hits") {
    CHECK(accuracy(kTruth, kPredicted) == 0.8);
    CHECK(accuracy(kTruth, kTruth) == 1.0);
    CHECK(accuracy(Labels{0}, Labels{1}) == 0.0);
    CHECK(example().accuracy() == 0.8);
}

TEST_CASE("metrics: precision, recall and F1 agree with the reference") {
    const ConfusionMatrix matrix = example();
    const Scores precision{1.0, 2.0 / 3.0, 0.75};
    const Scores recall{0.75, 2.0 / 3.0, 1.0};
    const Scores f1{6.0 / 7.0, 2.0 / 3.0, 6.0 / 7.0};
    for (std::size_t k = 0; k < 3; ++k) {
        CHECK(matrix.precision(k) == precision[k]);
        CHECK(matrix.recall(k) == recall[k]);
        CHECK(matrix.f1(k) == f1[k]);
    }
    CHECK(matrix.macro_precision() == Approx(29.0 / 36.0).epsilon(1e-15));
    CHECK(matrix.macro_recall() == Approx(29.0 / 36.0).epsilon(1e-15));
    CHECK(matrix.macro_f1() == Approx(50.0 / 63.0).epsilon(1e-15));
    CHECK(matrix.total() == 10);
    CHECK(matrix.count(0, 1) == 1);
    CHECK(matrix.count(1, 0) == 0);
}

TEST_CASE("metrics: a figure without rows is zero and counts in the macro mean") {
    ConfusionMatrix matrix({"a", "b", "never seen", "only predicted"});
    CHECK(matrix.macro_f1() == 0.0);
    matrix.add(0, 0);
    matrix.add(1, 3);
    CHECK(matrix.precision(1) == 0.0);  // never predicted
    CHECK(matrix.recall(3) == 0.0);     // never occurred
    CHECK(matrix.f1(2) == 0.0);         // neither
    CHECK(matrix.macro_precision() == 0.25);
    CHECK(matrix.macro_recall() == 0.25);
    CHECK(matrix.macro_f1() == 0.25);
}

TEST_CASE("metrics: the confusion matrix prints as a table") {
    CHECK(example().to_string() ==
          "true \\ predicted   cat   dog  bird\n"
          "cat                  3     1     0\n"
          "dog                  0     2     1\n"
          "bird                 0     0     3\n");
    ConfusionMatrix wide({"a class with a long name", "b"});
    for (int i = 0; i < 1000; ++i) wide.add(1, 1);
    CHECK(wide.to_string() ==
          "true \\ predicted          a class with a long name                         b\n"
          "a class with a long name                         0                         0\n"
          "b                                                0                      1000\n");
}

TEST_CASE("metrics: the AUC counts ordered pairs, a tie as half") {
    CHECK(roc_auc(Scores{0.1, 0.4, 0.35, 0.8}, Labels{0, 0, 1, 1}) == 0.75);
    CHECK(roc_auc(Scores{1, 2, 3, 4}, Labels{0, 0, 1, 1}) == 1.0);
    CHECK(roc_auc(Scores{4, 3, 2, 1}, Labels{0, 0, 1, 1}) == 0.0);
    CHECK(roc_auc(Scores{7, 7, 7, 7, 7}, Labels{0, 1, 1, 0, 1}) == 0.5);
    CHECK(roc_auc(Scores{1, 2, 2, 3}, Labels{0, 0, 1, 1}) == 0.875);
    CHECK(roc_auc(Scores{-kInfinity, kInfinity}, Labels{0, 1}) == 1.0);
    CHECK(roc_auc(Scores{-0.0, 0.0}, Labels{0, 1}) == 0.5);
}

TEST_CASE("metrics: the AUC of a measurement with many ties agrees with the reference") {
    const Dataset data = read_csv(GRADUS_SOURCE_DIR "/examples/data/breast_cancer.csv");
    Scores scores(data.rows);
    Labels malignant(data.rows);
    for (std::size_t i = 0; i < data.rows; ++i) {
        scores[i] = std::floor(data.row(i)[1]);
        malignant[i] = data.label(i) == 0 ? 1 : 0;
    }
    // All sums are exact in doubles; the division alone rounds.
    CHECK(roc_auc(scores, malignant) == 58549.0 / 75684.0);
}

TEST_CASE("metrics: arguments that do not fit are named") {
    CHECK_THROWS_WITH_AS(
        accuracy(Labels{0, 1}, Labels{0}),
        "accuracy: the sizes differ: 2 true classes and 1 predicted ones. Give one of each for every row.",
        ShapeError);
    CHECK_THROWS_WITH_AS(accuracy(Labels{}, Labels{}),
                         "accuracy: nothing to compare: 0 rows. Predict at least one.", DomainError);
    CHECK_THROWS_WITH_AS(ConfusionMatrix({}),
                         "ConfusionMatrix: no classes: 0 names. Give a name for each class.", DomainError);
    CHECK_THROWS_WITH_AS(ConfusionMatrix({"a"}).accuracy(),
                         "ConfusionMatrix::accuracy: nothing was counted: 0 rows. Call add() first.",
                         DomainError);
    ConfusionMatrix matrix = example();
    CHECK_THROWS_WITH_AS(matrix.add(0, 3),
                         "ConfusionMatrix::add: no such class: 3, there are 3. Classes are counted from 0.",
                         DomainError);
    CHECK(matrix.total() == 10);  // nothing was counted by halves
    CHECK_THROWS_AS(matrix.add(3, 0), DomainError);
    CHECK_THROWS_AS(matrix.count(0, 3), DomainError);
    CHECK_THROWS_AS(matrix.precision(3), DomainError);
    CHECK_THROWS_AS(matrix.recall(3), DomainError);
    CHECK_THROWS_AS(matrix.f1(3), DomainError);
}

TEST_CASE("metrics: the AUC needs two classes and scores that can be ordered") {
    CHECK_THROWS_WITH_AS(roc_auc(Scores{1.0, 2.0}, Labels{1, 1}),
                         "roc_auc: a class is missing: 0 rows of class 0, 2 of class 1. Give rows of both.",
                         DomainError);
    CHECK_THROWS_AS(roc_auc(Scores{}, Labels{}), DomainError);
    CHECK_THROWS_WITH_AS(
        roc_auc(Scores{1.0, 2.0}, Labels{0, 2}),
        "roc_auc: the label of row 1 is neither 0 nor 1: 2. Compare one class with the rest.", DomainError);
    CHECK_THROWS_WITH_AS(roc_auc(Scores{1.0, kNan}, Labels{0, 1}),
                         "roc_auc: the score of row 1 is nan. Look for the first nan in the model.",
                         DomainError);
    CHECK_THROWS_WITH_AS(roc_auc(Scores{1.0}, Labels{0, 1}),
                         "roc_auc: the sizes differ: 1 scores and 2 labels. Give one of each for every row.",
                         ShapeError);
}
