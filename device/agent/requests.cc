#include <cstring>

#include "device/agent/agent.h"
#include "device/base/wipe.h"
#include "device/kernels/family_name.h"
#include "device/program/sha256.h"
#include "device/runtime/node.h"

namespace shoal {
namespace {

constexpr uint32_t kBodyAt = sizeof(SessionHead);
constexpr uint32_t kReplyAt = kBodyAt + sizeof(ReplyHead);

constexpr bool changes_state(Request r) {
  return r == Request::kBegin || r == Request::kEnd || r == Request::kPeers ||
         r == Request::kStart || r == Request::kStop || r == Request::kKeep;
}

}  // namespace

void NodeAgent::session(uint64_t from, uint32_t bytes) {
  uint8_t* const packet = config_.packets[0];
  const uint32_t tag = config_.cipher->tag_bytes;
  SessionHead head;
  RequestHead request;
  if (!connected_ || bytes < sizeof head + sizeof request + tag) {
    ++counters_.strangers;
    return;
  }
  std::memcpy(&head, packet, sizeof head);
  const uint32_t body = bytes - kBodyAt - tag;
  if (head.version != kSessionVersion || head.session != keys_.session) {
    ++counters_.strangers;
    return;
  }
  using Opened = ReceivePhases::Opened;
  const Opened opened =
      from_coordinator_.open(*config_.cipher, head, packet, body);
  if (opened != Opened::kOk) {
    ++counters_.strangers;
    ++(opened == Opened::kForged ? counters_.forged : counters_.replayed);
    return;
  }
  renew_lease();
  if (from_coordinator_.newest(head)) coordinator_ = from;
  std::memcpy(&request, packet + kBodyAt, sizeof request);
  // A request that a later step of the same conversation has overtaken is a
  // duplicate of one that has been answered.
  const uint64_t number = session_number(head.phase, head.packet);
  if (number < barrier_) return;
  ++counters_.requests;
  if (changes_state(request.request)) barrier_ = number;
  reply_bytes_ = unsent_bytes_ = 0;
  long_answer_ = false;
  const Reply reply = serve(request.request, packet + kBodyAt + sizeof request,
                            body - static_cast<uint32_t>(sizeof request));
  // The secrets of peers shall not outlive their epoch in a buffer.
  if (request.request == Request::kPeers) {
    wipe(packet, bytes);
  }
  if (reply != Reply::kNotYet) send_reply(request.request, reply, head);
}

Reply NodeAgent::serve(Request request, const uint8_t* data, uint32_t bytes) {
  switch (request) {
    case Request::kIdentity:
      return identity();
    case Request::kNames:
      return names();
    case Request::kBegin:
      return begin(data, bytes);
    case Request::kWrite:
      return write(data, bytes);
    case Request::kEnd:
      return end();
    case Request::kPeers:
      return grant(data, bytes);
    case Request::kStart:
      return start(data, bytes);
    case Request::kPing:
      return ping();
    case Request::kStop: {
      const Reply reply = ping();
      leave();
      end_lease();
      return reply;
    }
    case Request::kMeter:
      return meter(data, bytes);
    case Request::kHeld:
      return held(data, bytes);
    case Request::kRelay:
      return relay(data, bytes);
    case Request::kVariable:
      return variable(data, bytes);
    case Request::kKeep:
      return keep(data, bytes);
    case Request::kTell:
      return tell(data, bytes);
  }
  return Reply::kMalformed;
}

Reply NodeAgent::tell(const uint8_t* text, uint32_t bytes) const {
  LeaderSaid said;
  said.event = LeaderEvent::kTold;
  said.output = text;
  said.output_bytes = bytes;
  if (config_.said) config_.said(config_.said_user, said);
  return Reply::kOk;
}

void NodeAgent::put(const void* data, uint32_t bytes) {
  std::memcpy(answer_packet() + kReplyAt + reply_bytes_, data, bytes);
  reply_bytes_ += bytes;
}

void NodeAgent::send_reply(Request request, Reply reply,
                           const SessionHead& question) {
  uint16_t phase = 0;
  uint32_t number = 0;
  if (!to_coordinator_.next(config_.key_limits, now_us(), phase, number)) {
    return;
  }
  uint8_t* const to = answer_packet();
  const SessionHead head{Kind::kSession, kSessionVersion, phase, keys_.session,
                         number};
  const ReplyHead reply_head{request, reply, question.phase, question.packet};
  std::memcpy(to, &head, sizeof head);
  std::memcpy(to + kBodyAt, &reply_head, sizeof reply_head);
  const uint32_t body = static_cast<uint32_t>(sizeof reply_head) + reply_bytes_;
  if (config_.cipher->seal(to_coordinator_.key(), session_nonce(head.packet),
                           to, sizeof head, to + kBodyAt, body) != 0) {
    return;
  }
  unsent_bytes_ = kBodyAt + body + config_.cipher->tag_bytes;
  send_unsent();
}

// Rows may fill the transport for as long as a frame takes; an answer that
// gave way to them would make a busy node a silent one.
void NodeAgent::send_unsent() {
  if (unsent_bytes_ == 0) return;
  const shoal_transport& t = *config_.transport;
  // A long one is lost with the next datagram, and asked for again.
  if (t.send(t.user, coordinator_, answer_packet(), unsent_bytes_) == 0 ||
      long_answer_) {
    unsent_bytes_ = 0;
  }
}

Reply NodeAgent::identity() {
  IdentityAnswer a{};
  a.arena_bytes = config_.arena_bytes;
  a.program_capacity = config_.program_capacity;
  a.max_payload = static_cast<uint16_t>(config_.transport->max_payload);
  a.max_peers = config_.max_peers;
  a.poll_gap_us = config_.poll_gap_us;
  a.program_bytes = held_bytes();
  if (a.program_bytes != 0) {
    std::memcpy(a.program_hash, program_hash_, sizeof a.program_hash);
  }
  put(&a, sizeof a);
  const uint32_t more = (config_.seals_programs ? kWantsSealed : 0) |
                        (config_.one_core ? kOneCore : 0);
  if (more != 0) put(&more, sizeof more);
  return Reply::kOk;
}

Reply NodeAgent::names() {
  kept_ = true;
  NamesAnswer a{};
  a.name_bytes = static_cast<uint8_t>(std::strlen(config_.name));
  a.board_bytes = static_cast<uint8_t>(std::strlen(config_.board));
  std::memcpy(a.name, config_.name, a.name_bytes);
  std::memcpy(a.board, config_.board, a.board_bytes);
  put(&a, sizeof a);
  return Reply::kOk;
}

uint32_t NodeAgent::held_bytes() const {
  const bool whole =
      state_ != AgentState::kEmpty && state_ != AgentState::kDeploying;
  return whole ? program_bytes_ : 0;
}

Reply NodeAgent::relay(const uint8_t* data, uint32_t bytes) {
  RelayRequest r;
  if (!take(data, bytes, r) || bytes == 0 || bytes > sizeof(KeyHello) ||
      data[0] != static_cast<uint8_t>(Kind::kHello)) {
    return Reply::kMalformed;
  }
  const shoal_transport& t = *config_.transport;
  relayed_ = t.send(t.user, r.address, data, bytes) == 0;
  return Reply::kOk;
}

// Memory has one program: the next one takes its place.
Reply NodeAgent::held(const uint8_t* data, uint32_t bytes) {
  HeldRequest r;
  if (!take(data, bytes, r) || bytes != 0) return Reply::kMalformed;
  HeldPrograms h{};
  static_assert(kReplyAt + sizeof h + kTagBytes <= kLeastPayload);
  if (config_.programs) {
    config_.programs->tell(r.index, h);
  } else {
    const uint32_t held = held_bytes();
    h.storage_bytes = config_.program_capacity;
    h.free_bytes = held == 0 ? h.storage_bytes : 0;
    h.programs = held != 0;
    if (r.index < h.programs) {
      h.program_bytes = held;
      std::memcpy(h.program_hash, program_hash_, sizeof h.program_hash);
    }
  }
  put(&h, sizeof h);
  return Reply::kOk;
}

Reply NodeAgent::begin(const uint8_t* data, uint32_t bytes) {
  BeginRequest r;
  if (!take(data, bytes, r) || r.program_bytes < sizeof(Header)) {
    return Reply::kMalformed;
  }
  if (state_ == AgentState::kRunning) return Reply::kState;
  const auto is_held = [&] {
    return program_bytes_ == r.program_bytes &&
           equal_bytes(program_hash_, r.hash, sizeof r.hash);
  };
  bool same = is_held();
  if (trial_ && !same) {
    leave();
    same = is_held();
  }
  const bool is_built_in = config_.built_in && !trial_ && same;
  if (!is_built_in && r.program_bytes > room()) return Reply::kTooLarge;
  const bool whole = !trial_ && (state_ == AgentState::kReady ||
                                 state_ == AgentState::kFaulted);
  HeldAnswer held{same && whole ? 1u : 0u, 0};
  if (state_ != AgentState::kDeploying || !same) leave();
  if (config_.programs) {
    if (config_.programs->begin(r.program_bytes, r.hash, held.from) !=
        Status::kOk) {
      return Reply::kStorage;
    }
    held.held = held.from == r.program_bytes;
    if (held.held) hold_stored();
  }
  if (!held.held) {
    state_ = AgentState::kDeploying;
    trial_ = config_.built_in != nullptr;
    if (trial_) keep_blocks_ = 0;
    program_bytes_ = r.program_bytes;
    std::memcpy(program_hash_, r.hash, sizeof r.hash);
  }
  put(&held, sizeof held);
  return Reply::kOk;
}

Reply NodeAgent::write(const uint8_t* data, uint32_t bytes) {
  uint32_t offset = 0;
  if (!take(data, bytes, offset)) return Reply::kMalformed;
  if (state_ != AgentState::kDeploying) return Reply::kState;
  if (offset > program_bytes_ || bytes > program_bytes_ - offset) {
    return Reply::kMalformed;
  }
  ++counters_.writes;
  if (config_.programs) {
    const Status status = config_.programs->write(offset, data, bytes);
    return status == Status::kOk     ? Reply::kOk
           : status == Status::kWait ? Reply::kNotYet
                                     : Reply::kStorage;
  }
  std::memcpy(memory() + offset, data, bytes);
  return Reply::kOk;
}

Reply NodeAgent::end() {
  if (state_ == AgentState::kReady) return Reply::kOk;
  if (state_ != AgentState::kDeploying) return Reply::kState;
  if (config_.programs) {
    const Status status = config_.programs->end();
    if (status == Status::kOk) hold_stored();
    return status == Status::kOk        ? Reply::kOk
           : status == Status::kWait    ? Reply::kNotYet
           : status == Status::kBadHash ? Reply::kHash
                                        : Reply::kStorage;
  }
  uint8_t hash[32];
  Sha256 sha;
  sha.add(program(), program_bytes_);
  if (!sha.finish(hash) || !equal_bytes(hash, program_hash_, sizeof hash)) {
    return Reply::kHash;
  }
  state_ = AgentState::kReady;
  return Reply::kOk;
}

Reply NodeAgent::grant(const uint8_t* data, uint32_t bytes) {
  PeersRequest r;
  if (!take(data, bytes, r) || r.reserved != 0 ||
      bytes != r.count * sizeof(PeerGrant)) {
    return Reply::kMalformed;
  }
  if (state_ != AgentState::kReady) return Reply::kState;
  if (r.epoch != epoch_) forget_peers();
  epoch_ = r.epoch;
  if (r.first > peers_known_) return Reply::kState;
  if (r.first + r.count > config_.max_peers) return Reply::kTooLarge;
  for (uint16_t i = 0; i < r.count; ++i) {
    PeerGrant g{};
    static_cast<void>(take(data, bytes, g));
    shoal_peer& peer = config_.peers[r.first + i];
    // The coordinator need not know how it is seen from here, if it does not
    // name another node for its place.
    const bool asker = g.node == kCoordinator && g.address == 0;
    peer.address = asker ? coordinator_ : g.address;
    data_key(g.secret, epoch_, r.node, g.node, peer.send_key);
    data_key(g.secret, epoch_, g.node, r.node, peer.receive_key);
    wipe(&g, sizeof g);
  }
  const auto known = static_cast<uint16_t>(r.first + r.count);
  if (known > peers_known_) peers_known_ = known;
  return Reply::kOk;
}

// A node that waits to begin takes values; one that runs gives them between the
// end of the frame before and the end of this one, while which nothing writes
// them.
Reply NodeAgent::variable(const uint8_t* data, uint32_t bytes) {
  VariableRequest r;
  if (!take(data, bytes, r) || (r.bytes != 0) == (bytes != 0)) {
    return Reply::kMalformed;
  }
  if (state_ != AgentState::kRunning || leader_) return Reply::kState;
  if (!loaded_) return Reply::kNotYet;
  const auto later = static_cast<int32_t>(r.frame - shoal_frames(&node_));
  if (later > 0) return Reply::kNotYet;
  uint32_t all = 0;
  uint8_t* const values = variable_of(node_, r.variable, all);
  const uint32_t count = bytes != 0 ? bytes : r.bytes;
  if (!values || r.offset > all || count > all - r.offset) {
    return Reply::kMalformed;
  }
  if (later != 0 || (bytes != 0 && !waits_)) return Reply::kState;
  if (bytes != 0) {
    std::memcpy(values + r.offset, data, bytes);
    return Reply::kOk;
  }
  if (count > config_.transport->max_payload - kReplyAt - kTagBytes) {
    return Reply::kTooLarge;
  }
  long_answer_ = true;
  put(values + r.offset, count);
  return Reply::kOk;
}

Reply NodeAgent::keep(const uint8_t* data, uint32_t bytes) {
  KeepRequest r;
  if (!take(data, bytes, r) || (r.bytes != 0 && bytes != 0)) {
    return Reply::kMalformed;
  }
  const uint32_t kept = keep_bytes();
  if (r.bytes != 0) {
    long_answer_ = true;
    put(&kept, sizeof kept);
    if (r.offset > kept || r.bytes > kept - r.offset) return Reply::kOk;
    if (r.bytes >
        config_.transport->max_payload - kReplyAt - kTagBytes - sizeof kept) {
      return Reply::kTooLarge;
    }
    put(config_.arena + arena_bytes() + r.offset, r.bytes);
    return Reply::kOk;
  }
  const bool is_resized = r.capacity != kept;
  if (is_resized && (state_ == AgentState::kRunning || trial_)) {
    return Reply::kState;
  }
  if (r.capacity > config_.arena_bytes || r.capacity / kAlign > UINT16_MAX) {
    return Reply::kTooLarge;
  }
  if (r.capacity % kAlign != 0 || r.offset > r.capacity ||
      bytes > r.capacity - r.offset) {
    return Reply::kMalformed;
  }
  if (is_resized) {
    keep_blocks_ = static_cast<uint16_t>(r.capacity / kAlign);
    std::memset(config_.arena + arena_bytes(), 0, r.capacity);
  }
  if (bytes != 0) {
    std::memcpy(config_.arena + arena_bytes() + r.offset, data, bytes);
  }
  return Reply::kOk;
}

Reply NodeAgent::start(const uint8_t* data, uint32_t bytes) {
  StartRequest r;
  uint64_t generation = 0;
  StartSequence sequence{};
  if (!take(data, bytes, r) ||
      (bytes >= sizeof generation && !take(data, bytes, generation)) ||
      (bytes != 0 && !take(data, bytes, sequence))) {
    return Reply::kMalformed;
  }
  const bool again = r.epoch == epoch_;
  if (again && state_ == AgentState::kRunning) {
    if (every_ != 0 &&
        sequence.turn == shoal_frames(&node_) / every_ % kTurns) {
      waits_ = false;
    }
    return Reply::kOk;
  }
  if (again && state_ == AgentState::kFaulted) return Reply::kProgram;
  if (state_ != AgentState::kReady) return Reply::kState;
  Header header;
  if (!read_program(0, &header, sizeof header)) return Reply::kStorage;
  if (!again && peers_known_ != 0) return Reply::kState;
  loaded_ = false;
  // An attacker who writes the storage can have changed everything that is read
  // here: no tag has been checked yet. The coordinator says whether the node
  // shall lead.
  if (header.magic == kLeaderMagic && r.node == kCoordinator) {
    if (!config_.leader) return Reply::kProgram;
    keep_blocks_ = 0;
    epoch_ = link_.epoch = r.epoch;
    return start_leader();
  }
  // The runtime takes one address and key for every peer of the program; what
  // is no program is refused by the loader, who says why.
  const bool is_program =
      header.magic == kImageMagic && is_known_version(header.version);
  const bool another =
      is_program && (header.peers != r.peers || header.node != r.node);
  if ((is_program && peers_known_ != r.peers) ||
      (another && !config_.programs)) {
    return Reply::kMalformed;
  }
  epoch_ = r.epoch;
  link_.epoch = r.epoch;
  generation_ = generation;
  if (another) {
    fault({Status::kBadTag, Table::kHeader});
    return Reply::kProgram;
  }
#ifndef SHOAL_WITHOUT_PROBE
  link_.transport = meter_.begin_run(config_.transport);
#endif
  shoal_config c{};
  c.image_bytes = program_bytes_;
  if (header.head == kNowhere) {
    c.image = config_.programs ? config_.programs->mapped() : program();
  }
  read_ = {};
  c.storage = config_.programs ? &config_.programs->storage() : &storage_;
  c.storage_bytes = program_bytes_;
  if (config_.seals_programs) {
    c.store_cipher = config_.cipher;
    c.store_key = config_.key;
  }
  if (config_.storage && (c.image || config_.storage_has_program)) {
    c.storage = config_.storage;
    c.storage_bytes = config_.storage_bytes;
    c.store_id = config_.store_id;
    c.store_cipher = config_.store_cipher;
    c.store_key = config_.store_key;
  }
  c.link = r.peers != 0 ? &link_ : nullptr;
  c.tap = config_.observer;
  c.tap_user = config_.observer_user;
#if defined(SHOAL_TWO_CORES) || UINTPTR_MAX > 0xFFFFFFFF
  if (!meter_.on()) c.pair = config_.pair;
#endif
  c.banks = config_.banks;
  c.bank_count = config_.bank_count;
  if (header.arena_bytes > arena_bytes() && !trial_) keep_blocks_ = 0;
  state_ = AgentState::kRunning;
  waits_ = sequence.every != 0 && sequence.turn == kNoTurn;
  every_ = sequence.every;
  if (shoal_open(&node_, &c, config_.arena, arena_bytes()) >= SHOAL_OK) {
    return Reply::kOk;
  }
  fault();
  return Reply::kProgram;
}

Reply NodeAgent::start_leader() {
  link_.transport = config_.transport;
  LeaderConfig c;
  c.read = [](void* self, uint32_t offset, void* to, uint32_t bytes) {
    return static_cast<NodeAgent*>(self)->read_program(offset, to, bytes);
  };
  c.user = this;
  c.image_bytes = program_bytes_;
  c.peers = peers_known_;
  c.max_peers = config_.max_peers;
  c.link = &link_;
  c.arena = config_.arena;
  c.arena_bytes = arena_bytes();
  c.said = config_.said;
  c.said_user = config_.said_user;
  // Nodes with identities know no other coordinator than the one that they
  // have.
  c.calls = {config_.insecure, config_.identity ? nullptr : config_.key,
             config_.entropy,  config_.entropy_user,
             config_.name,     holder_number_};
  peers_known_ = config_.max_peers;  // it has all of them
  state_ = AgentState::kRunning;
  leader_ = config_.leader(c.arena, c.arena_bytes);
  const Status status = leader_ ? leader_->open(c) : Status::kArenaTooSmall;
  loaded_ = status == Status::kOk;
  if (loaded_) return Reply::kOk;
  fault({status, Table::kHeader});
  if (status == Status::kArenaTooSmall) return Reply::kTooLarge;
  return status == Status::kStorage ? Reply::kStorage : Reply::kProgram;
}

// Whatever the run is: what was counted stays until the next one that is
// metered.
Reply NodeAgent::meter(const uint8_t* data, uint32_t bytes) {
#ifdef SHOAL_WITHOUT_PROBE
  static_cast<void>(data), static_cast<void>(bytes);
  return Reply::kMalformed;
#else
  MeterRequest r;
  if (!take(data, bytes, r) || bytes != 0 || r.wanted > 1) {
    return Reply::kMalformed;
  }
  meter_.ask(r.wanted == 1);
  MeterAnswer a = meter_.answer();
  const char* const kernels =
      config_.kernels ? config_.kernels : kernel_family_name();
  for (uint32_t i = 0; i + 1 < sizeof a.kernels && kernels[i]; ++i) {
    a.kernels[i] = kernels[i];
  }
  put(&a, sizeof a);
  MeterTimes t = meter_.times();
  if (runs_program()) t.stage = shoal_last_work(&node_).stage;
  put(&t, sizeof t);
  return Reply::kOk;
#endif
}

Reply NodeAgent::ping() {
  PingAnswer a{};
  a.state = state_;
  a.epoch = epoch_;
  a.work = work_;
  a.status = static_cast<int8_t>(fault_.status);
  a.table = static_cast<uint8_t>(fault_.table);
  a.fault_stage = fault_.stage;
  a.fault_index = fault_.index;
  a.fault_check = fault_.check;
  if (state_ == AgentState::kRunning && leader_) {
    a.frames = leader_->frames();
  } else if (runs_program()) {
    const shoal_link_counters c = shoal_read_counters(&node_).link;
    a.unanswered = silent_peer(node_, a.fault_index);
    a.stage = shoal_last_work(&node_).stage;
    a.frames = shoal_frames(&node_);
    a.sent_bytes = c.sent_bytes;
    a.row_bytes = c.row_bytes;
    a.resent_bytes = c.resent_bytes;
    a.sent = static_cast<uint32_t>(c.sent);
    a.refused = static_cast<uint32_t>(c.forged + c.stale + c.malformed);
  }
  put(&a, sizeof a);
  return Reply::kOk;
}

}  // namespace shoal
