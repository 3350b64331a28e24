// SPDX-License-Identifier: MIT
// How an operation reaches the tape: apply(), which every operator and function calls. Here is the idea that
// makes it fast: a temporary melts, its entry becomes part of the entry of the operation that receives it.
#pragma once

#include <algorithm>
#include <bit>
#include <utility>

#include "gradus/ops.hpp"
#include "gradus/value.hpp"

#define GRADUS_INLINE [[gnu::always_inline]] inline

/// Each operation appends an entry: its operands, and the partial derivative by each. But when an operand is
/// a *fresh* temporary, to whose entry nothing else refers, and that entry is the newest, it melts: its
/// partials are multiplied by the partial of the new operation (the chain rule, applied at once), and the new
/// operands join them. So `s += sin(p) * exp(q) / (1 + sqrt(r * r + 1))` is one entry in the end.
namespace gradus::detail {

/// An operand in registers: what a Value holds.
struct Handle {
    double value;
    Tag tag;
};

/// Whether an argument that was declared A&& is an unnamed temporary, or was given away with std::move.
template <class A>
constexpr bool is_temporary = IsValue<A> && !std::is_reference_v<A> && !std::is_const_v<A>;

/// Settle an argument that is used by its name: its entry has a user from now on. Before handles are taken,
/// since the same value may be the other argument, given away: x * std::move(x).
template <class A>
GRADUS_INLINE void settle(const Recorder& tape, const std::remove_reference_t<A>& x) {
    if constexpr (IsValue<A> && std::is_lvalue_reference_v<A>) {
        if (mark_of(x.tag()) != tape.stamp) [[unlikely]]
            x.settle();  // most are, and of this stretch
    }
}

/// The same on the slow path, and for constant values that were given away: they do not end.
template <class A>
GRADUS_INLINE void settle(const std::remove_reference_t<A>& x) {
    if constexpr (IsValue<A> && !is_temporary<A>) x.settle();
}

/// End an argument that was given away: its entry may have melted. Of a true temporary nothing remains of
/// this.
template <class A>
GRADUS_INLINE void end(std::remove_reference_t<A>& x) {
    if constexpr (is_temporary<A>) x.end();
}

template <class T>
requires std::is_arithmetic_v<T> GRADUS_INLINE Handle handle(T x) { return {static_cast<double>(x), Tag{}}; }
GRADUS_INLINE Handle handle(const Value& x) { return {x.value(), x.tag()}; }

template <class Op>
constexpr OpCode code_of = static_cast<OpCode>(ops::All::index<Op>());

GRADUS_INLINE bool is_active(Tag tag) { return tag != Tag{}; }

/// Whether a settled handle is of this stretch or of the one around it.
GRADUS_INLINE bool is_near(const Recorder& tape, Tag tag) {
    return mark_of(tag) == tape.stamp || mark_of(tag) == tape.outer;
}

GRADUS_INLINE std::int32_t number_of(Tag tag) { return static_cast<std::int32_t>(slot_of(tag)); }

/// Whether a handle is fresh, and its entry the newest one.
GRADUS_INLINE bool is_newest(const Recorder& tape, Tag tag) {
    return is_fresh(tag) && settled(tag) == tape.newest;
}

/// The number of operands of an entry, of which this is a fresh handle, and whose edges end there. If there
/// are more than `most`, some number above that.
GRADUS_INLINE std::uint64_t count(Tag tag, const Edge* end, std::uint64_t most) {
    if (size_of(tag) < kMany) return size_of(tag);
    std::uint64_t n = 1;
    while (n <= most && !(--end)->is_first()) ++n;
    return n;
}

/// Whether an entry may melt into an operation with this partial. None melts into a zero: backward never
/// looks beyond one, but in a product 0 * inf is NaN.
GRADUS_INLINE bool may_melt(double partial) {
    return std::bit_cast<std::uint64_t>(partial) << 1 != 0;  // one branch; != 0.0 takes two
}
GRADUS_INLINE constexpr bool may_melt(ops::One) { return true; }
GRADUS_INLINE constexpr bool may_melt(ops::MinusOne) { return true; }

GRADUS_INLINE void push(Recorder& tape, Tag operand, double partial) {
    *tape.end = {partial, number_of(operand)};
    ++tape.end;
}

/// Begin an entry with an operand.
GRADUS_INLINE void push_first(Recorder& tape, Tag operand, double partial) {
    *tape.end = {partial, number_of(operand) + Edge::kFirst};
    ++tape.end;
}

/// Make the newest entry the one with this slot, of n operands. Returns the tag of the fresh handle on it.
GRADUS_INLINE Tag newest_entry(Recorder& tape, Tag tag, std::uint64_t n) {
    tape.newest = settled(tag);
    return fresh(tag, std::min(n, kMany));
}
GRADUS_INLINE Tag new_entry(Recorder& tape, std::uint64_t n) {
    const Tag before = tape.newest;
    if (is_fresh(before)) __builtin_unreachable();  // so the compiler has no mark to take away
    return newest_entry(tape, slots_after(before, 1), n);
}

/// Let the newest entry, of n operands, become part of the one below, of which `low` is the tag. Together
/// they have so many operands.
GRADUS_INLINE Tag join(Recorder& tape, Tag low, std::uint64_t n, std::uint64_t size) {
    (tape.end - n)->operand -= Edge::kFirst;
    return newest_entry(tape, low, size);
}

/// Multiply the partials of the n operands before `end` by a factor: in a sum, that is nothing to do.
GRADUS_INLINE void rescale(Edge* end, std::uint64_t n, double factor) {
    for (; n > 0; --n) (--end)->partial *= factor;
}
GRADUS_INLINE void rescale(Edge*, std::uint64_t, ops::One) {}

/// Let the newest entry, of n operands, melt into a result of which `other` is the other operand.
template <class D>
GRADUS_INLINE Tag melt(Recorder& tape, Tag newest, std::uint64_t n, D partial, Tag other, double dother) {
    rescale(tape.end, n, partial);
    push(tape, other, dother);
    return fresh(newest, std::min(n + 1, kMany));
}

// ---- the fast path

/// Whether a handle is fresh, and its entry a short one. The compiler knows that a result of the fast path
/// is, and that one of the slow path is not: so each expression becomes straight code, in which the number of
/// operands is a constant, and which it leaves for good when something does not fit.
GRADUS_INLINE bool is_short(Tag tag) { return size_of(tag) - 1 < kMaxRescaled; }

/// Let a short entry melt, if it is the newest one, into a result of which `low` is the other operand, given
/// away. Let that melt, too, if it is fresh and its entry lies right below.
template <class DHigh, class DLow>
GRADUS_INLINE bool melt_both(Recorder& tape, Tag high, DHigh dhigh, Tag low, DLow dlow, Tag& result) {
    if (!is_short(high) || !is_newest(tape, high) || !may_melt(dhigh)) return false;
    const std::uint64_t n = size_of(high);
    const std::uint64_t size = bits(slots_after(low, 1)) - bits(settled(high));
    const bool is_below = size - 1 < kMany;  // then low is fresh, and this is what size_of(low) says
    if (is_below && (std::same_as<DLow, ops::One> || (size <= kMaxRescaled && may_melt(dlow)))) {
        rescale(tape.end, n, dhigh);
        rescale(tape.end - n, size, dlow);
        result = join(tape, low, n, size + n);
        return true;
    }
    if (is_near(tape, settled(low))) {
        result = melt(tape, high, n, dhigh, low, dlow);
        return true;
    }
    if (is_active(low)) return false;
    rescale(tape.end, n, dhigh);
    result = high;
    return true;
}

/// Let an entry look like a long one, so that the next operation of the expression is not quick.
GRADUS_INLINE Tag slow(Tag fresh) { return Tag{bits(fresh) | kMany}; }

/// Record a result of a value and a constant. It looks like a long entry: if this way of an expression joined
/// that of two operands, their number would be a constant in neither.
template <class D>
GRADUS_INLINE bool record_with_constant(Recorder& tape, Tag operand, D partial, Tag constant, Tag& result) {
    if (is_active(constant) || !is_near(tape, operand)) return false;
    push_first(tape, operand, partial);
    result = slow(new_entry(tape, 1));
    return true;
}

/// Record a result of one operand. Returns false if this needs the slow path.
template <class A, class DA>
GRADUS_INLINE bool record(Recorder& tape, const std::remove_reference_t<A>& a, DA da, Tag& result) {
    if constexpr (is_temporary<A>) {
        if (!is_newest(tape, a.tag()) || !may_melt(da)) return false;
        rescale(tape.end, size_of(a.tag()), da);
        result = a.tag();
    } else {
        settle<A>(tape, a);
        if (!is_near(tape, a.tag()) || tape.end >= tape.limit) return false;
        push_first(tape, a.tag(), da);
        result = new_entry(tape, 1);
    }
    return true;
}

/// Record a result of two operands. Returns false if this needs the slow path.
template <class A, class B, class DA, class DB>
GRADUS_INLINE bool record(Recorder& tape, const std::remove_reference_t<A>& a, DA da,
                          const std::remove_reference_t<B>& b, DB db, Tag& result) {
    if constexpr (!IsValue<B>) {
        return record<A>(tape, a, da, result);
    } else if constexpr (!IsValue<A>) {
        return record<B>(tape, b, db, result);
    } else if constexpr (is_temporary<A> && is_temporary<B>) {
        return melt_both(tape, a.tag(), da, b.tag(), db, result) ||
               melt_both(tape, b.tag(), db, a.tag(), da, result);
    } else if constexpr (is_temporary<A>) {
        settle<B>(tape, b);
        if (!is_near(tape, b.tag()) || !is_newest(tape, a.tag()) || !may_melt(da)) return false;
        result = melt(tape, a.tag(), size_of(a.tag()), da, b.tag(), db);
        return true;
    } else if constexpr (is_temporary<B>) {
        return record<B, A>(tape, b, db, a, da, result);
    } else {
        settle<A>(tape, a);
        settle<B>(tape, b);
        if (tape.end >= tape.limit) return false;
        if (is_near(tape, a.tag()) && is_near(tape, b.tag())) {
            push_first(tape, a.tag(), da);
            push(tape, b.tag(), db);
            result = new_entry(tape, 2);
            return true;
        }
        return record_with_constant(tape, a.tag(), da, b.tag(), result) ||
               record_with_constant(tape, b.tag(), db, a.tag(), result);
    }
}

// ---- the general path

GRADUS_INLINE void require_live(const Recorder& tape, Tag tag) {
    if (!is_near(tape, settled(tag))) tape.require_live(tag);
}

/// The number of partials to multiply when an entry melts into an operation with this partial. None of a sum;
/// else they must be few, so that a loop of products stays linear.
template <class D>
GRADUS_INLINE std::uint64_t to_rescale(Tag tag, const Edge* end, D) {
    return count(tag, end, kMaxRescaled);
}
GRADUS_INLINE std::uint64_t to_rescale(Tag, const Edge*, ops::One) { return 0; }

/// Whether a handle is the only one on the newest entry, and that may melt into an operation with this
/// partial.
template <class D>
GRADUS_INLINE bool melts(const Recorder& tape, Tag a, D partial) {
    return is_newest(tape, a) && may_melt(partial) && to_rescale(a, tape.end, partial) <= kMaxRescaled;
}

/// Record a result of one operand, while there is room.
template <class D>
GRADUS_INLINE Tag record_any(Recorder& tape, Tag a, D partial) {
    if (melts(tape, a, partial)) {
        rescale(tape.end, to_rescale(a, tape.end, partial), partial);
        return a;
    }
    push_first(tape, a, partial);
    return new_entry(tape, 1);
}

/// Let `high` melt into a result of which `other` is the other operand, and `other`, too, if it is fresh and
/// lies right below. Returns false if nothing can melt.
template <class DHigh, class DOther>
GRADUS_INLINE bool melt_any(Recorder& tape, Tag high, DHigh dhigh, Tag other, DOther dother, Tag& result) {
    if (!melts(tape, high, dhigh)) return false;
    rescale(tape.end, to_rescale(high, tape.end, dhigh), dhigh);
    if (is_fresh(other) && settled(slots_after(other, 1)) == settled(high) && may_melt(dother)) {
        const std::uint64_t n = count(high, tape.end, kMaxOperands);
        if (n <= kMaxOperands) {
            const std::uint64_t m = to_rescale(other, tape.end - n, dother);
            if (m <= kMaxRescaled) {
                rescale(tape.end - n, m, dother);
                result = join(tape, other, n, kMany);
                return true;
            }
        }
    }
    push(tape, other, dother);
    result = fresh(high, std::min(size_of(high) + 1, kMany));
    return true;
}

/// Record a result of two operands, while there is room.
template <class DA, class DB>
GRADUS_INLINE Tag record_any(Recorder& tape, Tag a, DA da, Tag b, DB db) {
    Tag result;
    if (melt_any(tape, a, da, b, db, result) || melt_any(tape, b, db, a, da, result)) return result;
    push_first(tape, a, da);
    push(tape, b, db);
    return new_entry(tape, 2);
}

/// Compute and record what the fast path does not take: most constants, long entries, values of stretches
/// further out, a full tape, a graph.
template <class Op>
[[gnu::noinline]] Handle evaluate_slowly(Handle a) {
    const double y = Op::value(a.value);
    if (!is_active(a.tag)) return {y, Tag{}};
    Recorder& tape = *recorder;
    require_live(tape, a.tag);
    const auto da = Op::da(a.value, y);
    if (tape.end < tape.limit) return {y, slow(record_any(tape, a.tag, da))};
    return {y, make_tag(tape.record(code_of<Op>, y, {{slot_of(a.tag), da, a.value}}), tape.stamp)};
}

template <class Op>
[[gnu::noinline]] Handle evaluate_slowly(Handle a, Handle b) {
    const double y = Op::value(a.value, b.value);
    if (!is_active(a.tag) && !is_active(b.tag)) return {y, Tag{}};
    Recorder& tape = *recorder;
    require_live(tape, a.tag);
    require_live(tape, b.tag);
    const auto da = Op::da(a.value, b.value, y);
    const auto db = Op::db(a.value, b.value, y);
    if (tape.end < tape.limit) {
        if (!is_active(b.tag)) return {y, slow(record_any(tape, a.tag, da))};
        if (!is_active(a.tag)) return {y, slow(record_any(tape, b.tag, db))};
        return {y, slow(record_any(tape, a.tag, da, b.tag, db))};
    }
    return {y, make_tag(tape.record(code_of<Op>, y,
                                    {{slot_of(a.tag), da, a.value}, {slot_of(b.tag), db, b.value}}),
                        tape.stamp)};
}

/// Tell the compiler what it cannot see: that a result of the slow path is no short one.
GRADUS_INLINE Value slow_value(const Handle& y) {
    if (is_fresh(y.tag)) return {y.value, Tag{bits(y.tag) | kMany}};
    return {y.value, settled(y.tag)};
}

// ---- what operators and functions call

/// Whether an argument is no temporary, or a short one: else only the slow path can help.
template <class A>
GRADUS_INLINE bool may_be_fast(const std::remove_reference_t<A>& a) {
    if constexpr (is_temporary<A>) return is_short(a.tag());
    return true;
}

/// Apply an operation to what its operator or function was given.
template <class Op, class A>
GRADUS_INLINE Value apply(A&& a) {
    if (may_be_fast<A>(a)) [[likely]] {
        const double y = Op::value(a.value());
        Tag result;
        if (record<A>(*recorder, a, Op::da(a.value(), y), result)) [[likely]] {
            end<A>(a);
            return {y, result};
        }
    }
    settle<A>(a);
    const Handle x = handle(a);
    end<A>(a);
    return slow_value(evaluate_slowly<Op>(x));
}

/// Of two temporaries, one is enough.
template <class A, class B>
GRADUS_INLINE bool may_be_fast(const std::remove_reference_t<A>& a, const std::remove_reference_t<B>& b) {
    if constexpr (is_temporary<A> && is_temporary<B>) return may_be_fast<A>(a) || may_be_fast<B>(b);
    return may_be_fast<A>(a) && may_be_fast<B>(b);
}

template <class Op, class A, class B>
GRADUS_INLINE Value apply(A&& a, B&& b) {
    if constexpr (is_temporary<A> && is_temporary<B>) {
        if (&a == &b) a.settle();  // both are std::move(x)
    }
    if (may_be_fast<A, B>(a, b)) [[likely]] {
        const double x = handle(a).value, z = handle(b).value, y = Op::value(x, z);
        Tag result;
        if (record<A, B>(*recorder, a, Op::da(x, z, y), b, Op::db(x, z, y), result)) [[likely]] {
            end<A>(a);
            end<B>(b);
            return {y, result};
        }
    }
    settle<A>(a);
    settle<B>(b);
    const Handle x = handle(a), z = handle(b);
    end<A>(a);
    end<B>(b);
    return slow_value(evaluate_slowly<Op>(x, z));
}

/// Record a = Op(a, b), of which a is the old one. Returns false if this needs the slow path.
template <class B, class DA, class DB>
GRADUS_INLINE bool record_into(Recorder& tape, Tag a, DA da, Tag b, DB db, Tag& result) {
    if constexpr (is_temporary<B>) return melt_both(tape, b, db, a, da, result);
    if (tape.end >= tape.limit || !is_near(tape, settled(a))) return false;
    if constexpr (IsValue<B>) {
        if (!is_near(tape, b)) return false;
        result = record_any(tape, a, da, b, db);
    } else {
        result = record_any(tape, a, da);
    }
    return true;
}

/// Let an entry of any size melt into a = a + b, if it is the newest one, and that of the old a lies right
/// below. Returns false if this needs the slow path.
GRADUS_INLINE bool melt_sum(Recorder& tape, Tag a, Tag b, Tag& result) {
    if (!is_newest(tape, b) || !is_fresh(a) || settled(slots_after(a, 1)) != settled(b)) return false;
    const std::uint64_t n = count(b, tape.end, kMaxOperands);
    if (n > kMaxOperands) return false;
    result = join(tape, a, n, kMany);
    return true;
}

/// Make a = Op(a, b): the old a dies with the statement, as a temporary does.
template <class Op, class B>
GRADUS_INLINE Value& assign(Value& a, B&& b) {
    settle<B>(*recorder, b);
    if constexpr (is_temporary<B>) {
        if (&a == &b) a.settle();
    }
    if (may_be_fast<B>(b)) [[likely]] {
        const Handle x = handle(a), z = handle(b);
        const double y = Op::value(x.value, z.value);
        const auto da = Op::da(x.value, z.value, y);
        const auto db = Op::db(x.value, z.value, y);
        Tag result;
        if (record_into<B>(*recorder, x.tag, da, z.tag, db, result)) [[likely]] {
            end<B>(b);
            return a = Value(y, result);
        }
    }
    if constexpr (std::same_as<Op, ops::Add> && is_temporary<B>) {  // no else: g++ would merge the two
        Tag result;
        if (melt_sum(*recorder, a.tag(), b.tag(), result)) {
            end<B>(b);
            return a = Value(a.value() + b.value(), result);
        }
    }
    settle<B>(b);
    const Handle x = handle(a), z = handle(b);
    end<B>(b);
    const Handle y = evaluate_slowly<Op>(x, z);
    return a = Value(y.value, y.tag);
}

/// Compute y = Op(a, b, c), of which at least one is a Value, and record it. Nothing melts.
template <class Op, class A, class B, class C>
Value apply(const A& x, const B& z, const C& w) {
    settle<const A&>(*recorder, x);
    settle<const B&>(*recorder, z);
    settle<const C&>(*recorder, w);
    const Handle a = handle(x), b = handle(z), c = handle(w);
    const double y = Op::value(a.value, b.value, c.value);
    if (!is_active(a.tag) && !is_active(b.tag) && !is_active(c.tag)) return y;
    Recorder& tape = *recorder;
    require_live(tape, a.tag);
    require_live(tape, b.tag);
    require_live(tape, c.tag);
    const double da = Op::da(a.value, b.value, c.value, y), db = Op::db(a.value, b.value, c.value, y);
    const double dc = Op::dc(a.value, b.value, c.value, y);
    return {y, make_tag(tape.record(code_of<Op>, y,
                                    {{slot_of(a.tag), da, a.value},
                                     {slot_of(b.tag), db, b.value},
                                     {slot_of(c.tag), dc, c.value}}),
                        tape.stamp)};
}

}  // namespace gradus::detail
