// A node keeps a sequence and says something else when it is asked for it. The
// coordinator has the sequence of the other node, or ends with an error.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "device/agent/session_wire.h"
#include "device/link/cipher.h"
#include "host/base/error.h"
#include "host/engine/common/testing/small_model.h"
#include "host/engine/faults/fault_world.h"
#include "host/engine/recovery/peer_mirror.h"

namespace shoal {
namespace {

constexpr uint32_t kValueBytes = 700, kFrameBytes = 300;
constexpr int kKeptEvery = 4;
using Lie = std::function<void(std::vector<uint8_t>& said)>;

// Changes what one node says about the bytes that it keeps, and signs it again,
// as anybody can without a key.
class LyingTransport final : public HostTransport {
 public:
  LyingTransport(std::unique_ptr<HostTransport> honest, uint64_t liar, Lie lie)
      : honest_(std::move(honest)), liar_(liar), lie_(std::move(lie)) {
    transport_ = {this, honest_->transport().max_payload, send, receive, now};
  }
  void wait(uint64_t until_us, int other) const override {
    honest_->wait(until_us, other);
  }

 private:
  int descriptor() const override { return -1; }
  bool has_fetched() const override { return false; }
  static const shoal_transport& honest(void* self) {
    return static_cast<LyingTransport*>(self)->honest_->transport();
  }
  static uint64_t now(void* self) {
    return honest(self).now_us(honest(self).user);
  }
  static int send(void* self, uint64_t to, const void* data, uint32_t bytes) {
    return honest(self).send(honest(self).user, to, data, bytes);
  }
  static uint32_t receive(void* self, uint64_t* from, void* data,
                          uint32_t capacity) {
    const uint32_t bytes =
        honest(self).receive(honest(self).user, from, data, capacity);
    auto& t = *static_cast<LyingTransport*>(self);
    if (bytes == 0 || *from != t.liar_) return bytes;
    return t.change(static_cast<uint8_t*>(data), bytes, capacity);
  }

  uint32_t change(uint8_t* data, uint32_t bytes, uint32_t capacity) const {
    constexpr uint32_t kHeads = sizeof(SessionHead) + sizeof(ReplyHead);
    const uint32_t tag = checksum_only().tag_bytes;
    if (bytes < kHeads + tag ||
        data[0] != static_cast<uint8_t>(Kind::kSession) ||
        data[sizeof(SessionHead)] != static_cast<uint8_t>(Request::kKeep)) {
      return bytes;
    }
    std::vector<uint8_t> said(data + kHeads, data + bytes - tag);
    lie_(said);
    said.resize(std::min<size_t>(said.size(), capacity - kHeads - tag));
    if (!said.empty()) std::memcpy(data + kHeads, said.data(), said.size());
    SessionHead head;
    std::memcpy(&head, data, sizeof head);
    const uint8_t key[kKeyBytes] = {};
    const auto body = static_cast<uint32_t>(sizeof(ReplyHead) + said.size());
    EXPECT_EQ(checksum_only().seal(key, session_nonce(head.packet), data,
                                   sizeof head, data + sizeof head, body),
              0);
    return static_cast<uint32_t>(sizeof head) + body + tag;
  }

  const std::unique_ptr<HostTransport> honest_;
  const uint64_t liar_;
  const Lie lie_;
};

class LyingPeerTest : public testing::Test {
 protected:
  LyingPeerTest()
      : values_(noise_bytes(kValueBytes, 1)),
        cluster_(uniform_cluster(3, find_board("host"), 64 << 10)),
        world_(cluster_, insecure(), {}, nullptr) {
    WorkerCluster workers(options());
    workers.connect();
    PeerMirror mirror(workers, kKey, bytes());
    EXPECT_FALSE(mirror.find());
    mirror.begin_epoch(8, values_, {}, 0);
    for (unsigned f = 0; f < 2; ++f) {
      mirror.add({{}, noise_bytes(kFrameBytes, f)});
    }
  }

