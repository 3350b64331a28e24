// SPDX-License-Identifier: MIT
// Replaces operator new and delete of the test program by ones that count.
#include "allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> count{0};

void* counted(void* memory) {
    if (memory == nullptr) throw std::bad_alloc();
    ++count;
    return memory;
}

}  // namespace

std::size_t allocation_count() { return count; }

void* operator new(std::size_t size) { return counted(std::malloc(size == 0 ? 1 : size)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    const auto a = static_cast<std::size_t>(alignment);
    return counted(std::aligned_alloc(a, (size + a - 1) / a * a));  // aligned_alloc wants whole multiples
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {  // std::stable_sort asks for this one
    ++count;
    return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
