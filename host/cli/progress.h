// One line of progress on a terminal, for what takes more than two seconds;
// a log gets none.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace shoal {

// The first line of progress comes after this time, the next ones after that.
inline constexpr std::chrono::milliseconds kProgressFirst{2000};
inline constexpr std::chrono::milliseconds kProgressNext{300};
// Returns whether stderr is a terminal and nobody has asked for silence.
bool shows_progress();

// "0:07", "1:02:03".
std::string clock_text(double seconds);

class VerbListener;

// Shows what is done, how fast and the time left, over and over on one line,
// also while one step takes long. say() may be called from any thread, one at
// a time.
class Progress {
 public:
  // `what` is counted, such as "frames". Those that were done `before` do not
  // count as fast ones.
  explicit Progress(std::string what, int64_t before = 0);
  // Wipes the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Throws PlanCancelled if the listener of the thread that made it has stopped
  // the verb.
  void say(int64_t done, int64_t of);
  // Wipes the line; returns the seconds since the beginning.
  double end();
  int64_t ran() const { return done_ - before_; }

 private:
  using Clock = std::chrono::steady_clock;

  void repeat();
  std::string line() const;
  double seconds() const;

  const std::string what_;
  const Clock::time_point start_ = Clock::now();
  const int64_t before_;
  VerbListener* const listener_;
  int64_t done_, of_ = 0;
  bool on_line_ = false, over_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;  // of a terminal
};

}  // namespace shoal
