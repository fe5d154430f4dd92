#include "host/engine/board/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
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
using std::chrono::milliseconds;
constexpr size_t kErrorText = 4096;

void open_pipe(int (&ends)[2]) {
  if (pipe2(ends, O_CLOEXEC) == 0) return;
  throw Error(Exit::kInternal, std::string("pipe: ") + strerror(errno));
}

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
  // Signals that this program holds back are its own affair.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
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

void ChildProcess::Pipe::close() {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}
ChildProcess::Pipe::~Pipe() { close(); }

ChildProcess::ChildProcess(const std::vector<std::string>& arguments) {
  if (!has_program(arguments.at(0))) {
    throw Error(Exit::kInternal, arguments[0] + " is not installed",
                "install the package " + arguments[0]);
  }
  int out[2], err[2];
  open_pipe(out);
  Pipe out_end{out[1]};
  out_.descriptor = out[0];
  open_pipe(err);
  Pipe err_end{err[1]};
  err_.descriptor = err[0];
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) {
    throw Error(Exit::kInternal, std::string("fork: ") + strerror(errno));
  }
  if (pid_ == 0) become(arguments, out[1], err[1], parent);
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0) end(true);
}

void ChildProcess::take(Pipe& pipe, const Listen& listen) {
  std::array<uint8_t, 65536> bytes;
  const ssize_t n = read(pipe.descriptor, bytes.data(), bytes.size());
  if (n <= 0) {
    pipe.close();
  } else if (&pipe == &out_) {
    listen({bytes.data(), static_cast<size_t>(n)});
  } else if (error_text_.size() < kErrorText) {
    error_text_.append(reinterpret_cast<char*>(bytes.data()),
                       static_cast<size_t>(n));
  }
}

bool ChildProcess::listen(milliseconds most, const Listen& listen) {
  pollfd fds[2] = {{out_.descriptor, POLLIN, 0}, {err_.descriptor, POLLIN, 0}};
  if (poll(fds, 2, static_cast<int>(std::max<int64_t>(0, most.count()))) <= 0) {
    return false;
  }
  if (fds[0].revents != 0) take(out_, listen);
  if (fds[1].revents != 0) take(err_, listen);
  return true;
}

Ended ChildProcess::end(bool kill_it) {
  // A signal to a number that is not positive goes to many processes.
  if (pid_ <= 0) return ended_;
  if (kill_it) kill(pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
  pid_ = -1;
  ended_ = {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            false, error_text_};
  return ended_;
}

Ended run_process(const std::vector<std::string>& arguments, int seconds,
                  const ChildProcess::Listen& listen) {
  ChildProcess process(arguments);
  const auto deadline = Clock::now() + std::chrono::seconds(seconds);
  bool timed_out = false;
  while (!process.silent() && !timed_out) {
    const auto left =
        std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    timed_out = left.count() <= 0 || !process.listen(left, listen);
  }
  Ended ended = process.end(timed_out);
  ended.timed_out = timed_out;
  return ended;
}

}  // namespace shoal
