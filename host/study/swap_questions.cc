// Does it fit, how much slower is it, what does it read and write.
#include <fmt/format.h>

#include <algorithm>

#include "host/study/swap_asker.h"

namespace shoal {
namespace {

std::string size_name(int64_t ram) {
  return fmt::format("{:g} KB", kilobytes(ram));
}

// Says that it fits without a byte written, or how many bytes a frame then
// writes.
Cell fit_cell(SwapAsker& asker, const std::string& name, int64_t ram) {
  const SwapPoint* const alone = asker.least(name);
  if (alone != nullptr && alone->arena_bytes <= ram) return "fits";
  SwapSetting s = asker.at(name, asker.board(), ram, asker.storage());
  s.writes = true;
  const SwapPoint* const p = asker.find(s);
  if (p == nullptr) return "no";
  return fmt::format("writes {:.0f} KB", kilobytes(p->load.written_bytes));
}

Chart fit_chart(SwapAsker& asker) {
  Chart chart = table_chart(
      "The smallest RAM, and which sizes do",
      {{"network", ""},
       {"weights", "MB", Origin::kSetting, 1},
       {"input and output of its largest layer", "KB", Origin::kSetting, 0},
       modelled_column("smallest RAM", "KB", 1)});
  for (const int64_t ram : asker.options().rams) {
    chart.table.columns.push_back({size_name(ram), "", Origin::kModelled});
  }
  for (const std::string& name : asker.options().networks) {
    const SwapNetworks::Network& network = asker.network(name);
    const SwapPoint* const alone = asker.least(name);
    Row row = {name, megabytes(network.weight_bytes),
               kilobytes(network.whole_bytes), Cell{}};
    if (alone != nullptr) row[3] = kilobytes(alone->arena_bytes);
    for (const int64_t ram : asker.options().rams) {
      row.push_back(fit_cell(asker, name, ram));
    }
    chart.table.rows.push_back(row);
  }
  return chart;
}

// The search for what to spill takes seconds: one size of RAM of each network
// shows what it costs.
int64_t largest_too_small(const SwapAsker& asker, const SwapPoint& least) {
  int64_t largest = 0;
  for (const int64_t ram : asker.options().rams) {
    if (ram < least.arena_bytes) largest = ram;
  }
  return largest;
}

Chart by_kind_chart(SwapAsker& asker) {
  Chart chart = table_chart(
      "By kind of layer",
      setting_columns(
          {modelled_column("frame", "s", 3),
           modelled_column("against unlimited SRAM", "times", 3),
           modelled_column("convolutions slower", "%", 1),
           modelled_column("fully connected layers read", "MB/s", 1),
           modelled_column("of the storage's rate", "%", 1)}));
  for (const SwapSetting& s : asker.settings(false)) {
    const SwapPoint* const p = asker.find(s);
    const SwapPoint* const base = asker.unlimited(s);
    if (p == nullptr || base == nullptr) continue;
    const Storage& storage = storage_of_any_board(s.storage);
    const SwapTimes conv = times_of(*p, *base, storage, false);
    const SwapTimes dense = times_of(*p, *base, storage, true);
    Cell slower, rate, share;
    if (conv.unlimited_s > 0) slower = conv.slower();
    if (dense.read_bytes > 0) {
      rate = dense.rate() * 1e-6;
      share = 100 * dense.rate() / storage.read_bytes_per_s;
    }
    chart.table.rows.push_back(setting_row(
        s, {p->seconds, p->seconds / base->seconds, slower, rate, share}));
  }
  return chart;
}

}  // namespace

Question fit_question(SwapAsker& asker) {
  Question q;
  q.id = "fit";
  q.title = "Does it fit?";
  q.text =
      "The smallest arena that the planner finds while every weight streams "
      "from storage and nothing is written; in less, tensors go to storage and "
      "come back, where that helps. An engine that holds whole tensors needs "
      "at "
      "least the input and output of its largest layer.";
  q.charts = {fit_chart(asker)};
  q.notes = asker.take_notes();
  return q;
}

Question slowdown_question(SwapAsker& asker) {
  Question q;
  q.id = "slowdown";
  q.title = "How much slower is it?";
  q.text =
      "Time of a frame against the same board with all weights and tensors in "
      "SRAM, so that nothing ever waits. Where arithmetic hides the reading "
      "the figure is 1; where weights are used once (fully connected layers) "
      "the storage's rate is what counts. The last table takes the stages of "
      "convolutions apart from those that are mostly fully connected, in the "
      "first RAM that holds the network; what a stage has of the other kind "
      "is taken off, convolutions with their arithmetic, fully connected "
      "layers at the storage's full rate.";
  for (const std::string& board : asker.options().boards) {
    for (const std::string& storage : asker.options().storages) {
      RamChart what;
      what.title = fmt::format("Slowdown on {} with {}", board, storage);
      what.unit = "times";
      what.y_label = "times the time without stalls";
      what.decimals = 3;
      what.value = [&](const SwapSetting& s) { return asker.slowdown(s); };
      q.charts.push_back(over_ram(asker, board, storage, what));
    }
  }
  q.charts.push_back(by_kind_chart(asker));
  q.notes = asker.take_notes();
  return q;
}

Question bytes_question(SwapAsker& asker) {
  Question q;
  q.id = "bytes";
  q.title = "What does a frame read and write?";
  q.text = fmt::format(
      "Bytes read from storage for one frame on {}. More than the weights: "
      "chunks are read again for every band of rows that a layer is cut into; "
      "less: sets of weights that stay in SRAM from frame to frame. Nothing is "
      "written in any of these rows.",
      asker.board());
  for (const std::string& storage : asker.options().storages) {
    RamChart what;
    what.title = fmt::format("Read a frame, {}", storage);
    what.unit = "MB";
    what.y_label = "read a frame, MB";
    what.value = [&](const SwapSetting& s) -> std::optional<double> {
      const SwapPoint* const p = asker.find(s);
      if (p == nullptr) return std::nullopt;
      return megabytes(p->load.read_bytes);
    };
    q.charts.push_back(over_ram(asker, asker.board(), storage, what));
  }
  q.notes = asker.take_notes();
  return q;
}

Question wear_question(SwapAsker& asker) {
  Question q;
  q.id = "wear";
  q.title = "Does it wear the storage out?";
  const double period = asker.options().period_s;
  q.text = fmt::format(
      "Reading wears nothing, and a plan that fits writes nothing: its storage "
      "lives for ever. These rows write: networks in a RAM that is too small "
      "for them without it. Years until the part is worn out at a frame every "
      "{:g} s, and with one frame right after the other.",
      period);
  Chart chart = table_chart(
      "Plans that write", {{"network", ""},
                           {"RAM", "KB"},
                           {"storage", ""},
                           modelled_column("frame", "s", 2),
                           modelled_column("writes a frame", "KB", 1),
                           modelled_column("reads a frame", "MB", 2),
                           {fmt::format("years, a frame every {:g} s", period),
                            "", Origin::kModelled, 1},
                           modelled_column("years, without a pause", "", 2)});
  for (const std::string& name : asker.options().networks) {
    const SwapPoint* const alone = asker.least(name);
    for (const int64_t ram : asker.options().rams) {
      if (alone == nullptr || alone->arena_bytes <= ram) continue;
      if (!asker.options().full && ram != largest_too_small(asker, *alone)) {
        continue;
      }
      for (const std::string& storage : asker.options().storages) {
        SwapSetting s = asker.at(name, asker.board(), ram, storage);
        s.writes = true;
        const SwapPoint* const p = asker.find(s);
        if (p == nullptr) continue;
        Row row = {name,
                   kilobytes(ram),
                   storage,
                   p->seconds,
                   kilobytes(p->load.written_bytes),
                   megabytes(p->load.read_bytes),
                   Cell{},
                   Cell{}};
        if (p->years_at_1_fps > 0) {
          row[6] = p->years_at_1_fps * std::max(period, p->seconds);
          row[7] = p->years_at_1_fps * p->seconds;
        }
        chart.table.rows.push_back(row);
      }
    }
  }
  q.charts = {chart};
  q.notes = asker.take_notes();
  return q;
}

}  // namespace shoal
