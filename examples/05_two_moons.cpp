// SPDX-License-Identifier: MIT
// 05: two moons, and the line that a network draws between them.
//
// Goal    Train a first classifier with the library: model, loss, optimizer, train().
// Before  04.
// Look at the loss: hinge(score, +-1) is zero for a point that lies on the right side of the line by a margin
//         of 1, so training ends with the points near the line. Then at the picture: the pale band between
//         the colours is that margin.
#include "common.hpp"
#include "gradus/data.hpp"
#include "gradus/losses.hpp"
#include "gradus/metrics.hpp"
#include "gradus/nn.hpp"
#include "gradus/train.hpp"

int main(int argc, char** argv) {
    example::Lesson lesson("Separate two moons with a multilayer perceptron and hinge loss.", 300);
    double rate = 0.1;
    lesson.number("--learning-rate", rate, "learning rate at the beginning; it falls to a tenth");
    lesson.offer_compiled();

    return lesson.run(argc, argv, [&] {
        const gradus::Dataset moons = gradus::two_moons(100, 0.1, lesson.seed);
        const gradus::MLP model({2, 16, 16, 1}, {.hidden = "relu", .seed = lesson.seed});
        fmt::print("{}\n", model.describe());

        gradus::Sgd descent(
            model.parameters(),
            {.learning_rate = gradus::schedule::linear(rate, 0.1 * rate, lesson.epochs), .momentum = 0.9});
        const auto loss = [&](auto point, auto moon) { return hinge(model(point)[0], 2.0 * moon - 1.0); };
        const auto of_one = [&](std::size_t i) { return loss(moons.row(i), moons.targets[i]); };
        const auto right = [&] {
            std::vector<std::size_t> predicted;
            for (std::size_t i = 0; i < moons.rows; ++i) {
                predicted.push_back(model.predict(moons.row(i))[0] > 0.0 ? 1 : 0);
            }
            return gradus::accuracy(moons.labels(), predicted);
        };

        fmt::print("epoch   loss + penalty   points right\n");
        example::Progress progress(lesson, "training", lesson.epochs);
        const auto report = [&](const gradus::Epoch& epoch) {
            progress.step();
            const bool is_last = epoch.number == lesson.epochs;
            if (!is_last && (lesson.quiet || epoch.number % 50 != 0)) return;
            progress.erase();
            fmt::print("{:5}{:9.4f} +{:7.4f}{:14.0f}%\n", epoch.number, epoch.loss, epoch.penalty,
                       100.0 * right());
        };
        gradus::TrainOptions options{.epochs = lesson.epochs, .batch_size = gradus::kFullBatch};
        options.regularization.l2 = 1e-4;
        options.on_epoch = report;
        if (lesson.compiled)
            gradus::train(descent, moons, gradus::compile(model, loss), options);
        else
            gradus::train(descent, moons.rows, of_one, options);
        if (lesson.as_written()) example::check_at_least("points right", right(), 0.99);

        example::Picture picture(lesson, "05_two_moons", 900, 600);
        picture.add("$score << EOD");
        for (double y = -1.0; y <= 1.5; y += 0.02) {
            for (double x = -1.5; x <= 2.5; x += 0.02)
                picture.add("{} {} {}", x, y, model.predict(std::vector{x, y})[0]);
            picture.add("");
        }
        picture.add("EOD\n$points << EOD");
        for (std::size_t i = 0; i < moons.rows; ++i)
            picture.add("{} {}", fmt::join(moons.row(i), " "), moons.label(i));
        picture.add(R"(EOD
set title 'Two moons: the score of the network, its zero line, and 100 points'
set contour; set cntrparam levels discrete 0; unset surface; set table $line
splot $score; unset table
set palette defined (-1 '#9ecae1', 0 '#ffffff', 1 '#fdc48f'); set cbrange [-2:2]; set cblabel 'score'
set xrange [-1.5:2.5]; set yrange [-1:1.5]; set size ratio -1; set key below; unset grid
plot $score with image notitle, $line with lines linecolor '#444444' title 'score = 0', \
    $points using 1:($3 == 0 ? $2 : NaN) with points linetype 1 pointsize 1 title 'upper moon', \
    $points using 1:($3 == 1 ? $2 : NaN) \
    with points linetype 2 pointtype 9 pointsize 1.2 title 'lower moon')");
        picture.draw();
    });
}
