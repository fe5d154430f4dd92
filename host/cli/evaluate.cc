#include <algorithm>
#include <optional>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/parallel.h"
#include "host/base/ranks/team.h"
#include "host/cli/asked.h"
#include "host/cli/checksums.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/cli/evaluate_report.h"
#include "host/cli/file_names.h"
#include "host/cli/open_engine.h"
#include "host/cli/sequence.h"
#include "host/cli/store_flags.h"
#include "host/data/evaluate/frames.h"
#include "host/data/evaluate/runners.h"
#include "host/oracle/golden/checksum.h"
#include "host/program/store/store_folder.h"

namespace shoal {
namespace {

// Of a store that was built that of its description, which binds all that lies
// beside it.
std::string checksum_of(const EvaluateFlags& flags) {
  if (!flags.model.empty()) return model_checksum(flags.model, flags.ends);
  return sha256_hex(read_file(flags.plan.storage.store + "/" + kStoreInfoFile,
                              files::kStoreInfo));
}

// What every rank must find.
Team::Given given_to(const EvaluateFlags& flags, const Graph& graph,
                     const Dataset& data, const PictureOptions& pictures) {
  const auto input = [&](int64_t item) {
    return dataset_input(graph, data, item, pictures);
  };
  return {{"model", checksum_of(flags)},
          {"list of frames and labels", journal_key("", data, pictures)},
          {"content of frames", some_inputs_checksum(data.size(), input)},
          {"--limit", std::to_string(flags.limit.value_or(0))}};
}

// One run: what is evaluated, and how far it is.
class Evaluation {
 public:
  explicit Evaluation(const EvaluateFlags& flags)
      : flags_(flags),
        opening_({.verb = "evaluate",
                  .model = flags.model,
                  .ends = flags.ends,
                  .plan = flags.plan,
                  .cluster = flags.cluster,
                  .network = flags.network,
                  .floats = true,
                  .remote = true,
                  .jobs = flags.jobs > 0}),
        graph_(opening_.graph()),
        data_(open_dataset(flags.data, flags.which)),
        labels_(flags.labels.empty() ? opening_.labels()
                                     : read_labels(flags.labels)),
        classes_(match_classes(graph_, *data_, labels_, flags.label_offset)),
        pictures_(picture_options(flags.pictures)) {
    if (!graph_.variables.empty()) {
      throw several_frames("evaluate", graph_.name);
    }
    check_ranks();
    if (!flags.resume.empty()) {
      journal_.emplace(
          flags.resume,
          JournalLimits{journal_key(checksum_of(flags), *data_, pictures_),
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
    jobs_ = flags.jobs > 0 ? flags.jobs : team_.size() > 1 ? 1 : core_count();
  }

  void run();
  void report() const;

 private:
  void check_ranks() const;

  const EvaluateFlags& flags_;
  Team& team_ = *flags_.team;
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

void Evaluation::check_ranks() const {
  require_flag(opening_.kind(), flags_.mpi, {"--mpi", Ability::kThreads});
  const bool writes =
      !flags_.model.empty() && !flags_.plan.storage.store.empty();
  if (team_.size() == 1 || !writes) return;
  throw Error(Exit::kUsage,
              "--mpi: every rank would write the store of --store",
              "shoal build --store first, then leave out MODEL; or leave out "
              "--store");
}

void Evaluation::run() {
  const std::unique_ptr<Engine> engine = opening_.open(labels_);
  if (team_.size() > 1) {
    team_.agree(given_to(flags_, graph_, *data_, pictures_));
  }
  progress_.emplace(frames_->resumed());
  int threads = 0;
  team_.share(*frames_, [&](Items& items) {
    threads = answer_frames(*engine, jobs_, *frames_, items);
    return Team::Bytes{};
  });
  if (!team_.leads()) return;
  if (engine->keeps_variables()) throw several_frames("evaluate", graph_.name);
  outcome_.where = engine->report().what;
  if (can(opening_.kind(), Ability::kThreads)) {
    outcome_.where += ", " + std::to_string(threads) +
                      (threads == 1 ? " thread" : " threads");
  }
  if (team_.size() > 1) {
    outcome_.where += ", " + std::to_string(team_.size()) + " ranks";
  }
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

int evaluate_command(const EvaluateFlags& given) {
  EvaluateFlags flags = given;
  const bool leads = flags.team->leads();
  if (!leads) flags.resume = flags.output = "";  // rank 0 writes
  require_operands("evaluate", flags.model, flags.plan, "DATASET", flags.data);
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
  if (leads) evaluation.report();
  return 0;
}

}  // namespace shoal
