// SPDX-License-Identifier: MIT
// 06: diagnosis of breast tumours, and the reasons for it.
//
// Goal    Judge models by patients that they never saw, tame them with L1 and L2, and ask for reasons.
// Before  05; the logistic function. A logit above zero says benign, below zero malignant.
// Look at the losses: where that of training falls and the held-out one rises, a model learns its patients by
//         heart; penalties prevent it. The reasons: gradient times input, each measurement's part.
#include <algorithm>

#include "common.hpp"
#include "gradus/losses.hpp"
#include "gradus/metrics.hpp"
#include "gradus/nn.hpp"
#include "gradus/train.hpp"

/// Name an input: ten quantities, each with mean, standard error and mean of the worst three cells.
std::string measurement(std::size_t column) {
    constexpr const char* kQuantities[] = {"radius",     "texture",          "perimeter", "area",
                                           "smoothness", "compactness",      "concavity", "concave points",
                                           "symmetry",   "fractal dimension"};
    constexpr const char* kFigures[] = {"mean", "error of", "worst"};
    return fmt::format("{} {}", kFigures[column / 10], kQuantities[column % 10]);
}

int main(int argc, char** argv) {
    example::Lesson lesson("Diagnosis with logistic regression and a network, L1 and L2, and reasons.", 300);
    std::string file = GRADUS_DATA "/breast_cancer.csv";
    double rate = 0.02;
    lesson.text("--data", file, "CSV file: 30 measurements, then 0 for malignant or 1 for benign");
    lesson.number("--learning-rate", rate, "learning rate");
    lesson.offer_compiled();

    return lesson.run(argc, argv, [&] {
        const gradus::Split split = gradus::stratified_split(example::read_rows(file, 30), 0.3, lesson.seed);
        const gradus::Standardizer standard(split.train);  // what is held out must not leak into its figures
        const gradus::Dataset train = standard.transform(split.train), test = standard.transform(split.test);
        struct Trial {
            const char* name;
            std::vector<std::size_t> widths;
            gradus::Regularization penalty;
        };
        const std::vector<Trial> trials{{"logistic", {30, 1}, {}},
                                        {"logistic + L1", {30, 1}, {.l1 = 0.005}},
                                        {"logistic + L2", {30, 1}, {.l2 = 0.003}},
                                        {"network", {30, 16, 1}, {}},
                                        {"network + L1", {30, 16, 1}, {.l1 = 0.003}},
                                        {"network + L2", {30, 16, 1}, {.l2 = 0.01}}};
        gradus::MLP model({30, 1});
        std::vector<double> logits(test.rows);
        example::Picture picture(lesson, "06_diagnosis", 1200, 520);
        example::Progress progress(lesson, "training", trials.size() * lesson.epochs);
        fmt::print("{} patients to learn from, {} held out\n\n", train.rows, test.rows);
        fmt::print("           training loss   held out      AUC   weights above 0.01\n");
        for (const Trial& trial : trials) {
            model = gradus::MLP(trial.widths, {.hidden = "tanh", .seed = lesson.seed});
            gradus::Sgd descent(model.parameters(), {.learning_rate = rate, .momentum = 0.9});
            const auto loss = [&](auto x, auto target) { return binary_cross_entropy(model(x)[0], target); };
            const auto of_one = [&](std::size_t i) { return loss(train.row(i), train.targets[i]); };
            const auto held_out = [&](std::size_t i) {
                logits[i] = model.predict(test.row(i))[0];
                return gradus::binary_cross_entropy(logits[i], test.targets[i]);
            };
            gradus::TrainOptions options{.epochs = lesson.epochs, .batch_size = 16, .seed = lesson.seed};
            options.regularization = trial.penalty;
            options.validation_loss = [&] { return gradus::mean_loss(test.rows, held_out); };
            options.on_epoch = [&](const gradus::Epoch& epoch) {
                picture.add("{} {}", epoch.loss, epoch.validation_loss);
                progress.step();
            };
            picture.add("$trial{} << EOD", &trial - trials.data());
            const auto last = lesson.compiled
                                  ? gradus::train(descent, train, gradus::compile(model, loss), options).last
                                  : gradus::train(descent, train.rows, of_one, options).last;
            picture.add("EOD");

            const double auc = gradus::roc_auc(logits, test.labels());
            std::size_t used = 0, weights = 0;
            for (const gradus::Layer& layer : model.layers())
                for (const double w : layer.weight().values()) ++weights, used += std::abs(w) > 0.01 ? 1 : 0;
            progress.erase();
            fmt::print("{:14}{:10.4f}{:11.4f}{:9.4f}{:10} of {}\n", trial.name, last.loss,
                       last.validation_loss, auc, used, weights);
            if (lesson.as_written() && trial.penalty.l2 > 0.0) example::check_at_least("AUC", auc, 0.98);
        }

        std::size_t patient = 0;  // the one of the least certain answer
        for (std::size_t i = 1; i < test.rows; ++i) {
            if (std::abs(logits[i]) < std::abs(logits[patient])) patient = i;
        }
        const std::vector<gradus::Value> x = gradus::variables(test.row(patient));
        gradus::backward(model(x)[0]);
        std::vector<std::pair<double, std::string>> parts;
        for (std::size_t i = 0; i < x.size(); ++i)
            parts.emplace_back(x[i].gradient() * x[i].value(), measurement(i));
        std::ranges::sort(parts, std::greater(), [](const auto& part) { return std::abs(part.first); });
        parts.resize(8);
        fmt::print(
            "\nThe least certain answer of network + L2: benign with {:.0f}%; in truth {}. The reasons:\n\n",
            100.0 * gradus::sigmoid(logits[patient]), test.class_names[test.label(patient)]);
        picture.add("$reasons << EOD");
        for (const auto& [part, name] : parts) {
            fmt::print("{:>26}{:+8.3f}   speaks for {}\n", name, part, test.class_names[part > 0.0]);
            picture.add("\"{}\" {}", name, part);
        }
        picture.add("EOD\nset multiplot layout 1,2\nset xrange [0:{}]", lesson.epochs);
        picture.add(R"(set title 'Learning by heart, and a remedy'
set xlabel 'epoch'; set ylabel 'loss (cross entropy)'; set yrange [0:0.15]
plot $trial3 using ($0+1):1 with lines linetype 2 dashtype 3 title 'network: training', \
    '' using ($0+1):2 with lines linetype 2 title 'network: held out', \
    $trial5 using ($0+1):1 with lines linetype 1 dashtype 3 title 'network + L2: training', \
    '' using ($0+1):2 with lines linetype 1 title 'network + L2: held out'
set title 'One patient: the reasons'; unset ylabel; unset key
set xlabel 'malignant < gradient times input > benign'
set xrange [*:*]; set xtics 0.5; set yrange [7.6:-0.6]; unset grid; set arrow from 0,-0.6 to 0,7.6 nohead
plot $reasons using (0):0:(0):2:($0 - 0.35):($0 + 0.35):($2 > 0 ? 1 : 2):ytic(1) \
    with boxxyerror fillstyle solid linecolor variable)");
        picture.draw();
    });
}
