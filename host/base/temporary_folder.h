// A folder of one's own below the system's folder for temporary files, which
// ends with everything in it when this does.
#pragma once

#include <filesystem>

namespace shoal {

class TemporaryFolder {
 public:
  // Throws Error(kInternal), which names the place, if none can be made.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace shoal
