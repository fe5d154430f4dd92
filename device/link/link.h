// The link of one node: datagrams to and from its peers, reliable per peer,
// with credit per stream. It knows nothing of rings or rows: it asks its owner
// (Streams) for bytes to send and hands it bytes that came, in order.
//
// A datagram that arrives is checked and opened in the caller's buffer; only
// bytes that are new and within credit reach the owner. There are no
// retransmission buffers: lost bytes are asked of the owner again, which keeps
// them until released() says that they have arrived.
//
// Bytes behind a gap have their place already. They are placed as long as the
// list of ranges of their in-stream (gaps.h; the program says how long it is)
// has room for them; else their datagram is not acknowledged. Without a list
// bytes are placed in order only. A sender keeps a flight for each fragment
// until that is acknowledged, and sends again those that were lost.
//
// Memory: the tables (device/program/link_layout.h) and the packet buffer are
// the caller's; the link allocates nothing and blocks never.
//
//   link.cc     opening, stages, timers
//   send.cc     from the owner's bytes to datagrams
//   receive.cc  from datagrams to the owner, acknowledgements, losses
//   gaps.h      what of a stream lies behind its first missing byte
//   wire.h      the bytes
#pragma once

#include <cstdint>

#include "device/base/status.h"
#include "device/program/link_layout.h"
#include "device/shoal.h"

namespace shoal {

class ItemWriter;
struct Item;

// The owner of the streams of the stage under way. Targets and in-streams are
// counted within the stage, in-streams of the next one behind them; offsets are
// absolute (see StreamRecord). What is called here must not call the link.
class Streams {
 public:
  // Returns the offset before which bytes may be sent to the target.
  virtual uint32_t ready(uint16_t target) const = 0;
  // Copies bytes [offset, offset + bytes), all before ready().
  virtual void read(uint16_t target, uint32_t offset, uint8_t* to,
                    uint32_t bytes) const = 0;
  // The target has all bytes before `offset`; they are not asked for again.
  virtual void released(uint16_t target, uint32_t offset) = 0;
  // Returns the offset before which bytes may be placed. It never goes back,
  // and never beyond the last byte of the frame under way: what is said of a
  // stream outside its stage rests on that (Link::place_fragment).
  virtual uint32_t limit(uint16_t stream) const = 0;
  // Takes bytes of an in-stream; all before limit(), each byte once.
  virtual void place(uint16_t stream, uint32_t offset, const uint8_t* from,
                     uint32_t bytes) = 0;
  // All bytes before `offset` have been placed now.
  virtual void arrived(uint16_t stream, uint32_t offset) = 0;

 protected:
  ~Streams() = default;
};

// In-streams and targets of a stage, by the program's numbers. The records
// stay where they are until the next stage begins.
struct LinkStage {
  const StreamRecord* streams = nullptr;  // in-streams first
  const TargetRecord* targets = nullptr;
  uint16_t in_streams = 0, target_count = 0;
  uint16_t first_stream = 0, first_target = 0;  // numbers
  // In-streams of the stage behind it, if rows of some may come already: they
  // are counted behind its own, and their records stay as long.
  const StreamRecord* next = nullptr;
  uint16_t next_in_streams = 0;

  uint32_t all_in_streams() const {
    return uint32_t{in_streams} + next_in_streams;
  }
  const StreamRecord& in_stream(uint32_t i) const {
    return i < in_streams ? streams[i] : next[i - in_streams];
  }
};

class Link {
 public:
  static constexpr uint64_t kNever = ~uint64_t{0};

  // `peers` as in the program; `tables` as laid out for `counts`, zeroed here.
  // All that `config` points to must outlive the link. kBadArgument: the
  // transport's datagrams are too short.
  Status open(const shoal_link& config, Streams& owner, uint16_t node,
              const PeerEntry* peers, const LinkCounts& counts,
              uint8_t* tables);

  // A stage begins; the one before must be complete, that is all of its
  // in-streams received and all of its targets acknowledged up to the end of
  // the frame. Then each of its targets and in-streams, and those of the next
  // stage, is started at the absolute offset at which the frame under way
  // begins; but what was one of the next stage's before goes on as it is.
  void begin_stage(const LinkStage&);
  void start_target(uint16_t target, uint32_t offset);
  void start_stream(uint16_t stream, uint32_t offset);

