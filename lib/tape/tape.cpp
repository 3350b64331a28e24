// SPDX-License-Identifier: MIT
// The life of a tape: threads, and stretches, which tell what is alive.
#include "gradus/tape.hpp"

#include <algorithm>
#include <atomic>
#include <limits>

#include "tape/memory.hpp"

namespace gradus {

namespace {

std::atomic<std::uint32_t> next_tape_id{1};

}  // namespace

namespace detail {

Recorder no_recorder{.stamp = Stamp{~std::uint32_t{15}}, .outer = Stamp{~std::uint32_t{15}}};

}  // namespace detail

// ---- life of a tape

/// The tape that a thread has without asking for one.
struct OwnTape {
    Tape tape;
    OwnTape() {
        tape.acquire();
        detail::recorder = &tape;
    }
};

Tape& Tape::own() {
    static thread_local OwnTape own;
    detail::recorder = &own.tape;
    return own.tape;
}

Tape::Tape() : Tape(Options{}) {}

Tape::Tape(Mode mode) : Tape(Options{.mode = mode}) {}

Tape::Tape(const Options& options)
    : mode_(options.mode),
      max_entries_(std::min<std::size_t>(options.max_entries, std::numeric_limits<std::int32_t>::max())),
      memory_(std::make_unique<Memory>(next_tape_id.fetch_add(1, std::memory_order_relaxed))) {
    is_graph = mode_ == Mode::graph;
    scalars_only = options.scalars_only;
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

/// Forget what was recorded since the stretch of that depth began.
void Tape::cut(std::size_t depth) {
    Memory& m = *memory_;
    const detail::Stretch& stretch = m.stretches[depth];
    set_newest(stretch.first);
    end = stretch.end;
    if (m.runs.size() > stretch.runs) m.runs.resize(stretch.runs);
    m.arena.rewind(stretch.arena);
    m.differentiated = std::min(m.differentiated, stretch.first);
    m.stretches.resize(depth + 1);
    set_limit();
}

void Tape::rewind(std::size_t depth) {
    if (depth >= memory_->stretches.size()) return;  // clear() was faster
    cut(depth);
    memory_->stretches.back().stamp = memory_->fresh_stamp();
    enter_stretch();
}

void Tape::close_stretch(std::size_t depth) {
    if (depth >= memory_->stretches.size()) return;
    cut(depth);
    memory_->stretches.pop_back();
    enter_stretch();
    // A fresh value from before the scope may have an adjoint now. The room for an entry was there inside.
    if (last() > 0 && memory_->differentiated == last()) keep_apart();
}

void Tape::clear() { rewind(0); }

void detail::Recorder::require_live(Tag tag) const {
    if (tag == Tag{}) return;
    if (tag == kMovedFrom) {
        throw TapeError(
            "value: it was moved from. Assign to it before you use it, or copy instead of moving.");
    }
    const bool has_tape = this != &no_recorder;
    if (has_tape) {
        const Tape& tape = static_cast<const Tape&>(*this);
        if (is_live(tape.memory_->stretches, stamp_of(tag))) return;
        if (detail::StampLots::owner(stamp_of(tag)) == tape.memory_->id) {
            throw TapeError(
                "value: it was recorded before the tape was rewound or cleared. Compute it again.");
        }
    }
    throw TapeError(
        "value: it belongs to another tape, to the tape of another thread, or to one that is gone. Compute "
        "it "
        "on this one, or pass on its number with value().");
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

}  // namespace gradus
