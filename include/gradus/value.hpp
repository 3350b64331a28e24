// SPDX-License-Identifier: MIT
// Value, the number that remembers where it came from, and the one function that every operator calls: apply.
// Here is the idea that makes it fast: an unnamed temporary melts into the entry of the operation that
// receives it.
#pragma once

#include <concepts>
#include <iosfwd>
#include <limits>
#include <type_traits>
#include <utility>

#include "gradus/ops.hpp"
#include "gradus/tape.hpp"

namespace gradus {

/// A real number on the tape of this thread, or a constant.
///
/// A plain handle of 16 bytes: copy, move, store and return it like a double. Made from a number it is a
/// constant, which costs nothing and has no gradient; gradus::variable makes one that has.
/// Moving from a value ends it: use of it is a TapeError.
class Value {
   public:
    Value() = default;

    template <class T>
    requires std::is_arithmetic_v<T> Value(T x) : value_(static_cast<double>(x)) {}

    Value(const Value& other) : value_(other.value_), slot_(other.slot_), stamp_(other.stamp_) { pin(); }
    Value(Value&& other) noexcept : value_(other.value_), slot_(other.slot_), stamp_(other.stamp_) {
        other.end();
    }

    Value& operator=(const Value& other) {
        value_ = other.value_, slot_ = other.slot_, stamp_ = other.stamp_;
        pin();
        return *this;
    }
    Value& operator=(Value&& other) noexcept {
        const Value taken = std::move(other);  // in a step of its own: x = std::move(x) keeps x
        value_ = taken.value_, slot_ = taken.slot_, stamp_ = taken.stamp_;
        return *this;
    }
    ~Value() = default;

    /// Return the number.
    [[nodiscard]] double value() const { return value_; }

    /// Return d(result) / d(this) after backward(result). See Tape::gradient for what it raises.
    [[nodiscard]] double gradient() const { return Tape::current().gradient(*this); }

    /// Return whether this is a constant, of which no tape knows.
    [[nodiscard]] bool is_constant() const { return slot_ == Slot::constant; }

    [[nodiscard]] Slot slot() const { return slot_; }
    [[nodiscard]] Stamp stamp() const { return stamp_; }

    /// Assemble a handle. For those who write operations: Tape and ParameterView.
    Value(double value, Slot slot, Stamp stamp) : value_(value), slot_(slot), stamp_(stamp) {}

   private:
    void pin() const {  // there are two handles now, so the entry must stay as it is
        detail::Recorder& tape = *detail::recorder;
        if (static_cast<std::int64_t>(slot_) > tape.pin) tape.pin = static_cast<std::int64_t>(slot_);
    }
    void end() {
        if (slot_ != Slot::constant) slot_ = Slot::moved_from, stamp_ = Stamp::none;
    }

