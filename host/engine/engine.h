// One way to run a model: inputs in, answers out. Behind it are a node on this
// computer, a store that was built, nodes in virtual time, workers, an emulated
// board and the float oracle; a verb is a loop over it.
//
//   engine.stream([&] { return next_input(); },
//                 [&](const Answer& a) { use(a.output); });
//   engine.report().seconds ...
//
// All bytes are in the file's types, the tensors one after another. What an
// engine cannot do is told by abilities.h before it is made.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/engine/measured_run.h"
#include "host/model/graph/graph.h"
#include "host/plan/types/plan.h"
#include "host/program/store/file_storage.h"

namespace shoal {

class FrameSource;
struct Prepared;

using Bytes = std::vector<uint8_t>;

// The answer to one frame.
struct Answer {
  const Bytes& output;
  // Returns what every tensor of the file held, by its number, as the oracle's
  // values are; empty if the engine does not trace. Must be called before take
  // returns.
  std::function<std::vector<Bytes>()> values = {};
  // Its number in a sequence that outlives its nodes.
  std::optional<int64_t> frame = {};
};

// A node that takes part.
struct EngineNode {
  std::string name;  // empty: the only one
  std::string board;
  uint32_t arena_bytes = 0;
  size_t stages = 0;
  std::vector<int> segments = {};  // of the plan, that the stages are parts of
};
std::vector<EngineNode> engine_nodes(const Plan&);

// A storage, and what it did.
struct StorageWork {
  std::string name;  // on its board
  bool sealed = false;
  std::string life;  // what the plan says of it; empty: nothing is written
  FileCounters done;
};
FileCounters counted(const FileCounters& before, const FileCounters& after);

struct EngineReport {
  std::string what;   // "one node", "8 workers"
  std::string where;  // of the seconds: "on this computer"
  std::vector<EngineNode> nodes;
  int batch = 1;       // frames that run together
  int64_t frames = 0;  // that were streamed
  int64_t runs = 0;    // of them, or of batches of them
  double seconds = 0;  // from the first input to the last output
  std::optional<StorageWork> storage;
  std::vector<std::string> notes;  // what a person should know of the run
  // The work of the nodes in the frames of the last stream, if they were asked.
  std::optional<MeasuredRun> measured = std::nullopt;
  // The plan that runs, and its net; null: there is none.
  std::shared_ptr<const Prepared> prepared = nullptr;
};

// A node that is lost takes with it what it kept of variables: what happened,
// and with which frame of the sequence (from 0) it ends. Nothing begins again
// by itself. `variables`: the names of those of which it had a part, if that is
// known.
Error sequence_lost(const Error& why, int64_t frame,
                    const std::vector<std::string>& variables = {});

class Engine {
 public:
  // The inputs of the next frame; none: there are no more, and it is not called
  // again.
  using Next = std::function<std::optional<Bytes>()>;
  // Takes the answers of the frames in their order.
  using Take = std::function<void(const Answer&)>;

  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() = default;

  virtual const Graph& graph() const = 0;
  // Runs frames until `next` has no more. Several may be under way. They are a
  // sequence: variables of the model begin with their initial values.
  virtual void stream(const Next& next, const Take& take) = 0;
  // Runs the frames of a source as they come, until it has ended and all of
  // them have their answers. Each is a sequence of its own.
  virtual void serve(FrameSource&, const Take&);
  // Returns whether a frame depends on the one before it.
  virtual bool keeps_variables() const { return !graph().variables.empty(); }
  // Returns how many frames of its sequence have their answers, if all frames
  // that it serves are one that outlives its nodes.
  virtual std::optional<int64_t> sequence_frames() const { return {}; }
  // Reports on all frames that were streamed.
  virtual EngineReport report() const = 0;
  // One more of its kind, for another thread; null: there is only one.
  virtual std::unique_ptr<Engine> another() const { return nullptr; }
};

// Runs `count` frames, the inputs one after the other, again and again.
void run_frames(Engine&, const std::vector<Bytes>& inputs, int64_t count,
                const std::function<void(int64_t frame, const Answer&)>& take);
// Returns the output of one.
Bytes run_frame(Engine&, const Bytes& input);

}  // namespace shoal
