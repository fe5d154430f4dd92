// The part of RecoveringEngine that a service needs: frames come over time, and
// nodes come back.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/engine/recovery/recovering_engine.h"
#include "host/plan/types/cluster.h"

namespace shoal {
namespace {

constexpr int kMostFailures = 3;  // without a lost node

}  // namespace

// The source of an epoch: the frames of the last one that have no answer, then
// those of the service, until a node is there that can be taken in.
class RecoveringEngine::Gate final : public FrameSource {
 public:
  Gate(RecoveringEngine& engine, FrameSource& source, const Take& take)
      : engine_(engine), source_(source), take_(take) {}

  std::optional<Bytes> next() override {
    engine_.began();
    if (engine_.given_ == engine_.inputs_.size()) {
      if (ends() || look_for_programs(false)) return std::nullopt;
      std::optional<SequenceFrame> frame = engine_.next_new(source_, take_);
      if (!frame) {
        look_for_programs(engine_.is_idle());
        return std::nullopt;
      }
      engine_.inputs_.push_back(*std::move(frame));
    }
    return engine_.inputs_[engine_.given_++].input;
  }
  bool ended() const override { return ends() || source_.ended(); }
  bool keeps_nodes() const override { return ends() || source_.keeps_nodes(); }
  int descriptor() const override { return source_.descriptor(); }
  void heed(const ClusterStatus& status) override {
    ClusterStatus all = status;
    engine_.complete(all);
    source_.heed(all);
    engine_.tell_of_spares();
    if (source_.stops() || engine_.ends_with_a_node()) return;
    const std::optional<uint64_t> found = engine_.workers_.returning().found();
    if (found && engine_.reaches_others(*found)) returned_ = found;
  }
  const std::optional<uint64_t>& returned() const { return returned_; }
  // Returns whether the epoch ends, not the service.
  bool ends() const { return returned_ || sends_; }

 private:
  bool look_for_programs(bool is_idle) {
    sends_ =
        sends_ || (!source_.ended() && engine_.has_programs_to_send(is_idle));
    return sends_;
  }

