#include "host/report/node_data.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "host/base/error.h"
#include "host/charts/html.h"
#include "host/report/report_views.h"

namespace shoal {
namespace {

using Json = nlohmann::ordered_json;

// The form of a file is that of GraphNodeData in
// github.com/google-ai-edge/model-explorer,
// src/server/package/src/model_explorer/node_data_builder.py: results by the
// name of an output tensor, and colors. Without an id of a graph around it,
// Model Explorer takes it for the graph that is shown, and names it as the
// file.
ReportFile data_file(const std::string& name, Json results, Json gradient) {
  Json json{{"results", std::move(results)}};
  if (!gradient.empty()) json["gradient"] = std::move(gradient);
  return {name,
          json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

// Values as a color from white to orange.
ReportFile numbers_file(const std::string& name,
                        const std::map<std::string, double>& values) {
  Json results = Json::object();
  for (const auto& [layer, value] : values) {
    results[layer] = {{"value", value}};
  }
  return data_file(name, std::move(results),
                   {{{"stop", 0}, {"bgColor", "#ffffff"}},
                    {{"stop", 1}, {"bgColor", "#f28e2b"}}});
}

ReportFile nodes_file(const Json& plan) {
  constexpr const char* kSeveral = "#dddddd";
  const Json& nodes = plan["nodes"];
  Json results = Json::object();
  for (const Json& layer : plan["layers"]) {
    std::set<size_t> computing;
    for (const Json& share : layer["shares"]) {
      computing.insert(share[0].get<size_t>());
    }
    std::string text;
    for (const size_t node : computing) {
      text +=
          (text.empty() ? "" : ", ") + nodes[node]["name"].get<std::string>();
    }
    results[layer["name"].get<std::string>()] = {
        {"value", text},
        {"bgColor",
         computing.size() == 1 ? pale_color(*computing.begin()) : kSeveral}};
  }
  return data_file("nodes.json", std::move(results), {});
}

// Returns the most bytes of each tensor that a node holds at a time.
std::map<std::string, double> held_bytes(const Json& plan) {
  std::map<std::string, double> most;
  for (const Json& node : plan["nodes"]) {
    const size_t stages = node["stages"].size();
    std::map<std::string, std::vector<double>> by_stage;
    for (const Json& box : node["memory"]) {
      auto& bytes = by_stage[box[0].get<std::string>()];
      bytes.resize(stages);
      const auto last = std::min(box[4].get<size_t>() + 1, stages);
      for (size_t s = box[3]; s < last; ++s) bytes[s] += box[2].get<double>();
    }
    for (const auto& [name, bytes] : by_stage) {
      if (bytes.empty()) continue;
      most[name] = std::max(most[name], *std::ranges::max_element(bytes));
    }
  }
  return most;
}

// Returns how long all endpoints together computed each label, in ms.
std::map<std::string, double> computed_ms(const Json& trace) {
  std::map<std::string, double> ms;
  constexpr int kSlice = 0;  // of the trace's kinds
  for (const Json& spans : trace["spans"]) {
    for (size_t at = 0; at + 3 < spans.size(); at += 4) {
      if (spans[at + 2] != kSlice) continue;
      const auto label = spans[at + 3].get<size_t>();
      ms[trace["labels"][label].get<std::string>()] +=
          spans[at + 1].get<double>();
    }
  }
  for (auto& [label, nanos] : ms) nanos *= 1e-6;
  return ms;
}

}  // namespace

std::vector<ReportFile> node_data_files(const std::vector<ReportFile>& files) {
  const ReportViews views = report_views(files);
  if (views.plans.size() != 1) {
    throw Error(Exit::kUsage, "node data is of one plan, and two were given",
                "give one plan and its trace");
  }
  const Json& plan = views.plans[0];
  std::set<std::string> layers;
  for (const Json& layer : plan["layers"]) layers.insert(layer["name"]);
  const auto of_layers = [&](std::map<std::string, double> values) {
    std::erase_if(values,
                  [&](const auto& v) { return !layers.contains(v.first); });
    return values;
  };
  std::vector<ReportFile> made{
      nodes_file(plan),
      numbers_file("memory_bytes.json", of_layers(held_bytes(plan)))};
  if (!views.trace.is_null()) {
    made.push_back(
        numbers_file("compute_ms.json", of_layers(computed_ms(views.trace))));
  }
  return made;
}

}  // namespace shoal