  static SimOptions insecure() {
    SimOptions sim;
    sim.insecure = true;
    sim.timeout_us = 1'000'000;
    return sim;
  }
  static int64_t bytes() {
    return PeerMirror::arena_bytes(kKey, kValueBytes, kFrameBytes, kKeptEvery);
  }
  WorkerClusterOptions options() {
    world_.end_at(world_.now() + 100 * kSecond);
    WorkerClusterOptions o = world_.workers();
    o.request = linked_nodes(cluster_, "spatial");
    o.request.cluster = {};
    o.set_budgets = [](Cluster&) {};
    return o;
  }
  // Returns whether the sequence was found; node `liar` lies.
  bool finds(size_t liar, Lie lie) {
    WorkerClusterOptions o = options();
    o.transport = std::make_unique<LyingTransport>(
        std::move(o.transport), o.nodes[liar].address, std::move(lie));
    o.config.transport = &o.transport->transport();
    WorkerCluster workers(std::move(o));
    workers.connect();
    PeerMirror mirror(workers, kKey, bytes());
    try {
      const std::optional<KnownSequence> known = mirror.find();
      if (!known) {
        ADD_FAILURE() << "the other node's sequence is lost";
        return false;
      }
      EXPECT_EQ(known->frames, 8);
      EXPECT_EQ(known->values, values_);
      EXPECT_EQ(known->since.size(), 2u);
      for (unsigned f = 0; f < known->since.size(); ++f) {
        EXPECT_EQ(known->since[f].input, noise_bytes(kFrameBytes, f));
      }
      return true;
    } catch (const Error& e) {
      EXPECT_TRUE(e.code() == Exit::kNode || e.code() == Exit::kUsage)
          << e.what();
      EXPECT_NE(std::string(e.what()).find("node"), std::string::npos)
          << e.what();
      return false;
    }
  }

  static constexpr char kKey[] = "key sum";
  const std::vector<uint8_t> values_;
  const Cluster cluster_;
  FaultWorld world_;
};

TEST_F(LyingPeerTest, WrongCountsAreRefused) {
  EXPECT_TRUE(finds(0, [](std::vector<uint8_t>&) {}));
  EXPECT_FALSE(finds(0, [](std::vector<uint8_t>& said) { said.clear(); }));
  EXPECT_FALSE(finds(0, [](std::vector<uint8_t>& said) { said.pop_back(); }));
  EXPECT_FALSE(finds(0, [](std::vector<uint8_t>& said) { said.push_back(0); }));
  for (const uint32_t kept : {0xFFFFFFFFu, uint32_t{UINT16_MAX} * 16}) {
    EXPECT_FALSE(finds(0, [&](std::vector<uint8_t>& said) {
      std::memcpy(said.data(), &kept, sizeof kept);
    })) << kept;
  }
  // Another number with each answer.
  uint32_t answers = 0;
  EXPECT_FALSE(finds(0, [&](std::vector<uint8_t>& said) {
    if (++answers > 2) ++said[0];
  }));
}

// A node that says it keeps nothing, or nothing whole, does not hide the
// other's copy.
TEST_F(LyingPeerTest, DamagedCopiesAreNone) {
  for (const size_t liar : {0, 1}) {
    for (const uint8_t kept : {0, 1}) {
      EXPECT_TRUE(finds(liar, [&](std::vector<uint8_t>& said) {
        said.assign(sizeof(uint32_t) + kept, 0);
        said[0] = kept;
      }));
    }
    for (unsigned seed = 0; seed < 60; ++seed) {
      std::mt19937 random(seed);
      SCOPED_TRACE(seed);
      EXPECT_TRUE(finds(liar, [&](std::vector<uint8_t>& said) {
        if (said.size() <= sizeof(uint32_t) + 1) return;
        const size_t at = random() % (said.size() - sizeof(uint32_t));
        said[sizeof(uint32_t) + at] ^= static_cast<uint8_t>(1u << random() % 8);
      }));
    }
  }
}

}  // namespace
}  // namespace shoal
