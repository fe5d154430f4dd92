// Points of a swap study that were made before, in a file beside its page: a
// line of JSON each, written as soon as it is made. So a study that was ended
// goes on where it was. Points of another build are not used.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "host/study/swap_point.h"

namespace shoal {

class SwapCache {
 public:
  // Works without a file if `path` is empty. `build` tells executables apart.
  // Lines that are no points are skipped: they are made again.
  SwapCache(std::string path, std::string build);

  std::optional<SwapPoint> find(const SwapSetting&);
  // Broken points are not kept. Throws Error(kInternal) if the file cannot be
  // written.
  void add(const SwapSetting&, const SwapPoint&);
  size_t size() const { return points_.size(); }

 private:
  std::string path_, build_;
  std::mutex mutex_;
  std::map<std::string, SwapPoint> points_;  // by describe()
};

}  // namespace shoal
