#include <algorithm>
#include <optional>
#include <thread>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/cli/evaluate_report.h"
#include "host/cli/file_names.h"
#include "host/cli/open_engine.h"
#include "host/cli/store_flags.h"
#include "host/data/evaluate/frames.h"
#include "host/data/evaluate/runners.h"
#include "host/oracle/golden/checksum.h"

namespace shoal {
namespace {

// The checksum of a file, or a network of the zoo by its name.
std::string model_checksum(const std::string& model) {
  return model.starts_with("zoo:")
             ? model
             : sha256_hex(read_file(model, files::kModel));
}

// One run: what is evaluated, and how far it is.
class Evaluation {
 public:
  explicit Evaluation(const EvaluateFlags& flags)
      : flags_(flags),
        opening_(engine_flags(flags)),
        graph_(opening_.graph()),
        data_(open_dataset(flags.data, flags.which)),
        labels_(read_labels(flags.labels)),
        classes_(match_classes(graph_, *data_, labels_, flags.label_offset)),
        pictures_(picture_options(flags.pictures)) {
    if (!flags.resume.empty()) {
      journal_.emplace(flags.resume,
                       JournalLimits{journal_key(model_checksum(flags.model),
                                                 *data_, pictures_),
                                     data_->size(), classes_.count},
                       lock_request(flags.plan, "evaluate"));
    }
    FramesOptions options;
    options.pictures = pictures_;
    options.limit = flags.limit;
    options.journal = journal_ ? &*journal_ : nullptr;
    options.progress = [this](int64_t done, int64_t of) {
      progress_->say(done, of);
    };
    frames_.emplace(graph_, *data_, std::move(options));
    jobs_ = flags.jobs > 0 ? flags.jobs
                           : static_cast<int>(std::max(
                                 1u, std::thread::hardware_concurrency()));
  }

  void run();
  void report() const;

 private:
  static EngineFlags engine_flags(const EvaluateFlags&);

  const EvaluateFlags& flags_;
  EngineOpening opening_;
  const Graph graph_;
  const std::unique_ptr<Dataset> data_;
  const std::vector<std::string> labels_;
  const Classes classes_;
  const PictureOptions pictures_;
  std::optional<Journal> journal_;
  std::optional<Frames> frames_;
  std::optional<Progress> progress_;
  int jobs_ = 1;
  EvaluateOutcome outcome_;
};

EngineFlags Evaluation::engine_flags(const EvaluateFlags& f) {
  const StorageFlags& storage = f.plan.storage;
  if (!storage.store.empty() || !storage.key.empty()) {
    throw Error(Exit::kUsage,
                "--store, --store-key: each thread has a store of its own, "
                "which ends with it",
                "leave them out");
  }
  return {.verb = "evaluate",
          .model = f.model,
          .plan = f.plan,
          .cluster = f.cluster,
          .network = f.network,
          .floats = true,
          .remote = true,
          .jobs = f.jobs > 0};
}

void Evaluation::run() {
  const std::unique_ptr<Engine> engine = opening_.open(labels_);
  outcome_.where = engine->report().what;
  if (can(opening_.kind(), Ability::kThreads)) {
    outcome_.where +=
        ", " + std::to_string(jobs_) + (jobs_ == 1 ? " thread" : " threads");
  }
  progress_.emplace(frames_->resumed());
  answer_frames(*engine, jobs_, *frames_);
  outcome_.nodes = engine->report().nodes;
  outcome_.seconds = progress_->end();
  outcome_.resumed = frames_->resumed();
  outcome_.accuracy = count_answers(classes_, frames_->answers());
}

void Evaluation::report() const {
  if (!flags_.output.empty()) {
    write_file(flags_.output, confusion_csv(classes_, outcome_.accuracy));
  }
  if (flags_.json) {
    print_accuracy_json(classes_, outcome_);
  } else {
    print_accuracy(classes_, outcome_);
  }
}

}  // namespace

int evaluate_command(const EvaluateFlags& flags) {
  check_files({{"MODEL", flags.model},
               {"DATASET", flags.data},
               {"--labels", flags.labels},
               {"--key", flags.cluster.key},
               {"--resume", flags.resume},
               {"--cluster", flags.plan.cluster},
               {"--cuts", flags.plan.cuts},
               {"--store-key", flags.plan.storage.key}},
              {{"--output", flags.output}});
  // The journal is not replaced, but what it is added to must be one.
  check_files({{"MODEL", flags.model},
               {"DATASET", flags.data},
               {"--labels", flags.labels}},
              {{"--resume", flags.resume}});
  Evaluation evaluation(flags);
  evaluation.run();
  evaluation.report();
  return 0;
}

}  // namespace shoal
