// Frames that run under a plan in memory, judged layer by layer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "host/engine/common/prepare.h"
#include "host/engine/common/trace_collector.h"
#include "host/engine/common/verify.h"
#include "host/engine/local/node_runner.h"
#include "host/engine/local/testing/stored_image.h"
#include "host/program/emit/emit.h"

namespace shoal {

// For a batched net (host/lower/batch.h): the inputs of all its frames one
// after another, a verdict for each of the first oracles.size(). Golden cases
// may be fewer.
inline std::vector<Verification> verify_batch(
    const Prepared& p, std::span<const uint8_t> inputs,
    const std::vector<Values>& oracles,
    const std::vector<std::optional<GoldenCase>>& golden) {
  StoredImage stored(p.images[0]);
  NodeSource source;
  if (reads_storage(p.plan.nodes[0])) source.storage = &stored;
  if (p.plan.nodes[0].layout.head_bytes == 0) source.mapped = p.images[0];
  TraceCollector collector(p.graph, p.net, p.plan);
  NodeRunner runner(p.graph, p.net, source, p.plan.nodes[0].arena_bytes,
                    collector.observer());
  const std::vector<uint8_t> output = runner.run(inputs);
  const auto in = static_cast<size_t>(input_bytes(p.graph));
  const auto out = static_cast<size_t>(output_bytes(p.graph));
  std::vector<Verification> verdicts;
  for (size_t f = 0; f < oracles.size(); ++f) {
    const auto from = output.begin() + static_cast<ptrdiff_t>(f * out);
    verdicts.push_back(judge_frame(
        p.graph, {from, from + static_cast<ptrdiff_t>(out)},
        collector.values(inputs.subspan(f * in, in), static_cast<int>(f)),
        oracles[f], f < golden.size() ? golden[f] : std::nullopt));
  }
  return verdicts;
}

inline Verification verify_frame(const Prepared& p,
                                 std::span<const uint8_t> input,
                                 const Values& oracle,
                                 const std::optional<GoldenCase>& golden) {
  return verify_batch(p, input, {oracle}, {golden})[0];
}

}  // namespace shoal
