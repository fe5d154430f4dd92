#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/size.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/golden/checksum.h"
#include "host/golden/trace.h"
#include "host/import/import.h"
#include "host/run/prepare.h"
#include "host/run/session.h"
#include "host/run/stored_image.h"
#include "host/run/trace.h"

namespace shoal {
namespace {

void print_json(const RunFlags& flags, const Plan& plan, double seconds,
                const std::vector<Class>& top,
                const std::vector<uint8_t>& output) {
  nlohmann::json json{{"output_sha256", sha256_hex(output)},
                      {"latency_s", seconds},
                      {"latency_kind", "measured"},
                      {"frames", flags.frames},
                      {"top", nlohmann::json::array()},
                      {"arena_bytes", nlohmann::json::array()}};
  for (const Class& c : top) {
    json["top"].push_back(
        {{"index", c.index}, {"label", c.label}, {"score", c.score}});
  }
  for (const PlanNode& node : plan.nodes) {
    json["arena_bytes"].push_back(node.arena_bytes);
  }
  std::printf("%s\n", json.dump(2).c_str());
}

void print_text(const Plan& plan, double seconds,
                const std::vector<Class>& top) {
  print_classes(top);
  for (const PlanNode& node : plan.nodes) {
    std::printf("arena    %s, %zu stages, board %s\n",
                format_bytes(node.arena_bytes).c_str(), node.stages.size(),
                node.board.c_str());
  }
  std::printf("latency  %.3f ms (measured on this computer)\n", seconds * 1e3);
}

}  // namespace

int run_command(const RunFlags& flags) {
  const std::optional<Normalization> norm =
      normalization(flags.mean, flags.deviation);
  const std::vector<std::string> labels = read_labels(flags.labels);
  Graph graph = load_model(flags.model);
  const std::vector<uint8_t> input = load_input(graph, flags.input, norm);
  const Prepared p = prepare(std::move(graph), plan_options(flags.plan));

  std::optional<TraceCollector> trace;
  if (!flags.trace.empty()) trace.emplace(p.graph, p.net, p.plan);
  const PlanNode& node = p.plan.nodes[0];
  const Tap tap = trace ? trace->tap() : Tap{};
  // A board without mapped flash reads its program piece by piece.
  StoredImage stored(p.images[0]);
  Session session =
      node.layout.head_bytes == 0
          ? Session(p.graph, p.net, p.images[0], node.arena_bytes, tap)
          : Session(p.graph, p.net, stored, node.arena_bytes, tap);
  std::vector<uint8_t> output;
  const auto start = std::chrono::steady_clock::now();
  for (int frame = 0; frame < flags.frames; ++frame) {
    if (trace) trace->reset();
    output = session.run(input);
  }
  const std::chrono::duration<double> elapsed =
      std::chrono::steady_clock::now() - start;
  const double seconds = elapsed.count() / flags.frames;

  if (!flags.output.empty()) write_file(flags.output, output);
  if (trace) {
    const Values values = trace->values(input);
    write_file(flags.trace, format_trace(make_trace(p.graph, [&](int t) {
                 return file_bytes(p.graph, t, values[static_cast<size_t>(t)]);
               })));
  }
  const std::vector<Class> top =
      best_classes(p.graph, output, labels, flags.top);
  if (flags.json) {
    print_json(flags, p.plan, seconds, top, output);
  } else {
    print_text(p.plan, seconds, top);
  }
  return 0;
}

}  // namespace shoal
