// SPDX-License-Identifier: MIT
// The stretches of a tape that are alive, and what lasts as long as one of them.
#pragma once

#include "gradus/tape.hpp"

namespace gradus::detail {

/// The outermost one, and those of the scopes inside, which hold them.
class Stretches {
   public:
    Stretch outermost;
    Stretch* innermost = &outermost;

    [[nodiscard]] Stamp current() const { return innermost->stamp; }

    /// Return whether a stretch is alive. Most questions are about the innermost one.
    [[nodiscard]] bool has(Stamp stamp) const {
        const Stretch* stretch = innermost;
        while (stretch != nullptr && stretch->stamp != stamp) stretch = stretch->around;
        return stretch != nullptr;
    }

    /// End all stretches inside this one; if it is null, all.
    void leave(const Stretch* around) {
        for (; innermost != around; innermost = innermost->around) innermost->stamp = Stamp::none;
    }
};

/// How long something lasts: as long as a stretch. At first it is over.
class Lifetime {
   public:
    [[nodiscard]] bool is_over(const Stretches& alive) const {
        return stamp_ == Stamp::none || !alive.has(stamp_);
    }

    /// Let it last as long as the innermost stretch.
    void begin(const Stretches& alive) { stamp_ = alive.current(); }
    void end() { stamp_ = Stamp::none; }

   private:
    Stamp stamp_ = Stamp::none;
};

}  // namespace gradus::detail
