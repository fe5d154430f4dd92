// One session of the coordinator with one node: the handshake, then numbered
// requests and their answers. Requests are repeated until they are answered;
// that the node got one twice, late or in another order does no harm
// (spec/datagrams.md, "Sessions"). Writes go out several at a time, everything
// else one by one; the heartbeat does not wait for anything.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "device/agent/keys.h"
#include "device/agent/silence.h"
#include "host/base/error.h"
#include "host/engine/coordinator/handshake.h"

namespace shoal {

class Conversation {
 public:
  using Answer = std::function<void(Reply, std::span<const uint8_t>)>;

  // `own` is the coordinator's random number. The configuration must outlive
  // this.
  Conversation(const CoordinatorConfig&, uint32_t own, const WorkerAddress&);

  uint64_t address() const { return address_; }
  bool open() const { return open_; }
  const std::string& name() const { return name_; }
  void rename(const std::string& name) { name_ = name; }

  // Sets the number of nodes whose heartbeats the coordinator's line carries: 1
  // if it is not called.
  void share_line(size_t nodes) { line_nodes_ = nodes; }

  // Queues a request.
  void ask(Request, std::vector<uint8_t> data, Answer);
  // Sends one at once, for which no other one waits: it changes nothing.
  void ask_beside(Request, std::vector<uint8_t> data, Answer);
  // Returns whether a write would go out at once.
  bool write_room() const;
  bool idle() const { return queue_.empty() && flights_.empty(); }
  // Returns whether such a request is under way.
  bool is_asked(Request r) const {
    return std::ranges::find(flights_, r, &Flight::request) != flights_.end();
  }
  // Forgets what is queued and under way.
  void clear();
  // Returns whether the node may hold a session of this conversation, open or
  // not: a hello that has not been answered may still be accepted.
  bool may_stand() const {
    return open_ ? !refused_ : handshake_->may_stand() && unheard_ > 0;
  }
  // Gives the open session back, and calls `then` when it is over, by whatever:
  // if the answer is lost, others may have the node by then.
  void give_back(std::function<void()> then);
  // From now on the node is only asked to stop, and refusals are no errors.
  void end();
  // Returns whether the node belongs to a coordinator that does not have all
  // its nodes yet and whose number is greater.
  bool is_outranked() const { return rival_ && rival_->number > own_; }
  // Returns whether a hello was said last of which it is not known whether the
  // node has accepted it.
  bool is_in_doubt() const {
    return !open_ && handshake_->may_stand() && !has_verdict_;
  }
  // Goes on after a time without poll().
  void resume(uint64_t now);

  // Returns whether the datagram claims to be of this conversation: where it
  // comes from does not count, nodes have several addresses or change them.
  bool owns(std::span<const uint8_t> datagram) const;
  // One that it owns. Throws Error(kNode) for refusals, Error(kBusy) if the
  // node has a session with another coordinator.
  void receive(uint64_t from, std::span<uint8_t> datagram);
  // Sends what is due; throws Error(kNode) if the node is silent, which tells
  // of what came that was not authentic.
  void poll(uint64_t now);
  uint64_t next_timer_us() const;
  // Something else authentic has come from the node.
  void heard();
  // The node is sent its program from now on.
  void deploys();
  // The node has started its program, which looks at its link that often.
  void runs(uint64_t longest_slice_us);
  // Called when the clock stood still or there was no poll: that is not the
  // node's silence.
  void excuse(uint64_t us);
  // Sets the callback for what the node says in a heartbeat's answer.
  void on_pong(std::function<void(const PingAnswer&)> f) {
    on_pong_ = std::move(f);
  }
  int64_t resent() const { return resent_; }
  // Returns whether the node has said that it is another incarnation, which has
  // nothing of this session.
  bool was_restarted() const { return was_restarted_; }
  // Returns whether it has not answered several times, so that others should
  // be asked to reach it.
  bool is_in_question() const { return open_ && unanswered_ > 2; }
  // Returns a hello for it that another node sends (Request::kRelay).
  std::vector<uint8_t> hello_by_others() {
    return (open_ ? probe_ : handshake_)->hello();
  }
  // Returns from where an answer to one has come since the node was heard
  // itself; 0: none has.
  uint64_t reached_from() const { return unanswered_ > 0 ? reached_from_ : 0; }
  // Returns the silence after which it is given up.
  uint64_t silence_us() const { return silence().limit_us; }
  // Returns the mean of the last round trips; 0: none was measured.
  uint64_t round_trip_us() const { return round_trip_us_; }
  // Returns the largest data of a write.
  uint32_t write_bytes(uint32_t node_payload) const;

