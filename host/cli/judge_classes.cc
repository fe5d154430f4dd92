#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/base/ranks/team.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/cli/evaluate_report.h"
#include "host/cli/judge.h"

namespace shoal {
namespace {

class ClassJudge : public Judge {
 public:
  ClassJudge(const EvaluateFlags& flags, const Graph& graph,
             const std::vector<std::string>& labels)
      : graph_(graph),
        pictures_(input_options(flags.pictures)),
        data_(open_dataset(graph, flags.data, flags.which)),
        classes_(match_classes(graph, *data_, labels, flags.label_offset)) {
    if (flags.team->leads()) tell_note(*data_, graph);
  }

  const Dataset& data() const override { return *data_; }
  std::string key() const override { return ""; }
  JournalLimits limits() const override {
    return {"", data_->size(), classes_.count};
  }
  std::vector<uint8_t> input(int64_t item) override {
    return data_->input(graph_, item, pictures_);
  }
  FrameAnswer answer(int64_t, std::span<const uint8_t> outputs) override {
    return best_classes_of(graph_, outputs);
  }
  void count(const Answers& answers) override {
    accuracy_ = count_answers(classes_, answers);
    for (const auto& [item, answer] : answers) {
      const int truth = classes_.truth[static_cast<size_t>(item)];
      if (answer.front() == truth) continue;
      const auto place = std::ranges::find(answer, truth) - answer.begin();
      wrong_.emplace_back(place, item);
    }
    std::ranges::stable_sort(wrong_, std::greater{},
                             [](const auto& w) { return w.first; });
  }
  void write(const std::string& path) const override {
    write_file(path, confusion_csv(classes_, accuracy_));
  }
  void print(const EvaluateOutcome& outcome) const override {
    print_accuracy(classes_, accuracy_, outcome);
  }
  nlohmann::json json() const override {
    return accuracy_json(classes_, accuracy_);
  }
  Section section() const override {
    return accuracy_section(classes_, accuracy_);
  }
  std::vector<int64_t> worst() const override { return items_of(wrong_); }
  std::string mistakes_text() const override {
    return "Frames whose right class comes last among the classes that the "
           "model finds most likely.";
  }
  void draw(int64_t item, std::span<const uint8_t> outputs,
            PagePictures& pictures) const override {
    const int truth = classes_.truth[static_cast<size_t>(item)];
    std::string text = "is " + title_of(truth) + "\n";
    const Bytes output(outputs.begin(), outputs.end());
    for (const Class& c : best_classes(graph_, output, classes_.names, 3)) {
      text += fmt::format("{:.3f} {}\n", c.score, title_of(c.index));
    }
    pictures.add(data_->name(item), text,
                 data_->is_picture(item) ? data_->picture(item) : Picture{});
  }

 private:
  std::string title_of(int c) const { return printable(classes_.name(c)); }

  const Graph& graph_;
  const InputOptions pictures_;
  const std::unique_ptr<Dataset> data_;
  const Classes classes_;
  Accuracy accuracy_;
  // Frames that are wrong, with the place of the right class, worst first.
  Wrong wrong_;
};

}  // namespace

std::unique_ptr<Judge> judge_classes(const EvaluateFlags& flags,
                                     const Graph& graph,
                                     const std::vector<std::string>& labels) {
  if (!flags.truth.empty()) {
    throw Error(
        Exit::kUsage,
        "--truth " + flags.truth + ": the model is read as a classifier",
        "leave it out, or --task detect or segment");
  }
  return std::make_unique<ClassJudge>(flags, graph, labels);
}

}  // namespace shoal
