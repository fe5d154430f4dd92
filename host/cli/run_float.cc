#include "host/cli/run_float.h"

#include <chrono>

#include "host/base/files.h"
#include "host/base/floats.h"
#include "host/cli/asked.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/cli/output.h"
#include "host/cli/run_report.h"
#include "host/cli/run_session.h"
#include "host/oracle/float/float_oracle.h"
#include "host/oracle/golden/trace.h"

namespace shoal {

int run_float(const RunFlags& flags, const Graph& graph) {
  require_flags(EngineKind::kFloat, flags.plan, flags.cluster, flags.network);
  const std::vector<std::string> labels = read_labels(flags.labels);
  const std::vector<float> input = floats_of(load_input(
      graph, flags.input, normalization(flags.mean, flags.deviation)));
  tell(
      "%s computes in float32 on this computer: no plan; shoal "
      "quantize makes it int8\n",
      graph.name.c_str());
  FloatOracle oracle(graph);
  const auto start = std::chrono::steady_clock::now();
  const FloatValues* values = nullptr;
  for (int f = 0; f < flags.frames; ++f) values = &oracle.run(input);
  RunOutcome outcome;
  outcome.seconds = seconds_since(start) / flags.frames;
  outcome.output = bytes_of(oracle.output());
  outcome.where += ", in float32";
  if (!flags.trace.empty()) {
    write_file(flags.trace, format_trace(make_trace(graph, [&](int t) {
                 return bytes_of((*values)[static_cast<size_t>(t)]);
               })));
  }
  report_run(flags, graph, {}, labels, outcome);
  return 0;
}

}  // namespace shoal
