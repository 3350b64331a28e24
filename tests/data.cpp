// SPDX-License-Identifier: MIT
// Tests of gradus/data.hpp but for reading files (tests/csv.cpp).
// Reference numbers: tests/reference/data_reference.py, Python 3.11.
#include "gradus/data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <type_traits>
#include <utility>

#include "doctest.hpp"
#include "gradus/error.hpp"
#include "gradus/program.hpp"

using namespace gradus;
using doctest::Approx;

namespace {

using Rows = std::vector<std::size_t>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// One column of inputs; targets zero.
Dataset column(std::vector<double> inputs) {
    Dataset data;
    data.rows = inputs.size();
    data.columns = 1;
    data.inputs = std::move(inputs);
    data.targets.assign(data.rows, 0.0);
    return data;
}

/// Rows whose input is their number, with the given classes.
Dataset numbered(std::vector<double> targets) {
    std::vector<double> inputs(targets.size());
    std::iota(inputs.begin(), inputs.end(), 0.0);
    Dataset data = column(std::move(inputs));
    data.targets = std::move(targets);
    return data;
}

std::ptrdiff_t count(const Dataset& data, double target) {
    return std::count(data.targets.begin(), data.targets.end(), target);
}

Dataset breast_cancer() { return read_csv(GRADUS_SOURCE_DIR "/examples/data/breast_cancer.csv"); }

}  // namespace

static_assert(std::forward_iterator<Batches::Iterator>);

// A batch of data that nobody keeps would read what is gone.
static_assert(!std::is_constructible_v<Batch, Dataset>);
static_assert(!std::is_constructible_v<Batch, const Dataset, std::span<const std::size_t>>);
static_assert(std::is_constructible_v<Batch, const Dataset&, std::span<const std::size_t>>);

TEST_CASE("data: rows are parts of the inputs") {
    Dataset data;
    data.rows = 2;
    data.columns = 3;
    data.inputs = {1, 2, 3, 4, 5, 6};
    CHECK(data.row(1).size() == 3);
    CHECK(data.row(1)[0] == 4.0);
    CHECK_THROWS_WITH_AS(data.row(2), "Dataset::row: no such row: row 2 of 2 rows. Rows are counted from 0.",
                         ShapeError);
    CHECK_THROWS_WITH_AS((void)data.label(0),
                         "Dataset::label: row 0 has no target: found 0 targets. Read the data with a target.",
                         ShapeError);
    Dataset overflown;
    overflown.rows = std::size_t{1} << 63, overflown.columns = 2;
    CHECK_THROWS_WITH_AS(overflown.row(5),
                         "Dataset::row: sizes do not fit: 0 inputs and 0 targets in (9223372036854775808,2). "
                         "Make rows * columns inputs, and as many targets as rows or none.",
                         ShapeError);
    overflown.columns = std::size_t{1} << 62;
    CHECK_THROWS_AS(Standardizer{overflown}, ShapeError);
    CHECK_THROWS_AS(overflown.labels(), ShapeError);
    data.inputs.pop_back();
    CHECK_THROWS_WITH_AS(data.row(0),
                         "Dataset::row: sizes do not fit: 5 inputs and 0 targets in (2,3). "
                         "Make rows * columns inputs, and as many targets as rows or none.",
                         ShapeError);
}

TEST_CASE("data: labels are whole numbers from 0") {
    CHECK(numbered({0, 3, 1}).labels() == Rows{0, 3, 1});
    CHECK_THROWS_WITH_AS(numbered({0, 1.5}).label(1),
                         "Dataset::label: the target of row 1 is not the number of a class: 1.5. "
                         "Number the classes 0, 1, ..., or read targets[i] for regression.",
                         DomainError);
    for (double target : {-1.0, kNan, kInfinity, 1e300})
        CHECK_THROWS_AS(numbered({target}).labels(), DomainError);
}

TEST_CASE("data: select copies rows in the given order") {
    Dataset data = numbered({0, 1, 2});
    data.class_names = {"a", "b", "c"};
    data.feature_names = {"x"};
    const Dataset part = data.select(Rows{2, 0, 2});
    CHECK(part.rows == 3);
    CHECK(part.inputs == std::vector<double>{2, 0, 2});
    CHECK(part.targets == std::vector<double>{2, 0, 2});
    CHECK(part.class_names == data.class_names);
    CHECK(part.feature_names == data.feature_names);
    CHECK(data.select(Rows{}).rows == 0);
    CHECK_THROWS_AS(data.select(Rows{3}), ShapeError);
}

