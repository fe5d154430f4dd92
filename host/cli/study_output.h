// Helpers that the studies' verbs share: their files, their progress, their
// output.
#pragma once

#include <chrono>
#include <string>

#include "host/cli/commands.h"
#include "host/study/study_result.h"

namespace shoal {

// Before the work of minutes that would be lost without it: --output is made,
// and can be written to.
void prepare_study_folder(const StudyFlags&);

// Done and left, with the time that the rest takes if it goes on like this; on
// a terminal alone.
class StudyProgress {
 public:
  explicit StudyProgress(std::string study) : study_(std::move(study)) {}

  template <class Setting>
  void operator()(size_t done, size_t all, const Setting& next) const {
    say(done, all, describe(next));
  }

 private:
  void say(size_t done, size_t all, const std::string& next) const;

  std::string study_;
  std::chrono::steady_clock::time_point begin_ =
      std::chrono::steady_clock::now();
};

// Writes the files, prints text or JSON. Throws Error(kInternal) if points
// failed by shoal's own fault.
void report_study(const StudyFlags&, const StudyResult&);

}  // namespace shoal
