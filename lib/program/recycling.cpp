// SPDX-License-Identifier: MIT
#include "recycling.hpp"

#include <algorithm>
#include <numeric>

namespace gradus::detail {

void Recycling::write(std::size_t place, std::size_t count, std::uint32_t line) {
    for (std::size_t p = place; p < place + count; ++p) {
        if (first_[p] == 0) first_[p] = line;
    }
    read(place, count, line);
}

void Recycling::read(std::size_t place, std::size_t count, std::uint32_t line) {
    for (std::size_t p = place; p < place + count; ++p) {
        last_[p] = line;
        if (p > place) is_joined_[p] = true;
    }
}

void Recycling::keep(std::size_t place, std::size_t count) {
    for (std::size_t p = place; p < place + count; ++p) is_kept_[p] = true;
}

LongVector<Place> Recycling::homes() const {
    const std::size_t places = first_.size();
    LongVector<Place> homes(places);
    std::iota(homes.begin(), homes.end(), Place{0});
    std::vector<std::uint32_t> busy(kRoom);  // the last line that uses what lives there
    std::size_t next = 0;
    for (std::size_t begin = 0, end = 0; begin < places; begin = end) {
        bool is_kept = is_kept_[begin];
        std::uint32_t first = first_[begin], last = last_[begin];
        for (end = begin + 1; end < places && is_joined_[end]; ++end) {
            is_kept = is_kept || is_kept_[end];
            first = std::min(first, first_[end]);
            last = std::max(last, last_[end]);
        }
        const std::size_t size = end - begin;
        if (is_kept || first == 0 || size > kRoom) continue;
        // Go round once at most, past those that live long.
        std::size_t from = next, free = 0;
        for (std::size_t tried = 0; free < size && tried < 2 * kRoom; ++tried) {
            if (from + size > kRoom) from = free = 0;
            if (busy[from + free] < first)
                ++free;
            else
                from += free + 1, free = 0;
        }
        if (free < size) continue;
        std::fill_n(busy.begin() + static_cast<std::ptrdiff_t>(from), size, last);
        for (std::size_t i = 0; i < size; ++i) homes[begin + i] = static_cast<Place>(places + from + i);
        next = from + size;
    }
    return homes;
}

std::vector<std::pair<Place, std::size_t>> Recycling::at_home(const LongVector<Place>& homes) {
    std::vector<std::pair<Place, std::size_t>> runs;
    for (std::size_t p = 0; p < homes.size(); ++p) {
        if (homes[p] != p) continue;
        if (runs.empty() || runs.back().first + runs.back().second != p)
            runs.emplace_back(static_cast<Place>(p), 0);
        ++runs.back().second;
    }
    return runs;
}

}  // namespace gradus::detail
