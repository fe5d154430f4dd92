/* lwIP on a node: UDP over IPv4 and Ethernet, polled, no operating system.
 * All memory is static. */
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
#ifdef SHOAL_SMALL_NET /* a board of 64 KB: one datagram each way */
#define MEM_SIZE 1664
#define PBUF_POOL_SIZE 1
#define ARP_TABLE_SIZE 10
#else
#define MEM_SIZE 3200 /* two datagrams under way to the interface */
#define PBUF_POOL_SIZE 3
#define ARP_TABLE_SIZE 18
#endif
#define MEMP_NUM_PBUF 2
#define MEMP_NUM_UDP_PCB 1
#define MEMP_NUM_SYS_TIMEOUT 2
#define PBUF_POOL_BUFSIZE 1536
#define ARP_QUEUEING 1 /* the first datagram waits for its neighbour */
#define ARP_QUEUE_LEN 2
#define MEMP_NUM_ARP_QUEUE 4

#endif