TEST_CASE("data: a stratified split holds out the same part of each class") {
    const Dataset data = breast_cancer();
    const Split split = stratified_split(data, 0.25, 1);
    CHECK(count(split.test, 0.0) == 53);  // a quarter of 212
    CHECK(count(split.test, 1.0) == 89);  // of 357, rounded
    CHECK(count(split.train, 0.0) == 212 - 53);
    CHECK(count(split.train, 1.0) == 357 - 89);
    CHECK(split.test.class_names == data.class_names);
}

TEST_CASE("data: each row goes into one part of a split, in its old order") {
    const Dataset data = numbered({0, 1, 0, 1, 0, 1, 0, 1, 0, 1});
    const Split split = stratified_split(data, 0.4, 5);
    std::vector<double> all = split.train.inputs;
    CHECK(std::is_sorted(all.begin(), all.end()));
    CHECK(std::is_sorted(split.test.inputs.begin(), split.test.inputs.end()));
    all.insert(all.end(), split.test.inputs.begin(), split.test.inputs.end());
    std::sort(all.begin(), all.end());
    CHECK(all == data.inputs);
}

TEST_CASE("data: a split depends on its seed alone") {
    const Dataset data = breast_cancer();
    CHECK(stratified_split(data, 0.2, 1).test.inputs == stratified_split(data, 0.2, 1).test.inputs);
    CHECK(stratified_split(data, 0.2, 1).test.inputs != stratified_split(data, 0.2, 2).test.inputs);
}

TEST_CASE("data: both parts of a split have every class, however small the fraction") {
    const Dataset data = numbered({0, 0, 1, 1});
    for (double fraction : {1e-9, 0.5, 1.0 - 1e-9}) {
        const Split split = stratified_split(data, fraction, 1);
        CHECK(split.test.targets == std::vector<double>{0, 1});
        CHECK(split.train.targets == std::vector<double>{0, 1});
    }
}

TEST_CASE("data: a split that cannot be made is refused") {
    const Dataset data = numbered({0, 0, 1, 1});
    CHECK_THROWS_WITH_AS(stratified_split(data, 1.0, 1),
                         "stratified_split: test_fraction is not between 0 and 1: 1. "
                         "Give the part to hold out, such as 0.2.",
                         DomainError);
    CHECK_THROWS_AS(stratified_split(data, 0.0, 1), DomainError);
    CHECK_THROWS_AS(stratified_split(data, kNan, 1), DomainError);
    CHECK_THROWS_WITH_AS(stratified_split(Dataset{}, 0.5, 1),
                         "stratified_split: nothing to split: 0 rows. Read the data first.", DomainError);
    CHECK_THROWS_WITH_AS(stratified_split(numbered({0, 0, 1}), 0.5, 1),
                         "stratified_split: class 1 is too small: 1 example. "
                         "Each part needs one: add examples, or leave the class out.",
                         DomainError);
    CHECK_THROWS_AS(stratified_split(numbered({0, 0, 1e15}), 0.5, 1), DomainError);

    Dataset named = data;
    named.class_names = {"a", "b", "c"};
    CHECK_THROWS_WITH_AS(stratified_split(named, 0.5, 1),
                         "stratified_split: class 2 (c) is too small: 0 examples. "
                         "Each part needs one: add examples, or leave the class out.",
                         DomainError);
}

TEST_CASE("data: the standardiser takes mean and deviation as the reference does") {
    const Dataset data = breast_cancer();
    const Standardizer standardizer(data);
    struct Row {
        std::size_t column;
        double mean, deviation;
    };
    // Tolerance: sums of 569 terms, each rounded once, lose at most 569 times 1.1e-16.
    for (const Row& row :
         {Row{0, 14.127291739894552, 3.520950760711062}, Row{3, 654.8891036906854, 351.60475406323},
          Row{19, 0.0037949038664323374, 0.0026437447504047374},
          Row{29, 0.08394581722319859, 0.01804538930859499}}) {
        CHECK(standardizer.means()[row.column] == Approx(row.mean).epsilon(1e-13));
        CHECK(standardizer.scales()[row.column] == Approx(row.deviation).epsilon(1e-13));
    }
}

