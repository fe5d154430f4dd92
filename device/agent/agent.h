// The agent runs on a node besides its program: it answers a coordinator's
// sessions (device/agent/session_wire.h), takes programs, opens the node and
// steps it, and hands it the datagrams that are its own. A node does not trust
// the network: a datagram that is not authentic costs it a look and is dropped.
//
//   NodeAgent agent;
//   if (agent.open(config) != Status::kOk) fail();
//   for (;;) {
//     if (agent.step() == Status::kWait)
//       sleep until a datagram comes or agent.next_timer_us()
//   }
//
// All memory is the caller's and must outlive the agent; nothing is allocated
// and nothing blocks. Without entropy secure mode is refused.
#pragma once

#include <cstdint>

#include "device/agent/keys.h"
#include "device/agent/leader.h"
#include "device/agent/meter.h"
#include "device/agent/noise.h"
#include "device/agent/phases.h"
#include "device/agent/session_wire.h"
#include "device/base/status.h"
#include "device/shoal.h"
#include "device/storage/program_store.h"

namespace shoal {

struct AgentConfig {
  const shoal_transport* transport = nullptr;
  // chacha20_poly1305(), or checksum_only() with `insecure`.
  const shoal_cipher* cipher = nullptr;
  bool insecure = false;
  uint8_t key[kKeyBytes] = {};  // of the cluster; zeros if insecure
  // Instead of the cluster's key: this node's, and its one coordinator's. Both
  // must outlive the agent.
  const Identity* identity = nullptr;
  const DiffieHellman* dh = nullptr;
  KeyLimits key_limits;  // of sessions and of datagrams to other nodes

  // Fills `out` with unpredictable bytes and returns 0.
  int (*entropy)(void* user, void* out, uint32_t bytes) = nullptr;
  void* entropy_user = nullptr;

  const char* name = "";  // at most kMaxName bytes each
  const char* board = "";
  uint32_t poll_gap_us = 0;  // of what this node does besides its program

  uint8_t* arena = nullptr;  // 16-byte aligned; exactly what the node has
  uint32_t arena_bytes = 0;
  const shoal_bank* banks = nullptr;  // as in shoal_config
  uint32_t bank_count = 0;
  uint8_t* program = nullptr;  // 16-byte aligned
  uint32_t program_capacity = 0;
  // Instead of memory for one program: what keeps several. They are read from
  // there, or used in place.
  ProgramStore* programs = nullptr;
  // True: programs that read weights from storage must be sealed with the
  // cluster's key (device/program/vault.h), and others are refused; the node
  // tells the coordinator, which seals them. Not with `insecure` or an
  // identity.
  bool seals_programs = false;
  // The board has a second core, which does not compute programs.
  bool one_core = false;
  // Instead of memory for programs: the one that the node was built with,
  // 16-byte aligned and mapped. It takes no other one; null: it takes any.
  const uint8_t* built_in = nullptr;
  uint32_t built_in_bytes = 0;
  // The node nevertheless runs other programs for `shoal probe`; they lie at
  // the arena's end and are forgotten with the session. A node without a
  // built-in program takes any program from the holder of the key, so this
  // permits nothing new.
  bool takes_trials = false;
  // Why the start before this one ended, and where in its code; see Fall.
  Fall fell = Fall::kNotKnown;
  uint32_t fell_at = 0;
  // Counts what firings take; without one only the clock does.
  CycleCounter cycles;
  // Their family, at most 15 characters; null: the one of this build.
  const char* kernels = nullptr;
  // The storage that holds the tape part of the node's program, as a card
  // would: put there before, never sent. Offset 0 is the image's first byte. As
  // in shoal_config; null: all of a program is sent.
  const shoal_storage* storage = nullptr;
  uint32_t storage_bytes = 0;
  // It holds the whole image: a program that is not mapped is read from there.
  bool storage_has_program = false;
  const uint8_t* store_id = nullptr;
  const shoal_cipher* store_cipher = nullptr;
  const uint8_t* store_key = nullptr;
  shoal_peer* peers = nullptr;
  uint16_t max_peers = 0;
  // Buffers of arriving, session and the node's datagrams: max_payload bytes
  // each; for the session's kLeastPayload will do.
  uint8_t* packets[3] = {};

