// SPDX-License-Identifier: MIT
// The loops over every operation of ops.hpp. Those that networks use are written in vectors, each value with
// its derivatives beside it; the others call the operation number by number.
#include "elementwise.hpp"

#include <array>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise.cpp"
#include "lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace gradus::kernels::HWY_NAMESPACE {
namespace {

// ---- operations in vectors, as ops.hpp has them; an operation that is not here has no vector code

template <class Op>
struct Lanes;

template <>
struct Lanes<ops::Add> {
    template <class V>
    static V value(V a, V b) {
        return a + b;
    }
    template <class V>
    static V da(V a, V, V) {
        return all(a, 1.0);
    }
    template <class V>
    static V db(V a, V, V) {
        return all(a, 1.0);
    }
};

template <>
struct Lanes<ops::Subtract> {
    template <class V>
    static V value(V a, V b) {
        return a - b;
    }
    template <class V>
    static V da(V a, V, V) {
        return all(a, 1.0);
    }
    template <class V>
    static V db(V a, V, V) {
        return all(a, -1.0);
    }
};

template <>
struct Lanes<ops::Multiply> {
    template <class V>
    static V value(V a, V b) {
        return a * b;
    }
    template <class V>
    static V da(V, V b, V) {
        return b;
    }
    template <class V>
    static V db(V a, V, V) {
        return a;
    }
};

template <>
struct Lanes<ops::Divide> {
    template <class V>
    static V value(V a, V b) {
        return a / b;
    }
    template <class V>
    static V da(V, V b, V) {
        return all(b, 1.0) / b;
    }
    template <class V>
    static V db(V, V b, V y) {
        return hn::Neg(y) / b;
    }
};

template <>
struct Lanes<ops::Min> {
    template <class V>
    static V value(V a, V b) {
        return hn::IfThenElse(hn::Lt(b, a), b, a);
    }
    template <class V>
    static V da(V a, V b, V) {
        return hn::IfThenElse(hn::Lt(b, a), all(a, 0.0), all(a, 1.0));
    }
    template <class V>
    static V db(V a, V b, V) {
        return hn::IfThenElse(hn::Lt(b, a), all(a, 1.0), all(a, 0.0));
    }
};

template <>
struct Lanes<ops::Max> {
    template <class V>
    static V value(V a, V b) {
        return hn::IfThenElse(hn::Lt(a, b), b, a);
    }
    template <class V>
    static V da(V a, V b, V) {
        return hn::IfThenElse(hn::Lt(a, b), all(a, 0.0), all(a, 1.0));
    }
    template <class V>
    static V db(V a, V b, V) {
        return hn::IfThenElse(hn::Lt(a, b), all(a, 1.0), all(a, 0.0));
    }
};

template <>
struct Lanes<ops::LeakyRelu> {
    template <class V>
    static V value(V a, V b) {
        return hn::IfThenElse(is_positive(a), a, a * b);
    }
    template <class V>
    static V da(V a, V b, V) {
        return hn::IfThenElse(is_positive(a), all(a, 1.0), b);
    }
    template <class V>
    static V db(V a, V, V) {
        return hn::IfThenElse(is_positive(a), all(a, 0.0), a);
    }
};

template <>
struct Lanes<ops::Negate> {
    template <class V>
    static V value(V a) {
        return hn::Neg(a);
    }
    template <class V>
    static V da(V a, V) {
        return all(a, -1.0);
    }
};

template <>
struct Lanes<ops::Abs> {
    template <class V>
    static V value(V a) {
        return hn::Abs(a);
    }
    template <class V>
    static V da(V a, V) {
        return hn::IfThenElse(is_positive(a), all(a, 1.0),
                              hn::IfThenElse(is_negative(a), all(a, -1.0), all(a, 0.0)));
    }
};

template <>
struct Lanes<ops::Sqrt> {
    template <class V>
    static V value(V a) {
        return hn::Sqrt(a);
    }
    template <class V>
    static V da(V, V y) {
        return all(y, 0.5) / y;
    }
};

template <>
struct Lanes<ops::Exp> {
    template <class V>
    static V value(V a) {
        return exp(a);
    }
    template <class V>
    static V da(V, V y) {
        return y;
    }
};

template <>
struct Lanes<ops::Log> {
    template <class V>
    static V value(V a) {
        return log(a);
    }
    template <class V>
    static V da(V a, V) {
        return all(a, 1.0) / a;
    }
};

template <>
struct Lanes<ops::Tanh> {
    template <class V>
    static V value(V a) {
        return tanh(a);
    }
    template <class V>
    static V da(V, V y) {
        return all(y, 1.0) - y * y;
    }
};

template <>
struct Lanes<ops::Sin> {
    template <class V>
    static V value(V a) {
        return sin(a);
    }
    template <class V>
    static V da(V a, V) {
        return cos(a);
    }
};

template <>
struct Lanes<ops::Cos> {
    template <class V>
    static V value(V a) {
        return cos(a);
    }
    template <class V>
    static V da(V a, V) {
        return hn::Neg(sin(a));
    }
};

template <>
struct Lanes<ops::Relu> {
    template <class V>
    static V value(V a) {
        return hn::IfThenElse(is_negative(a), all(a, 0.0), a);
    }
    template <class V>
    static V da(V a, V) {
        return hn::IfThenElse(is_positive(a), all(a, 1.0), all(a, 0.0));
    }
};

template <>
struct Lanes<ops::Sigmoid> {
    template <class V>
    static V value(V a) {
        const V one = all(a, 1.0), e = exp(hn::Neg(hn::Abs(a)));
        return hn::IfThenElse(is_negative(a), e, one) / (one + e);
    }
    template <class V>
    static V da(V, V y) {
        return y * (all(y, 1.0) - y);
    }
};

template <>
struct Lanes<ops::Softplus> {
    template <class V>
    static V value(V a) {
        return log1p_of_fraction(exp(hn::Neg(hn::Abs(a)))) + hn::IfThenElse(is_negative(a), all(a, 0.0), a);
    }
    template <class V>
    static V da(V a, V) {
        return Lanes<ops::Sigmoid>::value(a);
    }
};

template <>
struct Lanes<ops::Silu> {
    template <class V>
    static V value(V a) {
        return a * Lanes<ops::Sigmoid>::value(a);
    }
    template <class V>
    static V da(V a, V y) {
        const V s = Lanes<ops::Sigmoid>::value(a);
        return s + y * (all(y, 1.0) - s);
    }
};

// ---- loops over them

/// What an operation reads: a run, or one number throughout.
template <class T>
struct Operand {
    const T* data;
    std::size_t step;

