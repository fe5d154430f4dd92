#include "device/agent/agent.h"

#include <cstring>

#include "device/base/wipe.h"
#include "device/program/image.h"
#include "device/program/sha256.h"
#include "device/runtime/node.h"

namespace shoal {
namespace {

// The most datagrams that one step takes, so that strangers' datagrams do not
// keep the node from its turn.
constexpr int kDatagramsPerStep = 8;
constexpr uint64_t kRetryUs = 500;  // the transport could take no more

// Builds that are short of flash leave out what only `shoal probe` asks for.
#ifdef SHOAL_WITHOUT_PROBE
constexpr bool kTakesTrials = false;
#else
constexpr bool kTakesTrials = true;
#endif

// Builds for boards that only ever have a key leave out what is for identities.
#ifdef SHOAL_WITHOUT_IDENTITIES
constexpr bool kKnowsIdentities = false;
#else
constexpr bool kKnowsIdentities = true;
#endif

bool named(const char* name) {
  return name && *name && std::strlen(name) <= kMaxName;
}

bool usable(const AgentConfig& c) {
  if (!c.transport || c.transport->max_payload < kLeastPayload) return false;
  if (!c.cipher || c.cipher->tag_bytes > kTagBytes) return false;
  if (!c.insecure && !c.entropy) return false;
  if (c.identity && (c.insecure || !c.dh || !kKnowsIdentities)) return false;
  if (c.leader && !c.said) return false;
  if (c.seals_programs && (!c.programs || c.insecure || c.identity)) {
    return false;
  }
  for (const uint8_t* p : c.packets) {
    if (!p) return false;
  }
  const auto misaligned = [](const void* p) {
    return !p || reinterpret_cast<uintptr_t>(p) % kAlign != 0;
  };
  if (c.built_in && c.built_in_bytes < sizeof(Header)) return false;
  const bool has_program =
      c.programs || !misaligned(c.built_in ? c.built_in : c.program);
  return !misaligned(c.arena) && has_program && c.peers && named(c.name) &&
         named(c.board);
}

}  // namespace

Status NodeAgent::open(const AgentConfig& config) {
  config_ = config;
  state_ = AgentState::kEmpty;
  if (!usable(config)) return Status::kBadArgument;
  if (config.entropy &&
      config.entropy(config.entropy_user, secret_, sizeof secret_) != 0) {
    return Status::kBadArgument;
  }
  storage_ = {this, read_start, read_poll, nullptr, nullptr};
  link_ = {config.transport,    config.peers,
           config.cipher,       0,
           config.packets[2],   config.key_limits.packets,
           config.key_limits.us};
  if (kTakesTrials) meter_.open(*config.transport, config.cycles);
  trial_ = false;
  if (config.programs) {
    config_.program_capacity = config.programs->capacity();
    hold_stored();
  }
  return !config.built_in || hold_built_in() ? Status::kOk
                                             : Status::kBadArgument;
}

// It was whole when it was put there; what has changed since is found by tags.
void NodeAgent::hold_stored() {
  program_bytes_ = config_.programs->program(program_hash_);
  state_ = program_bytes_ ? AgentState::kReady : AgentState::kEmpty;
}

bool NodeAgent::read_program(uint32_t offset, void* to, uint32_t bytes) {
  if (config_.programs) return config_.programs->read(offset, to, bytes);
  std::memcpy(to, program() + offset, bytes);
  return true;
}

// The node claims to hold what lies there now, damaged or not: a coordinator
// that planned for another program asks for nothing to be run.
bool NodeAgent::hold_built_in() {
  config_.program_capacity = 0;
  program_bytes_ = config_.built_in_bytes;
  Sha256 sha;
  sha.add(config_.built_in, program_bytes_);
  if (!sha.finish(program_hash_)) return false;
  std::memcpy(built_in_hash_, program_hash_, sizeof built_in_hash_);
  state_ = AgentState::kReady;
  return true;
}

Status NodeAgent::step() {
  bool worked = false;
  const bool times = kTakesTrials && meter_.on();
  if (times) meter_.receives();
  send_unsent();
  for (int i = 0; i < kDatagramsPerStep && receive(); ++i) worked = true;
  if (times && worked) meter_.received();
  if (state_ == AgentState::kRunning && leader_) {
    const Status status = leader_->step();
    if (status == Status::kOk) ++work_;
    worked |= status == Status::kOk;
    if (failed(status)) fault({status, Table::kHeader});
  } else if (state_ == AgentState::kRunning && waits_ &&
             shoal_arena_bytes(&node_) != 0 && !enters_stage(node_)) {
    if (!loaded_) look_at_loaded();
    // Others have their rows, and none leave before variables have values.
    if (shoal_frames(&node_) != 0) shoal_flush(&node_);
  } else if (state_ == AgentState::kRunning) {
    const bool metered = kTakesTrials && meter_.on();
    if (metered) meter_.step_begins();
    const uint32_t frames = shoal_frames(&node_);
    const auto status = static_cast<Status>(shoal_step(&node_));
    if (metered) {
      meter_.step_ended(shoal_last_layer(&node_) != kNone,
                        status == Status::kOk);
    }
    if (status == Status::kOk) ++work_;
    worked |= status == Status::kOk || read_.to;
    if (failed(status)) {
      fault();
    } else if (!loaded_) {
      look_at_loaded();
    }
    const uint32_t ended = shoal_frames(&node_);
    if (ended != frames && every_ != 0 && ended % every_ == 0) waits_ = true;
  }
  return worked ? Status::kOk : Status::kWait;
}

uint64_t NodeAgent::next_timer_us() const {
  uint64_t at = UINT64_MAX;
  if (state_ == AgentState::kRunning) {
    at = leader_ ? leader_->next_timer_us() : shoal_next_timer_us(&node_);
  }
  if (unsent_bytes_ != 0) {
    const shoal_transport& t = *config_.transport;
    const uint64_t retry = t.now_us(t.user) + kRetryUs;
    if (retry < at) at = retry;
  }
  return at;
}

bool NodeAgent::receive() {
  const shoal_transport& t = *config_.transport;
  uint64_t from = 0;
  uint8_t* const packet = config_.packets[0];
  const uint32_t bytes = t.receive(t.user, &from, packet, t.max_payload);
  if (bytes == 0) return false;
  if (state_ == AgentState::kRunning && leader_ &&
      leader_->receive(from, packet, bytes)) {
    return true;
  }
  switch (static_cast<Kind>(packet[0])) {
    case Kind::kHello:
      hello(from, bytes);
      break;
    case Kind::kSession:
      session(from, bytes);
      break;
    case Kind::kAnswer:
      // One for each hello that was relayed, so that strangers cannot use this.
      if (relayed_ && bytes <= sizeof(KeyHello)) {
        relayed_ = false;
        static_cast<void>(t.send(t.user, coordinator_, packet, bytes));
        break;
      }
      ++counters_.strangers;
      break;
    case Kind::kData:
      // Nothing is taken before the program has been checked whole.
      if (runs_program()) {
        if (kTakesTrials) meter_.took_data(packet, bytes);
        shoal_receive(&node_, from, packet, bytes);
        break;
      }
      [[fallthrough]];
    default:
      ++counters_.strangers;
  }
  return true;
}

// Once all of it has been checked, and before anything that it has made leaves
// the node. A sealed one opens with the key, and yet it may be an older one.
void NodeAgent::look_at_loaded() {
  if (shoal_arena_bytes(&node_) == 0) return;
  if (generation_ != 0 && loaded_generation(node_) != generation_) {
    fault({Status::kBadTag, Table::kHeader});
  }
  loaded_ = true;
}

void NodeAgent::fault() {
  const shoal_fault why = shoal_last_fault(&node_);
  fault({static_cast<Status>(why.status), static_cast<Table>(why.table),
         why.stage, why.index, why.check});
}

void NodeAgent::fault(const Fault& why) {
  fault_ = why;
  state_ = AgentState::kFaulted;
  // Until all of it was checked, the reason may be a changed bit, or bytes from
  // an attacker who has the storage.
  const bool doubtful = !loaded_ && fault_.status != Status::kStorage;
  const bool damaged =
      doubtful || fault_.status == Status::kBadTag ||
      fault_.status == Status::kBadHash || fault_.status == Status::kBadMagic ||
      fault_.status == Status::kBadRecord ||
      fault_.status == Status::kTooShort || fault_.status == Status::kNoKey ||
      fault_.status == Status::kNotSealed;
  // The coordinator then sends it again.
  if (config_.programs && damaged) config_.programs->discard();
}

// The program stays, if it is whole.
void NodeAgent::leave() {
  meter_.end_run();
  leader_ = nullptr;
  if (config_.programs) {
    config_.programs->settle();
    hold_stored();
  } else if (trial_) {
    trial_ = false;
    program_bytes_ = config_.built_in_bytes;
    std::memcpy(program_hash_, built_in_hash_, sizeof program_hash_);
    state_ = AgentState::kReady;
  } else if (state_ == AgentState::kDeploying) {
    state_ = AgentState::kEmpty;
    program_bytes_ = 0;
  } else if (state_ != AgentState::kEmpty) {
    state_ = AgentState::kReady;
  }
  forget_peers();
  waits_ = false;
  every_ = 0;
  epoch_ = 0;
  generation_ = 0;
  fault_ = {};
}

// Programs that lie in the arena take their own place from it.
uint32_t NodeAgent::room() const {
  if (!config_.built_in) return config_.program_capacity;
  return kTakesTrials && config_.takes_trials ? config_.arena_bytes : 0;
}

uint8_t* NodeAgent::memory() const {
  return config_.built_in ? config_.arena + arena_bytes() : config_.program;
}

uint32_t NodeAgent::arena_bytes() const {
  if (!trial_) return config_.arena_bytes - keep_bytes();
  return (config_.arena_bytes - program_bytes_) / kAlign * kAlign;
}

void NodeAgent::forget_peers() {
  wipe(config_.peers, peers_known_ * sizeof *config_.peers);
  peers_known_ = 0;
}

int NodeAgent::read_start(void* self, uint32_t offset, uint32_t bytes,
                          void* to) {
  NodeAgent& agent = *static_cast<NodeAgent*>(self);
  if (agent.read_.to || offset > agent.program_bytes_ ||
      bytes > agent.program_bytes_ - offset) {
    return 1;
  }
  agent.read_ = {offset, bytes, to};
  return 0;
}

int NodeAgent::read_poll(void* self) {
  NodeAgent& agent = *static_cast<NodeAgent*>(self);
  if (!agent.read_.to) return -1;
  std::memcpy(agent.read_.to, agent.program() + agent.read_.offset,
              agent.read_.bytes);
  agent.read_.to = nullptr;
  return 1;
}

}  // namespace shoal
