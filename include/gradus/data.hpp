// SPDX-License-Identifier: MIT
// Data sets: reading them from CSV files, splitting, standardising and cutting them into batches.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "gradus/random.hpp"

namespace gradus {

/// Hold rows of inputs, each with a target: the number of its class, or what a regression shall learn.
struct Dataset {
    std::size_t rows = 0;
    std::size_t columns = 0;                 ///< inputs of one row
    std::vector<double> inputs;              ///< (rows, columns), row after row
    std::vector<double> targets;             ///< (rows); empty if the data have none
    std::vector<std::string> class_names;    ///< (classes); empty if the targets are no classes
    std::vector<std::string> feature_names;  ///< (columns), or empty if unknown

    /// Return the inputs of row i.
    /// Shapes: (columns).
    /// Raises ShapeError if there is no such row, or if inputs are not (rows, columns).
    std::span<const double> row(std::size_t i) const;

    /// Return the class of row i, a whole number from 0.
    /// Raises ShapeError if row i has no target, DomainError if its target is not the number of a class.
    std::size_t label(std::size_t i) const;

    /// Return the classes of all rows, as label() does.
    /// Shapes: (rows).
    std::vector<std::size_t> labels() const;

    /// Copy the given rows, in the given order; names are kept. A row may be given twice.
    /// Raises ShapeError if there is no such row.
    Dataset select(std::span<const std::size_t> chosen) const;
};

/// Say how a CSV file is to be read.
struct CsvOptions {
    /// What the first line is.
    enum class Header {
        detect,  ///< two whole numbers and then words: counts; words alone: names; else none
        none,    ///< data
        counts,  ///< number of rows, number of inputs, names of the classes
        names,   ///< names of the columns
    };
    /// What the column with the target holds, and which one it is.
    enum class Target {
        class_last,    ///< the last column is the number of a class, from 0
        class_first,   ///< the first one is
        number_last,   ///< the last column is any number
        number_first,  ///< the first one is
        none,          ///< all columns are inputs
    };

    char separator = ',';
    Header header = Header::detect;
    Target target = Target::class_last;
    /// Names of the classes, if the header does not give them. By default "0", "1", ... up to the greatest.
    std::vector<std::string> class_names = {};
    /// How many numbers there may be, targets included: 1 GiB. A pipe without end shall not fill the memory.
    std::size_t max_numbers = std::size_t{1} << 27;
};

/// Read a data set from a file of plain numbers, one row a line.
/// Numbers: decimal and finite, with a point whatever the locale; spaces around them, CRLF line ends, a
/// byte order mark and blank lines are passed over. Quotes are not understood.
/// Raises IoError that starts with "file:line:column: ", columns being fields counted from 1, if a field is
/// no such number, a line has more or fewer fields than the first one says, a label is not the number of a
/// class, a count of the header is wrong, a line is not text or longer than 4 MiB, or there are more numbers
/// than the options allow; one that starts with "file: " if the file is missing, unreadable or without rows,
/// or a class has no examples.
/// Cost: one pass; one line in memory beside the result.
Dataset read_csv(const std::filesystem::path& path, const CsvOptions& options = {});

/// Two parts of a data set.
struct Split {
    Dataset train;
    Dataset test;
};

/// Hold out a fraction of each class, chosen at random; in both parts rows keep their order.
/// From a class of n, n test_fraction rows, rounded, are held out: at least one and at most n - 1.
/// Split the training part again for a validation set.
/// Raises DomainError unless 0 < test_fraction < 1 and each class has 2 examples or more.
Split stratified_split(const Dataset& data, double test_fraction, std::uint64_t seed);

/// Shift and scale inputs so that each column of the training part has mean 0 and standard deviation 1.
/// The figures are those of the data it was made from and of no other: held-out rows must not leak into them.
/// The deviation is the root of the mean square (division by n); for a constant column the scale is 1.
class Standardizer {
   public:
    /// Take the figures from the training part.
    /// Raises DomainError if it has no rows, or has inputs that are not finite or whose squares overflow.
    explicit Standardizer(const Dataset& train);

    /// Return the data with inputs (x - mean) / scale.
    /// Raises ShapeError if the number of columns differs.
    Dataset transform(Dataset data) const;

    /// Do the same to one row in place.
    void transform(std::span<double> row) const;

    std::span<const double> means() const { return means_; }    ///< (columns)
    std::span<const double> scales() const { return scales_; }  ///< (columns)

   private:
    std::vector<double> means_;
    std::vector<double> scales_;
};

/// Cut n rows, in random order, into batches: spans of row numbers.
///
///     Batches batches{train.rows, 32, seed};
///     for (int epoch = 0; epoch < 10; ++epoch)
///         for (std::span<const std::size_t> batch : batches.shuffle())
///             for (std::size_t i : batch) ...
///
/// Batch size n (or more) is full-batch descent, 1 is stochastic descent; the last batch may be smaller.
/// The order depends on the seed and the number of shuffles alone. After construction nothing allocates.
class Batches {
   public:
    /// Raises DomainError if n or batch_size is 0.
    Batches(std::size_t n, std::size_t batch_size, std::uint64_t seed);

    /// Begin a new epoch: order the rows anew. Spans of the epoch before show the new order, too.
    const Batches& shuffle();

    /// Return the number of batches in an epoch.
    std::size_t size() const { return (order_.size() - 1) / batch_size_ + 1; }

    class Iterator;
    Iterator begin() const;
    Iterator end() const;

