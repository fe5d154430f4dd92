#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "device/program/image.h"
#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/size.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/cli/file_names.h"
#include "host/cli/output.h"
#include "host/engine/common/prepare.h"
#include "host/export/layouts.h"
#include "host/model/import/import.h"
#include "host/oracle/golden/checksum.h"

namespace shoal {
namespace {

constexpr const char* kNoise = "random:1";

PlanRequest export_request(const PlanFlags& flags) {
  PlanRequest request = plan_request(flags);
  // The program is a constant of the project, wherever firmware that holds no
  // model would have it.
  request.node().board.flash_mapped = true;
  // The project has a driver of none.
  request.node().board.storages.clear();
  request.node().sealed = false;
  return request;
}

std::vector<std::pair<std::string, std::string>> options_of(
    const ExportFlags& f) {
  std::vector<std::pair<std::string, std::string>> all = {
      {"--as", f.ecosystem}, {"--board", f.plan.board}};
  if (f.plan.ram) all.emplace_back("--ram", *f.plan.ram);
  if (f.plan.objective != PlanFlags{}.objective) {
    all.emplace_back("--objective", f.plan.objective);
  }
  if (!f.plan.strategy.empty()) {
    all.emplace_back("--strategy", f.plan.strategy);
  }
  for (const std::string& name : f.ends.outputs) {
    all.emplace_back("--outputs", name);
  }
  for (const std::string& name : f.ends.inputs) {
    all.emplace_back("--inputs", name);
  }
  for (const std::string& shape : f.ends.shapes) {
    all.emplace_back("--input-shape", shape);
  }
  const auto numbers = [&](const char* flag, const std::vector<float>& values) {
    if (values.empty()) return;
    std::string text;
    for (const float v : values) {
      char number[32];
      std::snprintf(number, sizeof number, "%.9g", static_cast<double>(v));
      text += (text.empty() ? "" : " ") + std::string(number);
    }
    all.emplace_back(flag, text);
  };
  numbers("--mean", f.pictures.mean);
  numbers("--std", f.pictures.deviation);
  if (f.pictures.fit != PictureFlags{}.fit) {
    all.emplace_back("--fit", f.pictures.fit);
  }
  return all;
}

std::string model_hash(const std::string& model) {
  if (model.starts_with("zoo:")) return "";
  return sha256_hex(read_file(model, files::kModel));
}

nlohmann::ordered_json description_of(const ExportFlags& f,
                                      const Application& a) {
  Header h{};
  std::memcpy(&h, a.image.data(), std::min(a.image.size(), sizeof h));
  nlohmann::ordered_json json;
  json["shoal"] = SHOAL_VERSION;
  json["as"] = f.ecosystem;
  json["name"] = a.name;
  json["board"] = a.board.name;
  json["model_sha256"] = a.model_sha256;
  if (a.model_sha256.empty()) json["model"] = a.model;
  auto options = nlohmann::ordered_json::object();
  for (const auto& [flag, value] : a.options) options[flag] = value;
  json["options"] = options;
  json["program"] = {{"format", h.version},
                     {"arithmetic", h.arithmetic},
                     {"bytes", a.image.size()},
                     {"arena_bytes", a.arena_bytes},
                     {"sha256", sha256_hex(a.image)}};
  json["test"] = {{"input_sha256", sha256_hex(a.test_input)},
                  {"output_sha256", sha256_hex(a.test_output)}};
  return json;
}

}  // namespace

int export_command(const ExportFlags& flags) {
  const Ecosystem& ecosystem = find_ecosystem(flags.ecosystem);
  const PlanRequest request = export_request(flags.plan);
  check_board(ecosystem, flags.plan.board);
  if (flags.folder.empty()) {
    throw Error(Exit::kUsage, "-o names no folder", "-o DIR");
  }
  const std::string name = project_name(flags.name, flags.model);
  check_files({{"MODEL", flags.model},
               {"INPUT", flags.input},
               {"--labels", flags.labels}},
              {});
  Graph graph = load_model(flags.model, flags.ends);
  std::vector<std::string> labels = read_labels(flags.labels);
  if (labels.empty()) labels = model_labels(flags.model);
  const std::vector<uint8_t> input =
      load_input(graph, flags.input.empty() ? kNoise : flags.input,
                 picture_options(flags.pictures));
  const Prepared p = prepare(std::move(graph), request);
  Application a = make_application(p, find_board(flags.plan.board), input);
  check_image(ecosystem, a);
  a.name = name;
  a.model = std::filesystem::path(flags.model).filename().string();
  a.model_sha256 = model_hash(flags.model);
  a.labels = labels;
  a.options = options_of(flags);
  const BoardFacts facts = board_facts(a.board.name);
  Needs needs = needs_of(p.net, p.plan.nodes[0]);
  needs.dsp = has_dsp(facts.cpu_flags);
  needs.mve = has_mve(facts.cpu_flags);
  Project project;
  ecosystem.lay_out({a, needs, facts}, project);
  nlohmann::ordered_json description = description_of(flags, a);
  write_project(flags.folder, project, description.dump());
  if (flags.json) {
    nlohmann::json said = description;
    said["folder"] = flags.folder;
    said["files"] = project.files().size();
    say_json(said);
    return 0;
  }
  say("%s: %s of %s for board %s, %zu files\n", flags.folder.c_str(),
      ecosystem.title, a.model.c_str(), a.board.name.c_str(),
      project.files().size() + 1);
  say("  program  %s, a constant\n",
      format_bytes(static_cast<int64_t>(a.image.size())).c_str());
  say("  arena    %s, static\n", format_bytes(a.arena_bytes).c_str());
  say("  test     %s; README.md says how to build it\n",
      flags.input.empty() ? "random noise (pass an INPUT for a real test)"
                          : flags.input.c_str());
  return 0;
}

}  // namespace shoal
