// Ranks that notice when another one is silent. A thread of its own says every
// now and then that this rank is alive, whatever the others compute meanwhile,
// and reads what comes: a rank that was stopped, or whose machine is lost, ends
// the job in exit code 6 instead of a wait without end.
//
// All ranks talk to the first one only, so the first watches all others and
// they watch the first. An empty packet means "alive" and is not handed on.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "host/base/error.h"
#include "host/base/ranks/ranks.h"

namespace shoal {

// How long each rank was silent, in time that this process was awake: a job
// that was stopped as a whole goes on when it is woken.
class Silence {
 public:
  using Duration = std::chrono::duration<double>;

  explicit Silence(int ranks) : silent_(static_cast<size_t>(ranks)) {}
  void heard(int rank) { silent_[static_cast<size_t>(rank)] = {}; }
  // So much time since the last call, in which a look was due every `pause`.
  void pass(Duration time, Duration pause);
  Duration of(int rank) const { return silent_[static_cast<size_t>(rank)]; }

 private:
  std::vector<Duration> silent_;
};

struct RankWatch {
  static constexpr std::chrono::seconds kUsualLimit{60};

  std::chrono::milliseconds limit = kUsualLimit;
  // Told on a rank that gives up, from another thread; then all are ended.
  std::function<void(const Error&)> tell;
};

// Starts ranks that watch each other. Several threads may use what `start`
// gives, one at a time. Starting and ending wait for all ranks, in calls that
// nothing can interrupt: if they take longer than the limit, this process tells
// it and exits with code 6.
std::unique_ptr<Ranks> watched_ranks(
    const std::function<std::unique_ptr<Ranks>()>& start, RankWatch);

}  // namespace shoal