    double value_ = 0.0;
    Slot slot_ = Slot::constant;
    Stamp stamp_ = Stamp::none;
};

template <class T>
concept IsValue = std::same_as<std::remove_cvref_t<T>, Value>;

/// A Value or a number that C++ knows.
template <class T>
concept Scalar = IsValue<T> || std::is_arithmetic_v<std::remove_cvref_t<T>>;

/// Make a value whose gradient can be asked for after backward().
inline Value variable(double x) {
    return Tape::current().variable(x);
}

/// Make one variable of each number.
std::vector<Value> variables(std::span<const double> x);

/// Return the number, of a Value or of a double: for code that works with both.
inline double value(const Value& x) {
    return x.value();
}
inline double value(double x) {
    return x;
}

/// Write the number.
std::ostream& operator<<(std::ostream& out, const Value& x);

// ---- recording

namespace detail {

#define GRADUS_INLINE [[gnu::always_inline]] inline

GRADUS_INLINE double number(double x) {
    return x;
}
GRADUS_INLINE double number(const Value& x) {
    return x.value();
}
constexpr bool is_active(double) {
    return false;
}
GRADUS_INLINE bool is_active(const Value& x) {
    return x.slot() != Slot::constant;
}
constexpr Slot slot_of(double) {
    return Slot::constant;
}
GRADUS_INLINE Slot slot_of(const Value& x) {
    return x.slot();
}

/// Whether an argument that was declared A&& is an unnamed temporary, or was given away with std::move.
template <class A>
constexpr bool is_temporary = IsValue<A> && !std::is_reference_v<A> && !std::is_const_v<A>;

template <class Op>
constexpr OpCode code_of = static_cast<OpCode>(ops::All::index<Op>());

constexpr void require_live(const Recorder&, double) {}
GRADUS_INLINE void require_live(const Recorder& tape, const Value& x) {
    if (x.slot() == Slot::constant || x.stamp() == tape.stamp || x.stamp() == tape.outer) [[likely]]
        return;
    tape.require_live(x.slot(), x.stamp());
}

GRADUS_INLINE std::int64_t number_of(Slot slot) {
    return static_cast<std::int64_t>(slot);
}
GRADUS_INLINE std::size_t count(const Recorder& tape, std::int64_t slot) {
    return static_cast<std::size_t>(tape.counts[slot]);
}

/// Multiply the partials of operands [from, to) by a factor; of an addition, that is nothing to do.
GRADUS_INLINE void rescale(Recorder& tape, std::size_t from, std::size_t to, double factor) {
    for (std::size_t k = from; k != to; ++k) tape.partials[k] *= factor;
}
GRADUS_INLINE void rescale(Recorder&, std::size_t, std::size_t, ops::One) {}

/// The most operands an entry may have to melt into an operation with this kind of partial.
template <class Partial>
constexpr std::size_t kMeltable = std::same_as<Partial, ops::One> ? kMaxOperands - 1 : kMaxRescaled;

/// Whether nothing may melt into an operation with this partial: backward never looks beyond a zero, but in a
/// product 0 * inf is NaN. NaN counts as well, so that one comparison does.
GRADUS_INLINE bool vanishes(double partial) {
    return !(std::abs(partial) > 0.0);
}

/// Let the entry of a temporary melt, if it can: then its operands are rescaled, and wait for more.
template <class Partial>
GRADUS_INLINE bool melt(Recorder& tape, Slot temporary, Partial partial) {
    if (number_of(temporary) != tape.newest || tape.newest <= tape.pin) return false;
    const std::size_t operands = count(tape, tape.newest);
    if (operands > kMeltable<Partial> || vanishes(partial)) return false;
    rescale(tape, tape.end - operands, tape.end, partial);
    return true;
}

/// Let the two newest entries melt into one: `high` is the newest, `low` lies right below. Not if `high` uses
/// `low`, as in s += s * x, since an entry cannot be its own operand.
template <class High, class Low>
GRADUS_INLINE bool melt_pair(Recorder& tape, Slot high, High dhigh, Slot low, Low dlow) {
    const std::int64_t below = tape.newest - 1;
    if (number_of(high) != tape.newest || number_of(low) != below || below <= tape.pin) return false;
    const std::size_t high_count = count(tape, tape.newest), low_count = count(tape, below);
    if (high_count > kMeltable<High> || low_count > kMeltable<Low> || high_count + low_count > kMaxOperands) {
        return false;
    }
    if (vanishes(dhigh) || vanishes(dlow)) return false;
    const std::size_t middle = tape.end - high_count;
    for (std::size_t k = middle; k != tape.end; ++k) {
        if (tape.operands[k] == low) return false;
    }
    rescale(tape, middle, tape.end, dhigh);
    rescale(tape, middle - low_count, middle, dlow);
    tape.counts[below] = static_cast<Count>(high_count + low_count);
    tape.newest = below;
    return true;
}

GRADUS_INLINE void push(Recorder& tape, Slot operand, double partial) {
    tape.operands[tape.end] = operand;
    tape.partials[tape.end] = partial;
    ++tape.end;
}

/// Close a new entry over the operands pushed last.
GRADUS_INLINE Slot new_entry(Recorder& tape, std::size_t operands) {
    ++tape.newest;
    tape.counts[tape.newest] = static_cast<Count>(operands);
    return static_cast<Slot>(tape.newest);
}

/// Give the newest entry one more operand.
GRADUS_INLINE Slot extend(Recorder& tape, Slot operand, double partial) {
    push(tape, operand, partial);
    tape.counts[tape.newest] = static_cast<Count>(count(tape, tape.newest) + 1);
    return static_cast<Slot>(tape.newest);
}

/// Record a result of one active operand.
template <bool kTemporary, class DA>
GRADUS_INLINE Slot record(Recorder& tape, Slot a, DA da) {
    if constexpr (kTemporary) {
        if (melt(tape, a, da)) return a;
    }
    push(tape, a, da);
    return new_entry(tape, 1);
}

/// Record a result of two active operands.
template <bool kTemporaryA, bool kTemporaryB, class DA, class DB>
GRADUS_INLINE Slot record(Recorder& tape, Slot a, DA da, Slot b, DB db) {
    if constexpr (kTemporaryA && kTemporaryB) {
        if (melt_pair(tape, b, db, a, da)) return a;
        if (melt_pair(tape, a, da, b, db)) return b;
    }
    if constexpr (kTemporaryB) {
        if (a != b && melt(tape, b, db)) return extend(tape, a, da);
    }
    if constexpr (kTemporaryA) {
        if (a != b && melt(tape, a, da)) return extend(tape, b, db);
    }
    push(tape, a, da);
    push(tape, b, db);
    return new_entry(tape, 2);
}

/// End what was given away, if only with std::move: its entry may have melted.
template <class A>
GRADUS_INLINE void end_temporary([[maybe_unused]] A& a) {
    if constexpr (is_temporary<A>) {
        [[maybe_unused]] const Value ended = std::move(a);
    }
}

/// Compute y = Op(a), and record it unless a is a constant.
template <class Op, class A>
GRADUS_INLINE Value apply(A&& a) {
    const double x = number(a), y = Op::value(x);
    if (!is_active(a)) return y;
    Recorder& tape = *recorder;
    require_live(tape, a);
    Slot slot;
    if (tape.end >= tape.limit) [[unlikely]] {
        slot = tape.record(code_of<Op>, y, {{a.slot(), Op::da(x, y), x}});
    } else {
        slot = record<is_temporary<A>>(tape, a.slot(), Op::da(x, y));
    }
    end_temporary<A>(a);
    return {y, slot, tape.stamp};
}

/// Compute y = Op(a, b), and record it unless both are constants.
template <class Op, class A, class B>
GRADUS_INLINE Value apply(A&& a, B&& b) {
    const double p = number(a), q = number(b), y = Op::value(p, q);
    if (!is_active(a) && !is_active(b)) return y;
    Recorder& tape = *recorder;
    require_live(tape, a);
    require_live(tape, b);
    Slot slot;
    if (tape.end >= tape.limit) [[unlikely]] {
        const double da = is_active(a) ? Op::da(p, q, y) : 0.0, db = is_active(b) ? Op::db(p, q, y) : 0.0;
        slot = tape.record(code_of<Op>, y, {{slot_of(a), da, p}, {slot_of(b), db, q}});
    } else if (!is_active(b)) {
        slot = record<is_temporary<A>>(tape, slot_of(a), Op::da(p, q, y));
    } else if (!is_active(a)) {
        slot = record<is_temporary<B>>(tape, slot_of(b), Op::db(p, q, y));
    } else {
        slot = record<is_temporary<A>, is_temporary<B>>(tape, slot_of(a), Op::da(p, q, y), slot_of(b),
                                                        Op::db(p, q, y));
    }
    end_temporary<A>(a);
    end_temporary<B>(b);
    return {y, slot, tape.stamp};
}

/// Compute y = Op(a, b, c), and record it unless all are constants.
template <class Op, class A, class B, class C>
GRADUS_INLINE Value apply(const A& a, const B& b, const C& c) {
    const double p = number(a), q = number(b), r = number(c), y = Op::value(p, q, r);
    if (!is_active(a) && !is_active(b) && !is_active(c)) return y;
    Recorder& tape = *recorder;
    require_live(tape, a);
    require_live(tape, b);
    require_live(tape, c);
    const double da = Op::da(p, q, r, y), db = Op::db(p, q, r, y), dc = Op::dc(p, q, r, y);
    if (tape.end >= tape.limit) [[unlikely]] {
        const Slot slot =
            tape.record(code_of<Op>, y, {{slot_of(a), da, p}, {slot_of(b), db, q}, {slot_of(c), dc, r}});
        return {y, slot, tape.stamp};
    }
    const std::size_t before = tape.end;
    if (is_active(a)) push(tape, slot_of(a), da);
    if (is_active(b)) push(tape, slot_of(b), db);
    if (is_active(c)) push(tape, slot_of(c), dc);
    return {y, new_entry(tape, tape.end - before), tape.stamp};
}

/// The operands of a binary operation: at least one of them is a Value.
template <class A, class B>
concept Operands = Scalar<A> && Scalar<B> &&(IsValue<A> || IsValue<B>);

}  // namespace detail

// ---- operators

template <IsValue A>
Value operator+(A&& a) {
    return std::forward<A>(a);
}
template <IsValue A>
GRADUS_INLINE Value operator-(A&& a) {
    return detail::apply<ops::Negate>(std::forward<A>(a));
}
template <class A, class B>
requires detail::Operands<A, B> GRADUS_INLINE Value operator+(A&& a, B&& b) {
    return detail::apply<ops::Add>(std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
requires detail::Operands<A, B> GRADUS_INLINE Value operator-(A&& a, B&& b) {
    return detail::apply<ops::Subtract>(std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
requires detail::Operands<A, B> GRADUS_INLINE Value operator*(A&& a, B&& b) {
    return detail::apply<ops::Multiply>(std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
requires detail::Operands<A, B> GRADUS_INLINE Value operator/(A&& a, B&& b) {
    return detail::apply<ops::Divide>(std::forward<A>(a), std::forward<B>(b));
}

// The old a dies with the statement, so its entry may melt: a loop of sums ends as one entry.
template <Scalar B>
GRADUS_INLINE Value& operator+=(Value& a, B&& b) {
    return a = std::move(a) + std::forward<B>(b);
}
template <Scalar B>
GRADUS_INLINE Value& operator-=(Value& a, B&& b) {
    return a = std::move(a) - std::forward<B>(b);
}
template <Scalar B>
GRADUS_INLINE Value& operator*=(Value& a, B&& b) {
    return a = std::move(a) * std::forward<B>(b);
}
template <Scalar B>
GRADUS_INLINE Value& operator/=(Value& a, B&& b) {
    return a = std::move(a) / std::forward<B>(b);
}

inline bool operator==(const Value& a, const Value& b) {
    return a.value() == b.value();
}
inline bool operator<(const Value& a, const Value& b) {
    return a.value() < b.value();
}
inline bool operator>(const Value& a, const Value& b) {
    return a.value() > b.value();
}
inline bool operator<=(const Value& a, const Value& b) {
    return a.value() <= b.value();
}
inline bool operator>=(const Value& a, const Value& b) {
    return a.value() >= b.value();
}

}  // namespace gradus

/// A Value has the range and precision of a double.
template <>
struct std::numeric_limits<gradus::Value> : std::numeric_limits<double> {};
