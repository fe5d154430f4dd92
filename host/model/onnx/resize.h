// Types and functions that the files of Resize and Upsample share. Internal to
// host/model/onnx.
#pragma once

#include <string>
#include <vector>

#include "host/model/onnx/call.h"

namespace shoal::onnx_import {

struct Coordinates {
  std::string mode, nearest;
};

// A result's shape, and how often larger each axis of it is.
struct ResizedTo {
  Shape dims;
  std::vector<double> scales;
};

// Where output element `i` lies among the elements of an axis of the input.
double source_place(const Coordinates&, int out_size, int in_size, double scale,
                    int i);

// How elements are weighted by their distance from a place.
struct Interpolation {
  bool cubic = false;     // else linear
  float a = -0.75f;       // of cubic: cubic_coeff_a
  bool averages = false;  // antialias: smaller results are averages
  bool inside = false;    // exclude_outside: edges are not repeated
};

// Returns x, [1, C, H, W] in the usual order, with rows and columns that are
// weighted sums of its own: the elements of each sum side by side (GATHER),
// times their weights (MUL), added up (DEPTHWISE_CONV_2D). Any places and
// weights can be written so.
Value weighted_sums(OnnxCall&, const Coordinates&, const Interpolation&,
                    Value x, const ResizedTo&);

}  // namespace shoal::onnx_import
