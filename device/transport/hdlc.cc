#include "device/transport/hdlc.h"

#include <cstring>

namespace shoal {
namespace {

constexpr uint8_t kFlag = 0x7E, kEscape = 0x7D, kFlip = 0x20;

// FCS-16 of RFC 1662, appendix C.2, without its table.
uint16_t check_of(const uint8_t* data, uint32_t bytes) {
  uint32_t crc = 0xFFFF;
  for (uint32_t i = 0; i < bytes; ++i) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x8408 : 0);
  }
  return static_cast<uint16_t>(~crc);
}

}  // namespace

uint32_t hdlc_encode(const uint8_t* data, uint32_t bytes, uint8_t* out) {
  uint32_t n = 0;
  const auto put = [out, &n](uint8_t byte) {
    if (byte == kFlag || byte == kEscape) {
      out[n++] = kEscape;
      byte ^= kFlip;
    }
    out[n++] = byte;
  };
  out[n++] = kFlag;
  for (uint32_t i = 0; i < bytes; ++i) put(data[i]);
  const uint16_t check = check_of(data, bytes);
  put(static_cast<uint8_t>(check));
  put(static_cast<uint8_t>(check >> 8));
  out[n++] = kFlag;
  return n;
}

uint32_t HdlcDecoder::push(uint8_t byte) {
  if (byte == kFlag) {
    const uint32_t bytes = finish();
    length_ = 0;
    escaped_ = lost_ = false;
    return bytes;
  }
  if (lost_) return 0;
  if (byte == kEscape && !escaped_) {
    escaped_ = true;
    return 0;
  }
  if (length_ == capacity_) {
    lost_ = true;
    ++dropped_;
    return 0;
  }
  buffer_[length_++] = escaped_ ? byte ^ kFlip : byte;
  escaped_ = false;
  return 0;
}

uint32_t HdlcDecoder::finish() {
  // Two flags in a row are no frame, and no error.
  if (lost_ || length_ == 0) return 0;
  if (!escaped_ && length_ > kHdlcCheckBytes) {
    const uint32_t bytes = length_ - kHdlcCheckBytes;
    const uint16_t check = check_of(buffer_, bytes);
    if (buffer_[bytes] == (check & 0xFF) && buffer_[bytes + 1] == check >> 8) {
      return bytes;
    }
  }
  ++dropped_;
  return 0;
}

uint32_t write_waiting(uint32_t (*write)(void* user, const void* data,
                                         uint32_t bytes),
                       void* user, uint8_t* waiting, uint32_t bytes) {
  uint32_t sent = 0;
  while (sent < bytes) {
    const uint32_t left = bytes - sent;
    const uint32_t n = write(user, waiting + sent, left);
    if (n == 0 || n > left) break;
    sent += n;
  }
  if (sent != 0) std::memmove(waiting, waiting + sent, bytes - sent);
  return bytes - sent;
}

}  // namespace shoal
