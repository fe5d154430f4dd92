#include "host/cli/on_ranks.h"

#include <exception>
#include <optional>
#include <string_view>

#include "host/base/ranks/team.h"
#include "host/cli/output.h"

namespace shoal {
namespace {

// Returns the error that the verb threw; none if another rank has told why it
// stopped.
std::optional<Error> try_verb(const std::function<int(Team&)>& verb, Team& team,
                              int& code) {
  try {
    code = verb(team);
    flush_output();
  } catch (const Stopped&) {
  } catch (...) {
    return error_of(std::current_exception());
  }
  return std::nullopt;
}

int run_verb(const std::function<int(Team&)>& verb, Team& team) {
  int code = 0;
  const std::optional<Error> error = try_verb(verb, team, code);
  if (!team.leads()) {
    team.close(error);
    return 0;
  }
  if (error) {
    const int failed = report(*error);
    code = code != 0 ? code : failed;
  }
  const std::optional<Error> other = team.close(error);
  return other ? report(*other) : code;
}

}  // namespace

bool asks_for_ranks(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--mpi") return true;
  }
  return false;
}

int run_on_ranks(bool mpi, const std::function<int(Team&)>& verb) {
  std::optional<Team> team;
  try {
    team.emplace(mpi ? mpi_ranks() : one_rank());
  } catch (...) {
    return report(error_of(std::current_exception()));
  }
  if (!team->leads()) be_quiet();
  try {
    return run_verb(verb, *team);
  } catch (...) {
    // Ranks do not understand each other: none of them would end by itself.
    team->abort(report(error_of(std::current_exception())));
  }
}

}  // namespace shoal
