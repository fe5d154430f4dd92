// A leader's talk with its nodes besides rows: it asks whether they are there,
// and starts them in a new epoch, as a coordinator does (session_wire.h). Only
// one thing is asked of a node at a time, and again until it is answered.
//
//   hello -> challenge    the node is there
//   probe -> verdict      whose it is, and whether it has started again
//   take  -> accepted     a session; what the node ran is over
//   requests              its name, program, peers, start
//
// All memory is the caller's. Only nodes that know the cluster's key, or none,
// can be asked: those with identities know one coordinator.
#pragma once

#include "device/agent/keys.h"
#include "device/agent/silence.h"
#include "device/shoal.h"

namespace shoal {

enum class CallStep : uint8_t {
  kNone,  // nothing is asked
  kHello,
  kProbe,
  kTake,
  kNames,  // requests from here on
  kBegin,
  kPeers,
  kStart,
};

// One node, as the leader knows it. Times are in microseconds.
struct NodeCall {
  uint64_t address;
  uint64_t heard_us;  // when anything authentic came from it last
  uint64_t rows_us;   // when a datagram of its streams did
  uint64_t asked_us;  // when the question was asked first
  uint64_t sent_us;   // and last
  uint8_t nonce[kNonceBytes], node_nonce[kNonceBytes];
  uint8_t to_node[kKeyBytes], to_leader[kKeyBytes];
  uint32_t session;
  uint32_t packet, first_packet;  // the next one; the first of this question
  uint32_t least_us, trip_us;     // round trips, 0: not measured
  uint32_t longest_us;            // that it may be, or was, away from its link
  uint16_t fallback;              // the plan without it
  uint16_t granted;               // of its peers
  CallStep step;
  uint8_t tries;    // of the question
  uint8_t losses;   // how often it was lost
  bool lost;        // it takes no part
  bool back;        // it was lost, and answers again
  bool restarted;   // it answers, and has nothing of its run
  bool unprepared;  // it lacks a program, or is of another version
  bool done;        // it has a session, or runs
};
static_assert(sizeof(NodeCall) == 176);

// The owner of the calls.
class CallOwner {
 public:
  // Writes what the request carries behind its head; returns its bytes, at most
  // kCallBytes.
  virtual uint32_t request_data(uint16_t node, uint8_t* to) = 0;
  // The question that was asked has been answered, and no other one is asked.
  virtual void verdict(uint16_t node, CallStep, Verdict, const HelloBody&) = 0;
  virtual void reply(uint16_t node, CallStep, Reply, const uint8_t* data,
                     uint32_t bytes) = 0;

 protected:
  ~CallOwner() = default;
};
inline constexpr uint32_t kCallBytes =
    kLeastPayload - sizeof(SessionHead) - sizeof(RequestHead) - kTagBytes;

// How the nodes know the leader.
struct CallConfig {
  bool insecure = false;
  const uint8_t* key = nullptr;  // of the cluster; null: it asks nobody
  // As in AgentConfig; may be null with `insecure`.
  int (*entropy)(void* user, void* out, uint32_t bytes) = nullptr;
  void* entropy_user = nullptr;
  const char* name = "";
  // The number of the coordinator that started the nodes: they belong to it
  // and to this leader.
  uint32_t number = 0;
};

class NodeCalls {
 public:
  // All that these point to must outlive this.
  void open(const CallConfig&, const shoal_transport&, const shoal_cipher&,
            CallOwner&, NodeCall*, uint16_t nodes, uint16_t lease_ms);

  uint16_t nodes() const { return nodes_; }
  NodeCall& operator[](uint16_t node) { return calls_[node]; }
  const NodeCall& operator[](uint16_t node) const { return calls_[node]; }

  // Asks, in place of what was asked before; a node that was lost only once.
  void ask(uint16_t node, CallStep, uint64_t now);
  // Asks again what has no answer.
  void poll(uint64_t now);
  // Returns whether the datagram, an answer or of a session, was for this.
  bool receive(uint8_t* datagram, uint32_t bytes, uint64_t now);
  // Returns when poll() has something to do; UINT64_MAX: never.
  uint64_t next_timer_us() const;
  // Returns the silence after which a node is given up, at most the lease.
  SilenceLimits silence(uint16_t node) const;
  // Fills `out` with what nobody can foresee, if there is a key.
  void draw(uint8_t* out, uint32_t bytes, uint64_t now);

 private:
  bool answer(uint8_t* datagram, uint32_t bytes, uint64_t now);
  bool session(uint8_t* datagram, uint32_t bytes, uint64_t now);
  void send(uint16_t node, uint64_t now);
  void send_hello(NodeCall&) const;
  void send_request(uint16_t node);
  static void measure(NodeCall&, uint64_t took);
  uint64_t due(uint16_t node) const;

  CallConfig c_;
  const shoal_transport* transport_ = nullptr;
  const shoal_cipher* cipher_ = nullptr;
  CallOwner* owner_ = nullptr;
  NodeCall* calls_ = nullptr;
  uint16_t nodes_ = 0, lease_ms_ = 0;
  uint32_t drawn_ = 0;
};

}  // namespace shoal
