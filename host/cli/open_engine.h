// From flags to the engine that they ask for, in two steps: what is run is
// known (for inputs, labels and data) before anything is planned or connected.
//
//   EngineOpening opening({.verb = "run", .model = path, .plan = flags.plan});
//   const Bytes input = load_input(opening.graph(), ...);
//   const std::unique_ptr<Engine> engine = opening.open();
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/base/shared_key.h"
#include "host/cli/commands.h"
#include "host/engine/abilities.h"
#include "host/engine/board/board_engine.h"
#include "host/engine/common/prepare.h"
#include "host/engine/engine.h"
#include "host/engine/recovery/worker_cluster.h"
#include "host/engine/virtual/virtual_engine.h"
#include "host/plan/text/plan_table.h"
#include "host/program/store/open_store.h"

namespace shoal {

struct EngineFlags {
  const char* verb;  // for those who wait for what it owns
  std::string model;
  ImportOptions ends = {};
  PlanFlags plan;
  ClusterFlags cluster = {};
  NetworkFlags network = {};
  bool trace = false;   // answers have values
  bool times = false;   // nodes measure what they do
  bool floats = false;  // a float model runs on the oracle
  bool remote = false;  // nodes at addresses run there, else here
  bool jobs = false;    // a number of threads was asked for
  bool energy = false;  // of frames that come so often
  bool serves = false;  // its nodes come and go
  bool stream = false;  // frames are one sequence: states of loops go on
  // The nodes of another model, which run this one, too; null: its own.
  std::shared_ptr<WorkerCluster> workers = nullptr;
  // The most seconds for which a board is emulated.
  std::optional<int> emulated_s = {};
  // Nodes are virtual, and their time counts; what is asked of several besides
  // what the network flags say. None: bytes count.
  std::optional<SimOptions> timed = {};
};

class EngineOpening {
 public:
  // Loads the model, or without one the description of --store. Throws
  // Error(kUsage) for a flag that the engine cannot obey.
  explicit EngineOpening(EngineFlags);

  EngineKind kind() const { return kind_; }
  // Null if the engine has none.
  std::shared_ptr<WorkerCluster> workers() const { return workers_; }
  // Until open(); then the engine has it.
  const Graph& graph() const { return store_ ? store_->info.graph : graph_; }
  // The detection that the outputs are for, if the file says so.
  std::shared_ptr<const DetectionOp> detection() const { return detection_; }
  // The budgets of nodes that the flags describe; none of others.
  Budgets budgets() const;
  // Those of a store; else none.
  std::vector<std::string> labels() const;

  // Once. `labels`: for the stores that are written. The engine must not
  // outlive this.
  std::unique_ptr<Engine> open(const std::vector<std::string>& labels = {});
  // The same in virtual time, for kNode and kVirtual, and for kBoard.
  std::unique_ptr<VirtualEngine> open_virtual();
  std::unique_ptr<BoardEngine> open_board();

 private:
  void open_store();
  void load();
  void set_detection(std::optional<DetectionOp>);
  void check() const;
  std::unique_ptr<Engine> open_workers();

  EngineFlags flags_;
  EngineKind kind_ = EngineKind::kNode;
  Graph graph_;
  std::shared_ptr<const DetectionOp> detection_;
  std::optional<SharedKey> key_;
  std::shared_ptr<const StoreAccess> store_;
  std::shared_ptr<WorkerCluster> workers_;
};

}  // namespace shoal
