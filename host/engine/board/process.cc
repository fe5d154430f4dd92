#include "host/engine/board/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "host/base/error.h"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kErrorText = 4096;

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
      throw Error(Exit::kInternal, std::string("pipe: ") + strerror(errno));
    }
    read = ends[0], write = ends[1];
  }
  ~Pipe() {
    close_end(read);
    close_end(write);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  static void close_end(int& end) {
    if (end >= 0) close(end);
    end = -1;
  }
};

// Ends the child if nobody has waited for it.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  ~Child() {
    if (pid_ > 0) wait(true);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int wait(bool kill_it) {
    if (kill_it) kill(pid_, SIGKILL);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_;
};

[[noreturn]] void become(const std::vector<std::string>& arguments, int out,
                         int err, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  std::vector<char*> argv;
  for (const std::string& a : arguments) {
    argv.push_back(const_cast<char*>(a.c_str()));
  }
  argv.push_back(nullptr);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  execvp(argv[0], argv.data());
  _exit(127);
}

}  // namespace

bool has_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (access((std::filesystem::path(folder) / name).c_str(), X_OK) == 0) {
      return true;
    }
  }
  return false;
}

Ended run_process(const std::vector<std::string>& arguments, int seconds,
                  const std::function<void(std::span<const uint8_t>)>& listen) {
  if (!has_program(arguments.at(0))) {
    throw Error(Exit::kInternal, arguments[0] + " is not installed",
                "install the package " + arguments[0]);
  }
  Pipe out, err;
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    throw Error(Exit::kInternal, std::string("fork: ") + strerror(errno));
  }
  if (pid == 0) become(arguments, out.write, err.write, parent);
  Child child(pid);
  Pipe::close_end(out.write);
  Pipe::close_end(err.write);

  Ended ended;
  const auto deadline = Clock::now() + std::chrono::seconds(seconds);
  std::array<uint8_t, 65536> bytes;
  while (out.read >= 0 || err.read >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - Clock::now());
    pollfd fds[2] = {{out.read, POLLIN, 0}, {err.read, POLLIN, 0}};
    if (left.count() <= 0 ||
        poll(fds, 2, static_cast<int>(left.count())) == 0) {
      ended.timed_out = true;
      break;
    }
    for (int i = 0; i < 2; ++i) {
      int& end = i == 0 ? out.read : err.read;
      if (end < 0 || fds[i].revents == 0) continue;
      const ssize_t n = read(end, bytes.data(), bytes.size());
      if (n <= 0) {
        Pipe::close_end(end);
      } else if (i == 0) {
        listen({bytes.data(), static_cast<size_t>(n)});
      } else if (ended.error_text.size() < kErrorText) {
        ended.error_text.append(reinterpret_cast<char*>(bytes.data()),
                                static_cast<size_t>(n));
      }
    }
  }
  ended.code = child.wait(ended.timed_out);
  return ended;
}

}  // namespace shoal
