#include "host/plan/text/plan_table.h"

#include <algorithm>
#include <vector>

#include "host/base/size.h"
#include "host/base/units.h"
#include "host/board/board.h"
#include "host/plan/cost/time.h"
#include "host/plan/cost/wear.h"
#include "host/plan/text/op_names.h"
#include "host/plan/text/text_line.h"
#include "host/plan/types/plan_segments.h"

namespace shoal {
namespace {

constexpr size_t kLargestBuffers = 5, kLongestName = 40, kShortName = 30;

// Says what another order of layers than the file's gains.
void order_line(std::string& out, const Plan& plan) {
  const PlanOrder& order = plan.order;
  if (order.layers.empty()) return;
  std::string than = "in the file's nothing fits";
  if (order.own_arena_bytes > 0) {
    than = plan.objective == Objective::kRam
               ? fmt::format("{} instead of {} B in the file's",
                             format_count(largest_arena(plan)),
                             format_count(order.own_arena_bytes))
               : fmt::format("{} instead of {} in the file's",
                             format_time(plan.latency_s),
                             format_time(order.own_latency_s));
  }
  line(out, "  layers in another order than the file's: {}", than);
}

std::string bands(const PlanStage& s) {
  if (s.actors.empty()) return "-";
  const auto [least, most] =
      std::ranges::minmax_element(s.actors, {}, &PlanActor::band);
  return least->band == most->band
             ? fmt::format("{}", least->band)
             : fmt::format("{}-{}", least->band, most->band);
}

// Returns the unit that numbers count for: a frame or a batch.
std::string each(const Net& net) {
  return net.frames == 1 ? "a frame"
                         : fmt::format("per batch of {} frames", net.frames);
}

// Lists the tensors that go to storage, in the order of their pages.
void spill_lines(std::string& out, const Net& net, const PlanNode& n) {
  if (n.spill_pages == 0) return;
  line(out, "  spills        {} in {} pages of {} {}, {}",
       format_bytes(n.storage_written_bytes), n.spill_pages,
       format_bytes(n.spill_page_bytes), each(net), life_text(n, net.frames));
  for (size_t s = 0; s < n.stages.size(); ++s) {
    for (const PlanSpill& spill : n.stages[s].spills) {
      const PlanPort& port = n.stages[s].ports[spill.port];
      const PlanBuffer& b = n.stages[s].buffers[port.buffer];
      line(out, "    stage {:>3}  {}  {:>11} B  {:>5} pages  {}", s,
           port.is_read ? "writes    " : "reads back",
           format_count(port.box.elements() * b.element_bytes), spill.pages,
           short_name(net.tensors[b.tensor].name, kLongestName));
    }
  }
}

void storage_lines(std::string& out, const Net& net, const PlanNode& n) {
  if (n.storage.empty()) return;
  line(out, "  storage       {}{}, {} read and {} written {}", n.storage,
       n.sealed ? ", sealed" : "", format_bytes(n.storage_read_bytes),
       format_bytes(n.storage_written_bytes), each(net));
  line(out, "  weights lie   {} in flash, {} in SRAM, {} on the tape",
       format_bytes(n.flash_weight_bytes), format_bytes(n.sram_weight_bytes),
       format_bytes(n.tape_bytes));
  spill_lines(out, net, n);
}

// Says what each frame of a batch takes.
void frame_lines(std::string& out, const Net& net, const PlanNode& n) {
  if (net.frames == 1) return;
  line(out,
       "  per frame     {}, {} frames/s (modelled), {} of weights "
       "read, {} from storage",
       format_time(n.seconds / net.frames),
       format_three_digits(net.frames / n.seconds),
       format_bytes(n.weight_read_bytes / net.frames),
       format_bytes(n.storage_read_bytes / net.frames));
}

// Returns the file's name for the rows of a tensor.
const char* rows_name(const Net& net, int tensor) {
  return net.tensors[static_cast<size_t>(tensor)].turned ? "columns" : "rows";
}

// Lists the variables, which live from frame to frame in two copies.
void variable_lines(std::string& out, const Net& net, const PlanNode& n,
                    const std::string& of) {
  if (n.variables.empty()) return;
  int64_t bytes = 0;
  for (const PlanVariable& v : n.variables) bytes += v.bytes();
  line(out,
       "  variables     {}{} from frame to frame, {} of the arena in two "
       "copies",
       of, format_bytes(bytes), format_bytes(n.layout.variable_bytes));
  for (const PlanVariable& v : n.variables) {
    const NetVariable& of_net = net.variables[v.variable];
    line(out, "  {:>11} B  {} {} of {} x {}  {}", format_count(v.bytes()),
         v.box.rows(), rows_name(net, of_net.before), v.box.columns(),
         v.box.channels(), short_name(of_net.name, kLongestName));
  }
}

void node_lines(std::string& out, const Net& net, const PlanNode& n,
                std::optional<int64_t> budget) {
  line(out, "{} on {}", n.name, n.board);
  line(out, "  arena         {}{}", format_bytes(n.arena_bytes),
       budget ? " of " + format_bytes(*budget) : ", no limit");
  line(out, "  fixed         {} beside the arena", format_bytes(n.fixed_bytes));
  if (n.program_bytes) {
    line(out, "  flash         {}", format_bytes(n.program_bytes));
  }
  line(out, "  weights read  {} {}", format_bytes(n.weight_read_bytes),
       each(net));
  const int64_t model_macs = net.model_macs;
  const double ratio =
      model_macs ? static_cast<double>(n.macs) / static_cast<double>(model_macs)
                 : 1.0;
  line(out, "  MACs          {}, {:.3f} x the model's", format_count(n.macs),
       ratio);
  if (const int64_t again = replay_bytes(net, n); again > 0) {
    line(out,
         "  replay        the input's rows come again from the top, {} more",
         format_bytes(again));
  }
  line(out, "  time          {}{} (modelled)", format_time(n.seconds),
       net.frames == 1 ? "" : " " + each(net));
  if (is_board_file(n.board)) {
    line(out, "  costs         measured on a {}", find_board(n.board).measured);
  }
  variable_lines(out, net, n, "");
  storage_lines(out, net, n);
  frame_lines(out, net, n);
}

void stage_lines(std::string& out, const PlanNode& n, size_t width) {
  TextTable table({{"stage"},
                   {"layers"},
                   {"arena B"},
                   {"bands", Align::kRight, 2},
                   {"weights B", Align::kRight, 1},
                   {"time"},
                   {"bound", Align::kLeft}},
                  2);
  for (size_t s = 0; s < n.stages.size(); ++s) {
    const PlanStage& stage = n.stages[s];
    table.add({std::to_string(s), layer_ranges(stage),
               format_count(stage.arena_bytes), bands(stage),
               format_count(stage.weight_read_bytes),
               format_time(stage.seconds), stage.bound});
  }
  out += table.text(width);
}

// Lists the times that overlap in each stage.
void stage_storage_lines(std::string& out, const PlanNode& n, size_t width) {
  TextTable table({{"stage"},
                   {"read B"},
                   {"written B"},
                   {"compute"},
                   {"flash", Align::kRight, 1},
                   {"storage"},
                   {"check", Align::kRight, 2}},
                  2);
  for (size_t s = 0; s < n.stages.size(); ++s) {
    const PlanStage& stage = n.stages[s];
    table.add({std::to_string(s), format_count(stage.storage_read_bytes),
               format_count(stage.storage_written_bytes),
               format_time(stage.compute_s), format_time(stage.flash_s),
               format_time(stage.storage_s), format_time(stage.check_s)});
  }
  out += table.text(width);
}

void buffer_lines(std::string& out, const Net& net, const PlanNode& n) {
  if (n.stages.empty()) return;
  const size_t fullest = fullest_stage(n);
  std::vector<PlanBuffer> buffers = n.stages[fullest].buffers;
  std::ranges::stable_sort(buffers, std::greater{}, &PlanBuffer::bytes);
  buffers.resize(std::min(buffers.size(), kLargestBuffers));
  line(out, "  largest buffers of the fullest stage ({})", fullest);
  for (const PlanBuffer& b : buffers) {
    line(out, "  {:>11} B  {:>4} of {:>4} {} of {} x {}  {}",
         format_count(b.bytes()), b.slots, b.box.rows(),
         rows_name(net, b.tensor), b.box.columns(), b.box.channels(),
         short_name(net.tensors[b.tensor].name, kShortName));
  }
}

void reason_lines(std::string& out, const Net& net, const PlanNode& n) {
  int64_t once = 0;
  for (const Layer& layer : net.layers) once += weight_bytes(layer);
  const PlanStage* slowest = nullptr;
  for (const PlanStage& s : n.stages) {
    if (!slowest || s.seconds > slowest->seconds) slowest = &s;
  }
  if (!slowest) return;
  line(out, "  why not faster: stage {} takes {:.0f} % of the time, mostly {}",
       slowest - n.stages.data(), 100 * slowest->seconds / n.seconds,
       slowest->bound);
  if (n.weight_read_bytes > once) {
    line(out,
         "    weights are read {:.2f} times; higher bands, and so more arena, "
         "would read them once ({})",
         static_cast<double>(n.weight_read_bytes) /
             static_cast<double>(std::max<int64_t>(1, once)),
         format_bytes(once));
  }
  line(out, "  why not smaller: stage {} needs its buffers at the same time",
       fullest_stage(n));
}

}  // namespace

Budgets budgets_of(const Cluster& cluster) {
  Budgets budgets;
  for (const ClusterNode& node : cluster.nodes) {
    const bool limited = node.ram || node.max_arena || !node.board.unlimited();
    budgets.push_back(limited ? std::optional(node.arena_budget())
                              : std::nullopt);
  }
  return budgets;
}

std::string plan_table(const Net& net, const Plan& plan, const Budgets& budgets,
                       const LowerBound* bound, size_t width) {
  std::string out;
  line(out, "{}: strategy {}, objective {}", net.name, plan.strategy,
       objective_name(plan.objective));
  order_line(out, plan);
  const auto add_bound = [&] {
    if (bound) out += "  " + bound_line(*bound, plan.latency_s) + "\n";
  };
  if (plan.linked) {
    out += linked_lines(plan, budgets, width);
    const auto fullest =
        std::ranges::max_element(plan.nodes, {}, &PlanNode::arena_bytes);
    for (const PlanNode& n : plan.nodes) {
      variable_lines(out, net, n, n.name + " keeps ");
    }
    line(out, "  {} needs the most memory", fullest->name);
    buffer_lines(out, net, *fullest);
    add_bound();
    return out;
  }
  for (size_t n = 0; n < plan.nodes.size(); ++n) {
    const PlanNode& node = plan.nodes[n];
    node_lines(out, net, node, n < budgets.size() ? budgets[n] : std::nullopt);
    stage_lines(out, node, width);
    if (!node.storage.empty()) stage_storage_lines(out, node, width);
    buffer_lines(out, net, node);
    reason_lines(out, net, node);
  }
  add_bound();
  return out;
}

std::string bound_line(const LowerBound& bound, double latency_s) {
  const double percent = percent_above(latency_s, bound.latency_s);
  constexpr double kFar = 50;
  if (percent > kFar) {
    return fmt::format(
        "bound         {}: no plan takes less; this one takes {:.1f} times as "
        "long",
        format_time(bound.latency_s), 1 + percent / 100);
  }
  return fmt::format(
      "bound         {}: this is within {:.1f} % of what any plan could do",
      format_time(bound.latency_s), percent);
}

}  // namespace shoal
