#include "tests/bounded_command.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

namespace shoal {
namespace {

// Beyond these nothing that a test does is right, and the machine has others
// to serve.
constexpr rlim_t kMostFile = rlim_t{1} << 30;
constexpr int kWallTimes = 12;

bool limit(decltype(RLIMIT_CPU) what, rlim_t value) {
  const rlimit both{value, value};
  return setrlimit(what, &both) == 0;
}

// Nothing but system calls.
[[noreturn]] void become(const char* folder, char** arguments, int seconds,
                         int64_t memory_bytes) {
  constexpr int kNew = O_WRONLY | O_CREAT | O_TRUNC;
  if (chdir(folder) != 0) _exit(126);
  const int out = open(".stdout", kNew, 0600);
  const int err = open(".stderr", kNew, 0600);
  if (out < 0 || err < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 ||
      !limit(RLIMIT_CORE, 0) ||
      !limit(RLIMIT_CPU, static_cast<rlim_t>(seconds)) ||
      !limit(RLIMIT_AS, static_cast<rlim_t>(memory_bytes)) ||
      !limit(RLIMIT_FSIZE, kMostFile)) {
    _exit(126);
  }
  become_shoal(arguments);
}

// Returns whether the child ended in time.
bool wait_until(pid_t child, int seconds) {
  const int end = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
  if (end < 0) throw std::runtime_error("pidfd_open");
  pollfd waiting{end, POLLIN, 0};
  const bool ended = poll(&waiting, 1, 1000 * seconds) == 1;
  close(end);
  return ended;
}

}  // namespace

Bounded run_bounded(const Workshop& shop,
                    const std::vector<std::string>& arguments, int cpu_seconds,
                    int64_t memory_bytes) {
  std::vector<std::string> words = arguments;
  words.insert(words.begin(), "shoal");
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const std::string folder = shop.folder().string();
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork");
  if (child == 0) {
    become(folder.c_str(), pointers.data(), cpu_seconds, memory_bytes);
  }
  Bounded b;
  b.late = !wait_until(child, kWallTimes * cpu_seconds);
  if (b.late) kill(child, SIGKILL);
  int status = 0;
  rusage used{};
  if (wait4(child, &status, 0, &used) != child) {
    throw std::runtime_error("wait4");
  }
  b.told.code =
      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  b.late |= b.told.code == 128 + SIGXCPU || b.told.code == 128 + SIGKILL;
  b.told.out = shop.read_text(".stdout");
  b.told.err = shop.read_text(".stderr");
  b.peak_bytes = int64_t{used.ru_maxrss} * 1024;
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) +
           1e-6 * static_cast<double>(t.tv_usec);
  };
  b.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
  return b;
}

}  // namespace shoal
