# SPDX-License-Identifier: MIT
# Prints reference numbers of tests/data.cpp and tests/metrics.cpp: python3 data_reference.py
# Python 3.11 (standard library): statistics rounds sums of exact fractions once; the AUC counts all pairs.
import csv
import pathlib
import statistics
from fractions import Fraction

data = pathlib.Path(__file__).parents[2] / "examples" / "data"

rows = list(csv.reader((data / "breast_cancer.csv").open()))[1:]
for j in (0, 3, 19, 29):
    column = [float(row[j]) for row in rows]
    print("breast_cancer column", j, "mean", repr(statistics.mean(column)), "deviation",
          repr(statistics.pstdev(column)))
labels = [int(row[-1]) for row in rows]
print("breast_cancer classes", [labels.count(k) for k in range(2)])
digits = [int(row[-1]) for row in csv.reader((data / "digits.csv").open())]
print("digits classes", [digits.count(k) for k in range(10)])


def auc(scores, positive):
    """The chance that a positive row scores above a negative one; a tie counts half."""
    wins = Fraction(0)
    ups = [s for s, p in zip(scores, positive) if p]
    downs = [s for s, p in zip(scores, positive) if not p]
    for up in ups:
        for down in downs:
            wins += 1 if up > down else Fraction(1, 2) if up == down else 0
    return wins / (len(ups) * len(downs))


# Mean texture, cut to whole numbers so that many rows tie, as a score for "malignant".
scores = [int(float(row[1])) for row in rows]
value = auc(scores, [label == 0 for label in labels])
print("AUC of texture for malignant", value, repr(float(value)))

truth = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]
predicted = [0, 0, 0, 1, 1, 1, 2, 2, 2, 2]
figures = []
for k in range(3):
    hits = sum(t == p == k for t, p in zip(truth, predicted))
    precision, recall = Fraction(hits, predicted.count(k)), Fraction(hits, truth.count(k))
    figures.append((precision, recall, 2 * precision * recall / (precision + recall)))
    print("class", k, "precision, recall, F1:", *figures[-1])
print("macro:", *(sum(column) / 3 for column in zip(*figures)))
