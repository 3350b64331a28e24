// SPDX-License-Identifier: MIT
// The life of a tape: threads, and stretches, which tell what is alive.
#include "gradus/tape.hpp"

#include <algorithm>
#include <atomic>

#include "tape/memory.hpp"

namespace gradus {

namespace {

std::atomic<std::uint32_t> next_tape_id{1};
thread_local Recording* innermost = nullptr;  // of this thread

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
      max_entries_(std::min(options.max_entries, kMostSlots)),
      memory_(std::make_unique<Memory>(next_tape_id.fetch_add(1, std::memory_order_relaxed))) {
    is_graph = mode_ == Mode::graph;
    scalars_only = options.scalars_only;
    rewind(memory_->stretches.outermost);
}

Tape::~Tape() {
    memory_->stretches.leave(nullptr);
    if (detail::recorder == this) detail::recorder = &detail::no_recorder;
    Recording::forget(*this);
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

/// Return a stretch that begins here, to be entered.
detail::Stretch Tape::mark() {
    Memory& m = *memory_;
    return {.stamp = m.fresh_stamp(),
            .before = *this,
            .runs = m.runs.size(),
            .arena = m.arena.mark(),
            .around = m.stretches.innermost};
}

/// Go on recording in this stretch.
void Tape::enter(detail::Stretch& stretch) {
    memory_->stretches.innermost = &stretch;
    stamp = stretch.stamp;
    outer = stretch.around == nullptr ? stamp : stretch.around->stamp;
    set_newest(last());
}

/// Forget what was recorded since the stretch began.
void Tape::cut(const detail::Stretch& stretch) {
    Memory& m = *memory_;
    const detail::Recorder& before = stretch.before;
    newest = before.newest;
    end = begin + (before.end - before.begin);
    limit = before.limit;
    if (begin != before.begin) set_limit();  // the edges have moved
    if (m.runs.size() > stretch.runs) m.runs.resize(stretch.runs);
    m.arena.rewind(stretch.arena);
    m.differentiated = std::min(m.differentiated, last());
}

void Tape::rewind(detail::Stretch& stretch) {
    cut(stretch);
    memory_->stretches.leave(&stretch);
    stretch.stamp = memory_->fresh_stamp();
    enter(stretch);
}

void Tape::close(detail::Stretch& stretch) {
    cut(stretch);
    memory_->stretches.leave(stretch.around);
    enter(*stretch.around);
    // A fresh value from before the scope may have an adjoint now. The room for an entry was there inside.
    if (last() > 0 && memory_->differentiated == last()) keep_apart();
}

std::size_t Tape::bind_count(const std::shared_ptr<detail::Block>& block) const {
    return memory_->bindings.count(block);
}

void Tape::clear() { rewind(memory_->stretches.outermost); }

void detail::Recorder::require_live(Tag tag) const {
    if (tag == Tag{}) return;
    if (tag == kMovedFrom) {
        throw TapeError(
            "value: it was moved from. Assign to it before you use it, or copy instead of moving.");
    }
    const bool has_tape = this != &no_recorder;
    if (has_tape) {
        const Tape& tape = static_cast<const Tape&>(*this);
        if (tape.memory_->stretches.has(stamp_of(tag))) return;
        if (detail::StampLots::owner(stamp_of(tag)) == tape.memory_->id) {
            throw TapeError(
                "value: it was recorded before the tape was rewound or cleared. Compute it again.");
        }
    }
    throw TapeError(
        "value: it belongs to another tape, to the tape of another thread, or to one that is gone. Compute "
        "it on this one, or pass on its number with value().");
}

Scope::Scope() : tape_(Tape::current()), stretch_(tape_.mark()) { tape_.enter(stretch_); }
Scope::~Scope() {
    if (!has_ended()) tape_.close(stretch_);
}
void Scope::rewind() {
    if (!has_ended()) tape_.rewind(stretch_);
}

Recording::Recording(Tape& tape) : tape_(&tape), before_(detail::recorder), around_(innermost) {
    nested_ = tape.memory_->owner.load() == &detail::recorder;
    tape.acquire();
    detail::recorder = &tape;
    innermost = this;
}

Recording::~Recording() {
    if (tape_ != nullptr && !nested_) tape_->release();
    if (innermost == this) {
        detail::recorder = before_;
        innermost = around_;
        return;
    }
    Recording* inside = innermost;  // one that goes on
    while (inside->around_ != this) inside = inside->around_;
    inside->before_ = before_;
    inside->around_ = around_;
}

/// Let no recording of this thread touch a tape that dies, or go back to it.
void Recording::forget(const Tape& tape) {
    for (Recording* r = innermost; r != nullptr; r = r->around_) {
        if (r->tape_ == &tape) r->tape_ = nullptr;
        if (r->before_ == &tape) r->before_ = &detail::no_recorder;
    }
}

}  // namespace gradus
