// SPDX-License-Identifier: MIT
// Reading data sets from CSV files: every mistake in a file is reported with its place.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <fstream>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>

#include "gradus/data.hpp"
#include "gradus/error.hpp"

namespace gradus {
namespace {

constexpr std::size_t kMaxLine = std::size_t{4} << 20;  // a file without line ends shall not fill the memory

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Make text from a file fit for a message: short, and printable whatever the file holds.
std::string quoted(std::string_view text) {
    constexpr std::size_t kLongest = 40;
    std::string shown = "\"";
    for (char c : text.substr(0, kLongest)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f)
            shown += c;
        else
            shown += fmt::format("\\x{:02x}", byte);
    }
    return shown + (text.size() > kLongest ? "...\"" : "\"");
}

/// A number that is the whole text, and what from_chars had to say about it.
template <typename Number>
struct Parsed {
    Number value{};
    bool whole_text = false;
    bool in_range = false;

    bool good() const { return whole_text && in_range; }
};

template <typename Number>
Parsed<Number> parse(std::string_view text) {
    // from_chars knows no plus sign; "+-1" is still no number.
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
    Parsed<Number> parsed;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, parsed.value);
    parsed.whole_text = stop == end && error != std::errc::invalid_argument;
    parsed.in_range = error == std::errc{};
    return parsed;
}

/// One file, read from its first line to its last.
class Reader {
   public:
    Reader(const std::filesystem::path& path, const CsvOptions& options)
        : name_(path.string()),
          options_(options),
          line_buffer_(std::make_unique_for_overwrite<char[]>(kMaxLine)) {
        open(path);
    }

    Dataset read() {
        if (!next_line()) fail_file("no rows: the file is empty", "Give a file with one row a line");
        bool more = !read_header() || next_line();
        while (more) {
            read_row();
            more = next_line();
        }
        finish();
        return std::move(data_);
    }

   private:
    using Header = CsvOptions::Header;
    using Target = CsvOptions::Target;

    bool has_target() const { return options_.target != Target::none; }
    bool target_is_class() const {
        return options_.target == Target::class_last || options_.target == Target::class_first;
    }
    bool target_is_first() const {
        return options_.target == Target::class_first || options_.target == Target::number_first;
    }
    /// Return the field that holds the target, or one past the last if none does.
    std::size_t target_field() const {
        if (!has_target()) return fields_.size();
        return target_is_first() ? 0 : fields_.size() - 1;
    }

    [[noreturn]] void fail_file(std::string_view problem, std::string_view remedy) const {
        throw IoError(fmt::format("{}: {}. {}.", name_, problem, remedy));
    }
    /// Field numbers count from 0 in the code and from 1 in messages.
    [[noreturn]] void fail(std::size_t field, std::string_view problem, std::string_view remedy) const {
        throw IoError(fmt::format("{}:{}:{}: {}. {}.", name_, line_, field + 1, problem, remedy));
    }

    void open(const std::filesystem::path& path) {
        if (path.empty()) throw IoError("read_csv: no file to read: the path is empty. Name a file.");
        std::error_code ignored;
        if (!std::filesystem::exists(path, ignored))
            fail_file(
                fmt::format("no such file: looked for {}", std::filesystem::absolute(path, ignored).string()),
                "Check the name, and the folder that the program was started in");
        if (std::filesystem::is_directory(path, ignored))
            fail_file("a folder, not a file", "Name a file in it");
        errno = 0;
        file_.open(path, std::ios::binary);
        if (!file_)
            fail_file(fmt::format("cannot be opened: {}", std::generic_category().message(errno)),
                      "Check the permissions");
    }

