// The implementation of Coordinator: the conversations, the step that each
// worker has reached, the link with all nodes.
//
//   work.cc      connecting, polling
//   deploy.cc    programs, keys, the start of an epoch
//   variables.cc  what nodes keep from frame to frame
//   watch.cc     silence, faults, standstill, claims; stopping
//   reach.cc     whether nodes reach each other
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "device/link/link.h"
#include "host/engine/coordinator/conversation.h"
#include "host/engine/coordinator/coordinator.h"
#include "host/engine/coordinator/evidence.h"
#include "host/engine/coordinator/frame_streams.h"
#include "host/engine/coordinator/variable_values.h"

namespace shoal {

class Coordinator::Work {
 public:
  explicit Work(CoordinatorConfig);

  void connect(const std::vector<WorkerAddress>&);
  bool connected() const { return phase_ >= Phase::kConnected; }
  const WorkerIdentity& identity(int worker) const {
    return workers_.at(static_cast<size_t>(worker))->identity;
  }
  void deploy(const Prepared&, Then, uint64_t successor, const SequenceStart&);
  std::optional<bool> reaches(size_t worker, const WorkerAddress& outsider);
  void read_variables(uint32_t frame);
  void go_on(uint32_t frames);
  std::optional<VariableValues> take_variables();
  const CoordinatorPlace& place() const { return place_; }
  uint32_t number() const { return own_; }
  void ask(int worker, Request request, std::vector<uint8_t> data,
           Conversation::Answer answer) {
    workers_.at(static_cast<size_t>(worker))
        ->talk.ask(request, std::move(data), std::move(answer));
  }
  void write_logs(const std::string& text);
  bool is_gone(int worker) const {
    const auto at = static_cast<size_t>(worker);
    return at < workers_.size() && workers_[at]->gone;
  }
  bool deployed() const { return phase_ >= Phase::kDeployed; }
  bool started() const { return phase_ == Phase::kRunning; }
  FrameStreams* frames() { return frames_.get(); }
  const FrameStreams* frames() const { return frames_.get(); }
  void news();
  void leave(int worker);
  void stop();
  bool stopped() const { return phase_ == Phase::kStopped; }
  StopCount stop_count() const { return stop_count_; }
  void hint(const std::string& text) const {
    if (config_.hint) config_.hint(text);
  }
  void log(const std::string& text) const {
    if (config_.log) config_.log(text);
  }
  void poll();
  uint64_t next_timer_us() const;
  uint64_t now() const;
  std::optional<LostNode> loss() const { return loss_; }
  WorkerReport report(int worker) const;
  shoal_link_counters counters() const;

 private:
  enum class Phase {
    kNew,
    kConnecting,
    kConnected,
    kDeploying,
    kDeployed,  // every node has its program
    kGranting,
    kRunning,
    kStopping,
    kStopped,
  };
  struct Worker {
    Worker(const CoordinatorConfig& config, uint32_t own,
           const WorkerAddress& where)
        : talk(config, own, where), address(where) {}
    Conversation talk;
    WorkerAddress address;
    size_t number = 0;
    WorkerIdentity identity;
    WorkerReport report;
    bool asked = false;    // who it is
    bool keeps = false;    // has been told that it is kept
    bool leaving = false;  // is given back while others connect (give_way)
    bool left = false;     // has been given back
    bool waits = false;    // for the node that is asked first
    bool known = false;    // and it has said so
    bool used = false;     // has a part in the plan
    bool gone = false;     // had none, and the run has gone on without it
    bool sending = false;
    bool ready = false;    // has its program
    bool checked = false;  // and says so
    bool running = false;  // in this epoch
    bool stopped = false;
    uint32_t next_byte = 0;      // of its program
    uint64_t relay_at = 0;       // when others are asked to reach it again
    std::vector<size_t> relays;  // who they were
  };
  using Secret = std::array<uint8_t, kKeyBytes>;

  // work.cc
  [[noreturn]] void refuse(const Worker&, const std::string& why,
                           const std::string& fix = {}) const;
  // Remembers that the run is over because of this worker.
  void lose(Worker&, Loss why);
  void receive();
  void step(uint64_t now);
  Worker* find(std::span<const uint8_t> datagram);
  std::unique_ptr<Worker> make_worker(size_t number, const WorkerAddress&,
                                      size_t all);
  void ask_identity(Worker&);
  void ask_names(Worker&);
  void give_way(uint64_t now);
  void keep_all();
  void all_known();

  // reach.cc
  void ask_others_for(Worker&, uint64_t now);
  // Returns whether a hello for the conversation's node fits the worker's link.
  bool relay(Worker& by, Conversation& to, uint64_t address);
  // Returns whether the run goes on without the node, which has no part in it.
  bool goes_on_without(Worker&, const Error& why);
  [[noreturn]] void give_up(Worker&, const Error& silence);
  void watch_links(uint64_t now);
  std::string name_of(size_t worker) const;

  // deploy.cc
  void check_fit(int worker) const;
  void begin(int worker);
  void send_program(int worker);
  void end(int worker);
  void check_held(int worker);
  void tell_progress();
  void draw_secrets();
  void grant(int worker, uint16_t first);
  void start(int worker, uint16_t turn);
  void open_link();
  void hand_over();
  void advance();

  // variables.cc
  template <class Piece>
  void for_pieces(const Worker&, Piece) const;
  bool keeps_variables(const Worker&) const;
  bool is_given_values(const Worker&) const;
  void give_values(Worker&);

  // watch.cc
  void excuse_own_absence(uint64_t now);
  void start_watch();
  void pong(Worker&, const PingAnswer&);
  void watch_progress(uint64_t now);
  void watch_evidence(uint64_t now);
  void begin_wait(uint64_t now);
  std::string states() const;
  void stop_step(uint64_t now);

  CoordinatorConfig config_;
  Phase phase_ = Phase::kNew;
  uint32_t own_ = 0;  // random: no other coordinator has it
  std::vector<std::unique_ptr<Worker>> workers_;
  // The node that this coordinator was refused and that it asks before all
  // others; only while it connects.
  std::optional<size_t> first_;
  std::optional<LostNode> loss_;
  // A node that takes no part, which a worker is to reach.
  struct Outsider {
    size_t worker;
    uint64_t address, asked_at;
    Conversation talk;
    bool answers = false;
  };
  std::unique_ptr<Outsider> outsider_;
  std::vector<uint8_t> datagram_, packet_;
  uint64_t due_at_ = 0;  // when poll() should be called next
  uint64_t stop_until_ = 0;
  StopCount stop_count_;

  const Prepared* prepared_ = nullptr;
  Then then_ = Then::kStart;
  uint64_t successor_ = 0;
  CoordinatorPlace place_;
  uint32_t epoch_ = 0;
  std::map<std::pair<int, int>, Secret> secrets_;  // lower node first
  CoordinatorLinks links_;
  std::vector<shoal_peer> peers_;
  std::vector<uint64_t> tables_;
  shoal_link link_config_{};
  std::unique_ptr<FrameStreams> frames_;
  Link link_;
  SequenceStart sequence_;
  std::optional<VariableValues> read_;
  size_t reads_ = 0;  // pieces of them that have no answer

  // The progress of the nodes and the coordinator when it last grew.
  uint64_t progress_ = 0, progress_at_ = 0;
  std::optional<Evidence> evidence_;
  uint64_t news_at_ = 0, most_wait_us_ = 0;
};

}  // namespace shoal
