// SPDX-License-Identifier: MIT
// What every example needs and no example is about: command line, errors, checks, progress, pictures.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <system_error>

#include "gradus/data.hpp"
#include "gradus/error.hpp"

namespace example {

/// Accept whole numbers from `least` to `most`; CLI11 by itself takes -3 for a large one.
inline CLI::Validator whole_number(std::uint64_t least, std::uint64_t most = 1'000'000'000) {
    const auto check = [least, most](const std::string& text) {
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc() && *end == '\0' && number >= least && number <= most) return std::string();
        return fmt::format("must be a whole number from {} to {}: found {}.", least, most, text);
    };
    return CLI::Validator(check, "");
}

/// Accept finite numbers above 0; CLI11 by itself takes nan for one.
inline CLI::Validator positive_number() {
    const auto check = [](const std::string& text) {
        double number = 0.0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc() && *end == '\0' && number > 0.0 && std::isfinite(number))
            return std::string();
        return fmt::format("must be a positive number such as 0.5: found {}.", text);
    };
    return CLI::Validator(check, "");
}

/// Accept names of one line: a script of gnuplot cannot hold others.
inline CLI::Validator one_line() {
    const auto check = [](const std::string& text) {
        const auto odd =
            std::ranges::find_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
        if (odd == text.end()) return std::string();
        return fmt::format(
            "must be the name of a directory, without line ends: found \\x{:02x} after \"{}\".", *odd,
            text.substr(0, static_cast<std::size_t>(odd - text.begin())));
    };
    return CLI::Validator(check, "");
}

/// Make a directory for pictures, unless there is one.
inline void make_directory(const std::filesystem::path& directory) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (!error && access(directory.c_str(), W_OK) != 0) error.assign(errno, std::generic_category());
    if (!error) return;
    throw gradus::IoError(
        fmt::format("pictures: the directory cannot be written to: {} ({}). Name another one with --out.",
                    directory.string(), error.message()));
}

/// A lesson with its command line. main() declares one, adds options of its own, and returns run().
class Lesson {
   public:
    explicit Lesson(const std::string& goal, std::size_t default_epochs = 1,
                    const std::string& epoch = "unused here: nothing is trained")
        : app(goal), epochs(default_epochs) {
        constexpr std::uint64_t kAny = std::numeric_limits<std::uint64_t>::max();
        option("--seed", seed, "start of the random numbers")->check(whole_number(0, kAny));
        option("--epochs", epochs, epoch)->check(whole_number(1));
        option("--out", out, "directory for pictures")->check(one_line());
        app.add_flag("--quiet", quiet, "print results only, no progress");
    }

    template <class T>
    CLI::Option* option(const std::string& name, T& target, const std::string& help) {
        return app.add_option(name, target, help)->capture_default_str();
    }

    /// Add the option to compile the loss into a program.
    void offer_compiled() {
        app.add_flag("--compiled", compiled, "compile the loss into a program, and train with that");
    }

    /// Read the command line and run the lesson. A mistake becomes one line and exit status 1.
    int run(int argc, char** argv, const std::function<void()>& lesson) {
        name_ = std::filesystem::path(argv[0]).filename().string();
        try {
            app.parse(argc, argv);
            if (app.get_option("--out")->count() > 0) make_directory(out);
            lesson();
            return 0;
        } catch (const CLI::Success& help) {
            return app.exit(help);
        } catch (const CLI::ParseError& error) {
            const std::string what = error.what();
            fmt::print(stderr, "{}: {}{} See --help.\n", name_, what, what.ends_with('.') ? "" : ".");
            return 1;
        } catch (const std::bad_alloc&) {
            std::fflush(stdout);
            fmt::print(stderr, "{}: the memory does not suffice. Choose smaller sizes: see --help.\n", name_);
            return 1;
        } catch (const std::exception& error) {
            std::fflush(stdout);
            fmt::print(stderr, "{}: {}\n", name_, error.what());
            return 1;
        }
    }

    /// Return whether the lesson runs as it was written: what training reaches is promised for that alone.
    [[nodiscard]] bool as_written() const {
        for (const CLI::Option* given : app.get_options()) {
            constexpr std::string_view kHarmless[] = {"--seed", "--out", "--quiet", "--compiled"};
            const bool is_harmless = std::ranges::find(kHarmless, given->get_name()) != std::end(kHarmless);
            if (given->count() > 0 && !is_harmless) return false;
        }
        return true;
    }

