// SPDX-License-Identifier: MIT
// The loops over pieces, in vectors. Most pieces are short: a vector, or a part of one.
#include "pieces.hpp"

#include <cmath>
#include <limits>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pieces.cpp"
#include "lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace gradus::kernels::HWY_NAMESPACE {
namespace {

/// Call body(k, offset) for each piece, k being where its numbers lie side by side with the others'.
template <class Body>
HWY_INLINE void each_piece(const Pieces& s, Body body) {
    const std::size_t size = s.length * s.repeat;
    for (std::size_t k = 0; k < s.count; ++k) body(k * size, (s.places[k] - s.origin) * s.unit);
}

/// Call body(lanes, k, offset) for each vector of each piece. A short piece is one part of a vector,
/// always the same one.
template <class T, class Body>
HWY_INLINE void each_vector_of_pieces(const Pieces& s, Body body) {
    if (s.length <= kLanes<T>) {
        const Part<T> part(s.length);
        each_piece(s, [&](std::size_t k, std::size_t offset) HWY_ATTR { body(part, k, offset); });
    } else {
        each_piece(s, [&](std::size_t k, std::size_t offset) HWY_ATTR {
            for_each_vector<T>(s.length,
                               [&](auto part, std::size_t i) HWY_ATTR { body(part, k + i, offset + i); });
        });
    }
}

/// Call body(k, offset, length) for each piece, the length being a constant, if the pieces are so short that
/// vectors do not pay. Returns whether they are.
template <class Body>
HWY_INLINE bool each_short_piece(const Pieces& s, Body body) {
    if (s.repeat > 1 || s.length > 4) return false;
    const auto each = [&](auto length) HWY_ATTR {
        each_piece(s, [&](std::size_t k, std::size_t offset) HWY_ATTR { body(k, offset, length); });
    };
    if (s.length == 1) each(std::integral_constant<std::size_t, 1>());
    if (s.length == 2) each(std::integral_constant<std::size_t, 2>());
    if (s.length == 3) each(std::integral_constant<std::size_t, 3>());
    if (s.length == 4) each(std::integral_constant<std::size_t, 4>());
    return true;
}

template <class T>
void copy(const T* from, const Pieces& s, T* to) {
    const bool done = each_short_piece(s, [=](std::size_t k, std::size_t offset, auto length) HWY_ATTR {
        unroll<length>([&](auto i) HWY_ATTR { to[k + i] = from[offset + i]; });
    });
    if (done) return;
    each_vector_of_pieces<T>(s, [=](auto part, std::size_t k, std::size_t offset) HWY_ATTR {
        const Vector<T> v = part.load(from + offset);
        for (std::size_t r = 0; r < s.repeat; ++r) part.store(v, to + k + r * s.length);
    });
}

template <class T>
void add(const T* d, const Pieces& s, T* to) {
    const bool done = each_short_piece(s, [=](std::size_t k, std::size_t offset, auto length) HWY_ATTR {
        unroll<length>([&](auto i) HWY_ATTR { to[offset + i] += d[k + i]; });
    });
    if (done) return;
    each_vector_of_pieces<T>(s, [=](auto part, std::size_t k, std::size_t offset) HWY_ATTR {
        Vector<T> total = part.load(to + offset);
        for (std::size_t r = 0; r < s.repeat; ++r) total = total + part.load(d + k + r * s.length);
        part.store(total, to + offset);
    });
}

/// Call body(k, offset) for each number of each piece.
template <class Body>
HWY_INLINE void each_number(const Pieces& s, Body body) {
    each_piece(s, [&](std::size_t k, std::size_t offset) HWY_ATTR {
        for (std::size_t i = 0; i < s.length; ++i) body(k + i * s.repeat, offset + i);
    });
}

template <class T>
void fill(const T* from, const Pieces& s, T* to) {
    each_number(s, [&](std::size_t k, std::size_t offset) HWY_ATTR {
        const Vector<T> v = hn::Set(Tag<T>(), from[offset]);
        for_each_vector<T>(s.repeat, [&](auto part, std::size_t i) HWY_ATTR { part.store(v, to + k + i); });
    });
}

template <class T>
void sum(const T* d, const Pieces& s, T* to) {
    each_number(s, [&](std::size_t k, std::size_t offset) HWY_ATTR {
        Vector<T> total = hn::Zero(Tag<T>());
        for_each_vector<T>(s.repeat,
                           [&](auto part, std::size_t i) HWY_ATTR { total = total + part.load(d + k + i); });
        to[offset] += sum_of_lanes(total);
    });
}

// ---- few examples: a vector holds numbers of several rows

/// Calls body(lanes, k, repeated) for each vector k of n numbers, of which those of each example are `width`
/// apart; repeated(x) is what x has for each example, as their numbers lie in the vector.
/// What follows each other is taken together, since a part of a vector that was just stored is not there yet
/// to be loaded as part of another one.
template <class T>
class Spread {
   public:
    /// There are fewer examples than lanes.
    HWY_INLINE explicit Spread(std::size_t width) : width_(width), first_(width) {
        for (std::size_t k = 0; k < 2 * kLanes<T>; ++k) lanes_[k] = static_cast<Lane>(k % width);
    }

