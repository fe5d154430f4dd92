// Unequal nodes, bounds of memory and link, and the paper's figures in one
// table.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/study/asker.h"

namespace shoal {
namespace {

const std::vector<int> kClocks = {1, 2, 3, 1, 3, 2, 2, 4};

Column milliseconds(const char* name) {
  return {name, "ms", Origin::kSimulated, 1};
}

// Returns how many nodes it takes to live within so much RAM each.
Chart fewest_nodes(Asker& asker) {
  Chart chart = table_chart("Fewest nodes for an arena of so much each",
                            {{"arena of a node", "KB"}});
  const std::vector<std::string> names = asker.series();
  for (const std::string& name : names) {
    chart.table.columns.push_back({name, "nodes", Origin::kModelled});
  }
  const Board& board = *asker.options().board;
  constexpr int kBudgets[] = {4,  8,  12,  16,  24,  32,  48,
                              64, 96, 128, 192, 256, 384, 512};
  for (const int kb : kBudgets) {
    if (!board.unlimited() && kb * 1024 > board.arena_limit()) break;
    Row row = {static_cast<double>(kb)};
    bool is_enough = true;
    for (const std::string& name : names) {
      std::optional<double> fewest;
      for (const int n : asker.nodes(1 << 20)) {
        const Point* p = asker.find(asker.least_ram(name, n));
        if (p == nullptr || arena_kb(*p) > kb) continue;
        fewest = n;
        break;
      }
      row.push_back(cell_of(fewest));
      is_enough &= fewest == asker.options().nodes.front();
    }
    chart.table.rows.push_back(row);
    if (is_enough) break;  // more RAM saves no more nodes
  }
  return chart;
}

// Makes a chart of latency at `n` nodes against the arena's budget in multiples
// of the least.
Chart budget_chart(Asker& asker, int n) {
  Sweep s;
  s.title = fmt::format("Latency at {} nodes against the arena allowed", n);
  s.unit = "ms";
  s.y_label = "latency, ms";
  s.origin = Origin::kSimulated;
  s.x = {"arena allowed, of the smallest that works", "%"};
  s.values = {100, 125, 150, 200, 300, 400};
  s.setting = [&asker, n](const std::string& name, int percent) {
    Setting setting = asker.simulated(name, n);
    // Until the least is known any setting that is asked for anyway will do.
    if (const Point* least = asker.find(asker.least_ram(name, n))) {
      setting.ram =
          std::min<int64_t>((least->arena_bytes * percent + 99) / 100,
                            asker.options().board->unlimited()
                                ? least->arena_bytes * 100
                                : asker.options().board->arena_limit());
    }
    return setting;
  };
  s.value = latency_ms;
  return sweep(asker, s);
}

struct Rate {
  const char* name;
  double mbit;
  StudyLink link;
};
const std::vector<Rate>& rates() {
  static const std::vector<Rate> all = {
      // HDLC: two flags, a 32-bit checksum and some escaped bytes.
      {"serial", 1, {1e6, 128, 8.0}},
      {"Ethernet", 10, {10e6, kUdpPayload, std::nullopt}},
      {"Ethernet", 100, {100e6, kUdpPayload, std::nullopt}},
      {"Ethernet", 1000, {1000e6, kUdpPayload, std::nullopt}},
  };
  return all;
}

// At the input's own size and the paper's.
struct Compared {
  const char* quantity;
  const char* name;
  const char* unit;
  int decimals;
  Origin origin;
  Setting (Asker::*setting)(const std::string&, int) const;
  double (*value)(const Point&);
};
constexpr Compared kCompared[] = {
    {"ram_kb", "peak RAM of a node", "KB", 1, Origin::kModelled,
     &Asker::least_ram, [](const Point& p) { return arena_kb(p); }},
    {"traffic_mb", "traffic of a frame", "MB", 3, Origin::kSimulated,
     &Asker::simulated,
     [](const Point& p) { return static_cast<double>(p.sent_bytes) * 1e-6; }},
    {"latency_s", "latency, the paper's with its fixed delays", "s", 3,
     Origin::kSimulated, &Asker::simulated,
     [](const Point& p) { return p.latency_s; }},
    {"link_s", "time on the link alone (shoal: its part of the latency)", "s",
     3, Origin::kSimulated, &Asker::simulated,
     [](const Point& p) { return p.communication_s; }},
};

Chart compared_table(Asker& asker, const Compared& what) {
  Chart chart =
      table_chart(std::string("Beside the paper: ") + what.name,
                  {{"rows and columns", "pixels"},
                   {"nodes", ""},
                   {"paper", what.unit, Origin::kQuoted, what.decimals}});
  const std::vector<std::string> names = asker.series();
  for (const std::string& name : names) {
    chart.table.columns.push_back(
        {name, what.unit, what.origin, what.decimals});
  }
  for (const Quote& quote : asker.paper().quotes) {
    if (quote.quantity != what.quantity) continue;
    Row row = {static_cast<double>(quote.input),
               static_cast<double>(quote.nodes), quote.value};
    for (const std::string& name : names) {
      const Point* p =
          asker.find(Asker::at_side((asker.*what.setting)(name, quote.nodes),
                                    quote.input, asker.own_side()));
      row.push_back(value_cell(p, what.value));
    }
    chart.table.rows.push_back(row);
  }
  return chart;
}

}  // namespace

Question unequal_question(Asker& asker) {
  Question q;
  q.id = "unequal";
  q.title = "Unequal nodes";
  q.text =
      "Eight nodes with clocks of 1:2:3:1:3:2:2:4, together as fast as eight "
      "equal ones; shares follow the rating. The bound is total work / total "
      "speed and the communication of the even cluster along its critical "
      "path. Total work is what one node computes, or what the even nodes "
      "compute together, halos that several of them compute included.";
  Chart chart = table_chart(
      "Latency of eight unequal nodes",
      {{"strategy", ""},
       milliseconds("eight even nodes"),
       milliseconds("one node's work / speed"),
       milliseconds("even nodes' work / speed"),
       milliseconds("even communication"),
       milliseconds("eight unequal nodes"),
       {"of one node's work and communication", "times", Origin::kSimulated, 2},
       {"of even nodes' work and communication", "times", Origin::kSimulated,
        2}});
  for (const std::string& name : asker.series()) {
    const Point* one =
        asker.find(asker.simulated(asker.options().strategies.front(), 1));
    const Point* even = asker.find(asker.simulated(name, kFew));
    Setting setting = asker.simulated(name, kFew);
    setting.clocks = kClocks;
    const Point* unequal = asker.find(setting);
    if (one == nullptr || even == nullptr || unequal == nullptr) continue;
    const double least = one->node_compute_s / kFew;
    const double work = even->node_compute_s, talk = even->communication_s;
    chart.table.rows.push_back(
        {name, even->latency_s * 1e3, least * 1e3, work * 1e3, talk * 1e3,
         unequal->latency_s * 1e3, unequal->latency_s / (least + talk),
         unequal->latency_s / (work + talk)});
  }
  q.charts = {chart};
  q.notes = asker.take_notes();
  return q;
}

Question memory_question(Asker& asker) {
  Question q;
  q.id = "memory";
  q.title = "Bounds of memory";
  q.text =
      "How many nodes it takes for a given arena of each, and what a tight "
      "arena costs in time.";
  q.charts = {fewest_nodes(asker), budget_chart(asker, asker.most_nodes(kFew))};
  q.notes = asker.take_notes();
  return q;
}

Question link_question(Asker& asker) {
  const int n = asker.most_nodes(kFew);
  Question q;
  q.id = "link";
  q.title = "Bounds of the link";
  q.text =
      "The same plans on links of another rate, through a switch. Serial: "
      "datagrams of at most 128 bytes.";
  Chart chart;
  chart.title = fmt::format("Latency at {} nodes against the link's rate", n);
  chart.y_label = "latency, ms";
  chart.log_x = chart.log_y = true;
  chart.x = 1;
  chart.table.columns = {{"link", ""}, {"rate", "Mbit/s"}};
  for (const std::string& name : asker.series()) {
    chart.series.push_back(static_cast<int>(chart.table.columns.size()));
    chart.table.columns.push_back(
        {name, "ms", Origin::kSimulated, 1, series_style(asker, name)});
  }
  for (const Rate& rate : rates()) {
    Row row = {rate.name, rate.mbit};
    for (const std::string& name : asker.series()) {
      Setting setting = asker.simulated(name, n);
      setting.link = rate.link;
      row.push_back(value_cell(asker.find(setting), latency_ms));
    }
    chart.table.rows.push_back(row);
  }
  q.charts = {chart};
  q.notes = asker.take_notes();
  return q;
}

Question paper_question(Asker& asker) {
  Question q;
  q.id = "paper";
  q.title = "The paper's own scheme";
  q.text = "Quoted figures: " + asker.paper().source +
           ". Model: " + asker.paper().model +
           ", board: " + asker.paper().board + ".";
  for (const Compared& what : kCompared) {
    q.charts.push_back(compared_table(asker, what));
  }
  q.notes = asker.take_notes();
  return q;
}

}  // namespace shoal
