// The coordinator of a cluster: connects the nodes, deploys their programs,
// starts an epoch, feeds frames, collects results, watches all nodes. It is
// event-driven and never blocks: poll() does what there is to do, and
// next_timer_us() says when to call it though nothing arrives. So the same code
// runs over sockets and in virtual time.
//
//   Coordinator c(config);
//   c.connect(workers);
//   while (!c.connected()) wait(c), c.poll();
//   c.deploy(prepared);
//   while (frames are left) {
//     while (c.free_frames() > 0) c.submit(next frame);
//     wait(c), c.poll();
//     while (auto output = c.result()) use(*output);
//   }
//   c.stop();
//   while (!c.stopped()) wait(c), c.poll();
//
// With deploy(prepared, Then::kHold) it ends at deployed(): the nodes hold
// their programs, a run of them later sends nothing. Others may be deployed
// after them, which nodes keep, too, if they have room. With Then::kHandOver it
// ends at stopped(): the nodes run, and another node has its place
// (host/engine/workers/hand_over.h).
//
// A node that is lost, silent or faulted, that refuses or does not fit ends
// the run: poll() throws an Error that names it. All references in the
// configuration must outlive the coordinator.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "device/agent/noise.h"
#include "device/agent/phases.h"
#include "device/agent/session_wire.h"
#include "device/link/cipher.h"
#include "device/shoal.h"
#include "host/base/shared_key.h"
#include "host/engine/common/prepare.h"
#include "host/engine/coordinator/variable_values.h"

namespace shoal {

static_assert(sizeof(SharedKey) == kKeyBytes);
using PublicKey = std::array<uint8_t, kDhBytes>;
using SecretKey = std::array<uint8_t, kDhBytes>;

struct CoordinatorConfig {
  const shoal_transport* transport = nullptr;
  bool insecure = false;  // then the cipher is a checksum and the key zeros
  SharedKey key{};
  // Instead of the key: whose nodes are known by their public keys.
  std::optional<SecretKey> identity;
  // Fills the span with unpredictable bytes.
  std::function<void(std::span<uint8_t>)> entropy;
  // Silence of a node that ends the run; and the lease of the nodes, while
  // which others do not get them though this coordinator is gone.
  uint64_t timeout_us = 5'000'000;
  // True: nodes that run are given up sooner, by what is known of them
  // (silence.h).
  bool derives_silence = false;
  // How long a node may take to answer at all, if that is less: for nodes that
  // were there a moment ago.
  uint64_t answer_us = UINT64_MAX;
  // Nodes are asked how they are at least so often, so that a fault is told
  // soon, however patient the coordinator is with silent ones.
  uint64_t ping_us = 500'000;
  // How many times that, plus the planned time of a frame, a run lasts in which
  // nodes say that they work and nothing comes of it.
  uint32_t patience = 30;
  std::string name;  // told to others; kHolderBytes of it, printable
  // By which nodes tell coordinators apart; 0: it is drawn.
  uint32_t number = 0;
  bool take_over = false;  // of nodes that others have
  // The numbers of the coordinators that this one follows: it takes over what
  // any of them has.
  std::vector<uint32_t> follows = {};
  // The advice to the user, told with the refusal of a node that another
  // coordinator has; and the flag that gives silent nodes more time, if there
  // is one.
  std::string busy_fix = "try again when it is free", time_flag;
  // Programs are trials (`shoal probe`): nodes that hold one of their own may
  // run them, too, in their arena.
  bool trials = false;
  KeyLimits key_limits;  // of sessions and of the coordinator's datagrams
  // Bytes of programs that have arrived, of all that have to; may be empty.
  std::function<void(int64_t sent, int64_t total)> progress;
  // Tells what may be wrong, while there is still hope; may be empty.
  std::function<void(const std::string&)> hint;
  // Tells the steps of a run; may be empty.
  std::function<void(const std::string&)> log;
};

// "more time by --node-timeout".
inline std::string more_time(const CoordinatorConfig& c) {
  return "more time" + (c.time_flag.empty() ? "" : " by " + c.time_flag);
}

// Whom to connect; `label` names it until its own name is known.
struct WorkerAddress {
  std::string label;
  uint64_t address = 0;
  PublicKey public_key{};  // of the node, with identities
  std::string name = {};   // which it has said to some coordinator

