// A document as one HTML file: everything inline, well-formed XML besides.
#include <fmt/format.h>

#include "host/charts/document.h"
#include "host/charts/plot.h"

namespace shoal {
namespace {

constexpr const char* kStyle = R"css(
:root { color-scheme: light dark; --back: #ffffff; --text: #1d2329;
  --weak: #5a6570; --grid: #dfe3e8; --axis: #8a949e; --panel: #f5f7f9;
  --c0: #1460b8; --c1: #c2490c; --c2: #0b7a4b; --c3: #7a3bd1; --c4: #8f6a00;
  --c5: #56616c; --c6: #b0246e; --c7: #087a8c; }
@media (prefers-color-scheme: dark) {
  :root { --back: #14181c; --text: #e6eaee; --weak: #a3aeb8; --grid: #2c343c;
    --axis: #6d7882; --panel: #1c2228; --c0: #6db3ff; --c1: #ff9c5b;
    --c2: #4fd19a; --c3: #bd9dff; --c4: #e6c344; --c5: #aab4be;
    --c6: #ff8ac0; --c7: #56cfe1; } }
body { background: var(--back); color: var(--text); margin: 2rem auto;
  max-width: 66rem; padding: 0 1rem; line-height: 1.5;
  font-family: system-ui, "Segoe UI", "DejaVu Sans", Arial, sans-serif; }
h1, h2, h3 { line-height: 1.25; } h2 { margin-top: 2.5rem; }
h3 { font-size: 1rem; margin-bottom: 0.25rem; }
code, pre { background: var(--panel); border-radius: 4px; padding: 0.1rem 0.3rem; }
pre { padding: 0.6rem 0.8rem; white-space: pre-wrap;
  overflow-wrap: anywhere; }
a { color: var(--c0); } .weak { color: var(--weak); }
figure { margin: 1rem 0 2rem; } svg { max-width: 100%; height: auto;
  display: block; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums;
  font-size: 0.9rem; margin: 0.5rem 0; }
th, td { text-align: right; padding: 0.2rem 0.5rem;
  border-bottom: 1px solid var(--grid); vertical-align: bottom; }
th { font-weight: 600; } th span { color: var(--weak); font-weight: 400; }
td.word { text-align: left; overflow-wrap: anywhere; }
td.short { overflow-wrap: normal; white-space: nowrap; }
td { vertical-align: top; }
dt { font-weight: 600; } dd { margin: 0 0 0.4rem 1.5rem; }
svg text { fill: var(--text); stroke: none; }
.grid { stroke: var(--grid); } .axis { stroke: var(--axis); }
.line { fill: none; stroke-width: 2; } .dashed { stroke-dasharray: 6 4; }
.marker { stroke: var(--back); stroke-width: 1; }
.hollow { fill: var(--back); stroke-width: 2; }
.bar { stroke: var(--back); stroke-width: 1; }
.s0 { stroke: var(--c0); } .s1 { stroke: var(--c1); } .s2 { stroke: var(--c2); }
.s3 { stroke: var(--c3); } .s4 { stroke: var(--c4); } .s5 { stroke: var(--c5); }
.s6 { stroke: var(--c6); } .s7 { stroke: var(--c7); }
.f0 { fill: var(--c0); } .f1 { fill: var(--c1); } .f2 { fill: var(--c2); }
.f3 { fill: var(--c3); } .f4 { fill: var(--c4); } .f5 { fill: var(--c5); }
.f6 { fill: var(--c6); } .f7 { fill: var(--c7); }
@media print { body { max-width: none; } figure { break-inside: avoid; } }
)css";

constexpr size_t kShortWord = 24;  // stays on one line

std::string table_html(const ChartTable& table) {
  std::string out = "<div class=\"scroll\"><table><thead><tr>";
  for (const Column& c : table.columns) {
    std::string rest = c.unit;
    const std::string word = origin_word(c.origin);
    if (!word.empty()) rest += (rest.empty() ? "" : ", ") + word;
    out += "<th>" + escape_xml(c.name);
    if (!rest.empty()) out += "<br/><span>" + escape_xml(rest) + "</span>";
    out += "</th>";
  }
  out += "</tr></thead><tbody>\n";
  for (const Row& row : table.rows) {
    out += "<tr>";
    for (size_t k = 0; k < row.size(); ++k) {
      const auto* const word = std::get_if<std::string>(&row[k]);
      const char* const kind = !word ? "<td>"
                               : word->size() <= kShortWord
                                   ? "<td class=\"word short\">"
                                   : "<td class=\"word\">";
      out += kind + escape_xml(cell_text(table.columns[k], row[k])) + "</td>";
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string section_html(const Section& q) {
  std::string out =
      fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n<p>{}</p>\n",
                  escape_xml(q.id), escape_xml(q.title), escape_xml(q.text));
  for (const Chart& chart : q.charts) {
    out += fmt::format("<h3>{}</h3>\n<figure>\n{}{}</figure>\n",
                       escape_xml(chart.title), chart_svg(chart),
                       table_html(chart.table));
  }
  if (!q.notes.empty()) {
    out += "<p class=\"weak\">Notes</p>\n<ul class=\"weak\">\n";
    for (const std::string& note : q.notes) {
      out += "<li>" + escape_xml(note) + "</li>\n";
    }
    out += "</ul>\n";
  }
  return out + "</section>\n";
}

}  // namespace

std::string document_page(const Document& document) {
  const std::string title = escape_xml(document.title);
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" "
      "lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\"/>\n<title>{0}</title>\n<style>{1}</style>\n</head>\n"
      "<body>\n<h1>{0}</h1>\n<p>Made by this command:</p>\n"
      "<pre>{2}</pre>\n<dl>\n",
      title, kStyle, escape_xml(document.command));
  for (const auto& [name, value] : document.facts) {
    out +=
        "<dt>" + escape_xml(name) + "</dt><dd>" + escape_xml(value) + "</dd>\n";
  }
  out += "</dl>\n<ol>\n";
  for (const Section& q : document.sections) {
    out += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", escape_xml(q.id),
                       escape_xml(q.title));
  }
  out += "</ol>\n";
  for (const Section& q : document.sections) out += section_html(q);
  return out + "</body>\n</html>\n";
}

std::string document_text(const Document& document, size_t width) {
  std::string out = document.title + "\n  " + document.command + "\n";
  for (const auto& [name, value] : document.facts) {
    out += "  " + name + ": " + value + "\n";
  }
  for (const Section& q : document.sections) {
    out += "\n" + q.title + "\n";
    for (const Chart& chart : q.charts) {
      out += "\n  " + chart.title + "\n" + table_text(chart.table, width);
    }
    for (const std::string& note : q.notes) out += "  note: " + note + "\n";
  }
  return out;
}

}  // namespace shoal
