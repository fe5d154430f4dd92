// The split paper's questions, asked of one model: RAM, latency and traffic
// against the number of nodes, input sizes, unequal nodes, bounds of memory
// and link, and the paper's own figures beside them.
#pragma once

#include <string>
#include <vector>

#include "host/board/board.h"
#include "host/model/graph/graph.h"
#include "host/study/paper.h"
#include "host/study/point.h"
#include "host/study/points.h"
#include "host/study/study_result.h"

namespace shoal {

// Returns the planner's, by name.
std::vector<std::string> sorted_strategies();

struct SplitStudyOptions {
  std::vector<int> nodes = {1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64};
  std::vector<std::string> strategies = sorted_strategies();
  std::vector<PlanText> cuts;  // mixtures, each for the nodes that it names
  std::vector<int> sizes = {96, 112, 128, 160, 192, 224};
  const Board* board = nullptr;  // required
  std::string command;           // the line that makes this study
  int threads = 1;
};

using Points = PointsOf<Setting, Point>;

StudyResult split_study(const Graph&, const Paper&, const SplitStudyOptions&,
                        const Points::Progress&);

// Returns the same with points of any origin, for tests.
StudyResult split_study(const Graph&, const Paper&, const SplitStudyOptions&,
                        Points&, const Points::Progress&);

// "1..8,16": numbers and ranges of 1..limit, ascending. Throws Error(kUsage)
// naming `flag`.
std::vector<int> parse_numbers(const std::string& text, const std::string& flag,
                               int limit);

}  // namespace shoal
