// A chart as an inline SVG: axes with units, a legend, and a marker with its
// value as a tooltip for every number of the chart's series. Colours come
// from the page's style sheet (classes s0..s7 and text classes), so that the
// same drawing reads in light and dark.
#pragma once

#include <string>
#include <vector>

#include "host/charts/table.h"

namespace shoal {

inline constexpr int kPlotStyles = 8;

// Returns an empty text for a chart without numbers or of kind kNone.
std::string chart_svg(const Chart&);

// Returns round positions that cover 0 (or `low`, if it is logarithmic) to
// `high`.
std::vector<double> axis_ticks(double low, double high, bool logarithmic);

std::string escape_xml(const std::string&);

}  // namespace shoal
