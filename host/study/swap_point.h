// One point of the swap study: a network on a board with so much RAM and one
// part as its storage, planned so that every weight streams from it, and, if
// asked, run for one frame in virtual time, with its real bytes.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/board/board.h"
#include "host/engine/virtual/energy.h"
#include "host/lower/net.h"
#include "host/model/graph/graph.h"
#include "host/plan/planner/planner.h"

namespace shoal {

struct SwapSetting {
  std::string network;  // of the zoo: "vgg16"
  std::string board, storage;
  int64_t ram = 0;  // of the arena; 0: all that it takes, nothing streams
  Objective objective = Objective::kLatency;
  bool sealed = false;  // the storage is encrypted
  bool writes = false;  // a frame may spill what it must
  bool run = false;     // besides the plan, one frame
  auto operator<=>(const SwapSetting&) const = default;
};
// "vgg16, stm32h743, 512 KB, sd-4bit, sealed".
std::string describe(const SwapSetting&);

// In a plan, a stage's work while its weights come.
struct SwapStage {
  std::string name;       // its layers, the first to the last
  bool is_dense = false;  // most of its weights are of fully connected layers
  double seconds = 0;
  double core_s = 0;     // arithmetic and the runtime's firings
  double check_s = 0;    // besides
  double storage_s = 0;  // every request of its own
  int64_t macs = 0, read_bytes = 0;
  int64_t layers = 0;  // of the point's, after those of the stages before
  // Returns a time that no plan of this stage's requests and firings can
  // undercut.
  double bound_s() const;
};

struct SwapLayer {
  std::string name;
  int64_t macs = 0, weight_bytes = 0;
  double core_s = 0;  // as the plan fires it
  bool is_dense = false;
};

struct SwapPoint {
  std::string error;       // why there is none; empty: there is one
  bool is_broken = false;  // the error is shoal's own

  int64_t arena_bytes = 0;
  int64_t image_bytes = 0;  // what its store holds of weights
  double seconds = 0;       // modelled; of a run: simulated
  FrameLoad load;
  double years_at_1_fps = 0;  // of the storage; 0: nothing wears out
  std::vector<SwapStage> stages;
  std::vector<SwapLayer> layers;

  // In settings with a run, where `seconds` are the run's.
  double planned_s = 0;
  int64_t waits = 0;
  bool is_equal = false;  // its output is the oracle's
};

// The zoo's networks, each made when it is first asked for, and kept.
class SwapNetworks {
 public:
  struct Network {
    Net net;
    std::vector<bool> is_dense;  // by layer
    int64_t weight_bytes = 0;
    int64_t whole_bytes = 0;  // input and output of the largest operator
  };
  // May be called from several threads.
  const Network& find(const std::string& name);

 private:
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Network>> made_;
};

// Returns the board with so much RAM and this one part. Throws Error(kUsage)
// for unknown names.
Board swap_board(const SwapSetting&);
// Returns a part by its name, whichever board has it.
const Storage& storage_of_any_board(const std::string& name);

// Never throws Error: it becomes the point's.
SwapPoint measure(SwapNetworks&, const SwapSetting&);

}  // namespace shoal
