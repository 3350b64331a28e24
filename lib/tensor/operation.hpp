// SPDX-License-Identifier: MIT
// How a tensor operation reaches the tape: its numbers, then what passes its adjoints on.
#pragma once

#include <algorithm>
#include <concepts>
#include <initializer_list>
#include <limits>
#include <memory>
#include <span>
#include <type_traits>

#include "gradus/record.hpp"
#include "gradus/tensor.hpp"

namespace gradus::detail {

/// Stands for a weight or bias that is not there: its numbers and its adjoints are null.
inline const Tensor kNone(nullptr, Shape(), Tag{});

/// The adjoints that a tensor operation reads and adds to.
class Pull {
   public:
    explicit Pull(const Adjoints& adjoints) : adjoints_(adjoints) {}

    /// Return the adjoints of the result, row by row.
    [[nodiscard]] const double* result() const { return adjoints_.result(); }

    /// Return where to add those of an operand; null if it is a constant.
    [[nodiscard]] double* operator()(const Tensor& x) const { return adjoints_.of(x.slot()); }
    [[nodiscard]] double* operator()(Slot first) const { return adjoints_.of(first); }

   private:
    const Adjoints& adjoints_;
};

/// One tensor operation under construction:
///
///     const Operation operation("exp", {x});
///     double* y = operation.numbers(x.size());
///     ... compute y from x.data() ...
///     return operation.finish(x.shape(), y, [=](const Pull& d) {
///         if (double* dx = d(x)) ... add to dx, given d.result() ...
///     });
///
/// All memory is the tape's and lives as long as the result.
class Operation {
   public:
    /// Raises TapeError if an operand is not alive on the current tape.
    Operation(const char* name, std::initializer_list<Tensor> operands)
        : Operation(name, std::span(operands.begin(), operands.size())) {}
    Operation(const char* name, std::span<const Tensor> operands) : Operation(name, operands.size()) {
        for (std::size_t i = 0; i < operands.size(); ++i) add(i, operands[i].tag());
    }
    Operation(const char* name, std::span<const Value> operands) : Operation(name, operands.size()) {
        for (std::size_t i = 0; i < operands.size(); ++i) add(i, operands[i].settle());
    }

    /// Return the first slot of each operand.
    [[nodiscard]] std::span<const Slot> slots() const { return slots_; }

    /// Return whether there is anything to differentiate: else the result is a constant.
    [[nodiscard]] bool is_active() const { return is_active_; }

    /// Return whether it is to be recorded number by number, with what by_number.hpp offers.
    [[nodiscard]] bool is_by_number() const { return is_active_ && recorder->scalars_only; }

    /// Return memory for n numbers, in whole cache lines.
    [[nodiscard]] double* numbers(std::size_t n) const { return memory<double>(n, 64).data(); }

    /// Return memory that is not initialized, for what backward needs to know.
    template <class T>
    [[nodiscard]] std::span<T> memory(std::size_t n, std::size_t alignment = alignof(T)) const {
        static_assert(std::is_trivially_copyable_v<T>);
        constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max() / sizeof(T);
        return {static_cast<T*>(tape_.allocate(std::min(n, kMost) * sizeof(T), alignment)), n};
    }

    /// Return a copy of these elements.
    template <class T>
    [[nodiscard]] std::span<const T> copy(std::span<const T> elements) const {
        const std::span<T> copied = memory<T>(elements.size());
        std::copy(elements.begin(), elements.end(), copied.begin());
        return copied;
    }

    /// Return the result. pull(Pull) passes its adjoints on; it is kept as plain bytes.
    template <std::invocable<const Pull&> F>
    [[nodiscard]] Tensor finish(const Shape& shape, const double* y, F pull) const {
        static_assert(std::is_trivially_copyable_v<F> && std::is_trivially_destructible_v<F>);
        if (!is_active_ || shape.size() == 0) return {y, shape, make_tag(Slot::constant, recorder->stamp)};
        const auto call = [](const void* closure, const Adjoints& adjoints) {
            (*static_cast<const F*>(closure))(Pull(adjoints));
        };
        const F* closure = ::new (tape_.allocate(sizeof(F), alignof(F))) F(pull);
        const Slot first = tape_.record_run({name_, shape.size(), slots_, call, closure});
        return {y, shape, make_tag(first, recorder->stamp)};
    }

    /// Return the result of an operation that ends in one number.
    template <std::invocable<const Pull&> F>
    [[nodiscard]] Value finish(double y, F pull) const {
        return is_active_ ? Value(y, finish(Shape(), &y, pull).tag()) : Value(y);
    }

   private:
    Operation(const char* name, std::size_t operands)
        : tape_(Tape::current()), name_(name), slots_(memory<Slot>(operands)) {}

    void add(std::size_t i, Tag operand) {
        require_live(*recorder, operand);
        slots_[i] = slot_of(operand);
        is_active_ = is_active_ || slots_[i] != Slot::constant;
    }

    Tape& tape_;
    const char* name_;
    std::span<Slot> slots_;
    bool is_active_ = false;
};

}  // namespace gradus::detail
