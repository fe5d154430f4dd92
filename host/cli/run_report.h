// The output of `shoal run`, wherever the model ran.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/commands.h"
#include "host/cli/results.h"
#include "host/cli/run_model.h"
#include "host/engine/engine.h"

namespace shoal {

// Prints the results of several inputs as they come, that of one (and JSON) at
// the end, when --output has been written.
class RunReport {
 public:
  // `several`: each result is told with its input's name.
  RunReport(const RunFlags&, const Results&, bool several);
  void add(const Results::Result&, const Bytes& output);
  void end(const EngineReport&, const RunMore&, Document& page);

 private:
  const RunFlags& flags_;
  const Results& results_;
  const bool several_;
  std::optional<Results::Result> only_;
  nlohmann::json json_;
  Bytes outputs_;  // for --output
};

// "arena    12,345 B, 3 stages, board teensy41", a line for each.
void print_arenas(const std::vector<EngineNode>&);

// --trace of an answer that has values.
void write_trace(const std::string& file, const Graph&, const Answer&);

}  // namespace shoal