  // These let a node be given a picture and start frames
  // (device/agent/leader.h): `leader` is make_leader. Null: the node takes
  // programs only. `said` receives what is for people: what the leader reports,
  // and what a coordinator tells its nodes.
  LeaderProgram* (*leader)(uint8_t* arena, uint32_t arena_bytes) = nullptr;
  void (*said)(void* user, const LeaderSaid&) = nullptr;
  void* said_user = nullptr;

#if defined(SHOAL_TWO_CORES) || UINTPTR_MAX > 0xFFFFFFFF
  // The second core, which was started, also computes programs; null: one core
  // does. Metered runs take one, because probes measure it.
  shoal_pair* pair = nullptr;
#endif

  // See shoal_config.
  void (*observer)(void* user, const void* firing) = nullptr;
  void* observer_user = nullptr;
};

struct AgentCounters {
  uint32_t hellos = 0, sessions = 0;  // genuine ones; accepted
  uint32_t requests = 0, writes = 0;  // genuine ones
  uint32_t strangers = 0;  // datagrams that are nobody's here, forged, replayed
  // Reasons of the above: not made with the key, in another mode, said before.
  uint32_t forged = 0, other_mode = 0, replayed = 0;
  // Other coordinators that were told of the lease, or took the node over.
  uint32_t busy = 0, taken = 0;
};

class NodeAgent {
 public:
  // kBadArgument: something is missing or too small.
  Status open(const AgentConfig&);

  // Takes some datagrams (a bounded number, so that strangers cannot keep the
  // node from its work), answers requests, then steps the node once. kOk:
  // something was done, call again; kWait: nothing to do now. A program that
  // fails is a state, not a result.
  Status step();
  // Returns when to call step() though nothing arrives, in the transport's
  // time; UINT64_MAX: never.
  uint64_t next_timer_us() const;

  AgentState state() const { return state_; }
  // Returns whether the running program starts frames.
  bool leads() const { return leader_ != nullptr; }
  // Returns the node, while kRunning or kFaulted and it does not lead; for
  // counters and cost models.
  const shoal_node& node() const { return node_; }
  const AgentCounters& counters() const { return counters_; }
  // The address of the session's coordinator, while there is a session.
  uint64_t coordinator() const { return coordinator_; }

 private:
  // agent.cc
  bool receive();
  void look_at_loaded();
  void fault();
  void fault(const Fault&);
  void leave();
  void forget_peers();

  // handshake.cc
  void hello(uint64_t from, uint32_t bytes);
  void signed_hello(uint64_t from, Hello&);
  void answer(uint64_t to, const Hello& question, Verdict);
  // Derives the node's nonce from `bytes` that the coordinator has drawn.
  void node_nonce(const uint8_t* drawn, uint32_t bytes, uint8_t* out) const;
  Mode mode() const;
  void answer_unsigned(uint64_t to, uint32_t bytes, Verdict);
  Verdict compare(const HelloHead& question, HelloBody& answer) const;
  Verdict judge(const HelloBody& question, HelloBody& answer);
  void accept(uint64_t from, const HelloBody&, const uint8_t* nonce);

  // key_handshake.cc
  void key_hello(uint64_t from, uint32_t bytes);
  void sealed_hello(uint64_t from, const KeyHello&);

  // The lease.
  uint64_t now_us() const;
  static uint16_t lease_ms(const HelloBody& hello);
  uint32_t lease_left_ms() const;
  void renew_lease();
  void end_lease();

  // requests.cc
  void session(uint64_t from, uint32_t bytes);
  Reply serve(Request, const uint8_t* data, uint32_t bytes);
  Reply identity();
  Reply names();
  Reply begin(const uint8_t* data, uint32_t bytes);
  Reply write(const uint8_t* data, uint32_t bytes);
  Reply end();
  Reply grant(const uint8_t* data, uint32_t bytes);
  Reply start(const uint8_t* data, uint32_t bytes);
  Reply start_leader();
  Reply ping();
  Reply meter(const uint8_t* data, uint32_t bytes);
  Reply held(const uint8_t* data, uint32_t bytes);
  Reply relay(const uint8_t* data, uint32_t bytes);
  Reply variable(const uint8_t* data, uint32_t bytes);
  Reply keep(const uint8_t* data, uint32_t bytes);
  Reply tell(const uint8_t* text, uint32_t bytes) const;
  void send_reply(Request, Reply, const SessionHead& question);
  void send_unsent();
  // Returns where the answer is made.
  uint8_t* answer_packet() const {
    return config_.packets[long_answer_ ? 0 : 1];
  }
  // Appends to the answer under construction.
  void put(const void* data, uint32_t bytes);

