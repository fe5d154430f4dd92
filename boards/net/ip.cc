#include "boards/net/ip.h"

#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <lwip/prot/ethernet.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/udp.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>

#include <cstring>
#include <utility>

#include "boards/net/nic.h"

namespace shoal::ip {
namespace {

static_assert(ETH_PAD_SIZE == nic::kPad);
constexpr uint32_t kLeastFrame = 60;  // shorter ones are padded

constexpr uint32_t kHeads = SIZEOF_ETH_HDR - ETH_PAD_SIZE + IP_HLEN + UDP_HLEN;
#ifdef SHOAL_SMALL_NET  // one datagram each way
constexpr uint32_t kIn = 1, kOut = 1;
#else
constexpr uint32_t kIn = 3, kOut = 2;
#endif

// Frames that have come. Of the stack until it gives them back.
struct Came {
  pbuf_custom packet;  // first
  bool taken;
};

// The memory that lwIP asks for: datagrams on their way out, and questions and
// answers of ARP, a small block each.
constexpr uint32_t kBlockHead = 24;  // of lwIP and of the datagram's frame
constexpr uint32_t kSmall = 2, kSmallBytes = 64;

struct {
  uint64_t (*now_us)() = nullptr;
  netif interface {};
  uint32_t frame[(nic::kPad + kLeastFrame + 3) / 4] = {};  // a short one
  uint32_t most = 0;                                       // bytes of a frame
  Came came[kIn] = {};
  uint8_t *in = nullptr, *out = nullptr;
  bool out_taken[kOut] = {}, small_taken[kSmall] = {};
  alignas(8) uint8_t small[kSmall][kSmallBytes] = {};
} stack;

constexpr uint32_t up8(uint32_t bytes) { return (bytes + 7) & ~7u; }

uint32_t in_bytes(uint32_t most) { return up8(nic::kPad + most + 3); }
uint32_t out_bytes(uint32_t most) { return up8(kBlockHead + most); }

// A packet that is sent here lies in one piece, heads and all, and is aligned.
err_t output(netif*, pbuf* packet) {
  const uint32_t count = packet->tot_len - nic::kPad;
  if (count > stack.most) return ERR_BUF;
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
  n->mtu = static_cast<uint16_t>(stack.most - SIZEOF_ETH_HDR + ETH_PAD_SIZE);
  n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP;
  return ERR_OK;
}

ip4_addr_t address_of(const uint8_t (&a)[4]) {
  ip4_addr_t out;
  IP4_ADDR(&out, a[0], a[1], a[2], a[3]);
  return out;
}

void give_back(pbuf* packet) { reinterpret_cast<Came*>(packet)->taken = false; }

// False: nothing came, or there is no room for it now.
bool take_frame() {
  const uint32_t bytes = nic::waiting();
  if (bytes == 0) return false;
  uint32_t i = 0;
  while (i < kIn && stack.came[i].taken) ++i;
  if (i == kIn) return false;
  Came& came = stack.came[i];
  uint8_t* const frame = stack.in + i * in_bytes(stack.most);
  came.packet.custom_free_function = give_back;
  const auto length = static_cast<uint16_t>(nic::kPad + bytes);
  pbuf* const packet = pbuf_alloced_custom(PBUF_RAW, length, PBUF_REF,
                                           &came.packet, frame, length);
  if (!packet) return false;
  came.taken = true;
  nic::take(reinterpret_cast<uint32_t*>(frame));
  if (stack.interface.input(packet, &stack.interface) != ERR_OK) {
    pbuf_free(packet);
  }
  return true;
}

}  // namespace

uint32_t memory_bytes(uint32_t payload) {
  const uint32_t most = kHeads + payload;
  return nic::memory_bytes(most) + kIn * in_bytes(most) +
         kOut * out_bytes(most);
}

bool start(const Settings& s, uint64_t (*now_us)(), uint32_t payload,
           uint8_t* memory) {
  stack.now_us = now_us;
  stack.most = kHeads + payload;
  stack.in = memory + nic::memory_bytes(stack.most);
  stack.out = stack.in + kIn * in_bytes(stack.most);
  if (!nic::open(s.mac, stack.most, memory)) return false;
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

extern "C" void* shoal_ip_malloc(size_t bytes) {
  using namespace shoal::ip;
  if (bytes <= kSmallBytes) {
    for (uint32_t i = 0; i < kSmall; ++i) {
      if (std::exchange(stack.small_taken[i], true)) continue;
      return stack.small[i];
    }
    return nullptr;
  }
  if (bytes > out_bytes(stack.most)) return nullptr;
  for (uint32_t i = 0; i < kOut; ++i) {
    if (std::exchange(stack.out_taken[i], true)) continue;
    return stack.out + i * out_bytes(stack.most);
  }
  return nullptr;
}

extern "C" void shoal_ip_free(void* block) {
  using namespace shoal::ip;
  for (uint32_t i = 0; i < kSmall; ++i) {
    if (block == stack.small[i]) stack.small_taken[i] = false;
  }
  for (uint32_t i = 0; i < kOut; ++i) {
    if (block == stack.out + i * out_bytes(stack.most)) {
      stack.out_taken[i] = false;
    }
  }
}

extern "C" u32_t sys_now() {
  return static_cast<u32_t>(shoal::ip::stack.now_us() / 1000);
}
