// A node in the coordinator's place: it has the picture, sends its boxes to the
// nodes that compute and takes their result. A coordinator has given it their
// addresses and keys and has started them; then it is no longer needed.
//
// All memory is the arena, which begins with this object. The picture is read
// from where programs are kept, a datagram at a time: a camera's place.
#pragma once

#include "device/agent/leader_image.h"
#include "device/link/link.h"

namespace shoal {

struct LeaderConfig {
  // Reads bytes of the image; waits for them.
  bool (*read)(void* user, uint32_t offset, void* to, uint32_t bytes) = nullptr;
  void* user = nullptr;
  uint32_t image_bytes = 0;
  uint16_t peers = 0;  // of the link, that were granted
  const shoal_link* link = nullptr;
  uint8_t* arena = nullptr;
  uint32_t arena_bytes = 0;
  // Called for every frame.
  void (*said)(void* user, const struct LeaderSaid&) = nullptr;
  void* said_user = nullptr;
};

// The class with the largest value, or a node for which the frame waits.
struct LeaderSaid {
  uint32_t frame = 0;  // from 0
  bool late = false;   // the name is the node's
  uint32_t best = 0;
  int8_t value = 0;  // as the network gives it
  char name[kLeaderName] = {};
};

// The interface of a leader to an agent, so that boards without one have none
// of its code.
class LeaderProgram {
 public:
  virtual Status open(const LeaderConfig&) = 0;
  virtual Status step() = 0;
  virtual void receive(uint64_t from, uint8_t* datagram, uint32_t bytes) = 0;
  virtual uint64_t next_timer_us() const = 0;
  virtual uint32_t frames() const = 0;  // that have ended

 protected:
  ~LeaderProgram() = default;
};

// Makes a leader at the beginning of the arena; null: there is no room.
LeaderProgram* make_leader(uint8_t* arena, uint32_t arena_bytes);

class Leader final : public LeaderProgram, private Streams {
 public:
  Status open(const LeaderConfig&) override;
  // kWait: nothing to do now. kStorage: the picture cannot be read.
  Status step() override;
  void receive(uint64_t from, uint8_t* datagram, uint32_t bytes) override;
  uint64_t next_timer_us() const override;
  uint32_t frames() const override { return done_; }

 private:
  uint32_t ready(uint16_t target) const override;
  void read(uint16_t target, uint32_t offset, uint8_t* to,
            uint32_t bytes) const override;
  void released(uint16_t target, uint32_t offset) override;
  uint32_t limit(uint16_t stream) const override;
  void place(uint16_t stream, uint32_t offset, const uint8_t* from,
             uint32_t bytes) override;
  void arrived(uint16_t stream, uint32_t offset) override;

  uint64_t now_us() const;
  void tell(uint64_t now);
  uint16_t awaited(uint64_t& since) const;
  void look_for_silence(uint64_t now);
  void complain(uint16_t peer);
  bool read_tables();
  uint32_t ends() const { return uint32_t{h_.targets} + h_.streams; }
  bool at_end(uint32_t i) const { return reached_[i] == begun_ * bytes_of(i); }
  uint32_t end_under_way();
  bool get(uint32_t offset, void* to, uint32_t bytes) const;
  uint32_t bytes_of(uint32_t box) const { return box_bytes(boxes_[box]); }

  LeaderConfig c_;
  LeaderHeader h_{};
  LeaderLayout at_{};
  Link link_;
  PeerEntry* peers_ = nullptr;
  TargetRecord* targets_ = nullptr;
  StreamRecord* streams_ = nullptr;
  LeaderBox* boxes_ = nullptr;   // of targets, then of streams
  uint32_t* reached_ = nullptr;  // acknowledged or arrived, of each of these
  uint8_t* output_ = nullptr;
  uint32_t begun_ = 0, done_ = 0;  // frames
  uint64_t* heard_us_ = nullptr;   // each peer, or since the frame has begun
  uint64_t next_us_ = 0;
  uint64_t look_us_ = 0;  // whether somebody is silent
  uint64_t complained_us_ = 0;
  uint16_t complained_of_ = 0;
  bool news_ = false;            // in reached_
  mutable bool failed_ = false;  // the picture cannot be read
};

}  // namespace shoal
