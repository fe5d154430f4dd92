#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <sstream>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/size.h"
#include "host/cli/common.h"
#include "host/golden/checksum.h"
#include "host/golden/trace.h"
#include "host/import/import.h"
#include "host/run/prepare.h"
#include "host/run/session.h"
#include "host/run/trace.h"

namespace shoal {
namespace {

struct Class {
  int index = 0;
  std::string label;
  double score = 0;
};

std::vector<std::string> read_labels(const std::string& path) {
  std::vector<std::string> labels;
  if (path.empty()) return labels;
  const std::vector<uint8_t> bytes = read_file(path);
  std::istringstream lines(std::string(bytes.begin(), bytes.end()));
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    labels.push_back(line);
  }
  return labels;
}

// The real value of element i of the first output.
double real_value(const Tensor& t, const std::vector<uint8_t>& bytes,
                  size_t i) {
  if (t.file_type == Type::kFloat32) {
    float v;
    std::memcpy(&v, &bytes[i * sizeof v], sizeof v);
    return static_cast<double>(v);
  }
  const int flip = t.file_type == Type::kUint8 ? 0x80 : 0;
  const int q = static_cast<int8_t>(bytes[i] ^ flip);
  const float scale = t.quant.scale.empty() ? 1.f : t.scale();
  return static_cast<double>(scale) * (q - t.zero());
}

std::vector<Class> best_classes(const Graph& graph,
                                const std::vector<uint8_t>& output,
                                const std::vector<std::string>& labels,
                                int count) {
  const Tensor& t = graph.tensors[static_cast<size_t>(graph.outputs[0])];
  std::vector<Class> all(static_cast<size_t>(element_count(t.shape)));
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].index = static_cast<int>(i);
    all[i].score = real_value(t, output, i);
    if (i < labels.size()) all[i].label = labels[i];
  }
  const size_t n = std::min(all.size(), static_cast<size_t>(count));
  std::partial_sort(all.begin(), all.begin() + static_cast<int64_t>(n),
                    all.end(), [](const Class& a, const Class& b) {
                      return a.score != b.score ? a.score > b.score
                                                : a.index < b.index;
                    });
  all.resize(n);
  return all;
}

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
  for (size_t i = 0; i < top.size(); ++i) {
    std::printf("%3zu  %8.5f  %4d  %s\n", i + 1, top[i].score, top[i].index,
                top[i].label.c_str());
  }
  for (const PlanNode& node : plan.nodes) {
    std::printf("arena    %s, %zu stages, board %s\n",
                format_bytes(node.arena_bytes).c_str(), node.stages.size(),
                node.board.c_str());
  }
  std::printf("latency  %.3f ms (measured on this computer)\n", seconds * 1e3);
}

}  // namespace

int run_command(const RunFlags& flags) {
  std::optional<Normalization> norm;
  if (!flags.mean.empty() || !flags.deviation.empty()) {
    norm = Normalization{flags.mean, flags.deviation};
  }
  const std::vector<std::string> labels = read_labels(flags.labels);
  Graph graph = load_model(flags.model);
  const std::vector<uint8_t> input = load_input(graph, flags.input, norm);
  const Prepared p = prepare(std::move(graph), plan_options(flags.plan));

  std::optional<TraceCollector> trace;
  if (!flags.trace.empty()) trace.emplace(p.graph, p.net, p.plan, 0);
  Session session(p.graph, p.net, p.images[0], p.plan.nodes[0].arena_bytes,
                  trace ? trace->tap() : Tap{});
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
