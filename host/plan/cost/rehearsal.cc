#include "host/plan/cost/rehearsal.h"

#include <algorithm>
#include <map>
#include <memory>

#include "device/program/early.h"
#include "host/base/error.h"
#include "host/plan/cost/rehearsed_link.h"
#include "host/plan/cost/time.h"
#include "host/plan/tokens/tokens.h"
#include "host/plan/types/deadline.h"
#include "host/plan/types/stream_table.h"
#include "host/world/board_port.h"

namespace shoal {
namespace {

// The same limits as in a step of the process and of the coordinator.
constexpr int kNodeDatagrams = 8, kCoordinatorDatagrams = 256;
// A rehearsal also ends at a first frame that takes this many times what the
// second one may.
constexpr int kFarBeyond = 3;
// The second frame counts, as in virtual time. During the first one credit is
// still under way, and round trips are not known yet.
constexpr uint32_t kCounted = 1;
// Bytes of the coordinator's requests that tell a node its peers and that it
// should start, and of replies (spec/datagrams.md).
constexpr uint32_t kPeersBytes = 44, kPeerBytes = 48;
constexpr uint32_t kStartBytes = 40, kReplyBytes = 36;
// A full queue may lose a request or its reply; then nodes are asked again.
constexpr uint64_t kRepeatUs = 1'000'000;
// A plan that takes more events has a link that it cannot live with; the time
// until then shows that well enough.
constexpr uint64_t kMostEvents = 20'000'000;

// A stage as its node plays it, frame after frame.
struct Stage {
  Stage(const Net& net, const PlanStage& stage, const Supply& supply,
        StageLinks tables)
      : plan(stage),
        links(std::move(tables)),
        tokens(net, stage),
        feed(make_stage_feed(net, stage, supply)) {
    for (const StreamRecord& r : links.streams) {
      const PlanPort& p = stage.ports[r.port];
      const PlanBuffer& b = stage.buffers[p.buffer];
      row_bytes.push_back(static_cast<uint32_t>(
          p.box.columns() * p.box.channels() * b.element_bytes));
      frame_bytes.push_back(row_bytes.back() *
                            static_cast<uint32_t>(p.box.rows()));
    }
    for (size_t i = links.in_streams; i < links.streams.size(); ++i) {
      stream_of.insert(stream_of.end(), links.streams[i].targets, uint16_t(i));
    }
    stream_at.assign(static_cast<size_t>(tokens.processes()), -1);
    for (size_t i = 0; i < links.streams.size(); ++i) {
      stream_at[static_cast<size_t>(process(i))] = static_cast<int>(i);
    }
  }
  int process(size_t stream) const {
    return tokens.process_of(links.streams[stream].port);
  }

  const PlanStage& plan;
  StageLinks links;
  StageTokens tokens;
  std::unique_ptr<StageFeed> feed;
  std::vector<uint32_t> row_bytes, frame_bytes;  // by stream
  std::vector<uint16_t> stream_of;               // by target
  std::vector<int> stream_at;                    // by process; -1: none
  uint16_t first_stream = 0, first_target = 0;
};

class RehearsedNode final : public RehearsedLink {
 public:
  RehearsedNode(Port& port, uint32_t max_payload)
      : RehearsedLink(port, max_payload) {}

  void load(const Net& net, const Plan& plan, int number,
            const std::vector<StreamEdge>& edges, const Supply& supply,
            const LinkCounts& counts) {
    const PlanNode& node = plan.nodes[number];
    std::vector<StageLinks> links = node_links(edges, plan, number);
    uint16_t stream = 0, target = 0;
    for (size_t s = 0; s < node.stages.size(); ++s) {
      auto& stage = stages_.emplace_back(std::make_unique<Stage>(
          net, node.stages[s], supply, std::move(links[s])));
      stage->first_stream = stream, stage->first_target = target;
      stream += stage->links.in_streams;
      target += static_cast<uint16_t>(stage->links.targets.size());
    }
    times_.resize(stages_.size());
    open(static_cast<uint16_t>(number), peer_entries(plan, node), counts,
         static_cast<uint32_t>(plan.nodes.size()));
  }
  bool has_part() const { return !stages_.empty(); }
  uint64_t next_timer_us() const override {
    return started_ ? RehearsedLink::next_timer_us() : Link::kNever;
  }

  // Returns times by stage. The node may not know yet that its last rows have
  // arrived.
  const std::vector<PortTimes>& times() {
    if (frame_ == kCounted && !stages_.empty()) note_times();
    return times_;
  }

