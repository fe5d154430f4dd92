// Zephyr as far as an exported project calls it.
#include <zephyr/device.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>
#include <zephyr/net/socket.h>

#include "host.h"

const struct device console_of_stub = {};

extern "C" {
void uart_poll_out(const struct device*, unsigned char byte) {
  host_write(&byte, 1);
}
int uart_poll_in(const struct device*, unsigned char*) { return -1; }
int64_t k_uptime_ticks() { return static_cast<int64_t>(host_now_us()); }
void k_yield() { host_sleep_us(100); }

uint32_t htonl_of_stub(uint32_t value) { return value; }
uint16_t htons_of_stub(uint16_t value) { return value; }

// It is opened when its port is known.
int zsock_socket(int, int, int) { return 0; }
static int opened = -1;
int zsock_bind(int, const struct sockaddr* at, socklen_t) {
  const auto* const in = reinterpret_cast<const struct sockaddr_in*>(at);
  opened = host_open_udp(in->sin_port);
  return opened < 0 ? -1 : 0;
}
int zsock_close(int) { return 0; }
ssize_t zsock_sendto(int, const void* data, size_t bytes, int,
                     const struct sockaddr* to, socklen_t) {
  const auto* const in = reinterpret_cast<const struct sockaddr_in*>(to);
  host_send_udp(opened, in->sin_addr.s_addr, in->sin_port, data,
                static_cast<uint32_t>(bytes));
  return static_cast<ssize_t>(bytes);
}
ssize_t zsock_recvfrom(int, void* data, size_t capacity, int,
                       struct sockaddr* from, socklen_t*) {
  auto* const in = reinterpret_cast<struct sockaddr_in*>(from);
  return host_receive_udp(opened, &in->sin_addr.s_addr, &in->sin_port, data,
                          static_cast<uint32_t>(capacity));
}
int zsock_getsockname(int, struct sockaddr*, socklen_t*) { return -1; }
int zsock_poll(struct zsock_pollfd*, int, int ms) {
  host_wait_udp(opened, static_cast<uint32_t>(ms) * 1000);
  return 0;
}
}
