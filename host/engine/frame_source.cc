#include "host/engine/frame_source.h"

#include <poll.h>
#include <sys/stat.h>

namespace shoal {

const char* state_name(NodePresence state) {
  switch (state) {
    case NodePresence::kRuns:
      return "runs";
    case NodePresence::kIdle:
      return "idle";
    case NodePresence::kLost:
      return "lost";
    case NodePresence::kSpare:
      break;
  }
  return "spare";
}

std::string kept_file(const std::string& path) {
  struct stat info {};
  if (path.empty() || stat(path.c_str(), &info) != 0) return {};
  return std::to_string(info.st_ino) + "." +
         std::to_string(info.st_mtim.tv_sec) + "." +
         std::to_string(info.st_mtim.tv_nsec) + " " + path;
}

bool is_kept(const std::string& file) {
  const size_t space = file.find(' ');
  return space != std::string::npos &&
         kept_file(file.substr(space + 1)) == file;
}

void wait_for(const FrameSource& source) {
  pollfd wanted{source.descriptor(), POLLIN, 0};
  static_cast<void>(poll(&wanted, 1, -1));
}

}  // namespace shoal
