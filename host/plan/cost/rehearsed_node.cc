#include "host/plan/cost/rehearsed_node.h"

#include <algorithm>
#include <utility>

#include "device/program/early.h"
#include "host/plan/cost/time.h"

namespace shoal {
namespace {

// The same limit as in a step of the process.
constexpr int kNodeDatagrams = 8;

}  // namespace

RehearsedStage::RehearsedStage(const Net& net, const PlanNode& node,
                               const PlanStage& stage, const Supply& supply,
                               StageLinks tables)
    : plan(stage),
      record_bytes(entry_record(net, node, stage)),
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

void RehearsedNode::load(const Net& net, const Plan& plan, int number,
                         const std::vector<StreamEdge>& edges,
                         const Supply& supply, const LinkCounts& counts) {
  const PlanNode& node = plan.nodes[number];
  supply_ = supply;
  std::vector<StageLinks> links = node_links(edges, plan, number);
  uint16_t stream = 0, target = 0;
  for (size_t s = 0; s < node.stages.size(); ++s) {
    auto& stage = stages_.emplace_back(std::make_unique<RehearsedStage>(
        net, node, node.stages[s], supply, std::move(links[s])));
    stage->first_stream = stream, stage->first_target = target;
    stream += stage->links.in_streams;
    target += static_cast<uint16_t>(stage->links.targets.size());
  }
  times_.resize(stages_.size());
  open(static_cast<uint16_t>(number), peer_entries(plan, node), counts,
       static_cast<uint32_t>(plan.nodes.size()));
}

const std::vector<PortTimes>& RehearsedNode::times() {
  if (frame_ == kCountedFrame && !stages_.empty()) note_times();
  return times_;
}

// The end of a read wakes it as well, as it wakes a node.
uint64_t RehearsedNode::next_timer_us() const {
  if (!started_) return Link::kNever;
  const uint64_t timer = RehearsedLink::next_timer_us();
  const std::optional<int64_t> arrival =
      record_ps_ ? record_ps_ : at().feed->arrival_ps();
  if (!arrival) return timer;
  constexpr int64_t kPicosPerMicro = kMicrosecond * kPicosPerNano;
  const int64_t us = (*arrival + kPicosPerMicro - 1) / kPicosPerMicro;
  return std::min(timer, static_cast<uint64_t>(us));
}

bool RehearsedNode::step() {
  const bool heard = receive(kNodeDatagrams);
  if (!started_) return heard;
  const bool worked = work();
  link_.send(!worked);
  return heard || worked;
}

void RehearsedNode::settle() {
  if (owed_ == 0) return;
  const Nanos time = std::exchange(owed_, 0);
  port_.spend(time,
              {.doing = owed_for_, .stage = static_cast<uint16_t>(index_)});
}

void RehearsedNode::talk(uint64_t from, uint32_t bytes) {
  say(from, kReplyBytes);
  if (bytes != kStartBytes || started_) return;
  started_ = true;
  begin();
}

int64_t RehearsedNode::now_ps() const { return port_.now() * kPicosPerNano; }

void RehearsedNode::begin() {
  RehearsedStage& s = at();
  s.tokens.reset();
  s.feed->begin();
  open_.resize(s.plan.actors.size());
  wake_all();
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

// Returns the next stage of the frame, if rows may come early to it. A node
// that must read its record knows nothing of it.
RehearsedStage* RehearsedNode::next_with_early() {
  if (index_ + 1 == stages_.size()) return nullptr;
  RehearsedStage& next = *stages_[index_ + 1];
  if (next.record_bytes > 0) return nullptr;
  const auto& all = next.links.streams;
  return std::ranges::any_of(all, comes_early) ? &next : nullptr;
}

void RehearsedNode::note_times() {
  const PortTimes& now = port_.times();
  times_[index_] = {now.slices - before_.slices,
                    now.receiving - before_.receiving,
                    now.sending - before_.sending, now.other - before_.other};
  before_ = now;
}

void RehearsedNode::end() {
  if (frame_ <= kCountedFrame) note_times();
  if (++index_ == stages_.size()) index_ = 0, ++frame_;
  const RehearsedStage& next = at();
  if (next.record_bytes == 0) return begin();
  link_.begin_stage(
      {nullptr, nullptr, 0, 0, next.first_stream, next.first_target});
  record_ps_ = now_ps() + supply_.read_ps(next.record_bytes);
}

// Returns false if the stage's record has not arrived.
bool RehearsedNode::enter() {
  if (now_ps() < *record_ps_) return false;
  record_ps_.reset();
  owe(supply_.check_record_ps(at().record_bytes), Doing::kCheck);
  begin();
  return true;
}

bool RehearsedNode::work() {
  if (record_ps_) return enter();
  StageFeed& feed = *at().feed;
  if (const std::optional<int64_t> took = feed.check(now_ps())) {
    owe(*took, Doing::kCheck);
    wake_all();
    return true;
  }
  if (slice_ == slices_.size() && !pick()) {
    if (!at().tokens.all_done() || feed.arrival_ps()) return false;
    end();
    return true;
  }
  const std::optional<int64_t> took = feed.run(slices_[slice_], now_ps());
  if (!took) return false;
  owe(*took, Doing::kSlice);
  if (++slice_ == slices_.size()) fire(active_);
  return true;
}

void RehearsedNode::owe(int64_t ps, Doing what) {
  owed_ = std::max<Nanos>((ps + kPicosPerNano / 2) / kPicosPerNano, 1);
  owed_for_ = what;
}

bool RehearsedNode::pick() {
  active_ = at().plan.order.empty() ? deepest() : next_of_order();
  if (active_ < 0) return false;
  slices_.clear();
  slice_ = 0;
  at().feed->fire(active_, slices_);
  return true;
}

bool RehearsedNode::can_fire(int actor) const {
  return at().feed->has_sets(actor) && at().tokens.can_fire(actor);
}

int RehearsedNode::deepest() {
  for (; highest_ >= 0; --highest_) {
    if (!open_[highest_]) continue;
    if (can_fire(highest_)) return highest_;
    open_[highest_] = false;
  }
  return -1;
}

int RehearsedNode::next_of_order() {
  const std::vector<PlanRun>& order = at().plan.order;
  if (run_ < order.size() && run_fired_ == order[run_].firings) {
    ++run_;
    run_fired_ = 0;
  }
  if (run_ == order.size()) return -1;
  if (!can_fire(order[run_].actor)) return -1;
  ++run_fired_;
  return order[run_].actor;
}

void RehearsedNode::fire(int process, int firings) {
  if (!at().tokens.fire(process, firings)) {
    process < std::ssize(open_) ? wake(process) : note_rows_at(process);
    return;
  }
  for (const int other : at().tokens.touched(process)) {
    if (other >= 0) wake(other);
  }
}

void RehearsedNode::wake(int process) {
  if (process >= std::ssize(open_)) {
    note_rows_at(process);
    return link_.wake();
  }
  open_[process] = true;
  highest_ = std::max(highest_, process);
}

void RehearsedNode::wake_all() {
  open_.assign(open_.size(), true);
  highest_ = static_cast<int>(open_.size()) - 1;
}

void RehearsedNode::pass(size_t stream, uint32_t bytes) {
  const int process = at().process(stream);
  const StageTokens& tokens = at().tokens;
  const auto rows = std::min(static_cast<int>(bytes / at().row_bytes[stream]),
                             tokens.firings(process));
  const int more = rows - tokens.fired(process);
  if (more > 0) fire(process, more);
}

void RehearsedNode::note_rows_at(int process) {
  const int i = at().stream_at[static_cast<size_t>(process)];
  if (i >= 0) note_rows(static_cast<size_t>(i));
}

void RehearsedNode::note_rows(size_t stream) {
  const RehearsedStage& s = at();
  const StageTokens& tokens = s.tokens;
  const bool comes = stream < s.links.in_streams;
  const int rows = comes ? tokens.rows_free(s.process(stream))
                         : tokens.rows_ready(s.process(stream));
  const uint32_t bytes =
      start_of(stream) + static_cast<uint32_t>(rows) * s.row_bytes[stream];
  if (comes) {
    limits_[stream] = bytes;
    return;
  }
  const StreamRecord& r = s.links.streams[stream];
  std::fill_n(ready_.begin() + r.there, r.targets, bytes);
}

uint32_t RehearsedNode::next_limit(int i) const {
  const auto stream = static_cast<size_t>(i);
  const uint32_t start = frame_ * next_->frame_bytes[stream];
  if (!comes_early(next_->links.streams[stream])) return start;
  const int rows = next_->tokens.rows_free(next_->process(stream));
  return start + static_cast<uint32_t>(rows) * next_->row_bytes[stream];
}

void RehearsedNode::released(uint16_t target, uint32_t offset) {
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

void RehearsedNode::arrived(uint16_t i, uint32_t offset) {
  if (i < at().links.in_streams) pass(i, offset - start_of(i));
}

}  // namespace shoal
