// SPDX-License-Identifier: MIT
// Tests of read_csv of gradus/data.hpp: what it takes, and what it says about every kind of broken file.
#include <fmt/format.h>

#include <algorithm>
#include <clocale>
#include <filesystem>
#include <fstream>
#include <random>

#include "doctest.hpp"
#include "gradus/data.hpp"
#include "gradus/error.hpp"

using namespace gradus;
using Header = CsvOptions::Header;
using Target = CsvOptions::Target;
using Numbers = std::vector<double>;
using Names = std::vector<std::string>;

namespace {

/// A file that lasts as long as the object.
class TemporaryFile {
   public:
    explicit TemporaryFile(std::string_view content)
        : path_(std::filesystem::temp_directory_path() /
                fmt::format("gradus-{:08x}.csv", std::random_device{}())) {
        std::ofstream(path_, std::ios::binary) << content;
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() { std::filesystem::remove(path_); }

    const std::filesystem::path& path() const { return path_; }

   private:
    std::filesystem::path path_;
};

Dataset read(std::string_view content, const CsvOptions& options = {}) {
    return read_csv(TemporaryFile(content).path(), options);
}

/// Read what must not be readable, and return the message with the file's name as FILE.
std::string complaint(std::string_view content, const CsvOptions& options = {}) {
    const TemporaryFile file(content);
    try {
        read_csv(file.path(), options);
    } catch (const IoError& error) {
        const std::string message = error.what();
        const std::string name = file.path().string();
        REQUIRE(message.starts_with(name));
        return "FILE" + message.substr(name.size());
    }
    return "no complaint";
}

}  // namespace

TEST_CASE("csv: the example data are read whole") {
    const Dataset cancer = read_csv(GRADUS_SOURCE_DIR "/examples/data/breast_cancer.csv");
    CHECK(cancer.rows == 569);
    CHECK(cancer.columns == 30);
    CHECK(cancer.inputs.size() == 569 * 30);
    CHECK(cancer.class_names == Names{"malignant", "benign"});
    CHECK(std::count(cancer.targets.begin(), cancer.targets.end(), 0.0) == 212);
    CHECK(cancer.row(0)[0] == 17.99);
    CHECK(cancer.row(0)[29] == 0.1189);

    const Dataset digits = read_csv(GRADUS_SOURCE_DIR "/examples/data/digits.csv");
    CHECK(digits.rows == 1797);
    CHECK(digits.columns == 64);
    CHECK(digits.class_names == Names{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"});
    CHECK(std::count(digits.targets.begin(), digits.targets.end(), 3.0) == 183);
    CHECK(digits.label(1796) == 8);
}

TEST_CASE("csv: plain rows need no header") {
    const Dataset data = read("1.5,-2e3,0\n.5,+4,1\n");
    CHECK(data.rows == 2);
    CHECK(data.columns == 2);
    CHECK(data.inputs == Numbers{1.5, -2000, 0.5, 4});
    CHECK(data.targets == Numbers{0, 1});
    CHECK(data.feature_names.empty());
}

TEST_CASE("csv: a header of counts gives the class names") {
    const Dataset data = read("2,1,no,yes\n5,1\n6,0\n");
    CHECK(data.inputs == Numbers{5, 6});
    CHECK(data.class_names == Names{"no", "yes"});
    const Dataset numeric_names = read("2,1,1990,2000\n5,1\n6,0\n", {.header = Header::counts});
    CHECK(numeric_names.class_names == Names{"1990", "2000"});
}

TEST_CASE("csv: a header of words gives the names of the inputs") {
    CHECK(read("height,weight,sex\n1,2,0\n").feature_names == Names{"height", "weight"});
    CHECK(read("sex,height,weight\n0,1,2\n", {.target = Target::class_first}).feature_names ==
          Names{"height", "weight"});
    CHECK(read("2000,2010,class\n1,2,0\n", {.header = Header::names}).feature_names == Names{"2000", "2010"});
}

TEST_CASE("csv: the target may be first, a number, or absent") {
    const Dataset first = read("1,10,20\n0,30,40\n", {.target = Target::class_first});
    CHECK(first.inputs == Numbers{10, 20, 30, 40});
    CHECK(first.targets == Numbers{1, 0});
    const Dataset number = read("10,20,-1.5\n", {.target = Target::number_last});
    CHECK(number.targets == Numbers{-1.5});
    CHECK(number.class_names.empty());
    CHECK(read("-1.5,10\n", {.target = Target::number_first}).inputs == Numbers{10});
    const Dataset none = read("10\n20\n", {.target = Target::none});
    CHECK(none.columns == 1);
    CHECK(none.rows == 2);
    CHECK(none.targets.empty());
}

TEST_CASE("csv: class names may be given by the caller") {
    CHECK(read("5,0\n6,1\n", {.class_names = {"a", "b"}}).class_names == Names{"a", "b"});
    CHECK(read("2,1,no,yes\n5,1\n6,0\n", {.class_names = {"a", "b"}}).class_names == Names{"no", "yes"});
}

TEST_CASE("csv: line ends, blanks and byte order marks do not matter") {
    for (const char* content : {"1,2,0\r\n3,4,1\r\n", "1,2,0\n3,4,1", "1,2,0\n\n3,4,1\n\n\n",
                                "\xef\xbb\xbf"
                                "1,2,0\n3,4,1\n",
                                " 1 ,\t2,0\n3,4 , 1 \n", "\r\n1,2,0\r\n3,4,1\r\n \r\n"}) {
        CAPTURE(content);
        const Dataset data = read(content);
        CHECK(data.inputs == Numbers{1, 2, 3, 4});
        CHECK(data.targets == Numbers{0, 1});
    }
    CHECK(read("1;2;0\n", {.separator = ';'}).inputs == Numbers{1, 2});
    CHECK(read("1\t2\t0\n", {.separator = '\t'}).inputs == Numbers{1, 2});
}

TEST_CASE("csv: doubles are read to the last bit and without the locale") {
    const std::string old = std::setlocale(LC_ALL, nullptr);
    std::setlocale(LC_ALL, "de_DE.UTF-8");  // where it exists, its decimal sign is a comma
    const Dataset data = read("0.1,1.7976931348623157e308,2.2250738585072014e-308,0\n");
    std::setlocale(LC_ALL, old.c_str());
    CHECK(data.inputs == Numbers{0.1, 1.7976931348623157e308, 2.2250738585072014e-308});
}

TEST_CASE("csv: what is not a number is shown with its place") {
    CHECK(complaint("1,2,0\n3,abc,1\n") ==
          "FILE:2:2: \"abc\" is not a number. Put a plain number such as 1.5 into field 2 of line 2.");
    CHECK(complaint("1,2,0\n\n3,4,x\n").starts_with("FILE:3:3: \"x\" is not a number. "));
    CHECK(complaint("1,2,0\n3,,1\n") ==
          "FILE:2:2: the field is empty. Put a plain number such as 1.5 into field 2 of line 2.");
    CHECK(complaint("1,2,0\n3,nan,1\n").starts_with("FILE:2:2: \"nan\" is not a finite number. "));
    CHECK(complaint("1,2,0\n-inf,4,1\n").starts_with("FILE:2:1: \"-inf\" is not a finite number. "));
    CHECK(complaint("1,2,0\n1e999,4,1\n").starts_with("FILE:2:1: \"1e999\" is beyond the range of double. "));
    for (const char* field : {"1.5x", "1 2", "0x10", "--1", "+-1", "+", "1e", "1.2.3", "\"1\"", "1'000"}) {
        CAPTURE(field);
        CHECK(complaint(fmt::format("1,2,0\n3,{},1\n", field)) ==
              fmt::format("FILE:2:2: \"{}\" is not a number. "
                          "Put a plain number such as 1.5 into field 2 of line 2.",
                          field));
    }
}

TEST_CASE("csv: letters in the first line are a mistake unless they make a header") {
    CHECK(complaint("1,abc,0\n3,4,1\n").starts_with("FILE:1:2: \"abc\" is not a number. "));
    CHECK(complaint("1.5,2,abc\n3,4,1\n").starts_with("FILE:1:3: \"abc\" is not a number. "));
    CHECK(complaint("a,b,c\n3,4,1\n", {.header = Header::none}).starts_with("FILE:1:1: \"a\" is not a"));
}

TEST_CASE("csv: letters in the first line that look like the names of a header are named") {
    CHECK(complaint("1,2,x\n") ==
          "FILE:1:1: the header counts 1 rows: 0 found. Correct the header, or look for lost lines; "
          "if line 1 is data, put a number in the place of \"x\".");
    CHECK(complaint("5,3,x\n1,2,0\n") ==
          "FILE:2:4: wrong number of fields: 3, expected 3 inputs and a target as line 1 says. "
          "Complete the line, or remove it; if line 1 is data, put a number in the place of \"x\".");
    CHECK(read("1,2,0\n").rows == 1);  // the remedy
    CHECK(read("5,3,0\n1,2,0\n").rows == 2);
}

TEST_CASE("csv: messages show strange bytes as codes, and not too many") {
    CHECK(
        complaint("1,2,0\n3,\x1b[31m\xff,1\n").starts_with("FILE:2:2: \"\\x1b[31m\\xff\" is not a number. "));
    CHECK(complaint("1,2,0\n3," + std::string(100000, 'a') + ",1\n")
              .starts_with("FILE:2:2: \"" + std::string(40, 'a') + "...\" is not a number. "));
}

TEST_CASE("csv: a line with other columns than the first is refused") {
    CHECK(complaint("1,2,0\n3,4\n") ==
          "FILE:2:3: wrong number of fields: 2, expected 2 inputs and a target as line 1 says. "
          "Complete the line, or remove it.");
    CHECK(
        complaint("1,2,0\n3,4,5,1\n").starts_with("FILE:2:4: wrong number of fields: 4, expected 2 inputs"));
    CHECK(complaint("1\n2,3\n", {.target = Target::none})
              .starts_with("FILE:2:2: wrong number of fields: 2, expected 1 input as line 1 says. "));
    CHECK(complaint("1;2;0\n3;4;1\n") ==
          "FILE:1:1: a single column, no inputs beside the target: \"1;2;0\". "
          "Check the separator, which is \",\".");
}

TEST_CASE("csv: a header whose counts are wrong is refused") {
    CHECK(complaint("3,1,a,b\n5,0\n6,1\n", {.header = Header::counts}) ==
          "FILE:1:1: the header counts 3 rows: 2 found. Correct the header, or look for lost lines.");
    CHECK(complaint("1,1,a,b\n5,0\n6,1\n").starts_with("FILE:1:1: the header counts 1 rows: 2 found. "));
    CHECK(complaint("2,5,a,b\n5,0\n6,1\n")
              .starts_with("FILE:2:3: wrong number of fields: 2, expected 5 inputs and a target as line 1"));
    CHECK(complaint("18446744073709551615,18446744073709551615,a,b\n5,0\n")
              .starts_with("FILE:2:3: wrong number of fields: 2"));
    CHECK(complaint("rows,1,a\n5,0\n", {.header = Header::counts}) ==
          "FILE:1:1: no number of rows in the header. "
          "Begin the file with rows, inputs and class names, or set CsvOptions::header.");
    CHECK(complaint("5\n", {.header = Header::counts}).starts_with("FILE:1:2: no number of inputs in the"));
    CHECK(complaint("0,2,a\n", {.header = Header::counts}).starts_with("FILE:1:1: no number of rows"));
}

TEST_CASE("csv: labels must be numbers of classes") {
    CHECK(complaint("1,2,0\n3,4,0.5\n") ==
          "FILE:2:3: the label \"0.5\" is not the number of a class. "
          "Number the classes 0, 1, ..., or set CsvOptions::target if this is something else.");
    CHECK(complaint("1,2,0\n3,4,-1\n").starts_with("FILE:2:3: the label \"-1\" is not the number"));
    CHECK(complaint("2,1,a,b\n5,0\n6,2\n") ==
          "FILE:3:2: the label 2 is out of range: there are 2 classes. "
          "Number the classes from 0, and name each.");
}

TEST_CASE("csv: a class without examples is refused") {
    CHECK(complaint("2,1,a,b,c\n5,0\n6,2\n") ==
          "FILE: class 1 (b) has no examples. Add examples, or take the class out of the names.");
    CHECK(complaint("5,0\n6,0\n", {.class_names = {"a", "b"}}).starts_with("FILE: class 1 (b) has no"));
    CHECK(complaint("5,1\n6,2\n7,3\n") ==
          "FILE: class 0 has no examples: labels go up to 3. "
          "Number the classes from 0 without gaps, or set CsvOptions::target if these are no labels.");
    CHECK(complaint("5,0\n6,1e300\n").starts_with("FILE: class 1 has no examples: labels go up to 1e+300. "));
}

TEST_CASE("csv: files without rows are refused") {
    CHECK(complaint("") == "FILE: no rows: the file is empty. Give a file with one row a line.");
    CHECK(complaint("\n \r\n\n").starts_with("FILE: no rows: the file is empty. "));
    CHECK(complaint("\xef\xbb\xbf").starts_with("FILE: no rows: the file is empty. "));
    CHECK(complaint("height,weight,sex\n") ==
          "FILE: no rows: only a header. Give a file with one row a line.");
    CHECK(complaint("2,1,a,b\n").starts_with("FILE:1:1: the header counts 2 rows: 0 found. "));
}

TEST_CASE("csv: a missing file is named with the place where it was looked for") {
    const auto wanted = std::filesystem::current_path() / "no" / "such.csv";
    CHECK_THROWS_WITH_AS(read_csv("no/such.csv"),
                         fmt::format("no/such.csv: no such file: looked for {}. "
                                     "Check the name, and the folder that the program was started in.",
                                     wanted.string())
                             .c_str(),
                         IoError);
    CHECK_THROWS_WITH_AS(read_csv(""), "read_csv: no file to read: the path is empty. Name a file.", IoError);
    CHECK_THROWS_AS(read_csv(std::string(10000, 'a')), IoError);
}

TEST_CASE("csv: a folder is not a file") {
    const std::string folder = std::filesystem::temp_directory_path().string();
    CHECK_THROWS_WITH_AS(read_csv(folder), (folder + ": a folder, not a file. Name a file in it.").c_str(),
                         IoError);
}

TEST_CASE("csv: a binary file is refused at its first line") {
    using namespace std::string_view_literals;
    CHECK(complaint("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"sv).starts_with("FILE:"));
    CHECK(complaint("1\0,\0002\0\n"sv) ==
          "FILE:1:1: not text: a zero byte in the line. Give a CSV file in ASCII or UTF-8.");
    std::mt19937 random(1);
    std::string bytes(100000, ' ');
    for (int round = 0; round < 50; ++round) {
        for (char& byte : bytes) byte = static_cast<char>(random() & 0xff);
        CHECK(complaint(bytes).starts_with("FILE:"));
    }
}

TEST_CASE("csv: damage to any byte of a good file gives data or one clear error") {
    const std::string good = "3,2,a,b\n1.5,2,0\n3,4,1\n-5,6e1,1\n";
    for (std::size_t i = 0; i < good.size(); ++i) {
        for (char byte : {'\0', '\n', ',', 'x', '9', '-', '.', '\xff'}) {
            std::string damaged = good;
            damaged[i] = byte;
            const TemporaryFile file(damaged);
            try {
                const Dataset data = read_csv(file.path());
                CHECK(data.inputs.size() == data.rows * data.columns);
                CHECK(data.targets.size() == data.rows);
            } catch (const IoError& error) {
                CHECK(std::string(error.what()).starts_with(file.path().string() + ":"));
            }
        }
    }
}

TEST_CASE("csv: a line beyond 4 MiB is refused, one below is read") {
    std::string wide;
    for (int i = 0; i < 1'000'000; ++i) wide += "7,";
    CHECK(read(wide + "0\n").columns == 1'000'000);
    CHECK(complaint("1,2,0\n" + wide + wide + wide + "0\n") ==
          "FILE:2:1: the line is longer than 4 MiB. Check that this is a CSV file.");
}

TEST_CASE("csv: more numbers than the options allow are refused, as those of a pipe without end are") {
    CHECK(read("1,2,0\n3,4,1\n", {.max_numbers = 6}).rows == 2);
    CHECK(complaint("1,2,0\n3,4,1\n5,6,0\n", {.max_numbers = 6}) ==
          "FILE:3:1: more than 6 numbers. Check that the file ends, or allow more with "
          "CsvOptions::max_numbers.");
    CHECK(read("1,2\n3,4\n", {.target = Target::none, .max_numbers = 4}).rows == 2);
}

TEST_CASE("csv: many rows are read in linear time") {
    std::string content;
    for (int i = 0; i < 200'000; ++i) content += "0.25,1\n0.5,0\n";
    const Dataset data = read(content);
    CHECK(data.rows == 400'000);
    CHECK(data.inputs[399'999] == 0.5);
}