  // Takes one datagram of kind data. kOk: it was genuine and new. Others are
  // refused and counted, and change nothing. kBadTag: forged, kStale: of
  // another epoch or seen before, kBadRecord: malformed.
  Status receive(uint64_t address, uint8_t* datagram, uint32_t bytes);

  // Owner's news: rows became ready for sending, or space for placing. Cheap.
  void wake() { awake_ = true; }
  // Sends full datagrams, what is the only thing on its way to a peer, and
  // with `flush` (the owner is idle) whatever there is. Acknowledgements and
  // credit ride along with rows. Where there are none, they go after a moment,
  // or at once if two datagrams came or the sender may be waiting for them;
  // though not before a flush while rows have lately come to take them along.
  // Looks after lost datagrams and probes. Without news it costs next to
  // nothing.
  void send(bool flush);
  // Sends a datagram at once that the peer answers, whatever it waits for.
  // `now`: the transport's time.
  void probe(uint16_t peer, uint64_t now) {
    peers_[peer].flags |= kProbe;
    send_datagram(peer, false, now);
  }
  // Returns when send() may have something to do though nothing happens, or
  // kNever.
  uint64_t next_timer_us() const {
    return timer_us_ < retry_at_us_ ? retry_at_us_ : timer_us_;
  }

  // Returns the offset before which all bytes have been placed.
  uint32_t received(uint16_t stream) const { return streams_[stream].received; }
  uint32_t acknowledged(uint16_t target) const {
    return targets_[target].acknowledged;
  }
  const shoal_link_counters& counters() const { return counters_; }
  // Returns how many time-outs and probes in a row nothing at all has come from
  // a peer, up to 7.
  uint8_t unheard(uint16_t peer) const {
    return static_cast<uint8_t>(peers_[peer].flags / kUnheardOnce);
  }
  // Returns the most of all peers, and sets the node of the one; 0: none.
  uint8_t silent_peer(uint16_t& node) const;

 private:
  // PeerState::flags.
  static constexpr uint16_t kOwed = 1;        // an answer, within some time
  static constexpr uint16_t kAnswer = 2;      // without that delay
  static constexpr uint16_t kLate = 4;        // the time has passed
  static constexpr uint16_t kCredit = 8;      // there is credit to be told
  static constexpr uint16_t kCreditDue = 16;  // and the sender has no more
  static constexpr uint16_t kBlocked = 32;    // a target waits for credit alone
  static constexpr uint16_t kProbe = 64;      // and it is time to ask
  static constexpr uint16_t kLost = 128;      // bytes that had been flushed
  static constexpr uint16_t kTold = 512;      // credit, not yet acknowledged
  static constexpr uint16_t kRides = 256;     // answers find rows to ride with
  static constexpr uint16_t kGap = 1024;      // something before is missing
  static constexpr uint16_t kWaits = 2048;    // for rows that have credit
  static constexpr uint16_t kMore = 4096;     // credit than was told so far
  static constexpr uint16_t kUnheardOnce = 8192;  // a count in the upper bits
  static constexpr uint16_t kUnheard = 7 * kUnheardOnce;

  static constexpr uint32_t kAnswerDelayUs = 500;
  // Fragments that must arrive before haste ends that peers have told of: fewer
  // than after a loss of its own, so that it does not go round.
  static constexpr uint16_t kToldOfLosses = 32;
  // Then the sender has no rows, or asks itself when it has.
  static constexpr uint8_t kMostTells = 6;

  // link.cc
  uint64_t now_us() const;
  void lower_timer(uint64_t at_us) {
    if (at_us < timer_us_) timer_us_ = at_us;
  }
  uint32_t trip_us(uint16_t peer, bool haste) const;
  uint32_t again_us(uint16_t peer, uint16_t times, uint32_t more_us) const;
  bool crowded(uint16_t peer) const;
  bool hasty(uint16_t peer) const;
  uint32_t timeout_us(uint16_t peer) const;
  uint32_t tell_us(uint16_t peer) const;
  bool may_tell(const PeerState&) const;
  void owe(PeerState&, uint64_t now);
  static void note_silence(PeerState&);
  uint32_t probe_us(uint16_t peer) const;
  void run_timers(uint64_t now);
  bool time_out(uint16_t peer, uint32_t time);
  void find_timers(uint64_t now);
  Flight* flights_of(uint16_t peer) {
    return flights_ + peers_[peer].first_flight;
  }
  void lose(uint16_t peer, Flight&);
  void lose_all(uint16_t peer, uint16_t target);
  void carry_streams(const LinkStage&);
  Range* ranges_of(uint32_t stream) { return ranges_ + stream * counts_.gaps; }

