#include <algorithm>
#include <cstdint>

#include "host/base/size.h"
#include "host/base/table.h"
#include "host/base/units.h"
#include "host/plan/text/left_out.h"
#include "host/plan/text/plan_table.h"
#include "host/plan/text/text_line.h"
#include "host/plan/types/plan_segments.h"

namespace shoal {
namespace {

constexpr size_t kMostListed = 16;  // nodes; more are summed up
constexpr size_t kNameWidth = 12;

double ratio(int64_t part, int64_t whole) {
  return whole ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::string cut_text(const std::string& text, size_t width) {
  return text.size() > width ? text.substr(0, width - 1) + "~" : text;
}

std::string data_text(int64_t bytes) {
  return format_data(static_cast<double>(bytes));
}

class LinkedLines {
 public:
  LinkedLines(const Plan& plan, const Budgets& budgets, size_t width)
      : plan_(plan),
        budgets_(budgets),
        width_(width),
        segments_(summarize_segments(plan)) {}

  std::string text() {
    if (plan_.nodes.size() <= kMostListed) {
      node_lines();
    } else {
      summary_lines();
    }
    segment_lines();
    total_lines();
    fixed_line();
    reason_lines();
    return std::move(out_);
  }

 private:
  std::string budget(size_t node) const {
    const bool known = node < budgets_.size() && budgets_[node];
    return known ? format_count(*budgets_[node]) : "no limit";
  }

  void node_lines() {
    TextTable table({{"node", Align::kLeft},
                     {"board", Align::kLeft, 2},
                     {"arena B"},
                     {"of"},
                     {"flash B", Align::kRight, 4},
                     {"weights B", Align::kRight, 5},
                     {"MACs"},
                     {"sent", Align::kRight, 1},
                     {"received", Align::kRight, 1},
                     {"stages", Align::kRight, 3},
                     {"time"}},
                    2);
    for (size_t n = 0; n < plan_.nodes.size(); ++n) {
      const PlanNode& p = plan_.nodes[n];
      table.add({cut_text(p.name, kNameWidth),
                 cut_text(p.board, kNameWidth + 2), format_count(p.arena_bytes),
                 budget(n),
                 p.program_bytes ? format_count(p.program_bytes) : "-",
                 format_count(p.weight_read_bytes),
                 fmt::format("{:.1f} %", 100 * ratio(p.macs, plan_.macs)),
                 data_text(p.sent_bytes), data_text(p.received_bytes),
                 std::to_string(p.stages.size()), format_time(p.seconds)});
    }
    out_ += table.text(width_);
  }

  void summary_lines() {
    line(out_, "  {} nodes{:>25}  {:>13}  {:>13}", plan_.nodes.size(), "least",
         "mean", "most");
    const auto row = [&](const char* what, auto field) {
      int64_t sum = 0;
      size_t least = 0, most = 0;
      const auto value = [&](size_t n) {
        return static_cast<int64_t>(plan_.nodes[n].*field);
      };
      for (size_t n = 0; n < plan_.nodes.size(); ++n) {
        sum += value(n);
        if (value(n) < value(least)) least = n;
        if (value(n) > value(most)) most = n;
      }
      line(out_, "  {:<18}  {:>13}  {:>13}  {:>13}  ({})", what,
           format_count(value(least)),
           format_count(sum / static_cast<int64_t>(plan_.nodes.size())),
           format_count(value(most)), plan_.nodes[most].name);
    };
    row("arena B", &PlanNode::arena_bytes);
    row("flash B", &PlanNode::program_bytes);
    row("weights read B", &PlanNode::weight_read_bytes);
    row("MACs", &PlanNode::macs);
    row("sent B", &PlanNode::sent_bytes);
    row("received B", &PlanNode::received_bytes);
    tightest_line();
  }

  // Names the node with the least budget left.
  void tightest_line() {
    std::optional<size_t> tightest;
    const auto left = [&](size_t n) {
      return *budgets_[n] - int64_t{plan_.nodes[n].arena_bytes};
    };
    for (size_t n = 0; n < std::min(budgets_.size(), plan_.nodes.size()); ++n) {
      if (budgets_[n] && (!tightest || left(n) < left(*tightest))) tightest = n;
    }
    if (!tightest) return;
    line(out_, "  tightest: {} with {} of {} B", plan_.nodes[*tightest].name,
         format_count(plan_.nodes[*tightest].arena_bytes), budget(*tightest));
  }

  static std::string layers_of(const CutRun& run) {
    return run.first_layer == run.last_layer
               ? fmt::format("{}", run.first_layer)
               : fmt::format("{}-{}", run.first_layer, run.last_layer);
  }

  // Returns the cut's name; for layers that are not cut, their node's.
  std::string cut_name(const CutRun& run) const {
    if (run.nodes > 1) return run.cut;
    return "all on " +
           cut_text(plan_.nodes[size_t(run.first_node)].name, kNameWidth);
  }

  void segment_lines() {
    TextTable table({{"segment"},
                     {"layers"},
                     {"cut", Align::kLeft},
                     {"nodes"},
                     {"MACs", Align::kRight, 2},
                     {"received", Align::kRight, 1},
                     {"time"},
                     {"slowest", Align::kLeft}},
                    2);
    for (const SegmentSummary& s : segments_) {
      for (size_t i = 0; i < s.cuts.size(); ++i) {
        const CutRun& run = s.cuts[i];
        if (i > 0) {
          table.add(
              {"", layers_of(run), cut_name(run), std::to_string(run.nodes)});
          continue;
        }
        table.add(
            {std::to_string(s.number), layers_of(run), cut_name(run),
             std::to_string(run.nodes), format_count(s.macs),
             data_text(s.input_bytes + s.exchanged_bytes),
             format_time(s.seconds),
             fmt::format("{}, {}", plan_.nodes[size_t(s.slowest_node)].name,
                         s.bound)});
      }
    }
    out_ += table.text(width_);
  }

  void total_lines() {
    int64_t in = 0, between = 0, out = 0, weights = 0;
    for (const SegmentSummary& s : segments_) {
      in += s.input_bytes, between += s.exchanged_bytes, out += s.output_bytes;
    }
    for (const PlanNode& n : plan_.nodes) weights += n.weight_read_bytes;
    line(out_,
         "  traffic       {} a frame: {} from the coordinator, {} between "
         "nodes, {} to the coordinator",
         data_text(plan_.traffic_bytes), data_text(in), data_text(between),
         data_text(out));
    line(out_, "  weights read  {} a frame by all nodes",
         format_bytes(weights));
    kept_line();
    line(out_, "  MACs          {}, {:.3f} x the model's",
         format_count(plan_.macs), macs_ratio(plan_));
    line(out_, "  latency       {} (modelled)", format_time(plan_.latency_s));
  }

  // Returns "12 KB to 40 KB" for the nodes that have a share; empty if none has
  // any bytes.
  template <class Bytes>
  std::string range_of(Bytes bytes) const {
    int64_t least = INT64_MAX, most = 0;
    for (const PlanNode& n : plan_.nodes) {
      if (n.stages.empty()) continue;
      least = std::min(least, bytes(n));
      most = std::max(most, bytes(n));
    }
    if (most == 0) return "";
    return (least == most ? "" : format_bytes(least) + " to ") +
           format_bytes(most);
  }

  // Names the copies that are made before the first frame.
  void kept_line() {
    const std::string kept = range_of(
        [](const PlanNode& n) { return int64_t{n.layout.keep_bytes}; });
    if (!kept.empty()) {
      line(out_,
           "  weights kept  {} of each arena hold weights that are not read "
           "from flash again",
           kept);
    }
    for (const PlanBank& bank : banks()) {
      const std::string there = range_of([&](const PlanNode& n) {
        const auto at = std::ranges::find(n.banks, bank.name, &PlanBank::name);
        return at == n.banks.end() ? 0 : int64_t{at->bytes};
      });
      if (there.empty()) continue;
      line(out_, "  bank          {} of {} of '{}' hold such weights, too",
           there, format_bytes(bank.room), bank.name);
    }
  }

  // Returns the banks of all nodes, each name once.
  std::vector<PlanBank> banks() const {
    std::vector<PlanBank> all;
    for (const PlanNode& n : plan_.nodes) {
      for (const PlanBank& b : n.banks) {
        if (std::ranges::find(all, b.name, &PlanBank::name) == all.end()) {
          all.push_back(b);
        }
      }
    }
    return all;
  }

  // The tables of the link are in the arena; datagrams, keys and sessions are
  // not.
  void fixed_line() {
    const auto [least, most] =
        std::ranges::minmax(plan_.nodes, {}, &PlanNode::fixed_bytes);
    if (most.fixed_bytes == 0) return;
    const std::string from = least.fixed_bytes == most.fixed_bytes
                                 ? ""
                                 : format_bytes(least.fixed_bytes) + " to ";
    line(out_,
         "  fixed         {}{} a node beside the arena, as its board says: "
         "firmware, stack, datagrams, keys",
         from, format_bytes(most.fixed_bytes));
  }

  // Returns the time in which no segment's slowest node works.
  double between_segments() const {
    double inside = 0;
    for (const SegmentSummary& s : segments_) inside += s.seconds;
    return plan_.latency_s - inside;
  }

  void idle_line() {
    const auto idle = std::ranges::count_if(
        plan_.nodes, [](const PlanNode& n) { return n.stages.empty(); });
    if (idle == 0) return;
    if (!chose_nodes(plan_)) {
      line(out_, "    {} of {} nodes have no share: the layers are too small",
           idle, plan_.nodes.size());
      return;
    }
    std::string useless, small;
    int64_t useless_count = 0;
    for (const LeftOut& out : left_out(plan_, budgets_)) {
      std::string& names = out.budget ? small : useless;
      names += (names.empty() ? "" : ", ") + out.name;
      if (out.budget) names += " (" + format_count(*out.budget) + " B)";
      if (!out.budget) ++useless_count;
    }
    if (!small.empty()) {
      line(out_, "    left out: {}; no share that was tried fits that memory",
           small);
    }
    if (useless.empty()) return;
    line(out_, "    left out: {}; giving {} work would not make {}", useless,
         useless_count == 1 ? "it" : "them", helped_by(plan_.objective));
  }

  // Names the nodes with so little to do that the cluster may be better without
  // them.
  void barely_used_line() {
    if (chose_nodes(plan_)) return;
    const auto count = static_cast<int64_t>(plan_.nodes.size());
    std::string names;
    for (const PlanNode& n : plan_.nodes) {
      if (n.stages.empty() || 10 * n.macs * count >= plan_.macs) continue;
      names += (names.empty() ? "" : ", ") + n.name;
    }
    if (names.empty()) return;
    line(out_,
         "    less than a tenth of an even share of the MACs: {}; "
         "--strategy auto leaves out nodes that make it worse",
         names);
  }

  void reason_lines() {
    const auto slowest =
        std::ranges::max_element(segments_, {}, &SegmentSummary::seconds);
    if (slowest == segments_.end() || plan_.latency_s <= 0) return;
    const double between = between_segments();
    if (between > slowest->seconds) {
      line(out_,
           "  why not faster: for {:.0f} % of the time nodes wait for room at "
           "receivers and for first rows, {}",
           100 * between / plan_.latency_s,
           segments_.size() == 1
               ? "before and after the only segment"
               : fmt::format("in and between {} segments", segments_.size()));
    } else {
      line(out_,
           "  why not faster: segment {} takes {:.0f} % of the time; its "
           "slowest node is {}, mostly {}",
           slowest->number, 100 * slowest->seconds / plan_.latency_s,
           plan_.nodes[size_t(slowest->slowest_node)].name, slowest->bound);
    }
    idle_line();
    barely_used_line();
    const auto busiest =
        std::ranges::max_element(plan_.nodes, {}, &PlanNode::macs);
    const double even = 1.0 / static_cast<double>(plan_.nodes.size());
    const double share = ratio(busiest->macs, plan_.macs);
    if (share > 1.2 * even) {
      line(out_, "    {} has {:.1f} % of the MACs; an even share is {:.1f} %",
           busiest->name, 100 * share, 100 * even);
    }
  }

  const Plan& plan_;
  const Budgets& budgets_;
  const size_t width_;
  const std::vector<SegmentSummary> segments_;
  std::string out_;
};

}  // namespace

std::string linked_lines(const Plan& plan, const Budgets& budgets,
                         size_t width) {
  return LinkedLines(plan, budgets, width).text();
}

}  // namespace shoal