TEST_CASE("data: standardised training inputs have mean 0 and deviation 1, held-out ones nearly") {
    const Split split = stratified_split(breast_cancer(), 0.25, 1);
    const Standardizer standardizer(split.train);
    const Standardizer train(standardizer.transform(split.train));
    const Standardizer test(standardizer.transform(split.test));
    bool leaked = true;
    for (std::size_t j = 0; j < 30; ++j) {
        CHECK(std::abs(train.means()[j]) < 1e-12);
        CHECK(train.scales()[j] == Approx(1.0).epsilon(1e-12));
        CHECK(std::abs(test.means()[j]) < 0.5);
        leaked = leaked && std::abs(test.means()[j]) < 1e-12;
    }
    CHECK_FALSE(leaked);
}

TEST_CASE("data: a constant column becomes zero, rounding notwithstanding") {
    const Standardizer standardizer(column(std::vector<double>(10, 0.1)));
    CHECK(standardizer.means()[0] == 0.1);
    CHECK(standardizer.scales()[0] == 1.0);
    CHECK(standardizer.transform(column({0.1, 0.6})).inputs == std::vector<double>{0.0, 0.5});
    CHECK(Standardizer(column({1e-200, 2e-200})).scales()[0] == 1.0);  // the squares underflow
}

TEST_CASE("data: one row is standardised in place") {
    std::vector<double> row{5.0};
    Standardizer(column({1.0, 3.0})).transform(row);
    CHECK(row[0] == 3.0);
}

TEST_CASE("data: the standardiser refuses data without figures") {
    CHECK_THROWS_WITH_AS(Standardizer(Dataset{}),
                         "Standardizer: no figures to take: 0 rows. Give the training part.", DomainError);
    CHECK_THROWS_WITH_AS(Standardizer(column({1.0, kInfinity})),
                         "Standardizer: row 1, column 0 is not finite: inf. Remove the row, or mend it.",
                         DomainError);
    CHECK_THROWS_AS(Standardizer(column({kNan})), DomainError);
    CHECK_THROWS_AS(Standardizer(column({kInfinity, kInfinity})), DomainError);
    CHECK_THROWS_WITH_AS(Standardizer(column({-1e200, 1e200})),
                         "Standardizer: column 0 is too large: its squares overflow. Scale it below 1e150.",
                         DomainError);
    CHECK_THROWS_AS(Standardizer(column({1e308, 1.5e308})), DomainError);
    Dataset short_of_inputs = column({1.0, 2.0});
    short_of_inputs.columns = 2;
    CHECK_THROWS_AS(Standardizer{short_of_inputs}, ShapeError);
}

TEST_CASE("data: the standardiser refuses other columns") {
    Dataset wide;
    wide.rows = 1;
    wide.columns = 2;
    wide.inputs = {1, 2};
    CHECK_THROWS_WITH_AS(Standardizer(column({1.0, 2.0})).transform(wide),
                         "Standardizer::transform: the number of columns differs: 2 here, 1 in the training "
                         "part. Give data with the same columns.",
                         ShapeError);
}

