// Requests of a session: what is under way, sent again, answered.
#include <algorithm>
#include <cstring>

#include "host/base/error.h"
#include "host/engine/coordinator/conversation.h"

namespace shoal {
namespace {

constexpr size_t kMostWrites = 8;
// Answers that take longer have waited behind what is sent to all nodes:
// further writes would only wait, too, and so would the heartbeats.
constexpr uint64_t kQueueUs = 250'000, kLongQueueUs = 1'000'000;
// A write counts as lost when one is answered that was sent this many later.
constexpr uint64_t kOvertaken = 3;
constexpr uint64_t kFirstPatienceUs = 100'000, kMostPatienceUs = 500'000;
constexpr uint64_t kLeastPatienceUs = 20'000;

}  // namespace

// RFC 6298, section 2.
void Conversation::measure(uint64_t took) {
  least_trip_us_ = std::min(least_trip_us_, took);
  if (runs_) longest_us_ = std::max(longest_us_, took);
  if (round_trip_us_ == 0) {
    round_trip_us_ = std::max<uint64_t>(took, 1);
    deviation_us_ = took / 2;
    return;
  }
  const uint64_t off =
      took > round_trip_us_ ? took - round_trip_us_ : round_trip_us_ - took;
  deviation_us_ = (3 * deviation_us_ + off) / 4;
  round_trip_us_ = std::max<uint64_t>((7 * round_trip_us_ + took) / 8, 1);
}

// Every packet has a number of its own, so that answers to repeated requests
// tell of round trips too.
bool Conversation::answers(const ReplyHead& head, const Flight& f) {
  if (f.request != head.request) return false;
  for (const auto& [number, at] : f.packets) {
    if (number != session_number(head.phase, head.packet)) continue;
    measure(now() - at);
    find_lost_write(number);
    return true;
  }
  return false;
}

// A node that keeps programs in storage answers no write before the ones that
// lie before it, so only the oldest is known to be lost.
void Conversation::find_lost_write(uint64_t answered) {
  const auto sent_before = [](const Flight& a, const Flight& b) {
    return a.packets.back().first < b.packets.back().first;
  };
  auto oldest = flights_.end();
  for (auto f = flights_.begin(); f != flights_.end(); ++f) {
    if (f->request != Request::kWrite || f->packets.empty()) continue;
    if (oldest == flights_.end() || sent_before(*f, *oldest)) oldest = f;
  }
  if (oldest == flights_.end()) return;
  oldest->lost |= oldest->packets.back().first + kOvertaken <= answered;
}

// Called when a write was answered that was sent once.
void Conversation::adapt_writes() {
  if (round_trip_us_ > kLongQueueUs) {
    writes_ = std::max<size_t>(writes_ - 1, 1);
  } else if (round_trip_us_ < kQueueUs && writes_ < kMostWrites) {
    ++writes_;
  }
}

void Conversation::reply(const ReplyHead& head, std::span<const uint8_t> data) {
  if (head.request == Request::kPing) {
    PingAnswer pong;
    if (!answers(head, ping_) || data.size() != sizeof pong) return;
    std::memcpy(&pong, data.data(), sizeof pong);
    ping_.packets.clear();
    if (on_pong_) on_pong_(pong);
    return;
  }
  const auto at = std::ranges::find_if(
      flights_, [&](const Flight& f) { return answers(head, f); });
  if (at == flights_.end()) return;
  if (at->tries == 1) adapt_writes();
  const Flight done = std::move(*at);
  flights_.erase(at);
  // How it was before it started is no news when it comes late.
  if (done.request == Request::kStart) ping_.packets.clear();
  if (done.answer) done.answer(head.reply, data);
  fill(now());
}

void Conversation::send(Flight& f, uint64_t now) {
  const shoal_transport& t = *config_.transport;
  std::vector<uint8_t> packet(t.max_payload);
  uint16_t phase = 0;
  uint32_t number = 0;
  if (!to_node_.next(config_.key_limits, now, phase, number)) {
    refused("its session has sent as many datagrams as one key allows",
            "start the run again");
  }
  const SessionHead head{Kind::kSession, kSessionVersion, phase, session_,
                         number};
  const RequestHead request{f.request, {}};
  uint8_t* const body = packet.data() + sizeof head;
  std::memcpy(packet.data(), &head, sizeof head);
  std::memcpy(body, &request, sizeof request);
  std::ranges::copy(f.data, body + sizeof request);
  const auto bytes = static_cast<uint32_t>(sizeof request + f.data.size());
  if (cipher().seal(to_node_.key(), session_nonce(head.packet), packet.data(),
                    sizeof head, body, bytes) != 0) {
    throw Error(Exit::kInternal, "a session datagram cannot be sealed");
  }
  f.refused = t.send(t.user, destination(), packet.data(),
                     static_cast<uint32_t>(sizeof head) + bytes +
                         cipher().tag_bytes) != 0;
  f.sent_at = now;
  if (f.refused) return;
  f.lost = false;
  f.packets.emplace_back(session_number(phase, number), now);
  if (++f.tries == 1) {
    f.first_at = now;
    return;
  }
  ++resent_;
  if (f.request == Request::kWrite) writes_ = std::max<size_t>(writes_ / 2, 1);
}

void Conversation::fill(uint64_t now) {
  while (open_ && !queue_.empty()) {
    const bool room = has_turn() || (flights_.size() < writes_ &&
                                     are_pieces(flights_.back().request,
                                                queue_.front().request));
    if (!room) return;
    flights_.push_back(std::move(queue_.front()));
    queue_.pop_front();
    send(flights_.back(), now);
  }
}

uint64_t Conversation::due(const Flight& f) const {
  if (f.refused) return f.sent_at + kRetryUs;
  if (f.lost) return f.sent_at;
  uint64_t us = kFirstPatienceUs;
  if (round_trip_us_ != 0) {
    const uint64_t spread = std::max(4 * deviation_us_, round_trip_us_ / 2);
    // A node is silent about variables until its frame has ended, which is
    // soon.
    us = round_trip_us_ + spread;
    if (f.request != Request::kVariable) us = std::max(us, kLeastPatienceUs);
  }
  const uint64_t most = std::max(kMostPatienceUs, 4 * us);
  for (int i = 1; i < f.tries && us < most; ++i) us *= 2;
  return f.sent_at + std::min(us, most);
}

}  // namespace shoal