    CLI::App app;
    std::uint64_t seed = 1;
    std::size_t epochs;
    std::filesystem::path out = "pictures";
    bool quiet = false;
    bool compiled = false;

   private:
    std::string name_;
};

/// Fail unless a number that was printed is the right one.
inline void check(std::string_view what, double found, double expected, double tolerance) {
    if (std::abs(found - expected) <= tolerance) return;
    throw gradus::Error(fmt::format("{}: the number is off: {} instead of {} (+-{}). Please report it.", what,
                                    found, expected, tolerance));
}

/// Fail unless a number that was printed is large enough.
inline void check_at_least(std::string_view what, double found, double least) {
    if (found >= least) return;
    throw gradus::Error(
        fmt::format("{}: too low: {} where at least {} was promised. Please report it.", what, found, least));
}

/// Read a CSV file of so many inputs a row, and a class.
inline gradus::Dataset read_rows(const std::string& file, std::size_t columns) {
    gradus::Dataset data = gradus::read_csv(file);
    if (data.columns != columns) {
        throw gradus::ShapeError(
            fmt::format("{}: wrong number of inputs: {} a row, expected {}. Give another file.", file,
                        data.columns, columns));
    }
    if (data.class_names.size() < 2) {
        throw gradus::DomainError(fmt::format(
            "{}: nothing to tell apart: all {} rows are of one class. Give another file.", file, data.rows));
    }
    return data;
}

/// A progress bar on a terminal; elsewhere, and with --quiet, nothing.
class Progress {
   public:
    Progress(const Lesson& lesson, std::string what, std::size_t steps)
        : what_(std::move(what)),
          steps_(steps),
          shown_(!lesson.quiet && isatty(STDOUT_FILENO) != 0 && isatty(STDERR_FILENO) != 0) {}
    ~Progress() { erase(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// Say that one more step is done.
    void step() {
        ++done_;
        const auto now = std::chrono::steady_clock::now();
        if (done_ == steps_) return erase();
        if (!shown_ || now - drawn_ < std::chrono::milliseconds(40)) return;
        drawn_ = now;
        constexpr std::size_t kWidth = 40;
        const std::size_t full = std::min(kWidth, kWidth * done_ / std::max<std::size_t>(steps_, 1));
        fmt::print(stderr, "\r{} [{}{}] {}/{}\033[K", what_, std::string(full, '='),
                   std::string(kWidth - full, ' '), done_, steps_);
    }

    /// Take the bar away, so that a line can be printed.
    void erase() {
        if (shown_) fmt::print(stderr, "\r\033[K");
        drawn_ = {};
    }

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
    Picture(const Lesson& lesson, const std::string& name, int width = 900, int height = 540)
        : directory_(lesson.out), file_(directory_ / (name + ".svg")) {
        add("set terminal svg size {},{} background rgb 'white' font 'Helvetica,Arial,sans-serif,15'", width,
            height);
        add("set output {}", quote(file_.string()));
        int type = 1;
        for (const char* colour : {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"}) {
            add("set linetype {} linecolor rgb '{}' linewidth 2.5 pointtype 7 pointsize 0.6", type++, colour);
        }
        add("set key opaque\nset border 3 linecolor rgb '#666666'\nset tics nomirror\nset grid linetype 1 "
            "linewidth 0.7 "
            "linecolor rgb '#e0e0e0'");
    }

    template <class... Args>
    void add(fmt::format_string<Args...> text, Args&&... args) {
        script_ += fmt::format(text, std::forward<Args>(args)...) + '\n';
    }

    /// Draw, and print where the picture is; without gnuplot, say so and go on.
    void draw() const {
        if (std::system("command -v gnuplot >/dev/null 2>&1") != 0) {
            fmt::print("no picture {}: gnuplot is not installed\n", file_.string());
            return;
        }
        make_directory(directory_);
        std::signal(SIGPIPE, SIG_IGN);  // if gnuplot gives up early, its exit status tells
        std::FILE* gnuplot = popen("gnuplot", "w");
        if (gnuplot == nullptr) throw std::system_error(errno, std::generic_category(), "gnuplot");
        std::fputs(script_.c_str(), gnuplot);
        if (pclose(gnuplot) != 0) {
            throw gradus::IoError(
                fmt::format("picture: gnuplot failed: {}. See its message above.", file_.string()));
        }
        fmt::print("picture: {}\n", file_.string());
    }

   private:
    static std::string quote(const std::string& text) {
        std::string quoted = "'";
        for (const char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
        return quoted + "'";
    }

    std::filesystem::path directory_, file_;
    std::string script_;
};

}  // namespace example
