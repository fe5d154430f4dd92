// Plans and a trace, as the report draws them.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "host/report/report.h"

namespace shoal {

struct ReportViews {
  nlohmann::ordered_json plans;  // one or two (plan_view)
  nlohmann::ordered_json trace;  // of the first one (trace_view); null: none
};

// Throws what report_page() throws.
ReportViews report_views(const std::vector<ReportFile>& files);

}  // namespace shoal
