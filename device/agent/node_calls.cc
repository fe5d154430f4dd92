#include "device/agent/node_calls.h"

#include <cstring>

namespace shoal {
namespace {

constexpr uint32_t kLeastAgainUs = 10'000, kFirstAgainUs = 50'000;
constexpr uint32_t kMostAgainUs = 500'000;
constexpr uint8_t kMostTries = 255;

constexpr bool is_hello(CallStep s) {
  return s == CallStep::kHello || s == CallStep::kProbe || s == CallStep::kTake;
}

Request request_of(CallStep s) {
  switch (s) {
    case CallStep::kNames:
      return Request::kNames;
    case CallStep::kBegin:
      return Request::kBegin;
    case CallStep::kPeers:
      return Request::kPeers;
    default:
      return Request::kStart;
  }
}

}  // namespace

void NodeCalls::open(const CallConfig& config, const shoal_transport& transport,
                     const shoal_cipher& cipher, CallOwner& owner,
                     NodeCall* calls, uint16_t nodes, uint16_t lease_ms) {
  c_ = config;
  transport_ = &transport;
  cipher_ = &cipher;
  owner_ = &owner;
  calls_ = calls;
  nodes_ = nodes;
  lease_ms_ = lease_ms;
}

// Without a key nothing is secret, and numbers need only be new.
void NodeCalls::draw(uint8_t* out, uint32_t bytes, uint64_t now) {
  if (c_.entropy && c_.entropy(c_.entropy_user, out, bytes) == 0) return;
  const uint64_t number = now ^ uint64_t { c_.number } << 32;
  ++drawn_;
  std::memset(out, 0, bytes);
  std::memcpy(out, &number, sizeof number);
  std::memcpy(out + sizeof number, &drawn_, sizeof drawn_);
}

SilenceLimits NodeCalls::silence(uint16_t node) const {
  const NodeCall& call = calls_[node];
  const uint64_t most = 1000u * lease_ms_;
  if (call.least_us == 0) return {most, 0, kFirstAgainUs};
  SilenceLimits s = silence_of(call.least_us, call.trip_us, call.longest_us);
  if (s.limit_us > most) s.limit_us = most;
  return s;
}

void NodeCalls::ask(uint16_t node, CallStep step, uint64_t now) {
  NodeCall& call = calls_[node];
  call.step = step;
  call.tries = 0;
  call.asked_us = now;
  call.first_packet = call.packet;
  if (step == CallStep::kNone) return;
  if (step == CallStep::kHello) draw(call.nonce, sizeof call.nonce, now);
  send(node, now);
}

// Watched nodes are asked often enough that single losses make no silence.
uint64_t NodeCalls::due(uint16_t node) const {
  const NodeCall& call = calls_[node];
  if (call.step == CallStep::kNone || (call.lost && !call.back)) {
    return UINT64_MAX;
  }
  uint64_t again = silence(node).again_us;
  if (again < kLeastAgainUs) again = kLeastAgainUs;
  if (!is_hello(call.step)) {
    if (again < kFirstAgainUs) again = kFirstAgainUs;
    for (int i = 1; i < call.tries && again < kMostAgainUs; ++i) again *= 2;
  }
  return call.sent_us + again;
}

void NodeCalls::poll(uint64_t now) {
  for (uint16_t i = 0; i < nodes_; ++i) {
    if (now >= due(i)) send(i, now);
  }
}

uint64_t NodeCalls::next_timer_us() const {
  uint64_t at = UINT64_MAX;
  for (uint16_t i = 0; i < nodes_; ++i) {
    const uint64_t one = due(i);
    if (one < at) at = one;
  }
  return at;
}

// A datagram that cannot be sent counts as lost: it is sent again.
void NodeCalls::send(uint16_t node, uint64_t now) {
  NodeCall& call = calls_[node];
  if (call.tries < kMostTries) ++call.tries;
  call.sent_us = now;
  if (is_hello(call.step)) return send_hello(call);
  send_request(node);
}

void NodeCalls::send_hello(NodeCall& call) const {
  Hello h{};
  h.head = {Kind::kHello, kSessionVersion,
            c_.insecure ? Mode::kInsecure : Mode::kPreShared, Verdict{},
            kArithmetic};
  std::memcpy(h.coordinator_nonce, call.nonce, kNonceBytes);
  if (call.step != CallStep::kHello) {
    std::memcpy(h.node_nonce, call.node_nonce, kNonceBytes);
  }
  h.body.code =
      call.step == CallStep::kTake ? kTakeOver | kTakeClaimed : kProbe;
  h.body.version = kSessionVersion;
  h.body.detail = lease_ms_;
  // A probe asks for a session that there is not: the answer says whose it is.
  if (call.step == CallStep::kTake) h.body.value = c_.number;
  for (uint32_t i = 0; i < kHolderBytes && c_.name[i]; ++i) {
    h.body.holder[i] = c_.name[i];
  }
  sign(c_.key, h);
  static_cast<void>(
      transport_->send(transport_->user, call.address, &h, sizeof h));
}

void NodeCalls::send_request(uint16_t node) {
  NodeCall& call = calls_[node];
  uint8_t packet[kLeastPayload];
  const SessionHead head{Kind::kSession, kSessionVersion, 0, call.session,
                         call.packet++};
  const RequestHead request{request_of(call.step), {}};
  uint8_t* const body = packet + sizeof head;
  std::memcpy(packet, &head, sizeof head);
  std::memcpy(body, &request, sizeof request);
  const auto bytes = static_cast<uint32_t>(
      sizeof request + owner_->request_data(node, body + sizeof request));
  if (cipher_->seal(call.to_node, session_nonce(head.packet), packet,
                    sizeof head, body, bytes) != 0) {
    return;
  }
  static_cast<void>(transport_->send(
      transport_->user, call.address, packet,
      static_cast<uint32_t>(sizeof head) + bytes + cipher_->tag_bytes));
}

bool NodeCalls::receive(uint8_t* datagram, uint32_t bytes, uint64_t now) {
  switch (static_cast<Kind>(datagram[0])) {
    case Kind::kAnswer:
      return answer(datagram, bytes, now);
    case Kind::kSession:
      return session(datagram, bytes, now);
    default:
      return false;
  }
}

// `took`: since a question was asked first, a round trip at least.
void NodeCalls::measure(NodeCall& call, uint64_t took) {
  const uint32_t us =
      took > 0xFFFF'FFFF ? 0xFFFF'FFFF : static_cast<uint32_t>(took | 1);
  if (call.least_us == 0 || us < call.least_us) call.least_us = us;
  if (us > call.longest_us) call.longest_us = us;
  const auto mean =
      static_cast<uint32_t>((7 * uint64_t{call.trip_us} + us) / 8);
  call.trip_us = us > mean ? us : mean;
}

bool NodeCalls::answer(uint8_t* datagram, uint32_t bytes, uint64_t now) {
  Hello h;
  if (bytes != sizeof h) return false;
  std::memcpy(&h, datagram, sizeof h);
  for (uint16_t i = 0; i < nodes_; ++i) {
    NodeCall& call = calls_[i];
    if (!is_hello(call.step) ||
        !equal_bytes(h.coordinator_nonce, call.nonce, kNonceBytes)) {
      continue;
    }
    if (!signature_fits(c_.key, h)) return true;
    const Verdict verdict = h.head.verdict;
    const CallStep step = call.step;
    if (step != CallStep::kHello && verdict == Verdict::kChallenge) {
      // A late one, or another start of the node has another nonce.
      std::memcpy(call.node_nonce, h.node_nonce, kNonceBytes);
      return true;
    }
    // The verdict of the probe, which came twice.
    const bool accepts = verdict == Verdict::kAccepted && h.body.detail != 0;
    if (step == CallStep::kTake && !accepts) return true;
    call.heard_us = now;
    // Questions that begin and end sessions say nothing of a node that runs.
    if (step != CallStep::kTake) measure(call, now - call.asked_us);
    call.step = CallStep::kNone;
    if (step == CallStep::kHello) {
      std::memcpy(call.node_nonce, h.node_nonce, kNonceBytes);
    } else if (accepts) {
      const SessionKeys keys =
          session_keys(c_.key, call.nonce, call.node_nonce);
      std::memcpy(call.to_node, keys.to_node, kKeyBytes);
      std::memcpy(call.to_leader, keys.to_coordinator, kKeyBytes);
      call.session = keys.session;
      call.packet = 0;
    }
    owner_->verdict(i, step, verdict, h.body);
    return true;
  }
  return false;
}

bool NodeCalls::session(uint8_t* datagram, uint32_t bytes, uint64_t now) {
  SessionHead head;
  ReplyHead reply;
  const uint32_t least =
      static_cast<uint32_t>(sizeof head + sizeof reply) + cipher_->tag_bytes;
  if (bytes < least) return false;
  std::memcpy(&head, datagram, sizeof head);
  for (uint16_t i = 0; i < nodes_; ++i) {
    NodeCall& call = calls_[i];
    if (call.step < CallStep::kNames || call.session != head.session) continue;
    uint8_t* const body = datagram + sizeof head;
    const uint32_t body_bytes =
        bytes - static_cast<uint32_t>(sizeof head) - cipher_->tag_bytes;
    if (head.version != kSessionVersion || head.phase != 0 ||
        cipher_->open(call.to_leader, session_nonce(head.packet), datagram,
                      sizeof head, body, body_bytes) != 0) {
      return true;
    }
    std::memcpy(&reply, body, sizeof reply);
    const CallStep step = call.step;
    // An answer belongs to one packet of the question, so that one that comes
    // twice answers nothing else.
    if (reply.request != request_of(step) || reply.phase != 0 ||
        reply.packet < call.first_packet || reply.packet >= call.packet) {
      return true;
    }
    call.heard_us = now;
    call.step = CallStep::kNone;
    owner_->reply(i, step, reply.reply, body + sizeof reply,
                  body_bytes - static_cast<uint32_t>(sizeof reply));
    return true;
  }
  return false;
}

}  // namespace shoal
