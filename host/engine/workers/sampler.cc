#include "host/engine/workers/sampler.h"

#include <algorithm>
#include <cstring>

#include "device/agent/session_wire.h"
#include "device/program/image.h"

namespace shoal {
namespace {

// Eight nodes for a minute. More would make a trace that no browser draws.
constexpr size_t kMostSamples = 500'000;

std::vector<uint8_t> meter_request(uint32_t wanted) {
  const MeterRequest request{wanted};
  std::vector<uint8_t> data(sizeof request);
  std::memcpy(data.data(), &request, sizeof request);
  return data;
}

int waker(uint16_t told) {
  if (told == 0) return NodeSample::kUnknown;
  if (told == MeterTimes::kNobody) return NodeSample::kNobody;
  return told == kCoordinator ? NodeSample::kCoordinator : told - 1;
}

// Nodes that do not measure, or were made before they told of the link, have
// no sample.
std::optional<NodeSample> parse_sample(Reply reply,
                                       std::span<const uint8_t> data) {
  MeterAnswer firings;
  MeterTimes times;
  if (reply != Reply::kOk || data.size() != sizeof firings + sizeof times) {
    return std::nullopt;
  }
  std::memcpy(&firings, data.data(), sizeof firings);
  std::memcpy(&times, data.data() + sizeof firings, sizeof times);
  return NodeSample{.compute_us = static_cast<uint32_t>(firings.us),
                    .receive_us = times.receive_us,
                    .send_us = times.send_us,
                    .stage = times.stage,
                    .woken_by = waker(times.woken_by)};
}

}  // namespace

void Sampler::ask_for(Coordinator& coordinator, const Plan& plan) {
  state_ = std::make_shared<State>();
  ended_ = 0;
  state_->nodes.resize(plan.nodes.size());
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    if (plan.nodes[n].stages.empty()) continue;
    coordinator.ask(
        static_cast<int>(n), Request::kMeter, meter_request(1),
        [state = state_, n](Reply reply, std::span<const uint8_t> data) {
          state->nodes[n].measures = parse_sample(reply, data).has_value();
          if (!state->nodes[n].measures) state->run.silent.push_back(n);
        });
  }
}

void Sampler::look(Coordinator& coordinator, uint64_t now) {
  if (state_->run.samples.size() >= kMostSamples) return;
  for (size_t n = 0; n < state_->nodes.size(); ++n) {
    Node& node = state_->nodes[n];
    if (!node.measures || node.is_asked || now < node.due_us) continue;
    node.is_asked = true;
    node.asked_us = now;
    coordinator.ask(
        static_cast<int>(n), Request::kMeter, meter_request(0),
        [state = state_, n, &coordinator](Reply reply,
                                          std::span<const uint8_t> data) {
          Node& of = state->nodes[n];
          of.is_asked = false;
          std::optional<NodeSample> sample = parse_sample(reply, data);
          if (!sample) return;
          sample->node = n;
          sample->asked_us = of.asked_us;
          sample->answered_us = coordinator.now_us();
          of.due_us = sample->answered_us +
                      std::max(kEveryUs, sample->answered_us - of.asked_us);
          state->run.samples.push_back(*sample);
        });
  }
}

bool Sampler::ask_last(Coordinator& coordinator, uint64_t now) {
  look(coordinator, now);
  const std::vector<MeasuredFrame>& frames = state_->run.frames;
  const uint64_t end = frames.empty() ? 0 : frames.back().end_us;
  return std::ranges::none_of(state_->nodes, [&](const Node& node) {
    return node.measures && (node.is_asked || node.asked_us < end);
  });
}

void Sampler::began(uint64_t now) { state_->run.frames.push_back({now, now}); }

void Sampler::ended(uint64_t now) {
  if (ended_ < state_->run.frames.size()) {
    state_->run.frames[ended_++].end_us = now;
  }
}

}  // namespace shoal