  // send.cc
  uint32_t sendable(uint16_t target) const;
  void survey(uint64_t now);
  void survey_lost(uint16_t peer);
  uint16_t window(uint16_t peer) const;
  void note_refusal(uint16_t peer, uint64_t now);
  void tell_again(uint16_t peer, bool flush, uint64_t now);
  bool serve(uint16_t peer, bool flush, uint64_t now);
  bool send_datagram(uint16_t peer, bool fragments, uint64_t now);
  void note_answer(PeerState&, bool rows, uint64_t now);
  void write_acks(const PeerState&, ItemWriter&) const;
  bool write_credit(uint16_t peer, uint32_t packet, uint64_t now, ItemWriter&,
                    uint32_t& credits);
  bool has_news(uint16_t peer, uint16_t stream) const;
  void note_credit(uint16_t peer, uint32_t credits);
  uint32_t write_fragments(uint16_t peer, uint32_t packet, uint64_t now,
                           ItemWriter&);
  uint32_t write_lost(uint16_t peer, uint32_t packet, uint64_t now,
                      ItemWriter&);
  Flight* unused_flight(uint16_t peer);
  Flight* next_lost(uint16_t peer);
  void count_fragments(uint16_t peer, uint32_t packet);
  void take_back(uint16_t peer, uint32_t packet);
  void repeat_credit(uint16_t peer);

  // receive.cc
  bool find_peer(uint16_t node, uint16_t& peer);
  bool legal(uint16_t peer, const uint8_t* items, uint32_t bytes) const;
  bool legal_item(uint16_t peer, const Item&) const;
  // The parts of a datagram that was taken.
  struct Taken {
    bool all = true;  // of it was placed
    bool fragments = false, credit = false;
  };
  Taken take_items(uint16_t peer, const uint8_t* items, uint32_t bytes,
                   uint64_t now);
  void take_ack(uint16_t peer, const Item&, uint64_t now);
  void take_credit(uint16_t peer, const Item&);
  void acknowledge(uint16_t peer, uint16_t target);
  void take_watched(uint16_t peer, const Item& ack, uint64_t now);
  void note_loss();
  void find_losses(uint16_t peer, uint32_t largest);
  bool place_fragment(uint16_t peer, const Item&, uint64_t now);
  void place_new(uint16_t stream, const Item&, uint32_t begin);
  void measure(uint16_t peer, uint32_t sample_us);

  const shoal_link* config_ = nullptr;
  Streams* owner_ = nullptr;
  const PeerEntry* entries_ = nullptr;
  LinkStage stage_;
  LinkCounts counts_;
  uint32_t* limits_ = nullptr;
  TargetState* targets_ = nullptr;
  StreamState* streams_ = nullptr;
  Range* ranges_ = nullptr;  // counts_.gaps for each of them
  PeerState* peers_ = nullptr;
  Flight* flights_ = nullptr;
  uint64_t timer_us_ = kNever;
  uint64_t retry_at_us_ = 0;  // the transport takes nothing before
  uint32_t retry_us_ = 0;
  uint16_t payload_ = 0;   // of a datagram, at most
  uint16_t capacity_ = 0;  // of a datagram with one fragment and nothing else
  uint16_t first_ = 0;     // peer that is served first
  uint16_t carried_ = 0;   // in-streams that were the next stage's before
  uint16_t entered_ = 0;   // in-stream numbers below this have had credit
  uint16_t node_ = 0;
  uint16_t recent_ = 0;  // peer that was heard last
  bool awake_ = false;
  bool held_ = false;  // bytes wait for a flush
  // A measure of losses to any peer: much more for each loss, one less for each
  // fragment that arrives. 0: unanswered datagrams were not lost, their
  // receiver is away.
  uint16_t losses_ = 0;
  shoal_link_counters counters_{};
};

}  // namespace shoal
