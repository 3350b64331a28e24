// SPDX-License-Identifier: MIT
#include "dots.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <span>
#include <utility>

#include "reads.hpp"

namespace gradus::detail {
namespace {

/// Finds the instructions of a group of rows.
class Rows {
   public:
    Rows(Factors factors, bool uniform, Plan& plan) : f_(std::move(factors)), plan_(plan) {
        shared_to_the_left();
        if (!uniform) {
            for (std::size_t j = 0; j < size(); ++j) sort_terms(j);
            copy_shared_rows();
            copy_own_rows();
        }
        for (std::size_t j = 0; j < size(); ++j) {
            kinds_.push_back(!follow_each_other(a(j)) || !follow_each_other(b(j)) ? Kind::scattered
                             : is_uniform(a(j).front())                           ? Kind::shared
                                                                                  : Kind::own);
        }
    }

    void emit(Place result, std::vector<Instruction>& to) const {
        const auto append = [&](Instruction made) {
            made.result = result;
            result += made.count;
            to.push_back(std::move(made));
            return to.back().count;
        };
        std::size_t first = 0;  // of the rows of no matrix that wait for their instruction
        for (std::size_t j = 0; j < size();) {
            const Instruction product = kinds_[j] == Kind::shared ? product_at(j) : Instruction{};
            if (first < j && (product.count > 1 || !is_alike(first, j))) {
                append(dots(first, j - first));
                first = j;
            }
            if (product.count > 1) {
                j += append(product);
                first = j;
            } else {
                ++j;
            }
        }
        if (first < size()) append(dots(first, size() - first));
    }

   private:
    enum class Kind {
        shared,    ///< a run of uniform places times a run
        own,       ///< two runs of lanes
        scattered  ///< anything else
    };

    [[nodiscard]] std::size_t size() const { return f_.a.size() / f_.arity; }
    [[nodiscard]] std::span<const Place> a(std::size_t j) const {
        return std::span(f_.a).subspan(j * f_.arity, f_.arity);
    }
    [[nodiscard]] std::span<const Place> b(std::size_t j) const {
        return std::span(f_.b).subspan(j * f_.arity, f_.arity);
    }
    [[nodiscard]] bool is_shared(std::size_t j) const {
        const auto is_lane = [](Place p) { return !is_uniform(p); };
        return std::none_of(a(j).begin(), a(j).end(), is_lane) &&
               std::all_of(b(j).begin(), b(j).end(), is_lane);
    }

    /// Let a be what all examples share, where b is not.
    void shared_to_the_left() {
        std::size_t swapped = 0;
        for (std::size_t k = 0; k < f_.a.size(); ++k) {
            if (!is_uniform(f_.b[k]) || is_uniform(f_.a[k])) continue;
            std::swap(f_.a[k], f_.b[k]);
            ++swapped;
        }
        if (swapped == f_.a.size())
            std::swap(f_.a_moves, f_.b_moves);
        else if (swapped > 0)
            f_.a_moves = f_.b_moves = f_.a_moves || f_.b_moves;
    }

    /// Put the terms of a row into the order of b's places, if that makes them a run.
    void sort_terms(std::size_t j) {
        if (!is_shared(j) || follow_each_other(b(j))) return;
        const auto [least, most] = std::minmax_element(b(j).begin(), b(j).end());
        if (*most - *least + 1 != f_.arity) return;
        std::vector<std::size_t> order(f_.arity);
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::sort(order.begin(), order.end(),
                  [&](std::size_t k, std::size_t l) { return b(j)[k] < b(j)[l]; });
        std::vector<Place> left, right;
        for (const std::size_t k : order) left.push_back(a(j)[k]), right.push_back(b(j)[k]);
        if (!follow_each_other(right)) return;  // some are the same
        const auto begin = static_cast<std::ptrdiff_t>(j * f_.arity);
        std::copy(left.begin(), left.end(), f_.a.begin() + begin);
        std::copy(right.begin(), right.end(), f_.b.begin() + begin);
    }

    /// Of shared rows that are no runs, make runs: once a batch.
    void copy_shared_rows() {
        bring_together(f_.a, f_.a_moves, Region::uniforms, 1, [&](std::size_t j) { return is_shared(j); });
    }

    /// Of what meets shared rows and is no run, make runs, if each serves several times: the windows of a
    /// convolution, the columns of a matrix.
    void copy_own_rows() {
        bring_together(f_.b, f_.b_moves, Region::lanes, 4, [&](std::size_t j) {
            const auto is_lane = [](Place p) { return !is_uniform(p); };
            return is_uniform(a(j).front()) && follow_each_other(a(j)) &&
                   std::any_of(b(j).begin(), b(j).end(), is_lane);
        });
    }