    template <class Part>
    HWY_INLINE Vector<T> load(Part part, std::size_t i) const {
        return step == 0 ? hn::Set(Tag<T>(), *data) : part.load(data + i);
    }
};

/// Return dy * slope, and 0 where dy is 0, even if the slope is infinite: a tape skips entries without
/// adjoint.
template <class T>
HWY_INLINE Vector<T> passed_on(Vector<T> dy, Vector<T> slope) {
    const Vector<T> zero = hn::Zero(Tag<T>());
    return hn::IfThenElse(hn::Eq(dy, zero), zero, dy * slope);
}

template <class Op, class T>
void map(const T* x, T* y, std::size_t n) {
    for_each_vector<T>(
        n, [=](auto part, std::size_t i) HWY_ATTR { part.store(Lanes<Op>::value(part.load(x + i)), y + i); });
}

template <class Op, class T>
void map_gradient(const T* x, const T* y, const T* dy, T* dx, std::size_t n) {
    for_each_vector<T>(n, [=](auto part, std::size_t i) HWY_ATTR {
        const Vector<T> slope = Lanes<Op>::da(part.load(x + i), part.load(y + i));
        part.store(part.load(dx + i) + passed_on<T>(part.load(dy + i), slope), dx + i);
    });
}

template <class Op, class T>
void zip(const T* a, std::size_t a_step, const T* b, std::size_t b_step, T* y, std::size_t n) {
    const Operand<T> u{a, a_step}, v{b, b_step};
    for_each_vector<T>(n, [=](auto part, std::size_t i) HWY_ATTR {
        part.store(Lanes<Op>::value(u.load(part, i), v.load(part, i)), y + i);
    });
}

/// Add term(part, i) to a run, or the sum of all to one number.
template <class T, class Term>
HWY_INLINE void add_terms(T* sum, std::size_t step, std::size_t n, Term term) {
    if (step == 0) {
        *sum +=
            sum_over<T>(n, [=](auto part, std::size_t i, Vector<T> s) HWY_ATTR { return s + term(part, i); });
    } else {
        for_each_vector<T>(n, [=](auto part, std::size_t i)
                                  HWY_ATTR { part.store(part.load(sum + i) + term(part, i), sum + i); });
    }
}

template <class Op, class T>
void zip_gradient(const T* a, std::size_t a_step, const T* b, std::size_t b_step, const T* y, const T* dy,
                  T* da, T* db, std::size_t n) {
    const Operand<T> u{a, a_step}, v{b, b_step};
    if (da != nullptr) {
        add_terms(da, a_step, n, [=](auto part, std::size_t i) HWY_ATTR {
            const Vector<T> slope = Lanes<Op>::da(u.load(part, i), v.load(part, i), part.load(y + i));
            return passed_on<T>(part.load(dy + i), slope);
        });
    }
    if (db != nullptr) {
        add_terms(db, b_step, n, [=](auto part, std::size_t i) HWY_ATTR {
            const Vector<T> slope = Lanes<Op>::db(u.load(part, i), v.load(part, i), part.load(y + i));
            return passed_on<T>(part.load(dy + i), slope);
        });
    }
}

/// Return the loops of an operation that has vector code, else none.
template <class Op, class T>
constexpr detail::Loops<T> loops_of() {
    if constexpr (!requires { sizeof(Lanes<Op>); }) {
        return {};
    } else if constexpr (Op::smooth.size() == 1) {
        return {map<Op, T>, map_gradient<Op, T>, nullptr, nullptr};
    } else {
        return {nullptr, nullptr, zip<Op, T>, zip_gradient<Op, T>};
    }
}

template <class T, class... Ops>
constexpr std::array<detail::Loops<T>, sizeof...(Ops)> table_of(ops::List<Ops...>) {
    return {loops_of<Ops, T>()...};
}

template <class T>
constexpr auto kTable = table_of<T>(ops::All());

}  // namespace

