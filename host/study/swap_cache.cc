#include "host/study/swap_cache.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "host/base/files.h"

namespace shoal {
namespace {

using CacheJson = nlohmann::json;

// Points are written as lists: there are many, and the names would be most of
// the file.
CacheJson stage_json(const SwapStage& s) {
  return {s.name,      s.is_dense, s.seconds,    s.core_s, s.check_s,
          s.storage_s, s.macs,     s.read_bytes, s.layers};
}

SwapStage stage_of(const CacheJson& j) {
  SwapStage s;
  s.name = j.at(0).get<std::string>();
  s.is_dense = j.at(1).get<bool>();
  s.seconds = j.at(2).get<double>();
  s.core_s = j.at(3).get<double>();
  s.check_s = j.at(4).get<double>();
  s.storage_s = j.at(5).get<double>();
  s.macs = j.at(6).get<int64_t>();
  s.read_bytes = j.at(7).get<int64_t>();
  s.layers = j.at(8).get<int64_t>();
  return s;
}

CacheJson point_json(const SwapPoint& p) {
  CacheJson stages = CacheJson::array(), layers = CacheJson::array();
  for (const SwapStage& s : p.stages) stages.push_back(stage_json(s));
  for (const SwapLayer& l : p.layers) {
    layers.push_back(
        CacheJson{l.name, l.macs, l.weight_bytes, l.core_s, l.is_dense});
  }
  return {{"error", p.error},          {"arena", p.arena_bytes},
          {"image", p.image_bytes},    {"seconds", p.seconds},
          {"macs", p.load.macs},       {"active", p.load.active_s},
          {"read", p.load.read_bytes}, {"written", p.load.written_bytes},
          {"years", p.years_at_1_fps}, {"planned", p.planned_s},
          {"waits", p.waits},          {"equal", p.is_equal},
          {"stages", stages},          {"layers", layers}};
}

SwapPoint point_of(const CacheJson& j) {
  SwapPoint p;
  p.error = j.at("error").get<std::string>();
  p.arena_bytes = j.at("arena").get<int64_t>();
  p.image_bytes = j.at("image").get<int64_t>();
  p.seconds = j.at("seconds").get<double>();
  p.load.macs = j.at("macs").get<double>();
  p.load.active_s = j.at("active").get<double>();
  p.load.seconds = p.seconds;
  p.load.read_bytes = j.at("read").get<int64_t>();
  p.load.written_bytes = j.at("written").get<int64_t>();
  p.years_at_1_fps = j.at("years").get<double>();
  p.planned_s = j.at("planned").get<double>();
  p.waits = j.at("waits").get<int64_t>();
  p.is_equal = j.at("equal").get<bool>();
  for (const CacheJson& s : j.at("stages")) p.stages.push_back(stage_of(s));
  for (const CacheJson& l : j.at("layers")) {
    p.layers.push_back({l.at(0).get<std::string>(), l.at(1).get<int64_t>(),
                        l.at(2).get<int64_t>(), l.at(3).get<double>(),
                        l.at(4).get<bool>()});
  }
  return p;
}

}  // namespace

SwapCache::SwapCache(std::string path, std::string build)
    : path_(std::move(path)), build_(std::move(build)) {
  if (path_.empty()) return;
  std::error_code ignored;
  if (!std::filesystem::exists(path_, ignored)) return;
  const std::vector<uint8_t> bytes = read_file(path_, files::kPoints);
  std::istringstream file(std::string(bytes.begin(), bytes.end()));
  for (std::string line; std::getline(file, line);) {
    try {
      const CacheJson j = CacheJson::parse(line);
      if (j.at("build").get<std::string>() != build_) continue;
      points_[j.at("setting").get<std::string>()] = point_of(j.at("point"));
    } catch (const CacheJson::exception&) {
      continue;  // cut off by what ended the study
    }
  }
}

std::optional<SwapPoint> SwapCache::find(const SwapSetting& setting) {
  const std::lock_guard lock(mutex_);
  const auto found = points_.find(describe(setting));
  if (found == points_.end()) return std::nullopt;
  return found->second;
}

void SwapCache::add(const SwapSetting& setting, const SwapPoint& point) {
  if (point.is_broken) return;
  const std::lock_guard lock(mutex_);
  points_[describe(setting)] = point;
  if (path_.empty()) return;
  const CacheJson line{{"build", build_},
                       {"setting", describe(setting)},
                       {"point", point_json(point)}};
  append_file(path_, line.dump() + "\n");
}

}  // namespace shoal
