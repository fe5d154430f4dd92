#include "host/cli/open_engine.h"

#include <utility>

#include "host/base/error.h"
#include "host/cli/asked.h"
#include "host/cli/checksums.h"
#include "host/cli/common.h"
#include "host/cli/flags.h"
#include "host/cli/output.h"
#include "host/cli/store_flags.h"
#include "host/cli/worker_flags.h"
#include "host/engine/board/emulator.h"
#include "host/engine/local/float_engine.h"
#include "host/engine/local/node_engine.h"
#include "host/engine/recovery/recovering_engine.h"
#include "host/engine/virtual/store_image.h"
#include "host/model/graph/carried_states.h"
#include "host/model/import/import.h"
#include "host/program/emit/emit.h"

namespace shoal {
namespace {

void check_node(const PlanFlags& flags, const StoreInfo& info) {
  if (info.linked || info.nodes.size() != 1) {
    throw Error(Exit::kUsage,
                flags.storage.store + ": these are the stores of " +
                    std::to_string(info.nodes.size()) +
                    " nodes, which cannot run without their model",
                "give MODEL and --nodes or --cluster too, as for the build");
  }
  if (flags.board == PlanFlags{}.board || flags.board == info.nodes[0].board) {
    return;
  }
  throw Error(Exit::kUsage,
              flags.storage.store + ": the store is for board " +
                  info.nodes[0].board + ", not " + flags.board,
              "leave out --board, or build a store for it");
}

}  // namespace

EngineOpening::EngineOpening(EngineFlags flags) : flags_(std::move(flags)) {
  if (flags_.model.empty()) {
    open_store();
  } else {
    load();
  }
}

void EngineOpening::check() const {
  require_flags(kind_, flags_.plan, flags_.cluster, flags_.network);
  require_flag(kind_, flags_.trace, {"--trace", Ability::kTrace});
  require_flag(kind_, flags_.times, {"--timeline", Ability::kTimes});
  require_flag(kind_, flags_.jobs, {"--jobs", Ability::kThreads});
  require_flag(kind_, flags_.energy, {"--every", Ability::kEnergy});
}

// A built store runs as it is; nothing is imported or planned.
void EngineOpening::open_store() {
  kind_ = EngineKind::kStore;
  check();
  if (flags_.ends.is_asked()) {
    throw Error(Exit::kUsage,
                "--outputs, --inputs, --input-shape, --signature: a store runs "
                "as it was built",
                "leave them out, or give them to `shoal build`");
  }
  const PlanFlags& plan = flags_.plan;
  key_ = key_to_read(plan.storage);
  store_ = std::make_shared<const StoreAccess>(
      access_store(plan.storage.store, key_, lock_request(plan, flags_.verb)));
  check_node(plan, store_->info);
  tell_more("the program was read from the store " + plan.storage.store +
            "; nothing is planned");
  set_detection(store_->info.detection);
}

void EngineOpening::set_detection(std::optional<DetectionOp> op) {
  if (op) detection_ = std::make_shared<const DetectionOp>(*std::move(op));
}

void EngineOpening::load() {
  LoadedModel loaded = load_whole_model(flags_.model, flags_.ends);
  graph_ = flags_.stream ? with_carried_states(std::move(loaded.graph))
                         : std::move(loaded.graph);
  set_detection(std::move(loaded.detection));
  tell_more("the model " + graph_.name +
            " was read: " + std::to_string(graph_.ops.size()) + " operators");
  const bool several = wants_cluster(flags_.plan);
  const bool named = !flags_.cluster.workers.empty();
  if (flags_.emulated_s) {
    kind_ = EngineKind::kBoard;
  } else if (flags_.cluster.own_cluster) {
    kind_ = EngineKind::kBoards;
  } else if (flags_.floats && is_float(graph_)) {
    kind_ = EngineKind::kFloat;  // emulated boards compute with integers
  } else if (flags_.remote &&
             (named || (several && has_addresses(cluster_of(flags_.plan))))) {
    kind_ = EngineKind::kWorkers;
  } else if (several) {
    kind_ = EngineKind::kVirtual;
  }
  check();
  if (kind_ == EngineKind::kWorkers || kind_ == EngineKind::kBoards) {
    workers_ = flags_.workers ? flags_.workers
                              : std::make_shared<WorkerCluster>(worker_cluster(
                                    flags_.plan, flags_.cluster));
  }
}

Budgets EngineOpening::budgets() const {
  if (kind_ == EngineKind::kBoard) {
    return budgets_of(emulated_request(flags_.plan).cluster);
  }
  if (kind_ != EngineKind::kNode && kind_ != EngineKind::kVirtual) return {};
  return budgets_of(plan_request(flags_.plan).cluster);
}

std::vector<std::string> EngineOpening::labels() const {
  return store_ ? store_->info.labels : std::vector<std::string>{};
}

std::unique_ptr<VirtualEngine> EngineOpening::open_virtual() {
  const NetworkFlags& network = flags_.network;
  SimOptions options = flags_.timed.value_or(SimOptions{});
  if (!flags_.timed) options.costs = options.first_alone = false;
  apply(network, options);
  options.insecure = flags_.cluster.insecure;
  PlanRequest request = plan_request(flags_.plan);
  options.max_payload = request.max_payload;
  auto p = std::make_shared<Prepared>(prepare(std::move(graph_), request));
  tell_plan(*p, request);
  std::optional<SharedKey> key;
  if (!p->plan.linked && reads_storage(p->plan.nodes[0])) {
    key = store_settings(flags_.plan, flags_.verb, {}).options.key;
  }
  seal_stores(*p, options.network.seed, options, key);
  return std::make_unique<VirtualEngine>(
      std::move(p), std::move(request.cluster), options, flags_.trace);
}

std::unique_ptr<BoardEngine> EngineOpening::open_board() {
  const PlanRequest request = emulated_request(flags_.plan);
  EmulateOptions options;
  options.board = &find_board(request.node().board.name);
  options.firmware = firmware_folder();
  options.seconds = *flags_.emulated_s;
  if (flags_.plan.cores == 1) options.command = "cores=1";
  auto p =
      std::make_shared<const Prepared>(prepare(std::move(graph_), request));
  tell_plan(*p, request);
  return std::make_unique<BoardEngine>(std::move(p), options, flags_.trace);
}

std::unique_ptr<Engine> EngineOpening::open_workers() {
  const SequenceCopies copies = sequence_copies(flags_.cluster.state);
  if (!flags_.serves) refuse_next_process(copies, flags_.cluster.state);
  const std::string model =
      copies.outlive() ? model_checksum(flags_.model, flags_.ends, graph_) : "";
  auto engine = std::make_unique<RecoveringEngine>(
      *workers_, std::move(graph_), on_loss_of(flags_.cluster.on_loss),
      flags_.serves, copies.every, nullptr, copies.at_peers ? model : "");
  if (!engine->keeps_variables()) return engine;
  if (copies.at_peers) engine->keep_at_peers();
  if (!copies.file.empty()) {
    engine->keep_in(copies.file, model, lock_request(flags_.plan, flags_.verb));
  }
  return engine;
}

std::unique_ptr<Engine> EngineOpening::open(
    const std::vector<std::string>& labels) {
  switch (kind_) {
    case EngineKind::kStore:
      return std::make_unique<StoreEngine>(flags_.plan.storage.store, store_,
                                           key_);
    case EngineKind::kFloat:
      return std::make_unique<FloatEngine>(
          std::make_shared<const Graph>(std::move(graph_)));
    case EngineKind::kWorkers:
    case EngineKind::kBoards:
      return open_workers();
    case EngineKind::kVirtual:
      return open_virtual();
    case EngineKind::kBoard:
      return open_board();
    default:
      break;
  }
  const PlanRequest request = plan_request(flags_.plan);
  auto p = std::make_shared<const Prepared>(
      prepare(std::move(graph_), request, Images::kNone));
  tell_plan(*p, request);
  StoreSettings settings = store_settings(flags_.plan, flags_.verb, labels);
  if (detection_) settings.options.detection = *detection_;
  return node_engine(std::move(p), std::move(settings), flags_.trace);
}

}  // namespace shoal
