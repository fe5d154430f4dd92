#include "host/cli/export_project.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "device/program/image.h"
#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/size.h"
#include "host/base/text_bytes.h"
#include "host/export/links.h"
#include "host/export/members.h"
#include "host/oracle/golden/checksum.h"

namespace shoal {
namespace {

std::string file_name(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

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
  if (!f.listen.empty()) all.emplace_back("--listen", f.listen);
  if (!f.head.empty()) all.emplace_back("--head", f.head);
  if (f.plan.ram) all.emplace_back("--ram", *f.plan.ram);
  if (f.plan.cores) {
    all.emplace_back("--cores", std::to_string(*f.plan.cores));
  }
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
  for (const std::string& also : f.also) {
    const size_t at = also.find('=');
    all.emplace_back("--also",
                     also.substr(0, at + 1) + file_name(also.substr(at + 1)));
  }
  if (!f.slots.empty()) all.emplace_back("--slots", f.slots);
  // The key is a secret, and lies in another place for others.
  if (!f.slots.empty() && !f.key.empty()) all.emplace_back("--key", "FILE");
  if (f.all_operators) all.emplace_back("--all-operators", "");
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

// Adds the fields of a network to `json`.
void describe_network(const ExportedNetwork& n, nlohmann::ordered_json& json) {
  Header h{};
  std::memcpy(&h, n.image.data(), std::min(n.image.size(), sizeof h));
  json["program"] = {{"format", h.version},
                     {"arithmetic", h.arithmetic},
                     {"bytes", n.image.size()},
                     {"arena_bytes", n.arena_bytes},
                     {"sha256", sha256_hex(n.image)}};
  if (n.test_output.empty()) return;
  json["test"] = {{"input_sha256", sha256_hex(n.test_input)},
                  {"output_sha256", sha256_hex(n.test_output)}};
}

void describe_model(const ExportedNetwork& n, nlohmann::ordered_json& json) {
  json["model_sha256"] = n.model_sha256;
  if (n.model_sha256.empty()) json["model"] = n.model;
}

nlohmann::ordered_json description_of(const ExportFlags& f,
                                      const Application& a) {
  nlohmann::ordered_json json;
  json["shoal"] = SHOAL_VERSION;
  json["as"] = f.ecosystem;
  json["name"] = a.name;
  json["board"] = a.board.name;
  if (a.member) json["node"] = a.member->name;
  describe_model(a.networks[0], json);
  auto options = nlohmann::ordered_json::object();
  for (const auto& [flag, value] : a.options) options[flag] = value;
  json["options"] = options;
  describe_network(a.networks[0], json);
  for (size_t i = 1; i < a.networks.size(); ++i) {
    nlohmann::ordered_json also = {{"name", a.networks[i].name}};
    describe_model(a.networks[i], also);
    describe_network(a.networks[i], also);
    json["also"].push_back(also);
  }
  return json;
}

}  // namespace

void describe(const std::string& model, const std::string& name,
              ExportedNetwork& n) {
  n.name = name;
  n.model = file_name(model);
  n.model_sha256 = model_hash(model);
}

Application application_of(const ExportFlags& flags, const Ecosystem& ecosystem,
                           const std::string& name, const Board& board,
                           std::vector<ExportedNetwork> networks) {
  Application a;
  a.name = name;
  a.board = board;
  a.networks = std::move(networks);
  a.options = options_of(flags);
  if (!flags.slots.empty()) a.slot_bytes = parse_size(flags.slots, "--slots");
  check_image(ecosystem, a);
  check_slots(ecosystem, a);
  return a;
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
  } else if (a.listen) {
    check_link(ecosystem.name, a, facts,
               "--listen: ", "leave --listen out, and use the serial line");
  }
  needs.transport = link_transport(ecosystem.name, a, facts);
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
