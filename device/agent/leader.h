// A node in the coordinator's place: it has the picture, sends its boxes to the
// nodes that compute and takes their result. A coordinator has given it their
// addresses and keys and has started them; then it is no longer needed.
//
// While a frame is under way the leader asks each node that it has not heard
// for a while whether it is there. When one is lost, it starts those left in a
// new epoch, with the programs for that loss that they hold, and repeats the
// frame from the picture; when it is back, it does so with all.
//
// All memory is the arena, which begins with this object. The picture is read
// from where programs are kept, a datagram at a time: a camera's place.
#pragma once

#include "device/agent/leader_image.h"
#include "device/agent/node_calls.h"
#include "device/link/link.h"

namespace shoal {

struct LeaderConfig {
  // Reads bytes of the image; waits for them.
  bool (*read)(void* user, uint32_t offset, void* to, uint32_t bytes) = nullptr;
  void* user = nullptr;
  uint32_t image_bytes = 0;
  uint16_t peers = 0;  // of the link, that were granted
  uint16_t max_peers = 0;
  const shoal_link* link = nullptr;
  uint8_t* arena = nullptr;
  uint32_t arena_bytes = 0;
  CallConfig calls;
  // Called for every frame.
  void (*said)(void* user, const struct LeaderSaid&) = nullptr;
  void* said_user = nullptr;
};

enum class LeaderEvent : uint8_t {
  kClass,    // the one with the largest value
  kWaits,    // the frame waits for a node
  kWithout,  // the frame is repeated without a node
  kWith,     // the next frame has a node again
  kLacks,    // a node is there without its program, and not asked again
  kTaken,    // another coordinator has a node; the leader has ended
  // Not of a leader: a coordinator tells its nodes of a loss or a frame that is
  // run again. The output is the text, which may have any bytes.
  kTold,
};
struct LeaderSaid {
  uint32_t frame = 0;  // from 0
  LeaderEvent event = LeaderEvent::kClass;
  uint32_t best = 0;
  int8_t value = 0;             // as the network gives it
  char name[kLeaderName] = {};  // of the class, or of the node
  // With a class: the whole result, while the call lasts.
  const uint8_t* output = nullptr;
  uint32_t output_bytes = 0;
};

// The interface of a leader to an agent, so that boards without one have none
// of its code.
class LeaderProgram {
 public:
  virtual Status open(const LeaderConfig&) = 0;
  virtual Status step() = 0;
  // Returns whether the datagram was for the leader.
  virtual bool receive(uint64_t from, uint8_t* datagram, uint32_t bytes) = 0;
  virtual uint64_t next_timer_us() const = 0;
  virtual uint32_t frames() const = 0;  // that have ended

 protected:
  ~LeaderProgram() = default;
};

// Makes a leader at the beginning of the arena; null: there is no room.
LeaderProgram* make_leader(uint8_t* arena, uint32_t arena_bytes);

// Returns the bytes of the arena that a leader takes, on any board.
uint32_t leader_arena_bytes(const LeaderHeader&, const LeaderNeeds&);

//   leader.cc        frames
//   leader_epoch.cc  nodes that are lost and come back, new epochs
class Leader final : public LeaderProgram, private Streams, private CallOwner {
 public:
  Status open(const LeaderConfig&) override;
  // kWait: nothing to do now. kStorage: the picture cannot be read. kStale:
  // another coordinator has a node.
  Status step() override;
  bool receive(uint64_t from, uint8_t* datagram, uint32_t bytes) override;
  uint64_t next_timer_us() const override;
  uint32_t frames() const override { return done_; }

 private:
  enum class Phase : uint8_t {
    kFrames,    // an epoch runs
    kCalling,   // nodes get sessions
    kStarting,  // nodes start
  };

  uint32_t ready(uint16_t target) const override;
  void read(uint16_t target, uint32_t offset, uint8_t* to,
            uint32_t bytes) const override;
  void released(uint16_t target, uint32_t offset) override;
  uint32_t limit(uint16_t stream) const override;
  void place(uint16_t stream, uint32_t offset, const uint8_t* from,
             uint32_t bytes) override;
  void arrived(uint16_t stream, uint32_t offset) override;

