// SPDX-License-Identifier: MIT
// The tape: what was computed, in the order in which it was computed, and the one loop that walks it
// backward. How an operation finds its way onto it stands in record.hpp, the operations in ops.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "gradus/error.hpp"
#include "gradus/slot.hpp"

namespace gradus {

class Tape;
class Value;

/// Mark of a stretch of recording. No two stretches of any tape share one, until 268 million later they begin
/// anew: so a value whose stretch was rewound, or lies on another tape, is recognised. A multiple of 16.
enum class Stamp : std::uint32_t { none = 0 };

/// Say how much of one result's adjoint a backward pass starts with.
struct Seed {
    const Value& value;
    double seed = 1.0;
};

namespace detail {

struct Block;
enum class OpCode : std::uint8_t;

/// A comparison that a graph keeps.
enum class Comparison : std::uint8_t { equal, less, less_or_equal };

/// The most operands of an entry that is recorded at once, or becomes part of the one below it. A longer
/// reduction continues in the next entry; a sum that melts may have any number.
constexpr std::size_t kMaxOperands = 254;

/// The most operands that a melting entry may have if they must be rescaled: a loop of products stays linear.
constexpr std::size_t kMaxRescaled = 12;

/// While end < limit, an operation may begin an entry that grows to so many operands.
constexpr std::size_t kGrowth = 16;

/// What a Value knows of its entry. Bits 32-63: the slot. Bits 4-31: the stamp of its stretch. Bits 0-3:
/// zero; but if the handle is *fresh*, the only reference to its entry, the number of its operands, or kMany.
/// A constant has the tag 0.
enum class Tag : std::uint64_t {};

constexpr std::uint64_t kFresh = 15;
constexpr std::uint64_t kMany = 15;  // more than the bits hold, or recorded on the slow path: look it up
constexpr std::uint64_t kNextSlot = std::uint64_t{1} << 32;
constexpr Tag kMovedFrom{std::uint64_t{1} << 63};  // a slot that no entry has, and no stamp

constexpr std::uint64_t bits(Tag tag) { return static_cast<std::uint64_t>(tag); }
constexpr Slot slot_of(Tag tag) { return static_cast<Slot>(static_cast<std::uint32_t>(bits(tag) >> 32)); }
constexpr Stamp mark_of(Tag tag) { return static_cast<Stamp>(static_cast<std::uint32_t>(bits(tag))); }
constexpr Stamp stamp_of(Tag tag) {
    return static_cast<Stamp>(static_cast<std::uint32_t>(bits(tag) & ~kFresh));
}
constexpr std::uint64_t size_of(Tag tag) { return bits(tag) & kFresh; }
constexpr bool is_fresh(Tag tag) { return (bits(tag) & kFresh) != 0; }
constexpr Tag settled(Tag tag) { return Tag{bits(tag) & ~kFresh}; }
constexpr Tag fresh(Tag tag, std::uint64_t size) { return Tag{bits(settled(tag)) | size}; }
constexpr Tag make_tag(Slot slot, Stamp stamp) {
    const std::uint64_t high = static_cast<std::uint32_t>(slot);
    return settled(Tag{high << 32 | static_cast<std::uint32_t>(stamp)});
}

constexpr Tag slots_after(Tag tag, std::size_t n) { return Tag{bits(tag) + n * kNextSlot}; }

/// One operand on its way to the tape: what it is, d(result) / d(operand), and its number.
struct Operand {
    Slot slot;
    double partial;
    double value;
};

/// An operand as the tape keeps it, packed: 12 bytes. Entry after entry has its edges there, one or more: an
/// entry without operands has one to slot 0, with partial 0.
struct [[gnu::packed]] Edge {
    double partial;
    std::int32_t operand;  // its slot; in the first edge of an entry, plus kFirst

    static constexpr std::int32_t kFirst = 1 << 30;

    [[nodiscard]] bool is_first() const { return operand > static_cast<std::int32_t>(kMostSlots); }
    [[nodiscard]] Slot slot() const { return Slot{is_first() ? operand - kFirst : operand}; }
};

/// The open end of a tape, as the inline operators see it.
struct Recorder {
    Edge* end = nullptr;        // behind the newest edge
    Edge* limit = nullptr;      // while end < limit, one more operation fits
    Edge* begin = nullptr;      // of the first entry
    Tag newest{};               // of the newest entry, settled
    Stamp stamp = Stamp::none;  // of the stretch that is being recorded
    Stamp outer = Stamp::none;  // of the stretch around it
    bool is_graph = false;      // nothing melts, and comparisons are kept
    bool scalars_only = false;  // a tensor operation is recorded number by number

