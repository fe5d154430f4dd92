#include <mbedtls/sha256.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "device/program/image.h"
#include "host/base/error.h"
#include "host/base/size.h"
#include "host/engine/coordinator/work.h"
#include "host/plan/types/stream_table.h"

namespace shoal {
namespace {

template <typename T>
void append(std::vector<uint8_t>& to, const T& value) {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(&value);
  to.insert(to.end(), bytes, bytes + sizeof value);
}

using Sha256Hash = std::array<uint8_t, 32>;

Sha256Hash hash_of(std::span<const uint8_t> bytes) {
  Sha256Hash hash;
  mbedtls_sha256_ret(bytes.data(), bytes.size(), hash.data(), 0);
  return hash;
}

// Returns the part that is sent: the tape part of a mapped program lies in the
// node's store.
std::span<const uint8_t> program_part(const std::vector<uint8_t>& image) {
  Header h;
  if (image.size() < sizeof h) return image;
  std::memcpy(&h, image.data(), sizeof h);
  const bool whole =
      (h.flags & kImageUnmapped) || h.program_bytes > image.size();
  return whole ? image : std::span(image).first(h.program_bytes);
}

}  // namespace

std::string because(Reply reply) {
  switch (reply) {
    case Reply::kState:
      return "it does something else";
    case Reply::kTooLarge:
      return "there is no room for it";
    case Reply::kHash:
      return "what arrived is not what was sent";
    case Reply::kStorage:
      return "its storage fails";
    case Reply::kProgram:
      return "it refuses the program";
    default:
      return "reply " + std::to_string(static_cast<int>(reply));
  }
}

std::string purpose(Request request) {
  switch (request) {
    case Request::kIdentity:
      return "say which board it is";
    case Request::kNames:
      return "say its name";
    case Request::kBegin:
      return "take a program";
    case Request::kWrite:
      return "take a piece of its program";
    case Request::kEnd:
      return "check its program";
    case Request::kPeers:
      return "take its peers";
    case Request::kStart:
      return "start";
    case Request::kPing:
      return "say how far it is";
    case Request::kStop:
      return "stop";
    case Request::kMeter:
      return "measure a layer";
    case Request::kHeld:
      return "say which programs it holds";
    case Request::kRelay:
      return "ask another node";
    case Request::kVariable:
      return "give or take variables";
    case Request::kKeep:
      return "keep a sequence";
    case Request::kTell:
      return "write to its log";
  }
  return "do what it does not know";
}

void Coordinator::Work::check_fit(int worker) const {
  const Worker& w = *workers_[static_cast<size_t>(worker)];
  const PlanNode& node = prepared_->plan.nodes[static_cast<size_t>(worker)];
  const IdentityAnswer& has = w.identity.facts;
  const auto too_small = [&w](const std::string& what, int64_t needs,
                              int64_t there, const std::string& fix) {
    if (needs <= there) return;
    throw Error(Exit::kDoesNotFit,
                "node " + w.talk.name() + ": " + what + " needs " +
                    format_bytes(needs) + ", it has " + format_bytes(there),
                fix);
  };
  const std::span<const uint8_t> image =
      program_part(prepared_->images[static_cast<size_t>(worker)]);
  const bool is_other = is_built_in(has) &&
                        (has.program_bytes != image.size() ||
                         !std::ranges::equal(hash_of(image), has.program_hash));
  const bool is_trial = is_other && config_.trials;
  if (is_other && !is_trial) {
    throw Error(Exit::kUsage,
                "node " + w.talk.name() +
                    " was exported with another program than this plan's, or "
                    "its flash is damaged",
                "give the model, cluster file and options of its export.json, "
                "or export it again with this version of shoal");
  }
  too_small("the arena", node.arena_bytes, has.arena_bytes,
            "a node with more RAM (`shoal worker --ram`), or more nodes");
  if (is_trial) {
    too_small("the arena, with the program that is tried in it,",
              node.arena_bytes + static_cast<int64_t>(image.size()) + kAlign,
              has.arena_bytes, "");
  }
  if (!is_built_in(has)) {
    too_small("the program", static_cast<int64_t>(image.size()),
              has.program_capacity,
              "a node with more flash (`shoal worker --flash`)");
  }
  if (node.peers.size() > has.max_peers) {
    refuse(w, "it has room for " + std::to_string(has.max_peers) +
                  " peers, the plan has " + std::to_string(node.peers.size()));
  }
  if (has.max_payload != config_.transport->max_payload) {
    refuse(w,
           "its datagrams have " + std::to_string(has.max_payload) +
               " bytes, this end's " +
               std::to_string(config_.transport->max_payload),
           "use the same kind of link for all nodes");
  }
}

void Coordinator::Work::deploy(const Prepared& prepared, Then then,
                               uint64_t successor,
                               const SequenceStart& sequence) {
  const bool held = phase_ == Phase::kDeployed && then_ == Then::kHold;
  if (!(phase_ == Phase::kConnected || held) ||
      prepared.plan.nodes.size() != workers_.size() ||
      prepared.images.size() != workers_.size() || !prepared.plan.linked) {
    throw Error(Exit::kInternal, "this plan is not for these workers");
  }
  prepared_ = &prepared;
  then_ = then;
  successor_ = successor;
  if (sequence.values && !sequence.values->belong_to(prepared.net)) {
    throw Error(Exit::kInternal, "these are the variables of another net");
  }
  sequence_ = sequence;
  phase_ = Phase::kDeploying;
  const auto count = static_cast<int>(workers_.size());
  for (int i = 0; i < count; ++i) {
    Worker& w = *workers_[static_cast<size_t>(i)];
    w.ready = w.running = w.checked = w.sending = false;
    w.next_byte = 0;
    w.used = !prepared.plan.nodes[static_cast<size_t>(i)].stages.empty();
    if (w.used) check_fit(i);
  }
  excuse_own_absence(now());
  for (int i = 0; i < count; ++i) {
    Worker& w = *workers_[static_cast<size_t>(i)];
    if (w.used) {
      begin(i);
    } else {
      w.ready = w.running = w.checked = true;
    }
  }
}

void Coordinator::Work::begin(int worker) {
  Worker& w = *workers_[static_cast<size_t>(worker)];
  const std::span<const uint8_t> image =
      program_part(prepared_->images[static_cast<size_t>(worker)]);
  BeginRequest r{static_cast<uint32_t>(image.size()), {}};
  std::ranges::copy(hash_of(image), r.hash);
  std::vector<uint8_t> data;
  append(data, r);
  w.talk.deploys();
  w.talk.ask(
      Request::kBegin, std::move(data),
      [this, &w, worker](Reply reply, std::span<const uint8_t> answer) {
        HeldAnswer held{};
        if (reply == Reply::kTooLarge && config_.trials) {
          throw Error(
              Exit::kUnsupported,
              "node " + w.talk.name() +
                  ": it runs only the program that it was exported with",
              "export its project again, or use a board that takes programs");
        }
        if (reply != Reply::kOk || answer.size() != sizeof held) {
          refuse(w, "it does not take a program: " + because(reply));
        }
        std::memcpy(&held, answer.data(), sizeof held);
        const std::vector<uint8_t>& image =
            prepared_->images[static_cast<size_t>(worker)];
        if (held.from > program_part(image).size() ||
            (held.from == program_part(image).size() && !held.held)) {
          refuse(w, "it says that it holds more bytes than its program has");
        }
        w.report.held = w.ready = held.held == 1;
        w.report.found = w.next_byte = held.from;
        w.sending = !w.ready;
        tell_progress();
      });
}

void Coordinator::Work::send_program(int worker) {
  Worker& w = *workers_[static_cast<size_t>(worker)];
  const std::span<const uint8_t> image =
      program_part(prepared_->images[static_cast<size_t>(worker)]);
  const uint32_t most = w.talk.write_bytes(w.identity.facts.max_payload);
  while (w.sending && w.talk.write_room()) {
    const uint32_t bytes =
        std::min(most, static_cast<uint32_t>(image.size()) - w.next_byte);
    std::vector<uint8_t> data;
    append(data, w.next_byte);
    const auto from = image.begin() + w.next_byte;
    data.insert(data.end(), from, from + bytes);
    ++w.report.writes;
    w.next_byte += bytes;
    w.talk.ask(
        Request::kWrite, std::move(data),
        [this, &w](Reply reply, std::span<const uint8_t>) {
          if (reply != Reply::kOk) {
            refuse(w, "it refused a piece of its program: " + because(reply));
          }
          tell_progress();
        });
    if (w.next_byte == image.size()) end(worker);
  }
}

void Coordinator::Work::end(int worker) {
  Worker& w = *workers_[static_cast<size_t>(worker)];
  w.sending = false;
  w.talk.ask(Request::kEnd, {},
             [this, &w](Reply reply, std::span<const uint8_t>) {
               if (reply != Reply::kOk) {
                 refuse(w, "it refused its program: " + because(reply));
               }
               w.ready = true;
             });
}

// A node that computes with another program would give other bytes.
void Coordinator::Work::check_held(int worker) {
  Worker& w = *workers_[static_cast<size_t>(worker)];
  w.talk.ask_beside(
      Request::kIdentity, {},
      [this, &w, worker](Reply reply, std::span<const uint8_t> data) {
        IdentityAnswer said{};
        if (reply != Reply::kOk || data.size() < sizeof said) {
          refuse(w, "it does not say which program it holds");
        }
        std::memcpy(&said, data.data(), sizeof said);
        const std::span<const uint8_t> image =
            program_part(prepared_->images[static_cast<size_t>(worker)]);
        if (said.program_bytes != image.size() ||
            !std::ranges::equal(hash_of(image), said.program_hash)) {
          lose(w, Loss::kLying);
          refuse(w, "it says that it has taken its program, and holds another");
        }
        w.checked = true;
      });
}

void Coordinator::Work::tell_progress() {
  if (!config_.progress) return;
  int64_t sent = 0, total = 0;
  for (size_t i = 0; i < workers_.size(); ++i) {
    if (!workers_[i]->used || workers_[i]->report.held) continue;
    sent += workers_[i]->next_byte - workers_[i]->report.found;
    total -= workers_[i]->report.found;
    total += static_cast<int64_t>(program_part(prepared_->images[i]).size());
  }
  config_.progress(sent, total);
}

void Coordinator::Work::draw_secrets() {
  while (epoch_ == 0) {
    uint8_t bytes[sizeof epoch_];
    config_.entropy(bytes);
    std::memcpy(&epoch_, bytes, sizeof epoch_);
  }
  for (int i = 0; i < static_cast<int>(workers_.size()); ++i) {
    for (const PlanPeer& p :
         prepared_->plan.nodes[static_cast<size_t>(i)].peers) {
      const auto [at, fresh] =
          secrets_.try_emplace({std::min(i, p.node), std::max(i, p.node)});
      if (fresh) config_.entropy(at->second);
    }
  }
}

void Coordinator::Work::grant(int worker, uint16_t first) {
  Worker& w = *workers_[static_cast<size_t>(worker)];
  const std::vector<PlanPeer>& peers =
      prepared_->plan.nodes[static_cast<size_t>(worker)].peers;
  if (first == peers.size())
    return start(worker, is_given_values(w) ? kNoTurn : uint16_t{0});
  const size_t room = config_.transport->max_payload - sizeof(SessionHead) -
                      sizeof(RequestHead) - sizeof(PeersRequest) - kTagBytes;
  const auto count = static_cast<uint16_t>(
      std::min(peers.size() - first, room / sizeof(PeerGrant)));
  std::vector<uint8_t> data;
  append(data,
         PeersRequest{epoch_, static_cast<uint16_t>(worker), first, count, 0});
  for (size_t i = first; i < size_t{first} + count; ++i) {
    const int node = peers[i].node;
    PeerGrant g{};
    g.node = node < 0 ? kCoordinator : static_cast<uint16_t>(node);
    if (node >= 0) {
      g.address = workers_[static_cast<size_t>(node)]->talk.address();
    } else {
      g.address = successor_;
    }
    const Secret& secret =
        secrets_.at({std::min(worker, node), std::max(worker, node)});
    std::ranges::copy(secret, g.secret);
    append(data, g);
  }
  w.talk.ask(Request::kPeers, std::move(data),
             [this, &w, worker, next = static_cast<uint16_t>(first + count)](
                 Reply reply, std::span<const uint8_t>) {
               if (reply != Reply::kOk) refuse(w, "it refused its peers");
               grant(worker, next);
             });
}

void Coordinator::Work::start(int worker, uint16_t turn) {
  Worker& w = *workers_[static_cast<size_t>(worker)];
  std::vector<uint8_t> data;
  append(data,
         StartRequest{epoch_, static_cast<uint16_t>(worker),
                      static_cast<uint16_t>(
                          prepared_->plan.nodes[static_cast<size_t>(worker)]
                              .peers.size())});
  Header header;
  const auto& image = prepared_->images[static_cast<size_t>(worker)];
  std::memcpy(&header, image.data(), sizeof header);
  if (header.flags & kStoreSealed) append(data, generation_of(header));
  if (sequence_.every > 0 && keeps_variables(w)) {
    append(data, StartSequence{sequence_.every, turn});
  }
  w.talk.ask(Request::kStart, std::move(data),
             [this, &w, turn](Reply reply, std::span<const uint8_t>) {
               // Why it refuses its program is in the next heartbeat, if there
               // will be one.
               const bool told =
                   reply == Reply::kProgram && then_ == Then::kStart;
               if (reply != Reply::kOk && !told) {
                 refuse(w, "it does not start: " + because(reply));
               }
               if (turn == kNoTurn && reply == Reply::kOk)
                 return give_values(w);
               w.running = true;
             });
}

// Nodes that start before the others give credit at once.
void Coordinator::Work::open_link() {
  const auto edges = stream_edges(prepared_->plan);
  links_ = coordinator_links(edges, prepared_->plan, kCoordinatorWindow);
  frames_ = std::make_unique<FrameStreams>(
      *prepared_, edges, frames_under_way(prepared_->plan, edges));
  for (const PeerEntry& p : links_.peers) {
    shoal_peer peer{};
    peer.address = workers_.at(p.node)->talk.address();
    const Secret& secret = secrets_.at({kCoordinatorNode, p.node});
    data_key(secret.data(), epoch_, kCoordinator, p.node, peer.send_key);
    data_key(secret.data(), epoch_, p.node, kCoordinator, peer.receive_key);
    peers_.push_back(peer);
  }
  const LinkCounts counts = coordinator_counts(links_);
  tables_.resize(link_layout(counts).bytes / sizeof(uint64_t) + 1);
  link_config_ = {config_.transport,
                  peers_.data(),
                  config_.insecure ? &checksum_only() : &chacha20_poly1305(),
                  epoch_,
                  packet_.data(),
                  config_.key_limits.packets,
                  config_.key_limits.us};
  if (link_.open(link_config_, *frames_, kCoordinator, links_.peers.data(),
                 counts,
                 reinterpret_cast<uint8_t*>(tables_.data())) != Status::kOk) {
    throw Error(Exit::kInternal, "the coordinator's link does not open");
  }
  link_.begin_stage({links_.streams.data(), links_.targets.data(),
                     static_cast<uint16_t>(counts.stage_streams),
                     static_cast<uint16_t>(counts.targets), 0, 0});
  for (uint32_t i = 0; i < counts.targets; ++i) {
    link_.start_target(static_cast<uint16_t>(i), 0);
  }
  for (uint32_t i = 0; i < counts.stage_streams; ++i) {
    link_.start_stream(static_cast<uint16_t>(i), 0);
  }
}

// The nodes are left running; another coordinator may have them when their
// leases have run out.
void Coordinator::Work::hand_over() {
  place_.epoch = epoch_;
  links_ = coordinator_links(stream_edges(prepared_->plan), prepared_->plan,
                             kCoordinatorWindow);
  for (const PeerEntry& p : links_.peers) {
    PeerGrant g{};
    g.address = workers_.at(p.node)->talk.address();
    g.node = p.node;
    std::ranges::copy(secrets_.at({kCoordinatorNode, p.node}), g.secret);
    place_.peers.push_back(g);
  }
  phase_ = Phase::kStopped;
}

void Coordinator::Work::advance() {
  const auto count = static_cast<int>(workers_.size());
  const auto all = [this](bool Worker::*flag) {
    return std::ranges::all_of(workers_,
                               [&](const auto& w) { return (*w).*flag; });
  };
  if (phase_ == Phase::kDeploying) {
    for (int i = 0; i < count; ++i) send_program(i);
    if (!all(&Worker::ready)) return;
    phase_ = Phase::kDeployed;
  }
  if (phase_ == Phase::kDeployed && then_ != Then::kHold) {
    phase_ = Phase::kGranting;
    draw_secrets();
    if (then_ != Then::kHandOver) open_link();
    for (int i = 0; i < count; ++i) {
      if (!workers_[static_cast<size_t>(i)]->used) continue;
      check_held(i);
      grant(i, 0);
    }
  }
  if (phase_ != Phase::kGranting || !all(&Worker::running) ||
      !all(&Worker::checked)) {
    return;
  }
  if (then_ == Then::kHandOver) return hand_over();
  for (size_t i = 0; i < workers_.size(); ++i) {
    if (!workers_[i]->used) continue;
    workers_[i]->talk.runs(prepared_->plan.nodes[i].poll_gap_us);
  }
  start_watch();
  phase_ = Phase::kRunning;
}

}  // namespace shoal
