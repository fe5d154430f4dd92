// Sections with charts and pictures, written as text, as JSON and as one HTML
// page that needs no network.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "host/charts/html.h"
#include "host/charts/table.h"

namespace shoal {

// A picture in a page, which holds its bytes.
struct PagePicture {
  std::string title, text;   // of what; what a model says of it
  std::vector<uint8_t> png;  // empty: there is nothing to show
};

struct Section {
  std::string id;     // "ram"
  std::string title;  // "Peak RAM of a node"
  std::string text;   // what is asked and how it was answered
  std::vector<Chart> charts;
  std::vector<std::string> notes;  // points that do not exist, and why
  std::vector<PagePicture> pictures = {};
};

struct Document {
  std::string name = {};  // of a study, "split"
  std::string title = {};
  std::string command = {};  // the line that made it
  // Model, board, ...
  std::vector<std::pair<std::string, std::string>> facts = {};
  std::vector<Section> sections = {};
};

std::string document_text(const Document&, size_t width = kAnyWidth);
std::string document_json(const Document&);
std::string document_page(const Document&);
// Returns the page that also has `body`, which is markup, behind the sections,
// and runs `scripts` last.
std::string document_page(const Document&, const std::string& body,
                          const std::vector<const char*>& scripts);

}  // namespace shoal
