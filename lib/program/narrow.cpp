// SPDX-License-Identifier: MIT
#include "narrow.hpp"

#include <algorithm>

#include "../kernels/rows.hpp"
#include "reads.hpp"
#include "recycling.hpp"

namespace gradus::detail {
namespace {

constexpr std::uint32_t kFew = 4;  // numbers for which no vector pays, unless they take long

/// Whether numbers are better found one by one than brought together.
bool is_scattered(const Reads& reads) { return !reads.is_run() && !reads.is_one() && reads.block < kFew; }

/// Whether an operation takes so long that vectors pay for bringing numbers together.
bool is_slow(OpCode op) {
    constexpr auto is = []<class... Ops>(OpCode code, ops::List<Ops...>) {
        return ((static_cast<std::size_t>(code) == ops::All::index<Ops>()) || ...);
    };
    return !is(op, ops::List<ops::Add, ops::Subtract, ops::Multiply, ops::Divide, ops::Negate, ops::Sqrt,
                             ops::Abs, ops::Min, ops::Max, ops::Relu, ops::LeakyRelu>());
}

/// Whether an elementary instruction has so few results that no vector pays.
bool is_few(const Instruction& i) { return i.count == 1 || (i.count < kFew && !is_slow(i.op)); }

/// Call visit(place) for each number that an operand names, in order.
template <class Visit>
void each_place(const Reads& reads, Visit visit) {
    for (const Place first : reads.firsts) {
        for (std::uint32_t i = 0; i < reads.block; ++i) {
            for (std::uint32_t r = 0; r < reads.repeat; ++r) visit(first + i);
        }
    }
}

/// Call visit(first, count) for runs of places that hold all that an instruction reads.
template <class Visit>
void each_run_read(const Instruction& i, Visit visit) {
    const auto each = [&](const Reads& reads, std::size_t length) {
        for (const Place first : reads.firsts) visit(first, length);
    };
    if (i.op == kProduct) {
        each(i.a, std::size_t{i.rows - 1} * i.row_step + i.arity);
        each(i.b, std::size_t{i.times - 1} * i.b_step + i.arity);
    } else {
        each(i.a, i.op == kPick ? std::size_t{i.arity - 1} * i.row_step + 1 : i.a.block);
        each(i.b, i.b.block);
    }
}

}  // namespace

template <class T>
Narrow<T>::Narrow(std::span<const Instruction> instructions) {
    lines_.reserve(instructions.size());
    for (const Instruction& i : instructions) {
        Line line{};
        line.count = i.count, line.result = i.result;
        line.a_moves = i.a.moves, line.b_moves = i.b.moves;
        if (!set_runs(i, line) && !set_scattered(i, line)) set_step(i, line);
        line.dresult = line.result, line.da = line.a, line.db = line.b;
        lines_.push_back(line);
    }
}

template <class T>
bool Narrow<T>::set_runs(const Instruction& i, Line& line) const {
    const auto is_ready = [](const Reads& reads) { return reads.is_run() || reads.is_one(); };
    if (i.op == kCopy && i.adds && i.a.is_run()) {
        line.kind = Kind::add;
        line.a = i.a.firsts[0];
        return true;
    }
    if (!is_elementary(i.op) || !is_ready(i.a) || is_few(i)) return false;
    line.loops = &kernels::detail::loops<T>(static_cast<std::size_t>(i.op));
    line.a = i.a.firsts[0];
    line.a_step = i.a.is_run() && i.count > 1 ? 1 : 0;
    if (i.b.firsts.empty()) {
        line.kind = Kind::map;
        return i.a.is_run();
    }
    if (!is_ready(i.b)) return false;
    line.kind = i.adds ? Kind::add_product : Kind::zip;
    line.b = i.b.firsts[0];
    line.b_step = i.b.is_run() && i.count > 1 ? 1 : 0;
    return true;
}

template <class T>
bool Narrow<T>::set_scattered(const Instruction& i, Line& line) {
    constexpr std::uint32_t kMostTerms = 32;  // beyond, sums in vectors pay for bringing them together
    if (i.adds) return false;
    if (is_elementary(i.op)) {
        const bool has_pieces = !is_scattered(i.a) && !is_scattered(i.b);
        if (!is_few(i) && (is_slow(i.op) || has_pieces)) return false;
        line.scattered = &kernels::scattered<T>(static_cast<std::size_t>(i.op));
    } else if (i.op == kSum || i.op == kDot) {
        const bool has_rows = !is_scattered(i.a) || (i.op == kDot && !is_scattered(i.b));
        if (i.arity > kMostTerms || has_rows) return false;
        line.scattered = i.op == kSum ? &kernels::scattered_sum<T>() : &kernels::scattered_dot<T>();
    } else {
        return false;
    }
    line.kind = Kind::scattered;
    line.arity = static_cast<std::uint16_t>(i.arity);
    line.a = static_cast<Place>(places_.size());
    const bool has_b = !i.b.firsts.empty();
    const std::size_t stride = (has_b ? 2 : 1) * i.arity;
    line.b = static_cast<Place>(stride);
    places_.resize(places_.size() + i.count * stride);
    const auto lay = [&](const Reads& reads, std::size_t first) {
        std::size_t k = 0;
        each_place(reads, [&](Place p) {
            places_[line.a + first + k / i.arity * stride + k % i.arity] = p;
            ++k;
        });
    };
    lay(i.a, 0);
    if (has_b) lay(i.b, i.arity);
    return true;
}

template <class T>
void Narrow<T>::set_step(const Instruction& i, Line& line) {
    steps_.push_back(make_step<T>(i));
    buffer_ = std::max(buffer_, steps_.back()->buffer());
    line.kind = Kind::step;
    line.step = steps_.back().get();
}

template <class T>
kernels::ScatteredOperands<T> Narrow<T>::operands(const Memory<T>& m, const Line& line) const {
    return {kernels::Scattered<T>(m.numbers.data()),
            kernels::Scattered<T>(m.adjoints.data()),
            places_.data() + line.a,
            (room_ > 0 ? adjoint_places_ : places_).data() + line.a,
            line.arity,
            line.a_moves,
            line.b_moves};
}

template <class T>
void Narrow<T>::forward(const Memory<T>& m) const {
    for (const Line& line : lines_) {
        if (line.kind == Kind::step) {
            line.step->forward(m);
            continue;
        }
        T* const y = m.number(line.result);
        if (line.kind == Kind::scattered) {
            line.scattered->forward(operands(m, line), y, line.count);
            continue;
        }
        const T* const a = m.number(line.a);
        if (line.kind == Kind::map) {
            line.loops->map(a, y, line.count);
        } else if (line.kind == Kind::add) {
            kernels::add(a, y, line.count);
        } else if (line.kind == Kind::zip) {
            line.loops->zip(a, line.a_step, m.number(line.b), line.b_step, y, line.count);
        } else {
            const T* const b = m.number(line.b);
            if (line.a_step == line.b_step)
                kernels::add_product(a, b, y, line.count);
            else if (line.a_step == 0)
                kernels::add_scaled(*a, b, y, line.count);
            else
                kernels::add_scaled(*b, a, y, line.count);
        }
    }
}

template <class T>
void Narrow<T>::backward(const Memory<T>& m) const {
    for (auto line = lines_.rbegin(); line != lines_.rend(); ++line) {
        if (line->kind == Kind::step) {
            line->step->backward(m);
            continue;
        }
        pass_on(m, *line);
        if (line->frees) std::fill_n(m.adjoint(line->dresult), line->count, T{0});
    }
}

template <class T>
void Narrow<T>::pass_on(const Memory<T>& m, const Line& line) const {
    const T *const y = m.number(line.result), *const dy = m.adjoint(line.dresult);
    if (line.kind == Kind::scattered) return line.scattered->backward(operands(m, line), y, dy, line.count);
    const T* const a = m.number(line.a);
    T* const da = line.a_moves ? m.adjoint(line.da) : nullptr;
    if (line.kind == Kind::map) {
        if (da != nullptr) line.loops->map_gradient(a, y, dy, da, line.count);
    } else if (line.kind == Kind::add) {
        if (da != nullptr) kernels::add(dy, da, line.count);
    } else {
        T* const db = line.b_moves ? m.adjoint(line.db) : nullptr;
        line.loops->zip_gradient(a, line.a_step, m.number(line.b), line.b_step, y, dy, da, db, line.count);
    }
}

// ---- adjoints that take turns

/// Call read(place, count) for the runs of places that a line reads.
template <class T>
template <class Read>
void Narrow<T>::each_read(const Line& line, Read read) const {
    if (line.kind == Kind::scattered) {
        const std::size_t count = std::size_t{line.count} * line.b;
        for (std::size_t k = 0; k < count; ++k) read(places_[line.a + k], std::size_t{1});
    } else {
        const bool has_b = line.kind == Kind::zip || line.kind == Kind::add_product;
        read(line.a, !has_b || line.a_step == 1 ? std::size_t{line.count} : std::size_t{1});
        if (has_b) read(line.b, line.b_step == 1 ? std::size_t{line.count} : std::size_t{1});
    }
}

template <class T>
void Narrow<T>::recycle(const Plan& plan) {
    if (plan.uniforms < 2 * Recycling::kRoom) return;
    Recycling recycling(plan.uniforms);
    const auto keep = [&](Place first, std::size_t count) {
        if (region_of(first) == Region::uniforms) recycling.keep(position_of(first), count);
    };
    recycling.keep(0, plan.constants.size());
    for (const Place p : plan.outputs) keep(p, 1);
    for (const Instruction& i : plan.every) each_run_read(i, keep);
    for (std::uint32_t k = 0; k < lines_.size(); ++k) {
        const Line& line = lines_[k];
        recycling.write(position_of(line.result), line.count, k + 1);
        if (line.kind == Kind::step) {
            keep(line.result, line.count);
            each_run_read(plan.once[k], keep);
            continue;
        }
        each_read(line, [&](Place p, std::size_t count) {
            if (region_of(p) == Region::uniforms) recycling.read(position_of(p), count, k + 1);
        });
    }
    const LongVector<Place> homes = recycling.homes();
    const auto home = [&](Place p) {
        return region_of(p) == Region::uniforms ? place_in(Region::uniforms, homes[position_of(p)]) : p;
    };
    at_home_ = Recycling::at_home(homes);
    std::size_t stay = 0;
    for (const auto& [first, count] : at_home_) stay += count;
    if (4 * stay > homes.size()) return;
    room_ = Recycling::kRoom;
    adjoint_places_.resize(places_.size());
    std::transform(places_.begin(), places_.end(), adjoint_places_.begin(), home);
    for (Line& line : lines_) {
        if (line.kind == Kind::step) continue;
        line.dresult = home(line.result);
        line.frees = line.dresult != line.result && line.kind != Kind::add && line.kind != Kind::add_product;
        if (line.kind == Kind::scattered) continue;
        line.da = home(line.a);
        if (line.kind == Kind::zip || line.kind == Kind::add_product) line.db = home(line.b);
    }
}

template <class T>
void Narrow<T>::clear(T* adjoints, std::size_t uniforms) const {
    if (room_ == 0) {
        std::fill_n(adjoints, uniforms, T{0});
        return;
    }
    for (const auto& [first, count] : at_home_) std::fill_n(adjoints + first, count, T{0});
    std::fill_n(adjoints + uniforms, room_, T{0});
}

template class Narrow<double>;
template class Narrow<float>;

}  // namespace gradus::detail
