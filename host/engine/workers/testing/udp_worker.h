// Workers as processes of their own, and a coordinator for them.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "host/base/entropy.h"
#include "host/base/error.h"
#include "host/engine/coordinator/coordinator.h"
#include "host/engine/workers/stop_signals.h"
#include "host/engine/workers/udp.h"
#include "host/engine/workers/worker.h"

namespace shoal {

// A process that does `work` and ends with its result.
class Child {
 public:
  template <class Work>
  explicit Child(Work work) : id_(fork()) {
    if (id_ != 0) return;
    int code = 1;
    try {
      code = work();
    } catch (const Error& e) {
      code = static_cast<int>(e.code());
    }
    _exit(code);
  }
  ~Child() {
    if (id_ <= 0) return;
    kill(id_, SIGKILL);
    wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void signal(int number) const {
    if (id_ > 0) kill(id_, number);
  }
  // Status as waitpid gives it.
  int wait() {
    int status = 0;
    waitpid(std::exchange(id_, -1), &status, 0);
    return status;
  }

 private:
  pid_t id_;
};

inline WorkerOptions worker_options(int number) {
  WorkerOptions o;
  o.name = "w" + std::to_string(number);
  o.board = "host";
  o.arena_bytes = 64 * 1024;
  o.program_bytes = 1024 * 1024;
  o.key.fill(3);
  return o;
}

inline int serve(const WorkerOptions& options, HostTransport& transport) {
  StopSignals signals;
  Worker worker(options, transport);
  worker.serve(signals);
  signals.take();
  return 0;
}

// A worker that listens on a port of its own.
struct UdpWorker {
  explicit UdpWorker(int number)
      : udp(std::make_unique<UdpTransport>(
            parse_udp_address("127.0.0.1:0", ""))),
        address{udp_address_text(udp->address()), udp->address()},
        process([&] { return serve(worker_options(number), *udp); }) {
    udp.reset();  // the child has it
  }
  std::unique_ptr<UdpTransport> udp;
  WorkerAddress address;
  Child process;
};

inline CoordinatorConfig config_of(const HostTransport& transport) {
  CoordinatorConfig config;
  config.transport = &transport.transport();
  config.key.fill(3);
  config.entropy = system_entropy;
  config.timeout_us = 1'000'000;
  config.name = "test:" + std::to_string(getpid());
  return config;
}

}  // namespace shoal