  bool step() override {
    const bool heard = receive(kNodeDatagrams);
    if (!started_) return heard;
    const bool worked = work();
    link_.send(!worked);
    return heard || worked;
  }

  void settle() override {
    if (owed_ == 0) return;
    const Nanos time = std::exchange(owed_, 0);
    port_.spend(
        time, {.doing = Doing::kSlice, .stage = static_cast<uint16_t>(index_)});
  }

 private:
  void talk(uint64_t from, uint32_t bytes) override {
    say(from, kReplyBytes);
    if (bytes != kStartBytes || started_) return;
    started_ = true;
    begin();
  }

  Stage& at() { return *stages_[index_]; }
  const Stage& at() const { return *stages_[index_]; }

  void begin() {
    Stage& s = at();
    s.tokens.reset();
    s.feed->begin();
    open_.assign(s.plan.actors.size(), true);
    highest_ = static_cast<int>(open_.size()) - 1;
    run_ = run_fired_ = 0;
    next_ = next_with_early();
    if (next_) next_->tokens.reset();
    link_.begin_stage(
        {s.links.streams.data(), s.links.targets.data(), s.links.in_streams,
         static_cast<uint16_t>(s.links.targets.size()), s.first_stream,
         s.first_target, next_ ? next_->links.streams.data() : nullptr,
         next_ ? next_->links.in_streams : uint16_t{0}});
    ready_.resize(s.stream_of.size());
    limits_.resize(size_t{s.links.in_streams} +
                   (next_ ? next_->links.in_streams : size_t{0}));
    for (size_t i = 0; i < s.links.streams.size(); ++i) note_rows(i);
    for (uint16_t i = 0; next_ && i < next_->links.in_streams; ++i) {
      limits_[size_t{s.links.in_streams} + i] = next_limit(i);
    }
    for (uint16_t i = 0; i < s.links.in_streams; ++i) {
      link_.start_stream(i, start_of(i));
      pass(i, link_.received(i) - start_of(i));
    }
    for (uint16_t i = 0; next_ && i < next_->links.in_streams; ++i) {
      link_.start_stream(static_cast<uint16_t>(s.links.in_streams + i),
                         frame_ * next_->frame_bytes[i]);
    }
    for (uint16_t t = 0; t < s.stream_of.size(); ++t) {
      link_.start_target(t, start_of(s.stream_of[t]));
    }
    link_.wake();
  }

  // Returns the next stage of the frame, if rows may come early to it.
  Stage* next_with_early() {
    if (index_ + 1 == stages_.size()) return nullptr;
    Stage& next = *stages_[index_ + 1];
    const auto& all = next.links.streams;
    return std::ranges::any_of(all, comes_early) ? &next : nullptr;
  }

  void note_times() {
    const PortTimes& now = port_.times();
    times_[index_] = {now.slices - before_.slices,
                      now.receiving - before_.receiving,
                      now.sending - before_.sending, now.other - before_.other};
    before_ = now;
  }

  void end() {
    if (frame_ <= kCounted) note_times();
    if (++index_ == stages_.size()) index_ = 0, ++frame_;
    begin();
  }

  // Runs a slice, or ends the stage.
  bool work() {
    if (slice_ == slices_.size() && !pick()) {
      if (!at().tokens.all_done()) return false;
      end();
      return true;
    }
    const int64_t now = port_.now() * kPicosPerNano;
    const int64_t took = at().feed->run(slices_[slice_++], now) - now;
    owed_ = std::max<Nanos>((took + kPicosPerNano / 2) / kPicosPerNano, 1);
    if (slice_ == slices_.size()) fire(active_);
    return true;
  }

  // Chooses the next firing as the runtime's schedule does.
  bool pick() {
    active_ = at().plan.order.empty() ? deepest() : next_of_order();
    if (active_ < 0) return false;
    slices_.clear();
    slice_ = 0;
    at().feed->fire(active_, slices_);
    return true;
  }

  int deepest() {
    for (; highest_ >= 0; --highest_) {
      if (!open_[highest_]) continue;
      if (at().tokens.can_fire(highest_)) return highest_;
      open_[highest_] = false;
    }
    return -1;
  }

  int next_of_order() {
    const std::vector<PlanRun>& order = at().plan.order;
    if (run_ < order.size() && run_fired_ == order[run_].firings) {
      ++run_;
      run_fired_ = 0;
    }
    if (run_ == order.size()) return -1;
    if (!at().tokens.can_fire(order[run_].actor)) return -1;
    ++run_fired_;
    return order[run_].actor;
  }

