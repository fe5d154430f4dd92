#include "host/charts/plot.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "host/charts/svg.h"
#include "host/charts/testing/xml.h"

namespace shoal {
namespace {

Chart node_chart(ChartKind kind = ChartKind::kLines) {
  Chart chart;
  chart.title = "Peak arena of a node";
  chart.kind = kind;
  chart.y_label = "KB";
  chart.log_x = true;
  chart.table.columns = {{"nodes", ""},
                         {"kernel", "KB", Origin::kModelled, 1},
                         {"layer", "KB", Origin::kModelled, 1},
                         {"spatial", "KB", Origin::kSimulated, 1},
                         {"paper, 224x224", "KB", Origin::kQuoted, 0}};
  for (const int n : {1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64}) {
    Row row{double(n), 400. / n, 300. / n, 200. / n, std::monostate{}};
    if (n == 4) row[4] = 554.;
    if (n == 8) row[4] = 499.;
    if (n == 5) row[2] = std::monostate{};
    chart.table.rows.push_back(row);
  }
  chart.series = {1, 2, 3, 4};
  return chart;
}

Chart stacked_chart(int nodes_count) {
  Chart chart;
  chart.title = "Latency";
  chart.kind = ChartKind::kStacked;
  chart.y_label = "ms";
  chart.table.columns = {{"nodes", ""},
                         {"strategy", ""},
                         {"compute", "ms", Origin::kSimulated, 1},
                         {"communication", "ms", Origin::kSimulated, 1},
                         {"waiting", "ms", Origin::kSimulated, 1}};
  for (int n = 1; n <= nodes_count; ++n) {
    for (const char* name : {"kernel", "layer", "spatial"}) {
      chart.table.rows.push_back({double(n), name, 900. / n, 10. * n, 5. * n});
    }
  }
  chart.series = {2, 3, 4};
  return chart;
}

struct Place {
  double x0, y0, x1, y1;
  std::string label;
};

double real(const XmlElement& e, const char* key) {
  return std::stod(e.attribute(key));
}

// Where each label lies, with the width that text_width() allows for it.
std::vector<Place> labels(const std::vector<XmlElement>& elements) {
  std::vector<Place> places;
  for (const XmlElement& e : elements) {
    if (e.name != "text") continue;
    const double width = text_width(e.text), x = real(e, "x"), y = real(e, "y");
    const std::string anchor = e.attribute("text-anchor");
    const double back = anchor == "end"      ? width
                        : anchor == "middle" ? width / 2
                                             : 0;
    const bool upright = !e.attribute("transform").empty();
    if (upright) {
      places.push_back({x - kFontSize * 0.8, y + back - width,
                        x + kFontSize * 0.2, y + back, e.text});
    } else {
      places.push_back({x - back, y - kFontSize * 0.8, x - back + width,
                        y + kFontSize * 0.2, e.text});
    }
  }
  return places;
}

void expect_readable(const std::string& svg) {
  const std::vector<XmlElement> elements = read_xml(svg);
  const double width = real(elements[0], "width");
  const double height = real(elements[0], "height");
  const std::vector<Place> places = labels(elements);
  for (size_t a = 0; a < places.size(); ++a) {
    const Place& p = places[a];
    EXPECT_GE(p.x0, 0) << p.label;
    EXPECT_GE(p.y0, 0) << p.label;
    EXPECT_LE(p.x1, width) << p.label;
    EXPECT_LE(p.y1, height) << p.label;
    for (size_t b = a + 1; b < places.size(); ++b) {
      const Place& q = places[b];
      EXPECT_FALSE(p.x0 < q.x1 && q.x0 < p.x1 && p.y0 < q.y1 && q.y0 < p.y1)
          << "'" << p.label << "' lies on '" << q.label << "'";
    }
  }
}

bool has_class(const XmlElement& e, const std::string& name) {
  return (" " + e.attribute("class") + " ").find(" " + name + " ") !=
         std::string::npos;
}

// Tooltips of markers and bars of data (a legend's have no numbers).
std::set<std::string> values(const std::string& svg) {
  std::set<std::string> found;
  for (const XmlElement& e : read_xml(svg)) {
    if (e.name == "title" && e.text.find(": ") != std::string::npos) {
      EXPECT_TRUE(found.insert(e.text).second) << e.text << " is there twice";
    }
  }
  return found;
}

TEST(Plot, EveryNumberHasItsMarkerWithItsOrigin) {
  const std::set<std::string> found = values(chart_svg(node_chart()));
  EXPECT_EQ(found.size(), 11u + 10 + 11 + 2);
  EXPECT_EQ(found.count("nodes 8: kernel: 50.0 KB (modelled)"), 0u);
  EXPECT_EQ(found.count("nodes 8, kernel: 50.0 KB (modelled)"), 1u);
  EXPECT_EQ(found.count("nodes 64, spatial: 3.1 KB (simulated)"), 1u);
  EXPECT_EQ(found.count("nodes 4, paper, 224x224: 554 KB (quoted)"), 1u);
}

TEST(Plot, EveryPartOfABarIsThere) {
  const std::set<std::string> found = values(chart_svg(stacked_chart(8)));
  EXPECT_EQ(found.size(), 8u * 3 * 3);
  EXPECT_EQ(found.count("8 layer, waiting: 40.0 ms (simulated)"), 1u);
}

TEST(Plot, BarsStackWithoutGaps) {
  double y = -1, x = -1;
  int joined = 0;
  for (const XmlElement& e : read_xml(chart_svg(stacked_chart(4)))) {
    if (e.name != "rect" || e.path.size() != 1) continue;
    if (real(e, "x") == x) {
      EXPECT_NEAR(real(e, "y") + real(e, "height"), y, 0.11);
      ++joined;
    }
    x = real(e, "x");
    y = real(e, "y");
  }
  EXPECT_EQ(joined, 4 * 3 * 2);
}

TEST(Plot, LabelsDoNotOverlap) {
  expect_readable(chart_svg(node_chart()));
  for (const int n : {1, 2, 3, 5, 8, 11, 20, 30}) {
    expect_readable(chart_svg(stacked_chart(n)));
  }
}

TEST(Plot, LabelsDoNotOverlapForAnyRangeOfValues) {
  const uint32_t seed = 20;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> exponent(-3, 9);
  for (int k = 0; k < 200; ++k) {
    Chart chart = node_chart();
    chart.log_y = k % 2 == 0;
    chart.log_x = k % 4 < 2;
    const double low = std::pow(10, exponent(random));
    const double high = std::pow(10, exponent(random));
    for (Row& row : chart.table.rows) {
      const double n = std::get<double>(row[0]);
      row[1] = low * n;
      row[2] = high / n;
    }
    SCOPED_TRACE(testing::Message() << low << " " << high);
    expect_readable(chart_svg(chart));
  }
}

TEST(Plot, MarkersLieWithinTheAxes) {
  const std::string svg = chart_svg(node_chart());
  for (const XmlElement& e : read_xml(svg)) {
    if (e.name != "path" || !has_class(e, "marker")) continue;
    double x = 0, y = 0;
    ASSERT_EQ(std::sscanf(e.attribute("transform").c_str(),
                          "translate(%lf %lf)", &x, &y),
              2);
    EXPECT_GT(x, 0);
    EXPECT_LT(x, 760);
    EXPECT_GT(y, 0);
    EXPECT_LT(y, 400);
  }
}

TEST(Plot, AQuotedSeriesIsDashedAndHollow) {
  int dashed = 0, hollow = 0;
  for (const XmlElement& e : read_xml(chart_svg(node_chart()))) {
    dashed += has_class(e, "dashed");
    hollow += has_class(e, "hollow");
  }
  EXPECT_EQ(dashed, 2);  // the legend's and its own, over the gap
  EXPECT_EQ(hollow, 3);
}

TEST(Plot, AMissingPointBreaksTheLineOfAStrategy) {
  int pieces = 0;
  for (const XmlElement& e : read_xml(chart_svg(node_chart()))) {
    pieces += has_class(e, "line") && has_class(e, "s1");
  }
  EXPECT_EQ(pieces, 3);  // the legend's, 1..4 and 6..64
}

TEST(Plot, NoNumbersNoPlot) {
  Chart chart = node_chart();
  for (Row& row : chart.table.rows) {
    for (size_t k = 1; k < row.size(); ++k) row[k] = std::monostate{};
  }
  EXPECT_EQ(chart_svg(chart), "");
  EXPECT_EQ(chart_svg(node_chart(ChartKind::kNone)), "");
}

TEST(Plot, ASingleRowIsDrawn) {
  Chart chart = node_chart();
  chart.table.rows.resize(1);
  expect_readable(chart_svg(chart));
  EXPECT_EQ(values(chart_svg(chart)).size(), 3u);
}

TEST(Plot, TicksCoverTheValues) {
  for (const double high : {0.0007, 0.3, 1.0, 7.0, 10.0, 554.0, 123456.0}) {
    const std::vector<double> ticks = axis_ticks(0, high, false);
    EXPECT_EQ(ticks.front(), 0);
    EXPECT_GE(ticks.back(), high * (1 - 1e-9));
    EXPECT_LE(ticks.size(), 7u);
    EXPECT_GE(ticks.size(), 3u);
    const std::vector<double> decades = axis_ticks(high / 70, high, true);
    EXPECT_LE(decades.front(), high / 70 * (1 + 1e-9));
    EXPECT_GE(decades.back(), high * (1 - 1e-9));
    EXPECT_LE(decades.size(), 12u);
  }
}

TEST(Plot, NamesAreEscaped) {
  Chart chart = node_chart();
  chart.table.columns[1].name = "a<b & \"c\">";
  chart.title = "<&\">";
  expect_readable(chart_svg(chart));
}

}  // namespace
}  // namespace shoal
