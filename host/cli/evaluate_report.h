// The output of `shoal evaluate`.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "host/cli/judge.h"
#include "host/cli/progress.h"
#include "host/cli/run_report.h"
#include "host/data/evaluate/evaluate.h"

namespace shoal {

// Says on stderr how many frames were run and how fast, `before` of them
// earlier.
void tell_frames(const Progress&, double seconds, int64_t before);

void print_accuracy(const Classes&, const Accuracy&, const EvaluateOutcome&);
Section accuracy_section(const Classes&, const Accuracy&);
nlohmann::json accuracy_json(const Classes&, const Accuracy&);
// Rows: the class that is right; columns: the class that was said; of classes
// that were either.
std::string confusion_csv(const Classes&, const Accuracy&);

}  // namespace shoal
