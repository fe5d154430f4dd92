// A transport with a file descriptor that poll() can wait for: what workers
// and the coordinator share, whatever carries the datagrams.
#pragma once

#include <cstdint>

#include "device/shoal.h"

namespace shoal {

class HostTransport {
 public:
  virtual ~HostTransport() = default;
  HostTransport() = default;
  HostTransport(const HostTransport&) = delete;
  HostTransport& operator=(const HostTransport&) = delete;

  const shoal_transport& transport() const { return transport_; }

  // Sleeps, unless some are there already, until a datagram may have come,
  // until `until_us` of the transport's clock, or until `other`, a descriptor
  // or -1, is readable.
  virtual void wait(uint64_t until_us, int other = -1) const;

  // Returns whether the other side is known to have closed the line, so that
  // nothing will come any more.
  virtual bool has_ended() const { return false; }

 protected:
  // Steady, in microseconds.
  static uint64_t now_us(void*);
  virtual int descriptor() const = 0;
  // Returns whether more has been fetched from the descriptor than was
  // received.
  virtual bool has_fetched() const = 0;
  // Returns whether wait() should also wake up when the descriptor takes bytes.
  virtual bool has_more_to_send() const { return false; }

  shoal_transport transport_{};
};

}  // namespace shoal
