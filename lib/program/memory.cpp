// SPDX-License-Identifier: MIT
#include "memory.hpp"

#include <algorithm>

#include "reads.hpp"

namespace gradus::detail {

template <class T>
Source<T>::Source(const Reads& from) : from_(from), is_mixed_(!is_in_one_region(from.firsts)) {}

/// Call visit(number of the region, pieces, where they begin in the buffer, whether each number is one for
/// all that it serves): once, or for each piece if they are of several regions.
template <class T>
template <class Visit>
void Source<T>::each_region(const Memory<T>& m, Visit visit) const {
    const std::size_t size = std::size_t{from_.block} * from_.repeat * m.width;
    const std::size_t together = is_mixed_ ? 1 : from_.firsts.size();
    for (std::size_t k = 0; k < from_.firsts.size(); k += together) {
        const Region region = region_of(from_.firsts[k]);
        const bool is_narrow = m.width == 1 || region != Region::lanes;
        const bool fills = is_narrow && from_.repeat * m.width > 1;
        const kernels::Pieces pieces{&from_.firsts[k],
                                     together,
                                     place_in(region, 0),
                                     m.unit(region),
                                     is_narrow ? from_.block : from_.block * m.width,
                                     fills ? from_.repeat * m.width : from_.repeat};
        visit(static_cast<std::size_t>(region), pieces, k * size, fills);
    }
}

template <class T>
const T* Source<T>::read(const Memory<T>& m, T* buffer) const {
    if (lies_ready(m)) return m.number(place());
    const auto& loops = kernels::piece_loops<T>();
    each_region(m, [&](std::size_t region, const kernels::Pieces& s, std::size_t at, bool fills) {
        (fills ? loops.fill : loops.copy)(m.numbers[region], s, buffer + at);
    });
    return buffer;
}

template <class T>
T* Source<T>::open(const Memory<T>& m, T* buffer) const {
    if (!moves()) return nullptr;
    if (lies_ready(m)) return m.adjoint(place());
    std::fill_n(buffer, from_.size() * m.width, T{0});
    return buffer;
}

template <class T>
void Source<T>::close(const Memory<T>& m, const T* opened) const {
    if (opened == nullptr || lies_ready(m)) return;
    const auto& loops = kernels::piece_loops<T>();
    each_region(m, [&](std::size_t region, const kernels::Pieces& s, std::size_t at, bool sums) {
        (sums ? loops.sum : loops.add)(opened + at, s, m.adjoints[region]);
    });
}

// ---- factors of dot products

/// Whether each row lies side by side, in a region that it shares with the others.
template <class T>
bool Source<T>::has_rows(std::size_t arity) const {
    return !is_mixed_ && (from_.is_run() || (from_.repeat == 1 && from_.block == arity));
}

template <class T>
Factor<T> Source<T>::factor(const Memory<T>& m, std::size_t arity, T* buffer, T* adjoint_buffer) const {
    const bool is_shared = m.width > 1 && is_uniform(place());
    if (!has_rows(arity)) {
        T* const adjoints = adjoint_buffer == nullptr ? nullptr : open(m, adjoint_buffer);
        return {read(m, buffer), adjoints, {nullptr, 0, 0, arity * m.width}, false};
    }
    const Region region = region_of(place());
    const auto r = static_cast<std::size_t>(region);
    const std::size_t unit = m.unit(region);
    T* const adjoints = moves() ? m.adjoints[r] : nullptr;
    if (from_.firsts.size() > 1)
        return {m.numbers[r], adjoints, {from_.firsts.data(), place_in(region, 0), unit, 0}, is_shared};
    const std::size_t first = position_of(place()) * unit;
    T* const own_adjoints = adjoints == nullptr ? nullptr : adjoints + first;  // none in a forward pass
    return {m.numbers[r] + first, own_adjoints, {nullptr, 0, 0, arity * unit}, is_shared};
}

template <class T>
void Source<T>::close(const Memory<T>& m, std::size_t arity, const Factor<T>& opened) const {
    if (!has_rows(arity)) close(m, opened.adjoints);
}

template class Source<double>;
template class Source<float>;

}  // namespace gradus::detail
