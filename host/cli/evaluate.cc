#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
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
#include "host/cli/judge.h"
#include "host/cli/open_engine.h"
#include "host/cli/output.h"
#include "host/cli/results.h"
#include "host/cli/sequence.h"
#include "host/cli/store_flags.h"
#include "host/data/evaluate/answer_frames.h"
#include "host/data/evaluate/frames.h"
#include "host/oracle/golden/checksum.h"
#include "host/program/store/store_folder.h"

namespace shoal {
namespace {

// Returns the checksum of the model; for a store that was built that of its
// description, which binds all that lies beside it.
std::string checksum_of(const EvaluateFlags& flags, const Graph& graph) {
  if (!flags.model.empty()) {
    return model_checksum(flags.model, flags.ends, graph);
  }
  return sha256_hex(read_file(flags.plan.storage.store + "/" + kStoreInfoFile,
                              files::kStoreInfo));
}

// Returns the arguments that every rank must have alike.
Team::Given given_to(const EvaluateFlags& flags, const Graph& graph,
                     const Judge& judge) {
  const Dataset& data = judge.data();
  const InputOptions pictures = input_options(flags.pictures);
  const auto input = [&](int64_t item) {
    return data.input(graph, item, pictures);
  };
  return {{"model", checksum_of(flags, graph)},
          {"list of frames and labels",
           journal_key("", data, pictures, judge.key())},
          {"content of frames", some_inputs_checksum(data.size(), input)},
          {"--limit", std::to_string(flags.limit.value_or(0))}};
}

// Boxes and masks, if that is what the outputs are or are said to be; classes
// otherwise.
std::unique_ptr<Judge> judge_of(const EvaluateFlags& flags, const Graph& graph,
                                std::shared_ptr<const DetectionOp> detection,
                                std::vector<std::string> labels) {
  HeadUse head = choose_head(
      graph, {flags.head, flags.task, flags.anchors, std::move(detection)});
  const Task task = head_task(head);
  if (task != Task::kDetect && task != Task::kSegment) {
    return judge_classes(flags, graph, labels);
  }
  tell_head(head);
  if (!flags.which.empty()) {
    throw Error(Exit::kUsage,
                "--which " + flags.which +
                    " is for IDX files, whose labels are classes",
                "leave out --which");
  }
  JudgeParts parts{flags, graph, std::move(head), std::move(labels)};
  return task == Task::kDetect ? judge_boxes(std::move(parts))
                               : judge_masks(std::move(parts));
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
        labels_(flags.labels.empty() ? opening_.labels()
                                     : read_labels(flags.labels)),
        judge_(judge_of(flags, graph_, opening_.detection(), labels_)) {
    if (!graph_.variables.empty()) {
      throw several_frames("evaluate", graph_.name);
    }
    check_ranks();
    const InputOptions pictures = input_options(flags.pictures);
    const Dataset& data = judge_->data();
    if (!flags.resume.empty()) {
      JournalLimits limits = judge_->limits();
      limits.key = journal_key(checksum_of(flags, graph_), data, pictures,
                               judge_->key());
      journal_.emplace(flags.resume, limits,
                       lock_request(flags.plan, "evaluate"));
    }
    FramesOptions options;
    options.pictures = pictures;
    options.limit = flags.limit;
    options.journal = journal_ ? &*journal_ : nullptr;
    options.input = [this](int64_t item) { return judge_->input(item); };
    options.answer = [this](int64_t item, std::span<const uint8_t> outputs) {
      return judge_->answer(item, outputs);
    };
    options.progress = [this](int64_t done, int64_t of) {
      progress_->say(done, of);
    };
    frames_.emplace(graph_, data, std::move(options));
    jobs_ = flags.jobs > 0 ? flags.jobs : team_.size() > 1 ? 1 : core_count();
  }

  void run();
  void report() const;

 private:
  void check_ranks() const;
  void write_page(Engine&);
  void print_json() const;

  const EvaluateFlags& flags_;
  Team& team_ = *flags_.team;
  EngineOpening opening_;
  const Graph graph_;
  const std::vector<std::string> labels_;
  const std::unique_ptr<Judge> judge_;
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
    team_.agree(given_to(flags_, graph_, *judge_));
  }
  progress_.emplace("frames", frames_->resumed());
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
  tell_frames(*progress_, outcome_.seconds, frames_->resumed());
  outcome_.resumed = frames_->resumed();
  judge_->count(frames_->answers());
  if (!flags_.html.empty()) write_page(*engine);
}

// The worst frames run again: their outputs were not kept.
void Evaluation::write_page(Engine& engine) {
  constexpr size_t kShown = 24;
  const EngineReport done = engine.report();
  std::vector<int64_t> worst = judge_->worst();
  worst.resize(std::min(worst.size(), kShown));
  size_t given = 0, taken = 0;
  PagePictures pictures;
  engine.stream(
      [&]() -> std::optional<Bytes> {
        if (given == worst.size()) return std::nullopt;
        return judge_->input(worst[given++]);
      },
      [&](const Answer& a) {
        judge_->draw(worst[taken++], a.output, pictures);
      });
  Document page{.title = graph_.name, .command = flags_.command};
  page.sections = {judge_->section(),
                   {"mistakes",
                    "The worst mistakes",
                    worst.empty() ? "There are none." : judge_->mistakes_text(),
                    {},
                    pictures.notes(),
                    pictures.take()}};
  write_verb_page(flags_.html, done, opening_.budgets(), std::move(page));
}

void Evaluation::print_json() const {
  nlohmann::json json = judge_->json();
  const auto frames = static_cast<int64_t>(frames_->answers().size());
  const auto ran = static_cast<double>(frames - outcome_.resumed);
  json["arena_bytes"] = nlohmann::json::array();
  for (const EngineNode& node : outcome_.nodes) {
    json["arena_bytes"].push_back(node.arena_bytes);
  }
  json["where"] = outcome_.where;
  json["resumed_frames"] = outcome_.resumed;
  json["seconds"] = outcome_.seconds;
  json["frames_per_s"] = ran / outcome_.seconds;
  say_json(json);
}

void Evaluation::report() const {
  if (!flags_.output.empty()) judge_->write(flags_.output);
  if (flags_.json) {
    print_json();
  } else {
    judge_->print(outcome_);
  }
}

}  // namespace

int evaluate_command(const EvaluateFlags& given) {
  EvaluateFlags flags = given;
  const bool leads = flags.team->leads();
  // Rank 0 writes.
  if (!leads) flags.resume = flags.output = flags.html = "";
  if (flags.mpi) flags.cluster.node_timeout.reset();  // of ranks: on_ranks.h
  require_operands("evaluate", flags.model, flags.plan, "DATASET", flags.data);
  check_files({{"MODEL", flags.model},
               {"DATASET", flags.data},
               {"--labels", flags.labels},
               {"--truth", flags.truth},
               {"--key", flags.cluster.key},
               {"--resume", flags.resume},
               {"--cluster", flags.plan.cluster.path},
               {"--cuts", flags.plan.cuts.path},
               {"--store-key", flags.plan.storage.key}},
              {{"--output", flags.output}, {"--html", flags.html}});
  // The journal is not replaced, but what it is added to must be one.
  check_files({{"MODEL", flags.model},
               {"DATASET", flags.data},
               {"--labels", flags.labels},
               {"--truth", flags.truth}},
              {{"--resume", flags.resume}});
  Evaluation evaluation(flags);
  evaluation.run();
  if (leads) evaluation.report();
  return 0;
}

}  // namespace shoal
