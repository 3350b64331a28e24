// SPDX-License-Identifier: MIT
// Memory for long vectors, in large pages: a fault for each small one would cost more than what is done
// there.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace gradus::detail {

template <class T>
struct LargePages {
    using value_type = T;

    LargePages() = default;
    template <class U>
    LargePages(const LargePages<U>&) {}  // NOLINT: allocators convert

    T* allocate(std::size_t n) {
        void* const memory = ::operator new(n * sizeof(T), alignment_of(n));
#if defined(__linux__)
        if (n * sizeof(T) >= kPage) madvise(memory, n * sizeof(T), MADV_HUGEPAGE);  // advice: may be refused
#endif
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t n) { ::operator delete(memory, alignment_of(n)); }

    friend bool operator==(LargePages, LargePages) { return true; }

   private:
    static constexpr std::size_t kPage = std::size_t{2} << 20;
    static std::align_val_t alignment_of(std::size_t n) {
        return std::align_val_t{n * sizeof(T) >= kPage ? kPage : 64};
    }
};

/// A vector that may become long.
template <class T>
using LongVector = std::vector<T, LargePages<T>>;

}  // namespace gradus::detail