   private:
    std::vector<std::size_t> order_;
    std::size_t batch_size_;
    Random random_;
};

/// Walk over the batches of an epoch.
class Batches::Iterator {
   public:
    using value_type = std::span<const std::size_t>;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    value_type operator*() const { return left_.first(length()); }
    Iterator& operator++() {
        left_ = left_.subspan(length());
        return *this;
    }
    Iterator operator++(int) {
        Iterator before = *this;
        ++*this;
        return before;
    }
    bool operator==(const Iterator& other) const { return left_.size() == other.left_.size(); }

   private:
    friend class Batches;
    Iterator(value_type left, std::size_t batch_size) : left_(left), batch_size_(batch_size) {}
    std::size_t length() const { return batch_size_ < left_.size() ? batch_size_ : left_.size(); }

    value_type left_;
    std::size_t batch_size_ = 0;
};

inline Batches::Iterator Batches::begin() const { return {order_, batch_size_}; }
inline Batches::Iterator Batches::end() const { return {{}, batch_size_}; }

/// A view of examples, as programs take them: what it shows must outlive it.
///
/// An example is a row of a data set and its target, the last one of its numbers; or any numbers.
class Batch {
   public:
    /// Show one example without numbers: for a formula of parameters alone.
    Batch() = default;

    /// Show numbers, as many for each example.
    /// Shapes: numbers (examples, any).
    /// Raises ShapeError if they cannot be shared out among the examples, DomainError for more than 2^32 - 1.
    Batch(std::span<const double> numbers, std::size_t examples = 1);
    template <class Numbers>
    requires std::convertible_to<const Numbers&, std::span<const double>> Batch(const Numbers& numbers,
                                                                                std::size_t examples = 1)
        : Batch(std::span<const double>(numbers), examples) {}

    /// Show rows of a data set: the inputs of each, then its target if the data have targets.
    /// Raises ShapeError if there is no such row, or none at all.
    Batch(const Dataset& data, std::span<const std::size_t> rows);

    /// Show all rows of a data set.
    Batch(const Dataset& data);

    /// Of data that nobody keeps: they would be gone before the batch is read.
    Batch(const Dataset&& data) = delete;
    Batch(const Dataset&& data, std::span<const std::size_t> rows) = delete;

    [[nodiscard]] std::size_t size() const { return size_; }        ///< examples
    [[nodiscard]] std::size_t columns() const { return columns_; }  ///< numbers of an example

    /// Return which rows of the data set these are; none if it shows all of them, or other numbers.
    [[nodiscard]] std::span<const std::size_t> rows() const { return rows_; }

    /// Return whether the numbers of all examples lie side by side.
    [[nodiscard]] bool is_contiguous() const { return data_ == nullptr; }

    /// Return these numbers, if they do. Shapes: (examples, columns).
    [[nodiscard]] std::span<const double> numbers() const { return numbers_; }

    /// Copy the numbers of an example.
    /// Shapes: to (columns).
    /// Raises ShapeError if there is no such example, or the data set has other sizes now.
    void copy(std::size_t example, std::span<double> to) const;

   private:
    const Dataset* data_ = nullptr;
    std::size_t data_rows_ = 0;  // when the batch was made
    std::span<const std::size_t> rows_;
    std::span<const double> numbers_;
    std::size_t size_ = 1, columns_ = 0;
};

/// The batches of one epoch, for a program. See batches().
class DatasetBatches {
   public:
    DatasetBatches(const Dataset& data, std::size_t batch_size, std::uint64_t seed)
        : data_(&data), batches_(data.rows, batch_size, seed) {
        batches_.shuffle();
    }

    [[nodiscard]] std::size_t size() const { return batches_.size(); }  ///< batches

    struct Iterator {
        using value_type = Batch;
        using difference_type = std::ptrdiff_t;

        Batch operator*() const { return {*data, *rows}; }
        Iterator& operator++() {
            ++rows;
            return *this;
        }
        Iterator operator++(int) { return {data, rows++}; }
        bool operator==(const Iterator& other) const { return rows == other.rows; }

        const Dataset* data = nullptr;
        Batches::Iterator rows;
    };
    [[nodiscard]] Iterator begin() const { return {data_, batches_.begin()}; }
    [[nodiscard]] Iterator end() const { return {data_, batches_.end()}; }

   private:
    const Dataset* data_;
    Batches batches_;
};

/// Cut a data set, in random order, into batches for a program: those of one epoch.
///
///     for (const Batch& batch : batches(train, 32, random)) {
///         model.parameters().zero_gradients();
///         double loss = program(batch);
///         optimizer.step();
///     }
///
/// The last batch may be smaller. The random numbers are drawn at once; the data must outlive the batches.
/// Raises DomainError if there are no rows, or batch_size is 0.
inline DatasetBatches batches(const Dataset& data, std::size_t batch_size, Random& random) {
    return {data, batch_size, random()};
}

/// Of data that nobody keeps: they would be gone before the first batch.
DatasetBatches batches(const Dataset&& data, std::size_t batch_size, Random& random) = delete;

/// Make two interleaved half circles of radius 1 in the plane, the classes "upper" and "lower" in turn.
/// upper: (cos t, sin t); lower: (1 - cos t, 1/2 - sin t); t evenly over [0, pi]. Both coordinates get normal
/// noise of the given standard deviation. It is the same on every platform; cos and sin are libm's.
/// Shapes: inputs (n, 2).
/// Raises DomainError if n < 2 or noise is negative or not finite.
Dataset two_moons(std::size_t n, double noise, std::uint64_t seed);

}  // namespace gradus
