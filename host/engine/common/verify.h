// Plan against oracle against golden, layer by layer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/oracle/golden/golden.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {

struct Verification {
  size_t layers = 0;                // compared
  std::optional<Difference> wrong;  // the first one
  std::string between;              // "plan and oracle", "oracle and golden"
};

// Compares every operator's result and the outputs of a frame that ran under a
// plan with the oracle's (run_oracle of the same input), then both with the
// golden case if there is one. `traced`: what a TraceCollector has seen of all
// nodes.
Verification judge_frame(const Graph&, const std::vector<uint8_t>& output,
                         const Values& traced, const Values& oracle,
                         const std::optional<GoldenCase>& golden);

// Returns the case of an input file (`x.in.bin` is case x) in `folder`: a
// model's folder or the root of all of them. Throws Error(kUsage) if there is
// none.
GoldenCase find_golden_case(const std::filesystem::path& folder,
                            const std::string& model,
                            const std::filesystem::path& input);

}  // namespace shoal
