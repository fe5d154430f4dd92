#include "host/plan/cost/rehearsal.h"

#include <algorithm>
#include <map>
#include <memory>

#include "host/base/error.h"
#include "host/plan/cost/rehearsed_link.h"
#include "host/plan/cost/rehearsed_node.h"
#include "host/plan/cost/time.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/stream_table.h"
#include "host/world/board_port.h"

namespace shoal {
namespace {

// The same limit as in a step of the coordinator.
constexpr int kCoordinatorDatagrams = 256;
// A rehearsal also ends at a first frame that takes this many times what the
// second one may.
constexpr int kFarBeyond = 3;
// Bytes of the coordinator's request that tells a node its peers.
constexpr uint32_t kPeersBytes = 44, kPeerBytes = 48;
// A full queue may lose a request or its reply; then nodes are asked again.
constexpr uint64_t kRepeatUs = 1'000'000;
// A plan that takes more events has a link that it cannot live with; the time
// until then shows that well enough.
constexpr uint64_t kMostEvents = 20'000'000;

class Host final : public RehearsedLink {
 public:
  Host(Port& port, uint32_t max_payload, uint32_t following, Nanos most)
      : RehearsedLink(port, max_payload), following_(following), most_(most) {}

  void load(const Plan& plan, const std::vector<StreamEdge>& edges) {
    links_ = coordinator_links(edges, plan, kCoordinatorWindow);
    under_way_ = frames_under_way(plan, edges);
    // The first frames that follow still find idle nodes, so they do not count.
    settled_ = kCountedFrame + 1 + (following_ ? under_way_ : 0);
    frames_ = settled_ + following_;
    target_bytes_.resize(links_.targets.size());
    stream_bytes_.resize(links_.streams.size());
    for (const StreamEdge& e : edges) {
      const auto bytes = static_cast<uint32_t>(e.bytes());
      if (e.kind == Owner::kInput) target_bytes_[e.from.number] = bytes;
      if (e.kind == Owner::kOutput) stream_bytes_[e.to.number] = bytes;
    }
    arrived_.resize(stream_bytes_.size());
    const LinkCounts counts = coordinator_counts(links_);
    open(kCoordinator, links_.peers, counts, port_.number());
    link_.begin_stage({links_.streams.data(), links_.targets.data(),
                       static_cast<uint16_t>(counts.stage_streams),
                       static_cast<uint16_t>(counts.targets), 0, 0});
  }
  bool done() const { return finished_ >= frames_; }
  // Returns whether the rehearsal has ended, or takes longer than it may.
  bool is_over() const { return done() || is_beyond(); }
  // Returns the latency of the counted frame. If it has not ended: its time so
  // far if that is too long already, else all time, because too many events
  // have happened.
  Nanos latency() const {
    if (counted_end_ > 0) return counted_end_ - counted_begin_;
    return is_beyond() ? port_.now() - counted_begin_ : port_.now();
  }
  Nanos counted_begin() const { return counted_begin_; }
  Nanos counted_end() const { return counted_end_; }
  // Returns the period of the last frames.
  Nanos period() const {
    if (following_ == 0) return 0;
    // A rehearsal that ended by its events is as slow as it was until then.
    if (!done() && !is_beyond()) return port_.now() / std::max(finished_, 1u);
    return (port_.now() - settled_at_) / following_;
  }

  uint64_t next_timer_us() const override {
    return untold_.empty() ? RehearsedLink::next_timer_us() : repeat_us_;
  }

  // Tells a node its peers and asks it to start. A frame begins once all nodes
  // have replied.
  void start(const Port& node, size_t peers) {
    untold_[node.address()] = static_cast<int>(peers);
    ask(node.address());
  }

  bool step() override {
    receive(kCoordinatorDatagrams);
    if (!untold_.empty()) {
      if (now_us() >= repeat_us_) ask_again();
      return false;
    }
    link_.send(true);
    // Other frames follow the last ones that count, until those have ended.
    const uint32_t all = frames_ + (following_ ? under_way_ : 0);
    if (submitted_ == all || !may_submit()) return false;
    if (submitted_ == kCountedFrame) counted_begin_ = port_.now();
    ++submitted_;
    link_.wake();
    link_.send(true);
    return true;
  }

