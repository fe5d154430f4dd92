#include "device/agent/testing/hostile_talk.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace shoal::test {
namespace {

TEST(HostileTalk, WhoeverSaysAnythingHurtsNobody) {
  const unsigned seed = 3101;
  std::printf("seed %u\n", seed);
  Random r(seed);
  struct {
    uint64_t strangers, sessions, requests, rows, running, faulted;
  } by[3] = {};  // by mode
  for (int i = 0; i < 3000; ++i) {
    Bytes talk = random_talk(r);
    for (int k = i % 4; k > 0; --k) talk[r() % talk.size()] ^= 1 << r() % 8;
    const TalkOutcome o = try_talk(talk);
    auto& of = by[static_cast<int>(o.mode)];
    of.strangers += o.counters.strangers, of.sessions += o.counters.sessions;
    of.requests += o.counters.requests;
    of.rows += o.link.placed_bytes;
    of.running += o.state == AgentState::kRunning;
    of.faulted += o.state == AgentState::kFaulted;
  }
  constexpr const char* kNames[] = {"shared key", "insecure", "key pairs"};
  uint64_t faulted = 0;
  for (const auto& of : by) {
    std::printf(
        "%s: %d strangers, %d sessions, %d requests; %d runs, %d B of rows, "
        "%d faults\n",
        kNames[&of - by], int(of.strangers), int(of.sessions), int(of.requests),
        int(of.running), int(of.rows), int(of.faulted));
    EXPECT_GT(of.strangers, 1000u);
    EXPECT_GT(of.sessions, 500u);
    EXPECT_GT(of.requests, 10000u);
    EXPECT_GT(of.running, 250u);
    EXPECT_GT(of.rows, 1000u);
    faulted += of.faulted;
  }
  EXPECT_GT(faulted, 10u);
}

}  // namespace
}  // namespace shoal::test