    template <class Body>
    HWY_INLINE void each_vector(std::size_t n, Body body) const {
        std::size_t phase = 0;
        for_each_vector<T>(n, [&](auto part, std::size_t k) HWY_ATTR {
            const auto lanes = hn::SetTableIndices(Tag<T>(), lanes_ + phase);
            body(part, k, [&](const T* x) HWY_ATTR { return hn::TableLookupLanes(first_.load(x), lanes); });
            phase = (phase + kLanes<T>) % width_;
        });
    }

   private:
    using Lane = std::conditional_t<sizeof(T) == 8, std::int64_t, std::int32_t>;

    std::size_t width_;
    Part<T> first_;
    Lane lanes_[2 * kLanes<T>];
};

/// Whether a vector holds numbers of several rows.
template <class T>
HWY_INLINE bool are_few(std::size_t width) {
    return width > 1 && width < kLanes<T>;
}

// ---- rows: those of one example lie along vectors, those of several examples across them

/// Set y to what `join` makes of each row, from `start` on, one number after the other; `finish` joins lanes.
template <class T, class Join, class Finish>
HWY_INLINE void reduce_rows(LaneRows s, const T* x, T* y, T start, Join join, Finish finish) {
    const Vector<T> first = hn::Set(Tag<T>(), start);
    for (std::size_t r = 0; r < s.rows; ++r, x += s.arity * s.width, y += s.width) {
        if (s.width == 1) {
            Vector<T> result = first;
            for_each_vector<T>(s.arity, [&](auto part, std::size_t i) HWY_ATTR {
                result = part.keep(join(result, part.load(x + i)), result);
            });
            *y = finish(result);
            continue;
        }
        for_each_vector<T>(s.width, [&](auto part, std::size_t l) HWY_ATTR {
            Vector<T> result = first;
            for (std::size_t i = 0; i < s.arity; ++i) result = join(result, part.load(x + i * s.width + l));
            part.store(result, y + l);
        });
    }
}

template <class T>
void sum_rows(LaneRows s, const T* x, T* y) {
    reduce_rows<T>(
        s, x, y, T{0}, [](auto a, auto b) HWY_ATTR { return a + b; },
        [](auto v) HWY_ATTR { return sum_of_lanes(v); });
}

template <class T>
void max_rows(LaneRows s, const T* x, T* y) {
    reduce_rows<T>(
        s, x, y, -std::numeric_limits<T>::infinity(),
        [](auto a, auto b) HWY_ATTR { return hn::IfThenElse(hn::Lt(a, b), b, a); },
        [](auto v) HWY_ATTR { return max_of_lanes(v); });
}

/// Set e = exp(x - y), y being one number for each row; 0 where x is -inf.
template <class T>
void exp_of_difference(LaneRows s, const T* x, const T* y, T* e) {
    const T* const numbers = x;
    T* differences = e;
    const Spread<T> spread(s.width);
    for (std::size_t r = 0; r < s.rows; ++r, y += s.width) {
        if (s.width == 1) {
            const Vector<T> offset = hn::Set(Tag<T>(), *y);
            for_each_vector<T>(s.arity, [&](auto part, std::size_t i) HWY_ATTR {
                part.store(part.load(x + i) - offset, differences + i);
            });
            x += s.arity, differences += s.arity;
            continue;
        }
        if (are_few<T>(s.width)) {
            const std::size_t n = s.arity * s.width;
            spread.each_vector(n, [&](auto part, std::size_t k, auto repeated) HWY_ATTR {
                part.store(part.load(x + k) - repeated(y), differences + k);
            });
            x += n, differences += n;
            continue;
        }
        for (std::size_t i = 0; i < s.arity; ++i, x += s.width, differences += s.width) {
            for_each_vector<T>(s.width, [&](auto part, std::size_t l) HWY_ATTR {
                part.store(part.load(x + l) - part.load(y + l), differences + l);
            });
        }
    }
    for_each_vector<T>(s.rows * s.arity * s.width, [&](auto part, std::size_t k) HWY_ATTR {
        const Vector<T> v = part.load(numbers + k);
        const auto is_nothing = hn::Eq(v, hn::Set(Tag<T>(), -std::numeric_limits<T>::infinity()));
        part.store(hn::IfThenElse(is_nothing, hn::Zero(Tag<T>()), exp(part.load(e + k))), e + k);
    });
}

template <class T>
void logsumexp_rows(LaneRows s, const T* x, T* e, T* y) {
    max_rows(s, x, y);
    exp_of_difference(s, x, y, e);
    // The sums go where the differences were, row by row; a sum is behind what it is made of.
    for (std::size_t r = 0; r < s.rows; ++r)
        sum_rows<T>({1, s.arity, s.width}, e + r * s.arity * s.width, e + r * s.width);
    for_each_vector<T>(s.rows * s.width, [&](auto part, std::size_t k) HWY_ATTR {
        const Vector<T> largest = part.load(y + k);
        const auto is_infinite =
            hn::Eq(hn::Abs(largest), hn::Set(Tag<T>(), std::numeric_limits<T>::infinity()));
        part.store(hn::IfThenElse(is_infinite, largest, largest + log(part.load(e + k))), y + k);
    });
}

// ---- dot products: one example's numbers lie side by side; those of several examples lie in lanes

template <class T>
void dots_side_by_side(DotShape s, const T* a, FactorRows a_rows, const T* b, FactorRows b_rows, T* y) {
    for (std::size_t row = 0; row < s.rows; ++row) {
        const T *u = a + a_rows.offset(row), *v = b + b_rows.offset(row);
        y[row] = sum_over<T>(s.arity, [=](auto part, std::size_t i, Vector<T> t) HWY_ATTR {
            return hn::MulAdd(part.load(u + i), part.load(v + i), t);
        });
    }
}

/// Load the number of lanes from `lane` on, or one for all of them.
template <bool shared, class T, class Part>
HWY_INLINE Vector<T> load_factor(const T* a, std::size_t i, std::size_t width, std::size_t lane, Part part) {
    if constexpr (shared)
        return hn::Set(Tag<T>(), a[i]);
    else
        return part.load(a + i * width + lane);
}

template <bool shared, class T>
void dots_in_lanes(DotShape s, const T* a, FactorRows a_rows, const T* b, FactorRows b_rows, T* y) {
    for (std::size_t row = 0; row < s.rows; ++row) {
        const T *u = a + a_rows.offset(row), *v = b + b_rows.offset(row);
        for_each_vector<T>(s.width, [&](auto part, std::size_t lane) HWY_ATTR {
            Vector<T> even = hn::Zero(Tag<T>()), odd = even;
            std::size_t i = 0;
            for (; i + 1 < s.arity; i += 2) {
                even = hn::MulAdd(load_factor<shared, T>(u, i, s.width, lane, part),
                                  part.load(v + i * s.width + lane), even);
                odd = hn::MulAdd(load_factor<shared, T>(u, i + 1, s.width, lane, part),
                                 part.load(v + (i + 1) * s.width + lane), odd);
            }
            if (i < s.arity)
                even = hn::MulAdd(load_factor<shared, T>(u, i, s.width, lane, part),
                                  part.load(v + i * s.width + lane), even);
            part.store(even + odd, y + row * s.width + lane);
        });
    }
}

template <class T>
void dots(DotShape s, const T* a, FactorRows a_rows, const T* b, FactorRows b_rows, T* y) {
    if (s.width == 1) return dots_side_by_side(s, a, a_rows, b, b_rows, y);
    if (s.is_a_shared) return dots_in_lanes<true>(s, a, a_rows, b, b_rows, y);
    dots_in_lanes<false>(s, a, a_rows, b, b_rows, y);
}

/// Return the end of the rows from `row` on that begin at the same place as that one.
HWY_INLINE std::size_t end_of_same(const FactorRows& rows, std::size_t row, std::size_t end) {
    const std::size_t offset = rows.offset(row);
    while (row < end && rows.offset(row) == offset) ++row;
    return row;
}

/// Add to each row of dx the sum of dy * y over the rows that belong to it. Rows that follow each other and
/// are the same share one sum: what was just stored would not be there yet to be loaded again.
template <class T>
void add_to_rows(DotShape s, T* dx, FactorRows x_rows, const T* y, FactorRows y_rows, const T* dy) {
    for (std::size_t row = 0, end = 0; row < s.rows; row = end) {
        end = end_of_same(x_rows, row, s.rows);
        T* const to = dx + x_rows.offset(row);
        for_each_vector<T>(s.arity, [&](auto part, std::size_t i) HWY_ATTR {
            Vector<T> total = part.load(to + i);
            for (std::size_t r = row; r < end; ++r)
                total = hn::MulAdd(hn::Set(Tag<T>(), dy[r]), part.load(y + y_rows.offset(r) + i), total);
            part.store(total, to + i);
        });
    }
}

/// The same in lanes. y has one number for all lanes if it is shared.
template <bool shared, class T>
void add_to_rows_in_lanes(DotShape s, T* dx, FactorRows x_rows, const T* y, FactorRows y_rows, const T* dy) {
    for (std::size_t row = 0, end = 0; row < s.rows; row = end) {
        end = end_of_same(x_rows, row, s.rows);
        T* const to = dx + x_rows.offset(row);
        const T* const first = y + y_rows.offset(row);
        for_each_vector<T>(s.width, [&](auto part, std::size_t lane) HWY_ATTR {
            const Vector<T> d = part.load(dy + row * s.width + lane);
            for (std::size_t i = 0; i < s.arity; ++i) {
                T* const p = to + i * s.width + lane;
                Vector<T> total =
                    hn::MulAdd(d, load_factor<shared, T>(first, i, s.width, lane, part), part.load(p));
                for (std::size_t r = row + 1; r < end; ++r) {
                    const Vector<T> factor =
                        load_factor<shared, T>(y + y_rows.offset(r), i, s.width, lane, part);
                    total = hn::MulAdd(part.load(dy + r * s.width + lane), factor, total);
                }
                part.store(total, p);
            }
        });
    }
}

/// The same for few examples.
template <class T>
void add_to_rows_of_few(DotShape s, T* dx, FactorRows x_rows, const T* y, FactorRows y_rows, const T* dy) {
    const Spread<T> spread(s.width);
    for (std::size_t row = 0, end = 0; row < s.rows; row = end) {
        end = end_of_same(x_rows, row, s.rows);
        T* const to = dx + x_rows.offset(row);
        spread.each_vector(s.arity * s.width, [&](auto part, std::size_t k, auto repeated) HWY_ATTR {
            Vector<T> total = part.load(to + k);
            for (std::size_t r = row; r < end; ++r)
                total = hn::MulAdd(repeated(dy + r * s.width), part.load(y + y_rows.offset(r) + k), total);
            part.store(total, to + k);
        });
    }
}

/// Add to shared numbers da[i] the sum over the lanes of dy * b[i], four of them at a time.
template <class T>
void add_to_shared_row(DotShape s, const T* b, const T* dy, T* da) {
    const auto add_some = [&](auto some, std::size_t i) HWY_ATTR {
        Vector<T> sums[some];
        unroll<some>([&](auto k) HWY_ATTR { sums[k] = hn::Zero(Tag<T>()); });
        for_each_vector<T>(s.width, [&](auto part, std::size_t lane) HWY_ATTR {
            const Vector<T> d = part.load(dy + lane);
            unroll<some>([&](auto k) HWY_ATTR {
                sums[k] = hn::MulAdd(d, part.load(b + (i + k) * s.width + lane), sums[k]);
            });
        });
        unroll<some>([&](auto k) HWY_ATTR { da[i + k] += sum_of_lanes(sums[k]); });
    };
    std::size_t i = 0;
    for (; i + 4 <= s.arity; i += 4) add_some(std::integral_constant<std::size_t, 4>(), i);
    for (; i < s.arity; ++i) add_some(std::integral_constant<std::size_t, 1>(), i);
}

template <class T>
void dots_gradient(DotShape s, const T* a, T* da, FactorRows a_rows, const T* b, T* db, FactorRows b_rows,
                   const T* dy) {
    if (s.width == 1) {
        if (da != nullptr) add_to_rows(s, da, a_rows, b, b_rows, dy);
        if (db != nullptr) add_to_rows(s, db, b_rows, a, a_rows, dy);
    } else if (s.is_a_shared) {
        for (std::size_t row = 0; row < s.rows && da != nullptr; ++row)
            add_to_shared_row(s, b + b_rows.offset(row), dy + row * s.width, da + a_rows.offset(row));
        if (db != nullptr) add_to_rows_in_lanes<true>(s, db, b_rows, a, a_rows, dy);
    } else {
        const auto add = are_few<T>(s.width) ? add_to_rows_of_few<T> : add_to_rows_in_lanes<false, T>;
        if (da != nullptr) add(s, da, a_rows, b, b_rows, dy);
        if (db != nullptr) add(s, db, b_rows, a, a_rows, dy);
    }
}

template <class T>
void logsumexp_rows_gradient(LaneRows s, const T* x, T* e, const T* y, const T* dy, T* dx) {
    exp_of_difference(s, x, y, e);
    const FactorRows rows{nullptr, 0, 0, s.arity * s.width};
    dots_gradient<T>({s.rows, s.arity, s.width, false}, e, nullptr, rows, e, dx, rows, dy);
}

/// The functions of pieces.hpp, for the instruction set of this namespace.
template <class T>
constexpr PieceLoops<T> kPieceLoops = {
    copy<T>, add<T>,           fill<T>, sum<T>, sum_rows<T>, logsumexp_rows<T>, logsumexp_rows_gradient<T>,
    dots<T>, dots_gradient<T>,
};

}  // namespace

const PieceLoops<double>& pieces_of_double() { return kPieceLoops<double>; }
const PieceLoops<float>& pieces_of_float() { return kPieceLoops<float>; }

}  // namespace gradus::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gradus::kernels {

HWY_EXPORT(pieces_of_double);
HWY_EXPORT(pieces_of_float);

template <>
const PieceLoops<double>& piece_loops() {
    return HWY_DYNAMIC_DISPATCH(pieces_of_double)();
}

template <>
const PieceLoops<float>& piece_loops() {
    return HWY_DYNAMIC_DISPATCH(pieces_of_float)();
}

}  // namespace gradus::kernels
#endif
