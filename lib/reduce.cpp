// SPDX-License-Identifier: MIT
// Reductions. The value comes from loops over plain numbers, the same for double and Value; then Entry writes
// operands and partials straight onto the tape.
#include "gradus/reduce.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "gradus/record.hpp"
#include "operation.hpp"

namespace gradus {
namespace {

using detail::OpCode;
using detail::Operand;
using detail::Recorder;

// ---- where numbers and slots come from

struct ValueRow {
    const Value* data;
    double number(std::size_t i) const { return data[i].value(); }
    Slot slot(std::size_t i) const { return data[i].slot(); }
    bool is_active(std::size_t i) const { return slot(i) != Slot::constant; }
    ValueRow from(std::size_t i) const { return {data + i}; }
    void require_live(const Recorder& tape, std::size_t i) const {
        detail::require_live(tape, data[i].settle());
    }
};

struct ParameterRow {
    const double* data;
    std::int32_t first;
    double number(std::size_t i) const { return data[i]; }
    Slot slot(std::size_t i) const { return Slot{first + static_cast<std::int32_t>(i)}; }
    bool is_active(std::size_t) const { return true; }
    ParameterRow from(std::size_t i) const { return {data + i, static_cast<std::int32_t>(slot(i))}; }
    void require_live(const Recorder&, std::size_t) const {}  // one check for all: visit()
};

struct NumberRow {
    const double* data;
    double number(std::size_t i) const { return data[i]; }
    Slot slot(std::size_t) const { return Slot::constant; }
    bool is_active(std::size_t) const { return false; }
    void require_live(const Recorder&, std::size_t) const {}
};

/// Call f with the kind of row that these values are.
template <class F>
auto visit(const Values& x, F&& f) {
    if (x.data() != nullptr || x.size() == 0) return f(ValueRow{x.data()});
    const Value first = x.parameters()[0];
    detail::recorder->require_live(first.tag());
    return f(ParameterRow{x.parameters().numbers().data(), static_cast<std::int32_t>(first.slot())});
}

/// Memory for one call, which the next call on this thread uses again.
std::span<double> scratch(std::size_t n) {
    thread_local std::vector<double> memory;
    if (memory.size() < n) memory.resize(n);
    return {memory.data(), n};
}

// ---- recording

/// One entry under construction. If it has more operands than fit, the first ones become an entry of their
/// own, which the next one takes with partial 1.
class Entry {
   public:
    explicit Entry(OpCode code) : code_(code), is_graph_(Tape::current().mode() == Tape::Mode::graph) {
        if (is_graph_) list().clear();
    }

    /// Take the operands x[0 ... n-1], with these partials.
    template <class Row, class Partial>
    void add(const Row& x, std::size_t n, Partial partial) {
        if (is_graph_) return add_to_list(x, n, partial);
        if constexpr (std::same_as<Row, NumberRow>) return;
        Recorder& tape = *detail::recorder;
        for (std::size_t i = 0; i < n;) {
            if (count_ == detail::kMaxOperands) {
                const Slot part = detail::slot_of(close());
                reserve();
                write(part, 1.0);
            }
            if (count_ == 0) reserve();
            const std::size_t stop = std::min(n, i + detail::kMaxOperands - count_);
            detail::Edge* const edges = tape.end;
            std::size_t count = count_;
            for (std::size_t k = i; k < stop; ++k) {
                x.require_live(tape, k);
                edges[count] = {partial(k), static_cast<std::int32_t>(x.slot(k))};
                count += x.is_active(k);
            }
            count_ = count;
            i = stop;
        }
    }

    /// End it. If no operand was active, the result is a constant.
    Value finish(double y) {
        if (is_graph_) {
            const auto active = [](const Operand& operand) { return operand.slot != Slot::constant; };
            if (std::none_of(list().begin(), list().end(), active)) return y;
            return Tape::current().record_many(code_, y, list());
        }
        if (count_ == 0) return y;
        return {y, close()};
    }

   private:
    template <class Row, class Partial>
    void add_to_list(const Row& x, std::size_t n, Partial partial) {
        for (std::size_t i = 0; i < n; ++i) {
            x.require_live(*detail::recorder, i);
            list().push_back({x.slot(i), partial(i), x.number(i)});
        }
    }
    static std::vector<Operand>& list() {  // of a graph's entry, which needs constants, too
        thread_local std::vector<Operand> memory;
        return memory;
    }
    void reserve() { detail::recorder->reserve(detail::kMaxOperands); }
    void write(Slot slot, double partial) {
        Recorder& tape = *detail::recorder;
        tape.end[count_] = {partial, static_cast<std::int32_t>(slot)};
        ++count_;
    }
    detail::Tag close() {
        Recorder& tape = *detail::recorder;
        tape.end->operand += detail::Edge::kFirst;
        tape.end += count_;
        return detail::new_entry(tape, static_cast<unsigned>(std::exchange(count_, 0)));
    }

