#include "host/study/swap_asker.h"

#include <algorithm>
#include <map>

namespace shoal {

namespace {

constexpr int64_t kUsualRam = 512 * 1024;
constexpr const char kUsualStorage[] = "sd-4bit";

}  // namespace

SwapAsker::SwapAsker(const SwapStudyOptions& options, const SwapPaper& paper,
                     SwapNetworks& networks, SwapPoints& points)
    : PointFinder(points),
      options_(options),
      paper_(paper),
      networks_(networks) {
  const auto& names = options.storages;
  const bool usual = std::count(names.begin(), names.end(), kUsualStorage) > 0;
  storage_ = usual ? kUsualStorage : names.front();
  const auto& rams = options.rams;
  ram_ = std::count(rams.begin(), rams.end(), kUsualRam) > 0 ? kUsualRam
                                                             : rams.back();
}

SwapSetting SwapAsker::at(const std::string& network, const std::string& board,
                          int64_t ram, const std::string& storage) const {
  SwapSetting s;
  s.network = network;
  s.board = board;
  s.storage = storage;
  s.ram = ram;
  return s;
}

const SwapPoint* SwapAsker::least(const std::string& network) {
  SwapSetting s = at(network, board(), int64_t{1} << 30, storage());
  s.objective = Objective::kRam;
  return PointFinder::find(s);
}

int64_t SwapAsker::ram_for(const std::string& network) {
  const SwapPoint* const smallest = least(network);
  if (smallest == nullptr) return 0;
  for (const int64_t ram : options_.rams) {
    if (ram >= ram_ && ram >= smallest->arena_bytes) return ram;
  }
  return 0;
}

std::vector<SwapSetting> SwapAsker::settings(bool every_ram) {
  std::vector<SwapSetting> all;
  for (const std::string& name : options_.networks) {
    const int64_t usual = ram_for(name);
    if (usual == 0) continue;
    for (const std::string& board : options_.boards) {
      for (const std::string& storage : options_.storages) {
        for (const int64_t ram :
             every_ram ? options_.rams : std::vector<int64_t>{usual}) {
          all.push_back(at(name, board, ram, storage));
        }
      }
    }
  }
  return all;
}

const SwapPoint* SwapAsker::find(const SwapSetting& setting) {
  if (setting.ram > 0 && !setting.writes) {
    const SwapPoint* const smallest = least(setting.network);
    if (smallest == nullptr || smallest->arena_bytes > setting.ram) {
      return nullptr;
    }
  }
  const SwapPoint* const point = PointFinder::find(setting);
  if (point == nullptr || !setting.run || point->is_equal) return point;
  add_broken(describe(setting) + ": its output is not the oracle's");
  return point;
}

const SwapPoint* SwapAsker::unlimited(const SwapSetting& setting) {
  SwapSetting all;
  all.network = setting.network;
  all.board = setting.board;
  return find(all);
}

std::optional<double> SwapAsker::slowdown(const SwapSetting& setting) {
  const SwapPoint* const base = unlimited(setting);
  const SwapPoint* const point = find(setting);
  if (base == nullptr || point == nullptr) return std::nullopt;
  return point->seconds / base->seconds;
}

std::vector<Column> setting_columns(const std::vector<Column>& others) {
  std::vector<Column> all{
      {"network", ""}, {"board", ""}, {"storage", ""}, {"RAM", "KB"}};
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

Row setting_row(const SwapSetting& s, const Row& others) {
  Row row{s.network, s.board, s.storage, kilobytes(s.ram)};
  row.insert(row.end(), others.begin(), others.end());
  return row;
}

SwapTimes times_of(const SwapPoint& point, const SwapPoint& unlimited,
                   const Storage& storage, bool is_dense) {
  std::map<std::string, double> alone;
  for (const SwapLayer& l : unlimited.layers) alone[l.name] += l.core_s;
  SwapTimes times;
  size_t at = 0;
  for (const SwapStage& stage : point.stages) {
    const size_t end = at + static_cast<size_t>(stage.layers);
    for (; at < end; ++at) {
      if (stage.is_dense != is_dense) continue;
      const SwapLayer& layer = point.layers.at(at);
      if (layer.is_dense == is_dense) {
        times.unlimited_s += alone[layer.name];
        continue;
      }
      const auto bytes = static_cast<double>(layer.weight_bytes);
      times.seconds -=
          is_dense ? layer.core_s
                   : std::max(layer.core_s, bytes / storage.read_bytes_per_s);
      times.read_bytes -= layer.weight_bytes;
    }
    if (stage.is_dense != is_dense) continue;
    times.seconds += stage.seconds;
    times.stages_s += stage.seconds;
    times.bound_s += stage.bound_s();
    times.read_bytes += stage.read_bytes;
  }
  return times;
}

Chart over_ram(SwapAsker& asker, const std::string& board,
               const std::string& storage, const RamChart& what) {
  Chart chart;
  chart.title = what.title;
  chart.y_label = what.y_label;
  chart.log_x = true;
  chart.log_y = what.log_y;
  chart.table.columns = {{"RAM", "KB"}};
  for (const std::string& name : asker.options().networks) {
    chart.series.push_back(static_cast<int>(chart.table.columns.size()));
    chart.table.columns.push_back(
        {name, what.unit, Origin::kModelled, what.decimals});
  }
  for (const int64_t ram : asker.options().rams) {
    Row row = {kilobytes(ram)};
    for (const std::string& name : asker.options().networks) {
      row.push_back(cell_of(what.value(asker.at(name, board, ram, storage))));
    }
    chart.table.rows.push_back(row);
  }
  return chart;
}

}  // namespace shoal
