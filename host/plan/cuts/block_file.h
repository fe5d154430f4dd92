// One block of a file of cuts: its layers, their cut and the nodes.
#pragma once

#include <string>
#include <vector>

#include "host/base/toml_reader.h"
#include "host/plan/cuts/cut_layer.h"
#include "host/plan/types/segment.h"

namespace shoal {

// How the layers of a block are cut.
struct CutRule {
  CutKind kind = CutKind::kOne;
  std::string strategy;  // instead of a kind
  int rows = 1, columns = 1, parts = 1;
  Crew crew;  // kOne: the node
};

// Reads the keys rows, columns, parts, outputs, inputs, node, strategy, nodes
// and weights. Throws Error(kUsage) unless they say exactly one cut.
CutRule read_cut_rule(TomlReader&, const Cluster&);
// `rule` has rows and columns of the file's picture.
LayerCut apply_rule(const CutRule&, const Net&, int layer);
// Returns whether the operator can be cut as the rule says.
bool takes_rule(const CutRule&, const Layer&);
std::string rule_text(const CutRule&);

// Reads the key `layers`: a number, "a-b", a name, or a list of these.
std::vector<Segment> read_layers(TomlReader&, const Net&);

}  // namespace shoal
