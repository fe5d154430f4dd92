#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "host/charts/chart_json.h"
#include "host/charts/document.h"
#include "host/charts/html.h"
#include "host/charts/page_files.h"
#include "host/charts/testing/xml.h"

namespace shoal {
namespace {

Document sample() {
  Chart chart;
  chart.title = "Arena <of> a node";
  chart.y_label = "KB";
  chart.table.columns = {{"nodes", ""},
                         {"kernel", "KB", Origin::kModelled, 1},
                         {"paper", "KB", Origin::kQuoted, 0}};
  chart.table.rows = {{1., 1234.56, std::monostate{}}, {8., 100., 499.}};
  chart.series = {1, 2};
  Section q;
  q.id = "ram";
  q.title = "RAM & flash";
  q.text = "What a node needs.";
  q.charts = {chart};
  q.notes = {"64 nodes, layer: more nodes than layers"};
  Document document;
  document.name = "split";
  document.title = "Split study";
  document.command = "shoal study split \"a&b.tflite\"";
  document.facts = {{"board", "teensy41"}};
  document.sections = {q};
  return document;
}

TEST(PageColors, AreThoseOfTheStyleAndBeginAgain) {
  std::set<std::string> colors;
  for (size_t n = 0; n < 8; ++n) {
    const std::string color = pale_color(n);
    ASSERT_EQ(color.size(), 7u) << color;
    EXPECT_EQ(color.find_first_not_of("0123456789abcdef", 1),
              std::string::npos);
    colors.insert(color);
    EXPECT_EQ(pale_color(n + 8), color);
  }
  EXPECT_EQ(colors.size(), 8u);
}

TEST(Page, IsWellFormedAndHoldsEveryNumber) {
  std::vector<std::string> cells, notes, drawings;
  for (const XmlElement& e : read_xml(document_page(sample()))) {
    if (e.name == "td") cells.push_back(e.text);
    if (e.name == "li" && e.path.back() == "ul") notes.push_back(e.text);
    if (e.name == "canvas") drawings.push_back(e.attribute("aria-label"));
  }
  EXPECT_EQ(cells, (std::vector<std::string>{"1", "1,234.6", "-", "8", "100.0",
                                             "499"}));
  EXPECT_EQ(notes, sample().sections[0].notes);
  if (*page_files::kChartJs == '\0') return;  // built without charts
  EXPECT_EQ(drawings,
            (std::vector<std::string>{
                "Arena <of> a node; the table below has its numbers"}));
}

TEST(Page, NeedsNoNetwork) {
  const std::string page = document_page(sample());
  for (const XmlElement& e : read_xml(page)) {
    EXPECT_NE(e.name, "link");
    EXPECT_NE(e.name, "img");
    EXPECT_EQ(e.attribute("src"), "");
    const std::string to = e.attribute("href");
    EXPECT_TRUE(to.empty() || to[0] == '#') << to;
  }
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
}

TEST(Page, NamesItsCommandAndEveryOrigin) {
  std::string command, heads;
  for (const XmlElement& e : read_xml(document_page(sample()))) {
    if (e.name == "code") command = e.text;
    if (e.name == "span" && e.path.back() == "th") heads += e.text + "; ";
  }
  EXPECT_EQ(command, sample().command);
  EXPECT_EQ(heads, "KB, modelled; KB, quoted; ");
}

TEST(Page, EveryColourIsInTheStyleSheetTwice) {
  const std::string page = document_page(sample());
  for (int k = 0; k < 8; ++k) {
    const std::string name = "--c" + std::to_string(k) + ":";
    const size_t light = page.find(name);
    ASSERT_NE(light, std::string::npos) << name;
    EXPECT_NE(page.find(name, light + 1), std::string::npos) << name;
  }
}

TEST(Page, AChartHasTheNumbersOfItsTable) {
  const auto drawn =
      nlohmann::json::parse(drawing_json(sample().sections[0].charts[0]));
  EXPECT_EQ(drawn["series"], (nlohmann::json{1, 2}));
  EXPECT_EQ(drawn["rows"][0][1], 1234.56);
  EXPECT_TRUE(drawn["rows"][0][2].is_null());
  EXPECT_EQ(drawn["columns"][2]["kind"], "quoted");
}

TEST(Page, NoNumbersNoChart) {
  Document document = sample();
  for (Row& row : document.sections[0].charts[0].table.rows) {
    row[1] = row[2] = std::monostate{};
  }
  for (const XmlElement& e : read_xml(document_page(document))) {
    EXPECT_NE(e.name, "canvas");
  }
}

TEST(Page, TextHasTheSameNumbers) {
  const std::string text = document_text(sample());
  EXPECT_NE(text.find("nodes  kernel, KB (modelled)  paper, KB (quoted)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("1,234.6"), std::string::npos);
  EXPECT_NE(text.find("note: 64 nodes"), std::string::npos);
}

TEST(Page, JsonHasTheNumbersUnrounded) {
  const auto json = nlohmann::json::parse(document_json(sample()));
  EXPECT_EQ(json["study"], "split");
  EXPECT_EQ(json["facts"]["board"], "teensy41");
  const auto& table = json["questions"][0]["tables"][0];
  EXPECT_EQ(table["columns"][2]["kind"], "quoted");
  EXPECT_FALSE(table["columns"][0].contains("kind"));
  EXPECT_EQ(table["rows"][0][1], 1234.56);
  EXPECT_TRUE(table["rows"][0][2].is_null());
}

TEST(Table, NumbersAreGroupedAndRounded) {
  Column c;
  EXPECT_EQ(cell_text(c, 0.), "0");
  EXPECT_EQ(cell_text(c, -0.2), "0");
  EXPECT_EQ(cell_text(c, 999.6), "1,000");
  EXPECT_EQ(cell_text(c, 1234567.), "1,234,567");
  EXPECT_EQ(cell_text(c, -1234.), "-1,234");
  c.decimals = 2;
  EXPECT_EQ(cell_text(c, 1234.567), "1,234.57");
  EXPECT_EQ(cell_text(c, std::monostate{}), "-");
  EXPECT_EQ(cell_text(c, std::string("x")), "x");
}

}  // namespace
}  // namespace shoal