    /// Append an operation that does not fit: because the tape is full, or because this is a graph.
    Slot record(OpCode code, double value, std::initializer_list<Operand> operands);

    /// Make room for one more entry, of that many operands: who knows them all at once, as a reduction does,
    /// writes their edges straight onto a melting tape.
    void reserve(std::size_t operand_count);

    /// Append a comparison of two values to a graph, and how it came out.
    void record_comparison(Comparison comparison, const Value& a, const Value& b, bool outcome);

    /// Raise TapeError unless the tag is that of a constant, or of a live stretch of this tape.
    void require_live(Tag tag) const;
};

/// Where a tensor operation finds adjoints when the chain rule reaches it.
class Adjoints {
   public:
    Adjoints(const Tape& tape, Slot result) : tape_(tape), result_(result) {}

    /// Return those of the result of the operation.
    [[nodiscard]] const double* result() const;

    /// Return where to add those of an operand: consecutive slots from `first` on. Null for constants.
    [[nodiscard]] double* of(Slot first) const;

   private:
    const Tape& tape_;
    Slot result_;
};

/// How far the memory of a tape is filled.
struct ArenaMark {
    std::size_t chunk = 0;
    std::size_t used = 0;  // bytes of that chunk
};

/// A tensor operation on the tape: consecutive slots, whose adjoints one call passes on to the operands.
struct Run {
    const char* name;
    std::size_t size;                                             // slots
    std::span<const Slot> operands;                               // the first slot of each; 0 for constants
    void (*pull)(const void* closure, const Adjoints& adjoints);  // null: there are no operands
    const void* closure;                                          // of pull; in memory of the tape
};

/// What was recorded between a mark and the next one: it lives or dies as a whole.
struct Stretch {
    Stamp stamp = Stamp::none;  // none: it has ended
    Recorder before{};          // the open end of the tape when it began
    std::size_t runs = 0;       // the tensor operations then
    ArenaMark arena{};
    Stretch* around = nullptr;  // the one that goes on when this ends
};

/// What a thread that has no tape yet records to: it is full and knows no value.
extern Recorder no_recorder;

/// The recorder of the current tape of this thread.
inline constinit thread_local Recorder* recorder = &no_recorder;

}  // namespace detail

/// Record operations and differentiate them.
///
/// A thread has a tape of its own from its first operation on, so most programs never name one. A tape
/// belongs to one thread at a time. Cost: 12 bytes an operand and 8 an entry; ten million entries in a chain
/// work.
class Tape : private detail::Recorder {
   public:
    /// What the tape is for: `melting` is fast and remembers derivatives only. `graph` remembers each
    /// operation with its name and number, as pictures, tables and programs need it; nothing melts there.
    enum class Mode { melting, graph };

    struct Options {
        Mode mode = Mode::melting;
        std::size_t max_entries = kMostSlots;  // more than that: TapeError
        bool scalars_only = false;  // record tensor operations number by number, as programs need them
    };

    Tape();
    explicit Tape(Mode mode);
    explicit Tape(const Options& options);
    ~Tape();
    Tape(const Tape&) = delete;
    Tape& operator=(const Tape&) = delete;

    /// Return the tape that this thread records to.
    static Tape& current() {
        const bool is_first = detail::recorder == &detail::no_recorder;
        return is_first ? own() : static_cast<Tape&>(*detail::recorder);
    }

    /// Forget all entries, keep the memory. Every value recorded so far is dead.
    void clear();

    /// Add seed * d(value)/d(x) for every x on which the values depend: to the gradient of each parameter
    /// (which accumulates), and into the adjoint of every other entry (which starts from zero each time).
    /// Raises TapeError for a value that is not of this tape, or that depends on nothing.
    /// Cost: one pass over the tape. An entry whose adjoint is zero is skipped, so 0 * inf never arises.
    void backward(std::span<const Seed> seeds);

    /// Return the adjoint of a value after backward(); for a parameter, its accumulated gradient.
    /// Raises TapeError if no backward pass has run since the value was recorded.
    [[nodiscard]] double gradient(const Value& value) const;

    [[nodiscard]] Mode mode() const { return mode_; }
    /// Return the number of slots in use: one for each scalar entry, one for each number of a tensor.
    [[nodiscard]] std::size_t entry_count() const {
        return static_cast<std::size_t>(detail::slot_of(newest));
    }
    /// Return the number of operands of all entries, where none counts as one.
    [[nodiscard]] std::size_t operand_count() const { return static_cast<std::size_t>(end - begin); }
    [[nodiscard]] std::size_t bytes() const;           ///< of entries, operands, adjoints, tensors in use
    [[nodiscard]] std::size_t bytes_reserved() const;  ///< of all memory that the tape holds

    /// Append an entry without operands, whose gradient can be asked for.
    Value variable(double x);

