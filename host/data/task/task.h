// Reads a model's outputs about a picture. A *head* is a usual form of outputs
// and the arithmetic that makes boxes, a mask or points of them; all
// coordinates are those of the model's input, in pixels.
//
//   const HeadUse use = choose_head(graph, {});   // guessed
//   const HeadFindings f = read_head(use, real_outputs(graph, output), {});
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/data/image/picture.h"
#include "host/data/task/overlap.h"
#include "host/data/task/values.h"
#include "host/model/graph/detection.h"

namespace shoal {

// The use of a model's outputs: classes, boxes, areas in a picture, points, or
// none of these.
enum class Task { kClassify, kDetect, kSegment, kPoints, kRaw };
const char* task_name(Task);  // "classify"
std::optional<Task> task_of(const std::string& name);

struct KeyPoint {
  float x = 0, y = 0;
  float score = 1;
};

struct HeadFindings {
  std::vector<Detection> boxes;  // detect
  std::vector<KeyPoint> points;  // points, in the model's order
  // segment: the class of every place of the model's output, rows first.
  int mask_width = 0, mask_height = 0;
  std::vector<int> mask;
};

struct HeadOptions {
  float score = 0.25f;                // of a box at least
  std::optional<float> overlap = {};  // of two boxes of one thing
  int most = 100;                     // boxes
};

struct Head;
struct HeadUse {
  const Head* head = nullptr;
  bool guessed = false;
  int width = 0, height = 0;  // of the input; 0: it is no picture
  std::shared_ptr<const DetectionOp> detection = {};
  std::vector<float> anchors = {};
  std::string assumed = {};  // for people; empty: nothing
};

// By name, by task (its first that fits), or the first of all that fits.
// Throws Error(kUsage), with those that there are, for one that is unknown or
// does not fit the outputs, and for anchors that the head does not take.
struct HeadWish {
  std::string head = {}, task = {};
  // Widths and heights in pixels of the input, of the finest grid first; empty:
  // those of well-known networks.
  std::vector<float> anchors = {};
  std::shared_ptr<const DetectionOp> detection = {};  // of the file
};
HeadUse choose_head(const Graph&, const HeadWish&);
std::string head_name(const HeadUse&);
Task head_task(const HeadUse&);
// Returns a text for people: what each head expects of the outputs.
std::string heads_text();

// Reads nothing for kClassify and kRaw.
HeadFindings read_head(const HeadUse&, const std::vector<RealOutput>&,
                       const HeadOptions&);

// From pixels of the input to those of the picture that was fitted to it.
void to_picture(const Placement&, HeadFindings&);

}  // namespace shoal
