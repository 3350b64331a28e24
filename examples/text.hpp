// SPDX-License-Identifier: MIT
// Text for the examples 10 to 12: a file of lines, and its characters as numbers.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "gradus/error.hpp"

namespace example {

/// Read the lines of a file that are not empty. Raises IoError if there are none.
inline std::vector<std::string> read_lines(const std::string& file) {
    std::ifstream in(file);
    if (!in) throw gradus::IoError(fmt::format("{}: it cannot be read. Check its name.", file));
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) {
        if (line.ends_with('\r')) line.pop_back();
        if (!line.empty()) lines.push_back(line);
    }
    if (lines.empty())
        throw gradus::IoError(fmt::format("{}: it has no lines of text. Give another file.", file));
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
        return c == '\'' ? "''''" : fmt::format("'{}'", c);
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
