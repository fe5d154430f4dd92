#include "tests/command.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace shoal {
namespace {

class File {
 public:
  explicit File(const std::string& path)
      : number(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                    0600)) {
    if (number < 0) throw std::runtime_error("cannot write " + path);
  }
  ~File() { close(number); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  const int number;
};

pid_t start(const std::filesystem::path& folder,
            std::vector<std::string> arguments, int out, int err,
            const char* executable = SHOAL_EXECUTABLE) {
  setenv("COLUMNS", "1000", 0);  // tests look for whole lines
  // No plan is one of an earlier test, unless a test has a folder for them.
  setenv("XDG_CACHE_HOME", "/dev/null", 0);
  arguments.insert(arguments.begin(), executable);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  // The signal comes when the thread ends that has forked.
  const bool is_main_thread = gettid() == getpid();
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork");
  if (child > 0) return child;
  // Nothing but system calls. A test that is killed leaves nothing behind; a
  // shell ends what it has started (Workshop::script).
  if (is_main_thread) prctl(PR_SET_PDEATHSIG, SIGTERM);
  // A shell that starts the test in the background has it ignore these, and it
  // would pass that on.
  for (const int s : {SIGINT, SIGQUIT, SIGHUP}) signal(s, SIG_DFL);
  if (dup2(out, 1) < 0 || dup2(err, 2) < 0 || chdir(folder.c_str()) != 0) {
    _exit(126);
  }
  execv(executable, pointers.data());
  _exit(127);
}

int wait_for(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::string Workshop::path(const std::string& name) const {
  return (folder() / name).string();
}

std::string Workshop::write(const std::string& name,
                            const std::vector<uint8_t>& bytes) const {
  std::ofstream file(folder() / name, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw std::runtime_error("cannot write " + name);
  return name;
}

std::string Workshop::read_text(const std::string& name) const {
  std::ifstream file(folder() / name, std::ios::binary);
  if (!file) throw std::runtime_error("there is no " + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<uint8_t> Workshop::read(const std::string& name) const {
  const std::string text = read_text(name);
  return {text.begin(), text.end()};
}

Told Workshop::shoal(const std::vector<std::string>& arguments,
                     const char* out) const {
  return run(SHOAL_EXECUTABLE, arguments, out);
}

Told Workshop::script(const std::string& lines) const {
  setenv("SHOAL", SHOAL_EXECUTABLE, 1);
  setenv("XDG_CACHE_HOME", "/dev/null", 0);
  const std::string ends =
      "trap 'kill -KILL $(jobs -p) 2>/dev/null; exit 143' TERM\n";
  return run("/bin/bash", {"-c", ends + lines}, nullptr);
}

Told Workshop::run(const char* executable,
                   const std::vector<std::string>& arguments,
                   const char* out) const {
  const pid_t child = [&] {
    const File out_file(out ? out : path(".stdout"));
    const File err_file(path(".stderr"));
    return start(folder(), arguments, out_file.number, err_file.number,
                 executable);
  }();
  Told told;
  told.code = wait_for(child);
  if (!out) told.out = read_text(".stdout");
  told.err = read_text(".stderr");
  return told;
}

Background::Background(const Workshop& shop, std::vector<std::string> arguments,
                       const std::string& err) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  out_ = ends[0];
  std::optional<File> said;
  if (!err.empty()) said.emplace(shop.path(err));
  process_ = start(shop.folder(), std::move(arguments), ends[1],
                   said ? said->number : 2);
  close(ends[1]);
}

Background::~Background() {
  if (process_ > 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  close(out_);
}

std::string Background::line() {
  constexpr int kPatienceMs = 60'000;
  std::string text;
  pollfd waiting{out_, POLLIN, 0};
  char c = 0;
  while (poll(&waiting, 1, kPatienceMs) == 1 && read(out_, &c, 1) == 1 &&
         c != '\n') {
    text += c;
  }
  return text;
}

int Background::end(int signal) {
  if (process_ <= 0) throw std::runtime_error("it has ended before");
  kill(process_, signal);
  return wait_for(std::exchange(process_, -1));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace shoal
