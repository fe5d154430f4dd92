// A document as one HTML file. Its tables are markup; charts are drawn from
// their data by page/charts.js.
#include <fmt/format.h>

#include <algorithm>

#include "host/charts/chart_json.h"
#include "host/charts/document.h"
#include "host/charts/html.h"
#include "host/charts/page_files.h"

namespace shoal {
namespace {

constexpr size_t kShortWord = 24;  // stays on one line

// The largest number of a table whose cells are shaded, else nothing.
double most_of(const Chart& chart) {
  double most = 0;
  for (const Row& row : chart.table.rows) {
    for (const Cell& cell : row) {
      const auto* const value = std::get_if<double>(&cell);
      if (chart.is_heat && value) most = std::max(most, *value);
    }
  }
  return most;
}

std::string number_html(double value, double most) {
  if (most <= 0 || value <= 0) {
    return fmt::format("<td data-value=\"{}\">", value);
  }
  return fmt::format(
      "<td class=\"heat\" style=\"--heat:{:.0f}%\" data-value=\"{}\">",
      60 * value / most, value);
}

std::string table_html(const Chart& chart) {
  const ChartTable& table = chart.table;
  const double most = most_of(chart);
  std::string out = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\">"
      "<table class=\"sortable\" data-name=\"{0}\"><thead><tr>",
      escape_html(chart.title));
  for (size_t k = 0; k < table.columns.size(); ++k) {
    const Column& c = table.columns[k];
    const bool is_word = !table.rows.empty() &&
                         std::holds_alternative<std::string>(table.rows[0][k]);
    std::string rest = c.unit;
    const std::string word = origin_word(c.origin);
    if (!word.empty()) rest += (rest.empty() ? "" : ", ") + word;
    out += (is_word ? "<th class=\"word\">" : "<th>") + escape_html(c.name);
    if (!rest.empty()) out += "<br/><span>" + escape_html(rest) + "</span>";
    out += "</th>";
  }
  out += "</tr></thead><tbody>\n";
  for (const Row& row : table.rows) {
    out += "<tr>";
    for (size_t k = 0; k < row.size(); ++k) {
      const auto* const word = std::get_if<std::string>(&row[k]);
      const auto* const number = std::get_if<double>(&row[k]);
      const std::string kind = number  ? number_html(*number, most)
                               : !word ? "<td>"
                               : word->size() <= kShortWord
                                   ? "<td class=\"word short\">"
                                   : "<td class=\"word\">";
      out += kind + escape_html(cell_text(table.columns[k], row[k])) + "</td>";
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

bool is_drawn(const Chart& chart) {
  const auto has_number = [&](const Row& row) {
    return std::ranges::any_of(chart.series, [&](int s) {
      return std::holds_alternative<double>(row[static_cast<size_t>(s)]);
    });
  };
  return *page_files::kChartJs != '\0' && chart.kind != ChartKind::kNone &&
         std::ranges::any_of(chart.table.rows, has_number);
}

std::string chart_html(const Chart& chart, const std::string& id) {
  if (!is_drawn(chart)) return {};
  return fmt::format(
             "<div class=\"chart\"><canvas data-chart=\"{}\" role=\"img\" "
             "aria-label=\"{}; the table below has its numbers\"></canvas>"
             "</div>\n",
             escape_html(id), escape_html(chart.title)) +
         data_script(id, drawing_json(chart));
}

std::string pictures_html(const std::vector<PagePicture>& pictures) {
  if (pictures.empty()) return {};
  std::string out = "<div class=\"pictures\">\n";
  for (const PagePicture& p : pictures) {
    out += "<figure>\n";
    if (!p.png.empty()) {
      out += fmt::format("<img src=\"{}\" alt=\"{}\"/>\n", png_address(p.png),
                         escape_html(p.title));
    }
    out += fmt::format("<figcaption>{}<br/><span>{}</span></figcaption>\n",
                       escape_html(p.title), escape_html(p.text));
    out += "</figure>\n";
  }
  return out + "</div>\n";
}

std::string section_html(const Section& q) {
  std::string out =
      fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n<p>{}</p>\n",
                  escape_html(q.id), escape_html(q.title), escape_html(q.text));
  int number = 0;
  for (const Chart& chart : q.charts) {
    const std::string id = fmt::format("{}-{}", q.id, number++);
    out += fmt::format("<h3>{}</h3>\n<figure>\n{}{}</figure>\n",
                       escape_html(chart.title), chart_html(chart, id),
                       table_html(chart));
  }
  out += pictures_html(q.pictures);
  if (!q.notes.empty()) {
    out += "<p class=\"weak\">Notes</p>\n<ul class=\"weak\">\n";
    for (const std::string& note : q.notes) {
      out += "<li>" + escape_html(note) + "</li>\n";
    }
    out += "</ul>\n";
  }
  return out + "</section>\n";
}

std::string facts_html(const Document& document) {
  std::string out;
  for (const auto& [name, value] : document.facts) {
    out += "<dt>" + escape_html(name) + "</dt><dd>" + escape_html(value) +
           "</dd>\n";
  }
  if (!out.empty()) out = "<dl>\n" + out + "</dl>\n";
  if (document.sections.size() < 2) return out;
  out += "<nav aria-label=\"Sections\">\n<ol>\n";
  for (const Section& q : document.sections) {
    out += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", escape_html(q.id),
                       escape_html(q.title));
  }
  return out + "</ol>\n</nav>\n";
}

}  // namespace

std::string document_page(const Document& document) {
  return document_page(document, "", {});
}

std::string document_page(const Document& document, const std::string& body,
                          const std::vector<const char*>& scripts) {
  std::string out = fmt::format(
      "<header>\n<h1>{}</h1>\n<p class=\"weak\">Made by <code>{}</code></p>\n"
      "</header>\n",
      escape_html(document.title), escape_html(document.command));
  out += "<main>\n" + facts_html(document);
  bool draws = false;
  for (const Section& q : document.sections) {
    out += section_html(q);
    draws = draws || std::ranges::any_of(q.charts, is_drawn);
  }
  out += body + "</main>\n";
  HtmlPage page{document.title, std::move(out), {page_files::kTables}};
  if (draws) {
    page.scripts.push_back(page_files::kChartJs);
    page.scripts.push_back(page_files::kCharts);
  }
  page.scripts.insert(page.scripts.end(), scripts.begin(), scripts.end());
  return html_text(page);
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
