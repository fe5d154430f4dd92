#include "host/serve/watched_folder.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "host/base/error.h"
#include "host/base/printable.h"

namespace shoal {

WatchedFolder::WatchedFolder(std::string folder)
    : folder_(std::move(folder)),
      events_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  constexpr uint32_t kEvents =
      IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
  if (!events_.is_open() ||
      inotify_add_watch(events_.get(), folder_.c_str(), kEvents) < 0) {
    throw Error(Exit::kUsage,
                printable(folder_) +
                    ": the folder cannot be watched: " + error_text(errno));
  }
  list();
}

void WatchedFolder::gone() const {
  throw Error(Exit::kUsage,
              printable(folder_) + ": the watched folder has gone",
              "make it again, and start again");
}

void WatchedFolder::add(const std::string& name) {
  if (name.empty() || name[0] == '.' || name.ends_with(".tmp") ||
      name.ends_with(".part") || std::ranges::count(names_, name) > 0) {
    return;
  }
  std::error_code error;
  const auto path = std::filesystem::path(folder_) / name;
  if (std::filesystem::is_regular_file(path, error)) names_.push_back(name);
}

void WatchedFolder::list() {
  std::error_code error;
  std::vector<std::string> found;
  for (auto at = std::filesystem::directory_iterator(folder_, error);
       !error && at != std::filesystem::directory_iterator();
       at.increment(error)) {
    found.push_back(at->path().filename().string());
  }
  if (error) gone();
  std::ranges::sort(found);
  for (const std::string& name : found) add(name);
}

void WatchedFolder::read_events() {
  alignas(inotify_event) std::array<char, 16384> buffer{};
  const ssize_t got = read(events_.get(), buffer.data(), buffer.size());
  for (ssize_t at = 0; at < got;) {
    inotify_event event;
    std::memcpy(&event, buffer.data() + at, sizeof event);
    const char* const name = buffer.data() + at + sizeof event;
    at += static_cast<ssize_t>(sizeof event + event.len);
    if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0) {
      gone();
    }
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
      list();
    } else if (event.len > 0) {
      add(std::string(name, strnlen(name, event.len)));
    }
  }
}

std::optional<std::string> WatchedFolder::next(int stop) {
  for (;;) {
    pollfd p[] = {{events_.get(), POLLIN, 0}, {stop, POLLIN, 0}};
    if (poll(p, 2, names_.empty() ? -1 : 0) < 0 && errno != EINTR) {
      throw Error(Exit::kInternal,
                  printable(folder_) + ": " + error_text(errno));
    }
    if (p[1].revents != 0) return std::nullopt;
    if (p[0].revents != 0) read_events();
    if (names_.empty()) continue;
    std::string name = std::move(names_.front());
    names_.pop_front();
    return name;
  }
}

}  // namespace shoal
