#include "boards/firmware/console_writer.h"

namespace shoal {

void ConsoleWriter::begin(ConsoleType type, uint32_t bytes) {
  uint8_t head[kConsoleHead] = {kConsoleMark[0], kConsoleMark[1],
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

bool refuse_storage(const shoal_port& port, ConsoleWriter& console) {
  if (port.storage_there >= port.storage_bytes) return false;
  const auto kilobytes = [](uint32_t bytes) {
    const uint32_t count = bytes >> 10;
    return static_cast<uint16_t>(count < 0xFFFF ? count : 0xFFFF);
  };
  const Refusal why =
      port.storage_there > 0 ? Refusal::kSmallStorage : Refusal::kNoStorage;
  ConsoleRefused r{};
  r.refusal = static_cast<uint8_t>(why);
  r.index = kilobytes(port.storage_there);
  r.check = kilobytes(port.storage_bytes);
  console.send(ConsoleType::kRefused, r);
  return true;
}

}  // namespace shoal
