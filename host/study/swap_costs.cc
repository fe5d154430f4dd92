// The questions of energy and encryption, and of how far plans are from what
// arithmetic and storage allow.
#include <fmt/format.h>

#include <algorithm>

#include "host/study/swap_asker.h"

namespace shoal {
namespace {

Chart energy_chart(SwapAsker& asker, const std::string& board) {
  Chart chart;
  chart.title = fmt::format("Where the energy goes, {}", board);
  chart.kind = ChartKind::kStacked;
  chart.y_label = "% of the energy of a period";
  chart.table.columns = {{"network", ""},
                         {"storage", ""},
                         modelled_column("compute", "%", 1, 0),
                         modelled_column("storage", "%", 1, 1),
                         modelled_column("idle", "%", 1, 4),
                         {"RAM", "KB"},
                         modelled_column("compute", "J", 3),
                         modelled_column("storage", "J", 4),
                         modelled_column("idle", "J", 3),
                         modelled_column("all", "J", 3)};
  chart.series = {2, 3, 4};
  for (const SwapSetting& s : asker.settings(false)) {
    const SwapPoint* const p = s.board == board ? asker.find(s) : nullptr;
    if (p == nullptr) continue;
    const Board b = swap_board(s);
    const FrameEnergy e =
        frame_energy(b, &b.storages[0], p->load, asker.options().period_s);
    const double percent = 100 / e.total_j();
    chart.table.rows.push_back({s.network, s.storage, e.compute_j * percent,
                                e.storage_j * percent, e.idle_j * percent,
                                kilobytes(s.ram), e.compute_j, e.storage_j,
                                e.idle_j, e.total_j()});
  }
  return chart;
}

Row encryption_row(SwapAsker& asker, const SwapSetting& plain) {
  SwapSetting sealed = plain;
  sealed.sealed = true;
  const SwapPoint* const p = asker.find(plain);
  const SwapPoint* const e = asker.find(sealed);
  if (p == nullptr || e == nullptr) return {};
  const Board& board = find_board(plain.board);
  const double open = board.clock_hz / board.aead_cycles_per_byte;
  const Storage& storage = storage_of_any_board(plain.storage);
  const double read = storage.read_bytes_per_s;
  double check = 0;
  for (const SwapStage& stage : e->stages) check += stage.check_s;
  return setting_row(
      plain,
      {p->seconds, e->seconds, 100 * (e->seconds / p->seconds - 1), check,
       megabytes(e->load.read_bytes), std::min(open, read) * 1e-6});
}

// Makes the row of the same point by kind of layer.
Row encrypted_by_kind_row(SwapAsker& asker, SwapSetting s) {
  s.sealed = true;
  const SwapPoint* const p = asker.find(s);
  const SwapPoint* const base = asker.unlimited(s);
  if (p == nullptr || base == nullptr) return {};
  const Board& board = find_board(s.board);
  const Storage& storage = storage_of_any_board(s.storage);
  const SwapTimes conv = times_of(*p, *base, storage, false);
  const SwapTimes dense = times_of(*p, *base, storage, true);
  Cell slower, rate, share, share_with_arithmetic;
  if (conv.unlimited_s > 0) slower = conv.slower();
  if (dense.read_bytes > 0) {
    const double open = board.clock_hz / board.aead_cycles_per_byte;
    rate = dense.rate() * 1e-6;
    share = 100 * dense.rate() / std::min(open, storage.read_bytes_per_s);
    share_with_arithmetic = 100 * dense.bound_s / dense.stages_s;
  }
  return setting_row(s, {slower, rate, share, share_with_arithmetic});
}

// Returns a stage's place in the roofline: arithmetic per byte read.
std::optional<double> intensity(const SwapStage& stage) {
  if (stage.read_bytes == 0) return std::nullopt;
  return static_cast<double>(stage.macs) /
         static_cast<double>(stage.read_bytes);
}

Chart roofline_chart(SwapAsker& asker, const std::string& name, int64_t ram,
                     const SwapPoint& point) {
  Chart chart;
  chart.title =
      fmt::format("{} on {} with {}, {:g} KB: stages of the plan", name,
                  asker.board(), asker.storage(), kilobytes(ram));
  chart.y_label = "million MACs a second";
  chart.log_x = chart.log_y = true;
  chart.table.columns = {{"MACs a byte read", "", Origin::kModelled, 1},
                         modelled_column("bound", "M/s", 1, 5),
                         modelled_column("plan", "M/s", 1, 0),
                         {"stage", ""},
                         modelled_column("arithmetic", "ms", 2),
                         modelled_column("checks", "ms", 2),
                         modelled_column("storage", "ms", 2),
                         modelled_column("stage takes", "ms", 2),
                         modelled_column("above its bound", "%", 1)};
  chart.series = {1, 2};
  std::vector<SwapStage> stages = point.stages;
  std::stable_sort(
      stages.begin(), stages.end(), [](const SwapStage& a, const SwapStage& b) {
        return intensity(a).value_or(1e30) < intensity(b).value_or(1e30);
      });
  for (const SwapStage& stage : stages) {
    const double bound = stage.bound_s();
    if (bound <= 0) continue;
    const double millions = static_cast<double>(stage.macs) * 1e-6;
    chart.table.rows.push_back({cell_of(intensity(stage)), millions / bound,
                                millions / stage.seconds, stage.name,
                                stage.core_s * 1e3, stage.check_s * 1e3,
                                stage.storage_s * 1e3, stage.seconds * 1e3,
                                100 * (stage.seconds / bound - 1)});
  }
  return chart;
}

Chart layers_chart(SwapAsker& asker, const std::string& name,
                   const SwapPoint& point) {
  Chart chart = table_chart(name + ": its layers, each read once",
                            {{"layer", ""},
                             {"MACs", "million", Origin::kSetting, 2},
                             {"weights", "KB", Origin::kSetting, 1},
                             modelled_column("arithmetic", "ms", 2),
                             modelled_column("reading", "ms", 2),
                             modelled_column("reading of arithmetic", "%", 1),
                             {"bound by", ""}});
  const double rate = storage_of_any_board(asker.storage()).read_bytes_per_s;
  for (const SwapLayer& layer : point.layers) {
    if (layer.weight_bytes == 0) continue;
    const double reading = static_cast<double>(layer.weight_bytes) / rate;
    chart.table.rows.push_back(
        {layer.name, static_cast<double>(layer.macs) * 1e-6,
         kilobytes(layer.weight_bytes), layer.core_s * 1e3, reading * 1e3,
         100 * reading / layer.core_s,
         reading > layer.core_s ? "storage" : "arithmetic"});
  }
  return chart;
}

}  // namespace

Question energy_question(SwapAsker& asker) {
  Question q;
  q.id = "energy";
  q.title = "What does it cost in energy?";
  q.text = fmt::format(
      "A frame every {:g} s, or one right after the other where a frame takes "
      "longer. Compute: multiply-accumulates and the CPU while it works. "
      "Storage: bytes read, and the part's own idle current. Idle: the CPU "
      "sleeps while it waits for storage and until the next frame.",
      asker.options().period_s);
  for (const std::string& board : asker.options().boards) {
    q.charts.push_back(energy_chart(asker, board));
  }
  q.notes = asker.take_notes();
  return q;
}

Question encryption_question(SwapAsker& asker) {
  Question q;
  q.id = "encryption";
  q.title = "What does encryption cost?";
  q.text =
      "Everything in storage encrypted and authenticated (ChaCha20-Poly1305); "
      "the CPU opens each chunk before it computes with it, at the cycles a "
      "byte of the board's profile; what is not encrypted is checked by a "
      "sum of its words. The bound is the least of the storage's rate and that "
      "of opening: "
      "no plan reads faster. Fully connected layers compute on the core that "
      "opens their weights: the last column is their share of what both leave.";
  Chart chart =
      table_chart("Time of a frame with and without",
                  setting_columns({modelled_column("plain", "s", 3),
                                   modelled_column("encrypted", "s", 3),
                                   modelled_column("slower", "%", 1),
                                   modelled_column("opening", "s", 3),
                                   modelled_column("read", "MB", 1),
                                   modelled_column("bound", "MB/s", 1)}));
  Chart kinds = table_chart(
      "Encrypted, by kind of layer",
      setting_columns(
          {modelled_column("convolutions slower than unlimited", "%", 1),
           modelled_column("fully connected layers read", "MB/s", 1),
           modelled_column("of the bound", "%", 1),
           modelled_column("of the bound with arithmetic", "%", 1)}));
  for (const SwapSetting& s : asker.settings(asker.options().full)) {
    const Row row = encryption_row(asker, s);
    if (!row.empty()) chart.table.rows.push_back(row);
    const Row parts = encrypted_by_kind_row(asker, s);
    if (!parts.empty()) kinds.table.rows.push_back(parts);
  }
  q.charts = {chart, kinds};
  q.notes = asker.take_notes();
  return q;
}

Question roofline_question(SwapAsker& asker) {
  Question q;
  q.id = "roofline";
  q.title = "How far are plans from what is possible?";
  q.text =
      "A stage is a run of layers that the node executes as one pipeline. It "
      "takes at least the time of its arithmetic and of checking what it "
      "reads, "
      "and at least that of its reads: the larger one is its bound, and where "
      "the two meet storage "
      "stops to matter. Below each plot the layers one by one, as if each "
      "weight were read once at the storage's full rate.";
  for (const std::string& name : asker.options().networks) {
    const int64_t ram = asker.ram_for(name);
    if (ram == 0) continue;
    const SwapPoint* const p =
        asker.find(asker.at(name, asker.board(), ram, asker.storage()));
    if (p == nullptr) continue;
    q.charts.push_back(roofline_chart(asker, name, ram, *p));
    q.charts.push_back(layers_chart(asker, name, *p));
  }
  q.notes = asker.take_notes();
  return q;
}

}  // namespace shoal
