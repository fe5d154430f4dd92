// RAM, latency and traffic against the number of nodes, and input sizes.
#include <fmt/format.h>

#include <algorithm>

#include "host/study/asker.h"

namespace shoal {
namespace {

constexpr int kAll = 1 << 20;

double traffic_mb(const Point& p) {
  return static_cast<double>(p.sent_bytes) * 1e-6;
}

Sweep over_nodes(const Asker& asker, int limit) {
  Sweep s;
  s.x = {"nodes", ""};
  s.values = asker.nodes(limit);
  s.log_x = true;
  return s;
}

// The paper's figure `quantity` at the input's size, against nodes.
void quote(Sweep& s, const Asker& asker, const std::string& quantity, int side,
           double factor = 1) {
  s.quoted_name = fmt::format("paper, {0}x{0}", side);
  s.quoted = [&asker, quantity, side, factor](int nodes) {
    std::optional<double> value = asker.paper().find(quantity, side, nodes);
    if (value) *value *= factor;
    return value;
  };
}

Chart arena_chart(Asker& asker) {
  Sweep s = over_nodes(asker, kAll);
  s.title = "Peak arena of a node, the smallest plan";
  s.unit = "KB";
  s.y_label = "peak arena of a node, KB";
  s.setting = [&](const std::string& name, int n) {
    return asker.least_ram(name, n);
  };
  s.value = arena_kb;
  quote(s, asker, "ram_kb", asker.own_side());
  return sweep(asker, s);
}

Chart program_chart(Asker& asker) {
  Sweep s = over_nodes(asker, kAll);
  s.title = "Largest program of a node: its weights and records";
  s.unit = "KB";
  s.y_label = "largest program, KB";
  s.setting = [&](const std::string& name, int n) {
    return asker.least_ram(name, n);
  };
  s.value = [](const Point& p) {
    return static_cast<double>(p.program_bytes) / 1024;
  };
  return sweep(asker, s);
}

Chart parts_chart(Asker& asker) {
  Chart chart;
  chart.title = "Latency of one frame and what it is made of";
  chart.kind = ChartKind::kStacked;
  chart.y_label = "latency, ms";
  const auto simulated = [](const char* name, const char* unit, int style) {
    return Column{name, unit, Origin::kSimulated, 1, style};
  };
  chart.table.columns = {
      {"nodes", ""},
      {"strategy", ""},
      simulated("compute", "ms", 0),
      simulated("communication", "ms", 1),
      simulated("waiting", "ms", 4),
      simulated("latency", "ms", -1),
      simulated("mean node computes", "%", -1),
      simulated("communicates", "%", -1),
      simulated("waits", "%", -1),
      {"busiest node's MACs, of an even share", "times", Origin::kModelled, 2}};
  chart.series = {2, 3, 4};
  for (const int n : asker.nodes(kAll)) {
    std::vector<Setting> done;
    for (const std::string& name : asker.series()) {
      const Setting setting = asker.simulated(name, n);
      if (std::count(done.begin(), done.end(), setting) > 0) continue;
      done.push_back(setting);
      const Point* p = asker.find(setting);
      if (p == nullptr) continue;
      const double percent = 100 / p->latency_s;
      chart.table.rows.push_back(
          {static_cast<double>(n), n == 1 ? "one node" : name,
           p->compute_s * 1e3, p->communication_s * 1e3, p->waiting_s * 1e3,
           p->latency_s * 1e3, p->node_compute_s * percent,
           p->node_communication_s * percent, p->node_waiting_s * percent,
           static_cast<double>(p->macs) * n /
               static_cast<double>(std::max<int64_t>(p->total_macs, 1))});
    }
  }
  return chart;
}

Chart speed_chart(Asker& asker) {
  Sweep s = over_nodes(asker, kAll);
  s.title = "Speed against one node";
  s.unit = "times";
  s.y_label = "times as fast as one node";
  s.origin = Origin::kSimulated;
  s.decimals = 2;
  s.setting = [&](const std::string& name, int n) {
    return asker.simulated(name, n);
  };
  const Point* one =
      asker.find(asker.simulated(asker.options().strategies.front(), 1));
  const double alone = one == nullptr ? 0 : one->latency_s;
  s.value = [alone](const Point& p) { return alone / p.latency_s; };
  return sweep(asker, s);
}

Chart bound_table(Asker& asker) {
  const int n = asker.most_nodes(kFew);
  Chart chart =
      table_chart(fmt::format("Why it is not faster, {} nodes (simulated)", n),
                  {{"strategy", ""}, {"bound", ""}});
  for (const std::string& name : asker.series()) {
    const Point* p = asker.find(asker.simulated(name, n));
    if (p != nullptr) chart.table.rows.push_back({name, p->bound});
  }
  return chart;
}

Chart overhead_chart(Asker& asker) {
  Sweep s = over_nodes(asker, kAll);
  s.title = "Bytes in datagrams that are not rows, of row bytes";
  s.unit = "%";
  s.y_label = "not rows, % of row bytes";
  s.origin = Origin::kSimulated;
  s.setting = [&](const std::string& name, int n) {
    return asker.simulated(name, n);
  };
  s.value = [](const Point& p) {
    const auto rows = static_cast<double>(p.sent_row_bytes);
    return rows > 0 ? (static_cast<double>(p.sent_bytes) / rows - 1) * 100 : 0;
  };
  return sweep(asker, s);
}

Sweep over_sizes(const Asker& asker) {
  Sweep s;
  s.x = {"rows and columns of the picture", "pixels"};
  s.values = asker.options().sizes;
  return s;
}

void size_charts(Asker& asker, Question& q) {
  const int n = asker.most_nodes(kFew);
  const int own = asker.own_side();
  Sweep ram = over_sizes(asker);
  ram.title = fmt::format("Peak arena of a node at {} nodes", n);
  ram.unit = "KB";
  ram.y_label = "peak arena of a node, KB";
  ram.setting = [&asker, n, own](const std::string& name, int side) {
    return Asker::at_side(asker.least_ram(name, n), side, own);
  };
  ram.value = arena_kb;
  ram.quoted_name = fmt::format("paper, {} nodes", n);
  ram.quoted = [&asker, n](int side) {
    return asker.paper().find("ram_kb", side, n);
  };
  q.charts.push_back(sweep(asker, ram));
  Sweep time = over_sizes(asker);
  time.title = fmt::format("Latency at {} nodes, and of one", n);
  time.unit = "ms";
  time.y_label = "latency, ms";
  time.origin = Origin::kSimulated;
  time.setting = [&asker, n, own](const std::string& name, int side) {
    return Asker::at_side(asker.simulated(name, n), side, own);
  };
  time.value = latency_ms;
  Chart chart = sweep(asker, time);
  chart.series.push_back(static_cast<int>(chart.table.columns.size()));
  chart.table.columns.push_back(
      {"one node", "ms", Origin::kSimulated, 1, kPaperStyle});
  const std::string& any = asker.options().strategies.front();
  for (size_t k = 0; k < time.values.size(); ++k) {
    const Point* p = asker.find(
        Asker::at_side(asker.simulated(any, 1), time.values[k], own));
    chart.table.rows[k].push_back(value_cell(p, latency_ms));
  }
  q.charts.push_back(chart);
}

// Where the paper has figures at another size than the model's own.
void quoted_size_charts(Asker& asker, int side, Question& q) {
  const int own = asker.own_side();
  const std::string at = fmt::format(" at {0}x{0}", side);
  Sweep s = over_nodes(asker, kFew);
  s.values = asker.powers_of_two(kFew);
  s.setting = [&asker, side, own](const std::string& name, int n) {
    return Asker::at_side(asker.least_ram(name, n), side, own);
  };
  s.title = "Peak arena of a node" + at;
  s.unit = "KB";
  s.y_label = "peak arena of a node, KB";
  s.value = arena_kb;
  quote(s, asker, "ram_kb", side);
  q.charts.push_back(sweep(asker, s));

  s.setting = [&asker, side, own](const std::string& name, int n) {
    return Asker::at_side(asker.simulated(name, n), side, own);
  };
  s.origin = Origin::kSimulated;
  s.title = "Latency" + at + " (logarithmic)";
  s.unit = "ms";
  s.y_label = "latency, ms";
  s.log_y = true;
  s.value = latency_ms;
  quote(s, asker, "latency_s", side, 1e3);
  q.charts.push_back(sweep(asker, s));

  s.title = "Traffic of a frame" + at;
  s.unit = "MB";
  s.y_label = "traffic a frame, MB";
  s.decimals = 3;
  s.log_y = false;
  s.value = traffic_mb;
  quote(s, asker, "traffic_mb", side);
  q.charts.push_back(sweep(asker, s));
}

}  // namespace

Question ram_question(Asker& asker) {
  Question q;
  q.id = "ram";
  q.title = "Peak RAM of a node";
  q.text = fmt::format(
      "The largest arena of any node, planned with --objective ram. The arena "
      "is all RAM that a program uses, exact to the byte; the firmware's own "
      "{:.0f} KB ({}) come on top. Weights stay in flash.",
      static_cast<double>(asker.options().board->fixed_bytes()) / 1024,
      asker.options().board->fixed_kind);
  q.charts = {arena_chart(asker), program_chart(asker)};
  q.notes = asker.take_notes();
  return q;
}

Question latency_question(Asker& asker) {
  Question q;
  q.id = "latency";
  q.title = "Latency";
  q.text =
      "One frame from the coordinator's first datagram to the last output, in "
      "virtual time on the real runtime and protocol, encryption on, planned "
      "with --objective latency. The parts of the latency are those of its "
      "critical path: compute of whichever node was the reason, handling and "
      "travel of datagrams, waiting for a timer. Beside them what the mean "
      "node did meanwhile.";
  q.charts = {parts_chart(asker), speed_chart(asker), bound_table(asker)};
  q.notes = asker.take_notes();
  return q;
}

Question traffic_question(Asker& asker) {
  Question q;
  q.id = "traffic";
  q.title = "Traffic of a frame";
  q.text =
      "All bytes inside UDP payloads that the coordinator and the nodes send "
      "for one frame: the picture, rows between nodes, the output, headers, "
      "tags and acknowledgements. The paper's figure is what goes through its "
      "relay.";
  Sweep s = over_nodes(asker, kAll);
  s.title = "Traffic of a frame";
  s.unit = "MB";
  s.y_label = "traffic a frame, MB";
  s.origin = Origin::kSimulated;
  s.decimals = 3;
  s.setting = [&](const std::string& name, int n) {
    return asker.simulated(name, n);
  };
  s.value = traffic_mb;
  quote(s, asker, "traffic_mb", asker.own_side());
  q.charts = {sweep(asker, s), overhead_chart(asker)};
  q.notes = asker.take_notes();
  return q;
}

Question sizes_question(Asker& asker) {
  Question q;
  q.id = "sizes";
  q.title = "Input sizes";
  q.text =
      "The same network, weights kept, for pictures of other sizes: good for "
      "RAM, traffic and time, not for what it recognizes.";
  size_charts(asker, q);
  std::vector<int> quoted;
  for (const Quote& quote : asker.paper().quotes) {
    const std::vector<int>& sizes = asker.options().sizes;
    const bool asked = std::count(sizes.begin(), sizes.end(), quote.input) > 0;
    if (asker.is_quoted() && asked && quote.input != asker.own_side() &&
        std::count(quoted.begin(), quoted.end(), quote.input) == 0) {
      quoted.push_back(quote.input);
    }
  }
  for (const int side : quoted) quoted_size_charts(asker, side, q);
  q.notes = asker.take_notes();
  return q;
}

}  // namespace shoal
