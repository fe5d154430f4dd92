// The command line on one process or, with --mpi, on as many as mpirun has
// started: rank 0 is the one that says anything.
#pragma once

#include <functional>

namespace shoal {

class Team;

// Returns whether --mpi is among the arguments: known before they are looked
// at, so that errors in them are told once.
bool asks_for_ranks(int argc, char** argv);

// Runs the verb, prints what it throws and returns the exit code. On ranks
// other than 0 that is 0, whatever happened: the job's is rank 0's.
int run_on_ranks(bool mpi, const std::function<int(Team&)>& verb);

}  // namespace shoal
