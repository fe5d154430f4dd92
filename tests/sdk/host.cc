#include "host.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

int host_open_udp(uint16_t port) {
  const int made = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* const any = reinterpret_cast<const sockaddr*>(&at);
  return made >= 0 && bind(made, any, sizeof at) == 0 ? made : -1;
}

void host_send_udp(int socket, uint32_t ip, uint16_t port, const void* data,
                   uint32_t bytes) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(ip);
  sendto(socket, data, bytes, MSG_DONTWAIT,
         reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

int host_receive_udp(int socket, uint32_t* ip, uint16_t* port, void* data,
                     uint32_t capacity) {
  sockaddr_in from{};
  socklen_t size = sizeof from;
  const ssize_t got = recvfrom(socket, data, capacity, MSG_DONTWAIT,
                               reinterpret_cast<sockaddr*>(&from), &size);
  *ip = ntohl(from.sin_addr.s_addr);
  *port = ntohs(from.sin_port);
  return static_cast<int>(got);
}

void host_wait_udp(int socket, uint32_t us) {
  pollfd waiting = {socket, POLLIN, 0};
  poll(&waiting, 1, static_cast<int>(us / 1000 + 1));
}

uint64_t host_now_us() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(
          std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

void host_sleep_us(uint32_t us) { usleep(us); }

void host_write(const void* data, uint32_t bytes) {
  if (write(STDOUT_FILENO, data, bytes) < 0) _exit(1);
}

void host_start_core(void (*begin)(void*), void* argument) {
  std::thread(begin, argument).detach();
}
