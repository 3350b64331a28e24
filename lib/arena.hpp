// SPDX-License-Identifier: MIT
// Arena: memory for runs of values that live until the tape is rewound.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "gradus/value.hpp"

namespace gradus::detail {

/// Hands out runs of values, and takes them back from the end. Memory is kept, and never moves.
class Arena {
   public:
    [[nodiscard]] std::size_t end() const { return end_; }

    /// Take back all runs handed out since end() was that.
    void rewind(std::size_t end) { end_ = end; }

    /// Hand out n constants. A run lies in one chunk: what is left of the chunk before stays unused.
    std::span<Value> take(std::size_t n) {
        std::size_t chunk = 0;
        while (chunk < chunks_.size() && std::max(end_, begin_of(chunk)) + n > ends_[chunk]) ++chunk;
        if (chunk == chunks_.size()) {
            const std::size_t size = std::max(n, kFirstChunk << std::min<std::size_t>(chunk, 10));
            chunks_.push_back(std::make_unique<Value[]>(size));
            ends_.push_back(begin_of(chunk) + size);
        }
        const std::size_t begin = std::max(end_, begin_of(chunk));
        end_ = begin + n;
        const std::span<Value> run{chunks_[chunk].get() + (begin - begin_of(chunk)), n};
        std::fill(run.begin(), run.end(), Value{});
        return run;
    }

   private:
    static constexpr std::size_t kFirstChunk = 1024;

    [[nodiscard]] std::size_t begin_of(std::size_t chunk) const { return chunk == 0 ? 0 : ends_[chunk - 1]; }

    std::vector<std::unique_ptr<Value[]>> chunks_;
    std::vector<std::size_t> ends_;  // values in this chunk and those before
    std::size_t end_ = 0;
};

}  // namespace gradus::detail
