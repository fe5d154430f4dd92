#include <algorithm>
#include <optional>
#include <thread>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/cli/asked.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/cli/evaluate_report.h"
#include "host/cli/file_names.h"
#include "host/cli/store_flags.h"
#include "host/cli/worker_cluster.h"
#include "host/data/evaluate/frames.h"
#include "host/data/evaluate/runners.h"
#include "host/engine/local/local_node.h"
#include "host/engine/virtual/store_image.h"
#include "host/model/import/import.h"
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
  Evaluation(const EvaluateFlags& flags, Graph graph)
      : flags_(flags),
        graph_(std::move(graph)),
        data_(open_dataset(flags.data, flags.which)),
        labels_(read_labels(flags.labels)),
        classes_(match_classes(graph_, *data_, labels_, flags.label_offset)),
        normalization_(normalization(flags.mean, flags.deviation)) {
    if (!flags.resume.empty()) {
      journal_.emplace(flags.resume,
                       JournalLimits{journal_key(model_checksum(flags.model),
                                                 *data_, normalization_),
                                     data_->size(), classes_.count},
                       lock_request(flags.plan, "evaluate"));
    }
    FramesOptions options;
    options.normalization = normalization_;
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
  void run_floats();
  void run_one();
  void run_virtual(const Cluster&);
  void run_workers();
  // Plans are made and the first frame begins.
  void start(const Prepared* p, const std::string& where);

  const EvaluateFlags& flags_;
  const Graph graph_;
  const std::unique_ptr<Dataset> data_;
  const std::vector<std::string> labels_;
  const Classes classes_;
  const std::optional<Normalization> normalization_;
  std::optional<Journal> journal_;
  std::optional<Frames> frames_;
  std::optional<Progress> progress_;
  int jobs_ = 1;
  EvaluateOutcome outcome_;
};

void Evaluation::start(const Prepared* p, const std::string& where) {
  if (p) outcome_.nodes = nodes_of(p->plan);
  outcome_.where = where;
  progress_.emplace(frames_->resumed());
}

std::string threads(int jobs) {
  return std::to_string(jobs) + (jobs == 1 ? " thread" : " threads");
}

void Evaluation::run_floats() {
  require_flags(EngineKind::kFloat, flags_.plan, flags_.cluster,
                flags_.network);
  start(nullptr, "in floating point, " + threads(jobs_));
  answer_by_floats(graph_, jobs_, *frames_);
}

void Evaluation::run_one() {
  require_flags(EngineKind::kNode, flags_.plan, flags_.network);
  const StorageFlags& storage = flags_.plan.storage;
  if (!storage.store.empty() || !storage.key.empty()) {
    throw Error(Exit::kUsage,
                "--store, --store-key: each thread has a store of its own, "
                "which ends with it",
                "leave them out");
  }
  const Prepared p = prepare(graph_, plan_request(flags_.plan), Images::kNone);
  start(&p, "one node, " + threads(jobs_));
  answer_by_nodes(p, store_settings(flags_.plan, "evaluate", labels_).options,
                  jobs_, *frames_);
}

void Evaluation::run_virtual(const Cluster& cluster) {
  SimOptions network;
  apply(flags_.network, network);
  Prepared p = prepare(graph_, plan_request(flags_.plan, network));
  seal_stores(p, flags_.network.seed, network);
  network.costs = false;
  network.insecure = flags_.cluster.insecure;
  network.first_alone = false;
  start(&p, std::to_string(p.plan.nodes.size()) + " virtual nodes, " +
                threads(jobs_));
  answer_by_clusters(p, cluster, network, jobs_, *frames_);
}

void Evaluation::run_workers() {
  constexpr EngineKind kKind = EngineKind::kWorkers;
  require_flags(kKind, flags_.plan, flags_.network);
  require_flag(kKind, flags_.jobs > 0, {"--jobs", Ability::kThreads});
  WorkerCluster workers(flags_.plan, flags_.cluster);
  const Prepared p = workers.prepare(graph_);
  start(&p, std::to_string(p.plan.nodes.size()) + " workers");
  answer_by_workers(p, workers.coordinator(), workers.transport(), *frames_);
}

void Evaluation::run() {
  if (is_float(graph_)) {
    run_floats();
  } else if (!flags_.cluster.workers.empty()) {
    run_workers();
  } else if (wants_cluster(flags_.plan)) {
    const Cluster cluster = cluster_of(flags_.plan);
    has_addresses(cluster) ? run_workers() : run_virtual(cluster);
  } else {
    run_one();
  }
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
  Evaluation evaluation(flags, load_model(flags.model));
  evaluation.run();
  evaluation.report();
  return 0;
}

}  // namespace shoal
