// SPDX-License-Identifier: MIT
// The story as a picture: bars for what each pass left, then the instructions, each with the shapes it reads.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "cost.hpp"
#include "story.hpp"

namespace gradus::detail {
namespace {

constexpr const char* kBlue = "#0072B2";
constexpr const char* kPaleBlue = "#d5e8f5";
constexpr const char* kOrange = "#D55E00";
constexpr const char* kPaleOrange = "#fdd9c2";
constexpr double kWidth = 900.0;
constexpr double kLeft = 30.0, kName = 260.0, kShape = 370.0, kOperations = 660.0,
                 kIntensity = 870.0;           // columns
constexpr std::size_t kMostInstructions = 24;  // that are drawn

std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text) safe += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
    return safe;
}

/// Return a count as 203,437.
std::string grouped(double count) {
    std::string digits = fmt::format("{:.0f}", count);
    for (std::size_t k = 3; k < digits.size(); k += 4) digits.insert(digits.size() - k, ",");
    return digits;
}

/// An SVG picture that grows downward.
class Picture {
   public:
    void text(double x, double y, std::string_view what, const char* attributes = "") {
        body_ += fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" {}>{}</text>\n", x, y_ + y, attributes,
                             escaped(what));
    }
    void box(double x, double y, double width, double height, const char* fill, const char* line) {
        body_ += fmt::format(
            "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\" "
            "stroke=\"{}\"/>\n",
            x, y_ + y, width, height, fill, line);
    }
    void down(double by) { y_ += by; }

    [[nodiscard]] std::string svg(std::string_view title) const {
        return fmt::format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1:.0f}\" width=\"{0}\" "
            "height=\"{1:.0f}\" font-family=\"Helvetica,Arial,sans-serif\" font-size=\"15\" fill=\"#333\">\n"
            "<title>{2}</title>\n<rect width=\"{0}\" height=\"{1:.0f}\" fill=\"white\"/>\n{3}</svg>\n",
            kWidth, y_ + 20.0, escaped(title), body_);
    }

   private:
    std::string body_;
    double y_ = 0.0;
};

/// Return the side of a shape: a matrix of 784 columns is wider than one of 10, but not 78 times.
double side(std::size_t n) { return 5.0 + 5.0 * std::log2(static_cast<double>(std::max<std::size_t>(n, 1))); }

/// A row of shapes, centred on a line. What all examples share is orange, what each has of its own is blue.
class Shapes {
   public:
    Shapes(Picture& picture, double middle) : picture_(picture), middle_(middle) {}

    void matrix(std::size_t rows, std::size_t columns, bool is_shared) {
        const double height = side(rows), width = side(columns);
        picture_.box(x_, middle_ - height / 2, width, height, is_shared ? kPaleOrange : kPaleBlue,
                     is_shared ? kOrange : kBlue);
        x_ += width + 5.0;
    }
    void sign(std::string_view sign) {
        picture_.text(x_ + 6.0, middle_ + 5.0, sign, "text-anchor=\"middle\"");
        x_ += 18.0;
    }

   private:
    Picture& picture_;
    double middle_, x_ = kLeft + 30.0;
};

void draw(const Instruction& in, Shapes shapes) {
    const auto is_shared = [](const Reads& reads) { return is_uniform(reads.firsts[0]); };
    const bool is_product = in.op == kProduct, is_binary = !in.b.firsts.empty();
    shapes.matrix(is_product ? in.rows : in.count, in.arity, is_shared(in.a));
    if (is_binary) {
        const std::string_view name = is_product || in.op == kDot ? "×" : operation_name(in.op);
        shapes.sign(name.size() <= 2 ? name : ",");
        shapes.matrix(is_product ? in.arity : in.count,
                      is_product       ? in.times
                      : in.op == kPick ? 1
                                       : in.arity,
                      is_shared(in.b));
    }
    shapes.sign("→");
    shapes.matrix(is_product ? in.rows : in.count, is_product ? in.times : 1, is_uniform(in.result));
}

