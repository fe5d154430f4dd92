// Emulated boards on a network: each one's firmware of a node in an emulator of
// its own, which a coordinator reaches at an address of this computer. They
// begin with nothing but a key; programs come over the network.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "device/port/port.h"
#include "host/base/error.h"
#include "host/base/file_lock.h"
#include "host/base/shared_key.h"
#include "host/board/board.h"
#include "host/engine/board/console.h"
#include "host/engine/board/process.h"
#include "host/engine/coordinator/coordinator.h"

namespace shoal {

struct EmulatedNodesOptions {
  struct Node {
    std::string name;  // not twice
    const Board* board;
  };
  std::vector<Node> nodes;
  std::filesystem::path firmware;  // firmware_folder()
  std::optional<SharedKey> key;    // none: insecure
  // Makes a key in place of `key`; with `state` one that stays there, as what
  // boards keep is sealed with it.
  bool own_key = false;
  // With a key: boards that keep what they are sent keep it sealed, and have
  // the key in their chip. Else it lies in their storage, and weights as they
  // are.
  bool sealed = true;
  // Keeps the boards' storages, a file of each name; empty: they are gone with
  // the emulators. Boards whose storage is memory have nothing to keep.
  std::filesystem::path state;
  LockRequest lock = {};  // of that folder
  // By their own clocks, which then go on with each instruction; else they keep
  // this computer's time.
  bool count_instructions = false;
  bool one_core = false;  // of boards whose firmware uses two
  // Bytes of a datagram, and peers that a board has room for; none, or more
  // than that: as it was built. What they do not take is the arena's.
  std::optional<int> payload = {}, peers = {};
  int seconds = 60;  // until the last one is ready, at most
};

// The work of a board over a period, as it reports it.
struct NodeWork {
  int64_t storage_read_bytes = 0, storage_written_bytes = 0;
  int64_t datagrams = 0;  // heard and said
  // If they are counted: all that was done, without waiting. Of it what went
  // into stages of the program, by their number; -1: into none.
  int64_t instructions = 0;
  std::map<int, int64_t> stages;
};

class EmulatedNode {
 public:
  // `kept`: the file that its storage stays in, or empty. The block that it was
  // flashed with must be readable until it is ready.
  EmulatedNode(const Board&, std::string name, std::string kept, uint16_t port,
               const std::vector<std::string>& command_line);

  const std::string& name() const { return name_; }
  const Board& board() const { return board_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  pid_t process() const { return process_.id(); }
  bool ready() const { return ready_; }
  // Returns whether it has ended and has told all of the reason.
  bool has_ended() const { return process_.silent() && failures_.empty(); }
  // Returns what the board has said last: when it was ready, and after each
  // run.
  const shoal_memory& memory() const { return memory_; }
  // Return the work before its first run, and from there to the end of its last
  // one.
  const NodeWork& deployment() const { return deployment_; }
  const NodeWork& runs() const { return runs_; }
  bool has_run() const { return has_run_; }  // and said so

  // Takes in what the board says, for so long at most. Throws Error(kNode) if
  // it has faulted, though it may start again and be usable; if it talks
  // nonsense or has ended. Each once and in their order, a call for each.
  void listen(std::chrono::milliseconds);
  // Lines that it has said for persons since this was asked last.
  std::vector<std::string> said() { return std::exchange(said_, {}); }

 private:
  void fail(const Error&);
  void take(const ConsoleMessage&);
  void take(const ConsoleWork&);
  void take(const ConsoleStage&);

  const Board& board_;
  const std::string name_, kept_;
  const uint16_t port_;
  bool ready_ = false, began_ = false, has_run_ = false;
  double ticks_per_instruction_ = 1;
  shoal_memory memory_{};
  NodeWork deployment_, runs_;
  std::vector<std::string> said_;
  std::deque<Error> failures_;  // that nobody was told of
  ConsoleDecoder decoder_;
  ChildProcess process_;
};

class EmulatedNodes {
 public:
  // Starts them and waits until all are ready. Throws Error(kUsage) for a board
  // without a network, a wrong `state` or a wrong key there, Error(kBusy) if
  // others have it, Error(kInternal) if firmware or emulator are not there,
  // Error(kNode) if a board does not start.
  explicit EmulatedNodes(EmulatedNodesOptions);

  const std::vector<std::unique_ptr<EmulatedNode>>& nodes() const {
    return nodes_;
  }
  const std::optional<SharedKey>& key() const { return key_; }

 private:
  std::optional<FileLock> state_;  // outlives the emulators
  std::optional<SharedKey> key_;
  std::vector<std::unique_ptr<EmulatedNode>> nodes_;
};

// Ids of the boards that can be one.
std::vector<std::string> boards_with_network();

}  // namespace shoal
