// A simulated world: endpoints, each with a clock of its own work, around one
// Network. An endpoint is stepped when a datagram comes, its timer passes or
// it said that it has more to do; while it is busy with what a step cost it
// hears nothing: what arrives waits in its bounded queue.
//
//   World world(options);
//   Port& port = world.add(link, costs);
//   Thing thing(port);  // an Endpoint, which sends and hears by that port
//   world.attach(port, thing);
//   while (!thing.done() && world.advance());
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "device/port/payload.h"
#include "device/shoal.h"
#include "host/world/network.h"
#include "host/world/recorder.h"

namespace shoal {

class World;

// The cost of an endpoint's own work.
struct PortCosts {
  Nanos datagram = 0;         // sent or received
  double nanos_per_byte = 0;  // of a datagram: encryption
  Nanos step = kMicrosecond;  // that did something but cost nothing else
  // Steps at one event; more than one is cheaper for the host, and longer
  // away from the link for the endpoint.
  int burst = 1;
};

struct PortTimes {
  Nanos slices = 0, receiving = 0, sending = 0, other = 0;
};

// The transport of one endpoint, and its clock.
class Port {
 public:
  Port(World&, uint32_t number, const PortCosts&, uint32_t max_payload);
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  const shoal_transport& transport() const { return transport_; }
  uint32_t number() const { return number_; }
  uint64_t address() const { return Network::address(number_); }
  Nanos now() const { return now_; }
  // The endpoint works for so long.
  void spend(Nanos, const Activity& what);
  // From now on its work takes that many times as long.
  void slow_down(double times) { slowness_ = times; }
  const PortTimes& times() const { return times_; }

 private:
  friend class World;
  static int send(void*, uint64_t to, const void*, uint32_t);
  static uint32_t receive(void*, uint64_t* from, void*, uint32_t);
  static uint64_t now_us(void*);
  Nanos cost(uint32_t bytes) const;

  World& world_;
  uint32_t number_;
  PortCosts costs_;
  double slowness_ = 1;
  shoal_transport transport_;
  Nanos now_ = 0;
  PortTimes times_;
};

class Endpoint {
 public:
  virtual ~Endpoint() = default;
  // Does some work; true: there is more.
  virtual bool step() = 0;
  // Returns a time in microseconds of the transport; UINT64_MAX: never.
  virtual uint64_t next_timer_us() const = 0;
  // Returns when something of its own ends that it sees without that clock;
  // kNever: there is nothing.
  virtual Nanos ready_at() const { return kNever; }
  // Before a datagram leaves: time that the step under way owes so far.
  virtual void settle() {}
};

class World {
 public:
  explicit World(const NetworkOptions&, uint32_t max_payload = kUdpPayload);

  Port& add(const LinkModel&, const PortCosts&);
  // The endpoint behind a port; must outlive the world's use. It is stepped
  // at once.
  void attach(Port&, Endpoint&);
  // The same for an endpoint that sleeps until that time, or a datagram.
  void sleep(Port&, Endpoint&, Nanos until);
  // Lets the next event happen; false: there will be none.
  bool advance();
  // Moves the clock on; nothing may happen before.
  void pass(Nanos until) { now_ = until > now_ ? until : now_; }
  // The endpoint does nothing any more, until another one is attached to its
  // port.
  void switch_off(uint32_t endpoint);
  void switch_on(uint32_t endpoint);
  // The core of an endpoint stands still, and goes on where it stood. What
  // arrives meanwhile waits in its queue, as far as that goes.
  void hold(uint32_t endpoint);
  void go_on(uint32_t endpoint);

  Nanos now() const { return now_; }
  const EventQueue& events() const { return events_; }
  Network& network() { return network_; }
  const Network& network() const { return network_; }
  // From now on; null: nothing is recorded. Must outlive its use.
  void record(Recorder*);

 private:
  friend class Port;
  struct Place {
    std::unique_ptr<Port> port;
    Endpoint* endpoint = nullptr;
    uint64_t wake = 0;       // number of the wake that counts
    Nanos wake_at = kNever;  // when it is
    bool held = false;
  };
  void wake(uint32_t endpoint, Nanos at);
  void step(uint32_t endpoint);

  EventQueue events_;
  Network network_;
  uint32_t max_payload_;
  std::vector<Place> places_;
  Nanos now_ = 0;
  Recorder* recorder_ = nullptr;
};

}  // namespace shoal
