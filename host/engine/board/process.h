// Another program: started, listened to, ended by its own process number.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace shoal {

struct Ended {
  int code = -1;  // exit code; 128 + signal if it was killed
  bool timed_out = false;
  std::string error_text;  // the last of its stderr
};

class ChildProcess {
 public:
  using Listen = std::function<void(std::span<const uint8_t>)>;

  // Starts it with an empty stdin; it dies with its parent. The first argument
  // is looked up in PATH. Throws Error(kInternal) if it cannot be started.
  explicit ChildProcess(const std::vector<std::string>& arguments);
  // Kills the process unless its end was waited for.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t id() const { return pid_; }
  // Waits at most so long for something to come on its stdout or stderr and
  // passes on the former. False: nothing came.
  bool listen(std::chrono::milliseconds, const Listen&);
  // Returns whether both are closed: it has ended, or will never say anything.
  bool silent() const { return out_.descriptor < 0 && err_.descriptor < 0; }
  // Waits for its end, or kills it. Called again it says the same.
  Ended end(bool kill_it);

 private:
  // Closed with the object.
  struct Pipe {
    ~Pipe();
    void close();
    int descriptor = -1;
  };
  void take(Pipe&, const Listen&);

  pid_t pid_ = -1;  // positive until it has ended
  Ended ended_;
  Pipe out_, err_;
  std::string error_text_;
};

// Runs `arguments` (the first one is looked up in PATH) with an empty stdin
// until it ends or `seconds` have passed, then kills it. `listen` gets its
// stdout as it comes; what it throws ends the program, too. Throws
// Error(kInternal) if the program cannot be started. It dies with its parent.
Ended run_process(const std::vector<std::string>& arguments, int seconds,
                  const ChildProcess::Listen& listen);

// Returns whether PATH has the program.
bool has_program(const std::string& name);

}  // namespace shoal
