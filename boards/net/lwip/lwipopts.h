/* lwIP on a node: UDP over IPv4 and Ethernet, polled, no operating system.
 * Its memory is boards/net/ip.cc's. */
#ifndef SHOAL_BOARDS_NET_LWIP_LWIPOPTS_H_
#define SHOAL_BOARDS_NET_LWIP_LWIPOPTS_H_

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_TCP 0
#define LWIP_RAW 0
#define LWIP_ICMP 1
#define LWIP_IGMP 0
#define LWIP_DHCP 0
#define LWIP_DNS 0
#define LWIP_HAVE_LOOPIF 0
#define LWIP_NETIF_LOOPBACK 0
#define LWIP_STATS 0
#define LWIP_NETIF_TX_SINGLE_PBUF 0
#define LWIP_CHECKSUM_ON_COPY 0
#define IP_REASSEMBLY 0
#define IP_FRAG 0
#define IP_FORWARD 0

/* Rows that a link has protected carry tags of their own. */
#define CHECKSUM_GEN_UDP 0
#define CHECKSUM_CHECK_UDP 0

#define ETH_PAD_SIZE 2
#define MEM_ALIGNMENT 4
#ifdef SHOAL_SMALL_NET /* a board of 64 KB */
#define ARP_TABLE_SIZE 10
#else
#define ARP_TABLE_SIZE 18
#endif
#include <stddef.h>
#ifdef __cplusplus
extern "C" {
#endif
void* shoal_ip_malloc(size_t bytes);
void shoal_ip_free(void* block);
#ifdef __cplusplus
}
#endif
#define MEM_LIBC_MALLOC 1
#define mem_clib_malloc shoal_ip_malloc
#define mem_clib_free shoal_ip_free
#define mem_clib_calloc(count, bytes) NULL /* nobody asks for it */
#define LWIP_SUPPORT_CUSTOM_PBUF 1 /* frames that have come lie there, too */
#define PBUF_POOL_SIZE 0
#define MEMP_NUM_PBUF 2
#define MEMP_NUM_UDP_PCB 1
#define MEMP_NUM_SYS_TIMEOUT 2
#define PBUF_POOL_BUFSIZE 64
#define ARP_QUEUEING 1 /* the first datagram waits for its neighbour */
#define ARP_QUEUE_LEN 2
#define MEMP_NUM_ARP_QUEUE 4

#endif
