#include "boards/net/ip.h"

#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>

#include <cstring>

#include "boards/net/nic.h"

namespace shoal::ip {
namespace {

static_assert(ETH_PAD_SIZE == nic::kPad);
constexpr uint32_t kLeastFrame = 60;  // shorter ones are padded

struct {
  uint64_t (*now_us)() = nullptr;
  netif interface {};
  uint32_t frame[(nic::kPad + kLeastFrame + 3) / 4] = {};  // a short one
} stack;

// What is sent here lies in one piece, heads and all, and is aligned.
err_t output(netif*, pbuf* packet) {
  const uint32_t count = packet->tot_len - nic::kPad;
  if (count > nic::kMaxFrame) return ERR_BUF;
  if (count >= kLeastFrame) {
    if (packet->len != packet->tot_len) return ERR_BUF;
    nic::send(static_cast<const uint32_t*>(packet->payload), count);
    return ERR_OK;
  }
  auto* const bytes = reinterpret_cast<uint8_t*>(stack.frame);
  std::memset(bytes, 0, sizeof stack.frame);
  pbuf_copy_partial(packet, bytes, packet->tot_len, 0);
  nic::send(stack.frame, kLeastFrame);
  return ERR_OK;
}

err_t prepare(netif* n) {
  n->name[0] = 'e', n->name[1] = 'n';
  n->output = etharp_output;
  n->linkoutput = output;
  n->mtu = nic::kMaxFrame - SIZEOF_ETH_HDR + ETH_PAD_SIZE;
  n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP;
  return ERR_OK;
}

ip4_addr_t address_of(const uint8_t (&a)[4]) {
  ip4_addr_t out;
  IP4_ADDR(&out, a[0], a[1], a[2], a[3]);
  return out;
}

// False: nothing came, or there is no room for it now.
bool take_frame() {
  const uint32_t bytes = nic::waiting();
  if (bytes == 0) return false;
  pbuf* const packet =
      pbuf_alloc(PBUF_RAW, static_cast<uint16_t>(nic::kPad + bytes), PBUF_POOL);
  if (!packet) return false;
  // One buffer of the pool holds a whole frame.
  nic::take(static_cast<uint32_t*>(packet->payload));
  if (stack.interface.input(packet, &stack.interface) != ERR_OK) {
    pbuf_free(packet);
  }
  return true;
}

}  // namespace

bool start(const Settings& s, uint64_t (*now_us)()) {
  stack.now_us = now_us;
  if (!nic::open(s.mac)) return false;
  lwip_init();
  std::memcpy(stack.interface.hwaddr, s.mac, sizeof s.mac);
  stack.interface.hwaddr_len = sizeof s.mac;
  const ip4_addr_t address = address_of(s.address), mask = address_of(s.mask),
                   gateway = address_of(s.gateway);
  if (!netif_add(&stack.interface, &address, &mask, &gateway, nullptr, prepare,
                 ethernet_input)) {
    return false;
  }
  netif_set_default(&stack.interface);
  netif_set_up(&stack.interface);
  return true;
}

void poll(uint32_t frames) {
  sys_check_timeouts();
  for (uint32_t i = 0; i < frames && take_frame(); ++i) continue;
}

}  // namespace shoal::ip

extern "C" u32_t sys_now() {
  return static_cast<u32_t>(shoal::ip::stack.now_us() / 1000);
}
