// Random clusters and random cuts of a network over them: strategies, files
// of cuts, and cuts made by hand with any borders. All follows from a case,
// and a case is one line of text, so that a failing one can be repeated; its
// numbers are independent of each other, so that it can be shrunk.
#pragma once

#include <cstdint>
#include <string>

#include "host/lower/net.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/types/cluster.h"

namespace shoal {

// kCells: rows x columns x parts, another for each few layers. kColumns: of all
// nodes, in all layers, with halos that are sent. kAuto: none, the planner
// finds them. kTiles: any other's, with runs of layers in tiles.
enum class CutStyle {
  kLayer,
  kKernel,
  kSpatial,
  kFile,
  kByHand,
  kCells,
  kColumns,
  kAuto,
  kTiles
};
inline constexpr int kCutStyles = 9;

struct ClusterCase {
  uint32_t seed = 1;  // of everything that is not below
  int steps = 8;      // of the network (random_net.h)
  int nodes = 3;
  CutStyle style = CutStyle::kSpatial;
  int loss = 0, duplicate = 0, reorder = 0;  // percent
  int jitter = 0;                            // at most, in units of 100 us
  int payload = 1472;                        // of a datagram
  bool secure = false, costs = false, radio = false;
};

// Numbers with commas between; from_text() throws Error(kUsage).
std::string to_text(const ClusterCase&);
ClusterCase from_text(const std::string&);

Cluster random_cluster(const ClusterCase&);
// `toml` gets the file of cuts, if the case has one. Of kAuto: spatial ones.
Cuts random_cuts(const ClusterCase&, const Net&, const Cluster&,
                 std::string& toml);
// Every layer with its boxes, ends and blocks, for people.
std::string describe(const Net&, const Cuts&);

}  // namespace shoal
