// Accuracy of a classifier over a data set. Frames are handed out in order
// (frames.h) to engines that run them (answer_frames.h), and each answer is
// kept under the number of its frame: what is counted here depends on the model
// and the data alone, not on the plan, the number of threads or interruptions
// (journal.h).
//
// A class is an output: an element of the model's first output.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/data/dataset/dataset.h"
#include "host/model/graph/graph.h"

namespace shoal {

// The answer that is kept of a frame: numbers, whose meaning is that of the
// task.
using FrameAnswer = std::vector<int>;

// The classes with the largest scores, best first; of equal scores the lower
// number comes first. -1 at the end: the model has fewer.
constexpr size_t kBest = 5;
using BestClasses = FrameAnswer;  // kBest of them

// `outputs`: all outputs of a frame in the file's types. A score that is not
// a number is less than all others.
BestClasses best_classes_of(const Graph&, std::span<const uint8_t> outputs);

// Returns the elements of the first output. Throws Error(kUnsupported) if they
// are no scores of classes.
int class_count(const Graph&);

// The names of the classes, and which one is right for each item.
struct Classes {
  int count = 0;                   // of the model
  std::vector<std::string> names;  // none, or one for each class
  std::vector<int> truth;          // by item of the data
  std::vector<std::string> notes;  // what a person should know of the match

  std::string name(int c) const;  // its number if it has none
};

// `labels`: of the model's outputs in order, may be empty; a folder that
// carries the name of a label is that class. Else class i of the data is
// output i + `offset`. Throws Error(kUsage) if the data have no labels, or
// some that are beyond the model.
Classes match_classes(const Graph&, const Dataset&,
                      const std::vector<std::string>& labels, int offset);

// Answers of some items of the data, by their numbers.
using Answers = std::map<int64_t, FrameAnswer>;

struct ClassCount {
  int64_t frames = 0, right = 0;
  double recall() const;  // 0 without frames
};

struct Accuracy {
  int64_t frames = 0, top1 = 0, top5 = 0;
  std::vector<ClassCount> classes;
  // Frames, by the class that is right and the one that was said.
  std::map<std::pair<int, int>, int64_t> confusion;
  // Returns the mean over the classes that have frames.
  double mean_recall() const;
  int classes_seen() const;
};

Accuracy count_answers(const Classes&, const Answers&);

}  // namespace shoal
