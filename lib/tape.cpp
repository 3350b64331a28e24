// SPDX-License-Identifier: MIT
// The tape behind the inline operators: memory, stretches, the backward pass, parameters, threads.
#include "gradus/tape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>

#include "arena.hpp"
#include "column.hpp"
#include "gradus/parameters.hpp"
#include "gradus/value.hpp"
#include "operation.hpp"
#include "stamps.hpp"

namespace gradus {

namespace {

constexpr std::size_t kFirstRoom = std::size_t{1} << 14;  // operands a new tape has room for
constexpr std::size_t kLine = 8;                          // numbers in a cache line
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::int64_t number_of(Slot slot) { return static_cast<std::int64_t>(slot); }

std::atomic<std::uint32_t> next_tape_id{1};

}  // namespace

namespace detail {

Recorder no_recorder{.stamp = Stamp{~std::uint32_t{15}}, .outer = Stamp{~std::uint32_t{15}}};

}  // namespace detail

/// What only the slow paths of a tape touch.
struct Tape::Memory {
    /// What was recorded between a mark and the next one. A stretch lives or dies as a whole.
    struct Stretch {
        Stamp stamp;
        std::int64_t first;  // the newest entry when it began
        std::size_t end;     // the operands then
        std::size_t runs;    // the tensor operations then
        detail::Arena::Mark arena;
    };

    /// A tensor operation, and where it lies between the scalar entries.
    struct PlacedRun {
        detail::Run run;
        std::int64_t first;  // slots first ... last
        std::int64_t last;
        std::size_t end;  // the operands of scalar entries before it
    };

    /// A block of parameters and its slots.
    struct Binding {
        std::shared_ptr<detail::Block> block;  // null: the slots are free
        std::size_t size = 0;
        std::int64_t first = 0;       // slots first ... first + size - 1, all negative
        Stamp stamp = Stamp::none;    // of the outermost live stretch that uses it
        Stamp scalars = Stamp::none;  // of the outermost live stretch that uses it in scalar operations
    };

    detail::Column<double> partials;
    detail::Column<Slot> operands;
    detail::Column<detail::Count> counts;
    detail::Column<double> values;         // of a graph's entries
    detail::Column<detail::OpCode> codes;  // of a graph's entries

    detail::Column<double> adjoint_column;  // those of the parameters, of slot 0, of the entries
    double* adjoints = nullptr;             // points at slot 0; those of parameters are zero between passes
    std::int64_t adjoint_slots = 0;         // entries that fit
    std::int64_t differentiated = 0;        // adjoints[1 ... this] are those of the latest backward pass

    std::vector<PlacedRun> runs;

    std::vector<Binding> bindings;
    std::int64_t parameters = 0;  // slots that bindings take

    std::vector<Stretch> stretches;
    std::uint32_t id = next_tape_id.fetch_add(1, std::memory_order_relaxed);
    std::uint32_t next_stamp = 0, last_stamp = 0;

    detail::Arena arena;  // numbers of tensors, values() and what a tensor operation needs backward

    std::atomic<const void*> owner{nullptr};  // the thread whose current tape this is

    Stamp fresh_stamp() {
        if (next_stamp == last_stamp) {
            next_stamp = detail::StampLots::take(id);
            last_stamp = next_stamp + detail::StampLots::kLot;
        }
        return Stamp{detail::StampLots::kStep * next_stamp++};
    }

    /// Make the adjoints of all parameters and of the entries up to `newest` addressable.
    void reserve_adjoints(std::int64_t newest) {
        const auto needed = static_cast<std::size_t>(parameters + newest + 1);
        if (adjoints != nullptr && adjoints - adjoint_column.data() >= parameters && newest <= adjoint_slots)
            return;
        const std::size_t room = std::max(needed + needed / 2 + kLine, adjoint_column.capacity());
        adjoint_column.reserve(room, 0);
        const auto lines = (static_cast<std::size_t>(parameters) + kLine - 1) / kLine;
        adjoints = adjoint_column.data() + lines * kLine;  // slot 0 begins a cache line
        adjoint_slots = static_cast<std::int64_t>(adjoint_column.capacity() - lines * kLine) - 1;
        std::fill(adjoint_column.data(), adjoints + 1, 0.0);
    }

