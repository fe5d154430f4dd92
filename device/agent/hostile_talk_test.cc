#include "device/agent/testing/hostile_talk.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace shoal::test {
namespace {

TEST(HostileTalk, WhoeverSaysAnythingHurtsNobody) {
  const unsigned seed = 3101;
  std::printf("seed %u\n", seed);
  Random r(seed);
  uint64_t strangers = 0, sessions = 0, requests = 0, running = 0, faulted = 0;
  uint64_t rows = 0;
  for (int i = 0; i < 2000; ++i) {
    Bytes talk = random_talk(r);
    for (int k = i % 4; k > 0; --k) talk[r() % talk.size()] ^= 1 << r() % 8;
    const TalkOutcome o = try_talk(talk);
    strangers += o.counters.strangers, sessions += o.counters.sessions;
    requests += o.counters.requests;
    rows += o.link.placed_bytes;
    running += o.state == AgentState::kRunning;
    faulted += o.state == AgentState::kFaulted;
  }
  std::printf(
      "%d strangers, %d sessions, %d requests; %d runs, %d B of rows, %d "
      "faults\n",
      int(strangers), int(sessions), int(requests), int(running), int(rows),
      int(faulted));
  EXPECT_GT(strangers, 1000u);
  EXPECT_GT(sessions, 1500u);
  EXPECT_GT(requests, 20000u);
  EXPECT_GT(running, 500u);
  EXPECT_GT(rows, 1000u);
  EXPECT_GT(faulted, 10u);
}

}  // namespace
}  // namespace shoal::test
