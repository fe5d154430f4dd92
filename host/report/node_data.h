// Writes the figures that a plan and its frame have for each layer as node data
// of Model Explorer, which shows them on the network's graph.
#pragma once

#include <string>
#include <vector>

#include "host/report/report.h"

namespace shoal {

// Returns the files to load there, of one number each: which nodes compute a
// layer, the most bytes that one node holds of its output, and, with a trace
// among `files`, how long it computes in the frame. Throws what report_page()
// throws, and Error(kUsage) for two plans, of which a layer has two values.
std::vector<ReportFile> node_data_files(const std::vector<ReportFile>& files);

}  // namespace shoal
