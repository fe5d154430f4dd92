// A line that several nodes share (RS-485): device/transport/bus_coordinator.h
// and bus_station.h, which nodes run as well, on a device of this computer.
// Its adapter turns the driver on and off by itself.
#pragma once

#include <memory>
#include <string>

#include "device/transport/bus_coordinator.h"
#include "device/transport/bus_station.h"
#include "host/engine/workers/transport.h"

namespace shoal {

// Bytes to and from an open line.
class BusDevice {
 public:
  // Owns the descriptor, which is non-blocking.
  explicit BusDevice(int line) : line_(line) {}
  ~BusDevice();
  BusDevice(const BusDevice&) = delete;
  BusDevice& operator=(const BusDevice&) = delete;

  BusPort port(uint64_t (*now_us)(void*));
  int descriptor() const { return line_; }
  bool has_ended() const { return ended_; }

 private:
  static uint32_t write_some(void* self, const void* data, uint32_t bytes);
  static uint32_t read_some(void* self, void* to, uint32_t capacity);

  int line_;
  bool ended_ = false;
};

// The base of both ends, which have to look at the line also while their owner
// waits for something else.
class BusTransport : public HostTransport {
 public:
  void wait(uint64_t until_us, int other = -1) const override;
  bool has_ended() const override { return device_.has_ended(); }

 protected:
  explicit BusTransport(int line) : device_(line) {}
  int descriptor() const override { return device_.descriptor(); }
  bool has_fetched() const override { return look(); }
  // Does what is due; returns whether a datagram waits.
  virtual bool look() const = 0;
  // When look() is due again though nothing comes.
  virtual uint64_t next_look_us() const = 0;
  BusPort port() { return device_.port(now_us); }

  // More than a queue of datagrams only makes everything late.
  static constexpr uint32_t kMostWaiting = 4096;
  uint8_t waiting_[kMostWaiting];

 private:
  BusDevice device_;
};

class BusCoordinatorTransport final : public BusTransport {
 public:
  // open_serial() with kClusterBaud. Throws Error(kBusy) if another process has
  // the line: it has one coordinator.
  explicit BusCoordinatorTransport(const std::string& device);
  // Takes a line that is open and non-blocking already; owns the descriptor.
  BusCoordinatorTransport(int line, const BusTiming&);

 private:
  bool look() const override { return bus_->look(); }
  uint64_t next_look_us() const override { return bus_->next_timer_us(); }

  std::unique_ptr<BusCoordinator> bus_;
};

class BusStationTransport final : public BusTransport {
 public:
  BusStationTransport(const std::string& device, int station);
  BusStationTransport(int line, int station, const BusTiming&);

 private:
  bool look() const override { return bus_->look(); }
  uint64_t next_look_us() const override;

  const uint32_t begin_us_;
  std::unique_ptr<BusStation> bus_;
};

}  // namespace shoal
