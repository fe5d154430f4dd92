#include <algorithm>

#include "host/base/error.h"
#include "host/cli/asked.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/cli/run_report.h"
#include "host/cli/run_session.h"
#include "host/cli/store_flags.h"
#include "host/plan/cost/wear.h"
#include "host/program/store/open_store.h"

namespace shoal {
namespace {

void check_node(const RunFlags& flags, const StoreInfo& info) {
  if (info.linked || info.nodes.size() != 1) {
    throw Error(Exit::kUsage,
                flags.plan.storage.store + ": the stores of a cluster of " +
                    std::to_string(info.nodes.size()) + " nodes",
                "one node's is run without its model");
  }
  const std::string& board = flags.plan.board;
  if (board == PlanFlags{}.board || board == info.nodes[0].board) return;
  throw Error(Exit::kUsage,
              flags.plan.storage.store + ": a store for board " +
                  info.nodes[0].board + ", not " + board,
              "leave out --board, or build for that one");
}

// As the plan says, of which a store keeps what this needs.
std::string stored_life(const OpenStore& store, int together) {
  const StoredNode& node = store.node();
  const shoal_spill_area* const area = store.source().spill_area;
  if (area == nullptr) return {};
  PlanNode plan;
  plan.board = node.board;
  plan.storage = node.storage;
  plan.spill_page_bytes = area->erase_bytes;
  plan.spill_pages =
      static_cast<int>(node.storage_written_bytes / area->erase_bytes);
  plan.tape_bytes = store.directory().image_bytes;
  return life_text(plan, together);
}

}  // namespace

int run_stored(const RunFlags& flags) {
  const StorageFlags& s = flags.plan.storage;
  constexpr EngineKind kKind = EngineKind::kStore;
  require_flags(kKind, flags.plan, flags.cluster, flags.network);
  require_flag(kKind, !flags.trace.empty(), {"--trace", Ability::kTrace});
  const std::optional<Normalization> norm =
      normalization(flags.mean, flags.deviation);
  const std::optional<StoreKey> key = key_to_read(s);
  const StoreAccess access =
      access_store(s.store, key, lock_request(flags.plan, "run"));
  const StoreInfo& info = access.info;
  check_node(flags, info);
  std::vector<std::string> labels = read_labels(flags.labels);
  if (labels.empty()) labels = info.labels;
  const std::vector<uint8_t> input = load_input(info.graph, flags.input, norm);
  const OpenStore store(s.store, info, 0, key);
  const StoredNode& node = store.node();
  Session session(info.graph, info.net, store.source(), node.arena_bytes);
  RunOutcome outcome = run_session(flags, session, info.net.frames,
                                   &store.storage(), input, [] {});
  outcome.storage->name = node.storage;
  outcome.storage->sealed = store.source().key != nullptr;
  outcome.storage->life = stored_life(store, info.net.frames);
  report_run(
      flags, info.graph,
      {{"", node.board, node.arena_bytes, static_cast<size_t>(node.stages)}},
      labels, outcome);
  return 0;
}

}  // namespace shoal
