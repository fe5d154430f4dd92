// What `shoal run` prints, wherever the model ran.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/commands.h"
#include "host/model/graph/graph.h"
#include "host/plan/types/plan.h"
#include "host/program/store/file_storage.h"

namespace shoal {

// A node that took part.
struct RanNode {
  std::string name;  // empty: the only one
  std::string board;
  uint32_t arena_bytes = 0;
  size_t stages = 0;
};
std::vector<RanNode> nodes_of(const Plan&);

// What a storage did, of a frame.
struct StorageFigures {
  std::string name;  // of the part that the store is for
  bool sealed = false;
  int64_t read_bytes = 0, written_bytes = 0, reads = 0;
  int64_t erases = 0;  // of blocks
  std::string life;    // what the plan says of it; empty: nothing is written
  int64_t waits = 0;   // times that the node slept
  double wait_s = 0, transfer_s = 0;
};
StorageFigures storage_figures(const FileCounters& before,
                               const FileCounters& after, int frames);

struct RunOutcome {
  std::vector<uint8_t> output;
  double seconds = 0;  // of a frame
  int batch = 1;       // frames that ran together
  double batch_seconds = 0;
  std::string kind = "measured";
  std::string where = "on this computer";
  std::optional<StorageFigures> storage;
};

// Writes --output, prints text or JSON.
void report_run(const RunFlags&, const Graph&, const std::vector<RanNode>&,
                const std::vector<std::string>& labels, const RunOutcome&);

// `run --store` without a model: what was built runs, and nothing is imported
// or planned.
int run_stored(const RunFlags&);

// `run --workers` and `run --cluster`.
int run_on_workers(const RunFlags&, Graph);

}  // namespace shoal
