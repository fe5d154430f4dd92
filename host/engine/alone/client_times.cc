// Reads the time of each layer from a board that runs alone.
#include <algorithm>
#include <cstring>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/engine/alone/client.h"

namespace shoal {

AloneClient::Times AloneClient::read_times(const AloneFacts& facts) {
  Times all;
  const auto refuse_times = [&](const std::string& why) {
    throw Error(Exit::kCorrupt, name_ + " measured times that " + why,
                "export the project again and flash all of it");
  };
  while (all.layers.size() < facts.timed_layers) {
    const auto first = static_cast<uint16_t>(all.layers.size());
    const uint8_t from[] = {static_cast<uint8_t>(first),
                            static_cast<uint8_t>(first >> 8)};
    ask(alone::MessageType::kAskTimes, frame_, from, [&](const Message& m) {
      if (m.head.type == alone::MessageType::kSaid) refuse(m);
      if (m.head.type != alone::MessageType::kTimes) return false;
      if (m.body.size() < alone::LayerTimes::kBytes) {
        refuse_times("do not come");
      }
      const alone::LayerTimes t = alone::LayerTimes::get(m.body.data());
      if (t.first != first) {
        // An earlier question was asked again, and answered again.
        if (t.first < first) return false;
        refuse_times("are those of other layers");
      }
      if (t.layers != facts.timed_layers) {
        refuse_times("have another number of layers");
      }
      const auto numbers = m.body.subspan(alone::LayerTimes::kBytes);
      const size_t some =
          std::min<size_t>(numbers.size() / 4, facts.timed_layers - first);
      if (some == 0) refuse_times("do not come");
      for (size_t i = 0; i < some; ++i) {
        all.layers.push_back(alone::get32(numbers.data() + 4 * i));
      }
      all.counter = printable(
          std::string(t.counter, strnlen(t.counter, sizeof t.counter)));
      all.counter_hz = t.counter_hz;
      all.ticks = t.ticks;
      all.us = t.us;
      return true;
    });
  }
  // Neither a counter nor a clock counts so far within a frame.
  constexpr uint64_t kMost = uint64_t{1} << 52;
  if (all.ticks > kMost || all.us > kMost) refuse_times("cannot be meant");
  return all;
}

}  // namespace shoal
