/* The facts of the compiler that lwIP needs. */
#ifndef SHOAL_BOARDS_NET_LWIP_ARCH_CC_H_
#define SHOAL_BOARDS_NET_LWIP_ARCH_CC_H_

#include <stdint.h>

#define LWIP_NO_STDINT_H 0
#define LWIP_NO_INTTYPES_H 0
#define LWIP_PLATFORM_DIAG(x)
#define LWIP_PLATFORM_ASSERT(x) __builtin_trap()
#define BYTE_ORDER LITTLE_ENDIAN

#endif
