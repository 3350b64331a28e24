// SPDX-License-Identifier: MIT
// How an operation reaches the tape: apply(), which every operator and function calls. Here is the idea that
// makes it fast: a temporary melts, its entry becomes part of the entry of the operation that receives it.
#pragma once

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

GRADUS_INLINE bool is_active(const Handle& x) { return x.tag != Tag{}; }

/// Whether an operand is of this stretch or of the one around it.
template <bool kTemporary>
GRADUS_INLINE bool is_near(const Recorder& tape, const Handle& x) {
    const Stamp stamp = kTemporary ? stamp_of(x.tag) : mark_of(x.tag);
    return stamp == tape.stamp || stamp == tape.outer;
}

GRADUS_INLINE std::int32_t index(Tag tag) { return static_cast<std::int32_t>(slot_of(tag)); }
GRADUS_INLINE unsigned count(const Recorder& tape, Tag tag) {
    return static_cast<unsigned>(tape.counts[index(tag)]);
}

/// Whether an entry of n operands may melt into an operation with this partial. Any entry may, if it needs no
/// factor; else a short one, so that a loop of products stays linear. None melts into a zero: backward never
/// looks beyond one, but in a product 0 * inf is NaN.
GRADUS_INLINE bool may_melt(unsigned n, double partial) {
    const bool is_zero = std::bit_cast<std::uint64_t>(partial) << 1 == 0;  // one branch; == 0.0 takes two
    return n <= kMaxRescaled && !is_zero;
}
GRADUS_INLINE bool may_melt(unsigned, ops::One) { return true; }

/// Whether two entries that may melt into operations with these partials always fit into one.
template <class DA, class DB>
constexpr bool kFew = !std::same_as<DA, ops::One> && !std::same_as<DB, ops::One>;

GRADUS_INLINE void push(Recorder& tape, Tag operand, double partial) {
    tape.operands[tape.end] = slot_of(operand);
    tape.partials[tape.end] = partial;
    ++tape.end;
}

/// Make the newest entry the one with this tag, and n operands. Returns the fresh handle on it.
GRADUS_INLINE Handle newest_entry(Recorder& tape, double y, Tag tag, unsigned n) {
    tape.counts[index(tag)] = static_cast<Count>(n);
    tape.newest = tag;
    return {y, tag};
}
GRADUS_INLINE Handle new_entry(Recorder& tape, double y, unsigned n) {
    return newest_entry(tape, y, slots_after(tape.newest, 1), n);
}

/// Multiply the partials of the n operands before `end` by a factor: in a sum, that is nothing to do.
GRADUS_INLINE void rescale(Recorder& tape, std::size_t end, unsigned n, double factor) {
    double *const last = tape.partials + end, *partial = last - n;
    do {
        *partial *= factor;
        asm("");  // keeps it scalar: a vector load of what was just stored one by one would stall
    } while (++partial != last);
}
GRADUS_INLINE void rescale(Recorder&, std::size_t, unsigned, ops::One) {}

/// Let `high`, the newest entry, melt into the result y, of which `other` is the other operand. Let `other`
/// melt, too, if it is fresh and lies right below. Returns false if nothing can melt.
template <bool kTemporary, class DHigh, class DOther>
GRADUS_INLINE bool melt(Recorder& tape, double y, const Handle& high, DHigh dhigh, const Handle& other,
                        DOther dother, Handle& result) {
    const unsigned n = count(tape, high.tag);
    if (!may_melt(n, dhigh)) return false;
    if constexpr (kTemporary) {
        if (bits(other.tag) == bits(high.tag) - kNextSlot) {
            const unsigned m = count(tape, other.tag);
            if (may_melt(m, dother) && (kFew<DHigh, DOther> || m + n <= kMaxOperands)) {
                rescale(tape, tape.end, n, dhigh);
                rescale(tape, tape.end - n, m, dother);
                result = newest_entry(tape, y, other.tag, m + n);
                return true;
            }
        }
    }
    if (!is_near<kTemporary>(tape, other) || tape.end >= tape.limit || n >= kMaxOperands) return false;
    rescale(tape, tape.end, n, dhigh);
    push(tape, other.tag, dother);
    result = newest_entry(tape, y, high.tag, n + 1);
    return true;
}

/// Record a result of one operand. Returns false if this needs the slow path.
template <bool kTemporary, class DA>
GRADUS_INLINE bool record(Recorder& tape, double y, const Handle& a, DA da, Handle& result) {
    if constexpr (kTemporary) {
        if (a.tag == tape.newest) {
            const unsigned n = count(tape, a.tag);
            if (may_melt(n, da)) {
                rescale(tape, tape.end, n, da);
                result = {y, a.tag};
                return true;
            }
        }
    }
    if (!is_near<kTemporary>(tape, a) || tape.end >= tape.limit) return false;
    push(tape, a.tag, da);
    result = new_entry(tape, y, 1);
    return true;
}

/// Record a result of two operands. Returns false if this needs the slow path.
template <bool kTemporaryA, bool kTemporaryB, class DA, class DB>
GRADUS_INLINE bool record(Recorder& tape, double y, const Handle& a, DA da, const Handle& b, DB db,
                          Handle& result) {
    if constexpr (kTemporaryB) {
        if (b.tag == tape.newest && melt<kTemporaryA>(tape, y, b, db, a, da, result)) return true;
    }
    if constexpr (kTemporaryA) {
        if (a.tag == tape.newest && melt<kTemporaryB>(tape, y, a, da, b, db, result)) return true;
    }
    if (!is_near<kTemporaryA>(tape, a) || !is_near<kTemporaryB>(tape, b) || tape.end >= tape.limit)
        return false;
    if (a.tag == b.tag) {  // x * x
        push(tape, a.tag, da + db);
        result = new_entry(tape, y, 1);
        return true;
    }
    push(tape, a.tag, da);
    push(tape, b.tag, db);
    result = new_entry(tape, y, 2);
    return true;
}

