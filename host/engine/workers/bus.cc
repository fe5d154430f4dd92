#include "host/engine/workers/bus.h"

#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "host/base/error.h"
#include "host/engine/workers/serial.h"

namespace shoal {

BusDevice::~BusDevice() {
  if (line_ >= 0) close(line_);
}

BusPort BusDevice::port(uint64_t (*now_us)(void*)) {
  return {this, write_some, read_some, nullptr, now_us};
}

uint32_t BusDevice::write_some(void* self, const void* data, uint32_t bytes) {
  auto& device = *static_cast<BusDevice*>(self);
  const ssize_t n = write(device.line_, data, bytes);
  if (n < 0 && errno == EIO) device.ended_ = true;
  return n > 0 ? static_cast<uint32_t>(n) : 0;
}

uint32_t BusDevice::read_some(void* self, void* to, uint32_t capacity) {
  auto& device = *static_cast<BusDevice*>(self);
  uint32_t all = 0;
  // Fewer than there is room for has to mean all that had come.
  while (all < capacity) {
    const ssize_t n =
        read(device.line_, static_cast<uint8_t*>(to) + all, capacity - all);
    if (n == 0 || (n < 0 && errno == EIO)) device.ended_ = true;
    if (n <= 0) break;
    all += static_cast<uint32_t>(n);
  }
  return all;
}

void BusTransport::wait(uint64_t until_us, int other) const {
  for (;;) {
    if (look()) return;
    const uint64_t now = now_us(nullptr);
    if (now >= until_us || has_ended()) break;
    const uint64_t next = std::min(until_us, next_look_us());
    const uint64_t us =
        next > now ? std::min<uint64_t>(next - now, 1'000'000) : 0;
    pollfd p[] = {{descriptor(), POLLIN, 0}, {other, POLLIN, 0}};
    const timespec t{static_cast<time_t>(us / 1'000'000),
                     static_cast<long>(us % 1'000'000 * 1000)};
    if (ppoll(p, 2, &t, nullptr) < 0 || p[1].revents != 0) return;
  }
  if (has_ended()) HostTransport::wait(until_us, other);
}

namespace {

int open_bus(const std::string& device) {
  const int line = open_serial(device, kClusterBaud);
  if (flock(line, LOCK_EX | LOCK_NB) == 0) return line;
  close(line);
  throw Error(Exit::kBusy, device + ": another process coordinates this line",
              "end that one; several nodes of a line have one coordinator");
}

}  // namespace

BusCoordinatorTransport::BusCoordinatorTransport(const std::string& device)
    : BusCoordinatorTransport(open_bus(device), BusTiming()) {}

BusCoordinatorTransport::BusCoordinatorTransport(int line,
                                                 const BusTiming& timing)
    : BusTransport(line),
      bus_(std::make_unique<BusCoordinator>(port(), waiting_, kMostWaiting,
                                            timing)) {
  transport_ = bus_->transport();
}

BusStationTransport::BusStationTransport(const std::string& device, int station)
    : BusStationTransport(open_serial(device, kClusterBaud), station,
                          BusTiming()) {}

BusStationTransport::BusStationTransport(int line, int station,
                                         const BusTiming& timing)
    : BusTransport(line),
      begin_us_(timing.begin_us),
      bus_(std::make_unique<BusStation>(port(), static_cast<uint8_t>(station),
                                        waiting_, kMostWaiting, timing)) {
  transport_ = bus_->transport();
}

// A poll that came while nobody looked is not answered.
uint64_t BusStationTransport::next_look_us() const {
  return now_us(nullptr) + begin_us_ / 4;
}

}  // namespace shoal
