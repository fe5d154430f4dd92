#include "host/cli/on_ranks.h"

#include <charconv>
#include <chrono>
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

RankWish wished_ranks(int argc, char** argv) {
  RankWish wish;
  for (int i = 1; i < argc; ++i) {
    constexpr std::string_view kTimeout = "--node-timeout";
    std::string_view text = argv[i];
    if (text == "--mpi") wish.mpi = true;
    if (!text.starts_with(kTimeout)) continue;
    text.remove_prefix(kTimeout.size());
    if (text.empty() && i + 1 < argc) {
      text = argv[i + 1];
    } else if (text.starts_with('=')) {
      text.remove_prefix(1);
    }
    double seconds = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size()) continue;
    if (!(seconds > 0 && seconds < 1e6)) continue;
    wish.silence = std::chrono::milliseconds(static_cast<int>(1e3 * seconds));
  }
  return wish;
}

int run_on_ranks(const RankWish& wish, const std::function<int(Team&)>& verb) {
  std::optional<Team> team;
  try {
    team.emplace(wish.mpi
                     ? watched_ranks(mpi_ranks, {wish.silence, report_aloud})
                     : one_rank());
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