 private:
  static constexpr size_t kFirstWrites = 2;
  static constexpr uint64_t kRetryUs = 500;  // the transport takes no more
  struct Flight {
    Request request{};
    std::vector<uint8_t> data;
    Answer answer;
    // Numbers (session_number) under which it was sent, and when.
    std::vector<std::pair<uint64_t, uint64_t>> packets = {};
    uint64_t first_at = 0, sent_at = 0;
    bool refused = false;  // by the transport
    bool beside = false;   // no other one waits for it
    bool lost = false;     // a later one was answered
    int tries = 0;
  };

  // Returns where the node is now, or, if it does not answer there, where it
  // should be: a forwarded datagram must not lead away from it.
  uint64_t destination() const {
    return unanswered_ > 1 && unanswered_ % 2 == 0 ? home_ : address_;
  }
  const shoal_cipher& cipher() const;
  // Those that others do not wait for are in front.
  static bool are_pieces(Request first, Request next);
  bool has_turn() const { return flights_.empty() || flights_.back().beside; }
  uint64_t now() const;
  void say(const std::vector<uint8_t>& hello) const;
  const Identity* identity() const {
    return config_.identity ? &identity_ : nullptr;
  }
  void say_hello(uint64_t now);
  void hear(std::span<const uint8_t> answer);
  void hear_probe(uint64_t from, std::span<const uint8_t> answer);
  void accepted(uint32_t lease_ms);
  void claimed(const HelloBody&);
  bool is_mine(const HelloBody&) const;
  // Returns whether it is one that this coordinator follows, which has the
  // node; then asks again, for what that one has.
  bool follows(const HelloBody&);
  void ask_for_held();
  // Returns whether a hello of now would ask for what is no longer wanted.
  bool is_refused() const { return ending_ && has_verdict_; }
  [[noreturn]] void busy(const HelloBody&);
  void hint(const std::string&);
  [[noreturn]] void refused(const std::string& why, const std::string& fix,
                            Exit = Exit::kNode);
  void reply(const ReplyHead&, std::span<const uint8_t> data);
  void send(Flight&, uint64_t now);
  void fill(uint64_t now);
  // Returns whether the node may do something that takes long in one piece.
  bool is_busy() const;
  // The silence after which it is given up, and the times of heartbeats.
  SilenceLimits silence() const;
  SilenceLimits on_its_line(SilenceLimits) const;
  void heartbeat(uint64_t now);
  void measure(uint64_t took);
  bool answers(const ReplyHead&, const Flight&);
  void find_lost_write(uint64_t answered);
  void adapt_writes();
  uint64_t due(const Flight&) const;  // when it is sent again

  // A coordinator that has the node, though not all that it wants, and since
  // when the node has said so.
  struct Rival {
    uint32_t number;
    uint64_t since;
  };

  const CoordinatorConfig& config_;
  const uint32_t own_;
  std::string name_;
  uint64_t address_;  // from which the node was heard last
  uint64_t home_;     // that was given
  bool open_ = false;
  bool refused_ = false;
  std::string hint_;  // what unsigned answers said last
  Identity identity_;
  std::optional<Handshake> handshake_;
  bool insists_ = false;      // takes over claims, too
  bool follows_ = false;      // takes over what one before has
  bool has_verdict_ = false;  // the last hello has been refused
  bool ending_ = false;
  std::function<void()> given_back_;
  uint32_t unheard_ = 0;  // hellos that have not been answered
  std::optional<Rival> rival_;
  std::optional<Handshake> probe_;  // asks whether the session still stands
  uint32_t session_ = 0;
  uint64_t ping_us_ = 0;
  ReceivePhases from_node_;
  SendPhases to_node_;
  uint64_t hello_at_ = 0, hello_gap_us_ = 0;
  uint64_t heard_at_ = 0, ping_at_ = 0;
  int unanswered_ = 0;  // heartbeats, since it was heard
  bool runs_ = false, deploys_ = false;
  uint64_t longest_us_ = 0;     // that it may be, or was, away from its link
  uint64_t round_trip_us_ = 0;  // 0: not measured
  uint64_t deviation_us_ = 0, least_trip_us_ = UINT64_MAX;
  size_t line_nodes_ = 1;
  size_t writes_ = kFirstWrites;  // that may be under way
  int64_t resent_ = 0;
  bool was_restarted_ = false;
  uint64_t reached_from_ = 0;
  std::deque<Flight> queue_, flights_;
  Flight ping_;
  std::function<void(const PingAnswer&)> on_pong_;
};

}  // namespace shoal
