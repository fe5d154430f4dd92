// The result of a study of this folder: a document with a section for each of
// its questions.
#pragma once

#include <string>
#include <vector>

#include "host/charts/document.h"

namespace shoal {

using Question = Section;

struct StudyResult {
  Document document;
  // Points that failed by shoal's own fault, "spatial, 8 nodes: ...", and runs
  // whose output was wrong.
  std::vector<std::string> broken;
};

}  // namespace shoal
