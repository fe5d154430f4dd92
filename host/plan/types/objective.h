// The quantity that a plan minimizes.
#pragma once

#include <cstdint>
#include <string>

namespace shoal {

enum class Objective : uint8_t {
  kLatency,
  kRam,
  kThroughput,
  kEnergy,
  kTraffic,
};

struct ObjectiveName {
  Objective objective;
  const char* name;     // of `--objective`
  const char* meaning;  // for its help
};
// In the order of the enumeration.
inline constexpr ObjectiveName kObjectives[] = {
    {Objective::kLatency, "latency", "least time of a frame"},
    {Objective::kRam, "ram", "smallest largest arena"},
    {Objective::kThroughput, "throughput", "least time from frame to frame"},
    {Objective::kEnergy, "energy", "least of a frame, by all nodes"},
    {Objective::kTraffic, "traffic",
     "fewest bytes of rows between nodes and coordinator"},
};

const char* objective_name(Objective);
// Throws Error(kUsage), which lists the names, for an unknown name.
Objective objective_of(const std::string& name);

}  // namespace shoal
