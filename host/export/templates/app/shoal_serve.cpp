// serve(): the board's end of the serial line, or of a network, on which `shoal
// send` speaks to it; device/alone/wire.h has the messages.
#include "device/alone/server.h"
#include "device/port/payload.h"
#include "shoal_app.h"
#include "shoal_frame.h"
#include "shoal_network.h"
#include "shoal_program.h"

namespace shoal_app {
namespace {

// Static: stacks are small.
uint8_t packets[2 * SHOAL_PAYLOAD];
uint32_t checks[SHOAL_MOST_ENDS];
uint32_t times[SHOAL_TIMED_LAYERS];
const shoal_port* clock_port;
// Networks of SDKs keep few datagrams of full size.
constexpr uint32_t kPieces =
    SHOAL_PAYLOAD > shoal::kSerialPayload ? 4 : shoal::alone::kWindow;

struct Served {
  const shoal_port& port;

  static void idle(void* self) {
    constexpr uint64_t kMostUs = 10000;
    const shoal_port& port = static_cast<const Served*>(self)->port;
    wait_network(port, clock_us(port) + kMostUs);
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

void serve(const shoal_port& port, ReadConsole read) {
  const shoal_transport* const transport = open_network(port, read);
  if (!transport) return;
  Served served = {port};
  const shoal::AloneBoard board = {
      transport,          &networks,     port.board, &served, test,
      Served::idle,       programs,      packets,    checks,  times,
      SHOAL_TIMED_LAYERS, start_counter, kPieces};
  shoal::AloneServer server(board);
  for (;;) {
    if (!server.poll()) Served::idle(&served);
    shoal_app_turn(port);
  }
}

}  // namespace shoal_app
