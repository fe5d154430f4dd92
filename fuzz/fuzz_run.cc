// Any bytes as a model, and all that a user would do with it: an error with
// its exit code, or a run under the plan that equals the oracle's at every
// layer. The file's size chooses the objective.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/board/board.h"
#include "host/import/import.h"
#include "host/run/prepare.h"
#include "host/run/session.h"
#include "host/run/verify.h"

namespace {

// Larger ones are legal, but would take the time of many small ones.
constexpr int64_t kMaxWork = 200'000;

int64_t work_of(const shoal::Graph& graph) {
  int64_t work = shoal::model_macs(graph);
  for (const shoal::Tensor& t : graph.tensors) {
    work += shoal::element_count(t.shape);
  }
  return work;
}

// Bytes that are finite numbers in every type.
std::vector<uint8_t> some_input(const shoal::Graph& graph) {
  std::vector<uint8_t> input(static_cast<size_t>(shoal::input_bytes(graph)));
  for (size_t i = 0; i < input.size(); ++i) {
    input[i] = static_cast<uint8_t>(i * 37 % 101);
  }
  return input;
}

void use(shoal::Graph graph, shoal::Objective objective) {
  shoal::PlanOptions options;
  options.board = &shoal::find_board("host");
  options.objective = objective;
  const shoal::Prepared prepared = shoal::prepare(std::move(graph), options);
  const std::vector<uint8_t> input = some_input(prepared.graph);
  const shoal::Verification verdict = shoal::verify_frame(
      prepared, input, shoal::run_oracle(prepared.graph, input), std::nullopt);
  if (verdict.wrong) {
    std::fprintf(stderr, "%s: %s\n", verdict.between.c_str(),
                 shoal::describe(*verdict.wrong).c_str());
    __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  try {
    shoal::Graph graph = shoal::import_tflite({bytes, size}, "fuzz");
    if (work_of(graph) > kMaxWork) return 0;
    use(std::move(graph),
        size % 2 == 0 ? shoal::Objective::kLatency : shoal::Objective::kRam);
  } catch (const shoal::Error& error) {
    if (error.code() != shoal::Exit::kCorrupt &&
        error.code() != shoal::Exit::kUnsupported &&
        error.code() != shoal::Exit::kDoesNotFit) {
      std::fprintf(stderr, "%s\n", error.what());
      __builtin_trap();
    }
  }
  return 0;
}
