// The figures of nodes that share no frame: each computes whole frames alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace shoal {

struct Replica {
  std::string node;
  double latency_s = 0;  // of one frame
  int64_t arena_bytes = 0;
};

struct Replicas {
  std::vector<Replica> nodes;             // that a whole network fits
  std::vector<std::string> does_not_fit;  // the others
  // True if tiles might make other nodes fit; looking for them would take as
  // long as the search for the plan that this is compared with.
  bool without_tiles = false;
};

}  // namespace shoal
