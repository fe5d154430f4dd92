// Real coordinators and nodes, and somebody between them: exact, or an Error
// in time. A line of what happened, and the seed of what went wrong.
//
//   SHOAL_MEDDLED_RUNS   how many scripts (default: 150)
//   SHOAL_RANDOM_SEED    the first one (default: 1)
#include "host/cluster/testing/meddler.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

namespace shoal {
namespace {

unsigned number_from(const char* variable, unsigned otherwise) {
  const char* const text = std::getenv(variable);
  return text ? static_cast<unsigned>(std::atoi(text)) : otherwise;
}

TEST(Meddler, EveryRunIsExactOrEndsInAnErrorInTime) {
  const unsigned runs = number_from("SHOAL_MEDDLED_RUNS", 150);
  const unsigned first = number_from("SHOAL_RANDOM_SEED", 1);
  unsigned exact = 0, ended = 0;
  size_t deeds = 0;
  for (unsigned seed = first; seed < first + runs; ++seed) {
    const MeddledRun run = run_meddled(random_script(seed));
    EXPECT_EQ(run.fault, "") << "seed " << seed;
    deeds += run.deeds;
    ++(run.error.empty() ? exact : ended);
  }
  std::printf("%u runs, %zu deeds: %u exact, %u ended in an error\n", runs,
              deeds, exact, ended);
  EXPECT_GT(exact, runs / 4);
}

}  // namespace
}  // namespace shoal
