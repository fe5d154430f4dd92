// Calibration frames from what --calibrate names.
#pragma once

#include <memory>
#include <string>

#include "host/cli/commands.h"
#include "host/data/dataset/dataset.h"
#include "host/model/graph/graph.h"
#include "host/quantize/quantize.h"

namespace shoal {

struct CalibrationData {
  Calibration frames;
  std::unique_ptr<Dataset> data;  // none of random and of several in a file
  bool pictures = false;
  // The normalization of pictures, and whether byte = pixel - 128.
  std::optional<Normalization> pixels;
  bool plain_pixels = false;
  std::vector<std::pair<float, float>> input_ranges;
  std::string note;  // for people; may be empty
  // How files of values were taken, for people; may be empty.
  std::string taken;
};

// Pictures, .bin files of float32 values (one file may hold several frames),
// random:SEED, or a file or folder of values for each input. `flags` and
// `graph` must outlive the result. Throws Error.
CalibrationData open_calibration(const Graph& graph, const QuantizeFlags& flags,
                                 const InputOptions& pictures);

// Returns what the flags of --calibrate name, for people.
std::string calibration_title(const QuantizeFlags&);

// Picks `count` items, spread evenly over the labels and over the items of
// each.
std::vector<int64_t> pick_items(const std::vector<int>& labels, int64_t count);

}  // namespace shoal