    Binding& binding_of(std::int64_t slot) {
        return *std::find_if(bindings.begin(), bindings.end(), [&](const Binding& b) {
            return b.first <= slot && slot < b.first + static_cast<std::int64_t>(b.size);
        });
    }

    /// Return where the gradient of a parameter accumulates.
    double* gradient_of(std::int64_t slot) {
        const Binding& b = binding_of(slot);
        return b.block->gradients.data() + (slot - b.first);
    }
};

// ---- life of a tape

/// The tape that a thread has without asking for one.
struct OwnTape {
    Tape tape;
    OwnTape() {
        tape.acquire();
        detail::recorder = &tape;
    }
};

Tape& Tape::current() {
    if (detail::recorder == &detail::no_recorder) {
        static thread_local OwnTape own;
        detail::recorder = &own.tape;
    }
    return static_cast<Tape&>(*detail::recorder);
}

Tape::Tape() : Tape(Options{}) {}

Tape::Tape(Mode mode) : Tape(Options{.mode = mode}) {}

Tape::Tape(const Options& options)
    : mode_(options.mode),
      max_entries_(std::min<std::size_t>(options.max_entries, std::numeric_limits<std::int32_t>::max())),
      memory_(std::make_unique<Memory>()) {
    is_graph = mode_ == Mode::graph;
    memory_->stretches.reserve(16);
    open_stretch();
}

Tape::~Tape() {
    if (detail::recorder == this) detail::recorder = &detail::no_recorder;
}

void Tape::acquire() {
    const void* none = nullptr;
    const void* me = &detail::recorder;
    if (!memory_->owner.compare_exchange_strong(none, me) && none != me) {
        throw TapeError(
            "recording: another thread records to this tape. Give each thread a tape of its own.");
    }
}

void Tape::release() { memory_->owner.store(nullptr); }

// ---- stretches: which values are alive

void Tape::enter_stretch() {
    const auto& stretches = memory_->stretches;
    stamp = stretches.back().stamp;
    outer = stretches.size() > 1 ? stretches[stretches.size() - 2].stamp : stamp;
    set_newest(last());
}

void Tape::open_stretch() {
    Memory& m = *memory_;
    m.stretches.push_back({m.fresh_stamp(), last(), end, m.runs.size(), m.arena.mark()});
    enter_stretch();
}

void Tape::rewind(std::size_t depth) {
    if (depth >= memory_->stretches.size()) return;  // clear() was faster
    cut(depth);
    memory_->stretches.resize(depth + 1);
    memory_->stretches.back().stamp = memory_->fresh_stamp();
    enter_stretch();
}

void Tape::close_stretch(std::size_t depth) {
    if (depth >= memory_->stretches.size()) return;
    cut(depth);
    memory_->stretches.resize(depth);
    enter_stretch();
}

/// Forget what was recorded since the stretch of that depth began.
void Tape::cut(std::size_t depth) {
    const Memory::Stretch& stretch = memory_->stretches[depth];
    set_newest(stretch.first);
    end = stretch.end;
    memory_->runs.resize(stretch.runs);
    memory_->arena.rewind(stretch.arena);
    memory_->differentiated = std::min(memory_->differentiated, stretch.first);
    set_limit();
}

void Tape::clear() { rewind(0); }

bool Tape::is_live(Stamp of_value) const {
    const auto& stretches = memory_->stretches;
    return std::any_of(stretches.begin(), stretches.end(),
                       [&](const Memory::Stretch& stretch) { return stretch.stamp == of_value; });
}

void detail::Recorder::require_live(Tag tag) const {
    if (tag == Tag{}) return;
    if (tag == kMovedFrom) {
        throw TapeError(
            "value: it was moved from. Assign to it before you use it, or copy instead of moving.");
    }
    const bool has_tape = this != &no_recorder;
    if (has_tape) {
        const Tape& tape = static_cast<const Tape&>(*this);
        if (tape.is_live(stamp_of(tag))) return;
        if (detail::StampLots::owner(stamp_of(tag)) == tape.memory_->id) {
            throw TapeError(
                "value: it was recorded before the tape was rewound or cleared. Compute it again.");
        }
    }
    throw TapeError(
        "value: it belongs to another tape, or to the tape of another thread. Compute it on this one, or "
        "pass on "
        "its number with value().");
}

Scope::Scope() : tape_(Tape::current()), depth_(tape_.memory_->stretches.size()) { tape_.open_stretch(); }
Scope::~Scope() { tape_.close_stretch(depth_); }
void Scope::rewind() { tape_.rewind(depth_); }

Recording::Recording(Tape& tape) : tape_(tape), before_(detail::recorder) {
    nested_ = tape.memory_->owner.load() == &detail::recorder;
    tape.acquire();
    detail::recorder = &tape;
}

Recording::~Recording() {
    if (!nested_) tape_.release();
    detail::recorder = before_;
}

// ---- recording, the slow way

std::int64_t Tape::last() const { return number_of(detail::slot_of(newest)); }

/// Set the newest entry, as one that no handle calls fresh.
void Tape::set_newest(std::int64_t slot) {
    newest = detail::Tag{detail::bits(detail::make_tag(Slot{static_cast<std::int32_t>(slot)}, stamp)) |
                         detail::kFresh};
}

void Tape::require_room(std::size_t operand_count, std::size_t added_entries) {
    const std::size_t needed_entries = entry_count() + added_entries;
    if (end + operand_count > memory_->partials.capacity() || needed_entries >= memory_->counts.capacity() ||
        needed_entries > max_entries_) {
        make_room(operand_count, added_entries);
    }
}

void Tape::make_room(std::size_t operand_count, std::size_t added_entries) {
    Memory& m = *memory_;
    const std::size_t entries = entry_count();
    if (entries + added_entries > max_entries_) {
        throw TapeError(fmt::format(
            "tape: it is full: it holds {} entries and may hold {}. Rewind it after each step with "
            "a Scope, or allow more with Options::max_entries.",
            entries, max_entries_));
    }
    std::size_t room = m.partials.capacity();
    if (end + operand_count + detail::kGrowth > room) {
        room = std::max({kFirstRoom, 2 * room, end + operand_count + detail::kGrowth});
    }
    m.partials.reserve(room, end);
    m.operands.reserve(room, end);
    m.counts.reserve(std::max(2 * entries, entries + added_entries + (room - end)) + 1, entries + 1);
    partials = m.partials.data();
    operands = m.operands.data();
    counts = m.counts.data();
    if (mode_ == Mode::graph) {
        m.values.reserve(m.counts.capacity(), entries + 1);
        m.codes.reserve(m.counts.capacity(), entries + 1);
    }
    set_limit();
}

/// Say how far the inline operators may go before they ask again: each begins at most one entry, with
/// at least one operand, which may grow to kGrowth operands. A graph records nothing inline.
void Tape::set_limit() {
    const std::size_t room = memory_->partials.capacity();
    if (mode_ == Mode::graph || room == 0) return;
    const std::size_t most_entries = std::min(memory_->counts.capacity() - 1, max_entries_);
    limit = std::min(room - (detail::kGrowth - 1), end + most_entries - entry_count());
}

Slot detail::Recorder::record(OpCode code, double value, std::initializer_list<Operand> list) {
    return static_cast<Tape&>(*this).append(code, value, {list.begin(), list.size()});
}

void detail::Recorder::record_comparison(Comparison comparison, const Value& a, const Value& b,
                                         bool outcome) {
    if (a.is_constant() && b.is_constant()) return;
    require_live(a.settle());
    require_live(b.settle());
    const auto code =
        static_cast<OpCode>(static_cast<std::uint8_t>(kEqual) + static_cast<std::uint8_t>(comparison));
    record(code, outcome ? 1.0 : 0.0, {{a.slot(), 0.0, a.value()}, {b.slot(), 0.0, b.value()}});
}

void detail::Recorder::reserve(std::size_t operand_count) {
    static_cast<Tape&>(*this).require_room(operand_count, 1);
}

/// Append an entry of at most kMaxOperands operands.
Slot Tape::append(detail::OpCode code, double value, std::span<const detail::Operand> list) {
    const bool graph = mode_ == Mode::graph;
    const auto constant = [](const detail::Operand& operand) { return operand.slot == Slot::constant; };
    const auto constants =
        graph ? static_cast<std::size_t>(std::count_if(list.begin(), list.end(), constant)) : 0;
    require_room(list.size(), constants + 1);

    std::int64_t slot = last();
    std::int64_t next_constant = slot + 1;
    const auto add_entry = [&](detail::OpCode of_entry, double number, std::size_t operand_count) {
        counts[++slot] = static_cast<detail::Count>(operand_count);
        if (graph) {
            memory_->codes.data()[slot] = of_entry;
            memory_->values.data()[slot] = number;
        }
    };
    if (graph) {
        for (const detail::Operand& operand : list) {
            if (constant(operand)) add_entry(detail::kConstant, operand.value, 0);
        }
    }
    std::size_t kept = 0;
    for (const detail::Operand& operand : list) {
        if (constant(operand) && !graph) continue;
        operands[end] = constant(operand) ? Slot{static_cast<std::int32_t>(next_constant++)} : operand.slot;
        partials[end] = operand.partial;
        ++end, ++kept;
    }
    add_entry(code, value, kept);
    set_newest(slot);
    set_limit();
    return Slot{static_cast<std::int32_t>(slot)};
}

Value Tape::variable(double x) {
    const Slot slot = append(detail::kVariable, x, {});
    return {x, detail::make_tag(slot, stamp)};
}

Value Tape::record_many(detail::OpCode code, double y, std::span<const detail::Operand> list) {
    constexpr std::size_t kPart = detail::kMaxOperands - 1;
    std::array<detail::Operand, detail::kMaxOperands> part;
    std::size_t in_part = 0;
    for (std::size_t k = 0; k < list.size(); ++k) {
        part[in_part++] = list[k];
        if (in_part > kPart - 1 && k + 1 < list.size()) {  // to be continued in the next entry
            part[0] = {append(detail::kPart, kNaN, {part.data(), in_part}), 1.0, kNaN};
            in_part = 1;
        }
    }
    return {y, detail::make_tag(append(code, y, {part.data(), in_part}), stamp)};
}

std::span<Value> Tape::values(std::size_t n) {
    Value* const first = static_cast<Value*>(allocate(n * sizeof(Value), alignof(Value)));
    std::uninitialized_fill_n(first, n, Value{});
    return {first, n};
}

void* Tape::allocate(std::size_t bytes, std::size_t alignment) {
    return memory_->arena.take(bytes, alignment);
}

Slot Tape::record_run(const detail::Run& run) {
    // Adjoints of tensors begin at a cache line, for kernels.
    const std::size_t unused =
        mode_ == Mode::melting && run.size >= kLine ? kLine - 1 - entry_count() % kLine : 0;
    require_room(0, unused + run.size);
    std::fill_n(counts + entry_count() + 1, unused, detail::Count{0});
    const std::int64_t first = last() + static_cast<std::int64_t>(unused) + 1;
    const std::int64_t last_of_run = first + static_cast<std::int64_t>(run.size) - 1;
    memory_->runs.push_back({run, first, last_of_run, end});
    set_newest(last_of_run);
    set_limit();
    return Slot{static_cast<std::int32_t>(first)};
}

Slot Tape::bind(const std::shared_ptr<detail::Block>& block, Use use) {
    Memory& m = *memory_;
    const std::size_t size = block->values.size();
    const Stamp scalars = use == Use::scalar ? stamp : Stamp::none;
    const auto slot = [](std::int64_t first) { return Slot{static_cast<std::int32_t>(first)}; };
    for (Memory::Binding& b : m.bindings) {
        if (b.block == block && b.size == size) {
            if (!is_live(b.stamp)) b.stamp = stamp;
            if (use == Use::scalar && !is_live(b.scalars)) b.scalars = stamp;
            return slot(b.first);
        }
    }
    for (Memory::Binding& b : m.bindings) {  // slots of a model that is gone, and of which no value is left
        if (b.block && b.block.use_count() == 1 && !is_live(b.stamp)) b.block.reset();
        if (!b.block && b.size == size) {
            b.block = block, b.stamp = stamp, b.scalars = scalars;
            return slot(b.first);
        }
    }
    const auto most = static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());
    if (size > most - static_cast<std::size_t>(m.parameters)) {
        throw TapeError(
            fmt::format("tape: too many parameters: {} in this block, {} bound before, at most {} fit. "
                        "Use several tapes.",
                        size, m.parameters, most));
    }
    m.parameters += static_cast<std::int64_t>(size);
    m.bindings.push_back({block, size, -m.parameters, stamp, scalars});
    return slot(-m.parameters);
}

