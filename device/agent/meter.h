// Measures a node's firings, by its own counter of cycles and by its clock, and
// the time of its link beside them, for a coordinator that asks for it (`shoal
// probe`, `shoal run --timeline`). Only runs that were asked to be metered are;
// others pay nothing.
//
// A step of the runtime fires, then looks at its link. The link asks for the
// time before it does anything, and there the firing has ended: hence a run
// that is metered gets a transport whose clock is also looked at here.
#pragma once

#include <cstdint>

#include "device/agent/session_wire.h"
#include "device/port/cycles.h"
#include "device/shoal.h"

namespace shoal {

class Meter {
 public:
  // All bits are zero, so that it costs no flash and needs no constructor.
  constexpr Meter() : wanted_(false), on_(false), looked_(false) {}
  // The transport must outlive this, and this must not move.
  void open(const shoal_transport& transport, const CycleCounter& counter);

  // For the next run.
  void ask(bool wanted) { wanted_ = wanted; }
  // Begins a run and returns the transport that its link uses.
  const shoal_transport* begin_run(const shoal_transport* transport);
  void end_run() { on_ = false; }

  bool on() const { return on_; }
  // The node looks for datagrams, then it has taken some; each of a peer's.
  void receives();
  void took(uint16_t from, uint32_t bytes);
  void took_data(const uint8_t* packet, uint32_t bytes);
  void received();
  void step_begins();
  // `worked`: the step did something, which a step without a firing may, too.
  void step_ended(bool fired, bool worked);
  MeterAnswer answer() const;
  // Returns the times besides firings, and forgets who ended the last wait. The
  // caller knows the stage.
  MeterTimes times();

 private:
  void look();
  void forget();

  const shoal_transport* behind_ = nullptr;
  shoal_transport watched_{};
  CycleCounter counter_;
  bool wanted_ : 1, on_ : 1;
  bool looked_ : 1;  // since the step began
  // One more than the bytes of the largest datagram since nothing could be
  // fired, which brings the rows: others are acknowledgements. kBusy: something
  // was fired since.
  static constexpr uint16_t kBusy = 0, kNone = 1;
  uint16_t largest_ = kBusy, largest_from_ = 0, woken_by_ = 0;
  uint64_t began_us_ = 0, ended_us_ = 0;  // a step, or receiving
  uint32_t began_ = 0, ended_ = 0;        // of the counter
  uint32_t firings_ = 0;
  uint32_t us_ = 0, receive_us_ = 0, send_us_ = 0;
  uint64_t cycles_ = 0;
};

}  // namespace shoal
