#include "host/study/swap_point.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/base/error.h"
#include "host/base/index.h"
#include "host/data/image/random_input.h"
#include "host/engine/virtual/virtual_engine.h"
#include "host/model/zoo/zoo.h"
#include "host/oracle/int8/oracle.h"
#include "host/plan/cost/time.h"
#include "host/plan/cost/wear.h"
#include "host/plan/text/does_not_fit.h"
#include "host/study/points.h"

namespace shoal {
namespace {

constexpr int64_t kAnyWrites = int64_t{1} << 40;
constexpr uint64_t kPicture = 1;  // seed of what every run looks at

PlanRequest request_of(const SwapSetting& s, const Board& board) {
  PlanRequest request = one_node(board);
  request.objective = s.objective;
  if (s.ram == 0) return request;
  request.node().flash_weights = 0;
  request.node().storage = s.storage;
  request.node().sealed = s.sealed;
  request.max_writes = s.writes ? kAnyWrites : 0;
  return request;
}

std::string stage_name(const Net& net, const PlanStage& stage) {
  const Layer *first = nullptr, *last = nullptr;
  for (const PlanActor& a : stage.actors) {
    if (a.layer < 0) continue;
    last = &net.layers[index(a.layer)];
    if (first == nullptr) first = last;
  }
  if (first == nullptr) return "copies";
  return first == last ? first->name : first->name + " .. " + last->name;
}

double in_seconds(int64_t picoseconds) {
  return static_cast<double>(picoseconds) / kPicoseconds;
}

void take_stage(const SwapNetworks::Network& network, const Board& board,
                const PlanStage& from, SwapPoint& point) {
  SwapStage stage;
  stage.name = stage_name(network.net, from);
  int64_t dense = 0, others = 0;
  for (const PlanActor& a : from.actors) {
    const LayerTime time = actor_time(network.net, from, a, board);
    const double core = in_seconds(time.compute_ps + time.firing_ps);
    stage.core_s += core;
    if (a.layer < 0) continue;
    const Layer& layer = network.net.layers[index(a.layer)];
    const int64_t bytes = layer.weights.empty() ? 0 : weight_bytes(layer);
    (network.is_dense[index(a.layer)] ? dense : others) += bytes;
    point.layers.push_back({layer.name, layer.macs, bytes, core,
                            network.is_dense[index(a.layer)]});
    ++stage.layers;
  }
  stage.is_dense = dense > others;
  stage.seconds = from.seconds;
  stage.check_s = from.check_s;
  stage.storage_s = from.storage_s;
  stage.macs = from.macs;
  stage.read_bytes = from.storage_read_bytes;
  point.load.active_s += stage.core_s + from.check_s + from.flash_s;
  point.stages.push_back(std::move(stage));
}

void take_plan(const SwapNetworks::Network& network, const SwapSetting& s,
               const Board& board, const Plan& plan, SwapPoint& point) {
  const PlanNode& node = plan.nodes.at(0);
  point.arena_bytes = node.arena_bytes;
  point.image_bytes =
      node.flash_weight_bytes + node.sram_weight_bytes + node.tape_bytes;
  point.seconds = plan.latency_s;
  for (const PlanStage& stage : node.stages) {
    take_stage(network, board, stage, point);
  }
  point.load.macs = static_cast<double>(node.macs);
  point.load.seconds = point.seconds;
  point.load.read_bytes = node.storage_read_bytes;
  point.load.written_bytes = node.storage_written_bytes;
  if (s.ram == 0 || node.storage_written_bytes == 0) return;
  const double years = years_of_life(node, board.storages[0], 1);
  if (std::isfinite(years)) point.years_at_1_fps = years;
}

void check_room(const SwapSetting& s, const Board& board,
                const SwapPoint& point) {
  if (s.ram == 0) return;
  const Storage& part = board.storages[0];
  const int64_t needed = point.image_bytes + point.load.written_bytes;
  check_storage("the store", needed, part.name, part.capacity_bytes);
}

void run(const SwapSetting& s, const Board& board, SwapPoint& point) {
  Graph graph = zoo_model(s.network);
  const std::vector<uint8_t> input = random_input(graph, kPicture);
  const std::vector<uint8_t> expected =
      model_output(graph, run_oracle(graph, input));
  const PlanRequest request = request_of(s, board);
  VirtualEngine engine(
      std::make_shared<const Prepared>(prepare(std::move(graph), request)),
      request.cluster, {});
  point.is_equal = run_frame(engine, input) == expected;
  const NodeCounts& counts = engine.result().nodes[0].counts;
  point.planned_s = point.seconds;
  point.seconds = engine.result().latency_s();
  point.load = frame_load(counts, point.seconds);
  point.waits = static_cast<int64_t>(counts.waits);
}

}  // namespace

double SwapStage::bound_s() const {
  return std::max(core_s + check_s, storage_s);
}

std::string describe(const SwapSetting& s) {
  std::string text = s.network + ", " + s.board;
  if (s.ram == 0) return text + ", all in SRAM";
  text += s.objective == Objective::kRam
              ? ", least RAM"
              : fmt::format(", {:g} KB", static_cast<double>(s.ram) / 1024);
  text += ", " + s.storage;
  if (s.sealed) text += ", encrypted";
  if (s.writes) text += ", may write";
  if (s.run) text += ", one frame run";
  return text;
}

const SwapNetworks::Network& SwapNetworks::find(const std::string& name) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<Network>& made = made_[name];
  if (made) return *made;
  const Graph graph = zoo_model(name);
  auto network = std::make_unique<Network>();
  network->net = lower(graph);
  for (const Layer& layer : network->net.layers) {
    network->is_dense.push_back(layer.file_op >= 0 &&
                                graph.ops[index(layer.file_op)].kind ==
                                    OpKind::kFullyConnected);
    if (!layer.weights.empty()) network->weight_bytes += weight_bytes(layer);
  }
  for (const Op& op : graph.ops) {
    int64_t bytes = element_count(graph.tensors[index(op.outputs[0])].shape);
    for (const int t : op.inputs) {
      const Tensor& x = graph.tensors[index(t)];
      if (!x.constant) bytes += element_count(x.shape);
    }
    network->whole_bytes = std::max(network->whole_bytes, bytes);
  }
  made = std::move(network);
  return *made;
}