    /// Replace the chosen rows of a side that are no runs by copies, if each one serves so often. Equal rows
    /// share a copy.
    template <class IsChosen>
    void bring_together(std::vector<Place>& side, bool moves, Region to, std::size_t least_uses,
                        IsChosen is_chosen) {
        std::map<std::vector<Place>, std::size_t> copies;  // numbered
        std::vector<Place> scattered;
        std::vector<std::pair<std::size_t, std::size_t>> rows;  // row, number of its copy
        for (std::size_t j = 0; j < size(); ++j) {
            const auto row = std::span(side).subspan(j * f_.arity, f_.arity);
            if (follow_each_other(row) || !is_chosen(j)) continue;
            const auto [copy, is_new] = copies.emplace(std::vector(row.begin(), row.end()), copies.size());
            if (is_new) scattered.insert(scattered.end(), row.begin(), row.end());
            rows.emplace_back(j, copy->second);
        }
        if (rows.empty() || rows.size() < least_uses * copies.size()) return;
        const Place first = copy(scattered, moves, to, plan_);
        for (const auto& [j, number] : rows) {
            const auto row = std::span(side).subspan(j * f_.arity, f_.arity);
            std::iota(row.begin(), row.end(), first + static_cast<Place>(number * f_.arity));
        }
    }

    /// Whether two rows fit into one instruction: it finds each operand in one way, in one region.
    [[nodiscard]] bool is_alike(std::size_t j, std::size_t k) const {
        return kinds_[j] == kinds_[k] &&
               (kinds_[j] == Kind::scattered || (region_of(a(j).front()) == region_of(a(k).front()) &&
                                                 region_of(b(j).front()) == region_of(b(k).front())));
    }

    [[nodiscard]] Instruction dots(std::size_t begin, std::size_t count) const {
        const auto operand = [&](const std::vector<Place>& all, bool moves) {
            const auto places = std::span(all).subspan(begin * f_.arity, count * f_.arity);
            Reads found = reads(places, moves);
            if (kinds_[begin] == Kind::scattered || found.is_run()) return found;
            found = {{}, static_cast<std::uint32_t>(f_.arity), 1, moves};
            for (std::size_t j = 0; j < count; ++j) found.firsts.push_back(places[j * f_.arity]);
            return found;
        };
        Instruction made;
        made.op = kDot;
        made.count = static_cast<std::uint32_t>(count), made.arity = static_cast<std::uint32_t>(f_.arity);
        made.a = operand(f_.a, f_.a_moves), made.b = operand(f_.b, f_.b_moves);
        return made;
    }

    /// Return the largest product of matrices that begins at row j.
    [[nodiscard]] Instruction product_at(std::size_t j) const {
        Instruction product;
        product.op = kProduct;
        product.arity = static_cast<std::uint32_t>(f_.arity);
        product.a = {{a(j).front()}, product.arity, 1, f_.a_moves};
        product.b = {{b(j).front()}, product.arity, 1, f_.b_moves};
        product.rows = 1;
        while (extends_rows(j, product)) ++product.rows;
        while (extends_times(j, product)) ++product.times;
        product.count = product.rows * product.times;
        return product;
    }

    /// Whether the next row goes on in a, on the same numbers of b. The first one that does sets the step.
    [[nodiscard]] bool extends_rows(std::size_t j, Instruction& product) const {
        const std::size_t next = j + product.rows;
        if (next >= size() || kinds_[next] != Kind::shared || b(next).front() != b(j).front()) return false;
        return extends(a(j).front(), product.rows, a(next).front(), product.row_step);
    }

    /// Whether the next rows are the same rows of a, further on in b.
    [[nodiscard]] bool extends_times(std::size_t j, Instruction& product) const {
        const std::size_t next = j + product.rows * product.times;
        if (next + product.rows > size()) return false;
        for (std::size_t r = 0; r < product.rows; ++r) {
            if (kinds_[next + r] != Kind::shared || b(next + r).front() != b(next).front() ||
                a(next + r).front() != a(j + r).front())
                return false;
        }
        return extends(b(j).front(), product.times, b(next).front(), product.b_step);
    }

    /// Whether a row that begins there goes on with `n` rows which begin equally far from each other. The
    /// second one sets the step: rows do not overlap.
    [[nodiscard]] bool extends(Place first, std::uint32_t n, Place found, std::uint32_t& step) const {
        if (region_of(found) != region_of(first)) return false;
        if (n == 1 && found >= first + f_.arity) step = found - first;
        return step > 0 && found == first + n * step;
    }

    Factors f_;
    Plan& plan_;
    std::vector<Kind> kinds_;
};

}  // namespace

void emit_dots(Place result, Factors factors, bool uniform, Plan& plan, std::vector<Instruction>& to) {
    Rows(std::move(factors), uniform, plan).emit(result, to);
}

}  // namespace gradus::detail
