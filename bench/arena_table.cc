// README's table: for each golden model the smallest arena and the fastest
// plan, beside what an engine with whole tensors needs at least.
//   arena_table FOLDER   (the folder with golden/ and models/)
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/board/board.h"
#include "host/lower/net.h"
#include "host/model/import/import.h"
#include "host/plan/planner/planner.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

// The largest sum of one operator's inputs and outputs.
int64_t largest_layer(const Graph& graph) {
  int64_t largest = 0;
  for (const Op& op : graph.ops) {
    std::set<int> tensors(op.outputs.begin(), op.outputs.end());
    tensors.insert(op.inputs.begin(), op.inputs.end());
    int64_t sum = 0;
    for (const int t : tensors) {
      if (t < 0 || graph.tensors[static_cast<size_t>(t)].constant) continue;
      const Tensor& tensor = graph.tensors[static_cast<size_t>(t)];
      sum += element_count(tensor.shape) * type_bytes(tensor.type);
    }
    largest = std::max(largest, sum);
  }
  return largest;
}

void print_plan(const Net& net, const Plan& plan) {
  const PlanNode& node = plan.nodes[0];
  std::printf(" %s | %s | %.3f |", format_count(node.arena_bytes).c_str(),
              format_count(node.weight_read_bytes).c_str(),
              net.model_macs == 0 ? 1.0
                                  : static_cast<double>(plan.macs) /
                                        static_cast<double>(net.model_macs));
}

void print_row(const fs::path& model) {
  const Graph graph = load_model(model.string());
  const Net net = lower(graph);
  PlanRequest request = one_node(find_board("teensy41"));
  request.objective = Objective::kRam;
  const Plan small = make_plan(net, request);
  request.objective = Objective::kLatency;
  const Plan fast = make_plan(net, request);
  const int64_t whole = largest_layer(graph);
  std::printf("| %s | %s |", model.stem().string().c_str(),
              format_count(whole).c_str());
  print_plan(net, small);
  std::printf(" %.2f |", static_cast<double>(small.nodes[0].arena_bytes) /
                             static_cast<double>(whole));
  print_plan(net, fast);
  std::printf(" %.1f |\n", fast.latency_s * 1e3);
}

int table(const fs::path& shared, bool synthetic) {
  std::printf(
      "| model | largest layer in + out, B | smallest arena, B | weights read, "
      "B | MACs | of largest layer | fastest arena, B | weights read, B | MACs "
      "| modelled ms |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
  std::vector<fs::path> models;
  for (const auto& entry : fs::directory_iterator(shared / "golden")) {
    const std::string name = entry.path().filename().string() + ".tflite";
    const fs::path real = shared / "models" / name;
    const fs::path synth = shared / "models" / "synth" / name;
    if (fs::exists(real)) models.push_back(real);
    if (synthetic && fs::exists(synth)) models.push_back(synth);
  }
  std::sort(models.begin(), models.end());
  for (const fs::path& model : models) {
    try {
      print_row(model);
    } catch (const Error& e) {
      if (e.code() != Exit::kUnsupported) throw;  // float originals
    }
  }
  return 0;
}

}  // namespace
}  // namespace shoal

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: arena_table FOLDER [all]\n");
    return 2;
  }
  try {
    return shoal::table(argv[1], argc > 2);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "arena_table: %s\n", e.what());
    return 1;
  }
}