void Tape::use_as_scalar(Slot parameter) {
    Memory::Binding& b = memory_->binding_of(number_of(parameter));
    if (!is_live(b.scalars)) b.scalars = stamp;
}

// ---- backward

namespace {

/// The chain rule: from entry `top`, whose operands end at `end`, down to the one above `bottom`.
/// adjoint[operand] += partial * adjoint[entry], for each operand of each entry. Downward within an entry,
/// too: the processor fetches a column ahead only if it is read in one direction.
void sweep(const detail::Recorder& tape, double* adjoints, std::int64_t top, std::int64_t bottom,
           std::size_t end) {
    const Slot* const operands = tape.operands;
    const double* const partials = tape.partials;
    const detail::Count* const counts = tape.counts;
    for (std::int64_t slot = top; slot > bottom; --slot) {
        const std::size_t first = end - static_cast<std::size_t>(counts[slot]);
        const double adjoint = adjoints[slot];
        if (adjoint == 0.0) {
            end = first;
            continue;
        }
        while (end != first) {
            --end;
            adjoints[number_of(operands[end])] += partials[end] * adjoint;
        }
    }
}

/// Add the adjoints of parameters to their gradients, and set them to zero.
void hand_over(double* adjoints, double* gradients, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
        gradients[i] += adjoints[i];
        adjoints[i] = 0.0;
        asm("");  // keeps it scalar: a vector load of what was just stored one by one would stall
    }
}

}  // namespace

