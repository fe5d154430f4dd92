# node.elf: the firmware of a board on a network, with lwIP's part for UDP.
set(ip ${SHOAL_SOURCES}/lwip)
if(NOT EXISTS ${ip})
  message(FATAL_ERROR "${SHOAL_SOURCES}: no lwip; run tools/sources.sh")
endif()
add_library(lwip STATIC)
foreach(file def inet_chksum init ip mem memp netif pbuf timeouts udp
    ipv4/etharp ipv4/icmp ipv4/ip4 ipv4/ip4_addr ipv4/ip4_frag)
  target_sources(lwip PRIVATE ${ip}/src/core/${file}.c)
endforeach()
target_sources(lwip PRIVATE ${ip}/src/netif/ethernet.c)
target_include_directories(lwip SYSTEM PUBLIC ${ip}/src/include
  ${root}/boards/net/lwip)

foreach(file ctr_drbg aes)
  target_sources(mbedcrypto PRIVATE ${tls}/library/${file}.c)
endforeach()
# Version 2.28 forgets it.
set_source_files_properties(${tls}/library/ctr_drbg.c PROPERTIES
  COMPILE_OPTIONS "-include;limits.h")

sources_of(sources node net)
list(APPEND sources ${root}/device/transport/lwip_udp.cc)
set(fixed_bytes ${BOARD_NODE_FIXED_BYTES})
add_firmware(node shoal_runtime_storage shoal_runtime_link)
target_link_libraries(node.elf PRIVATE shoal_agent lwip)
# It is flashed with the key that all share.
target_compile_definitions(shoal_agent PRIVATE SHOAL_WITHOUT_IDENTITIES)
# A turn of the clock wakes a node that waits: about every millisecond.
if(NOT BOARD_NODE_TICK_BITS)
  set(BOARD_NODE_TICK_BITS 15)
endif()
if(NOT BOARD_NODE_PEERS)
  set(BOARD_NODE_PEERS 64)
endif()
target_compile_definitions(node.elf PRIVATE
  BOARD_TICK_BITS=${BOARD_NODE_TICK_BITS} BOARD_NODE_PEERS=${BOARD_NODE_PEERS})
if(facts MATCHES "mapped = true")
  target_compile_definitions(node.elf PRIVATE BOARD_MAPPED)
endif()
target_compile_definitions(lwip PUBLIC ${BOARD_NET_DEFINITIONS})
