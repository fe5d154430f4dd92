#include "host/engine/workers/udp.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "host/base/error.h"

namespace shoal {
namespace {

constexpr int kSocketBytes = 4 << 20;

sockaddr_in to_socket(uint64_t address) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(static_cast<uint32_t>(address >> 16));
  a.sin_port = htons(static_cast<uint16_t>(address));
  return a;
}

uint64_t from_socket(const sockaddr_in& a) {
  return uint64_t{ntohl(a.sin_addr.s_addr)} << 16 | ntohs(a.sin_port);
}

}  // namespace

uint64_t parse_udp_address(const std::string& text, const std::string& flag) {
  const auto bad = [&]() {
    return Error(Exit::kUsage, flag + ": '" + text + "' is no address",
                 "ADDRESS:PORT, such as 127.0.0.1:4242");
  };
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) throw bad();
  uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] =
      std::from_chars(text.data() + colon + 1, end, port);
  if (error != std::errc() || stop != end) throw bad();
  // Nobody is asked for what cannot be a name.
  const std::string host = text.substr(0, colon);
  const auto letter = [](unsigned char c) {
    return std::isalnum(c) || c == '.' || c == '-' || c == '_';
  };
  if (!std::ranges::all_of(host, letter)) throw bad();
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) {
    throw bad();
  }
  sockaddr_in a;
  std::memcpy(&a, found->ai_addr, sizeof a);
  freeaddrinfo(found);
  a.sin_port = htons(port);
  return from_socket(a);
}

std::string udp_address_text(uint64_t address) {
  char text[INET_ADDRSTRLEN];
  const sockaddr_in a = to_socket(address);
  inet_ntop(AF_INET, &a.sin_addr, text, sizeof text);
  return std::string(text) + ":" + std::to_string(address & 0xFFFF);
}

UdpTransport::UdpTransport(uint64_t listen)
    : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
      batch_(kBatch * kUdpPayload) {
  const sockaddr_in a = to_socket(listen);
  if (socket_ < 0 ||
      bind(socket_, reinterpret_cast<const sockaddr*>(&a), sizeof a) != 0) {
    const int why = errno;
    if (socket_ >= 0) close(socket_);
    throw Error(why == EADDRINUSE ? Exit::kBusy : Exit::kNode,
                "cannot listen on " + udp_address_text(listen) + ": " +
                    std::strerror(why));
  }
  // The system may give less; what does not fit counts as lost.
  for (const int option : {SO_RCVBUF, SO_SNDBUF}) {
    setsockopt(socket_, SOL_SOCKET, option, &kSocketBytes, sizeof kSocketBytes);
  }
  transport_ = {this, kUdpPayload, send, receive, now_us};
}

UdpTransport::~UdpTransport() { close(socket_); }

uint64_t UdpTransport::address() const {
  sockaddr_in a{};
  socklen_t bytes = sizeof a;
  getsockname(socket_, reinterpret_cast<sockaddr*>(&a), &bytes);
  return from_socket(a);
}

int UdpTransport::send(void* self, uint64_t to, const void* datagram,
                       uint32_t bytes) {
  const auto& udp = *static_cast<UdpTransport*>(self);
  const sockaddr_in a = to_socket(to);
  const ssize_t sent = sendto(udp.socket_, datagram, bytes, 0,
                              reinterpret_cast<const sockaddr*>(&a), sizeof a);
  // Whatever else is wrong with the way there counts as a lost datagram.
  return sent < 0 && (errno == EAGAIN || errno == ENOBUFS) ? 1 : 0;
}

void UdpTransport::refill() {
  mmsghdr messages[kBatch] = {};
  iovec pieces[kBatch];
  sockaddr_in from[kBatch];
  for (uint32_t i = 0; i < kBatch; ++i) {
    pieces[i] = {batch_.data() + i * kUdpPayload, kUdpPayload};
    messages[i].msg_hdr.msg_iov = &pieces[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_name = &from[i];
    messages[i].msg_hdr.msg_namelen = sizeof from[i];
  }
  int got = -1;
  do {
    got = recvmmsg(socket_, messages, kBatch, MSG_DONTWAIT, nullptr);
  } while (got < 0 && errno == EINTR);
  next_ = 0;
  count_ = got > 0 ? static_cast<uint32_t>(got) : 0;
  for (uint32_t i = 0; i < count_; ++i) {
    lengths_[i] = messages[i].msg_len;
    senders_[i] = from_socket(from[i]);
  }
}

uint32_t UdpTransport::receive(void* self, uint64_t* from, void* datagram,
                               uint32_t capacity) {
  auto& udp = *static_cast<UdpTransport*>(self);
  // At most one batch is looked at: whoever sends empty ones cannot keep the
  // receiver here.
  if (udp.next_ == udp.count_) udp.refill();
  while (udp.next_ != udp.count_) {
    const uint32_t i = udp.next_++;
    const uint32_t bytes = std::min(udp.lengths_[i], capacity);
    if (bytes == 0) continue;  // an empty one says nothing
    *from = udp.senders_[i];
    std::memcpy(datagram, udp.batch_.data() + i * kUdpPayload, bytes);
    return bytes;
  }
  return 0;
}

}  // namespace shoal
