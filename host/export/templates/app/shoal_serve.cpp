// serve(): the board's end of the serial line, or of a network, on which `shoal
// send` speaks to it; device/alone/wire.h has the messages.
#include "device/alone/server.h"
#include "device/transport/serial_line.h"
#include "shoal_app.h"
#include "shoal_frame.h"
#include "shoal_program.h"

namespace shoal_app {
namespace {

// Static: stacks are small.
uint8_t waiting[shoal::hdlc_bound(shoal::kSerialPayload)];
uint8_t packets[2 * shoal::kSerialPayload];
uint32_t checks[SHOAL_MOST_ENDS];
uint32_t times[SHOAL_TIMED_LAYERS];
const shoal_port* clock_port;

struct Served {
  const shoal_port& port;

  static void idle(void* self) {
    const shoal_port& port = static_cast<const Served*>(self)->port;
    if (port.wait_for_interrupt) port.wait_for_interrupt(port.user);
  }
};

struct ConsoleLine {
  const shoal_port& port;
  ReadConsole read;

  static uint32_t write_line(void* self, const void* data, uint32_t bytes) {
    const shoal_port& port = static_cast<const ConsoleLine*>(self)->port;
    port.write_console(port.user, data, bytes);
    return bytes;
  }
  static uint32_t read_line(void* self, void* to, uint32_t capacity) {
    const ConsoleLine& l = *static_cast<const ConsoleLine*>(self);
    return l.read(l.port.user, to, capacity);
  }
  static uint64_t now_us(void* self) {
    const shoal_port& port = static_cast<const ConsoleLine*>(self)->port;
    return microseconds(port, port.read_ticks(port.user));
  }
};

// The core's own counter, unless it stands still, as DWT does in QEMU: then the
// board's clock.
shoal::CycleCounter start_counter(void* self) {
  clock_port = &static_cast<const Served*>(self)->port;
  const shoal::CycleCounter core = shoal::core_cycles();
  if (core.read) {
    const uint32_t began = core.read();
    for (int i = 0; i < 8; ++i) {
      if (core.read() != began) return core;
    }
  }
  const auto read = [] {
    return static_cast<uint32_t>(clock_port->read_ticks(clock_port->user));
  };
  return {"clock", read, ~uint32_t{0}, clock_port->ticks_per_second};
}

shoal::alone::Code test(void*, uint32_t network, uint32_t* detail) {
  const TestResult result = run_test(network);
  *detail = result.detail;
  return result.code;
}

}  // namespace

void serve(const shoal_port& port, const shoal_transport& transport,
           uint8_t* both) {
  Served served = {port};
  const shoal::AloneBoard board = {
      &transport, &networks,    port.board,         &served,
      test,       Served::idle, programs,           both,
      checks,     times,        SHOAL_TIMED_LAYERS, start_counter};
  shoal::AloneServer server(board);
  for (;;) {
    if (!server.poll()) Served::idle(&served);
    shoal_app_turn(port);
  }
}

void serve(const shoal_port& port, ReadConsole read) {
  ConsoleLine line = {port, read};
  shoal::SerialLine serial({&line, ConsoleLine::write_line,
                            ConsoleLine::read_line, ConsoleLine::now_us},
                           waiting, sizeof waiting);
  serve(port, serial.transport(), packets);
}

}  // namespace shoal_app
