#include "host/engine/engine.h"

namespace shoal {

std::vector<EngineNode> engine_nodes(const Plan& plan) {
  std::vector<EngineNode> nodes;
  for (const PlanNode& node : plan.nodes) {
    nodes.push_back({plan.linked ? node.name : "", node.board, node.arena_bytes,
                     node.stages.size()});
  }
  return nodes;
}

FileCounters counted(const FileCounters& before, const FileCounters& after) {
  FileCounters c;
  c.reads = after.reads - before.reads;
  c.read_bytes = after.read_bytes - before.read_bytes;
  c.writes = after.writes - before.writes;
  c.written_bytes = after.written_bytes - before.written_bytes;
  c.erases = after.erases - before.erases;
  c.erased_bytes = after.erased_bytes - before.erased_bytes;
  c.waits = after.waits - before.waits;
  c.wait_s = after.wait_s - before.wait_s;
  c.transfer_s = after.transfer_s - before.transfer_s;
  return c;
}

}  // namespace shoal
