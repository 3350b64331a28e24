// SPDX-License-Identifier: MIT
// Text for the examples 10 to 12: a file of lines, and its characters as numbers.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "gradus/error.hpp"

namespace example {

constexpr std::size_t kMostCharacters = 2'000'000;  // example 11 takes 200 bytes for each

/// Read the lines of a file that are not empty. Characters are bytes here, so only ASCII will do.
/// Raises IoError if there are none, or fewer than `least`, or too many for the memory of a small computer.
inline std::vector<std::string> read_lines(const std::string& file, std::size_t least = 1) {
    if (file.empty()) throw gradus::IoError("text: no file to read: its name is empty. Name a file.");
    if (std::filesystem::is_directory(file))
        throw gradus::IoError(fmt::format("{}: a folder, not a file. Name a file in it.", file));
    std::ifstream in(file, std::ios::binary);
    if (!in) throw gradus::IoError(fmt::format("{}: it cannot be read. Check its name.", file));
    std::vector<std::string> lines;
    std::string line;
    std::size_t number = 1;
    const auto end_line = [&] {
        if (line.ends_with('\r')) line.pop_back();
        if (!line.empty()) lines.push_back(line);
        line.clear();
        ++number;
    };
    std::size_t length = 0;
    for (char c; in.get(c);) {
        if (++length > kMostCharacters)
            throw gradus::IoError(fmt::format(
                "{}: too long a text: more than {} characters. Give a part of it.", file, kMostCharacters));
        if (c == '\n') {
            end_line();
            continue;
        }
        const bool is_plain = (c >= ' ' && c <= '~') || (c == '\r' && in.peek() == '\n');
        if (!is_plain)
            throw gradus::IoError(fmt::format(
                "{}:{}:{}: not a character of ASCII: \\x{:02x}. Write plain letters, a name a line.", file,
                number, line.size() + 1, static_cast<unsigned char>(c)));
        line += c;
    }
    end_line();
    if (lines.size() < least)
        throw gradus::IoError(
            fmt::format("{}: too few lines of text: found {}, at least {} needed. Give another file.", file,
                        lines.size(), least));
    return lines;
}

/// The characters of a text, numbered from 0 as in the alphabet, and after them the edge, which stands at
/// both ends of a line: a number is called a token.
class Characters {
   public:
    explicit Characters(const std::vector<std::string>& lines) {
        for (const std::string& line : lines) all_ += line;
        std::sort(all_.begin(), all_.end());
        all_.erase(std::unique(all_.begin(), all_.end()), all_.end());
    }

    /// Return the number of tokens.
    [[nodiscard]] std::size_t size() const { return all_.size() + 1; }
    [[nodiscard]] std::size_t edge() const { return all_.size(); }

    /// Return the character of a token; a point for the edge.
    [[nodiscard]] char operator[](std::size_t token) const { return token == edge() ? '.' : all_[token]; }

    /// Return the same in quotes, as gnuplot takes it.
    [[nodiscard]] std::string quoted(std::size_t token) const {
        const char c = (*this)[token];
        return c == '\'' ? "\"'\"" : fmt::format("'{}'", c);
    }

    /// Return the tokens of a line, with the edge at both ends.
    [[nodiscard]] std::vector<std::size_t> tokens(std::string_view line) const {
        std::vector<std::size_t> tokens{edge()};
        for (const char c : line) tokens.push_back(all_.find(c));
        tokens.push_back(edge());
        return tokens;
    }

   private:
    std::string all_;
};

}  // namespace example
