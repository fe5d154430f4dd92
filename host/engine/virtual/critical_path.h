// Why a frame took as long as it did: its critical path, walked back from the
// last output. While a node is busy its work is the reason; when it was woken
// by a datagram, that datagram's way is, and then the sender's work.
//
// The parts of the path add up to the frame's time exactly.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "host/plan/types/plan.h"
#include "host/world/recorder.h"

namespace shoal {

enum class Reason : uint8_t {
  kCompute,    // a slice of `endpoint`
  kFlash,      // the part of a slice that waits for weights from flash
  kDatagrams,  // it sent or received: handling, encryption
  kWire,       // from `endpoint` to `to`
  kTimer,      // it waited until a timer passed
  kStorage,    // it waited for bytes from its storage, or checked them
  kOther,      // it entered a stage
  kWait,       // it waited; for what is not known
};
// "compute", "flash", ...
const char* reason_name(Reason);

// The actor of a slice is not known.
inline constexpr uint16_t kNoActor = 0xFFFF;

// A piece of the path: what one endpoint did, or a datagram's way.
struct PathStep {
  Reason reason{};
  uint32_t endpoint = 0, to = 0;
  uint16_t stage = 0, actor = 0;
  Nanos flash = 0;  // kCompute: of it
  Nanos begin = 0, end = 0;
};

// Returns the steps, the latest first. `endpoint` finished the frame.
std::vector<PathStep> critical_path(const Recorder&, uint32_t endpoint,
                                    Nanos begin, Nanos end);

// The times of slices on the path.
struct SliceTimes {
  std::map<uint32_t, Nanos> endpoints;
  std::map<int, Nanos> segments;  // of the plan
  std::map<int, Nanos> layers;    // of the net; -1: copies
};

// The path's parts, added up by what they are spent on.
struct PathSums {
  Nanos total = 0;
  std::map<Reason, Nanos> by_reason;
  SliceTimes compute, flash;
  std::map<uint32_t, Nanos> datagrams;                  // by endpoint
  std::map<std::pair<uint32_t, uint32_t>, Nanos> wire;  // from, to
};
PathSums sum_up(const std::vector<PathStep>&, const Plan&);

// How long every node waited, by the segment it then worked in.
inline constexpr int kForTheEnd = -1;  // nothing came for it any more
inline constexpr int kForStorage = -2;
struct Wait {
  uint32_t node = 0;
  int segment = 0;  // or one of these
  Nanos time = 0;
};
std::vector<Wait> waits(const Recorder&, const Plan&, Nanos begin, Nanos end);

// One or two sentences that name the bound, with numbers. `names`: of the
// endpoints; `layers`: of the net.
std::string describe(const PathSums&, const std::vector<Wait>&,
                     const std::vector<std::string>& names,
                     const std::vector<std::string>& layers);

}  // namespace shoal
