// Writes charts as JSON, from which the program of a page draws them.
#pragma once

#include <string>

#include "host/charts/table.h"

namespace shoal {

// Returns the chart's table, its series and its axes as JSON.
std::string drawing_json(const Chart&);

}  // namespace shoal
