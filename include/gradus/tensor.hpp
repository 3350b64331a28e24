// SPDX-License-Identifier: MIT
// Tensor: a shape over consecutive slots of the tape, whose numbers lie side by side.
// What can be computed with it stands in tensor/.
#pragma once

#include <concepts>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "gradus/parameters.hpp"
#include "gradus/shape.hpp"
#include "gradus/value.hpp"

namespace gradus {

class Transposed;

/// Numbers in up to four axes, on the tape of this thread: what Value is to one number. t(i, j) is a Value.
///
/// A plain handle: copies refer to the same numbers, which nothing changes. Its numbers, also those of a
/// constant, live as long as what is recorded now: until the scope ends, or clear(); a use after that is a
/// TapeError. A tensor operation is one entry of the tape, whatever its size. Stored row by row (the last
/// axis is contiguous).
class Tensor {
   public:
    /// Make a constant, or take a value, as a tensor of rank 0: so `2 * t` and `t + value` are computed
    /// alike.
    template <class T>
    requires std::is_arithmetic_v<T> Tensor(T x) : Tensor(Value(x)) {}
    Tensor(const Value& x);

    [[nodiscard]] const Shape& shape() const { return shape_; }
    [[nodiscard]] std::size_t rank() const { return shape_.rank(); }
    [[nodiscard]] std::size_t size() const { return shape_.size(); }

    /// Return the numbers, row by row.
    /// Raises TapeError if the tape was rewound since; and in the formula of a program, unless it is a
    /// constant: the program would keep the numbers of its first example.
    [[nodiscard]] std::span<const double> numbers() const;

    /// Return one number as a value: of a tensor of rank 2, t(i, j).
    /// Raises ShapeError for another number of indices than axes, or for an index beyond the size.
    template <std::integral... Index>
    [[nodiscard]] Value operator()(Index... index) const {
        return at({static_cast<std::size_t>(index)...});
    }

    /// Return the only number as a value.
    /// Raises ShapeError if there is not exactly one.
    [[nodiscard]] Value item() const;

    /// Return d(result) / d(this) after backward(result), as a constant of the same shape. See
    /// Tape::gradient for what it raises.
    [[nodiscard]] Tensor gradient() const;

    /// Return the transposed matrix, for a product: matmul(x, w.T()) copies nothing.
    /// Raises ShapeError unless the rank is 2.
    [[nodiscard]] Transposed T() const;

    /// Return whether no gradient is known of it.
    [[nodiscard]] bool is_constant() const { return slot() == Slot::constant; }

    // ---- for those who write operations

    Tensor(const double* numbers, const Shape& shape, detail::Tag first)
        : numbers_(numbers), shape_(shape), first_(first) {}

    [[nodiscard]] const double* data() const { return numbers_; }
    [[nodiscard]] Slot slot() const { return detail::slot_of(first_); }  ///< of the first number
    [[nodiscard]] detail::Tag tag() const { return first_; }             ///< a constant's has a stamp, too

   private:
    [[nodiscard]] Value at(std::initializer_list<std::size_t> index) const;
    [[nodiscard]] Value element(std::size_t i) const;
    friend std::vector<Value> unstack(const Tensor& x);

    const double* numbers_;
    Shape shape_;
    detail::Tag first_;
};

/// A matrix that is read by columns. Only products take it.
class Transposed {
   public:
    explicit Transposed(const Tensor& matrix) : matrix_(matrix) {}

    /// Return the matrix before it was transposed.
    [[nodiscard]] const Tensor& T() const { return matrix_; }

   private:
    Tensor matrix_;
};

/// Numbers in braces: {1, 2, 3}, {{1, 2}, {3, 4}}.
class NestedList {
   public:
    NestedList(double number) : number_(number) {}
    NestedList(std::initializer_list<NestedList> elements) : elements_(elements), is_list_(true) {}

    [[nodiscard]] bool is_list() const { return is_list_; }
    [[nodiscard]] double number() const { return number_; }
    [[nodiscard]] const std::vector<NestedList>& elements() const { return elements_; }

   private:
    double number_ = 0.0;
    std::vector<NestedList> elements_;
    bool is_list_ = false;
};

/// Make a constant tensor: tensor({{1, 2}, {3, 4}}) is (2,2).
/// Raises ShapeError if lists side by side differ in length, or there are more than four axes.
Tensor tensor(const NestedList& numbers);

/// Make a constant tensor of a copy of these numbers, row by row.
/// Raises ShapeError if they are more or fewer than the shape holds.
Tensor tensor(std::span<const double> numbers, const Shape& shape);

/// Make a constant tensor of one number throughout.
Tensor full(const Shape& shape, double number);

/// Make a tensor of the same numbers whose gradient can be asked for after backward().
Tensor variable(const Tensor& numbers);

/// Put values side by side.
/// Shapes: n values -> (n). Gradient: dx[i] = dy[i].
/// Cost: one entry; none, if their slots are consecutive. The numbers are copied.
Tensor stack(std::span<const Value> values);

/// Return the numbers of a tensor as values, row by row: outputs of a program, say.
/// Cost: nothing is recorded.
std::vector<Value> unstack(const Tensor& x);

/// Put values into a shape, row by row: the inputs of an example, say.
/// Shapes: as many values as the shape holds -> the shape. Gradient and cost: those of stack().
/// Raises ShapeError if they are more or fewer.
Tensor tensor(std::span<const Value> values, const Shape& shape);

/// Write the numbers as NumPy does: [[1, 2], [3, 4]], the axes in brackets. Of more than 1000, the first and
/// last three of each axis.
std::string to_string(const Tensor& x);
std::ostream& operator<<(std::ostream& out, const Tensor& x);

/// Raise ShapeError: only the gradient of one number is defined. Sum the tensor, or take its mean, first.
[[noreturn]] void backward(const Tensor& y);

}  // namespace gradus
