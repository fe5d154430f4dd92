// --stream: an input that holds frames one after another, and what that means
// for models that keep variables from frame to frame.
#pragma once

#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/cli/run_inputs.h"
#include "host/engine/engine.h"
#include "host/oracle/int8/oracle.h"

namespace shoal {

// The frames of a raw file, of a file of values (host/data/input/stack.h), or
// of stdin ("-"), which is raw. Throws Error(kUsage) if the size of a raw one
// is no multiple of the model's input.
std::vector<Bytes> load_sequence(const Graph&, const std::string& path);

// The same as inputs of `run`, of which there is one.
std::vector<RunInput> sequence_inputs(const Graph&,
                                      const std::vector<std::string>& paths);

// Refuses a flag that runs frames apart from each other, or one several times:
// `what` asks for it.
Error several_frames(const std::string& what, const std::string& model);

// The oracle's results of a sequence, frame by frame.
class OracleSequence {
 public:
  explicit OracleSequence(const Graph& graph)
      : graph_(graph), kept_(initial_values(graph)) {}
  Values next(const Bytes& frame) { return run_oracle(graph_, frame, kept_); }

 private:
  const Graph& graph_;
  Kept kept_;
};

}  // namespace shoal
