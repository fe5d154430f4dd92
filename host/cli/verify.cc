#include "host/engine/local/verify.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/cli/asked.h"
#include "host/cli/common.h"
#include "host/cli/output.h"
#include "host/cli/store_flags.h"
#include "host/engine/local/local_node.h"
#include "host/engine/local/trace.h"
#include "host/engine/virtual/simulate.h"
#include "host/engine/virtual/store_image.h"
#include "host/model/import/import.h"
#include "host/plan/cost/wear.h"

namespace shoal {

namespace {

Verification verify_nodes(const VerifyFlags& flags, const Prepared& p,
                          const Cluster& cluster,
                          const std::vector<uint8_t>& input,
                          const std::optional<GoldenCase>& golden,
                          SimOptions options) {
  TraceCollector trace(p.graph, p.net, p.plan);
  options.costs = false;
  options.insecure = flags.insecure;
  options.tap = [&](int node) { return trace.tap(node); };
  std::vector<uint8_t> output;
  options.output = [&](int, const std::vector<uint8_t>& o) { output = o; };
  simulate_cluster(p, cluster, input, options);
  return judge_frame(p, output, trace.values(input), run_oracle(p.graph, input),
                     golden);
}

// An input, and what it is compared with besides the oracle.
struct Case {
  std::string path;
  std::vector<uint8_t> input;
  std::optional<GoldenCase> golden;
};

Case load_case(const VerifyFlags& flags, const Prepared& p,
               const std::string& path) {
  Case c{path, load_input(p.graph, path, {}), std::nullopt};
  if (!flags.golden.empty()) {
    c.golden = find_golden_case(flags.golden, p.graph.name, path);
  }
  return c;
}

// A batch at a time; what is left of the last one repeats its last input.
std::vector<Verification> verify_alone(const Prepared& p, const LocalNode& node,
                                       std::span<const Case> cases) {
  std::vector<uint8_t> inputs;
  std::vector<Values> oracles;
  std::vector<std::optional<GoldenCase>> golden;
  for (int f = 0; f < p.net.frames; ++f) {
    const size_t i = std::min(static_cast<size_t>(f), cases.size() - 1);
    const std::vector<uint8_t>& input = cases[i].input;
    inputs.insert(inputs.end(), input.begin(), input.end());
  }
  for (const Case& c : cases) {
    oracles.push_back(run_oracle(p.graph, c.input));
    golden.push_back(c.golden);
  }
  return verify_batch(p, node.source(), inputs, oracles, golden);
}

void print(const Case& c, const Verification& v) {
  const char* const path = c.path.c_str();
  if (v.wrong) {
    say("%s: %s differ: %s\n", path, v.between.c_str(),
        describe(*v.wrong).c_str());
  } else {
    say("%s: %zu layers, %s are equal byte for byte\n", path, v.layers,
        c.golden ? "plan, oracle and golden" : "plan and oracle");
  }
}

nlohmann::json verdict_json(const Case& c, const Verification& v) {
  nlohmann::json json{{"input", c.path},
                      {"layers", v.layers},
                      {"golden", c.golden.has_value()},
                      {"equal", !v.wrong}};
  if (v.wrong) {
    json["between"] = v.between;
    json["layer"] = v.wrong->layer;
    json["what"] = v.wrong->what;
    json["expected"] = v.wrong->expected;
    json["actual"] = v.wrong->actual;
  }
  return json;
}

// What each frame wrote, of a node that spills.
struct Writes {
  int64_t bytes = 0, erases = 0;
  std::string life;
};
std::optional<Writes> writes_of(const Prepared& p, const LocalNode& node,
                                const FileCounters& before, int64_t runs) {
  const PlanNode& plan = p.plan.nodes[0];
  if (plan.spill_pages == 0 || runs == 0) return std::nullopt;
  const FileCounters& now = node.storage()->counters();
  return Writes{(now.written_bytes - before.written_bytes) / runs,
                (now.erases - before.erases) / runs,
                life_text(plan, p.net.frames)};
}

void print_writes(const Writes& w, int together) {
  say("writes %s %s, %s blocks erased; %s\n", format_bytes(w.bytes).c_str(),
      together > 1 ? "a batch" : "a frame", format_count(w.erases).c_str(),
      w.life.c_str());
}

}  // namespace

int verify_command(const VerifyFlags& flags) {
  const bool several = wants_cluster(flags.plan);
  const Cluster cluster = several ? cluster_of(flags.plan) : Cluster{};
  if (!several) require_flags(EngineKind::kNode, flags.plan, flags.network);
  SimOptions network;
  apply(flags.network, network);
  Prepared p =
      prepare(load_model(flags.model), plan_request(flags.plan, network),
              several ? Images::kAll : Images::kNone);
  if (several) seal_stores(p, flags.network.seed, network);
  std::optional<LocalNode> alone;
  if (!several) alone.emplace(p, store_settings(flags.plan, "verify", {}));
  const FileCounters before =
      alone && alone->storage() ? alone->storage()->counters() : FileCounters{};
  auto results = nlohmann::json::array();
  bool all_equal = true;
  const auto batch = static_cast<size_t>(p.net.frames);
  for (size_t first = 0; first < flags.inputs.size(); first += batch) {
    std::vector<Case> cases;
    for (size_t i = first; i < std::min(first + batch, flags.inputs.size());
         ++i) {
      cases.push_back(load_case(flags, p, flags.inputs[i]));
    }
    const std::vector<Verification> verdicts =
        several ? std::vector{verify_nodes(flags, p, cluster, cases[0].input,
                                           cases[0].golden, network)}
                : verify_alone(p, *alone, cases);
    for (size_t i = 0; i < cases.size(); ++i) {
      all_equal &= !verdicts[i].wrong;
      if (flags.json) {
        results.push_back(verdict_json(cases[i], verdicts[i]));
      } else {
        print(cases[i], verdicts[i]);
      }
    }
  }
  const auto runs =
      static_cast<int64_t>((flags.inputs.size() + batch - 1) / batch);
  const std::optional<Writes> writes =
      alone ? writes_of(p, *alone, before, runs) : std::nullopt;
  if (flags.json) {
    nlohmann::json json{{"results", results}, {"equal", all_equal}};
    for (const PlanNode& node : p.plan.nodes) {
      json["arena_bytes"].push_back(node.arena_bytes);
    }
    if (writes) {
      json["storage_written_bytes"] = writes->bytes;
      json["storage_erases"] = writes->erases;
    }
    say_json(json);
  } else {
    for (const PlanNode& node : p.plan.nodes) {
      say("arena %s\n", format_bytes(node.arena_bytes).c_str());
    }
    if (writes) print_writes(*writes, p.net.frames);
  }
  return static_cast<int>(all_equal ? Exit::kOk : Exit::kDiffers);
}

}  // namespace shoal
