// Real coordinators and nodes, and somebody between them: exact, or an Error
// in time. A line of what happened, and the seed of what went wrong.
//
//   SHOAL_MEDDLED_RUNS   how many scripts (default: 150)
//   SHOAL_RANDOM_SEED    the first one (default: 1)
#include "host/engine/coordinator/testing/meddler.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <set>

#include "host/engine/coordinator/testing/cluster_run.h"

namespace shoal {
namespace {

unsigned number_from(const char* variable, unsigned otherwise) {
  const char* const text = std::getenv(variable);
  return text ? static_cast<unsigned>(std::atoi(text)) : otherwise;
}

TEST(Meddler, EveryRunIsExactOrEndsInAnErrorInTime) {
  const unsigned runs = number_from("SHOAL_MEDDLED_RUNS", 150);
  const unsigned first = number_from("SHOAL_RANDOM_SEED", 1);
  struct {
    unsigned runs = 0, exact = 0;
    size_t deeds = 0, handshake_deeds = 0;
  } by[2];  // shared key, key pairs
  for (unsigned seed = first; seed < first + runs; ++seed) {
    const Meddler::Script script = random_script(seed);
    const MeddledRun run = run_meddled(script);
    EXPECT_EQ(run.fault, "") << "seed " << seed;
    auto& count = by[script[0] & Meddler::kIdentities ? 1 : 0];
    count.deeds += run.deeds;
    count.handshake_deeds += run.handshake_deeds;
    count.exact += run.error.empty();
    ++count.runs;
  }
  for (const auto& count : by) {
    std::printf(
        "%s: %u runs, %zu deeds (%zu to handshakes): %u exact, %u ended in an "
        "error\n",
        &count == by ? "shared key" : "key pairs", count.runs, count.deeds,
        count.handshake_deeds, count.exact, count.runs - count.exact);
    EXPECT_GT(count.runs, runs / 4);
    EXPECT_GT(count.exact, count.runs / 4);
    EXPECT_GT(count.handshake_deeds, count.runs / 2);
  }
}

// Led to another node, whose answer to a probe was believed.
TEST(Meddler, ScriptsThatFailedOnce) {
  for (const unsigned seed : {113290u}) {
    for (const uint8_t identities : {0, int{Meddler::kIdentities}}) {
      Meddler::Script script = random_script(seed);
      script[0] = static_cast<uint8_t>(script[0] % 32 | identities);
      EXPECT_EQ(run_meddled(script).fault, "") << "seed " << seed;
    }
  }
}

// Somebody passes on, faster than the wire, one datagram of each direction and
// kind as if it came from him.
TEST(Meddler, WhoPassesOnADatagramFromElsewhereDoesNotGetTheSession) {
  for (const Kind kind : {Kind::kSession, Kind::kData}) {
    SCOPED_TRACE(static_cast<int>(kind));
    TestCluster c(3);
    std::set<std::pair<uint64_t, uint64_t>> done;
    bool on = false;
    const auto spy = [&](LossyNet::Datagram& d) {
      if (!on || d.bytes[0] != static_cast<uint8_t>(kind) || d.from == 99 ||
          !done.emplace(d.from, d.to).second) {
        return true;
      }
      LossyNet::Datagram mine = d;
      mine.from = 99;
      c.net.send(mine);
      return true;
    };
    const Prepared p = small_linked(3, "kernel");
    start(c, p);
    c.net.spy = spy;
    on = true;
    run_frames(c, p, 6);
    c.run([] { return false; }, 10'000'000);
    EXPECT_GE(done.size(), 6u);
    run_frames(c, p, 6);
    c.net.spy = nullptr;
    EXPECT_TRUE(c.stop());
  }
}

}  // namespace
}  // namespace shoal
