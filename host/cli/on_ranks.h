// The command line on one process or, with --mpi, on as many as mpirun has
// started: rank 0 is the one that says anything.
#pragma once

#include <chrono>
#include <functional>

#include "host/base/ranks/watched_ranks.h"

namespace shoal {

class Team;

// The arguments that are read before all others: --mpi, so that errors are told
// once, and --node-timeout, since ranks may wait for each other from the start.
// A value that is no number of seconds is refused later, with all other flags.
struct RankWish {
  bool mpi = false;
  std::chrono::milliseconds silence = RankWatch::kUsualLimit;
};
RankWish wished_ranks(int argc, char** argv);

// Runs the verb, prints what it throws and returns the exit code. On ranks
// other than 0 that is 0, whatever happened: the job's is rank 0's.
int run_on_ranks(const RankWish&, const std::function<int(Team&)>& verb);

}  // namespace shoal
