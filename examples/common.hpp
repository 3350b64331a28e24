// SPDX-License-Identifier: MIT
// What every example needs and no example is about: command line, errors, checks, progress, pictures.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <complex>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gradus/data.hpp"

namespace CLI {
class App;
}

namespace example {

/// A lesson with its command line. main() declares one, adds options of its own, and returns run().
class Lesson {
   public:
    explicit Lesson(const std::string& goal) : Lesson(goal, 1, "unused here: nothing is trained") {}
    Lesson(const std::string& goal, std::size_t default_epochs,
           const std::string& epoch = "passes over the examples");
    ~Lesson();
    Lesson(const Lesson&) = delete;
    Lesson& operator=(const Lesson&) = delete;

    /// Add an option. What its target holds is the default; a number must be finite and above 0.
    void number(const std::string& name, double& target, const std::string& help);
    void numbers(const std::string& name, std::vector<double>& target, const std::string& help);
    void text(const std::string& name, std::string& target, const std::string& help);
    void choice(const std::string& name, std::string& target, const std::vector<std::string>& choices,
                const std::string& help);

    struct Range {
        std::uint64_t least = 1, most = 1'000'000'000;
    };
    void whole_number(const std::string& name, std::size_t& target, Range range, const std::string& help);

    /// Add the option to compile the loss into a program.
    void offer_compiled();

    /// Read the command line and run the lesson. A mistake becomes one line and exit status 1.
    int run(int argc, char** argv, const std::function<void()>& lesson);

    /// Return whether the lesson runs as it was written: what training reaches is promised for that alone.
    [[nodiscard]] bool as_written() const;

    std::uint64_t seed = 1;
    std::size_t epochs;
    std::filesystem::path out = "pictures";
    bool quiet = false;
    bool compiled = false;

   private:
    std::unique_ptr<CLI::App> app_;
};

/// Fail unless a number that was printed is the right one.
void check(std::string_view what, double found, double expected, double tolerance);

/// Fail unless a number that was printed is large enough.
void check_at_least(std::string_view what, double found, double least);

/// Read a CSV file of so many inputs a row, and a class.
gradus::Dataset read_rows(const std::string& file, std::size_t columns);

/// A progress bar on a terminal; elsewhere, and with --quiet, nothing.
class Progress {
   public:
    Progress(const Lesson& lesson, std::string what, std::size_t steps);
    ~Progress() { erase(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// Say that one more step is done.
    void step();

    /// Take the bar away, so that a line can be printed.
    void erase();

    /// Return the time since the bar was made.
    [[nodiscard]] double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
    }

   private:
    std::string what_;
    std::size_t steps_, done_ = 0;
    bool shown_;
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now(), drawn_ = begun_;
};

/// A picture: a gnuplot script that grows by add() and is run by draw().
/// Line types 1 to 6 are the colours of Okabe and Ito, which all eyes tell apart.
class Picture {
   public:
    Picture(const Lesson& lesson, const std::string& name, int width = 900, int height = 540);

    template <class... Args>
    void add(fmt::format_string<Args...> text, Args&&... args) {
        script_ += fmt::format(text, std::forward<Args>(args)...) + '\n';
    }

    /// Draw, and print where the picture is; without gnuplot, say so and go on.
    void draw() const;

   private:
    std::filesystem::path directory_, file_;
    std::string script_;
};

/// A place in a picture: x + iy.
using Place = std::complex<double>;

/// Move places apart until nearly each pair has this distance, so that letters there can be read.
std::vector<Place> apart(std::vector<Place> places, double distance);

}  // namespace example