  uint64_t now_us() const;
  bool is_under_way() const { return begun_ != done_; }
  bool step_frame(uint64_t now);
  void begin_watch(uint64_t now);
  void tell(uint64_t now);
  void tell_of(LeaderEvent, uint16_t node);
  uint16_t lacks_picture() const;
  uint16_t awaited() const;
  uint16_t longer_silent(uint16_t than, uint16_t peer) const;
  void look_for_silence(uint64_t now);
  bool is_asking(uint64_t since, uint64_t now);
  // Returns when a frame in which nothing moves is repeated without a node.
  uint64_t stands_us() const;
  Status read_plans();
  Status check_plan();
  bool read_tables();
  Status open_link(uint64_t now);
  uint32_t ends() const { return uint32_t{p_.targets} + p_.streams; }
  // Frames of this epoch before the one under way.
  uint32_t earlier() const { return done_ - base_; }
  bool at_end(uint32_t i) const {
    return reached_[i] == (begun_ - base_) * bytes_of(i);
  }
  uint32_t end_under_way();
  bool get(uint32_t offset, void* to, uint32_t bytes) const;
  uint32_t bytes_of(uint32_t box) const { return box_bytes(boxes_[box]); }
  // The nodes of a plan in their order: those of the cluster, without the one
  // for whose loss it is.
  uint16_t node_of(uint16_t role) const {
    return role < without_ ? role : static_cast<uint16_t>(role + 1);
  }
  uint16_t role_of(uint16_t node) const {
    return node < without_ ? node : static_cast<uint16_t>(node - 1);
  }
  NodeCall& call_of(uint16_t peer) {
    return calls_[node_of(peers_[peer].node)];
  }
  const NodeCall& call_of(uint16_t peer) const {
    return calls_[node_of(peers_[peer].node)];
  }

  // leader_epoch.cc
  uint32_t request_data(uint16_t node, uint8_t* to) override;
  void verdict(uint16_t node, CallStep, Verdict, const HelloBody&) override;
  void reply(uint16_t node, CallStep, Reply, const uint8_t* data,
             uint32_t bytes) override;
  bool recovers() const { return c_.calls.key && plans_[0].roles != 0; }
  void step_calls(uint64_t now);
  uint64_t calls_timer_us() const;
  void excuse_own_absence(uint64_t now);
  void watch(uint64_t now);
  void call_lost(uint16_t node, uint64_t now);
  static uint64_t lost_call_us(const NodeCall&);
  void lose(uint16_t node);
  void leave_out_another(uint64_t now);
  void lack(uint16_t node);
  bool takes_part(uint16_t node) const {
    return !calls_[node].lost || calls_[node].back;
  }
  bool has_returned() const;
  void begin_calls(uint64_t now);
  void step_calling(uint64_t now);
  bool choose_plan();
  void begin_start(uint64_t now);
  void step_starting(uint64_t now);
  Status read_role(uint16_t role, LeaderRole&) const;
  Status read_link(const LeaderRole&, uint16_t link, uint16_t& to) const;
  void pair_secret(uint16_t a, uint16_t b, uint8_t out[kKeyBytes]) const;
  void begin_epoch(uint64_t now);

  LeaderConfig c_;
  LeaderHeader h_{};
  LeaderLayout at_{};
  LeaderPlan p_{};  // in force
  uint16_t plan_ = 0;
  uint16_t without_ = shoal::kNone;   // the node that it leaves out
  uint16_t left_out_ = shoal::kNone;  // and the one that was told of
  shoal_link link_config_{};
  Link link_;
  NodeCalls calls_;
  LeaderPlan* plans_ = nullptr;
  PeerEntry* peers_ = nullptr;
  TargetRecord* targets_ = nullptr;
  StreamRecord* streams_ = nullptr;
  LeaderBox* boxes_ = nullptr;   // of targets, then of streams
  uint32_t* reached_ = nullptr;  // acknowledged or arrived, of each of these
  uint64_t* tables_ = nullptr;   // of the link
  uint8_t* output_ = nullptr;
  uint32_t begun_ = 0, done_ = 0;  // frames
  uint32_t base_ = 0;              // of them, before this epoch
  uint64_t next_us_ = 0;
  uint64_t look_us_ = 0;  // whether somebody is silent
  // When the frame under way began in this epoch, and when it went on last.
  uint64_t began_us_ = 0, moved_us_ = 0;
  uint64_t longest_us_ = 0;  // that a frame has taken; 0: none has ended
  uint64_t due_us_ = 0;      // when step() should be called
  uint64_t asked_us_ = 0;    // when all were asked first; 0: they are not
  uint64_t complained_us_ = 0;
  uint16_t complained_of_ = 0;
  uint16_t suspect_ = shoal::kNone;  // left out because nothing moved with it
  uint8_t suspect_losses_ = 0;       // before that
  uint8_t stand_doublings_ = 0;      // of the limit, since a frame has ended
  Phase phase_ = Phase::kFrames;
  uint8_t master_[kKeyBytes] = {};  // the secrets of an epoch follow from it
  bool news_ = false;               // in reached_
  bool told_ = false;               // that the frame waits
  bool taken_ = false;              // another coordinator has a node
  mutable bool failed_ = false;     // the image cannot be read
};

}  // namespace shoal
