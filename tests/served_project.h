// An exported project, built and served.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "tests/command.h"
#include "tests/needs.h"

namespace shoal {

// Debug information is left out, which saves four fifths of the time;
// readme_test has it.
inline std::string make_in(const std::string& folder,
                           const std::string& target) {
  const std::string launcher = has_program("ccache") ? " LAUNCHER=ccache" : "";
  return "make -s -C " + folder + launcher + " DEBUG= " + target;
}

// `make serve` of an exported project, whose serial line is a socket.
class ServedProject {
 public:
  // `how` runs in the project's folder, as the only process.
  ServedProject(const Workshop& shop, const std::string& folder,
                const std::string& how)
      : line_(shop.path(folder + "/build/serial")) {
    child_ = fork();
    if (child_ == 0) {
      const std::string text =
          "cd '" + shop.path(folder) + "' && exec " + how + " > serve.log 2>&1";
      execl("/bin/sh", "sh", "-c", text.c_str(), nullptr);
      _exit(127);
    }
    for (int i = 0; i < 600 && !std::filesystem::exists(line_); ++i)
      usleep(50'000);
    EXPECT_TRUE(std::filesystem::exists(line_));
  }
  ~ServedProject() { end(SIGTERM); }
  ServedProject(const ServedProject&) = delete;
  ServedProject& operator=(const ServedProject&) = delete;
  const std::string& line() const { return line_; }
  // SIGKILL is a cut of its power.
  void end(int signal) {
    if (child_ < 0) return;
    kill(child_, signal);
    int status = 0;
    waitpid(child_, &status, 0);
    child_ = -1;
  }

 private:
  const std::string line_;
  pid_t child_;
};

// The command of `make serve`, to be the only process. `with`: variables of
// make, and a space behind each.
inline std::string serve_command(const Workshop& shop,
                                 const std::string& folder,
                                 const std::string& with = "") {
  const Told told =
      shop.script("make -n -s -C " + folder + " " + with + "serve");
  std::string command;
  for (const std::string& line : lines_of(told.out)) {
    if (line.starts_with("rm ")) continue;
    command += line.ends_with("\\") ? line.substr(0, line.size() - 1) : line;
  }
  return command;
}

}  // namespace shoal
