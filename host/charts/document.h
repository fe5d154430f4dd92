// Sections with charts, written as text, as JSON and as one HTML page that
// needs no network.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "host/charts/table.h"

namespace shoal {

struct Section {
  std::string id;     // "ram"
  std::string title;  // "Peak RAM of a node"
  std::string text;   // what is asked and how it was answered
  std::vector<Chart> charts;
  std::vector<std::string> notes;  // points that do not exist, and why
};

struct Document {
  std::string name;  // of a study, "split"
  std::string title;
  std::string command;  // the line that made it
  std::vector<std::pair<std::string, std::string>> facts;  // model, board, ...
  std::vector<Section> sections;
};

std::string document_text(const Document&, size_t width = kAnyWidth);
std::string document_json(const Document&);
std::string document_page(const Document&);

}  // namespace shoal
