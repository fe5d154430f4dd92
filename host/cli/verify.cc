#include "host/engine/common/verify.h"

#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/cli/common.h"
#include "host/cli/open_engine.h"
#include "host/cli/output.h"
#include "host/cli/sequence.h"

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

// The writes of a node that spills in each run, of a frame or a batch.
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

// The golden results of one frame of a case, if it lists that frame.
std::optional<GoldenCase> golden_frame(const GoldenCase& all, int frame,
                                       size_t bytes) {
  for (const FrameTrace& f : all.frames) {
    if (f.frame != frame) continue;
    GoldenCase one{all.name, {}, {}, f.trace};
    const size_t at = static_cast<size_t>(frame) * bytes;
    if (at + bytes > all.output.size()) break;
    const auto from = all.output.begin() + static_cast<ptrdiff_t>(at);
    one.output.assign(from, from + static_cast<ptrdiff_t>(bytes));
    return one;
  }
  return std::nullopt;
}

// Frame by frame; the outputs of all of them, also of those whose layers a
// golden case does not list.
struct SequenceVerdict {
  Verification sum;
  int frames = 0, golden = 0;  // compared
  int wrong = -1;              // the first frame that is
};

SequenceVerdict verify_sequence(const Graph& graph, const std::string& path,
                                const std::optional<GoldenCase>& golden,
                                Engine& engine) {
  const std::vector<Bytes> frames = load_sequence(graph, path);
  if (golden && golden->frames.empty()) {
    throw Error(Exit::kUsage,
                path + ": golden case " + golden->name +
                    " is of one frame, not of a sequence",
                "leave out --stream");
  }
  OracleSequence oracle(graph);
  SequenceVerdict all;
  Bytes outputs;
  size_t given = 0;
  const auto next = [&]() -> std::optional<Bytes> {
    if (given == frames.size()) return std::nullopt;
    return frames[given++];
  };
  engine.stream(next, [&](const Answer& a) {
    const Values expected = oracle.next(frames[size_t(all.frames)]);
    std::optional<GoldenCase> one;
    if (golden) one = golden_frame(*golden, all.frames, a.output.size());
    const Verification v =
        judge_frame(graph, a.output, a.values(), expected, one);
    outputs.insert(outputs.end(), a.output.begin(), a.output.end());
    all.golden += one.has_value();
    all.sum.layers += v.layers;
    if (v.wrong && !all.sum.wrong) {
      all.wrong = all.frames;
      all.sum.wrong = v.wrong;
      all.sum.between = v.between;
    }
    ++all.frames;
  });
  if (golden && !all.sum.wrong && outputs != golden->output) {
    all.sum.wrong = {"output", "all frames", "the golden one's",
                     "another one's"};
    all.sum.between = "plan and golden";
  }
  return all;
}

void print(const std::string& path, const SequenceVerdict& v, bool golden) {
  if (v.sum.wrong) {
    say("%s: frame %d: %s differ: %s\n", path.c_str(), v.wrong,
        v.sum.between.c_str(), describe(*v.sum.wrong).c_str());
    return;
  }
  say("%s: %d frames, %zu layers, %s are equal byte for byte", path.c_str(),
      v.frames, v.sum.layers,
      golden ? "plan, oracle and golden" : "plan and oracle");
  if (golden && v.golden < v.frames) {
    say(" (golden has the layers of %d frames, the output of all)", v.golden);
  }
  say("\n");
}

int verify_sequences(const VerifyFlags& flags, Engine& engine) {
  const Graph& graph = engine.graph();
  auto results = nlohmann::json::array();
  bool all_equal = true;
  for (const std::string& path : flags.inputs) {
    std::optional<GoldenCase> golden;
    if (!flags.golden.empty()) {
      golden = find_golden_case(flags.golden, graph.name, path);
    }
    const SequenceVerdict v = verify_sequence(graph, path, golden, engine);
    all_equal &= !v.sum.wrong;
    if (flags.json) {
      nlohmann::json one = verdict_json({path, {}, golden}, v.sum);
      one["frames"] = v.frames;
      one["golden_frames"] = v.golden;
      if (v.wrong >= 0) one["frame"] = v.wrong;
      results.push_back(one);
    } else {
      print(path, v, golden.has_value());
    }
  }
  if (flags.json) {
    say_json(report_json(results, all_equal, engine.report()));
  } else {
    print_report(engine.report());
  }
  return static_cast<int>(all_equal ? Exit::kOk : Exit::kDiffers);
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
                         .trace = true,
                         .stream = flags.stream});
  const std::unique_ptr<Engine> engine = opening.open();
  if (flags.stream) return verify_sequences(flags, *engine);
  const Graph& graph = engine->graph();
  if (flags.inputs.size() > 1 && engine->keeps_variables()) {
    throw several_frames(std::to_string(flags.inputs.size()) + " inputs",
                         graph.name);
  }
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
