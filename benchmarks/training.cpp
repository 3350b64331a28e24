// SPDX-License-Identifier: MIT
// The names that the language models are trained on.
#include "training.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace benchmarks {

namespace {

std::string& path() {
    static std::string path = GRADUS_DATA "/names.txt";
    return path;
}

std::vector<std::string> read_names(std::size_t count) {
    std::ifstream file(path());
    if (!file) throw std::runtime_error("names: cannot open " + path());
    std::vector<std::string> all;
    const auto is_letter = [](char c) { return 'a' <= c && c <= 'z'; };
    for (std::string line; std::getline(file, line);) {
        if (!line.empty() && std::ranges::all_of(line, is_letter)) all.push_back(line);
    }
    if (all.size() < count) {
        throw std::runtime_error("names: " + path() + " has " + std::to_string(all.size()) +
                                 " lines of the letters a to z. It needs " + std::to_string(count) + ".");
    }
    std::vector<std::string> chosen;
    for (std::size_t i = 0; i < count; ++i) chosen.push_back(all[i * all.size() / count]);
    return chosen;
}

}  // namespace

const std::vector<std::string>& names() {
    static const std::vector<std::string> chosen = read_names(100);
    return chosen;
}

void set_names(const std::string& file) { path() = file; }

}  // namespace benchmarks