double height_of(const Instruction& in) {
    return 18.0 + (in.op == kProduct ? std::max(side(in.rows), side(in.arity)) : side(in.count));
}

void draw_passes(const Story& story, Picture& picture) {
    std::size_t most = 1;
    for (const Story::Pass& pass : story.passes) most = std::max(most, pass.entries);
    for (const Story::Pass& pass : story.passes) {
        const double bar = 480.0 * static_cast<double>(pass.entries) / static_cast<double>(most);
        picture.down(28.0);
        picture.text(kLeft, 0.0, pass.name);
        picture.box(kLeft + 190.0, -15.0, std::max(bar, 2.0), 20.0, kBlue, "none");
        picture.text(kLeft + 198.0 + std::max(bar, 2.0), 0.0, grouped(static_cast<double>(pass.entries)));
    }
}

void draw_instructions(const Story& story, const Plan& plan, Picture& picture) {
    double most = 1.0;
    std::size_t count = 0;
    for (const auto* part : {&plan.once, &plan.every}) {
        for (const Instruction& in : *part) most = std::max(most, cost_of(in).operations);
    }
    for (const auto* part : {&plan.once, &plan.every}) {
        for (const Instruction& in : *part) {
            if (++count > kMostInstructions) continue;
            const double height = height_of(in), middle = height / 2;
            const Cost cost = cost_of(in);
            picture.text(kLeft, middle + 5.0, fmt::format("{}", count), "fill=\"#999\"");
            draw(in, Shapes(picture, middle));
            picture.text(kName, middle + 5.0, name_of(in), "font-weight=\"bold\"");
            picture.text(kShape, middle + 5.0, shape_of(in));
            picture.text(kOperations, middle + 5.0, grouped(cost.operations), "text-anchor=\"end\"");
            picture.box(kOperations + 8.0, middle - 8.0, std::max(100.0 * cost.operations / most, 1.0), 16.0,
                        kBlue, "none");
            picture.text(kIntensity, middle + 5.0,
                         fmt::format("{:.2g}", cost.intensity(story.bytes_of_number)), "text-anchor=\"end\"");
            picture.down(height);
        }
    }
    if (count <= kMostInstructions) return;
    picture.text(kLeft, 16.0, fmt::format("and {} more", count - kMostInstructions));
    picture.down(24.0);
}

}  // namespace

std::string draw(std::span<const Told> paths) {
    Picture picture;
    if (paths.empty()) {
        picture.down(34.0);
        picture.text(kLeft, 0.0, "not compiled yet: it has met no example");
    }
    for (const Told& path : paths) {
        const std::size_t instructions = path.plan.once.size() + path.plan.every.size();
        const std::size_t recorded = path.story.passes.empty() ? 0 : path.story.passes[0].entries;
        picture.down(34.0);
        picture.text(kLeft, 0.0,
                     fmt::format("{} inputs: {} operations become {} instructions",
                                 grouped(static_cast<double>(path.story.inputs)),
                                 grouped(static_cast<double>(recorded)), instructions),
                     "font-size=\"20\"");
        picture.down(8.0);
        draw_passes(path.story, picture);
        picture.down(46.0);
        picture.text(kLeft, 0.0, "Sorted by depth and kind, rows recognised:", "font-size=\"17\"");
        picture.text(kOperations, 0.0, "operations", "text-anchor=\"end\" fill=\"#666\"");
        picture.text(kIntensity, 0.0, "to a byte", "text-anchor=\"end\" fill=\"#666\"");
        picture.down(22.0);
        picture.text(kLeft, 0.0,
                     "orange: the same for all examples, such as parameters; blue: of each example",
                     "fill=\"#666\" font-size=\"13\"");
        picture.down(8.0);
        draw_instructions(path.story, path.plan, picture);
        picture.down(16.0);
    }
    return picture.svg("How a program was compiled");
}

}  // namespace gradus::detail
