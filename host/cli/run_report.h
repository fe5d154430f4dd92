// What `shoal run` prints, wherever the model ran.
#pragma once

#include <string>
#include <vector>

#include "host/cli/commands.h"
#include "host/graph/graph.h"
#include "host/plan/plan.h"

namespace shoal {

struct RunOutcome {
  std::vector<uint8_t> output;
  double seconds = 0;  // of a frame
  std::string kind = "measured";
  std::string where = "on this computer";
};

// Writes --output, prints text or JSON.
void report_run(const RunFlags&, const Graph&, const Plan&,
                const std::vector<std::string>& labels, const RunOutcome&);

// `run --workers` and `run --cluster`.
int run_on_workers(const RunFlags&);

}  // namespace shoal
