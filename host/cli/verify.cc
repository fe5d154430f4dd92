#include "host/engine/local/verify.h"

#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/cli/common.h"
#include "host/cli/open_engine.h"
#include "host/cli/output.h"

namespace shoal {

namespace {

// An input, and what it is compared with besides the oracle.
struct Case {
  std::string path;
  Bytes input;
  std::optional<GoldenCase> golden;
};

Case load_case(const VerifyFlags& flags, const Graph& graph,
               const std::string& path) {
  Case c{path, load_input(graph, path, {}), std::nullopt};
  if (!flags.golden.empty()) {
    c.golden = find_golden_case(flags.golden, graph.name, path);
  }
  return c;
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

// What a node that spills wrote in each run, of a frame or a batch.
struct Writes {
  int64_t bytes = 0, erases = 0;
};
std::optional<Writes> writes_of(const EngineReport& r) {
  if (!r.storage || r.storage->life.empty()) return std::nullopt;
  const FileCounters& done = r.storage->done;
  return Writes{done.written_bytes / r.runs, done.erases / r.runs};
}

nlohmann::json report_json(const nlohmann::json& results, bool all_equal,
                           const EngineReport& r) {
  nlohmann::json json{{"results", results}, {"equal", all_equal}};
  for (const EngineNode& node : r.nodes) {
    json["arena_bytes"].push_back(node.arena_bytes);
  }
  if (const std::optional<Writes> w = writes_of(r)) {
    json["storage_written_bytes"] = w->bytes;
    json["storage_erases"] = w->erases;
  }
  return json;
}

void print_report(const EngineReport& r) {
  for (const EngineNode& node : r.nodes) {
    say("arena %s\n", format_bytes(node.arena_bytes).c_str());
  }
  if (const std::optional<Writes> w = writes_of(r)) {
    say("writes %s %s, %s blocks erased; %s\n", format_bytes(w->bytes).c_str(),
        r.batch > 1 ? "a batch" : "a frame", format_count(w->erases).c_str(),
        r.storage->life.c_str());
  }
}

}  // namespace

int verify_command(const VerifyFlags& flags) {
  ClusterFlags cluster;
  cluster.insecure = flags.insecure;
  EngineOpening opening({.verb = "verify",
                         .model = flags.model,
                         .ends = flags.ends,
                         .plan = flags.plan,
                         .cluster = cluster,
                         .network = flags.network,
                         .trace = true});
  const std::unique_ptr<Engine> engine = opening.open();
  const Graph& graph = engine->graph();
  auto results = nlohmann::json::array();
  bool all_equal = true;
  std::deque<Case> cases;  // under way
  const auto next = [&, i = size_t{0}]() mutable -> std::optional<Bytes> {
    if (i == flags.inputs.size()) return std::nullopt;
    cases.push_back(load_case(flags, graph, flags.inputs[i++]));
    return cases.back().input;
  };
  const auto take = [&](const Answer& a) {
    const Case& c = cases.front();
    const Verification verdict = judge_frame(
        graph, a.output, a.values(), run_oracle(graph, c.input), c.golden);
    all_equal &= !verdict.wrong;
    if (flags.json) {
      results.push_back(verdict_json(c, verdict));
    } else {
      print(c, verdict);
    }
    cases.pop_front();
  };
  engine->stream(next, take);
  if (flags.json) {
    say_json(report_json(results, all_equal, engine->report()));
  } else {
    print_report(engine->report());
  }
  return static_cast<int>(all_equal ? Exit::kOk : Exit::kDiffers);
}

}  // namespace shoal
