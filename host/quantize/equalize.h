// Cross-layer equalization: where a layer's channels have very different
// ranges, one scale fits none of them. If f(s x) = s f(x) lies between two
// layers, channel c of the first is multiplied by s and the weights of the
// second that read it are divided by s: the same function.
//
// RELU6 has no such f: RELU6(s x) = s RELU_{6/s}(x). Its channels are only
// scaled up, and only so far that the cap at 6 still lies a quarter above
// what calibration saw. Channels that reach the cap stay as they are.
#pragma once

#include <set>
#include <vector>

#include "host/model/graph/graph.h"

namespace shoal {

// Convolution (first), what lies between, layer (second).
struct LayerPair {
  int first = -1, second = -1;  // operators
  int tensor = -1;              // the first one's result
  bool capped = false;          // RELU6
};

// Returns whether f(s x) = s f(x) holds for each channel (the last axis) and
// every s > 0, and the result has the operand's channels.
bool scales_with_operand(const Op&);

// Each tensor in between has one reader, each weight one layer.
std::vector<LayerPair> find_pairs(const Graph&);

// The tensors of all pairs, which `observe` has to watch.
std::set<int> watched_tensors(const std::vector<LayerPair>&);

// `highest`: per tensor, each channel's largest magnitude.
Graph equalize(const Graph&, const std::vector<LayerPair>&,
               const std::vector<std::vector<float>>& highest);

}  // namespace shoal
