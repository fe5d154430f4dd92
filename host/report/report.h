// One HTML page that answers what each node does, when, and with which memory.
// It needs no network; its drawings are made by host/report/page.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace shoal {

// A file's text, and what the page and errors call it.
struct ReportFile {
  std::string name, text;
};

// Returns the page of one plan, or of two side by side, and of a trace of a
// frame of the first one (null: there is none). `command` is the line that made
// it. Throws Error(kCorrupt) for files that are damaged and Error(kUsage) for a
// trace of another model.
std::string report_page(const std::vector<ReportFile>& plans,
                        const ReportFile* trace, const std::string& command);

// Returns whether the file looks like a trace, not like a plan.
bool holds_trace(const ReportFile&);

}  // namespace shoal
