// Writes charts as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "host/charts/table.h"

namespace shoal {

// Returns the title, columns and rows, which --json of a study prints.
nlohmann::ordered_json chart_json(const Chart&);

// Returns these, the series and the axes: from this text the program of a page
// draws the chart.
std::string drawing_json(const Chart&);

}  // namespace shoal