    /// Go to the next line that is not blank and cut it into fields. Return false at the end.
    bool next_line() {
        for (;;) {
            file_.getline(line_buffer_.get(), kMaxLine);
            const auto taken = static_cast<std::size_t>(file_.gcount());
            if (file_.bad()) fail_file(fmt::format("reading stopped after line {}", line_), "Check the disk");
            if (file_.fail() && taken == 0) return false;
            ++line_;
            if (file_.fail()) fail(0, "the line is longer than 4 MiB", "Check that this is a CSV file");
            std::string_view line(line_buffer_.get(), file_.eof() ? taken : taken - 1);

            constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
            if (line_ == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
            if (line.ends_with('\r')) line.remove_suffix(1);
            if (line.find('\0') != std::string_view::npos)
                fail(0, "not text: a zero byte in the line", "Give a CSV file in ASCII or UTF-8");
            if (trimmed(line).empty()) continue;
            cut(line);
            return true;
        }
    }

    void cut(std::string_view line) {
        fields_.clear();
        for (;;) {
            const std::size_t end = line.find(options_.separator);
            fields_.push_back(trimmed(line.substr(0, end)));
            if (end == std::string_view::npos) return;
            line.remove_prefix(end + 1);
        }
    }

    Header first_line_kind() const {
        if (options_.header != Header::detect) return options_.header;
        const auto is_word = [](std::string_view field) { return !parse<double>(field).whole_text; };
        const auto first_word = std::find_if(fields_.begin(), fields_.end(), is_word);
        const auto words = static_cast<std::size_t>(std::count_if(first_word, fields_.end(), is_word));
        if (words == fields_.size()) return Header::names;
        const bool counts = words > 0 && words == fields_.size() - 2 && first_word == fields_.begin() + 2 &&
                            parse<std::size_t>(fields_[0]).good() && parse<std::size_t>(fields_[1]).good();
        return counts ? Header::counts : Header::none;
    }

    /// Take what the first line says; return false if it is data.
    bool read_header() {
        header_line_ = line_;
        const Header kind = first_line_kind();
        if (kind == Header::counts) {
            if (options_.header == Header::detect) {
                or_number_ = fmt::format("; if line {} is data, put a number in the place of {}", line_,
                                         quoted(fields_[2]));
            }
            counted_rows_ = count(0, "rows");
            data_.columns = count(1, "inputs");
            // Fields are text of the line buffer: names are copied before the next line comes.
            if (target_is_class()) data_.class_names.assign(fields_.begin() + 2, fields_.end());
        } else {
            if (fields_.size() == 1 && has_target())
                fail(0, fmt::format("a single column, no inputs beside the target: {}", quoted(fields_[0])),
                     fmt::format("Check the separator, which is {}", quoted({&options_.separator, 1})));
            data_.columns = fields_.size() - (has_target() ? 1 : 0);
        }
        if (kind == Header::names)
            for (std::size_t i = 0; i < fields_.size(); ++i)
                if (i != target_field()) data_.feature_names.emplace_back(fields_[i]);
        if (target_is_class() && data_.class_names.empty()) data_.class_names = options_.class_names;
        return kind == Header::counts || kind == Header::names;
    }

    std::size_t count(std::size_t field, std::string_view what) const {
        const auto parsed = parse<std::size_t>(field < fields_.size() ? fields_[field] : std::string_view{});
        if (!parsed.good() || parsed.value == 0)
            fail(field, fmt::format("no number of {} in the header", what),
                 "Begin the file with rows, inputs and class names, or set CsvOptions::header");
        return parsed.value;
    }

    void read_row() {
        const std::size_t targets = has_target() ? 1 : 0;
        if (fields_.size() - targets != data_.columns)
            fail(std::min(fields_.size() - targets, data_.columns) + targets,
                 fmt::format("wrong number of fields: {}, expected {} input{}{} as line {} says",
                             fields_.size(), data_.columns, data_.columns == 1 ? "" : "s",
                             has_target() ? " and a target" : "", header_line_),
                 "Complete the line, or remove it" + or_number_);
        if (data_.inputs.size() + data_.targets.size() + fields_.size() > options_.max_numbers)
            fail(0, fmt::format("more than {} numbers", options_.max_numbers),
                 "Check that the file ends, or allow more with CsvOptions::max_numbers");
        for (std::size_t i = 0; i < fields_.size(); ++i) {
            const double x = number(i);
            if (i != target_field())
                data_.inputs.push_back(x);
            else
                data_.targets.push_back(target_is_class() ? label(i, x) : x);
        }
        ++data_.rows;
    }

    double number(std::size_t field) const {
        const std::string_view text = fields_[field];
        const auto fix = [&] {
            return fmt::format("Put a plain number such as 1.5 into field {} of line {}", field + 1, line_);
        };
        if (text.empty()) fail(field, "the field is empty", fix());
        const auto parsed = parse<double>(text);
        if (!parsed.whole_text) fail(field, quoted(text) + " is not a number", fix());
        if (!parsed.in_range) fail(field, quoted(text) + " is beyond the range of double", fix());
        if (!std::isfinite(parsed.value)) fail(field, quoted(text) + " is not a finite number", fix());
        return parsed.value;
    }

    double label(std::size_t field, double x) const {
        if (x < 0.0 || x != std::floor(x))
            fail(field, fmt::format("the label {} is not the number of a class", quoted(fields_[field])),
                 "Number the classes 0, 1, ..., or set CsvOptions::target if this is something else");
        const std::size_t classes = data_.class_names.size();
        if (classes > 0 && x >= static_cast<double>(classes))
            fail(field, fmt::format("the label {} is out of range: there are {} classes", x, classes),
                 "Number the classes from 0, and name each");
        return x;
    }

    /// Check what only the whole file can show, and name the classes.
    void finish() {
        if (counted_rows_ && *counted_rows_ != data_.rows) {
            line_ = header_line_;
            fail(0, fmt::format("the header counts {} rows: {} found", *counted_rows_, data_.rows),
                 "Correct the header, or look for lost lines" + or_number_);
        }
        if (data_.rows == 0) fail_file("no rows: only a header", "Give a file with one row a line");
        if (!target_is_class()) return;

        std::vector<bool> seen(data_.rows + 1);  // n rows cannot fill more than n classes
        for (double label : data_.targets)
            if (label <= static_cast<double>(data_.rows)) seen[static_cast<std::size_t>(label)] = true;
        const auto empty =
            static_cast<std::size_t>(std::find(seen.begin(), seen.end(), false) - seen.begin());
        const double greatest = *std::max_element(data_.targets.begin(), data_.targets.end());
        auto& names = data_.class_names;
        if (!names.empty()) {
            if (empty < names.size())
                fail_file(fmt::format("class {} ({}) has no examples", empty, names[empty]),
                          "Add examples, or take the class out of the names");
        } else if (static_cast<double>(empty) <= greatest) {
            fail_file(
                fmt::format("class {} has no examples: labels go up to {}", empty, greatest),
                "Number the classes from 0 without gaps, or set CsvOptions::target if these are no labels");
        } else {
            for (std::size_t k = 0; k < empty; ++k) names.push_back(std::to_string(k));
        }
    }

    std::string name_;
    const CsvOptions& options_;
    std::unique_ptr<char[]> line_buffer_;
    std::ifstream file_;
    std::size_t line_ = 0;         // from 1; that of the line in the buffer
    std::size_t header_line_ = 0;  // the first that is not blank, header or not
    std::string or_number_;        // another remedy, if that line only looks like a header
    std::optional<std::size_t> counted_rows_;
    std::vector<std::string_view> fields_;
    Dataset data_;
};

}  // namespace

Dataset read_csv(const std::filesystem::path& path, const CsvOptions& options) {
    return Reader{path, options}.read();
}

}  // namespace gradus