    /// Return n values that live as long as what is recorded now: until the scope ends, or clear().
    std::span<Value> values(std::size_t n);

    /// Return memory that lives as long as what is recorded now.
    /// Raises DomainError unless the alignment is a power of two up to 64.
    void* allocate(std::size_t bytes, std::size_t alignment);

    /// Raise TapeError unless this is the tag of a constant, or of a value that is alive on this tape.
    using detail::Recorder::require_live;

    /// Append y = f(x1 ... xn), given the partial derivatives by its active operands.
    Value record_many(detail::OpCode code, double y, std::span<const detail::Operand> operands);

    /// Append a tensor operation. Returns the slot of its first number.
    Slot record_run(const detail::Run& run);

    /// Who computes with parameters: scalar operations leave their adjoints on the tape until the end of a
    /// backward pass, tensor operations add them to the gradients at once.
    enum class Use { scalar, tensor };

    /// Give a block of parameters its slots; at once, if it has them. Returns the slot of the first one.
    Slot bind(const std::shared_ptr<detail::Block>& block, Use use = Use::scalar);

    /// Return how often a block of parameters was bound.
    [[nodiscard]] std::size_t bind_count(const std::shared_ptr<detail::Block>& block) const;

    /// Say that a parameter which was bound for tensors is used by a scalar operation, too.
    void use_as_scalar(Slot parameter);

    /// One entry, as tables and pictures show it.
    struct Entry {
        Slot slot;                         // the first one, of a tensor
        std::size_t size;                  // slots: 1, or the numbers of a tensor
        detail::OpCode code;               // of a scalar on a graph
        const char* operation;             // "" of a scalar on a melting tape
        double value;                      // NaN on a melting tape, and of a tensor
        double adjoint;                    // NaN before backward(), and of a tensor
        std::span<const Slot> operands;    // (n) of tensors the first slot
        std::span<const double> partials;  // (n) d(entry) / d(operand); empty of a tensor
    };

    /// Return the entries in the order of recording. The spans live until the next operation.
    [[nodiscard]] std::vector<Entry> trace() const;

    /// Visit the entries in the order of recording.
    void each_entry(const std::function<void(const Entry&)>& visit) const;

   private:
    friend struct detail::Recorder;
    friend class detail::Adjoints;
    friend class Scope;
    friend class Recording;
    friend struct OwnTape;
    struct Memory;

    static Tape& own();  // the tape that a thread has without asking for one
    void require_room(std::size_t edges, std::size_t entries);
    void make_room(std::size_t added_edges, std::size_t added_entries);
    void set_limit();
    [[nodiscard]] std::int64_t last() const { return static_cast<std::int64_t>(detail::slot_of(newest)); }
    void set_newest(std::int64_t slot) {
        newest = detail::make_tag(Slot{static_cast<std::int32_t>(slot)}, stamp);
    }
    void keep_apart();
    Slot append(detail::OpCode code, double value, std::span<const detail::Operand> operands);
    void chain_rule(std::int64_t top);
    detail::Stretch mark();
    void rewind(detail::Stretch& stretch);
    void close(detail::Stretch& stretch);
    void cut(const detail::Stretch& stretch);
    void enter(detail::Stretch& stretch);
    void acquire();
    void release();

    Mode mode_;
    std::size_t max_entries_;
    std::unique_ptr<Memory> memory_;
};

/// Mark the current tape, and rewind it to there at the end of the C++ scope: a training step leaves nothing
/// behind. Values recorded inside are dead afterwards; using one is a TapeError.
class Scope {
   public:
    Scope();
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

    /// Rewind now, and go on recording from the mark.
    void rewind();

   private:
    /// Whether clear(), the scope around this or the end of the tape was faster.
    [[nodiscard]] bool has_ended() const { return stretch_.stamp == Stamp::none; }

    Tape& tape_;
    detail::Stretch stretch_;
};

/// Make a tape the current one of this thread until the end of the C++ scope. Then the one from before is
/// that again; if it is gone, the one that the thread has without asking for one. Raises TapeError if it is
/// the current one of another thread.
class Recording {
   public:
    explicit Recording(Tape& tape);
    ~Recording();
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;

   private:
    friend class Tape;
    static void forget(const Tape& tape);

    Tape* tape_;  // null if it is gone
    detail::Recorder* before_;
    Recording* around_;
    bool nested_;  // the tape was the current one of this thread before
};

/// Run the chain rule from y back to everything that it depends on. See Tape::backward.
void backward(const Value& y, double seed = 1.0);

/// Run it from several results at once.
void backward(std::initializer_list<Seed> seeds);
void backward(std::span<const Seed> seeds);

}  // namespace gradus