    OpCode code_;
    bool is_graph_;
    std::size_t count_ = 0;  // operands beyond the end of the tape, not yet in an entry
};

// ---- values

/// Add up term(i). Four partial sums: the processor need not wait for one addition to begin the next.
template <class Term>
double add_up(std::size_t n, Term term) {
    std::array<double, 4> sums{};
    std::size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        for (std::size_t k = 0; k < 4; ++k) sums[k] += term(i + k);
    }
    for (; i < n; ++i) sums[0] += term(i);
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

template <class Row>
double sum_of(const Row& x, std::size_t n) {
    return add_up(n, [&](std::size_t i) { return x.number(i); });
}

template <class A, class B>
double dot_of(const A& a, const B& b, std::size_t n) {
    return add_up(n, [&](std::size_t i) { return a.number(i) * b.number(i); });
}

template <class Row>
double norm_of(const Row& x, std::size_t n) {
    const double square = dot_of(x, x, n);
    if (square > 1e-280 && square < 1e280) return std::sqrt(square);
    double largest = 0.0;  // the squares would overflow or underflow: scale
    for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(x.number(i)));
    if (largest == 0.0 || std::isinf(largest)) return std::isnan(square) ? square : largest;
    const auto scaled_square = [&](std::size_t i) {
        return (x.number(i) / largest) * (x.number(i) / largest);
    };
    return largest * std::sqrt(add_up(n, scaled_square));
}

template <class Row>
std::size_t index_of_max(const Row& x, std::size_t n) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < n; ++i) {
        if (x.number(best) < x.number(i)) best = i;
    }
    return best;
}

/// The parts of a softmax: p[i] = exp(x[i] - max) / sum.
struct Softmax {
    double max, sum, log_sum_exp;
    double log_of(double x_i) const { return (x_i - max) - std::log(sum); }
};

/// Compute them, with exp(x[i] - max) in p.
template <class Row>
Softmax softmax_of(const Row& x, std::size_t n, std::span<double> p) {
    const double max = x.number(index_of_max(x, n));
    for (std::size_t i = 0; i < n; ++i) p[i] = std::exp(x.number(i) - max);
    const double sum = add_up(n, [&](std::size_t i) { return p[i]; });
    return {max, sum, std::isinf(max) ? max : max + std::log(sum)};
}

// ---- checks

void require_any(const char* where, std::size_t n) {
    if (n == 0) {
        throw ShapeError(
            fmt::format("{}: it needs numbers: the span is empty. Give it at least one.", where));
    }
}

void require_same(const char* where, std::size_t a, std::size_t b) {
    if (a != b) {
        throw ShapeError(fmt::format(
            "{}: sizes differ: a is ({}), b is ({}). Give it two spans of the same size.", where, a, b));
    }
}

std::size_t position_in(std::size_t n, double position) {
    if (!detail::is_position(position, n)) {
        throw ShapeError(fmt::format(
            "pick: there is no such position: {} in a span of {}. Count from 0, in whole numbers.", position,
            n));
    }
    return static_cast<std::size_t>(position);
}

template <class A, class B>
Value record_dot(const A& a, const B& b, std::size_t n) {
    Entry entry{detail::kDot};
    entry.add(a, n, [&](std::size_t i) { return b.number(i); });
    entry.add(b, n, [&](std::size_t i) { return a.number(i); });
    return entry.finish(dot_of(a, b, n));
}

/// Record an operation of the first value in a row and of one that they share.
template <class Row>
Value record_pair(OpCode code, double y, const Row& x, double dx, const Value& shared, double dshared) {
    Entry entry{code};
    entry.add(x, 1, [&](std::size_t) { return dx; });
    entry.add(ValueRow{&shared}, 1, [&](std::size_t) { return dshared; });
    return entry.finish(y);
}

/// Record log(sum exp x): one entry, on which those of softmax and log_softmax build.
template <class Row>
Value record_log_sum_exp(const Row& x, std::size_t n, const Softmax& s, std::span<const double> p) {
    const bool all_are_minus_infinity = s.log_sum_exp == -std::numeric_limits<double>::infinity();
    Entry entry{detail::kLogSumExp};
    entry.add(x, n, [&](std::size_t i) { return all_are_minus_infinity ? 0.0 : p[i] / s.sum; });
    return entry.finish(s.log_sum_exp);
}

}  // namespace

// ---- for Value

Value sum(const Values& x) {
    return visit(x, [n = x.size()](const auto& row) {
        Entry entry{detail::kSum};
        entry.add(row, n, [](std::size_t) { return 1.0; });
        return entry.finish(sum_of(row, n));
    });
}

Value mean(const Values& x) {
    require_any("mean", x.size());
    return visit(x, [n = x.size()](const auto& row) {
        const double share = 1.0 / static_cast<double>(n);
        Entry entry{detail::kMean};
        entry.add(row, n, [&](std::size_t) { return share; });
        return entry.finish(sum_of(row, n) / static_cast<double>(n));
    });
}

