#include "boards/firmware/frames.h"

namespace shoal {

void ConsoleWriter::begin(FrameType type, uint32_t bytes) {
  uint8_t head[kFrameHead] = {kFrameMark[0], kFrameMark[1],
                              static_cast<uint8_t>(type), 0};
  for (int i = 0; i < 4; ++i) {
    head[4 + i] = static_cast<uint8_t>(bytes >> (8 * i));
  }
  port_.write_console(port_.user, head, sizeof head);
  crc_ = crc32_add(0, head + 2, sizeof head - 2);
}

void ConsoleWriter::put(const void* data, uint32_t bytes) {
  crc_ = crc32_add(crc_, static_cast<const uint8_t*>(data), bytes);
  port_.write_console(port_.user, data, bytes);
}

void ConsoleWriter::end() {
  uint8_t sum[4];
  for (int i = 0; i < 4; ++i) sum[i] = static_cast<uint8_t>(crc_ >> (8 * i));
  port_.write_console(port_.user, sum, sizeof sum);
}

}  // namespace shoal
