// serve(): inputs from the serial line. See shoal_app.h for the messages.
#include <cstring>

#include "device/shoal.h"
#include "device/transport/hdlc.h"
#include "shoal_app.h"
#include "shoal_frame.h"

namespace shoal_app {
namespace {

constexpr uint32_t kMessage = shoal::kSerialPayload;
constexpr uint32_t kHead = 10;  // type, frame, stream, offset
constexpr uint32_t kPiece = kMessage - kHead;
constexpr uint64_t kRepeatPerSecond = 2;  // of what is not answered

void put32(uint8_t* to, uint32_t number) {
  for (int i = 0; i < 4; ++i) to[i] = static_cast<uint8_t>(number >> (8 * i));
}
uint32_t get32(const uint8_t* from) {
  return static_cast<uint32_t>(from[0]) | static_cast<uint32_t>(from[1]) << 8 |
         static_cast<uint32_t>(from[2]) << 16 |
         static_cast<uint32_t>(from[3]) << 24;
}

class Serial {
 public:
  Serial(const shoal_port& port, ReadConsole read) : port_(port), read_(read) {}

  void run() {
    for (;;) {
      while (!begins_) {
        if (next_message() == 0) idle();
      }
      begins_ = false;
      const uint64_t start = port_.read_ticks(port_.user);
      const shoal_status status = run_frame(port_, {this, fill, give});
      if (status == SHOAL_WAIT) continue;  // another frame has begun
      end(status, port_.read_ticks(port_.user) - start);
    }
  }

 private:
  void idle() const {
    if (port_.wait_for_interrupt) port_.wait_for_interrupt(port_.user);
  }

  void send(const uint8_t* message, uint32_t bytes) const {
    uint8_t line[shoal::hdlc_bound(kMessage)];
    port_.write_console(port_.user, line,
                        shoal::hdlc_encode(message, bytes, line));
  }

  // Bytes of the message that has come; 0: none has yet. Takes an 'F'.
  uint32_t next_message() {
    for (;;) {
      if (at_ == got_) {
        at_ = 0;
        got_ = read_(port_.user, bytes_, sizeof bytes_);
        if (got_ == 0) return 0;
      }
      const uint32_t bytes = decoder_.push(bytes_[at_++]);
      if (bytes < 5) continue;
      if (message_[0] == 'F') {
        frame_ = get32(message_ + 1);
        begins_ = true;
      }
      return bytes;
    }
  }

  void head(uint8_t* message, char type, uint32_t stream,
            uint32_t offset) const {
    message[0] = static_cast<uint8_t>(type);
    put32(message + 1, frame_);
    message[5] = static_cast<uint8_t>(stream);
    put32(message + 6, offset);
  }

  bool fetch(uint32_t input, uint32_t offset, uint8_t* to, uint32_t bytes) {
    uint8_t want[kHead + 1];
    head(want, 'W', input, offset);
    want[kHead] = static_cast<uint8_t>(bytes);
    send(want, sizeof want);
    uint64_t since = port_.read_ticks(port_.user);
    for (;;) {
      const uint32_t got = next_message();
      if (begins_) return false;
      if (got == kHead + bytes && message_[0] == 'I' &&
          std::memcmp(message_ + 1, want + 1, kHead - 1) == 0) {
        std::memcpy(to, message_ + kHead, bytes);
        return true;
      }
      const uint64_t now = port_.read_ticks(port_.user);
      if (now - since > port_.ticks_per_second / kRepeatPerSecond) {
        send(want, sizeof want);
        since = now;
      }
      if (got == 0) idle();
    }
  }

  static bool fill(void* user, uint32_t input, uint32_t offset, uint8_t* to,
                   uint32_t bytes) {
    for (uint32_t at = 0; at < bytes; at += kPiece) {
      const uint32_t some = bytes - at < kPiece ? bytes - at : kPiece;
      if (!static_cast<Serial*>(user)->fetch(input, offset + at, to + at,
                                             some)) {
        return false;
      }
    }
    return true;
  }

  static void give(void* user, uint32_t output, uint32_t offset,
                   const uint8_t* from, uint32_t bytes) {
    const Serial& s = *static_cast<const Serial*>(user);
    uint8_t message[kMessage];
    for (uint32_t at = 0; at < bytes; at += kPiece) {
      const uint32_t some = bytes - at < kPiece ? bytes - at : kPiece;
      s.head(message, 'O', output, offset + at);
      std::memcpy(message + kHead, from + at, some);
      s.send(message, kHead + some);
    }
  }

  void end(shoal_status status, uint64_t ticks) const {
    uint8_t message[14] = {'E'};
    put32(message + 1, frame_);
    message[5] = static_cast<uint8_t>(status);
    const uint64_t us = microseconds(port_, ticks);
    put32(message + 6, static_cast<uint32_t>(us));
    put32(message + 10, static_cast<uint32_t>(us >> 32));
    send(message, sizeof message);
  }

  const shoal_port& port_;
  const ReadConsole read_;
  uint8_t message_[kMessage + shoal::kHdlcCheckBytes] = {};
  shoal::HdlcDecoder decoder_{message_, sizeof message_};
  uint8_t bytes_[64];  // of the line, those behind at_ not looked at yet
  uint32_t at_ = 0, got_ = 0;
  uint32_t frame_ = 0;
  bool begins_ = false;  // an 'F' has come and nothing was done about it
};

}  // namespace

void serve(const shoal_port& port, ReadConsole read) {
  Serial(port, read).run();
}

int run(const shoal_port& port, ReadConsole read) {
  const int code = self_test(port);
  if (code == kGood) serve(port, read);
  return code;
}

}  // namespace shoal_app
