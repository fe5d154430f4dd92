#include "host/run/verify.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/cli/common.h"
#include "host/import/import.h"
#include "host/run/trace.h"
#include "host/sim/simulate.h"

namespace shoal {

namespace {

Verdict verify_nodes(const VerifyFlags& flags, const Prepared& p,
                     const Cluster& cluster, const std::vector<uint8_t>& input,
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

}  // namespace

int verify_command(const VerifyFlags& flags) {
  const bool several = wants_cluster(flags.plan);
  const Cluster cluster = several ? cluster_of(flags.plan) : Cluster{};
  if (!several) refuse_network(flags.network, "one node has none");
  SimOptions network;
  apply(flags.network, network);
  const Prepared p =
      several ? prepare_split(load_model(flags.model), cluster,
                              split_options(flags.plan, network))
              : prepare(load_model(flags.model), plan_options(flags.plan));
  auto results = nlohmann::json::array();
  bool all_equal = true;
  for (const std::string& path : flags.inputs) {
    const std::vector<uint8_t> input = load_input(p.graph, path, {});
    std::optional<GoldenCase> golden;
    if (!flags.golden.empty()) {
      golden = find_golden_case(flags.golden, p.graph.name, path);
    }
    const Verdict v =
        several ? verify_nodes(flags, p, cluster, input, golden, network)
                : verify_frame(p, input, run_oracle(p.graph, input), golden);
    all_equal &= !v.wrong;
    const char* const parties =
        golden ? "plan, oracle and golden" : "plan and oracle";
    if (flags.json) {
      results.push_back({{"input", path},
                         {"layers", v.layers},
                         {"golden", golden.has_value()},
                         {"equal", !v.wrong}});
      if (v.wrong) {
        results.back()["between"] = v.between;
        results.back()["layer"] = v.wrong->layer;
        results.back()["what"] = v.wrong->what;
        results.back()["expected"] = v.wrong->expected;
        results.back()["actual"] = v.wrong->actual;
      }
    } else if (v.wrong) {
      std::printf("%s: %s differ: %s\n", path.c_str(), v.between.c_str(),
                  describe(*v.wrong).c_str());
    } else {
      std::printf("%s: %zu layers, %s are equal byte for byte\n", path.c_str(),
                  v.layers, parties);
    }
  }
  if (flags.json) {
    nlohmann::json json{{"results", results}, {"equal", all_equal}};
    for (const PlanNode& node : p.plan.nodes) {
      json["arena_bytes"].push_back(node.arena_bytes);
    }
    std::printf("%s\n", json.dump(2).c_str());
  } else {
    for (const PlanNode& node : p.plan.nodes) {
      std::printf("arena %s\n", format_bytes(node.arena_bytes).c_str());
    }
  }
  return static_cast<int>(all_equal ? Exit::kOk : Exit::kDiffers);
}

}  // namespace shoal
