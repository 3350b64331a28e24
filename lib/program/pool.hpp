// SPDX-License-Identifier: MIT
// Pool: threads that wait for work.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "gradus/error.hpp"

namespace gradus::detail {

/// Runs the parts of a job on threads that are created once. The caller works along.
class Pool {
   public:
    /// Raises Error if the system gives fewer threads.
    explicit Pool(std::size_t threads) {
        workers_.reserve(threads);
        try {
            while (this->threads() < threads) workers_.emplace_back([this] { wait_for_jobs(); });
        } catch (const std::system_error& error) {
            end_workers();
            throw Error(
                fmt::format("compile: not so many threads can be started: {} of {} ({}). Ask for fewer.",
                            this->threads(), threads, error.what()));
        }
    }
    ~Pool() { end_workers(); }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// Return how many threads there are, the caller's included.
    [[nodiscard]] std::size_t threads() const { return workers_.size() + 1; }

    /// Call part(0) ... part(parts - 1), each once, on any thread, the first ones first. Then rethrow what
    /// one threw. While another caller's job is at work, the parts run on this thread alone.
    void run(std::size_t parts, const std::function<void(std::size_t)>& part) {
        const std::unique_lock only(caller_, std::try_to_lock);
        if (workers_.empty() || parts < 2 || !only) {
            for (std::size_t k = 0; k < parts; ++k) part(k);
            return;
        }
        {
            const std::lock_guard lock(mutex_);
            job_ = &part, parts_ = parts, next_ = 0, error_ = nullptr, ++jobs_, busy_ = workers_.size();
        }
        begin_.notify_all();
        work();
        std::unique_lock lock(mutex_);
        end_.wait(lock, [&] { return busy_ == 0; });
        if (error_) std::rethrow_exception(error_);
    }

   private:
    void end_workers() {
        {
            const std::lock_guard lock(mutex_);
            ends_ = true;
        }
        begin_.notify_all();
        for (std::thread& worker : workers_) worker.join();
    }

    void wait_for_jobs() {
        std::size_t done = 0;
        for (;;) {
            std::unique_lock lock(mutex_);
            begin_.wait(lock, [&] { return ends_ || jobs_ != done; });
            if (ends_) return;
            done = jobs_;
            lock.unlock();
            work();
            lock.lock();
            if (--busy_ == 0) end_.notify_one();
        }
    }

    void work() {
        for (std::size_t k; (k = next_++) < parts_;) {
            try {
                (*job_)(k);
            } catch (...) {
                const std::lock_guard lock(mutex_);
                error_ = std::current_exception();
            }
        }
    }

    std::vector<std::thread> workers_;
    std::mutex caller_, mutex_;
    std::condition_variable begin_, end_;
    const std::function<void(std::size_t)>* job_ = nullptr;
    std::size_t parts_ = 0, busy_ = 0, jobs_ = 0;
    std::atomic<std::size_t> next_{0};
    std::exception_ptr error_;
    bool ends_ = false;
};

}  // namespace gradus::detail
