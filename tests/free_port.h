// A port of loopback that nobody has now.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

namespace shoal {

// `type`: SOCK_DGRAM or SOCK_STREAM.
inline uint16_t free_port(int type) {
  const int s = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  EXPECT_EQ(bind(s, reinterpret_cast<sockaddr*>(&at), size), 0);
  EXPECT_EQ(getsockname(s, reinterpret_cast<sockaddr*>(&at), &size), 0);
  close(s);
  return ntohs(at.sin_port);
}

}  // namespace shoal
