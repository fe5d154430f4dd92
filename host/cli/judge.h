// The judges of `shoal evaluate`: for each task what is kept of a frame's
// outputs, and what is counted at the end.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/charts/document.h"
#include "host/cli/commands.h"
#include "host/cli/verb_page.h"
#include "host/data/dataset/dataset.h"
#include "host/data/evaluate/evaluate.h"
#include "host/data/evaluate/journal.h"
#include "host/data/task/task.h"
#include "host/engine/engine.h"

namespace shoal {

// The outcome of a run that has ended.
struct EvaluateOutcome {
  std::vector<EngineNode> nodes;  // none of a float model
  std::string where;              // "2 threads"
  int64_t resumed = 0;
  double seconds = 0;
};

class Judge {
 public:
  Judge() = default;
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;
  virtual ~Judge() = default;

  virtual const Dataset& data() const = 0;
  // Whatever answers depend on besides the model, the data and how pictures
  // become inputs.
  virtual std::string key() const = 0;
  // The limits of the journal, without its key.
  virtual JournalLimits limits() const = 0;
  // As in FramesOptions; both thread-safe for different items.
  virtual std::vector<uint8_t> input(int64_t item) = 0;
  virtual FrameAnswer answer(int64_t item,
                             std::span<const uint8_t> outputs) = 0;
  // Then the rest is asked for.
  virtual void count(const Answers&) = 0;
  virtual void write(const std::string& path) const = 0;  // --output
  virtual void print(const EvaluateOutcome&) const = 0;
  // Without what is known of the run.
  virtual nlohmann::json json() const = 0;
  // Returns the same as tables of a page.
  virtual Section section() const = 0;
  // Returns the items that were answered worst, the worst first; none of those
  // that are right.
  virtual std::vector<int64_t> worst() const = 0;
  // Says how they are drawn, and which is the worst.
  virtual std::string mistakes_text() const = 0;
  // Draws an item with its outputs, and says what is wrong.
  virtual void draw(int64_t item, std::span<const uint8_t> outputs,
                    PagePictures&) const = 0;
};

// Items that were answered wrong, with how bad they are.
using Wrong = std::vector<std::pair<double, int64_t>>;
inline std::vector<int64_t> items_of(const Wrong& wrong) {
  std::vector<int64_t> items;
  for (const auto& [how_bad, item] : wrong) items.push_back(item);
  return items;
}

// The parts that the judges of boxes and masks share: pictures, and the head
// that reads outputs.
struct JudgeParts {
  const EvaluateFlags& flags;
  const Graph& graph;
  HeadUse head;
  std::vector<std::string> labels;
};

// The references must outlive it.
std::unique_ptr<Judge> judge_classes(const EvaluateFlags&, const Graph&,
                                     const std::vector<std::string>& labels);
std::unique_ptr<Judge> judge_boxes(JudgeParts);
std::unique_ptr<Judge> judge_masks(JudgeParts);

}  // namespace shoal
