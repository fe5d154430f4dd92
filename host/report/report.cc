#include "host/report/report.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "host/base/error.h"
#include "host/charts/html.h"
#include "host/report/plan_view.h"
#include "host/report/report_files.h"
#include "host/report/report_views.h"
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

[[noreturn]] void refuse_files(const std::string& what) {
  throw Error(Exit::kUsage, what,
              "give one plan or two, and at most one trace");
}

}  // namespace

ReportViews report_views(const std::vector<ReportFile>& files) {
  ReportViews views{nlohmann::ordered_json::array(), {}};
  nlohmann::json trace;
  std::string trace_name;
  for (const ReportFile& file : files) {
    nlohmann::json json = parse(file);
    if (!is_trace(json)) {
      views.plans.push_back(plan_view(json, file.name));
    } else if (trace.is_null()) {
      trace = std::move(json);
      trace_name = file.name;
    } else {
      refuse_files(trace_name + " and " + file.name + " are two traces");
    }
  }
  if (views.plans.empty()) refuse_files("there is no plan among the files");
  if (views.plans.size() > 2) refuse_files("there are more than two plans");
  if (!trace.is_null()) {
    views.trace = trace_view(trace, trace_name, views.plans[0]["model"]);
  }
  return views;
}

std::string report_page(const std::vector<ReportFile>& files,
                        Document document) {
  ReportViews views = report_views(files);
  if (document.title.empty()) document.title = views.plans[0]["model"];
  nlohmann::ordered_json data{{"plans", std::move(views.plans)}};
  if (!views.trace.is_null()) data["trace"] = std::move(views.trace);
  const std::string text = data.dump(
      -1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return document_page(document,
                       report_files::kBody + data_script("data", text),
                       {report_files::kScript});
}

}  // namespace shoal
