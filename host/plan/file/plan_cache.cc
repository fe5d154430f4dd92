#include "host/plan/file/plan_cache.h"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/program_id.h"
#include "host/oracle/golden/checksum.h"
#include "host/plan/file/plan_file.h"
#include "host/plan/file/plan_key.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string user_folder() {
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  const char* const home = std::getenv("HOME");
  if (cache && *cache) return std::string(cache) + "/shoal/plans";
  if (home && *home) return std::string(home) + "/.cache/shoal/plans";
  return {};
}

std::string checksum(const std::string& text) {
  return sha256_hex(
      {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

}  // namespace

PlanCache::PlanCache() : PlanCache(user_folder(), kMostBytes) {}

PlanCache::PlanCache(std::string folder, int64_t most_bytes)
    : folder_(std::move(folder)), most_bytes_(most_bytes) {
  // Without the program's name the owner of stored plans is not known.
  if (program_id().empty()) folder_.clear();
}

std::string PlanCache::path(const Net& net, const PlanRequest& request) const {
  const std::string key = checksum(program_id() + request_key(net, request));
  return (fs::path(folder_) / (key + ".json")).string();
}

std::optional<Plan> PlanCache::find(const Net& net,
                                    const PlanRequest& request) const {
  if (folder_.empty()) return {};
  const std::string file = path(net, request);
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return {};
  try {
    const std::vector<uint8_t> bytes = read_file(file, files::kPlan);
    const json kept = json::parse(bytes.begin(), bytes.end());
    const json& stored = kept.at("stored");
    if (kept.at("sha256") != checksum(stored.dump())) return {};
    Plan plan = read_stored_plan(stored, net, file);
    fs::last_write_time(file, fs::file_time_type::clock::now(), error);
    return plan;
  } catch (const std::exception&) {
    return {};
  }
}

void PlanCache::keep(const Net& net, const PlanRequest& request,
                     const Plan& plan) const {
  if (folder_.empty()) return;
  try {
    const json stored = stored_plan(net, plan);
    const json kept{{"sha256", checksum(stored.dump())}, {"stored", stored}};
    make_folder(folder_);
    write_file(path(net, request), kept.dump());
    make_room();
  } catch (const std::exception&) {
    // The disk is full, or the folder is not ours: the plan is not stored.
  }
}

void PlanCache::make_room() const {
  struct Kept {
    fs::file_time_type used;
    fs::path path;
    int64_t bytes;
  };
  std::error_code error;
  std::vector<Kept> all;
  int64_t bytes = 0;
  for (fs::directory_iterator at(folder_, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code gone;  // another process may also make room
    const auto size = static_cast<int64_t>(at->file_size(gone));
    const fs::file_time_type used = at->last_write_time(gone);
    if (gone) continue;
    all.push_back({used, at->path(), size});
    bytes += size;
  }
  std::ranges::sort(all, {}, &Kept::used);
  for (const Kept& k : all) {
    if (bytes <= most_bytes_) return;
    fs::remove(k.path, error);
    bytes -= k.bytes;
  }
}

}  // namespace shoal
