// The output of `shoal evaluate`: progress while it runs, results at the end.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "host/cli/judge.h"
#include "host/cli/run_report.h"
#include "host/data/evaluate/evaluate.h"

namespace shoal {

// Frames done, frames a second and the time left, on stderr: over and over on
// one line of a terminal, else a line now and then.
class Progress {
 public:
  // Frames that were done before do not count as fast ones.
  explicit Progress(int64_t before);
  void say(int64_t done, int64_t of);
  // The last line; seconds since the beginning.
  double end();

 private:
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point said_ = start_;
  const bool terminal_;
  const int64_t before_;
  int64_t done_, of_ = 0;
};

void print_accuracy(const Classes&, const Accuracy&, const EvaluateOutcome&);
nlohmann::json accuracy_json(const Classes&, const Accuracy&);
// Rows: the class that is right; columns: the class that was said; of classes
// that were either.
std::string confusion_csv(const Classes&, const Accuracy&);

}  // namespace shoal
