#include "device/transport/udp_sockets.h"

#include <errno.h>

#if defined(__ZEPHYR__)
#include <zephyr/net/socket.h>
#else
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

namespace shoal {
namespace {

// Empty datagrams say nothing; their sender cannot keep the receiver here for
// longer than this many.
constexpr int kLooks = 32;

#if defined(__ZEPHYR__)
using Address = struct sockaddr_in;
using AnyAddress = struct sockaddr;
using Length = socklen_t;

int open_socket() { return zsock_socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP); }
int bind_socket(int s, const Address& a) {
  return zsock_bind(s, reinterpret_cast<const AnyAddress*>(&a), sizeof a);
}
void close_socket(int s) { zsock_close(s); }
auto send_to(int s, const void* data, uint32_t bytes, const Address& a) {
  return zsock_sendto(s, data, bytes, ZSOCK_MSG_DONTWAIT,
                      reinterpret_cast<const AnyAddress*>(&a), sizeof a);
}
auto receive_from(int s, void* data, uint32_t bytes, Address& a) {
  Length size = sizeof a;
  return zsock_recvfrom(s, data, bytes, ZSOCK_MSG_DONTWAIT,
                        reinterpret_cast<AnyAddress*>(&a), &size);
}
int name_of(int s, Address& a) {
  Length size = sizeof a;
  return zsock_getsockname(s, reinterpret_cast<AnyAddress*>(&a), &size);
}
#else
using Address = sockaddr_in;
using AnyAddress = sockaddr;
using Length = socklen_t;

int open_socket() {
  int kind = SOCK_DGRAM;
#if defined(SOCK_CLOEXEC)
  kind |= SOCK_CLOEXEC;
#endif
  return socket(AF_INET, kind, IPPROTO_UDP);
}
int bind_socket(int s, const Address& a) {
  return bind(s, reinterpret_cast<const AnyAddress*>(&a), sizeof a);
}
void close_socket(int s) { close(s); }
auto send_to(int s, const void* data, uint32_t bytes, const Address& a) {
  return sendto(s, data, bytes, MSG_DONTWAIT,
                reinterpret_cast<const AnyAddress*>(&a), sizeof a);
}
auto receive_from(int s, void* data, uint32_t bytes, Address& a) {
  Length size = sizeof a;
  return recvfrom(s, data, bytes, MSG_DONTWAIT,
                  reinterpret_cast<AnyAddress*>(&a), &size);
}
int name_of(int s, Address& a) {
  Length size = sizeof a;
  return getsockname(s, reinterpret_cast<AnyAddress*>(&a), &size);
}
#endif

Address to_socket(uint64_t address) {
  Address a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(udp_ip(address));
  a.sin_port = htons(udp_port(address));
  return a;
}

uint64_t from_socket(const Address& a) {
  return udp_address(ntohl(a.sin_addr.s_addr), ntohs(a.sin_port));
}

}  // namespace

bool UdpSockets::open(uint64_t listen, uint64_t (*now_us)(void*)) {
  close();
  socket_ = open_socket();
  if (socket_ < 0) return false;
  if (bind_socket(socket_, to_socket(listen)) != 0) {
    const int why = errno;
    close();
    errno = why;
    return false;
  }
  transport_ = {this, kUdpPayload, send, receive, now_us};
  return true;
}

void UdpSockets::close() {
  if (socket_ >= 0) close_socket(socket_);
  socket_ = -1;
}

uint64_t UdpSockets::address() const {
  Address a{};
  return name_of(socket_, a) == 0 ? from_socket(a) : 0;
}

int UdpSockets::send(void* self, uint64_t to, const void* datagram,
                     uint32_t bytes) {
  const auto& udp = *static_cast<const UdpSockets*>(self);
  const auto sent = send_to(udp.socket_, datagram, bytes, to_socket(to));
  // Whatever else is wrong with the way there counts as a lost datagram.
  return sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK ||
                      errno == ENOBUFS || errno == ENOMEM)
             ? 1
             : 0;
}

uint32_t UdpSockets::receive(void* self, uint64_t* from, void* datagram,
                             uint32_t capacity) {
  const auto& udp = *static_cast<const UdpSockets*>(self);
  for (int look = 0; look < kLooks; ++look) {
    Address a{};
    const auto got = receive_from(udp.socket_, datagram, capacity, a);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return 0;
    if (got == 0) continue;
    *from = from_socket(a);
    return static_cast<uint32_t>(got);
  }
  return 0;
}

}  // namespace shoal
