// The output of `shoal evaluate`: progress while it runs, results at the end.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <thread>
#include <vector>

#include "host/cli/judge.h"
#include "host/cli/run_report.h"
#include "host/data/evaluate/evaluate.h"

namespace shoal {

// Frames done, frames a second and the time left, on stderr: over and over on
// one line of a terminal, also while a frame takes long; else a line now and
// then, when a frame is done. say() may be called from any thread, one at a
// time.
class Progress {
 public:
  // Frames that were done before do not count as fast ones.
  explicit Progress(int64_t before);
  // Takes the line back if end() was not called, for the error that follows.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void say(int64_t done, int64_t of);
  // The last line; seconds since the beginning.
  double end();

 private:
  using Clock = std::chrono::steady_clock;

  void repeat();
  void stop();
  std::string line(Clock::time_point now) const;

  const Clock::time_point start_ = Clock::now();
  Clock::time_point said_ = start_;
  const bool terminal_;
  const int64_t before_;
  int64_t done_, of_ = 0;
  bool on_line_ = false, over_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;  // of a terminal
};

void print_accuracy(const Classes&, const Accuracy&, const EvaluateOutcome&);
nlohmann::json accuracy_json(const Classes&, const Accuracy&);
// Rows: the class that is right; columns: the class that was said; of classes
// that were either.
std::string confusion_csv(const Classes&, const Accuracy&);

}  // namespace shoal
