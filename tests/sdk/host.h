// This computer for the stand-ins of SDKs, whose types are not its own.
#pragma once

#include <cstdint>

// A socket at this port of loopback; -1: there is none.
int host_open_udp(uint16_t port);
void host_send_udp(int socket, uint32_t ip, uint16_t port, const void* data,
                   uint32_t bytes);
// Returns -1 and sets errno to EAGAIN if nothing has come.
int host_receive_udp(int socket, uint32_t* ip, uint16_t* port, void* data,
                     uint32_t capacity);
// Waits until something has come, or so long.
void host_wait_udp(int socket, uint32_t us);

uint64_t host_now_us();
void host_sleep_us(uint32_t us);
void host_write(const void* data, uint32_t bytes);
// A core that begins there.
void host_start_core(void (*begin)(void*), void* argument);
