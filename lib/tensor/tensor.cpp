// SPDX-License-Identifier: MIT
#include "gradus/tensor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "by_number.hpp"
#include "operation.hpp"

namespace gradus {
namespace {

detail::Tag constant_tag() { return detail::make_tag(Slot::constant, detail::recorder->stamp); }

/// Return a constant tensor, and where its numbers go.
std::pair<Tensor, double*> constant(const Shape& shape) {
    Tape& tape = Tape::current();
    auto* const numbers = static_cast<double*>(tape.allocate(shape.size() * sizeof(double), 64));
    return {Tensor(numbers, shape, constant_tag()), numbers};
}

// ---- nested lists

Shape shape_of(const NestedList& list) {
    std::vector<std::size_t> sizes;
    for (const NestedList* at = &list; at->is_list(); at = &at->elements().front()) {
        sizes.push_back(at->elements().size());
        if (at->elements().empty()) break;
    }
    return Shape(sizes);
}

double* copy_numbers(const NestedList& list, const Shape& shape, std::size_t axis, double* to) {
    const std::size_t expected = axis < shape.rank() ? shape[axis] : 0;
    const bool fits =
        axis < shape.rank() ? list.is_list() && list.elements().size() == expected : !list.is_list();
    if (!fits) {
        throw ShapeError(
            fmt::format("tensor: the lists differ: by the first ones the shape is {}, but on axis {} there "
                        "is {}. Make all "
                        "lists of an axis equally long.",
                        to_string(shape), std::min(axis, shape.rank()),
                        list.is_list() ? fmt::format("a list of {}", list.elements().size()) : "a number"));
    }
    if (!list.is_list()) {
        *to = list.number();
        return to + 1;
    }
    for (const NestedList& element : list.elements()) to = copy_numbers(element, shape, axis + 1, to);
    return to;
}

// ---- printing

constexpr std::size_t kMostPrinted = 1000;
constexpr std::size_t kEdge = 3;  // numbers shown at either end of an axis of a long tensor

void append(std::string& text, std::span<const double> numbers, const Shape& shape, std::size_t axis) {
    if (axis == shape.rank()) {
        text += fmt::format("{:.6g}", numbers.front());
        return;
    }
    const std::size_t n = shape[axis], stride = n == 0 ? 0 : numbers.size() / n;
    const bool is_long = shape.size() > kMostPrinted && n > 2 * kEdge;
    const bool is_row = axis + 1 == shape.rank();
    const std::string separator = is_row ? ", " : ",\n" + std::string(axis + 1, ' ');
    text += '[';
    for (std::size_t i = 0; i < n; ++i) {
        if (i > 0) text += separator;
        if (is_long && i == kEdge) {
            text += "..." + separator;
            i = n - kEdge;
        }
        append(text, numbers.subspan(i * stride, stride), shape, axis + 1);
    }
    text += ']';
}

}  // namespace

Tensor::Tensor(const Value& x) : Tensor(full({}, x.value())) {
    if (!x.is_constant()) first_ = x.settle();
}

std::span<const double> Tensor::numbers() const {
    detail::recorder->require_live(first_);
    if (detail::recorder->scalars_only && !is_constant()) {
        throw TapeError(
            "numbers: a program would keep these numbers of its first example. Compute with the tensor, or "
            "run the formula uncompiled.");
    }
    return {numbers_, size()};
}

Value Tensor::element(std::size_t i) const {
    if (is_constant()) return numbers_[i];
    const Value x(numbers_[i], detail::slots_after(first_, i));
    if (static_cast<std::int32_t>(slot()) < 0) Tape::current().use_as_scalar(x.slot());
    return x;
}

Value Tensor::at(std::initializer_list<std::size_t> index) const {
    detail::recorder->require_live(first_);
    if (index.size() != rank()) {
        throw ShapeError(
            fmt::format("tensor: the number of indices is wrong: found {} of a tensor of shape {}. Give one "
                        "for each axis.",
                        index.size(), to_string(shape_)));
    }
    std::size_t i = 0;
    for (std::size_t axis = 0; axis < rank(); ++axis) {
        const std::size_t at = index.begin()[axis];
        if (at >= shape_[axis]) {
            throw ShapeError(
                fmt::format("tensor: there is no such element: index {} on axis {} of a tensor of shape {}. "
                            "Indices begin at 0.",
                            static_cast<std::ptrdiff_t>(at), axis, to_string(shape_)));
        }
        i = i * shape_[axis] + at;
    }
    return element(i);
}

Value Tensor::item() const {
    detail::recorder->require_live(first_);
    if (size() != 1) {
        throw ShapeError(
            fmt::format("item: there is not one number: the shape is {}. Name one with t(i, j), or "
                        "take the sum or mean.",
                        to_string(shape_)));
    }
    return element(0);
}

Tensor Tensor::gradient() const {
    const auto [result, numbers] = constant(shape_);
    for (std::size_t i = 0; i < size(); ++i)
        numbers[i] = Tape::current().gradient({numbers_[i], detail::slots_after(first_, i)});
    return result;
}

Transposed Tensor::T() const {
    if (rank() != 2) {
        throw ShapeError(fmt::format("T: it is not a matrix: the shape is {}. Use transpose(x, axis, axis).",
                                     to_string(shape_)));
    }
    return Transposed(*this);
}

Tensor tensor(const NestedList& list) {
    const Shape shape = shape_of(list);
    const auto [result, numbers] = constant(shape);
    copy_numbers(list, shape, 0, numbers);
    return result;
}

void require_filled(const Shape& shape, std::size_t count) {
    if (count == shape.size()) return;
    throw ShapeError(
        fmt::format("tensor: the numbers do not fill the shape: found {} for {}, which holds {}. Give "
                    "as many numbers as the product of the sizes.",
                    count, to_string(shape), shape.size()));
}

Tensor tensor(std::span<const double> numbers, const Shape& shape) {
    require_filled(shape, numbers.size());
    const auto [result, to] = constant(shape);
    std::copy(numbers.begin(), numbers.end(), to);
    return result;
}

Tensor full(const Shape& shape, double number) {
    const auto [result, numbers] = constant(shape);
    std::fill_n(numbers, shape.size(), number);
    return result;
}

Tensor variable(const Tensor& numbers) {
    detail::recorder->require_live(numbers.tag());
    if (numbers.size() == 0) return numbers;
    if (detail::recorder->scalars_only) {
        return detail::by_number(numbers.shape(),
                                 [&](std::size_t i) { return gradus::variable(numbers.data()[i]); });
    }
    const Slot first = Tape::current().record_run({"variable", numbers.size(), {}, nullptr, nullptr});
    return {numbers.data(), numbers.shape(), detail::make_tag(first, detail::recorder->stamp)};
}

namespace {

/// Return the values with entries for the constants among them: to a program, a stack is nothing but further
/// names of entries.
std::vector<Value> without_constants(std::span<const Value> values) {
    std::vector<Value> entries(values.begin(), values.end());
    for (Value& x : entries) {
        if (x.is_constant()) x = variable(x.value());
    }
    return entries;
}

}  // namespace

Tensor stack(std::span<const Value> values) {
    const detail::Operation operation("stack", values);
    if (operation.is_by_number() && std::ranges::any_of(values, &Value::is_constant))
        return stack(without_constants(values));
    double* const y = operation.numbers(values.size());
    bool is_run = !values.empty() && static_cast<std::int32_t>(values[0].slot()) > 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        y[i] = values[i].value();
        is_run = is_run && values[i].tag() == detail::slots_after(values[0].tag(), i);
    }
    const Shape shape{values.size()};
    if (is_run) return {y, shape, values[0].tag()};
    return operation.finish(shape, y, [slots = operation.slots()](const detail::Pull& d) {
        for (std::size_t i = 0; i < slots.size(); ++i) {
            if (double* const dx = d(slots[i])) *dx += d.result()[i];
        }
    });
}

std::vector<Value> unstack(const Tensor& x) {
    detail::recorder->require_live(x.tag());
    std::vector<Value> values;
    values.reserve(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) values.push_back(x.element(i));
    return values;
}

Tensor tensor(std::span<const Value> values, const Shape& shape) {
    require_filled(shape, values.size());
    const Tensor row = stack(values);
    return {row.data(), shape, row.tag()};
}

Tensor Parameter::tensor() const {
    const ParameterView view = this->view(Tape::Use::tensor);
    return {view.numbers().data(), Shape(info().shape), view.first()};
}

std::string to_string(const Tensor& x) {
    std::string text;
    detail::recorder->require_live(x.tag());
    append(text, {x.data(), x.size()}, x.shape(), 0);
    return text;
}

std::ostream& operator<<(std::ostream& out, const Tensor& x) { return out << to_string(x); }

void backward(const Tensor& y) {
    throw ShapeError(
        fmt::format("backward: the result is not one number: its shape is {}. Sum it, or take its mean, "
                    "first.",
                    to_string(y.shape())));
}

}  // namespace gradus