  const uint8_t* program() const {
    return config_.built_in && !trial_ ? config_.built_in : memory();
  }
  // Returns the memory for programs that come, and its bytes.
  uint8_t* memory() const;
  uint32_t room() const;
  // Returns the bytes of the program that is there whole; 0: none.
  uint32_t held_bytes() const;
  // That the program may use.
  uint32_t arena_bytes() const;
  // Returns the bytes that are kept for the next coordinator.
  uint32_t keep_bytes() const { return keep_blocks_ * kAlign; }
  // Returns whether it runs one that has been checked whole, and does not lead.
  bool runs_program() const {
    return state_ == AgentState::kRunning && !leader_ &&
           shoal_arena_bytes(&node_) != 0;
  }
  bool hold_built_in();
  void hold_stored();
  bool read_program(uint32_t offset, void* to, uint32_t bytes);
  // These give the program as a storage, for one that does not expect mapped
  // memory.
  static int read_start(void* self, uint32_t offset, uint32_t bytes, void* to);
  static int read_poll(void* self);

  AgentConfig config_;
  AgentState state_ = AgentState::kEmpty;
  AgentCounters counters_;

  // The session. A hello changes nothing until it comes again with the nonce
  // that this node gave for it: a recorded one cannot end a run.
  // Until the lease has run out, other coordinators are told whose it is.
  // In this order without a gap: boards have no byte of RAM to spare.
  bool connected_ = false;
  bool kept_ = false;  // the holder has all nodes that it wants
  char holder_[kHolderBytes] = {};
  uint16_t lease_ms_ = 0;  // 0: given back
  uint32_t holder_number_ = 0;
  uint64_t lease_until_us_ = 0;
  uint64_t coordinator_ = 0;                        // address
  uint8_t accepted_nonce_[kNonceBytes] = {};        // this node's
  uint8_t accepted_from_[kNonceBytes] = {};         // with a shared key
  uint8_t accepted_answer_[sizeof(KeyHello)] = {};  // with identities
  uint64_t handshakes_at_us_ = 0;  // none before, if it was a stranger's
  SessionKeys keys_{};
  ReceivePhases from_coordinator_;
  SendPhases to_coordinator_;
  uint64_t barrier_ = 0;  // requests of earlier numbers are out of date
  uint8_t secret_[kKeyBytes] = {};  // of this start, for nonces
  uint64_t nonces_ = 0;             // sessions accepted
  uint32_t reply_bytes_ = 0;
  uint32_t unsent_bytes_ = 0;  // of an answer that the transport refused

  uint32_t program_bytes_ = 0;
  uint8_t program_hash_[32] = {};
  uint16_t peers_known_ = 0;
  uint16_t keep_blocks_ = 0;  // of kAlign bytes, at the arena's end
  uint32_t epoch_ = 0;
  uint32_t work_ = 0;         // steps of the node that did something
  uint64_t generation_ = 0;   // that the program must be of; 0: not asked
  uint16_t every_ = 0;        // frames after which it waits; 0: it does not
  bool loaded_ = false;       // all of what runs has been checked
  bool trial_ = false;        // the program is one, not the built-in one
  bool relayed_ = false;      // a hello, whose answer is passed on
  bool waits_ = false;        // between two frames, for another start
  bool long_answer_ = false;  // one that needs the place of the request
  uint8_t built_in_hash_[32] = {};
  Meter meter_;
  Fault fault_;
  shoal_storage storage_{};
  struct {
    uint32_t offset, bytes;
    void* to;
  } read_{};
  shoal_link link_{};
  LeaderProgram* leader_ = nullptr;
  shoal_node node_{};
};

}  // namespace shoal
