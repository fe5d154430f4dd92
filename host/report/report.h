// One HTML page that answers what each node does, when, and with which memory.
// It needs no network; its drawings are made by host/report/page.
#pragma once

#include <string>
#include <vector>

#include "host/charts/document.h"

namespace shoal {

// A file's text, and what the page and errors call it.
struct ReportFile {
  std::string name, text;
};

// Returns the page of one plan, or of two side by side, and of at most one
// trace, which is of a frame of the first plan. The files may stand in any
// order. `document` has the line that made the page, and sections that come
// first; without a title it has the model's. Throws Error(kCorrupt) for files
// that are damaged and Error(kUsage) for too many of them, for no plan, and for
// a trace of another model.
std::string report_page(const std::vector<ReportFile>& files,
                        Document document);

}  // namespace shoal
