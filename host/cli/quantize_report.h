// The output of `shoal quantize` at the end.
#pragma once

#include <optional>
#include <string>

#include "host/data/evaluate/evaluate.h"
#include "host/quantize/quantize.h"

namespace shoal {

struct AccuracyPair {
  std::string data;
  Accuracy floats, int8;
};

struct QuantizeOutcome {
  std::string model, output, calibration, ranges;
  int64_t frames = 0, output_bytes = 0;
  double seconds = 0;
  bool pictures = false, plain_pixels = false;
  QuantizeReport report;
  std::optional<AccuracyPair> accuracy;
  std::string note;  // may be empty
};

// Warnings, on stderr: the outputs and layers whose ratio is low, and the joins
// that were changed. The worst first.
void tell_doubts(const QuantizeReport&);
// The first of these that is below; null if none is.
const SnrReport* snr_below(const QuantizeReport&, double db);

void print_quantized(const QuantizeOutcome&);
void print_quantized_json(const QuantizeOutcome&);

}  // namespace shoal
