// SPDX-License-Identifier: MIT
// Column: memory of a tape. Large ones lie in large pages, since page faults dominate a first, cold gradient.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>
#include <type_traits>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace gradus::detail {

/// An array of plain numbers that grows. New elements are not initialized.
template <class T>
class Column {
   public:
    static_assert(std::is_trivially_copyable_v<T>);
    static constexpr std::size_t kAlignment = 64;  // at least

    Column() = default;
    ~Column() { release(); }
    Column(const Column&) = delete;
    Column& operator=(const Column&) = delete;

    [[nodiscard]] T* data() const { return data_; }
    [[nodiscard]] std::size_t capacity() const { return capacity_; }

    /// Make room for n elements, of which the first `used`, so far as there were any, keep their values.
    void reserve(std::size_t n, std::size_t used) {
        if (n <= capacity_) return;
        const std::align_val_t alignment = alignment_of(n);
        T* grown = static_cast<T*>(::operator new(n * sizeof(T), alignment));
        advise(grown, n * sizeof(T));
        if (data_ != nullptr) std::memcpy(grown, data_, std::min(used, capacity_) * sizeof(T));
        release();
        data_ = grown, capacity_ = n;
    }

   private:
    static constexpr std::size_t kLargePage = std::size_t{2} << 20;

    static std::align_val_t alignment_of(std::size_t n) {
        return std::align_val_t{n * sizeof(T) >= kLargePage ? kLargePage : kAlignment};
    }
    static void advise([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#if defined(__linux__)
        if (bytes >= kLargePage) madvise(memory, bytes, MADV_HUGEPAGE);  // advice: may be refused
#endif
    }
    void release() {
        if (data_) ::operator delete(data_, alignment_of(capacity_));
    }

    T* data_ = nullptr;
    std::size_t capacity_ = 0;
};

}  // namespace gradus::detail
