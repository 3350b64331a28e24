// SPDX-License-Identifier: MIT
// 07: handwritten digits, read by a network that trains before your eyes.
//
// Goal    Train a 64-32-10 network on 1797 images of 8 x 8 pixels and see what it misreads.
// Before  05 and 06.
// Look at the accuracy on images that the network never saw, at the confusion matrix, and at the picture of
//         the misread ones: would you know them?
#include <algorithm>

#include "common.hpp"
#include "gradus/losses.hpp"
#include "gradus/metrics.hpp"
#include "gradus/nn.hpp"
#include "gradus/train.hpp"

constexpr std::size_t kBatch = 16;
constexpr std::size_t kFirst[] = {0, 1, 2, 3, 4};

/// Print images side by side, with a caption under each.
template <class Caption>
void print_images(const gradus::Dataset& data, std::span<const std::size_t> rows, Caption caption) {
    constexpr const char* kInk[] = {"  ", "░░", "▒▒", "▓▓", "██"};
    for (std::size_t y = 0; y < 8; ++y, fmt::print("\n")) {
        for (const std::size_t row : rows) {
            fmt::print("  ");
            for (const double p : data.row(row).subspan(8 * y, 8)) fmt::print("{}", kInk[std::lround(4 * p)]);
        }
    }
    for (const std::size_t row : rows) fmt::print("  {:^16}", caption(data, row));
    fmt::print("\n\n");
}

int main(int argc, char** argv) {
    example::Lesson lesson("Read handwritten digits with a multilayer perceptron.", 25);
    std::string file = GRADUS_DATA "/digits.csv";
    double rate = 0.1;
    lesson.text("--data", file, "CSV file: 64 pixels from 0 to 16, then the digit");
    lesson.number("--learning-rate", rate, "learning rate at the beginning; it falls to zero");
    lesson.offer_compiled();

    return lesson.run(argc, argv, [&] {
        gradus::Dataset digits = example::read_rows(file, 64);
        for (double& pixel : digits.inputs) pixel = std::clamp(pixel / 16.0, 0.0, 1.0);
        const gradus::Split split = gradus::stratified_split(digits, 0.2, lesson.seed);
        const gradus::MLP model({64, 32, digits.class_names.size()}, {.hidden = "relu", .seed = lesson.seed});
        const auto read = [&](std::span<const double> image) {
            const std::vector<double> logits = model.predict(image);
            return static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
        };
        const auto count_answers = [&] {
            gradus::ConfusionMatrix answers(digits.class_names);
            for (std::size_t i = 0; i < split.test.rows; ++i) {
                answers.add(split.test.label(i), read(split.test.row(i)));
            }
            return answers;
        };
        const auto caption = [&](const gradus::Dataset& data, std::size_t i) {
            return fmt::format("{} read as {}", data.label(i), read(data.row(i)));
        };
        if (!lesson.quiet) {
            fmt::print("The first of {} images to learn from, and what the untrained network reads:\n\n",
                       split.train.rows);
            print_images(split.train, kFirst, caption);
            fmt::print("{}\nepoch     loss   new images read right\n", model.describe());
        }
        example::Progress progress(lesson, "training", lesson.epochs);
        const std::size_t steps = lesson.epochs * ((split.train.rows - 1) / kBatch + 1);
        gradus::Sgd descent(model.parameters(),
                            {.learning_rate = gradus::schedule::linear(rate, 0.0, steps), .momentum = 0.9});
        const auto loss = [&](auto image, auto digit) { return softmax_cross_entropy(model(image), digit); };
        const auto of_one = [&](std::size_t i) { return loss(split.train.row(i), split.train.label(i)); };
        gradus::TrainOptions options{.epochs = lesson.epochs, .batch_size = kBatch, .seed = lesson.seed};
        options.regularization.l2 = 1e-3;
        options.on_epoch = [&](const gradus::Epoch& epoch) {
            progress.step();
            if (lesson.quiet) return;
            progress.erase();
            const double right = count_answers().accuracy();
            fmt::print("{:5}{:9.4f}   {:5.1f}%\n", epoch.number, epoch.loss, 100.0 * right);
        };
        if (lesson.compiled)
            gradus::train(descent, split.train, gradus::compile(model, loss), options);
        else
            gradus::train(descent, split.train.rows, of_one, options);
        const gradus::ConfusionMatrix answers = count_answers();
        fmt::print("\n{}\n{} new images, accuracy {:.4f}; trained with {} images {} times in {:.1f} s\n",
                   answers.to_string(), answers.total(), answers.accuracy(), split.train.rows, lesson.epochs,
                   progress.seconds());
        if (lesson.as_written()) example::check_at_least("accuracy", answers.accuracy(), 0.96);
        std::vector<std::size_t> misread;
        for (std::size_t i = 0; i < split.test.rows && misread.size() < 10; ++i) {
            if (read(split.test.row(i)) != split.test.label(i)) misread.push_back(i);
        }
        if (misread.empty()) return;
        if (!lesson.quiet) {
            fmt::print("\nSome that were misread:\n\n");
            const auto few = std::span(misread).first(std::min<std::size_t>(misread.size(), 5));
            print_images(split.test, few, caption);
        }
        const int lines = (static_cast<int>(misread.size()) + 4) / 5;
        example::Picture picture(lesson, "07_misread", 900, 60 + 190 * lines);
        picture.add("set multiplot layout {},5 title 'Misread: what was written, and what the network read'",
                    lines);
        picture.add(
            R"(set palette gray negative; unset colorbox; unset tics; unset grid; unset key
set border 15; set size square
set xrange [-0.5:7.5]; set yrange [7.5:-0.5]; set cbrange [0:1])");
        for (const std::size_t i : misread) {
            picture.add("$image{} << EOD", i);
            const auto image = split.test.row(i);
            for (std::size_t y = 0; y < 8; ++y) picture.add("{}", fmt::join(image.subspan(8 * y, 8), " "));
            picture.add("EOD\nset title '{}'\nplot $image{} matrix with image pixels", caption(split.test, i),
                        i);
        }
        picture.draw();
    });
}
