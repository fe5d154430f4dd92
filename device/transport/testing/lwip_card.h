// A network interface of lwIP's that is a pair of queues. An IP packet that
// lwIP sends comes out as a datagram, and a datagram goes to lwIP as a packet.
// There is one of it.
#pragma once

#include <lwip/inet_chksum.h>
#include <lwip/init.h>
#include <lwip/ip.h>
#include <lwip/ip4.h>
#include <lwip/netif.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/udp.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <vector>

#include "device/transport/udp_address.h"

namespace shoal::lwip {

using Bytes = std::vector<uint8_t>;

struct Packet {
  uint64_t from, to;
  Bytes bytes;
};

inline std::deque<Packet> sent;  // by lwIP
inline bool is_full = false;     // the interface takes no more
inline netif card;

inline constexpr uint32_t kOwnIp = 0x0A000001;  // 10.0.0.1

inline err_t output(netif*, pbuf* p, const ip4_addr_t*) {
  if (is_full) return ERR_MEM;
  Bytes packet(p->tot_len);
  pbuf_copy_partial(p, packet.data(), p->tot_len, 0);
  ip_hdr ip;
  udp_hdr udp;
  std::memcpy(&ip, packet.data(), sizeof ip);
  std::memcpy(&udp, packet.data() + sizeof ip, sizeof udp);
  sent.push_back({udp_address(lwip_ntohl(ip.src.addr), lwip_ntohs(udp.src)),
                  udp_address(lwip_ntohl(ip.dest.addr), lwip_ntohs(udp.dest)),
                  {packet.begin() + sizeof ip + sizeof udp, packet.end()}});
  return ERR_OK;
}

// To lwIP, in pieces, as drivers with small buffers give packets.
inline void input(const Packet& d, uint16_t piece) {
  const auto udp_bytes =
      static_cast<uint16_t>(sizeof(udp_hdr) + d.bytes.size());
  ip_hdr ip{};
  IPH_VHL_SET(&ip, 4, 5);
  IPH_LEN_SET(&ip, lwip_htons(static_cast<uint16_t>(sizeof ip + udp_bytes)));
  IPH_TTL_SET(&ip, 9);
  IPH_PROTO_SET(&ip, IP_PROTO_UDP);
  ip.src.addr = lwip_htonl(udp_ip(d.from));
  ip.dest.addr = lwip_htonl(udp_ip(d.to));
  IPH_CHKSUM_SET(&ip, inet_chksum(&ip, sizeof ip));
  udp_hdr udp{};  // without a checksum
  udp.src = lwip_htons(udp_port(d.from));
  udp.dest = lwip_htons(udp_port(d.to));
  udp.len = lwip_htons(udp_bytes);
  Bytes packet(sizeof ip + sizeof udp);
  std::memcpy(packet.data(), &ip, sizeof ip);
  std::memcpy(packet.data() + sizeof ip, &udp, sizeof udp);
  packet.insert(packet.end(), d.bytes.begin(), d.bytes.end());
  pbuf* chain = nullptr;
  for (size_t at = 0; at < packet.size();) {
    // The headers lie in one piece.
    const auto n = static_cast<uint16_t>(std::min(
        packet.size() - at, at ? size_t{piece} : sizeof ip + sizeof udp));
    pbuf* const p = pbuf_alloc(PBUF_RAW, n, PBUF_RAM);
    std::memcpy(p->payload, packet.data() + at, n);
    chain ? pbuf_cat(chain, p) : static_cast<void>(chain = p);
    at += n;
  }
  card.input(chain, &card);
}

// Once.
inline void start_card() {
  static const bool once = [] {
    lwip_init();
    ip4_addr_t ip{lwip_htonl(kOwnIp)}, mask{lwip_htonl(0xFFFF0000)}, none{0};
    netif_add(
        &card, &ip, &mask, &none, nullptr,
        [](netif* n) -> err_t {
          n->mtu = 1500;
          n->name[0] = 't';
          n->output = output;
          return ERR_OK;
        },
        ip4_input);
    netif_set_default(&card);
    netif_set_up(&card);
    netif_set_link_up(&card);
    return true;
  }();
  static_cast<void>(once);
}

}  // namespace shoal::lwip
