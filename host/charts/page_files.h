// The files of host/charts/page, and Chart.js of the system's package. The
// build takes them in (CMakeLists.txt), so that a page needs no other file.
#pragma once

namespace shoal::page_files {

extern const char* const kStyle;
extern const char* const kTables;   // tables that sort, and drawByMoments
extern const char* const kCharts;   // charts from data, by Chart.js
extern const char* const kChartJs;  // empty: the package was not there

}  // namespace shoal::page_files
