// What the program of a page needs to draw a chart.
#pragma once

#include <string>

#include "host/charts/table.h"

namespace shoal {

// Returns the chart's table, its series and its axes as JSON.
std::string drawing_json(const Chart&);

}  // namespace shoal