TEST_CASE("data: batches hold every row once an epoch, the last what is left") {
    for (std::size_t batch_size : {1u, 3u, 4u, 10u, 1000u}) {
        CAPTURE(batch_size);
        Batches batches{10, batch_size, 1};
        for (int epoch = 0; epoch < 3; ++epoch) {
            Rows seen;
            std::size_t number = 0;
            for (std::span<const std::size_t> batch : batches.shuffle()) {
                ++number;
                CHECK(batch.size() == std::min(batch_size, 10 - seen.size()));
                seen.insert(seen.end(), batch.begin(), batch.end());
            }
            CHECK(number == batches.size());
            std::sort(seen.begin(), seen.end());
            CHECK(seen == Rows{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
        }
    }
}

TEST_CASE("data: batches differ between epochs and agree between equal seeds") {
    Batches batches{100, 100, 1};
    Batches twin{100, 100, 1};
    Batches other{100, 100, 2};
    const auto order = [](const Batches& shuffled) {
        const auto batch = *shuffled.begin();
        return Rows(batch.begin(), batch.end());
    };
    const Rows first = order(batches.shuffle());
    CHECK(order(twin.shuffle()) == first);
    CHECK(order(other.shuffle()) != first);
    const Rows second = order(batches.shuffle());
    CHECK(second != first);
    CHECK(order(twin.shuffle()) == second);
}

TEST_CASE("data: a shuffle leaves the row numbers where they are in memory") {
    Batches batches{100, 7, 1};
    const std::size_t* before = (*batches.begin()).data();
    for (int epoch = 0; epoch < 10; ++epoch) CHECK((*batches.shuffle().begin()).data() == before);
}

TEST_CASE("data: batches of nothing are refused") {
    CHECK_THROWS_WITH_AS((Batches{10, 0, 1}),
                         "Batches: the batch size is 0. Give 1 for stochastic descent, n for full batches.",
                         DomainError);
    CHECK_THROWS_WITH_AS(
        (Batches{static_cast<std::size_t>(-1), 1, 1}),
        "Batches: too many rows: 18446744073709551615, at most 4294967295. Check the number.", DomainError);
    CHECK_THROWS_WITH_AS((Batches{0, 1, 1}), "Batches: no rows: n is 0. Give a data set that is not empty.",
                         DomainError);
}

TEST_CASE("data: two moons without noise lie on their half circles") {
    const Dataset moons = two_moons(101, 0.0, 1);
    CHECK(moons.rows == 101);
    CHECK(moons.columns == 2);
    CHECK(count(moons, 0.0) == 51);
    CHECK(count(moons, 1.0) == 50);
    CHECK(moons.class_names == std::vector<std::string>{"upper", "lower"});
    for (std::size_t i = 0; i < moons.rows; ++i) {
        const double x = moons.row(i)[0] - (moons.label(i) == 0 ? 0.0 : 1.0);
        const double y = moons.row(i)[1] - (moons.label(i) == 0 ? 0.0 : 0.5);
        CHECK(std::hypot(x, y) == Approx(1.0).epsilon(1e-14));
        CHECK((moons.label(i) == 0 ? y > 0.0 : y < 0.0));
    }
    CHECK(two_moons(2, 0.0, 1).inputs[1] == Approx(1.0).epsilon(1e-15));  // t = pi / 2
}

TEST_CASE("data: two moons are moved by noise of the given deviation") {
    const Dataset clean = two_moons(5000, 0.0, 1);
    const Dataset noisy = two_moons(5000, 0.2, 1);
    double squares = 0.0;
    for (std::size_t i = 0; i < clean.inputs.size(); ++i)
        squares += std::pow(noisy.inputs[i] - clean.inputs[i], 2);
    CHECK(std::sqrt(squares / 1e4) == Approx(0.2).epsilon(0.03));  // four standard errors: 4 / sqrt(2e4)
    CHECK(two_moons(100, 0.2, 1).inputs == two_moons(100, 0.2, 1).inputs);
    CHECK(two_moons(100, 0.2, 1).inputs != two_moons(100, 0.2, 2).inputs);
}

TEST_CASE("data: two moons need two points and a deviation") {
    CHECK_THROWS_WITH_AS(two_moons(1, 0.1, 1), "two_moons: too few points: 1. Give 2 or more, one a moon.",
                         DomainError);
    CHECK_THROWS_WITH_AS(
        two_moons(std::size_t{1} << 62, 0.1, 1),
        "two_moons: too many points: 4611686018427387904, at most 4294967295. Check the number.",
        DomainError);
    CHECK_THROWS_WITH_AS(two_moons(10, -0.1, 1),
                         "two_moons: the noise is no standard deviation: -0.1. "
                         "Give a finite number of at least 0, such as 0.1.",
                         DomainError);
    CHECK_THROWS_AS(two_moons(10, kNan, 1), DomainError);
}

namespace {

std::vector<double> numbers_of(const Batch& batch) {
    std::vector<double> all(batch.size() * batch.columns());
    for (std::size_t e = 0; e < batch.size(); ++e)
        batch.copy(e, std::span(all).subspan(e * batch.columns(), batch.columns()));
    return all;
}

}  // namespace

TEST_CASE("Batch: examples are the inputs of each row and its target") {
    Dataset data = numbered({5, 6, 7});
    CHECK(numbers_of({data, Rows{2, 0}}) == std::vector<double>{2, 7, 0, 5});
    CHECK(numbers_of(data) == std::vector<double>{0, 5, 1, 6, 2, 7});
    data.targets.clear();
    CHECK(numbers_of({data, Rows{1, 1}}) == std::vector<double>{1, 1});
    CHECK_THROWS_WITH_AS((Batch{data, Rows{3}}),
                         "Batch: no such row: row 3 of 3 rows. Rows are counted from 0.", ShapeError);
    CHECK_THROWS_WITH_AS((Batch{data, Rows{}}), "Batch: no rows are chosen: found 0. Give at least one.",
                         ShapeError);
    const Dataset nothing{};
    CHECK_THROWS_WITH_AS(Batch{nothing}, "Batch: the data set has no rows: found 0. Give at least one.",
                         ShapeError);
    data.targets = {1.0};
    CHECK_THROWS_AS(Batch{data}, ShapeError);
}

TEST_CASE("Batch: examples are numbers, as many for each") {
    const std::vector<double> numbers{1, 2, 3, 4, 5, 6};
    const Batch batch(numbers, 3);
    CHECK(batch.size() == 3);
    CHECK(batch.columns() == 2);
    CHECK(numbers_of(batch) == numbers);
    CHECK(Batch(numbers).columns() == 6);
    CHECK(Batch().size() == 1);
    CHECK(Batch().columns() == 0);
    CHECK_THROWS_WITH_AS(
        (Batch{numbers, 4}),
        "Batch: the numbers cannot be shared out: 6 numbers among 4 examples. Give each as many.",
        ShapeError);
    const std::vector<double> none;
    CHECK_THROWS_WITH_AS(
        (Batch{none, ~std::size_t{0}}),
        "Batch: too many examples: 18446744073709551615, at most 4294967295. Check the number.", DomainError);
    CHECK(Batch(none, 5).size() == 5);
    Dataset odd;
    odd.rows = ~std::size_t{0};
    CHECK_THROWS_AS(Batch{odd}, DomainError);
}

TEST_CASE("Batch: it sees new numbers of a data set, and an error if its sizes are new") {
    Dataset data = numbered({5, 6, 7});
    const Rows rows{2, 0};
    const Batch batch(data, rows), all(data);
    data.targets[2] = 8;
    CHECK(numbers_of(batch) == std::vector<double>{2, 8, 0, 5});
    const Dataset moved = std::move(data);
    const char* const changed =
        "Batch: the data set has changed: it had 3 rows of 2 numbers, now it has 0 inputs and 0 targets. "
        "Make "
        "the batch anew.";
    for (const Batch& each : {batch, all}) CHECK_THROWS_WITH_AS(numbers_of(each), changed, ShapeError);
    const Program program({}, [](std::span<const Value> x) { return std::vector<Value>{x[0]}; });
    CHECK_THROWS_WITH_AS(program(batch), changed, ShapeError);
    data = moved.select(Rows{0, 1});
    for (const Batch& each : {batch, all}) CHECK_THROWS_AS(numbers_of(each), ShapeError);
    CHECK(numbers_of(Batch(data)) == std::vector<double>{0, 5, 1, 6});
    data = moved;
    CHECK(numbers_of(batch) == std::vector<double>{2, 8, 0, 5});
}

TEST_CASE("Batch: an example that is not there, or no room for one, is named") {
    const Dataset data = numbered({5, 6, 7});
    Rows rows{2, 0};
    const Batch batch(data, rows);
    std::vector<double> to(2);
    for (const Batch& each : {batch, Batch(to)}) {
        CHECK_THROWS_WITH_AS(
            each.copy(2, to),
            fmt::format("Batch::copy: no such row: row 2 of {} rows. Rows are counted from 0.", each.size())
                .c_str(),
            ShapeError);
        CHECK_THROWS_WITH_AS(each.copy(0, std::span(to).first(1)),
                             "Batch::copy: there must be room for the numbers of an example: found 1, they "
                             "are 2. Give columns().",
                             ShapeError);
    }
    rows[0] = 3;
    CHECK_THROWS_AS(batch.copy(0, to), ShapeError);
}

template <class Data>
concept CanBeBatched = requires(Data&& data, Random& random) {
    batches(std::forward<Data>(data), 4, random);
};
static_assert(CanBeBatched<Dataset&> && CanBeBatched<const Dataset&>);
static_assert(!CanBeBatched<Dataset>);  // it would be gone before the first batch

TEST_CASE("batches: an epoch has each row once, in an order of its own") {
    const Dataset data = numbered({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    Random random(3);
    std::vector<std::vector<std::size_t>> epochs(2);
    for (auto& epoch : epochs) {
        CHECK(batches(data, 4, random).size() == 3);
        std::size_t last = 0;
        for (const Batch& batch : batches(data, 4, random)) {
            epoch.insert(epoch.end(), batch.rows().begin(), batch.rows().end());
            last = batch.size();
        }
        CHECK(last == 2);
    }
    CHECK(epochs[0] != epochs[1]);
    for (auto& epoch : epochs) {
        std::ranges::sort(epoch);
        CHECK(epoch == std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    }
    CHECK_THROWS_AS(batches(data, 0, random), DomainError);
}