GRADUS_INLINE void require_live(const Recorder& tape, const Handle& x) {
    if (!is_near<true>(tape, x)) tape.require_live(x.tag);
}

/// Record what the fast path does not take: constants, values of stretches further out, a full tape, a graph.
template <class Op>
[[gnu::noinline]] Handle evaluate_slowly(Handle a, double y) {
    if (!is_active(a)) return {y, Tag{}};
    Recorder& tape = *recorder;
    require_live(tape, a);
    const double da = Op::da(a.value, y);
    return {y, make_tag(tape.record(code_of<Op>, y, {{slot_of(a.tag), da, a.value}}), tape.stamp)};
}

template <class Op>
[[gnu::noinline]] Handle evaluate_slowly(Handle a, Handle b, double y) {
    if (!is_active(a) && !is_active(b)) return {y, Tag{}};
    Recorder& tape = *recorder;
    require_live(tape, a);
    require_live(tape, b);
    Handle result;
    if (!is_active(b) && tape.end < tape.limit &&
        record<true>(tape, y, a, Op::da(a.value, b.value, y), result))
        return result;
    if (!is_active(a) && tape.end < tape.limit &&
        record<true>(tape, y, b, Op::db(a.value, b.value, y), result))
        return result;
    const double da = Op::da(a.value, b.value, y), db = Op::db(a.value, b.value, y);
    return {y, make_tag(tape.record(code_of<Op>, y,
                                    {{slot_of(a.tag), da, a.value}, {slot_of(b.tag), db, b.value}}),
                        tape.stamp)};
}

/// Compute y = Op(a), and record it.
template <class Op, bool kTemporary>
GRADUS_INLINE Handle evaluate(Recorder& tape, const Handle& a) {
    const double y = Op::value(a.value);
    Handle result;
    if (record<kTemporary>(tape, y, a, Op::da(a.value, y), result)) [[likely]]
        return result;
    return evaluate_slowly<Op>(a, y);
}

/// Compute y = Op(a, b), of which A and B tell what they were, and record it.
template <class Op, class A, class B>
GRADUS_INLINE Handle evaluate(Recorder& tape, const Handle& a, const Handle& b) {
    const double y = Op::value(a.value, b.value);
    Handle result;
    bool done;
    if constexpr (!IsValue<B>) {
        done = record<is_temporary<A>>(tape, y, a, Op::da(a.value, b.value, y), result);
    } else if constexpr (!IsValue<A>) {
        done = record<is_temporary<B>>(tape, y, b, Op::db(a.value, b.value, y), result);
    } else {
        done = record<is_temporary<A>, is_temporary<B>>(tape, y, a, Op::da(a.value, b.value, y), b,
                                                        Op::db(a.value, b.value, y), result);
    }
    if (done) [[likely]]
        return result;
    return evaluate_slowly<Op>(a, b, y);
}

GRADUS_INLINE Value value_of(const Handle& x) { return {x.value, x.tag}; }

/// Apply an operation to what its operator or function was given.
template <class Op, class A>
GRADUS_INLINE Value apply(A&& a) {
    Recorder& tape = *recorder;
    settle<A>(tape, a);
    const Handle result = evaluate<Op, is_temporary<A>>(tape, handle(a));
    end<A>(a);
    return value_of(result);
}

template <class Op, class A, class B>
GRADUS_INLINE Value apply(A&& a, B&& b) {
    Recorder& tape = *recorder;
    settle<A>(tape, a);
    settle<B>(tape, b);
    if constexpr (is_temporary<A> && is_temporary<B>) {
        if (&a == &b) a.settle();  // both are std::move(x)
    }
    const Handle result = evaluate<Op, A, B>(tape, handle(a), handle(b));
    end<A>(a);
    end<B>(b);
    return value_of(result);
}

/// Make a = Op(a, b): the old a dies with the statement, as a temporary does.
template <class Op, class B>
GRADUS_INLINE Value& assign(Value& a, B&& b) {
    Recorder& tape = *recorder;
    settle<B>(tape, b);
    if constexpr (is_temporary<B>) {
        if (&a == &b) a.settle();
    }
    const Handle result = evaluate<Op, Value, B>(tape, handle(a), handle(b));
    end<B>(b);
    return a = value_of(result);
}

/// Compute y = Op(a, b, c), of which at least one is a Value, and record it. Nothing melts.
template <class Op, class A, class B, class C>
Value apply(const A& x, const B& z, const C& w) {
    settle<const A&>(*recorder, x);
    settle<const B&>(*recorder, z);
    settle<const C&>(*recorder, w);
    const Handle a = handle(x), b = handle(z), c = handle(w);
    const double y = Op::value(a.value, b.value, c.value);
    if (!is_active(a) && !is_active(b) && !is_active(c)) return y;
    Recorder& tape = *recorder;
    require_live(tape, a);
    require_live(tape, b);
    require_live(tape, c);
    const double da = Op::da(a.value, b.value, c.value, y), db = Op::db(a.value, b.value, c.value, y);
    const double dc = Op::dc(a.value, b.value, c.value, y);
    return {y, make_tag(tape.record(code_of<Op>, y,
                                    {{slot_of(a.tag), da, a.value},
                                     {slot_of(b.tag), db, b.value},
                                     {slot_of(c.tag), dc, c.value}}),
                        tape.stamp)};
}

}  // namespace gradus::detail
