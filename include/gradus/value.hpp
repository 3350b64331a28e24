// SPDX-License-Identifier: MIT
// Value, the number that remembers where it came from. What its operators do stands in record.hpp.
#pragma once

#include <concepts>
#include <iosfwd>
#include <limits>
#include <type_traits>
#include <utility>

#include "gradus/tape.hpp"

namespace gradus {

/// A real number on the tape of this thread, or a constant.
///
/// A plain handle of 16 bytes: copy, move, store and return it like a double. Made from a number it is a
/// constant, which costs nothing and has no gradient; gradus::variable makes one that has.
/// Moving from a value ends it: an operation with it is a TapeError, though its number can still be read. A
/// value stays on the thread of its tape.
class Value {
   public:
    Value() = default;

    template <class T>
    requires std::is_arithmetic_v<T> Value(T x) : value_(static_cast<double>(x)) {}

    Value(const Value& other) : value_(other.value_), tag_(other.settle()) {}
    Value(Value&& other) noexcept : value_(other.value_), tag_(other.tag_) { other.end(); }

    Value& operator=(const Value& other) {
        value_ = other.value_, tag_ = other.settle();
        return *this;
    }
    Value& operator=(Value&& other) noexcept {
        const Value taken = std::move(other);  // in a step of its own: x = std::move(x) keeps x
        value_ = taken.value_, tag_ = taken.tag_;
        return *this;
    }
    ~Value() = default;

    /// Return the number.
    [[nodiscard]] double value() const { return value_; }

    /// Return d(result) / d(this) after backward(result). See Tape::gradient for what it raises.
    [[nodiscard]] double gradient() const { return Tape::current().gradient(*this); }

    /// Return whether this is a constant, of which no tape knows.
    [[nodiscard]] bool is_constant() const { return tag_ == detail::Tag{}; }

    // ---- for those who write operations

    Value(double value, detail::Tag tag) : value_(value), tag_(tag) {}

    [[nodiscard]] Slot slot() const { return detail::slot_of(tag_); }
    [[nodiscard]] detail::Tag tag() const { return tag_; }

    /// Say that the entry has another user from now on. Returns the tag, which is not fresh then.
    detail::Tag settle() const {
        if (detail::is_fresh(tag_)) tag_ = detail::settled(tag_);
        return tag_;
    }

    /// Say that this handle was given away. A constant remains one.
    void end() {
        if (!is_constant()) tag_ = detail::kMovedFrom;
    }

   private:
    double value_ = 0.0;
    mutable detail::Tag tag_{};
};

template <class T>
concept IsValue = std::same_as<std::remove_cvref_t<T>, Value>;

/// A Value or a number that C++ knows.
template <class T>
concept Scalar = IsValue<T> || std::is_arithmetic_v<std::remove_cvref_t<T>>;

/// Make a value whose gradient can be asked for after backward().
inline Value variable(double x) { return Tape::current().variable(x); }

/// Make one variable of each number.
std::vector<Value> variables(std::span<const double> x);

/// Return the number, of a Value or of a double: for code that works with both.
inline double value(const Value& x) { return x.value(); }
inline double value(double x) { return x; }

/// Write the number. For fmt, include gradus/fmt.hpp.
std::ostream& operator<<(std::ostream& out, const Value& x);

/// Read a number, as a constant.
std::istream& operator>>(std::istream& in, Value& x);

namespace detail {

/// Return the outcome of a comparison. A graph keeps it, so that a program knows on what its path depends.
inline bool compared(Comparison comparison, const Value& a, const Value& b, bool outcome) {
    if (recorder->is_graph) [[unlikely]]
        recorder->record_comparison(comparison, a, b, outcome);
    return outcome;
}

}  // namespace detail

inline bool operator==(const Value& a, const Value& b) {
    return detail::compared(detail::Comparison::equal, a, b, a.value() == b.value());
}
inline bool operator<(const Value& a, const Value& b) {
    return detail::compared(detail::Comparison::less, a, b, a.value() < b.value());
}
inline bool operator<=(const Value& a, const Value& b) {
    return detail::compared(detail::Comparison::less_or_equal, a, b, a.value() <= b.value());
}
inline bool operator>(const Value& a, const Value& b) { return b < a; }
inline bool operator>=(const Value& a, const Value& b) { return b <= a; }

}  // namespace gradus

/// A Value has the range and precision of a double.
template <>
struct std::numeric_limits<gradus::Value> : std::numeric_limits<double> {};
