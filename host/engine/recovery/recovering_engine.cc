#include "host/engine/recovery/recovering_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/base/text_bytes.h"
#include "host/engine/common/frame.h"
#include "host/oracle/golden/checksum.h"
#include "host/plan/file/plan_key.h"
#include "host/plan/types/cluster.h"

namespace shoal {
namespace {

double seconds(uint64_t us) { return static_cast<double>(us) * 1e-6; }

// Requires nodes that take another program when one of them is lost.
void require_other_programs(const WorkerCluster& workers) {
  const size_t nodes = workers.cluster().nodes.size();
  for (size_t n = 0; n < nodes; ++n) {
    const WorkerIdentity& node =
        workers.coordinator().identity(static_cast<int>(n));
    if (!is_built_in(node.facts)) continue;
    throw Error(Exit::kUsage,
                "--on-loss replan needs nodes that take programs, and node " +
                    node.name + " holds the one that it was exported with",
                "--on-loss fail, or wait");
  }
}

}  // namespace

OnLoss on_loss_of(const std::string& name) {
  if (name == "replan") return OnLoss::kReplan;
  return name == "wait" ? OnLoss::kWait : OnLoss::kFail;
}

RecoveringEngine::RecoveringEngine(WorkerCluster& workers, Graph graph,
                                   OnLoss on_loss, bool serves,
                                   uint16_t mirror_every,
                                   std::shared_ptr<FallbackPlans> plans,
                                   const std::string& model)
    : workers_(workers),
      graph_(std::move(graph)),
      on_loss_(on_loss),
      serves_(serves),
      plans_(plans ? std::move(plans)
                   : std::make_shared<FallbackPlans>(
                         graph_, workers.options().config.key)) {
  if (mirror_every > 0 && keeps_variables()) {
    mirror_.emplace(mirror_every, [this](int64_t frames) { renewed(frames); });
  }
  if (mirror_ && !model.empty()) {
    const Net net = planned_net(graph_, workers_.request());
    peer_key_ = sequence_key(model, net);
    peer_bytes_ =
        PeerMirror::arena_bytes(peer_key_, VariableValues(net).bytes(),
                                input_bytes(graph_), mirror_every);
    workers_.reserve(peer_bytes_);
  }
  if (workers_.seats().empty()) {  // for another model of the service
    stuck_ = Error(Exit::kNode, "no node is there");
    return;
  }
  try {
    open();
  } catch (const Error& e) {
    // A node that was never there is a mistake, except for a service, which
    // may begin before its nodes do; one that dies while a plan is sought is a
    // loss.
    const std::optional<int> node = workers_.coordinator().lost();
    if (on_loss_ == OnLoss::kFail || e.code() != Exit::kNode || !node ||
        !(serves_ || workers_.were_connected())) {
      throw;
    }
    // A service waits for nodes when its clients can see that it does; a
    // sequence is looked for on all of them first.
    const bool may_wait = serves_ && !mirror_;
    if (may_wait && on_loss_ == OnLoss::kWait) {
      stuck_ = e;
    } else if (const auto stuck = recover(e, *node)) {
      if (!may_wait || stuck->code() != Exit::kNode) throw Error(*stuck);
      stuck_ = *stuck;
    }
    if (stuck_) loss_us_.reset();
  }
}

void RecoveringEngine::keep_in(const std::string& path,
                               const std::string& model,
                               const LockRequest& request) {
  file_ = std::make_unique<SequenceFile>(
      path, sequence_key(model, prepared_->net), request);
  if (!file_->was_there()) {
    file_->renew(VariableValues(prepared_->net).all());
    workers_.tell(printable(path) + ": a new sequence, from frame 0 on");
    return;
  }
  go_on_with(file_->take_known(), printable(path));
}

std::string RecoveringEngine::sequence_key(const std::string& model,
                                           const Net& net) const {
  const std::string of = model + " " + net_key(net);
  return sha256_hex(bytes_of(of)) + " " + graph_.name;
}

// A node that is lost meanwhile is lost as at any other time.
void RecoveringEngine::keep_at_peers() {
  for (;;) {
    try {
      find_at_peers();
      copy_to_peers();
      return;
    } catch (const Error& e) {
      const std::optional<int> node = workers_.coordinator().lost();
      if (on_loss_ == OnLoss::kFail || e.code() != Exit::kNode || !node) throw;
      if (const auto stuck = recover(e, *node)) throw Error(*stuck);
      if (peers_) return;  // the new epoch has copied it
    }
  }
}

void RecoveringEngine::find_at_peers() {
  auto peers = std::make_unique<PeerMirror>(workers_, peer_key_, peer_bytes_);
  std::optional<KnownSequence> known = peers->find();
  if (known && std::ssize(known->since) > mirror_->every()) {
    throw Error(Exit::kUsage,
                "the sequence that nodes keep has " +
                    format_count(std::ssize(known->since)) +
                    " frames behind its copy, and --state has room for " +
                    std::to_string(mirror_->every()),
                "--state peers with as many frames as before");
  }
  if (known) {
    go_on_with(*std::move(known), "the nodes' copy");
  } else {
    workers_.tell("no node keeps a copy: a new sequence, from frame 0 on");
  }
  peers_ = std::move(peers);
}

// The nodes of this epoch keep the sequence from now on.
void RecoveringEngine::copy_to_peers() {
  if (peers_->is_overtaken()) {
    throw Error(Exit::kUsage,
                fmt::format("another coordinator has gone on with the sequence "
                            "behind frame {}",
                            frames_),
                "start it again: it goes on with the frame that is next in "
                "what its nodes keep");
  }
  const VariableValues initial(prepared_->net);
  const VariableValues& values =
      mirror_->values() ? *mirror_->values() : initial;
  peers_->begin_epoch(covered_, values.all(), inputs_, answered_);
  const bool is_one = workers_.seats().size() == 1;
  workers_.coordinator().log(fmt::format(
      "{} {} the sequence, in {} of {} arena",
      is_one ? "only " + peers_->peers_text() : peers_->peers_text(),
      is_one ? "keeps" : "keep", format_bytes(peer_bytes_),
      is_one ? "its" : "each node's"));
}

void RecoveringEngine::go_on_with(KnownSequence known,
                                  const std::string& where) {
  VariableValues values(prepared_->net);
  if (!values.set_all(known.values)) {
    throw Error(Exit::kCorrupt,
                where + ": it has other variables than the model");
  }
  mirror_->go_on_with(known.frames, std::move(values));
  covered_ = frames_ = known.frames;
  for (SequenceFrame& frame : known.since) {
    if (is_kept(frame.file)) known_[frame.file].frame = frames_;
    inputs_.push_back(std::move(frame));
    ++frames_;
  }
  answered_ = inputs_.size();
  workers_.tell(fmt::format(
      "{}: the sequence goes on with frame {}, from its copy before frame {}",
      where, format_count(frames_), format_count(covered_)));
}

RecoveringEngine::~RecoveringEngine() { workers_.forget_user(this); }

void RecoveringEngine::open() {
  has_begun_ = false;
  if (spares_) spares_->let_go();
  // Clients should soon hear of what a service waits for.
  workers_.connect(source_ ? std::optional(stall_s_) : std::nullopt);
  if (on_loss_ == OnLoss::kReplan) require_other_programs(workers_);
  find_plan();
  engine_ = std::make_unique<WorkersEngine>(
      workers_.coordinator(), workers_.transport(), prepared_,
      mirror_ ? &*mirror_ : nullptr, workers_.options().samples);
  workers_.set_user(this, prepared_->plan);
  if (peers_) copy_to_peers();
  if (!repeats()) return;
  prepare_for_losses();
  prepare_spares();
}

// They are equal nodes' only: with another one the plan is another.
void RecoveringEngine::prepare_spares() {
  if (!workers_.options().holds_spares || workers_.request().given) return;
  std::vector<WorkerAddress> spares;
  for (const WorkerCluster::Seat& s : workers_.absent()) {
    const bool is_lost = workers_.history().is_lost(s.address.address);
    if (s.is_spare && !is_lost && !is_serial(s.address.label) &&
        !is_radio(s.address.label)) {
      spares.push_back(s.address);
    }
  }
  if (spares.empty()) return;
  std::vector<WorkerIdentity> nodes;
  for (size_t i = 0; i < workers_.seats().size(); ++i) {
    nodes.push_back(workers_.coordinator().identity(static_cast<int>(i)));
  }
  if (!spares_) spares_.emplace(workers_.options().config);
  spares_->hold(spares, nodes, prepared_);
}

void RecoveringEngine::find_plan() {
  const PlanRequest& request = workers_.request();
  const bool is_same =
      prepared_ && request_key(prepared_->net, request) == prepared_key_;
  std::optional<Fallback> known;
  if (!request.given && (!is_same || in_haste_)) {
    known = plans_->fallback_for(request);
  }
  if (is_same && !known) {
    if (plans_->made()) in_haste_ = false;  // there is no better one
    return;
  }
  in_haste_ = false;
  Prepared p;
  if (known && prepared_) {
    p.graph = graph_;
    p.net = prepared_->net;
    p.plan = std::move(known->plan);
    p.images = std::move(known->images);
    p.source = PlanSource::kFile;
    p = workers_.use(std::move(p));
  } else {
    p = search();
  }
  prepared_ = std::make_shared<const Prepared>(std::move(p));
  prepared_key_ = request_key(prepared_->net, request);
}

// After a loss the plan that is found soon runs until a better one is there.
Prepared RecoveringEngine::search() {
  std::optional<PlanText> known = plans_->plan_for(workers_.request());
  const bool waits = loss_us_ && !workers_.options().plans_at_hand;
  if (!known && waits && !workers_.request().given && repeats()) {
    try {
      Prepared p = workers_.plan(graph_, {}, kHasteSeconds);
      in_haste_ = true;
      return p;
    } catch (const Error& e) {
      if (e.code() != Exit::kDoesNotFit) throw;  // in that time
    }
  }
  return workers_.plan(graph_, std::move(known));
}

// Without a thread, plans are made for the loss of one of all nodes only: a
// second one comes later than a search would take.
void RecoveringEngine::prepare_for_losses() {
  const WorkerClusterOptions& o = workers_.options();
  const PlanRequest& request = workers_.request();
  if (!in_haste_) plans_->keep(request, prepared_->plan);
  if (on_loss_ != OnLoss::kReplan) return;
  made_us_.reset();
  may_lack_ = o.holds_fallbacks;
  if (!o.plans_at_hand) {
    plans_->begin(request, in_haste_);
  } else if (may_lack_ && workers_.is_whole()) {
    plans_->make(request);
  } else {
    may_lack_ = false;
  }
  if (!may_lack_) return;
  const std::optional<Fallbacks> all = plans_->made();
  if (all && programs_.lacks(workers_, *all)) send(*all);
}

void RecoveringEngine::send(const Fallbacks& all) {
  const uint64_t start = workers_.now_us();
  programs_.send(workers_, *prepared_, all);
  may_lack_ = false;
  const std::string text =
      fmt::format("{}; sent within {:.2f} s", summary_text(fallbacks()),
                  seconds(workers_.now_us() - start));
  workers_.coordinator().log(text);
  workers_.step(RecoveryStep::kHold, text);
  workers_.history().note(text);
}

bool RecoveringEngine::has_programs_to_send(bool is_idle) {
  if (!may_lack_) return false;
  if (!made_us_) {
    const std::optional<Fallbacks> all = plans_->made();
    if (!all) return false;
    may_lack_ = in_haste_ || programs_.lacks(workers_, *all);
    made_us_ = workers_.now_us();
  }
  return may_lack_ &&
         (is_idle || workers_.now_us() - *made_us_ >= kSendWithinUs);
}

void RecoveringEngine::began() {
  if (std::exchange(has_begun_, true)) return;
  if (++epochs_ > 1) tell_of_switch();
  loss_us_.reset();
  for (const std::string& event : std::exchange(untold_, {})) {
    workers_.coordinator().write_logs(event);
  }
}

void RecoveringEngine::tell_of_switch() {
  const size_t nodes = workers_.seats().size();
  std::string text = fmt::format(
      "{} {} ({} B sent) and {}", nodes_text(static_cast<int>(nodes)),
      nodes == 1 ? "has its program" : "have their programs",
      format_count(deployed_bytes(workers_.coordinator(), *prepared_)),
      nodes == 1 ? "runs" : "run");
  if (loss_us_) {
    text += fmt::format(", {:.3f} s after the loss was seen",
                        seconds(workers_.now_us() - *loss_us_));
    note(text);
  }
  workers_.step(RecoveryStep::kSwitch, text);
}

void RecoveringEngine::stream(const Next& next, const Take& take) {
  std::optional<uint64_t> start;
  double took = 0;  // until the last answer
  const Next first_next = [&] {
    if (!start) start = workers_.now_us();
    return next();
  };
  const Take last_take = [&](const Answer& answer) {
    took = seconds(workers_.now_us() - *start);
    take(answer);
  };
  inputs_.clear();
  answered_ = 0;
  covered_ = 0;
  if (mirror_) mirror_->begin_sequence();
  for (;;) {
    try {
      if (!stream_on(first_next, last_take)) {
        open();
        continue;
      }
      seconds_ += took;
      return;
    } catch (const Error& e) {
      const std::optional<int> node = workers_.coordinator().lost();
      if (e.code() != Exit::kNode || ends_with_a_node()) throw;
      if (!node || !repeats()) {
        throw Error(e.code(), frame_text(e.what(), frames_), e.fix());
      }
      if (const auto stuck = recover(e, *node)) {
        throw Error(stuck->code(), frame_text(stuck->what(), frames_),
                    stuck->fix());
      }
    }
  }
}

// Returns false if there are more frames, behind the programs that can be sent.
bool RecoveringEngine::stream_on(const Next& next, const Take& take) {
  begin_again();
  bool sends = false;
  const auto next_input = [&]() -> std::optional<Bytes> {
    began();
    if (given_ == inputs_.size()) {
      if (sends = sends || (repeats() && has_programs_to_send(true)); sends) {
        return std::nullopt;
      }
      std::optional<Bytes> input = next();
      if (!input || !repeats()) return input;
      inputs_.push_back({{}, *std::move(input)});
    }
    return inputs_[given_++].input;
  };
  engine_->stream(next_input,
                  [&](const Answer& answer) { answered(answer, take); });
  return !sends;
}

void RecoveringEngine::begin_again() {
  given_ = 0;
  again_ = answered_;
}

void RecoveringEngine::answered(const Answer& answer, const Take& take) {
  if (again_ > 0) {
    const auto known = known_.find(inputs_[answered_ - again_].file);
    if (known != known_.end()) known->second.output = answer.output;
    --again_;
    ++repeated_;
    return;
  }
  Answer of = answer;
  if (mirror_) {
    if (file_) file_->add(inputs_[answered_]);
    if (peers_) peers_->add(inputs_[answered_]);
    of.frame = frames_;
    ++answered_;
  } else if (!inputs_.empty()) {
    inputs_.pop_front();
    --given_;
  }
  ++frames_;
  failures_ = 0;
  take(of);
}

void RecoveringEngine::renewed(int64_t frames) {
  const auto count = static_cast<size_t>(frames - covered_);
  inputs_.erase(inputs_.begin(),
                inputs_.begin() + static_cast<ptrdiff_t>(count));
  given_ -= count;
  answered_ -= count;
  covered_ = frames;
  if (file_ && frames == file_->end()) file_->renew(mirror_->values()->all());
  if (peers_) peers_->renew(frames, mirror_->values()->all());
}

std::optional<Error> RecoveringEngine::recover(const Error& why, int node) {
  const uint64_t start = workers_.now_us();
  if (!loss_us_) loss_us_ = start;
  if (on_loss_ == OnLoss::kWait) {
    wait_for_return(why.what(), node);
  } else if (std::optional<Error> stuck = replan(why.what(), node)) {
    return stuck;
  }
  if (is_idle()) loss_us_.reset();  // nobody has waited for what comes next
  if (inputs_.empty()) return std::nullopt;
  const std::string what =
      mirror_ ? fmt::format(
                    "the sequence goes on from its copy: frames {} to {} "
                    "are",
                    covered_, covered_ + std::ssize(inputs_) - 1)
              : fmt::format("frame {} is", frames_);
  const std::string again =
      fmt::format("{} run again, {:.2f} s after the loss was seen", what,
                  seconds(workers_.now_us() - start));
  workers_.tell(again);
  workers_.step(RecoveryStep::kRepeat, again);
  note(again);
  return std::nullopt;
}

// More nodes may be lost while the others connect: each is left out in turn.
std::optional<Error> RecoveringEngine::replan(std::string said, int node) {
  for (;;) {
    const size_t left = leave_out(said, node);
    if (left == 0) return Error(Exit::kNode, said + std::string(kNoneLeft));
    workers_.tell(fmt::format("warning: {}; going on with {}", lost_text(said),
                              nodes_text(static_cast<int>(left))));
    try {
      open();
      return std::nullopt;
    } catch (const Error& e) {
      if (e.code() == Exit::kDoesNotFit) {
        return Error(
            Exit::kNode,
            said + ", and those left cannot hold the network: " + e.what(),
            e.fix());
      }
      const std::optional<int> next = workers_.coordinator().lost();
      if (e.code() != Exit::kNode || !next) throw;
      said = e.what();
      node = *next;
    }
  }
}

std::string RecoveringEngine::nodes_text(int count) {
  return fmt::format("{} node{}", count, count == 1 ? "" : "s");
}

std::string RecoveringEngine::lost_text(const std::string& said) const {
  return is_idle() ? said : fmt::format("{}, in frame {}", said, frames_);
}

std::string RecoveringEngine::frame_text(const std::string& what,
                                         int64_t frame) {
  return fmt::format("{}; frame {} has no answer", what, frame);
}

// All nodes are given back, so that others may use them meanwhile.
void RecoveringEngine::wait_for_return(const std::string& said, int node) {
  const std::string text = lost_text(said);
  NodeHistory& history = workers_.history();
  history.lost(workers_.seats()[static_cast<size_t>(node)].address.address,
               text);
  note(said);
  workers_.tell("warning: " + text + "; waiting for it");
  workers_.step(RecoveryStep::kLoss, text);
  if (source_) tell_idle(*source_, text);
  for (;;) {
    try {
      workers_.let_go();
      open();
      history.returned();
      note("all nodes are there again");
      return;
    } catch (const Error& e) {
      if (e.code() != Exit::kNode && e.code() != Exit::kBusy) throw;
      workers_.pause(kLookForNodesUs);
    }
  }
}

size_t RecoveringEngine::leave_out(const std::string& said, int node) {
  const WorkerAddress lost =
      workers_.seats()[static_cast<size_t>(node)].address;
  const uint64_t address = lost.address;
  const std::optional<LostNode> loss = workers_.coordinator().loss();
  cut_.erase(address);
  if (loss && loss->other) {
    cut_[address] =
        workers_.seats()[static_cast<size_t>(*loss->other)].address.address;
  }
  workers_.history().lost(address, lost_text(said));
  programs_.forget(address);
  workers_.step(RecoveryStep::kLoss, lost_text(said));
  if (source_) workers_.returning().lost(address);
  const size_t left = workers_.leave_out(node);
  note(said);
  const std::optional<uint64_t> other = spare();
  if (!other) return left;
  const auto seat = std::ranges::find(
      workers_.absent(), *other,
      [](const WorkerCluster::Seat& s) { return s.address.address; });
  note(seat->address.text() + " takes the place of " + lost.text());
  workers_.take_in_place(*other);
  return left + 1;
}

std::optional<uint64_t> RecoveringEngine::spare() const {
  for (const WorkerCluster::Seat& s : workers_.absent()) {
    if (s.is_spare && !workers_.history().is_lost(s.address.address)) {
      return s.address.address;
    }
  }
  return std::nullopt;
}

void RecoveringEngine::note(const std::string& event) {
  workers_.history().note(event);
  if (untold_.size() == kMostUntold) untold_.erase(untold_.begin());
  untold_.push_back(event);
  if (!source_) return;
  ClusterStatus status;
  complete(status);
  source_->heed(status);
}

EngineReport RecoveringEngine::report() const {
  EngineReport r;
  if (workers_.has_user(this)) r = engine_->report();
  r.frames = r.runs = frames_;
  r.seconds = seconds_;
  if (fallbacks().programs + fallbacks().without_room > 0) {
    r.notes.push_back("fallback " + summary_text(fallbacks()));
  }
  if (mirror_) {
    r.notes.push_back(fmt::format(
        "mirror   {} copies of {} of variables, every {} frames; {} frames "
        "were run again",
        format_count(mirror_->copies()), format_bytes(mirror_->bytes()),
        mirror_->every(), format_count(repeated_)));
  }
  for (const std::string& loss : workers_.history().losses())
    r.notes.push_back("lost     " + loss);
  return r;
}

}  // namespace shoal