void Tape::backward(std::span<const Seed> seeds) {
    Memory& m = *memory_;
    std::int64_t top = 0;
    for (const Seed& seed : seeds) {
        if (seed.value.is_constant()) {
            throw TapeError(
                "backward: this value depends on no variable and no parameter. Make the inputs with "
                "variable(), and "
                "use Value, not double, from there to the result.");
        }
        require_live(seed.value.settle());
        top = std::max(top, number_of(seed.value.slot()));
    }
    // What has an adjoint now must not melt into something else: an empty entry keeps it away from later
    // ones.
    const bool ends_in_tensor = !m.runs.empty() && m.runs.back().last == last();
    const bool may_melt =
        mode_ == Mode::melting && last() > 0 && !ends_in_tensor && counts[last()] != detail::Count{0};
    if (may_melt && entry_count() < max_entries_) append(detail::kPart, kNaN, {});
    if (may_melt && entry_count() == max_entries_) {
        newest = detail::Tag{detail::bits(detail::make_tag(detail::slot_of(newest), Stamp::none)) |
                             detail::kFresh};
    }
    const std::int64_t last_entry = last();
    m.reserve_adjoints(last_entry);
    std::fill(m.adjoints + 1, m.adjoints + last_entry + 1, 0.0);
    for (const Seed& seed : seeds) m.adjoints[number_of(seed.value.slot())] += seed.seed;

    chain_rule(top);
    m.differentiated = last_entry;

    for (const Memory::Binding& b : m.bindings) {
        if (!b.block || !is_live(b.scalars)) continue;
        hand_over(m.adjoints + b.first, b.block->gradients.data(), b.size);
    }
}

