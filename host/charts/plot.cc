#include "host/charts/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "host/base/index.h"
#include "host/charts/svg.h"

namespace shoal {
namespace {

constexpr double kWidth = 760, kPlotHeight = 280, kLine = 18;

std::optional<double> number(const Cell& cell) {
  if (const auto* value = std::get_if<double>(&cell)) return *value;
  return std::nullopt;
}

const Column& column(const Chart& chart, int k) {
  return chart.table.columns[index(k)];
}

int style(const Chart& chart, size_t series) {
  const int wanted = column(chart, chart.series[series]).style;
  return wanted >= 0 ? wanted : static_cast<int>(series);
}

bool quoted(const Chart& chart, size_t series) {
  return column(chart, chart.series[series]).origin == Origin::kQuoted;
}

// Returns the value if it can be drawn: a logarithmic axis has no place for 0.
std::optional<double> drawn(const Chart& chart, const Row& row, int k) {
  const std::optional<double> value = number(row[index(k)]);
  return value && chart.log_y && *value <= 0 ? std::nullopt : value;
}

struct AxisRange {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
};

AxisRange value_range(const Chart& chart) {
  AxisRange range;
  for (const Row& row : chart.table.rows) {
    double sum = 0;
    for (const int s : chart.series) {
      const std::optional<double> value = drawn(chart, row, s);
      if (!value) continue;
      sum += *value;
      range.add(chart.kind == ChartKind::kStacked ? sum : *value);
    }
  }
  return range;
}

std::string tick_text(double value) {
  const int decimals = value >= 10 || value == std::floor(value) ? 0
                       : value >= 0.1                            ? 1
                                                                 : 3;
  Column column;
  column.decimals = decimals;
  return cell_text(column, value);
}

std::string value_text(const Chart& chart, const std::string& where, int k,
                       const Cell& cell) {
  const Column& c = column(chart, k);
  return fmt::format("{}, {}: {} {} ({})", where, c.name, cell_text(c, cell),
                     c.unit, origin_word(c.origin));
}

// Entries in lines from the top; returns the height taken.
double draw_legend(Svg& svg, const Chart& chart) {
  double x = 8, y = 14;
  for (size_t s = 0; s < chart.series.size(); ++s) {
    const Column& c = column(chart, chart.series[s]);
    const std::string label =
        fmt::format("{} ({})", c.name, origin_word(c.origin));
    const double width = 30 + text_width(label);
    if (x > 8 && x + width > kWidth) {
      x = 8;
      y += kLine;
    }
    if (chart.kind == ChartKind::kStacked) {
      svg.bar(x + 4, y - 9, 12, 10, style(chart, s), c.name);
    } else {
      svg.path({{x, y - 4}, {x + 20, y - 4}}, style(chart, s),
               quoted(chart, s));
      svg.marker(x + 10, y - 4, style(chart, s), quoted(chart, s), c.name);
    }
    svg.text(x + 24, y, Anchor::kStart, label);
    x += width + 14;
  }
  return y + 14;
}

// Grid lines, their labels and the label of the axis. Returns the scale.
Scale draw_y_axis(Svg& svg, const Chart& chart, double top, double width,
                  double& left) {
  const AxisRange range = value_range(chart);
  const std::vector<double> ticks =
      axis_ticks(range.low, range.high, chart.log_y);
  double widest = 0;
  for (const double t : ticks) {
    widest = std::max(widest, text_width(tick_text(t)));
  }
  left = 34 + widest;
  const Scale scale{ticks.front(), ticks.back(), top + kPlotHeight, top,
                    chart.log_y};
  for (const double t : ticks) {
    svg.line(left, scale.at(t), width - 8, scale.at(t), "grid");
    svg.text(left - 6, scale.at(t) + 4, Anchor::kEnd, tick_text(t));
  }
  svg.text(16, top + kPlotHeight / 2, Anchor::kMiddle, chart.y_label, true);
  return scale;
}

void draw_x_ticks(Svg& svg, const Chart& chart, const Scale& x, double bottom) {
  std::vector<double> values;
  for (const Row& row : chart.table.rows) {
    if (const auto v = number(row[index(chart.x)])) values.push_back(*v);
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  const Column& c = column(chart, chart.x);
  double free = -1;  // where the next label may begin
  const double last_begin =
      x.at(values.back()) - text_width(cell_text(c, values.back())) / 2 - 5;
  for (const double v : values) {
    const std::string label = cell_text(c, v);
    const double at = x.at(v), half = text_width(label) / 2;
    svg.line(at, bottom, at, bottom + 4, "axis");
    const bool last = v == values.back();
    if (at - half < free || (!last && at + half > last_begin)) continue;
    svg.text(at, bottom + 17, Anchor::kMiddle, label);
    free = at + half + 5;
  }
}

void draw_series(Svg& svg, const Chart& chart, size_t s, const Scale& x,
                 const Scale& y) {
  const int k = chart.series[s];
  const bool is_quoted = quoted(chart, s);
  std::vector<std::pair<double, double>> run;
  const auto end_run = [&] {
    const bool joined = column(chart, k).joined;
    if (run.size() > 1 && joined) svg.path(run, style(chart, s), is_quoted);
    run.clear();
  };
  for (const Row& row : chart.table.rows) {
    const auto at = number(row[index(chart.x)]);
    const auto value = drawn(chart, row, k);
    if (at && value) {
      run.emplace_back(x.at(*at), y.at(*value));
    } else if (!is_quoted) {
      end_run();  // figures of a paper are few, their line has no gaps
    }
  }
  end_run();
  for (const Row& row : chart.table.rows) {
    const auto at = number(row[index(chart.x)]);
    const auto value = drawn(chart, row, k);
    if (!at || !value) continue;
    const Column& c = column(chart, chart.x);
    svg.marker(
        x.at(*at), y.at(*value), style(chart, s), is_quoted,
        value_text(chart, c.name + " " + cell_text(c, *at), k, row[index(k)]));
  }
}

std::string line_chart(const Chart& chart) {
  Svg svg;
  const double top = draw_legend(svg, chart) + 6;
  double left = 0;
  const Scale y = draw_y_axis(svg, chart, top, kWidth, left);
  AxisRange range;
  for (const Row& row : chart.table.rows) {
    const auto at = number(row[index(chart.x)]);
    if (at && (!chart.log_x || *at > 0)) range.add(*at);
  }
  if (range.empty()) return {};
  const double bottom = top + kPlotHeight;
  const Scale x{range.low, range.high, left + 16, kWidth - 28, chart.log_x};
  svg.line(left, bottom, kWidth - 8, bottom, "axis");
  draw_x_ticks(svg, chart, x, bottom);
  svg.text((left + kWidth) / 2, bottom + 38, Anchor::kMiddle,
           column_title(column(chart, chart.x)));
  for (size_t s = 0; s < chart.series.size(); ++s) {
    draw_series(svg, chart, s, x, y);
  }
  return svg.finish(kWidth, bottom + 46, chart.title);
}

// Where the bars stand: rows with the same value in the group column side by
// side, more room between groups.
struct Bars {
  std::vector<double> centers;
  double slot = 0;
};
constexpr double kGroupGap = 0.7;  // of a slot, between groups

// Returns how many slots the bars before each take, then all of them.
std::vector<double> bar_places(const Chart& chart) {
  const std::vector<Row>& rows = chart.table.rows;
  std::vector<double> places = {0};
  for (size_t r = 1; r < rows.size(); ++r) {
    const bool is_new = rows[r][index(chart.x)] != rows[r - 1][index(chart.x)];
    places.push_back(places.back() + 1 + (is_new ? kGroupGap : 0));
  }
  places.push_back(places.back() + 1);
  return places;
}

// Wide enough for an upright name under each bar.
double stacked_width(const Chart& chart) {
  return std::max(kWidth, 120 + bar_places(chart).back() * (kFontSize + 2));
}

Bars place_bars(const Chart& chart, double left, double width) {
  const std::vector<double> places = bar_places(chart);
  Bars bars;
  bars.slot = (width - 8 - left) / places.back();
  for (size_t r = 0; r + 1 < places.size(); ++r) {
    bars.centers.push_back(left + (places[r] + 0.5) * bars.slot);
  }
  return bars;
}

void draw_bar(Svg& svg, const Chart& chart, const Row& row, double center,
              double slot, const Scale& y) {
  const double width = std::min(slot * 0.8, 46.0);
  const std::string where =
      cell_text(column(chart, chart.x), row[index(chart.x)]) + " " +
      cell_text(column(chart, chart.x + 1), row[index(chart.x + 1)]);
  double sum = 0;
  for (size_t s = 0; s < chart.series.size(); ++s) {
    const int k = chart.series[s];
    const auto value = drawn(chart, row, k);
    if (!value) continue;
    const double from = y.at(sum), to = y.at(sum + *value);
    sum += *value;
    svg.bar(center - width / 2, to, width, from - to, style(chart, s),
            value_text(chart, where, k, row[index(k)]));
  }
}

std::string stacked_chart(const Chart& chart) {
  Svg svg;
  const double top = draw_legend(svg, chart) + 6;
  double left = 0;
  const double width = stacked_width(chart);
  const Scale y = draw_y_axis(svg, chart, top, width, left);
  const double bottom = top + kPlotHeight;
  const Bars bars = place_bars(chart, left, width);
  const std::vector<Row>& rows = chart.table.rows;
  const Column& names = column(chart, chart.x + 1);
  double widest = 0;
  for (const Row& row : rows) {
    widest =
        std::max(widest, text_width(cell_text(names, row[index(chart.x + 1)])));
  }
  const bool upright = widest + 4 > bars.slot;
  const double under = bottom + (upright ? widest + 8 : 20);
  svg.line(left, bottom, width - 8, bottom, "axis");
  for (size_t r = 0; r < rows.size(); ++r) {
    draw_bar(svg, chart, rows[r], bars.centers[r], bars.slot, y);
    const std::string name = cell_text(names, rows[r][index(chart.x + 1)]);
    if (upright) {
      svg.text(bars.centers[r] + 4, bottom + 6, Anchor::kEnd, name, true);
    } else {
      svg.text(bars.centers[r], bottom + 17, Anchor::kMiddle, name);
    }
  }
  for (size_t r = 0, end = 0; r < rows.size(); r = end) {
    const Cell& group = rows[r][index(chart.x)];
    for (end = r; end < rows.size() && rows[end][index(chart.x)] == group;) {
      ++end;
    }
    svg.text((bars.centers[r] + bars.centers[end - 1]) / 2, under + 16,
             Anchor::kMiddle, cell_text(column(chart, chart.x), group));
  }
  svg.text((left + width) / 2, under + 38, Anchor::kMiddle,
           column_title(column(chart, chart.x)));
  return svg.finish(width, under + 46, chart.title);
}

double nice_step(double wanted) {
  const double decade = std::pow(10, std::floor(std::log10(wanted)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * decade >= wanted * (1 - 1e-9)) return factor * decade;
  }
  return 10 * decade;
}

std::vector<double> log_ticks(double low, double high) {
  const int first = static_cast<int>(std::floor(std::log10(low) + 1e-9));
  const int last = static_cast<int>(std::ceil(std::log10(high) - 1e-9));
  const bool fine = last - first <= 3;
  std::vector<double> all;
  for (int k = first; k <= last; ++k) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      if (factor == 1.0 || (fine && k < last)) {
        all.push_back(factor * std::pow(10, k));
      }
    }
  }
  if (all.size() == 1) all.push_back(10 * all[0]);
  while (all.size() > 2 && all[1] <= low) all.erase(all.begin());
  while (all.size() > 2 && all[all.size() - 2] >= high) all.pop_back();
  return all;
}

}  // namespace

std::vector<double> axis_ticks(double low, double high, bool logarithmic) {
  if (logarithmic) return log_ticks(low, high);
  if (high <= 0) high = 1;
  const double step = nice_step(high / 5);
  std::vector<double> ticks;
  for (int k = 0; ticks.empty() || ticks.back() < high * (1 - 1e-9); ++k) {
    ticks.push_back(k * step);
  }
  return ticks;
}

std::string chart_svg(const Chart& chart) {
  if (value_range(chart).empty()) return {};
  if (chart.kind == ChartKind::kLines) return line_chart(chart);
  if (chart.kind == ChartKind::kStacked) return stacked_chart(chart);
  return {};
}

std::string escape_xml(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        // Control characters are not allowed in XML, not even escaped.
        out += static_cast<unsigned char>(c) < 32 && c != '\n' ? ' ' : c;
    }
  }
  return out;
}

}  // namespace shoal
