// SPDX-License-Identifier: MIT
// Jobs: what a program computes of its examples. Values, sums of them with their gradient, Jacobian matrices.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <numeric>
#include <span>
#include <type_traits>
#include <vector>

#include "gradus/error.hpp"
#include "sharing.hpp"

namespace gradus::detail {

/// Output k of each example of a chunk, whether it is the same for all or not.
template <class T>
class Outputs {
   public:
    Outputs(const Plan& plan, const Machine<T>& machine, std::size_t k)
        : numbers_(machine.output(k)), step_(plan.is_uniform(plan.outputs[k]) ? 0 : 1) {}
    double operator[](std::size_t e) const { return static_cast<double>(numbers_[e * step_]); }

   private:
    const T* numbers_;
    std::size_t step_;
};

/// The outputs of each example.
template <class T>
class EachValue : public Job<T> {
   public:
    explicit EachValue(std::size_t examples) : examples_(examples) {}

    void begin(const Plan& plan, std::size_t) override {
        plan_ = &plan;
        values.resize(examples_ * plan.outputs.size());
    }
    void take(std::size_t, Machine<T>& machine, const Chosen& examples) override {
        const std::size_t outputs = plan_->outputs.size();
        for (std::size_t k = 0; k < outputs; ++k) {
            const Outputs<T> y(*plan_, machine, k);
            for (std::size_t e = 0; e < examples.count; ++e) values[examples[e] * outputs + k] = y[e];
        }
    }

    std::vector<double> values;  // (examples, outputs)

   private:
    std::size_t examples_;
    const Plan* plan_ = nullptr;
};

/// The sum of the only output over all examples.
template <class T>
class TotalValue : public Job<T> {
   public:
    void begin(const Plan& plan, std::size_t parts) override {
        require_one_output(plan);
        plan_ = &plan;
        parts_ = static_cast<std::ptrdiff_t>(parts);
        std::fill_n(sums_.begin(), parts, 0.0);
    }
    void take(std::size_t part, Machine<T>& machine, const Chosen& examples) override {
        const Outputs<T> y(*plan_, machine, 0);
        for (std::size_t e = 0; e < examples.count; ++e) sums_[part] += y[e];
    }
    void finish() override { total = std::accumulate(sums_.begin(), sums_.begin() + parts_, total); }

    double total = 0.0;

   private:
    const Plan* plan_ = nullptr;
    std::ptrdiff_t parts_ = 0;
    std::array<double, kMostParts> sums_;
};

/// The sum, and its gradient, which is scaled and added to other numbers. Each part has a sum of gradients of
/// its own, and these are added in the order of the parts, whichever is ready first; a single one is added up
/// in place. There is a memory for each thread.
template <class T>
class Gradient : public TotalValue<T> {
   public:
    Gradient(Pool* pool, double scale, std::span<double> to, std::vector<T>& memory)
        : threads_(pool == nullptr ? 1 : pool->threads()), scale_(scale), to_(to), memory_(memory) {}

    void begin(const Plan& plan, std::size_t parts) override {
        TotalValue<T>::begin(plan, parts);
        size_ = plan.parameters;
        in_place_ = parts == 1 && std::is_same_v<T, double> && size_ == to_.size();
        if (in_place_) return;
        memory_.resize(std::min(threads_, parts) * size_);
        next_ = 0;
    }
    void start(std::size_t part) override {
        if (in_place_) return;
        std::size_t free = 0;
        while (is_taken_[free].exchange(true)) ++free;  // no more parts run at once than there are threads
        of_part_[part] = free;
        std::fill_n(of(part), size_, T{0});
    }
    void take(std::size_t part, Machine<T>& machine, const Chosen& examples) override {
        TotalValue<T>::take(part, machine, examples);
        machine.backward({&scale_, 1}, of(part));
    }
    void end(std::size_t part, Machine<T>& machine) override {
        machine.end(of(part));
        if (in_place_) return;
        wait_for_turn(part);
        const T* const from = of(part);
        for (std::size_t i = 0; i < to_.size(); ++i) to_[i] += static_cast<double>(from[i]);
        leave(part);
    }
    void fail(std::size_t part) override {
        if (in_place_) return;
        wait_for_turn(part);
        leave(part);
    }

   private:
    T* of(std::size_t part) {
        if constexpr (std::is_same_v<T, double>) {
            if (in_place_) return to_.data();
        }
        return memory_.data() + of_part_[part] * size_;
    }

    /// Wait until those before were added. They started before, so that they are done or at work.
    void wait_for_turn(std::size_t part) {
        for (std::size_t next; (next = next_) != part;) next_.wait(next);
    }
    void leave(std::size_t part) {
        is_taken_[of_part_[part]] = false;
        next_ = part + 1;
        next_.notify_all();
    }

    std::size_t threads_;
    double scale_;
    std::span<double> to_;  // the first of the plan's parameters
    std::vector<T>& memory_;
    std::size_t size_ = 0;
    bool in_place_ = false;
    std::atomic<std::size_t> next_{0};                      // the part that is added next
    std::array<std::atomic<bool>, kMostParts> is_taken_{};  // of memories
    std::array<std::size_t, kMostParts> of_part_{};         // the number of its memory
};

/// The gradient of each output by some of the parameters, of each example: one at a time.
template <class T>
class Jacobian : public Job<T> {
   public:
    Jacobian(std::size_t examples, std::size_t first, std::size_t columns, bool of_one_output,
             std::vector<T>& memory)
        : examples_(examples),
          first_(first),
          columns_(columns),
          of_one_output_(of_one_output),
          memory_(memory) {}

    void begin(const Plan& plan, std::size_t parts) override {
        if (of_one_output_) require_one_output(plan);
        size_ = plan.parameters;
        outputs_ = plan.outputs.size();
        rows.resize(examples_ * outputs_ * columns_);
        memory_.resize(parts * size_);
        seeds_.assign(2 * outputs_ + 1, 0.0);
        seeds_[outputs_] = 1.0;
    }
    void take(std::size_t part, Machine<T>& machine, const Chosen& examples) override {
        T* const gradient = memory_.data() + part * size_;
        for (std::size_t k = 0; k < outputs_; ++k) {
            std::fill_n(gradient, size_, T{0});
            machine.backward(std::span(seeds_).subspan(outputs_ - k, outputs_), gradient);
            machine.end(gradient);
            std::copy_n(gradient + first_, columns_, rows.data() + (examples[0] * outputs_ + k) * columns_);
        }
    }

    std::vector<double> rows;  // (examples, outputs, columns)

   private:
    std::size_t examples_, first_, columns_, size_ = 0, outputs_ = 0;
    bool of_one_output_;
    std::vector<T>& memory_;
    std::vector<double> seeds_;  // zeros, with a single 1 in their middle
};

}  // namespace gradus::detail