const Storage& storage_of_any_board(const std::string& name) {
  std::vector<std::string> known;
  for (const std::string& id : board_ids()) {
    for (const Storage& part : find_board(id).storages) {
      if (part.name == name) return part;
      if (std::count(known.begin(), known.end(), part.name) == 0) {
        known.push_back(part.name);
      }
    }
  }
  throw Error(Exit::kUsage, "no board has a storage '" + name + "'",
              fmt::format("one of: {}", fmt::join(known, ", ")));
}

Board swap_board(const SwapSetting& s) {
  Board board = find_board(s.board);
  if (s.ram == 0) {  // no bounds, and no stalls for weights in place
    board.banks.clear();
    board.flash_bytes = 0;
    board.flash_mapped = true;
    board.costs.flash_bytes_per_s = 0;
    return board;
  }
  const int64_t fixed = board.fixed_bytes();
  board.banks = {{"SRAM", s.ram + fixed, fixed}};
  board.storages = {storage_of_any_board(s.storage)};
  return board;
}

SwapPoint measure(SwapNetworks& networks, const SwapSetting& s) {
  SwapPoint point;
  try {
    const Board board = swap_board(s);
    const SwapNetworks::Network& network = networks.find(s.network);
    const Plan plan = make_plan(network.net, request_of(s, board));
    take_plan(network, s, board, plan, point);
    check_room(s, board, point);
    if (s.run) run(s, board, point);
  } catch (const Error& e) {
    return failed_point<SwapPoint>(e);
  }
  return point;
}

}  // namespace shoal
