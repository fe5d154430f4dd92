// Writes messages to a port's console; see device/port/console.h.
#pragma once

#include <cstdint>

#include "device/port/console.h"
#include "device/port/port.h"

namespace shoal {

class ConsoleWriter {
 public:
  explicit ConsoleWriter(const shoal_port& port) : port_(port) {}

  // Exactly `bytes` of payload must be put before end().
  void begin(ConsoleType type, uint32_t bytes);
  void put(const void* data, uint32_t bytes);
  void end();

  template <class T>
  void send(ConsoleType type, const T& payload) {
    begin(type, sizeof payload);
    put(&payload, sizeof payload);
    end();
  }

 private:
  const shoal_port& port_;
  uint32_t crc_ = 0;
};

// Refuses a storage that is not what the board needs: kNoStorage or
// kSmallStorage. Returns false if there is nothing to refuse.
bool refuse_storage(const shoal_port&, ConsoleWriter&);

}  // namespace shoal
