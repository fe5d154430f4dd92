// A study: questions, each answered by charts, written as text, as JSON and
// as one HTML page that needs no network and no scripts.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "host/charts/table.h"

namespace shoal {

struct Question {
  std::string id;     // "ram"
  std::string title;  // "Peak RAM of a node"
  std::string text;   // what is asked and how it was answered
  std::vector<Chart> charts;
  std::vector<std::string> notes;  // points that do not exist, and why
};

struct Study {
  std::string name;  // "split"
  std::string title;
  std::string command;  // the line that made it
  std::vector<std::pair<std::string, std::string>> facts;  // model, board, ...
  std::vector<Question> questions;
};

// A study that was made.
struct StudyResult {
  Study study;
  // Points that failed by shoal's own fault, "spatial, 8 nodes: ...", and runs
  // whose output was wrong.
  std::vector<std::string> broken;
};

std::string study_text(const Study&);
std::string study_json(const Study&);
std::string study_page(const Study&);

}  // namespace shoal