Value dot(const Values& a, const Values& b) {
    require_same("dot", a.size(), b.size());
    return visit(a, [&, n = a.size()](const auto& row_a) {
        return visit(b, [&](const auto& row_b) { return record_dot(row_a, row_b, n); });
    });
}

Value dot(const Values& a, std::span<const double> b) {
    require_same("dot", a.size(), b.size());
    return visit(a, [&](const auto& row) { return record_dot(row, NumberRow{b.data()}, b.size()); });
}

Value dot(std::span<const double> a, const Values& b) {
    require_same("dot", a.size(), b.size());
    return visit(b, [&](const auto& row) { return record_dot(NumberRow{a.data()}, row, a.size()); });
}

Value norm(const Values& x) {
    return visit(x, [n = x.size()](const auto& row) {
        const double y = norm_of(row, n);
        Entry entry{detail::kNorm};
        entry.add(row, n, [&](std::size_t i) { return y == 0.0 ? 0.0 : row.number(i) / y; });
        return entry.finish(y);
    });
}

Value max(const Values& x) {
    require_any("max", x.size());
    return visit(x, [n = x.size()](const auto& row) {
        const std::size_t best = index_of_max(row, n);
        Entry entry{detail::kMax};
        entry.add(row, n, [&](std::size_t i) { return i == best ? 1.0 : 0.0; });
        return entry.finish(row.number(best));
    });
}

Value pick(const Values& x, const Value& position) {
    const std::size_t k = position_in(x.size(), position.value());
    return visit(x, [&, n = x.size()](const auto& row) {
        Entry entry{detail::kPick};
        entry.add(row, n, [&](std::size_t i) { return i == k ? 1.0 : 0.0; });
        entry.add(ValueRow{&position}, 1, [](std::size_t) { return 0.0; });
        return entry.finish(row.number(k));
    });
}

Value logsumexp(const Values& x) {
    require_any("logsumexp", x.size());
    return visit(x, [n = x.size()](const auto& row) {
        const std::span<double> p = scratch(n);
        const Softmax s = softmax_of(row, n, p);
        return record_log_sum_exp(row, n, s, p);
    });
}

std::span<Value> softmax(const Values& x) {
    require_any("softmax", x.size());
    return visit(x, [n = x.size()](const auto& row) {
        const std::span<double> p = scratch(n);
        const Softmax s = softmax_of(row, n, p);
        const Value log_sum = record_log_sum_exp(row, n, s, p);
        const std::span<Value> y = Tape::current().values(n);
        for (std::size_t i = 0; i < n; ++i) {
            const double p_i = p[i] / s.sum;
            y[i] = record_pair(detail::kSoftmax, p_i, row.from(i), p_i, log_sum, -p_i);
        }
        return y;
    });
}

std::span<Value> log_softmax(const Values& x) {
    require_any("log_softmax", x.size());
    return visit(x, [n = x.size()](const auto& row) {
        const std::span<double> p = scratch(n);
        const Softmax s = softmax_of(row, n, p);
        const Value log_sum = record_log_sum_exp(row, n, s, p);
        const std::span<Value> y = Tape::current().values(n);
        for (std::size_t i = 0; i < n; ++i) {
            y[i] = record_pair(detail::kLogSoftmax, s.log_of(row.number(i)), row.from(i), 1.0, log_sum, -1.0);
        }
        return y;
    });
}

// ---- for double

double sum(std::span<const double> x) { return sum_of(NumberRow{x.data()}, x.size()); }

double mean(std::span<const double> x) {
    require_any("mean", x.size());
    return sum(x) / static_cast<double>(x.size());
}

double dot(std::span<const double> a, std::span<const double> b) {
    require_same("dot", a.size(), b.size());
    return dot_of(NumberRow{a.data()}, NumberRow{b.data()}, a.size());
}

double norm(std::span<const double> x) { return norm_of(NumberRow{x.data()}, x.size()); }

double max(std::span<const double> x) {
    require_any("max", x.size());
    return x[index_of_max(NumberRow{x.data()}, x.size())];
}

double pick(std::span<const double> x, double position) { return x[position_in(x.size(), position)]; }

double logsumexp(std::span<const double> x) {
    require_any("logsumexp", x.size());
    return softmax_of(NumberRow{x.data()}, x.size(), scratch(x.size())).log_sum_exp;
}

std::vector<double> softmax(std::span<const double> x) {
    require_any("softmax", x.size());
    std::vector<double> p(x.size());
    const Softmax s = softmax_of(NumberRow{x.data()}, x.size(), p);
    for (double& p_i : p) p_i /= s.sum;
    return p;
}

std::vector<double> log_softmax(std::span<const double> x) {
    require_any("log_softmax", x.size());
    std::vector<double> y(x.size());
    const Softmax s = softmax_of(NumberRow{x.data()}, x.size(), y);
    std::transform(x.begin(), x.end(), y.begin(), [&](double x_i) { return s.log_of(x_i); });
    return y;
}

}  // namespace gradus