/// Pass the adjoints of the slots up to `top` on to their operands: scalars entry by entry, tensors by a call
/// each.
void Tape::chain_rule(std::int64_t top) {
    const Memory& m = *memory_;
    auto run = m.runs.rbegin();
    std::int64_t slot = last();
    std::size_t operands_end = end;
    for (; run != m.runs.rend() && run->first > top; ++run) {
        slot = run->first - 1;
        operands_end = run->end;
    }
    const std::int64_t below = run == m.runs.rend() ? 0 : run->last;
    for (; slot > std::max(top, below); --slot) operands_end -= static_cast<std::size_t>(counts[slot]);

    for (; run != m.runs.rend(); ++run) {
        sweep(*this, m.adjoints, slot, run->last, operands_end);
        const double* const adjoints = m.adjoints + run->first;
        const auto is_zero = [](double adjoint) { return adjoint == 0.0; };
        if (run->run.pull != nullptr && !std::all_of(adjoints, adjoints + run->run.size, is_zero)) {
            run->run.pull(run->run.closure, {*this, Slot{static_cast<std::int32_t>(run->first)}});
        }
        slot = run->first - 1;
        operands_end = run->end;
    }
    sweep(*this, m.adjoints, slot, 0, operands_end);
}

const double* detail::Adjoints::result() const { return tape_.memory_->adjoints + number_of(result_); }