  RecoveringEngine& engine_;
  FrameSource& source_;
  const Take& take_;
  std::optional<uint64_t> returned_;
  bool sends_ = false;
};

void RecoveringEngine::serve(FrameSource& source, const Take& take) {
  if (!mirror_) inputs_.clear();
  source_ = &source;
  if (stuck_) begin_without_nodes(source);
  // One that came back between the turns of two models.
  std::optional<uint64_t> back;
  if (source.shares_nodes()) back = workers_.returning().found();
  look_for_absent();
  for (bool ended = false; !ended;) {
    try {
      begin_again();
      // Another model ran since, or frames of this one.
      if (!workers_.has_user(this) || has_begun_) {
        const std::optional<uint64_t> node = std::exchange(back, {});
        node ? take_in(*node) : open();
      }
      Gate gate(*this, source, take);
      engine_->serve(gate,
                     [&](const Answer& answer) { answered(answer, take); });
      ended = !gate.ends();
      if (gate.returned()) {
        take_in(*gate.returned());
      } else if (!ended) {
        open();
      }
    } catch (const Error& e) {
      if (fails_alone(e, source)) break;
      try {
        go_on_after(e, source);
      } catch (const Error& last) {
        const bool is_interrupted =
            source.stops() && last.code() == Exit::kInternal;
        source.fails(
            is_interrupted
                ? Error(Exit::kBusy,
                        "the service stops, and this frame was not run",
                        "ask the next one")
                : last);
        source_ = nullptr;
        throw;
      }
    }
  }
  source_ = nullptr;
}

// Other models of the service may have found nodes meanwhile.
void RecoveringEngine::begin_without_nodes(FrameSource& source) {
  const Error why = *std::exchange(stuck_, {});
  try {
    if (on_loss_ == OnLoss::kWait) {
      const std::optional<int> node = workers_.coordinator().lost();
      if (node) wait_for_return(why.what(), *node);
      return;
    }
    const bool none = workers_.seats().empty();
    if (none || (!source.shares_nodes() && !opens())) {
      wait_for_nodes(why, source);
    }
  } catch (const Error&) {
    source_ = nullptr;
    throw;
  }
}

bool RecoveringEngine::fails_alone(const Error& why, FrameSource& source) {
  if (why.code() != Exit::kDoesNotFit || !source.shares_nodes() ||
      workers_.is_whole() || mirror_ || on_loss_ != OnLoss::kReplan) {
    return false;
  }
  const Error said(Exit::kNode,
                   "the nodes that are left cannot hold the network: " +
                       std::string(why.what()),
                   why.fix());
  source.fails(said);
  inputs_.clear();
  workers_.tell(std::string("warning: ") + said.what());
  note(said.what());
  workers_.let_go();
  return true;
}

// Returns whether the nodes that are there can hold the network.
bool RecoveringEngine::opens() {
  try {
    open();
    return true;
  } catch (const Error& e) {
    if (e.code() != Exit::kDoesNotFit) throw;
    return false;
  }
}

std::optional<SequenceFrame> RecoveringEngine::next_new(FrameSource& source,
                                                        const Take& take) {
  for (;;) {
    if (!held_.empty()) {
      // Answers are taken in the order in which the frames were given.
      if (again_ > 0 || !is_idle()) return std::nullopt;
      const auto known = known_.extract(held_);
      held_.clear();
      take({known.mapped().output, {}, known.mapped().frame});
    }
    std::optional<Bytes> input = source.next();
    if (!input) return std::nullopt;
    std::string file = file_ ? source.file() : std::string();
    if (!known_.contains(file)) return {{std::move(file), *std::move(input)}};
    held_ = std::move(file);
  }
}

Error RecoveringEngine::sequence_ends(const Error& why) const {
  if (!file_ && !peers_) return sequence_lost(why, frames_);
  return Error(why.code(),
               fmt::format("{}; the sequence stops before frame {}", why.what(),
                           frames_),
               "start it again: it goes on with that frame from " +
                   (file_ ? printable(file_->path()) : "what its nodes keep"));
}

void RecoveringEngine::go_on_after(const Error& why, FrameSource& source) {
  for (std::optional<Error> next = why; next;) {
    const bool waits = is_held(*next);
    stall_s_ = waits ? 0 : kLongestStallS;
    try {
      if (waits) {
        wait_for_holder(*next, source);
      } else {
        go_on_without(*next, source);
      }
      next.reset();
    } catch (const Error& e) {
      const bool is_lost = waits && e.code() == Exit::kNode;
      if (source.stops() || !(is_held(e) || is_lost)) throw;
      next = e;
    }
  }
  stall_s_ = kLongestStallS;
}

// A coordinator that has taken nodes goes on with the sequence that they keep:
// then this one is not waited for any more.
bool RecoveringEngine::is_held(const Error& why) const {
  const bool is_overtaken = peers_ && epochs_ > 0;
  return why.code() == Exit::kBusy && !has_begun_ && !is_overtaken &&
         on_loss_ != OnLoss::kFail;
}

// Frames of a sequence are kept: without them it would be another one.
void RecoveringEngine::wait_for_holder(const Error& why, FrameSource& source) {
  const std::string text = std::string(why.what()) + "; waiting for it";
  // Before frames fail: who asks then for the reason is told.
  source.stands_still(text);
  if (!mirror_) {
    source.fails(why);
    inputs_.clear();
  }
  workers_.tell("warning: " + text);
  workers_.step(RecoveryStep::kWait, text);
  note(text);
  tell_idle(source);
  for (std::optional<Error> held = why; held;) {
    if (source.stops()) throw Error(*held);
    workers_.pause(kLookForNodesUs);
    try {
      open();
      held.reset();
    } catch (const Error& e) {
      if (!is_held(e)) throw;
      held = e;
    }
  }
  source.stands_still("");
  const char* const on = "the nodes are free; going on";
  workers_.tell(on);
  note(on);
  look_for_absent();
}

void RecoveringEngine::tell_idle(FrameSource& source,
                                 const std::string& why) const {
  ClusterStatus now;
  now.waits = why;
  complete(now);
  for (NodeStatus& n : now.nodes) {
    if (n.state == NodePresence::kRuns) n.state = NodePresence::kIdle;
  }
  source.heed(now);
}

void RecoveringEngine::go_on_without(const Error& why, FrameSource& source) {
  const std::optional<int> node = workers_.coordinator().lost();
  if (why.code() != Exit::kNode) throw Error(why);
  if (on_loss_ == OnLoss::kFail) {
    if (is_idle()) throw Error(why);
    throw Error(why.code(), frame_text(why.what(), frames_), why.fix());
  }
  if (ends_with_a_node()) {
    throw sequence_lost(why, frames_, workers_.coordinator(), *prepared_);
  }
  if (node) {
    source.repeats();
    const auto stuck = recover(why, *node);
    // Other models may fit on those left; this one finds when it opens that it
    // does not.
    const bool others = source.shares_nodes() && !workers_.seats().empty();
    if (stuck && !others) wait_for_nodes(*stuck, source);
  } else {
    if (mirror_) throw sequence_ends(why);
    // All nodes answer. The frame may be the reason, so it is not repeated.
    if (++failures_ > kMostFailures) throw Error(why);
    note(why.what());
    source.fails(why);
    inputs_.clear();
    workers_.let_go();
    try {
      open();
    } catch (const Error& e) {
      const std::optional<int> next = workers_.coordinator().lost();
      if (e.code() != Exit::kNode || !next) throw;
      if (const auto stuck = recover(e, *next)) wait_for_nodes(*stuck, source);
    }
  }
  look_for_absent();
}

// A sequence without the frames that fail would be another one.
void RecoveringEngine::wait_for_nodes(const Error& why, FrameSource& source) {
  if (mirror_) throw sequence_ends(why);
  source.stands_still(why.what());
  source.fails(why);
  inputs_.clear();
  std::string text = std::string("warning: ") + why.what();
  if (const int others = source.others(); others > 0) {
    if (text.ends_with(kNoneLeft)) text.resize(text.size() - kNoneLeft.size());
    text += "; going on with " + nodes_text(others);
  } else {
    text += "; waiting for nodes";
  }
  workers_.tell(text);
  workers_.step(RecoveryStep::kWait, why.what());
  tell_idle(source);
  for (;;) {
    look_for_absent();
    std::optional<uint64_t> found;
    while (!(found = workers_.returning().found())) {
      if (source.stops()) throw Error(why);
      workers_.pause(kLookForNodesUs);
    }
    try {
      take_in(*found);
      source.stands_still("");
      return;
    } catch (const Error& e) {
      const std::optional<int> node = workers_.coordinator().lost();
      const bool lost = e.code() == Exit::kNode && node;
      if (!lost && e.code() != Exit::kDoesNotFit) throw;
      if (lost) {
        leave_out(e.what(), *node);
        workers_.let_go();
      }
      note(e.what());
    }
  }
}

// Between two frames: none is under way.
void RecoveringEngine::take_in(uint64_t address) {
  const uint64_t start = workers_.now_us();
  workers_.take_in(address);
  open();
  workers_.history().returned();
  const std::string event =
      fmt::format("node {} is taken in, within {:.2f} s; going on with {}",
                  workers_.history().name(address),
                  static_cast<double>(workers_.now_us() - start) * 1e-6,
                  nodes_text(static_cast<int>(workers_.seats().size()) +
                             (source_ ? source_->others() : 0)));
  workers_.tell(event);
  workers_.step(RecoveryStep::kReturn, event);
  note(event);
  look_for_absent();
}

// A cluster that is whole needs none of those that are absent: they are spares.
void RecoveringEngine::look_for_absent() {
  std::vector<WorkerAddress> wanted;
  if (!workers_.is_whole()) {
    for (const WorkerCluster::Seat& s : workers_.absent()) {
      if (!is_serial(s.address.label) && !is_radio(s.address.label))
        wanted.push_back(s.address);
    }
  }
  workers_.returning().look_for(wanted);
}

// A link that stays cut would make the node lost again.
bool RecoveringEngine::reaches_others(uint64_t address) {
  const auto cut = cut_.find(address);
  if (cut == cut_.end()) return true;
  const auto& seats = workers_.seats();
  const auto is_at = [](uint64_t where) {
    return [where](const WorkerCluster::Seat& s) {
      return s.address.address == where;
    };
  };
  const auto other = std::ranges::find_if(seats, is_at(cut->second));
  const auto node = std::ranges::find_if(workers_.absent(), is_at(address));
  if (other == seats.end() || node == workers_.absent().end()) return true;
  const std::optional<bool> answer = workers_.coordinator().reaches(
      static_cast<int>(other - seats.begin()), node->address);
  if (answer && !*answer) look_for_absent();  // for others meanwhile
  return answer.value_or(false);
}

void RecoveringEngine::tell_of_spares() {
  const std::optional<int> count =
      spares_ ? spares_->take_count() : std::nullopt;
  if (count) note(fmt::format("spares hold {} programs of the plan", *count));
}

void RecoveringEngine::complete(ClusterStatus& status) const {
  const NodeHistory& history = workers_.history();
  const auto& seats = workers_.seats();
  status.nodes.resize(seats.size());
  for (size_t i = 0; i < seats.size(); ++i) {
    status.nodes[i].address = seats[i].address.label;
    history.describe(seats[i].address.address, status.nodes[i]);
    if (workers_.coordinator().is_gone(static_cast<int>(i))) {
      status.nodes[i].state = NodePresence::kLost;
    }
  }
  for (const WorkerCluster::Seat& seat : workers_.absent()) {
    NodeStatus node;
    node.address = seat.address.label;
    node.state = NodePresence::kSpare;
    history.describe(seat.address.address, node);
    status.nodes.push_back(std::move(node));
  }
  history.describe(status);
}

}  // namespace shoal
