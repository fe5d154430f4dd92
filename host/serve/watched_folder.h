// Files that come into a folder, each once: those that are there at first, and
// those that are renamed into it or closed after they were written.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "host/base/descriptor.h"

namespace shoal {

class WatchedFolder {
 public:
  // Throws Error(kUsage) for what is no folder.
  explicit WatchedFolder(std::string folder);

  // Returns the name of the next file, without the folder; none when `stop`, a
  // descriptor, is readable. Names that begin with a dot or end in .tmp or
  // .part are passed over. Throws Error(kUsage) if the folder has gone.
  std::optional<std::string> next(int stop);

 private:
  void list();
  void add(const std::string& name);
  void read_events();
  [[noreturn]] void gone() const;

  const std::string folder_;
  const Descriptor events_;
  std::deque<std::string> names_;
};

}  // namespace shoal