double* detail::Adjoints::of(Slot first) const {
    if (first == Slot::constant) return nullptr;
    const std::int64_t slot = number_of(first);
    return slot > 0 ? tape_.memory_->adjoints + slot : tape_.memory_->gradient_of(slot);
}

double Tape::gradient(const Value& value) const {
    if (value.is_constant()) {
        throw TapeError("gradient: this value is a constant. Make it with variable() to have its gradient.");
    }
    require_live(value.tag());
    const std::int64_t slot = number_of(value.slot());
    if (slot < 0) return *memory_->gradient_of(slot);
    if (slot > memory_->differentiated) {
        throw TapeError(
            "gradient: no backward pass has run since this value was recorded. Call backward() first.");
    }
    return memory_->adjoints[slot];
}

void backward(const Value& y, double seed) { backward({{y, seed}}); }
void backward(std::initializer_list<Seed> seeds) { backward(std::span(seeds.begin(), seeds.size())); }
void backward(std::span<const Seed> seeds) { Tape::current().backward(seeds); }

// ---- looking at a tape

std::size_t Tape::bytes() const {
    const std::size_t entry = sizeof(detail::Count) + sizeof(double);
    return end * (sizeof(Slot) + sizeof(double)) + entry_count() * entry +
           static_cast<std::size_t>(memory_->parameters) * sizeof(double) + memory_->arena.bytes_used();
}

std::size_t Tape::bytes_reserved() const {
    const Memory& m = *memory_;
    return m.partials.capacity() * sizeof(double) + m.operands.capacity() * sizeof(Slot) +
           m.counts.capacity() + m.adjoint_column.capacity() * sizeof(double) +
           m.values.capacity() * sizeof(double) + m.codes.capacity() + m.arena.bytes_reserved();
}

std::vector<Tape::Entry> Tape::trace() const {
    std::vector<Entry> entries_so_far;
    each_entry([&](const Entry& entry) { entries_so_far.push_back(entry); });
    return entries_so_far;
}

void Tape::each_entry(const std::function<void(const Entry&)>& visit) const {
    const bool graph = mode_ == Mode::graph;
    std::size_t first = 0;
    auto run = memory_->runs.begin();
    for (std::int64_t slot = 1; slot <= last(); ++slot) {
        const Slot number{static_cast<std::int32_t>(slot)};
        if (run != memory_->runs.end() && run->first == slot) {
            visit({number, run->run.size, detail::kTensor, run->run.name, kNaN, kNaN, run->run.operands, {}});
            slot = run++->last;
            continue;
        }
        const auto count = static_cast<std::size_t>(counts[slot]);
        const detail::OpCode code = graph ? memory_->codes.data()[slot] : detail::kPart;
        visit({number,
               1,
               code,
               graph ? detail::operation_name(code) : "",
               graph ? memory_->values.data()[slot] : kNaN,
               slot <= memory_->differentiated ? memory_->adjoints[slot] : kNaN,
               {operands + first, count},
               {partials + first, count}});
        first += count;
    }
}

}  // namespace gradus
