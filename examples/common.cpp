// SPDX-License-Identifier: MIT
// The command line is CLI11's, the pictures are gnuplot's. CLI11 is large: it is compiled here, once for all
// examples.
#include "common.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <new>
#include <span>
#include <system_error>
#include <utility>

#include "gradus/error.hpp"

namespace example {
namespace {

/// Read a number that takes up the whole text.
template <class T>
bool read(const std::string& text, T& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && *end == '\0';
}

/// Accept whole numbers of a range; CLI11 by itself takes -3 for a large one.
CLI::Validator whole(Lesson::Range range) {
    const auto check = [range](const std::string& text) {
        std::uint64_t number = 0;
        if (read(text, number) && number >= range.least && number <= range.most) return std::string();
        return fmt::format("must be a whole number from {} to {}: found {}.", range.least, range.most, text);
    };
    return CLI::Validator(check, "");
}

/// Accept finite numbers above 0; CLI11 by itself takes nan for one.
CLI::Validator positive() {
    const auto check = [](const std::string& text) {
        double number = 0.0;
        if (read(text, number) && number > 0.0 && std::isfinite(number)) return std::string();
        return fmt::format("must be a positive number such as 0.5: found {}.", text);
    };
    return CLI::Validator(check, "");
}

/// Accept names of one line: a script of gnuplot cannot hold others.
CLI::Validator one_line() {
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
void make_directory(const std::filesystem::path& directory) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (!error && access(directory.c_str(), W_OK) != 0) error.assign(errno, std::generic_category());
    if (!error) return;
    throw gradus::IoError(
        fmt::format("pictures: the directory cannot be written to: {} ({}). Name another one with --out.",
                    directory.string(), error.message()));
}

std::string quote(const std::string& text) {
    std::string quoted = "'";
    for (const char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
    return quoted + "'";
}

template <class T>
CLI::Option* add(CLI::App& app, const std::string& name, T& target, const std::string& help) {
    return app.add_option(name, target, help)->capture_default_str();
}

}  // namespace

Lesson::Lesson(const std::string& goal, std::size_t default_epochs, const std::string& epoch)
    : epochs(default_epochs), app_(std::make_unique<CLI::App>(goal)) {
    add(*app_, "--seed", seed, "start of the random numbers")
        ->check(whole({0, std::numeric_limits<std::uint64_t>::max()}));
    whole_number("--epochs", epochs, {}, epoch);
    add(*app_, "--out", out, "directory for pictures")->check(one_line());
    app_->add_flag("--quiet", quiet, "print results only, no progress");
}

Lesson::~Lesson() = default;

void Lesson::number(const std::string& name, double& target, const std::string& help) {
    add(*app_, name, target, help)->check(positive());
}

void Lesson::numbers(const std::string& name, std::vector<double>& target, const std::string& help) {
    add(*app_, name, target, help)->check(positive());
}

void Lesson::text(const std::string& name, std::string& target, const std::string& help) {
    add(*app_, name, target, help);
}

void Lesson::choice(const std::string& name, std::string& target, const std::vector<std::string>& choices,
                    const std::string& help) {
    add(*app_, name, target, help)->check(CLI::IsMember(choices));
}

void Lesson::whole_number(const std::string& name, std::size_t& target, Range range,
                          const std::string& help) {
    add(*app_, name, target, help)->check(whole(range));
}

void Lesson::offer_compiled() {
    app_->add_flag("--compiled", compiled, "compile the loss into a program, and train with that");
}

int Lesson::run(int argc, char** argv, const std::function<void()>& lesson) {
    const std::string name = std::filesystem::path(argv[0]).filename().string();
    try {
        app_->parse(argc, argv);
        if (app_->get_option("--out")->count() > 0) make_directory(out);
        lesson();
        if (std::fflush(stdout) != 0)
            throw gradus::IoError("output: not all of it could be written. Is there room where it goes?");
        return 0;
    } catch (const CLI::Success& help) {
        return app_->exit(help);
    } catch (const CLI::ParseError& error) {
        const std::string what = error.what();
        fmt::print(stderr, "{}: {}{} See --help.\n", name, what, what.ends_with('.') ? "" : ".");
        return 1;
    } catch (const std::bad_alloc&) {
        std::fflush(stdout);
        fmt::print(stderr, "{}: the memory does not suffice. Choose smaller sizes: see --help.\n", name);
        return 1;
    } catch (const std::exception& error) {
        std::fflush(stdout);
        fmt::print(stderr, "{}: {}\n", name, error.what());
        return 1;
    }
}

bool Lesson::as_written() const {
    for (const CLI::Option* given : app_->get_options()) {
        constexpr std::string_view kHarmless[] = {"--seed", "--out", "--quiet", "--compiled"};
        const bool is_harmless = std::ranges::find(kHarmless, given->get_name()) != std::end(kHarmless);
        if (given->count() > 0 && !is_harmless) return false;
    }
    return true;
}

void check(std::string_view what, double found, double expected, double tolerance) {
    if (std::abs(found - expected) <= tolerance) return;
    throw gradus::Error(fmt::format("{}: the number is off: {} instead of {} (+-{}). Please report it.", what,
                                    found, expected, tolerance));
}

void check_at_least(std::string_view what, double found, double least) {
    if (found >= least) return;
    throw gradus::Error(
        fmt::format("{}: too low: {} where at least {} was promised. Please report it.", what, found, least));
}

gradus::Dataset read_rows(const std::string& file, std::size_t columns) {
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

Progress::Progress(const Lesson& lesson, std::string what, std::size_t steps)
    : what_(std::move(what)),
      steps_(steps),
      shown_(!lesson.quiet && isatty(STDOUT_FILENO) != 0 && isatty(STDERR_FILENO) != 0) {}

void Progress::step() {
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

void Progress::erase() {
    if (shown_) fmt::print(stderr, "\r\033[K");
    drawn_ = {};
}

Picture::Picture(const Lesson& lesson, const std::string& name, int width, int height)
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

void Picture::draw() const {
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

std::vector<Place> apart(std::vector<Place> places, double distance) {
    for (int round = 0; round < 100; ++round) {
        for (Place& a : places) {
            for (Place& b : std::span(&a + 1, places.data() + places.size())) {
                const double gap = std::abs(b - a);
                if (gap >= distance) continue;
                const Place way = gap > 0.0 ? (b - a) / gap : 1.0;
                a -= (distance - gap) / 2 * way;
                b += (distance - gap) / 2 * way;
            }
        }
    }
    return places;
}

}  // namespace example
