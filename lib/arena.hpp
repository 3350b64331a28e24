// SPDX-License-Identifier: MIT
// Arena: memory for numbers that live until the tape is rewound.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>

#include "column.hpp"
#include "gradus/tape.hpp"

namespace gradus::detail {

/// Hands out memory, and takes it back from the end. Keeps what it has, and never moves it.
class Arena {
   public:
    static constexpr std::size_t kMostAlignment = Column<std::byte>::kAlignment;

    [[nodiscard]] ArenaMark mark() const { return mark_; }

    /// Take back all that was handed out since mark() was that.
    void rewind(ArenaMark mark) { mark_ = mark; }

    /// Hand out so many bytes, aligned to a power of two of kMostAlignment at most. They lie in one chunk:
    /// what is left of the chunk before stays unused.
    void* take(std::size_t bytes, std::size_t alignment) {
        for (;; mark_ = {mark_.chunk + 1, 0}) {
            if (mark_.chunk == chunks_.size()) {
                const std::size_t size = kFirstChunk << std::min<std::size_t>(mark_.chunk, 10);
                chunks_.emplace_back().reserve(std::max(bytes, size), 0);
            }
            const std::size_t begin = (mark_.used + alignment - 1) / alignment * alignment;
            const Column<std::byte>& chunk = chunks_[mark_.chunk];
            if (begin > chunk.capacity() || bytes > chunk.capacity() - begin) continue;
            mark_.used = begin + bytes;
            return chunk.data() + begin;
        }
    }

    [[nodiscard]] std::size_t bytes_used() const {
        std::size_t bytes = mark_.used;
        for (std::size_t k = 0; k < mark_.chunk; ++k) bytes += chunks_[k].capacity();
        return bytes;
    }
    [[nodiscard]] std::size_t bytes_reserved() const {
        std::size_t bytes = 0;
        for (const auto& chunk : chunks_) bytes += chunk.capacity();
        return bytes;
    }

   private:
    static constexpr std::size_t kFirstChunk = std::size_t{1} << 14;

    std::deque<Column<std::byte>> chunks_;
    ArenaMark mark_;
};

}  // namespace gradus::detail
