// The pico-sdk as far as an exported project calls it: the second core is a
// thread, Wi-Fi is there at once, and lwIP has one control block.
#include <atomic>
#include <cstdlib>
#include <cstring>

#include "hardware/sync.h"
#include "host.h"
#include "lwip/udp.h"
#include "pico/cyw43_arch.h"
#include "pico/multicore.h"
#include "pico/stdio_usb.h"
#include "pico/stdlib.h"
#include "pico/time.h"

const ip_addr_t ip_any_of_stub = {0};

namespace {

struct Packet : pbuf {
  uint8_t bytes[2048];
};
udp_pcb block;
int opened = -1;
udp_recv_fn take = nullptr;
void* taker = nullptr;

}  // namespace

extern "C" {
bool stdio_init_all() { return true; }
bool stdio_usb_connected() { return true; }
void stdio_flush() {}
int putchar_raw(int c) {
  const auto byte = static_cast<uint8_t>(c);
  host_write(&byte, 1);
  return c;
}
int getchar_timeout_us(uint32_t) { return -1; }
void sleep_ms(uint32_t ms) { host_sleep_us(ms * 1000); }
uint64_t time_us_64() { return host_now_us(); }
absolute_time_t make_timeout_time_us(uint64_t us) { return host_now_us() + us; }

void __dmb() { std::atomic_thread_fence(std::memory_order_seq_cst); }
void __sev() {}
void __wfe() { host_sleep_us(20); }
void multicore_reset_core1() {}
void multicore_launch_core1_with_stack(void (*begin)(void), uint32_t*, size_t) {
  static void (*run)(void);
  run = begin;
  host_start_core([](void*) { run(); }, nullptr);
}

int cyw43_arch_init() { return 0; }
void cyw43_arch_enable_sta_mode() {}
int cyw43_arch_wifi_connect_timeout_ms(const char*, const char*, uint32_t,
                                       uint32_t) {
  return 0;
}
void cyw43_arch_wait_for_work_until(absolute_time_t until) {
  const uint64_t now = host_now_us();
  if (until > now) host_wait_udp(opened, static_cast<uint32_t>(until - now));
}
// All that has come, as the driver of the chip does.
void cyw43_arch_poll() {
  for (;;) {
    auto* const packet = new Packet;
    ip_addr_t ip{};
    uint16_t port = 0;
    const int got = host_receive_udp(opened, &ip.addr, &port, packet->bytes,
                                     sizeof packet->bytes);
    if (got < 0) {
      delete packet;
      return;
    }
    packet->tot_len = static_cast<u16_t>(got);
    take(taker, &block, packet, &ip, port);
  }
}

uint32_t lwip_htonl(uint32_t value) { return value; }
uint32_t lwip_ntohl(uint32_t value) { return value; }
struct udp_pcb* udp_new() {
  return &block;
}
void udp_remove(struct udp_pcb*) {}
err_t udp_bind(struct udp_pcb*, const ip_addr_t*, u16_t port) {
  opened = host_open_udp(port);
  return opened < 0 ? ERR_MEM : ERR_OK;
}
void udp_recv(struct udp_pcb*, udp_recv_fn function, void* user) {
  take = function;
  taker = user;
}
err_t udp_sendto(struct udp_pcb*, struct pbuf* p, const ip_addr_t* to,
                 u16_t port) {
  host_send_udp(opened, to->addr, port, static_cast<Packet*>(p)->bytes,
                p->tot_len);
  return ERR_OK;
}
struct pbuf* pbuf_alloc(pbuf_layer, u16_t bytes, pbuf_type) {
  auto* const packet = new Packet;
  packet->tot_len = bytes;
  return packet;
}
uint8_t pbuf_free(struct pbuf* p) {
  delete static_cast<Packet*>(p);
  return 1;
}
err_t pbuf_take(struct pbuf* p, const void* from, u16_t bytes) {
  std::memcpy(static_cast<Packet*>(p)->bytes, from, bytes);
  return ERR_OK;
}
u16_t pbuf_copy_partial(const struct pbuf* p, void* to, u16_t bytes, u16_t) {
  const u16_t some = bytes < p->tot_len ? bytes : p->tot_len;
  std::memcpy(to, static_cast<const Packet*>(p)->bytes, some);
  return some;
}
}
