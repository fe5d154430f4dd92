#include "host/report/report.h"

#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/charts/html.h"
#include "host/charts/page_files.h"
#include "host/report/plan_view.h"
#include "host/report/report_files.h"
#include "host/report/trace_view.h"

namespace shoal {
namespace {

nlohmann::json parse(const ReportFile& file) {
  nlohmann::json json = nlohmann::json::parse(file.text, nullptr, false);
  if (!json.is_object()) {
    throw Error(Exit::kCorrupt, file.name + " is not a plan or a trace",
                "write one with `shoal plan -o FILE`, or `shoal simulate "
                "--timeline FILE`");
  }
  return json;
}

}  // namespace

bool holds_trace(const ReportFile& file) { return is_trace(parse(file)); }

std::string report_page(const std::vector<ReportFile>& plans,
                        const ReportFile* trace, const std::string& command) {
  nlohmann::ordered_json data{{"plans", nlohmann::ordered_json::array()}};
  for (const ReportFile& plan : plans) {
    data["plans"].push_back(plan_view(parse(plan), plan.name));
  }
  const std::string model = data["plans"][0]["model"];
  if (trace) data["trace"] = trace_view(parse(*trace), trace->name, model);
  HtmlPage page;
  page.title = "Report: " + model;
  page.body =
      "<header>\n<h1>" + escape_html(model) +
      "</h1>\n<p class=\"weak\">Made by <code>" + escape_html(command) +
      "</code></p>\n</header>\n" + report_files::kBody +
      data_script("data",
                  data.dump(-1, ' ', false,
                            nlohmann::ordered_json::error_handler_t::replace));
  page.scripts = {page_files::kTables, report_files::kProgram};
  return html_text(page);
}

}  // namespace shoal
