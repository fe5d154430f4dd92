// A model's folder of the golden set: for each case `x` the input x.in.bin,
// the output x.out.bin and the trace x.layers.tsv.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "host/oracle/golden/trace.h"

namespace shoal {

struct GoldenCase {
  std::string name;
  std::vector<uint8_t> input, output;
  Trace trace;
  // In a sequence, the traces of the listed frames; `trace` covers all of them.
  std::vector<FrameTrace> frames = {};
};

// Throws Error(kUsage) if one of the three files cannot be read.
GoldenCase read_golden_case(const std::filesystem::path& folder,
                            const std::string& name);

}  // namespace shoal
