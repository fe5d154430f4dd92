#include "host/engine/workers/worker_log.h"

#include <utility>

#include "device/shoal.h"

namespace shoal {
namespace {

constexpr std::chrono::seconds kPause{10};  // from line to line of frames

// Returns whether a count that rises is worth a line: at 1, 2, 4 and so on.
bool has_doubled(uint32_t now, uint32_t before) {
  return now > before && (now & ~before) > before;
}

}  // namespace

WorkerLog::WorkerLog(Tell tell, NameOf name_of)
    : tell_(std::move(tell)), name_of_(std::move(name_of)) {}

void WorkerLog::look(const NodeAgent& agent) {
  if (!tell_) return;
  const AgentCounters& counters = agent.counters();
  if (counters.sessions != sessions_) {
    sessions_ = counters.sessions;
    tell_("the coordinator at " + name_of_(agent.coordinator()) +
          " has connected");
  }
  look_at_state(agent);
  look_at_frames(agent);
  look_at_strangers(counters);
}

void WorkerLog::look_at_frames(const NodeAgent& agent) {
  if (agent.leads() || agent.state() != AgentState::kRunning) return;
  const uint32_t frames = shoal_frames(&agent.node());
  const auto now = std::chrono::steady_clock::now();
  if (frames <= frames_ || now - told_ < kPause) {
    frames_ = frames;
    return;
  }
  frames_ = frames;
  told_ = now;
  tell_(std::to_string(frames) + (frames == 1 ? " frame" : " frames") +
        " done");
}

void WorkerLog::look_at_state(const NodeAgent& agent) {
  const AgentState before = std::exchange(state_, agent.state());
  if (before == state_) return;
  if (before == AgentState::kRunning) {
    tell_("the run has ended");
    frames_ = 0;
    told_ = {};
  }
  switch (state_) {
    case AgentState::kEmpty:
      tell_("there is no program");
      break;
    case AgentState::kDeploying:
      tell_("a program arrives");
      break;
    case AgentState::kReady:
      tell_("a program is ready");
      break;
    case AgentState::kRunning:
      // The last block of a small program and the start are seen at once.
      if (before == AgentState::kEmpty || before == AgentState::kDeploying) {
        tell_("a program is ready");
      }
      tell_("a run begins");
      break;
    case AgentState::kFaulted:
      tell_("error: the program was refused or has stopped");
      break;
  }
}

void WorkerLog::look_at_strangers(const AgentCounters& counters) {
  if (has_doubled(counters.forged, forged_)) {
    tell_("error: datagrams that were not made with this node's key: " +
          std::to_string(counters.forged));
    forged_ = counters.forged;
  }
  if (has_doubled(counters.other_mode, other_mode_)) {
    tell_("error: datagrams of another mode (--key, --identity, --insecure): " +
          std::to_string(counters.other_mode));
    other_mode_ = counters.other_mode;
  }
}

}  // namespace shoal
