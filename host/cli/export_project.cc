#include "host/cli/export_project.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "device/program/image.h"
#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/text_bytes.h"
#include "host/export/members.h"
#include "host/oracle/golden/checksum.h"

namespace shoal {
namespace {

std::vector<std::pair<std::string, std::string>> options_of(
    const ExportFlags& f) {
  std::vector<std::pair<std::string, std::string>> all = {
      {"--as", f.ecosystem}};
  const auto file = [&](const char* flag, const TextFile& named) {
    if (!named.empty())
      all.emplace_back(flag, sha256_hex(bytes_of(named.text())));
  };
  if (f.plan.cluster.empty()) all.emplace_back("--board", f.plan.board);
  file("--cluster", f.plan.cluster);  // what lies in them, not where
  file("--cuts", f.plan.cuts);
  if (f.insecure) all.emplace_back("--insecure", "");
  if (f.plan.ram) all.emplace_back("--ram", *f.plan.ram);
  if (f.plan.objective != PlanFlags{}.objective) {
    all.emplace_back("--objective", f.plan.objective);
  }
  if (!f.plan.strategy.empty()) {
    all.emplace_back("--strategy", f.plan.strategy);
  }
  const auto limit = [&](const char* flag, const std::string& value) {
    if (!value.empty()) all.emplace_back(flag, value);
  };
  limit("--max-arena", f.plan.max_arena);
  limit("--max-latency", f.plan.max_latency);
  limit("--max-traffic", f.plan.max_traffic);
  for (const std::string& name : f.ends.outputs) {
    all.emplace_back("--outputs", name);
  }
  for (const std::string& name : f.ends.inputs) {
    all.emplace_back("--inputs", name);
  }
  for (const std::string& shape : f.ends.shapes) {
    all.emplace_back("--input-shape", shape);
  }
  if (!f.ends.signature.empty()) {
    all.emplace_back("--signature", f.ends.signature);
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
  if (f.pictures.bin != PictureFlags{}.bin) {
    all.emplace_back("--bin", f.pictures.bin);
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
  if (a.member) json["node"] = a.member->name;
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
  if (a.member) return json;
  json["test"] = {{"input_sha256", sha256_hex(a.test_input)},
                  {"output_sha256", sha256_hex(a.test_output)}};
  return json;
}

}  // namespace

void describe(const ExportFlags& flags, const Ecosystem& ecosystem,
              const std::string& name, Application& a) {
  check_image(ecosystem, a);
  a.name = name;
  a.model = std::filesystem::path(flags.model).filename().string();
  a.model_sha256 = model_hash(flags.model);
  a.options = options_of(flags);
}

LaidOut lay_out(const ExportFlags& flags, const Ecosystem& ecosystem,
                const std::string& folder, Application application,
                Needs needs) {
  LaidOut out{folder, std::move(application), {}, {}};
  const Application& a = out.application;
  const BoardFacts facts = board_facts(a.board.name);
  needs.dsp = has_dsp(facts.cpu_flags);
  needs.mve = has_mve(facts.cpu_flags);
  if (a.member) {
    check_member(ecosystem.name, a, facts);
    set_member_needs(ecosystem.name, a, facts, needs);
  }
  ecosystem.lay_out({ecosystem.name, a, needs, facts}, out.project);
  out.description = description_of(flags, a);
  return out;
}

void write(const std::vector<LaidOut>& all) {
  std::vector<PlacedProject> placed;
  for (const LaidOut& out : all) {
    placed.push_back({out.folder, &out.project, out.description.dump()});
  }
  write_projects(placed);
}

}  // namespace shoal
