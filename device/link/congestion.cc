#include "device/link/congestion.h"

namespace shoal {
namespace {

constexpr uint16_t kUnit = Pace::kFragment;
constexpr uint16_t kFirst = 4 * kUnit;  // nothing known yet
constexpr uint16_t kLeast = 2 * kUnit;  // after a loss that was noticed soon
constexpr uint16_t kMost = 0xFFFF - kUnit;

uint16_t bound(uint16_t most) {
  return most < kMost / kUnit ? static_cast<uint16_t>(most * kUnit) : kMost;
}

void cut(Pace& p, uint32_t next) {
  const uint16_t half = p.window / 2;
  p.threshold = half > kLeast ? half : kLeast;
  if (p.window > p.threshold) p.window = p.threshold;
  p.recover = next;
}

// Returns whether a packet was on its way when the window was cut.
bool counted(const Pace& p, uint32_t packet) {
  return p.recover - packet - 1 < 0xFFFF;
}

}  // namespace

void start_pace(Pace& p, uint16_t most) {
  p = Pace{};
  p.threshold = bound(most);
  p.window = p.threshold < kFirst ? p.threshold : kFirst;
}

void pace_acknowledged(Pace& p, uint16_t fragments, uint16_t in_flight,
                       uint16_t most) {
  if (in_flight < allowed_flights(p)) return;
  const uint32_t each =
      p.window < p.threshold ? kUnit : uint32_t{kUnit} * kUnit / p.window;
  const uint32_t window = p.window + fragments * (each > 0 ? each : 1);
  p.window = static_cast<uint16_t>(window < bound(most) ? window : bound(most));
}

// The least one is forgotten slowly: the way may have become another one.
void pace_measured(Pace& p, uint32_t sample_us) {
  if (p.least_us == 0 || sample_us < p.least_us) p.least_us = sample_us;
  p.least_us += (sample_us - p.least_us) / 256;
}

bool pace_crowded(const Pace& p, uint32_t rtt_us, uint32_t away_us) {
  return rtt_us == 0 || rtt_us > 2 * p.least_us + away_us;
}

void pace_lost(Pace& p, uint32_t packet, uint32_t next) {
  if (!counted(p, packet)) cut(p, next);
}

void pace_silent(Pace& p) { p.window = kUnit; }

void pace_watch(Pace& p, uint32_t packet, uint32_t sent_us, uint32_t next) {
  if (p.watched_us) return;
  p.watched = packet;
  p.watched_end = next;
  p.watched_us = sent_us ? sent_us : 1;
}

Watched pace_watched(Pace& p, uint32_t largest, uint32_t mask,
                     uint32_t overtaken, uint32_t& sent_us) {
  const uint32_t age = largest - p.watched;
  sent_us = 0;
  if (p.watched_us == 0 || age >= 0x80000000u) return Watched::kOpen;
  const bool came = age < 32 && (mask >> age & 1);
  if (!came && age < overtaken) return Watched::kOpen;
  if (came && age < p.watched_end - p.watched) sent_us = p.watched_us;
  p.watched_us = 0;
  return came ? Watched::kCame : Watched::kLost;
}

}  // namespace shoal
