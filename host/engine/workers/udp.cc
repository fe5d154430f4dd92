#include "host/engine/workers/udp.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "host/base/error.h"

namespace shoal {
namespace {

constexpr int kSocketBytes = 4 << 20;

}  // namespace

uint64_t parse_udp_address(const std::string& text, const std::string& flag) {
  const auto bad = [&]() {
    return Error(Exit::kUsage, flag + ": '" + text + "' is not an address",
                 "give HOST:PORT, such as 127.0.0.1:4242");
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
  return udp_address(ntohl(a.sin_addr.s_addr), port);
}

std::string udp_address_text(uint64_t address) {
  char text[INET_ADDRSTRLEN];
  const in_addr a{htonl(udp_ip(address))};
  inet_ntop(AF_INET, &a, text, sizeof text);
  return std::string(text) + ":" + std::to_string(udp_port(address));
}

UdpTransport::UdpTransport(uint64_t listen) {
  if (!sockets_.open(listen, now_us)) {
    const int why = errno;
    throw Error(why == EADDRINUSE ? Exit::kBusy : Exit::kNode,
                "cannot listen on " + udp_address_text(listen) + ": " +
                    std::strerror(why));
  }
  // The system may give less; what does not fit counts as lost.
  for (const int option : {SO_RCVBUF, SO_SNDBUF}) {
    setsockopt(sockets_.descriptor(), SOL_SOCKET, option, &kSocketBytes,
               sizeof kSocketBytes);
  }
  transport_ = sockets_.transport();
}

}  // namespace shoal
