#include "host/engine/engine.h"

#include <algorithm>

#include "host/base/printable.h"
#include "host/engine/frame_source.h"

namespace shoal {

std::vector<EngineNode> engine_nodes(const Plan& plan) {
  std::vector<EngineNode> nodes;
  for (const PlanNode& node : plan.nodes) {
    nodes.push_back({plan.linked ? node.name : "", node.board, node.arena_bytes,
                     node.stages.size()});
    for (const PlanStage& stage : node.stages) {
      nodes.back().segments.push_back(stage.segment);
    }
  }
  return nodes;
}

void Engine::serve(FrameSource& source, const Take& take) {
  for (;;) {
    const bool ended = source.ended();
    if (const std::optional<Bytes> input = source.next()) {
      take({run_frame(*this, *input)});
    } else if (ended) {
      return;
    } else {
      wait_for(source);
    }
  }
}

void run_frames(Engine& engine, const std::vector<Bytes>& inputs, int64_t count,
                const std::function<void(int64_t, const Answer&)>& take) {
  int64_t given = 0, got = 0;
  const auto next = [&]() -> std::optional<Bytes> {
    if (given == count) return std::nullopt;
    return inputs[static_cast<size_t>(given++) % inputs.size()];
  };
  engine.stream(next, [&](const Answer& a) { take(got++, a); });
}

Bytes run_frame(Engine& engine, const Bytes& input) {
  Bytes output;
  run_frames(engine, {input}, 1,
             [&](int64_t, const Answer& a) { output = a.output; });
  return output;
}

Error sequence_lost(const Error& why, int64_t frame,
                    const std::vector<std::string>& variables) {
  constexpr size_t kMostNames = 4;
  std::string names;
  for (size_t i = 0; i < std::min(variables.size(), kMostNames); ++i) {
    names += (i == 0 ? ": " : ", ") + printable(variables[i]);
  }
  if (variables.size() > kMostNames) {
    names +=
        " and " + std::to_string(variables.size() - kMostNames) + " others";
  }
  return Error(why.code(),
               std::string(why.what()) + "; the sequence ends with frame " +
                   std::to_string(frame) +
                   ", whose variables are lost with the node" + names,
               why.fix().empty() ? "run it again from frame 0" : why.fix());
}

FileCounters counted(const FileCounters& before, const FileCounters& after) {
  FileCounters c;
  c.reads = after.reads - before.reads;
  c.read_bytes = after.read_bytes - before.read_bytes;
  c.writes = after.writes - before.writes;
  c.written_bytes = after.written_bytes - before.written_bytes;
  c.erases = after.erases - before.erases;
  c.erased_bytes = after.erased_bytes - before.erased_bytes;
  c.waits = after.waits - before.waits;
  c.wait_s = after.wait_s - before.wait_s;
  c.transfer_s = after.transfer_s - before.transfer_s;
  return c;
}

}  // namespace shoal
