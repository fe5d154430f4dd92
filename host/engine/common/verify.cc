#include "host/engine/common/verify.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "host/base/error.h"

namespace shoal {
namespace {

Trace trace_of(const Graph& graph, const Values& values) {
  return make_trace(graph, [&](int t) {
    return file_bytes(graph, t, values[static_cast<size_t>(t)]);
  });
}

// Golden lines without those of operators that import has folded, whose results
// are constants of the graph with these bytes.
Trace without_folded(const Graph& graph, const Trace& golden) {
  std::set<std::string> made;
  for (const Op& op : graph.ops) {
    for (const int t : op.outputs) made.insert(std::to_string(t));
  }
  const auto is_folded = [&](const TraceLine& line) {
    if (line.op == "in" || made.contains(line.tensor)) return false;
    for (size_t i = 0; i < graph.tensors.size(); ++i) {
      const Tensor& t = graph.tensors[i];
      if (!t.constant || std::to_string(i) != line.tensor) continue;
      TraceLine own = make_trace_line(graph, -1, static_cast<int>(i), t.data);
      own.op = line.op, own.opcode = line.opcode;
      return !first_difference({line}, {own}, Columns::kMust);
    }
    return false;
  };
  Trace rest;
  std::ranges::remove_copy_if(golden, std::back_inserter(rest), is_folded);
  return rest;
}

// Returns the first tensor of the file in which two runs differ.
std::optional<Difference> compare_values(const Graph& graph,
                                         const Values& expected,
                                         const Values& actual) {
  for (size_t op = 0; op < graph.ops.size(); ++op) {
    for (const int t : graph.ops[op].outputs) {
      const auto i = static_cast<size_t>(t);
      auto wrong = first_difference(graph, static_cast<int>(op), t,
                                    file_bytes(graph, t, expected[i]),
                                    file_bytes(graph, t, actual[i]));
      if (wrong) return wrong;
    }
  }
  return std::nullopt;
}

std::optional<Difference> compare_bytes(const std::vector<uint8_t>& expected,
                                        const std::vector<uint8_t>& actual) {
  if (expected == actual) return std::nullopt;
  if (expected.size() != actual.size()) {
    return Difference{"output", "size", std::to_string(expected.size()),
                      std::to_string(actual.size())};
  }
  size_t at = 0;
  while (expected[at] == actual[at]) ++at;
  return Difference{"output", "byte " + std::to_string(at),
                    std::to_string(expected[at]), std::to_string(actual[at])};
}

}  // namespace

Verification judge_frame(const Graph& graph, const std::vector<uint8_t>& output,
                         const Values& traced, const Values& oracle,
                         const std::optional<GoldenCase>& golden) {
  Verification verdict;
  for (const Op& op : graph.ops) verdict.layers += op.outputs.size();
  const auto judge = [&](const char* between,
                         const std::optional<Difference>& wrong) {
    if (!wrong || verdict.wrong) return;
    verdict.wrong = wrong;
    verdict.between = between;
  };
  judge("plan and oracle", compare_values(graph, oracle, traced));
  judge("plan and oracle", compare_bytes(model_output(graph, oracle), output));
  if (golden) {
    const Trace wanted = without_folded(graph, golden->trace);
    judge("oracle and golden",
          first_difference(wanted, trace_of(graph, oracle), Columns::kMust));
    judge("plan and golden",
          first_difference(wanted, trace_of(graph, traced), Columns::kMust));
    judge("plan and golden", compare_bytes(golden->output, output));
  }
  return verdict;
}

GoldenCase find_golden_case(const std::filesystem::path& folder,
                            const std::string& model,
                            const std::filesystem::path& input) {
  std::string name = input.filename().string();
  name = name.substr(0, name.find('.'));
  const std::string stem = std::filesystem::path(model).stem().string();
  for (const auto& place : {folder, folder / stem}) {
    if (std::filesystem::exists(place / (name + ".layers.tsv"))) {
      return read_golden_case(place, name);
    }
  }
  throw Error(Exit::kUsage,
              folder.string() + ": no golden case '" + name + "' of " + stem,
              "name the model's folder, and inputs as CASE.in.bin");
}

}  // namespace shoal
