// Plan against oracle against golden, layer by layer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/engine/local/prepare.h"
#include "host/oracle/golden/golden.h"
#include "host/oracle/int8/oracle.h"
#include "host/program/store/node_source.h"

namespace shoal {

struct Verification {
  size_t layers = 0;                // compared
  std::optional<Difference> wrong;  // the first one
  std::string between;              // "plan and oracle", "oracle and golden"
};

// Runs one frame under the plan with the tap on; compares every operator's
// result and the outputs with the oracle's (run_oracle of the same input);
// then both with the golden case if there is one.
Verification verify_frame(const Prepared&, std::span<const uint8_t> input,
                          const Values& oracle,
                          const std::optional<GoldenCase>& golden);

// The same for a node that runs from `source` (see local_node.h); no images are
// needed.
Verification verify_frame(const Prepared&, const NodeSource& source,
                          std::span<const uint8_t> input, const Values& oracle,
                          const std::optional<GoldenCase>& golden);

// The same for one frame of a batched net (host/lower/batch.h): the inputs of
// all its frames one after another, a verdict for each of the first
// oracles.size(). Golden cases may be fewer.
std::vector<Verification> verify_batch(
    const Prepared&, std::span<const uint8_t> inputs,
    const std::vector<Values>& oracles,
    const std::vector<std::optional<GoldenCase>>& golden);
std::vector<Verification> verify_batch(
    const Prepared&, const NodeSource& source, std::span<const uint8_t> inputs,
    const std::vector<Values>& oracles,
    const std::vector<std::optional<GoldenCase>>& golden);

// The same for a frame that ran elsewhere: its output, and what a
// TraceCollector has seen of all nodes.
Verification judge_frame(const Graph&, const std::vector<uint8_t>& output,
                         const Values& traced, const Values& oracle,
                         const std::optional<GoldenCase>& golden);

// The case of an input file (`x.in.bin` is case x) in `folder`: a model's
// folder or the root of all of them. Throws Error(kUsage) if there is none.
GoldenCase find_golden_case(const std::filesystem::path& folder,
                            const std::string& model,
                            const std::filesystem::path& input);

}  // namespace shoal