  // Returns the text that names it in messages.
  std::string text() const {
    return name.empty() || name == label ? label : name + " (" + label + ")";
  }
};

struct WorkerIdentity {
  std::string name, board;
  IdentityAnswer facts{};
  bool wants_sealed = false;  // programs that it reads from its storage
  bool one_core = false;      // computes, although the board has two
};

// Reads the answer to Request::kIdentity. Returns the reason for which it
// cannot be used; null: it can. `has_key`: the cluster has one key for all.
const char* read_identity(std::span<const uint8_t> answer, bool has_key,
                          WorkerIdentity& to);

// Returns whether a node holds the program that it was exported with, and takes
// no other one.
inline bool is_built_in(const IdentityAnswer& a) {
  return a.program_capacity == 0 && a.program_bytes != 0;
}

// Returns the reason that a reply other than kOk gives for refusing a program.
std::string because(Reply);
// Returns what a request asks a node to do: "take a program".
std::string purpose(Request);

struct WorkerReport {
  PingAnswer last{};   // what it said last
  int64_t writes = 0;  // of its program that were sent, the first time
  int64_t resent = 0;  // requests sent again
  bool held = false;   // it had the program already
  uint32_t found = 0;  // bytes of it that a broken transfer had left there
  uint64_t round_trip_us = 0;  // 0: not measured
};

// Why a node is given up.
enum class Loss : uint8_t {
  kDead,         // it answers nobody
  kUnreachable,  // another node reaches it, the coordinator does not
  kHung,         // it answers, and its program does not go on
  kCut,          // it and another node, `other`, do not reach each other
  kRestarted,    // it has started again
  kLeft,         // it has left the run
  kLying,        // it holds another program than the one that it took
};
struct LostNode {
  int worker = 0;
  Loss why = Loss::kDead;
  std::optional<int> other = {};  // kCut
};

// The step that follows when every node has its program.
enum class Then { kStart, kHold, kHandOver };

// A run whose frames depend on each other.
struct SequenceStart {
  // Frames after which all nodes wait for go_on(); 0: they do not.
  uint16_t every = 0;
  // The values of their variables before the first frame, with `every`; null:
  // the initial ones. Must outlive the start of the run.
  const VariableValues* values = nullptr;
};

// Whom the coordinator's streams go to and come from, with the secrets of an
// epoch: what another node needs in its place.
struct CoordinatorPlace {
  uint32_t epoch = 0;
  std::vector<PeerGrant> peers;
};

class Coordinator {
 public:
  // Throws Error(kInternal) for a configuration that lacks something.
  explicit Coordinator(CoordinatorConfig);
  ~Coordinator();
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  // Throws Error(kUsage) if two have one address.
  void connect(const std::vector<WorkerAddress>&);
  bool connected() const;
  const WorkerIdentity& identity(int worker) const;

  // Node i of the plan runs on worker i. `prepared` must outlive the run.
  // Throws Error(kDoesNotFit) naming a worker that is too small.
  // `successor`: the address of the node that has the coordinator's place then,
  // with kHandOver. `sequence`: what the frames of the run go on from.
  void deploy(const Prepared& prepared, Then then = Then::kStart,
              uint64_t successor = 0, const SequenceStart& sequence = {});
  // Returns the number by which its nodes know it.
  uint32_t number() const;
  // Returns the place of this coordinator, which its successor needs.
  const CoordinatorPlace& place() const;
  bool deployed() const;  // every node that has a part has its program
  bool started() const;

  // Frames that may be submitted now.
  int free_frames() const;
  // All inputs one after another, in the file's types; copied. Throws
  // Error(kUsage) if the size is wrong.
  void submit(std::span<const uint8_t> input);
  // Returns the outputs of the next frame, in the order of submission.
  std::optional<std::vector<uint8_t>> result();

  // Returns whether all frames have ended here: their inputs are with the
  // nodes, and their results are there.
  bool idle() const;
  // Asks all nodes what their variables hold after these frames of the run,
  // while the coordinator is idle; each answers once it has ended them. The
  // nodes must wait after this number of frames.
  void read_variables(uint32_t frames);
  // Returns that, once all have answered.
  std::optional<VariableValues> take_variables();
  // The nodes begin the next frame, after these frames of the run.
  void go_on(uint32_t frames);

  // Asks a connected worker for something beside the run. The receiver of the
  // answer judges it.
  void ask(int worker, Request, std::vector<uint8_t> data,
           std::function<void(Reply, std::span<const uint8_t>)> answer);

  // All connected nodes write the text to their logs, if they have any; as much
  // of it as a datagram takes.
  void write_logs(const std::string& text);

  // Returns whether the run has gone on without a worker that has no part in
  // it.
  bool is_gone(int worker) const;

  // Returns whether a connected worker gets an answer from a node that takes no
  // part; nothing: it is asked, call this again.
  std::optional<bool> reaches(int worker, const WorkerAddress& outsider);

  // Tells one node to leave the epoch and gives its lease back, without waiting
  // for its answer: a lost one has none. If that is lost on its way, the lease
  // runs out.
  void leave(int worker);
  // Tells the nodes to leave the epoch, and gives their leases back; those
  // that do not answer in half the time limit are left alone.
  void stop();
  bool stopped() const;
  // How many had a session then, and how many of them have said that they
  // stopped.
  struct StopCount {
    int asked = 0, answered = 0;
  };
  StopCount stop_count() const;
  // Passes a text to the configuration's hint.
  void hint(const std::string&) const;
  // Passes a step of the run to the configuration's log.
  void log(const std::string&) const;

  // Bounded work. Throws Error(kNode) naming the node.
  void poll();
  // In the transport's time; UINT64_MAX: never.
  uint64_t next_timer_us() const;
  // The transport's time.
  uint64_t now_us() const;
  // Returns the worker without which the others may go on, if that is what
  // poll() threw; none for any other error.
  std::optional<LostNode> loss() const;
  std::optional<int> lost() const;

  WorkerReport report(int worker) const;
  shoal_link_counters counters() const;  // of the coordinator's own link

 private:
  class Work;
  std::unique_ptr<Work> work_;
};

}  // namespace shoal
