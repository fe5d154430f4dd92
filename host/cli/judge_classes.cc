#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/files.h"
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

 private:
  const Graph& graph_;
  const InputOptions pictures_;
  const std::unique_ptr<Dataset> data_;
  const Classes classes_;
  Accuracy accuracy_;
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
