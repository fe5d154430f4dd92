// The nodes of a cluster: from cluster.toml, or so many equal ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/board/board.h"

namespace shoal {

struct ClusterNode {
  std::string name;                   // unique
  std::string address;                // "host:port"; empty: a virtual node
  Board board;                        // with the file's overrides applied
  std::optional<int64_t> ram, flash;  // bytes; ram is of the arena
  // Work a second relative to other nodes: 1 / modelled time of the model's
  // mean layer on its board, or what the file says (or bench-node measured).
  double rating = 1;
  // The arena that a plan may give it: the least of its board's limit, `ram`.
  int64_t arena_budget() const;
  // Where that number comes from: "board teensy41", "--ram", the file's key.
  std::string budget_source;
};

struct Cluster {
  std::vector<ClusterNode> nodes;
};

// `count` nodes node0, node1, ... Throws Error(kUsage).
Cluster uniform_cluster(int count, const Board&, std::optional<int64_t> ram);
// Schema in SPEC.md. Throws Error(kUsage) naming file, key and node: duplicate
// names, two nodes at one address, unknown keys, sizes out of range.
Cluster parse_cluster(const std::string& file, const std::string& toml);

}  // namespace shoal