const detail::Loops<double>& loops_of_double(std::size_t operation) { return kTable<double>[operation]; }
const detail::Loops<float>& loops_of_float(std::size_t operation) { return kTable<float>[operation]; }

}  // namespace gradus::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gradus::kernels {
namespace plain {
namespace {

// ---- number by number, for every operation

template <class Op, class T>
void map(const T* x, T* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<T>(Op::value(x[i]));
}

template <class Op, class T>
void map_gradient(const T* x, const T* y, const T* dy, T* dx, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
        const double a = x[i], value = y[i];
        if (dy[i] != T{0}) dx[i] += dy[i] * static_cast<T>(Op::da(a, value));
    }
}

template <class Op, class T>
void zip(const T* a, std::size_t a_step, const T* b, std::size_t b_step, T* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<T>(Op::value(a[i * a_step], b[i * b_step]));
}

template <class Op, class T>
void zip_gradient(const T* a, std::size_t a_step, const T* b, std::size_t b_step, const T* y, const T* dy,
                  T* da, T* db, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
        const double u = a[i * a_step], v = b[i * b_step], value = y[i];
        if (dy[i] == T{0}) continue;
        if (da != nullptr) da[i * a_step] += dy[i] * static_cast<T>(Op::da(u, v, value));
        if (db != nullptr) db[i * b_step] += dy[i] * static_cast<T>(Op::db(u, v, value));
    }
}

template <class Op, class T>
constexpr detail::Loops<T> loops_of() {
    if constexpr (Op::smooth.size() == 1) return {map<Op, T>, map_gradient<Op, T>, nullptr, nullptr};
    if constexpr (Op::smooth.size() == 2) return {nullptr, nullptr, zip<Op, T>, zip_gradient<Op, T>};
    return {};
}

template <class T, class... Ops>
constexpr std::array<detail::Loops<T>, sizeof...(Ops)> table_of(ops::List<Ops...>) {
    return {loops_of<Ops, T>()...};
}

template <class T>
constexpr auto kTable = table_of<T>(ops::All());

/// Choose the vector code of an operation where it has some.
template <class T>
const detail::Loops<T>& choose(const detail::Loops<T>& vectors, std::size_t operation) {
    const bool none = vectors.map == nullptr && vectors.zip == nullptr;
    return none ? kTable<T>[operation] : vectors;
}

}  // namespace
}  // namespace plain

HWY_EXPORT(loops_of_double);
HWY_EXPORT(loops_of_float);

template <>
const detail::Loops<double>& detail::loops(std::size_t operation) {
    return plain::choose(HWY_DYNAMIC_DISPATCH(loops_of_double)(operation), operation);
}

template <>
const detail::Loops<float>& detail::loops(std::size_t operation) {
    return plain::choose(HWY_DYNAMIC_DISPATCH(loops_of_float)(operation), operation);
}

}  // namespace gradus::kernels
#endif
