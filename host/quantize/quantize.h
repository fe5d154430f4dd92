// Post-training quantization: float graph -> int8 graph of the same operators
// with TensorFlow Lite's conventions (int8 activations per tensor, symmetric
// int8 weights per output channel, int32 biases of scale input x weights); or
// with int16 activations, zero point 0 and int64 biases (16x8).
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/model/graph/graph.h"

namespace shoal {

class Team;

enum class RangeMethod : uint8_t { kMinMax, kPercentile, kMse };

struct QuantizeOptions {
  bool int16 = false;  // activations
  RangeMethod ranges = RangeMethod::kMse;
  double percentile = 99.99;  // of kPercentile: values inside the range
  bool bias_correction = true;
  // Channels' scales move between layers (equalize.h); unset: if that lowers
  // the error of the outputs.
  std::optional<bool> equalize = {};
  // The range of each input, if known: for pictures the range of pixels 0..255.
  std::vector<std::pair<float, float>> input_ranges = {};
  // Something behind the model reads its outputs: they stay as they are, even
  // if they join parts of unlike ranges (joins.h).
  bool keep_outputs = false;
};

// Calibration frames: `frame(i)` gives all inputs one after another. Called
// from several threads, again for each pass.
struct Calibration {
  int64_t count = 0;
  std::function<std::vector<float>(int64_t)> frame;
};

// One operator of the graph, for people.
struct LayerReport {
  int op = -1;
  std::string name, kind;         // of its output, of the operator
  float lowest = 0, highest = 0;  // seen
  float scale = 0;
  int zero = 0;
  double clipped = 0;  // share of values outside the int8 range
  double snr_db = 0;   // against float, errors of earlier layers in
};

// A layer, an output, or a part of an input or output whose values are small
// beside the others: what is judged alone, for people.
struct SnrReport {
  std::string what;  // "output 'y'", "layer 'x' (CONV_2D)"
  std::string range;
  double snr_db = 0;
  std::string fix;  // what may help
};

struct QuantizeReport {
  std::vector<LayerReport> layers;
  std::vector<SnrReport>
      judged;  // parts of inputs, outputs and their parts, layers
  std::vector<std::string> notes;  // about joins that were changed
  // In dB, of what a final SOFTMAX or ARG_MAX reads, whose steps say little.
  double output_snr_db = 0;
  std::string output_before;  // that operator's name; empty: there is none
  bool equalized = false;
};

// The frames for a graph with variables are one sequence in their order: each
// is seen with what the one before left. Throws Error(kUnsupported) for
// operators without an int8 form, kUsage for no frames. `progress(done, of)`:
// frames, one call at a time.
Graph quantize(const Graph&, const Calibration&, const QuantizeOptions&,
               QuantizeReport&,
               const std::function<void(int64_t, int64_t)>& progress = {});
// Returns a graph of the same operators and shapes as quantize() makes, as if
// every value had been between -1 and 1. Whether a model can run depends on
// shapes and kinds alone, so lowering this one finds out without a frame.
Graph quantize_unseen(const Graph&, const QuantizeOptions&);
// On all ranks of a team, which share the passes over all frames; the rest is
// rank 0's, and so is the result: elsewhere there is none.
std::optional<Graph> quantize(
    const Graph&, const Calibration&, const QuantizeOptions&, Team&,
    QuantizeReport&,
    const std::function<void(int64_t, int64_t)>& progress = {});

}  // namespace shoal