  void fire(int process, int firings = 1) {
    const auto actors = static_cast<int>(open_.size());
    const auto wake = [&](int other) {
      if (other >= actors) {
        note_rows_at(other);
        return link_.wake();
      }
      open_[other] = true;
      highest_ = std::max(highest_, other);
    };
    if (!at().tokens.fire(process, firings)) {
      process < actors ? wake(process) : note_rows_at(process);
      return;
    }
    for (const int other : at().tokens.touched(process)) {
      if (other >= 0) wake(other);
    }
  }

  // Passes the rows of the stream's port up to `bytes`.
  void pass(size_t stream, uint32_t bytes) {
    const int process = at().process(stream);
    const StageTokens& tokens = at().tokens;
    const auto rows = std::min(static_cast<int>(bytes / at().row_bytes[stream]),
                               tokens.firings(process));
    const int more = rows - tokens.fired(process);
    if (more > 0) fire(process, more);
  }

  uint32_t start_of(size_t stream) const {
    return frame_ * at().frame_bytes[stream];
  }
  // The link asks far more often than rows come and go, so answers are kept.
  uint32_t ready(uint16_t target) const override { return ready_[target]; }
  uint32_t limit(uint16_t i) const override { return limits_[i]; }
  void note_rows_at(int process) {
    const int i = at().stream_at[static_cast<size_t>(process)];
    if (i >= 0) note_rows(static_cast<size_t>(i));
  }
  void note_rows(size_t i) {
    const Stage& s = at();
    const StageTokens& tokens = s.tokens;
    const bool comes = i < s.links.in_streams;
    const int rows = comes ? tokens.rows_free(s.process(i))
                           : tokens.rows_ready(s.process(i));
    const uint32_t bytes =
        start_of(i) + static_cast<uint32_t>(rows) * s.row_bytes[i];
    if (comes) {
      limits_[i] = bytes;
      return;
    }
    const StreamRecord& r = s.links.streams[i];
    std::fill_n(ready_.begin() + r.there, r.targets, bytes);
  }
  // Returns the end of the room that the stream has when the next stage begins.
  uint32_t next_limit(int i) const {
    const auto stream = static_cast<size_t>(i);
    const uint32_t start = frame_ * next_->frame_bytes[stream];
    if (!comes_early(next_->links.streams[stream])) return start;
    const int rows = next_->tokens.rows_free(next_->process(stream));
    return start + static_cast<uint32_t>(rows) * next_->row_bytes[stream];
  }
  void released(uint16_t target, uint32_t offset) override {
    const uint16_t i = at().stream_of[target];
    const StreamRecord& r = at().links.streams[i];
    uint32_t least = offset - start_of(i);
    for (uint32_t t = r.there; t < uint32_t{r.there} + r.targets; ++t) {
      if (t == target) continue;
      least = std::min(
          least, link_.acknowledged(static_cast<uint16_t>(t)) - start_of(i));
    }
    pass(i, least);
  }
  void arrived(uint16_t i, uint32_t offset) override {
    if (i < at().links.in_streams) pass(i, offset - start_of(i));
  }

  std::vector<std::unique_ptr<Stage>> stages_;
  Stage* next_ = nullptr;         // set if some of its rows may come early
  std::vector<PortTimes> times_;  // of the last frame up to the counted one
  PortTimes before_;              // when the stage began
  bool started_ = false;
  size_t index_ = 0;
  uint32_t frame_ = 0;
  // The firing under way.
  int active_ = -1;
  std::vector<FeedSlice> slices_;
  size_t slice_ = 0;
  Nanos owed_ = 0;  // what the last slice takes
  // Counters of the stage, by target and by in-stream; those of the next stage
  // follow.
  std::vector<uint32_t> ready_, limits_;
  // Actors that may be able to fire; none above `highest_`.
  std::vector<bool> open_;
  int highest_ = -1;
  size_t run_ = 0;  // of a recorded order
  int run_fired_ = 0;
};

class Host final : public RehearsedLink {
 public:
  Host(Port& port, uint32_t max_payload, uint32_t following, Nanos most)
      : RehearsedLink(port, max_payload), following_(following), most_(most) {}

  void load(const Plan& plan, const std::vector<StreamEdge>& edges) {
    links_ = coordinator_links(edges, plan, kCoordinatorWindow);
    under_way_ = frames_under_way(plan, edges);
    // The first frames that follow still find idle nodes, so they do not count.
    settled_ = kCounted + 1 + (following_ ? under_way_ : 0);
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
    if (submitted_ == kCounted) counted_begin_ = port_.now();
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
    const uint32_t most = finished_ > kCounted ? under_way_ : 1;
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
      if (finished_ == kCounted + 1) counted_end_ = port_.now();
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
