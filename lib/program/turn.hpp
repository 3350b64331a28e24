// SPDX-License-Identifier: MIT
// Turn: one thread after the other records for a program.
#pragma once

#include <condition_variable>
#include <mutex>

#include "gradus/error.hpp"

namespace gradus::detail {

/// A lock that is refused where waiting for it would have no end: formulas may ask other programs.
class Turn {
   public:
    /// Wait until no other thread has it.
    /// Raises TapeError if this thread has it, or one that waits, maybe by way of others, for this thread.
    void lock() {
        static thread_local Thread me;
        std::unique_lock all(mutex_);
        for (const Turn* turn = this; turn != nullptr && turn->owner_ != nullptr;
             turn = turn->owner_->awaits) {
            if (turn->owner_ != &me) continue;
            throw TapeError(
                "program: its formula asks the program itself, or another one that does. Compute with the "
                "formula's own function there.");
        }
        me.awaits = this;
        freed_.wait(all, [&] { return owner_ == nullptr; });
        me.awaits = nullptr;
        owner_ = &me;
    }

    void unlock() {
        const std::lock_guard all(mutex_);
        owner_ = nullptr;
        freed_.notify_all();
    }

   private:
    struct Thread {
        const Turn* awaits = nullptr;
    };

    inline static std::mutex mutex_;  // of all turns: who waits for whom is looked up among them
    inline static std::condition_variable freed_;
    const Thread* owner_ = nullptr;
};

}  // namespace gradus::detail
