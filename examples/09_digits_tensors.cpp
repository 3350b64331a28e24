// SPDX-License-Identifier: MIT
// 09: digits again, many images at once, and a network that looks through windows.
//
// Goal    Compute with tensors: the network of 07 in about a tenth of its time, then a convolutional one.
// Before  07; what a matrix product is.
// Look at the seconds: number by number and with tensors, the same network takes the same steps to the same
//         loss. Then at the picture: which kernels answer to edges of a stroke, which to ink?
#include <algorithm>

#include "common.hpp"
#include "gradus/batch.hpp"
#include "gradus/losses.hpp"
#include "gradus/metrics.hpp"
#include "gradus/nn.hpp"
#include "gradus/tensor/losses.hpp"
#include "gradus/tensor/reduce.hpp"
#include "gradus/tensor/shaping.hpp"
#include "gradus/train.hpp"

using gradus::Tensor, gradus::softmax_cross_entropy, gradus::schedule::linear;
using Batch = std::span<const std::size_t>;
constexpr std::size_t kBatch = 32, kKernels = 8;

/// Return how many of the images a model reads right. Shapes: model (B,64) -> (B,10).
double accuracy(const auto& model, const gradus::Dataset& data) {
    const gradus::Scope scope;  // nothing of this stays on the tape
    return gradus::accuracy(data.labels(), gradus::argmax(model(gradus::rows(data)), 1));
}

/// Draw the kernels of a layer, and under each what it makes of one image.
void draw(const example::Lesson& lesson, const gradus::Conv2d& layer, std::span<const double> image) {
    example::Picture picture(lesson, "09_kernels", 1200, 400);
    const auto panel = [&](const std::string& title, std::span<const double> p, std::size_t size) {
        picture.add("set title '{}'\n$image << EOD", title);
        for (; !p.empty(); p = p.subspan(size)) picture.add("{}", fmt::join(p.first(size), " "));
        picture.add("EOD\nplot $image matrix with image pixels");
    };
    picture.add(R"(unset colorbox; unset tics; unset grid; unset key; set border 15; set size square
set palette defined (-1 '#e66101', 0 '#ffffff', 1 '#08519c'); set cbrange [-1.2:1.2]; set yrange reverse
set multiplot layout 2,{} columnsfirst margins 0.01,0.99,0.02,0.82 spacing 0.015,0.12 \
    title 'Eight kernels (blue adds, orange takes away), and what each one sees in an image')",
                kKernels + 1);
    const gradus::Scope scope;
    const Tensor seen = layer(gradus::tensor(image, {1, 1, 8, 8}));  // (1,kKernels,8,8)
    panel("image", image, 8);
    picture.add("set multiplot next");
    for (std::size_t k = 0; k < kKernels; ++k) {
        panel(fmt::format("kernel {}", k + 1), layer.weight().values().subspan(9 * k, 9), 3);
        panel(fmt::format("seen by {}", k + 1), seen.numbers().subspan(64 * k, 64), 8);
    }
    picture.draw();
}

int main(int argc, char** argv) {
    example::Lesson lesson("Read handwritten digits with tensors, and with a convolutional network.", 25);
    std::string file = GRADUS_DATA "/digits.csv";
    lesson.text("--data", file, "CSV file: 64 pixels from 0 to 16, then the digit");

    return lesson.run(argc, argv, [&] {
        gradus::Dataset digits = example::read_rows(file, 64);
        for (double& pixel : digits.inputs) pixel = std::clamp(pixel / 16.0, 0.0, 1.0);
        const gradus::Split split = gradus::stratified_split(digits, 0.2, lesson.seed);
        const gradus::Dataset &images = split.train, &unseen = split.test;
        const std::size_t classes = digits.class_names.size();
        const std::size_t steps = lesson.epochs * ((images.rows - 1) / kBatch + 1);
        gradus::TrainOptions options{.epochs = lesson.epochs, .batch_size = kBatch, .seed = lesson.seed};

        fmt::print("64-32-{} perceptron      loss   new images read right   seconds\n", classes);
        std::vector<double> losses, seconds;
        options.regularization.l2 = 1e-3;
        for (const char* way : {"number by number", "with tensors"}) {
            const gradus::MLP model({64, 32, classes}, {.hidden = "relu", .seed = lesson.seed});
            gradus::Sgd sgd(model.parameters(), {.learning_rate = linear(0.2, 0.0, steps), .momentum = 0.9});
            const auto of_one = [&](std::size_t i) {
                return softmax_cross_entropy(model(images.row(i)), images.label(i));
            };
            const auto of_batch = [&](Batch batch) {
                return softmax_cross_entropy(model(rows(images, batch)), labels(images, batch));
            };
            const example::Progress clock(lesson, way, 0);
            const auto last = losses.empty() ? train(sgd, images.rows, of_one, options).last
                                             : train_batches(sgd, images.rows, of_batch, options).last;
            seconds.push_back(clock.seconds()), losses.push_back(last.loss);
            const double right = accuracy(model, unseen);
            fmt::print("{:21}{:9.4f}{:23.1f}%{:10.3f}\n", way, last.loss, 100.0 * right, seconds.back());
            if (lesson.as_written()) example::check_at_least("accuracy", right, 0.96);
        }
        example::check("loss with tensors", losses[1], losses[0], 1e-6);
        fmt::print("With tensors it takes {:.3f} of the time.\n\n", seconds[1] / seconds[0]);

        gradus::Sequential network({.seed = lesson.seed});
        const gradus::Conv2d first(network.parameters(), 1, kKernels, 3,
                                   {.padding = 1, .activation = "relu", .seed = lesson.seed, .name = "0"});
        network.add(first);                                                                  // (B,8,8,8)
        network.add<gradus::Conv2d>(kKernels, 24, 3, {.padding = 1, .activation = "relu"});  // (B,24,8,8)
        network.add(gradus::MaxPool2d(2)).add(gradus::Flatten());                            // (B,24*4*4)
        network.add(gradus::Dropout(0.5, {.seed = lesson.seed})).add<gradus::Linear>(24 * 16, classes);
        fmt::print("{}\n\nepoch     loss\n", network.describe());
        const auto read = [&](const Tensor& x) { return network(reshape(x, {x.shape()[0], 1, 8, 8})); };
        const auto loss = [&](Batch batch) {
            return softmax_cross_entropy(read(rows(images, batch)), labels(images, batch));
        };
        gradus::Adam adam(network.parameters(), {.learning_rate = linear(0.01, 0.0, steps)});
        example::Progress progress(lesson, "training", lesson.epochs);
        options.regularization.l2 = 3e-4;
        options.on_epoch = [&](const gradus::Epoch& epoch) {
            progress.step();
            if (lesson.quiet || epoch.number % 5 != 0) return;
            progress.erase();
            fmt::print("{:5}{:9.4f}\n", epoch.number, epoch.loss);
        };
        train_batches(adam, images.rows, loss, options);
        network.eval();  // no unit is away when it reads
        const double right = accuracy(read, unseen);
        fmt::print("{} new images, accuracy {:.4f}; {:.1f} s\n", unseen.rows, right, progress.seconds());
        if (lesson.as_written()) example::check_at_least("accuracy", right, 0.98);
        draw(lesson, first, unseen.row(0));
    });
}