 private:
  void talk(uint64_t from, uint32_t) override { ask(from); }
  void ask_again() {
    repeat_us_ = now_us() + kRepeatUs;
    for (auto& [node, untold] : untold_) {
      untold = -1;
      say(node, kStartBytes);
    }
  }
  void ask(uint64_t node) {
    const auto at = untold_.find(node);
    if (at == untold_.end()) return;
    int& untold = at->second;
    if (untold < 0) {
      untold_.erase(at);
    } else if (untold == 0) {
      untold = -1;
      say(node, kStartBytes);
    } else {
      const uint32_t room = port_.transport().max_payload - kPeersBytes;
      const int some = std::min(untold, static_cast<int>(room / kPeerBytes));
      untold -= some;
      say(node, kPeersBytes + static_cast<uint32_t>(some) * kPeerBytes);
    }
  }
  // Returns whether the frames that count already take longer than `most_`.
  bool is_beyond() const {
    if (most_ == 0) return false;
    if (following_ == 0) {
      return counted_begin_ > 0 ? port_.now() - counted_begin_ > most_
                                : port_.now() > kFarBeyond * most_;
    }
    return settled_at_ > 0 && port_.now() - settled_at_ > most_ * following_;
  }
  // The counted frame runs alone; those after it follow closely.
  bool may_submit() const {
    const uint32_t most = finished_ > kCountedFrame ? under_way_ : 1;
    return submitted_ - finished_ < most && submitted_ - sent_ < under_way_;
  }
  uint32_t ready(uint16_t target) const override {
    return submitted_ * target_bytes_[target];
  }
  // The coordinator keeps a frame until all nodes have their rows of it, also
  // rows that the result does not wait for.
  void released(uint16_t, uint32_t) override {
    sent_ = submitted_;
    for (size_t t = 0; t < target_bytes_.size(); ++t) {
      const uint32_t bytes = link_.acknowledged(static_cast<uint16_t>(t));
      sent_ = std::min(sent_, bytes / target_bytes_[t]);
    }
  }
  uint32_t limit(uint16_t stream) const override {
    return (finished_ + under_way_) * stream_bytes_[stream];
  }
  void arrived(uint16_t stream, uint32_t offset) override {
    // An output that needs no input may come a frame early.
    arrived_[stream] = offset;
    while (!done() && has_next()) {
      ++finished_;
      if (finished_ == kCountedFrame + 1) counted_end_ = port_.now();
      if (finished_ == settled_) settled_at_ = port_.now();
    }
  }
  bool has_next() const {
    for (size_t i = 0; i < arrived_.size(); ++i) {
      if (arrived_[i] < (finished_ + 1) * stream_bytes_[i]) return false;
    }
    return true;
  }

  CoordinatorLinks links_;
  std::vector<uint32_t> target_bytes_, stream_bytes_;  // of a frame
  std::vector<uint32_t> arrived_;                      // by stream
  const uint32_t following_;
  const Nanos most_;  // period; 0: any
  uint32_t frames_ = 0, settled_ = 0, under_way_ = 0;
  uint32_t submitted_ = 0, sent_ = 0, finished_ = 0;
  // Peers by node, until it has replied that it starts; -1: it was asked to.
  std::map<uint64_t, int> untold_;
  uint64_t repeat_us_ = kRepeatUs;
  Nanos counted_begin_ = 0, counted_end_ = 0, settled_at_ = 0;
};

// Returns the time that the core with the most work computes in a frame.
// Sending, receiving and waiting come on top.
Nanos busiest_core(const Net& net, const std::vector<Supply>& supplies,
                   const Plan& plan) {
  int64_t most = 0;
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    int64_t ps = 0;
    for (const PlanStage& stage : plan.nodes[n].stages) {
      for (const PlanActor& a : stage.actors) {
        const LayerTime t = actor_time(net, stage, a, *supplies[n].board);
        ps += t.compute_ps + t.firing_ps;
      }
    }
    most = std::max(most, ps);
  }
  return most / 1000;
}

// A core's time rules a plan out if it exceeds the limit by one in this many
// parts: slices are rounded, and nodes also work on frames before and after the
// counted ones.
constexpr Nanos kSurePart = 50;

}  // namespace

Rehearsal rehearse(const Net& net, const std::vector<Supply>& supplies,
                   uint32_t max_payload, const Plan& plan, int following,
                   Nanos most, Recorder* recorder) {
  if (most > 0) {
    const Nanos busiest = busiest_core(net, supplies, plan);
    if (busiest > most + most / kSurePart) {
      Rehearsal r;
      r.latency = r.period = busiest;
      return r;
    }
  }
  World world({}, max_payload);
  if (recorder) world.record(recorder);
  const std::vector<StreamEdge> edges = stream_edges(plan);
  const std::vector<LinkCounts> counts = count_links(plan);
  std::vector<LinkModel> links;
  std::vector<std::unique_ptr<RehearsedNode>> nodes;
  for (const Supply& s : supplies) {
    links.push_back(board_link(*s.board));
    Port& port = world.add(links.back(), board_port(*s.board, true));
    nodes.push_back(std::make_unique<RehearsedNode>(port, max_payload));
  }
  Port& port = world.add(coordinator_link(links), {});
  for (size_t n = 0; n < nodes.size(); ++n) {
    nodes[n]->load(net, plan, static_cast<int>(n), edges, supplies[n],
                   counts[n]);
    world.attach(nodes[n]->port(), *nodes[n]);
  }
  Host host(port, max_payload, static_cast<uint32_t>(following), most);
  host.load(plan, edges);
  world.attach(port, host);
  for (size_t n = 0; n < nodes.size(); ++n) {
    if (!nodes[n]->has_part()) continue;
    host.start(nodes[n]->port(), plan.nodes[n].peers.size());
  }
  while (!host.is_over() && world.events().count() < kMostEvents) {
    PlanCancellation::check();
    if (!world.advance()) {
      throw Error(Exit::kInternal, "the plan's first frame never ends");
    }
  }
  Rehearsal r;
  r.latency = host.latency();
  r.period = host.period();
  r.submitted = host.counted_begin();
  r.finished = host.counted_end();
  r.datagrams = host.datagrams();
  for (const auto& node : nodes) {
    r.stages.push_back(node->times());
    r.datagrams += node->datagrams();
  }
  return r;
}

}  // namespace shoal
