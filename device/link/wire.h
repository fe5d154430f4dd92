// The bytes of a data datagram (spec/datagrams.md, "Datagrams"):
//
//   head     kind, flags, sender's node number, epoch, low bits of the packet
//            number: 12 bytes, authenticated
//   items    acknowledgements, credit (how far a stream's sender may go, as an
//            absolute offset), fragments (pieces of streams): sealed
//   tag      the cipher's
//
// Other kinds of datagrams belong to the coordinator's sessions
// (device/agent/session_wire.h). Everything is little-endian and lies where
// it comes to lie: nothing is aligned.
//
// ItemReader walks through the items of a datagram one by one and never looks
// behind their end; what it returns points into the datagram.
#pragma once

#include <cstdint>

namespace shoal {

inline constexpr uint8_t kDataKind = 4;
inline constexpr uint8_t kFlagProbe = 1;  // please answer, with all credit
inline constexpr uint8_t kFlagPhase = 2;  // changes with the sender's key
inline constexpr uint8_t kFlagHaste = 4;  // much is lost: answer at once
inline constexpr uint32_t kDataHeadBytes = 12;

enum class ItemKind : uint8_t {
  kAck = 1,       // largest, mask
  kCredit = 2,    // number of the receiver's target, absolute limit
  kFragment = 3,  // number of the receiver's in-stream, offset, length, bytes
};
inline constexpr uint32_t kAckBytes = 9;
inline constexpr uint32_t kCreditBytes = 7;
inline constexpr uint32_t kFragmentHeadBytes = 9;

inline void put16(uint8_t* to, uint16_t v) {
  to[0] = static_cast<uint8_t>(v);
  to[1] = static_cast<uint8_t>(v >> 8);
}
inline void put32(uint8_t* to, uint32_t v) {
  put16(to, static_cast<uint16_t>(v));
  put16(to + 2, static_cast<uint16_t>(v >> 16));
}
inline uint16_t get16(const uint8_t* from) {
  return static_cast<uint16_t>(from[0] | from[1] << 8);
}
inline uint32_t get32(const uint8_t* from) {
  return get16(from) | static_cast<uint32_t>(get16(from + 2)) << 16;
}

struct DataHead {
  uint8_t flags = 0;
  uint16_t node = 0;    // the sender's
  uint32_t epoch = 0;   // of the keys and cursors of a cluster's run
  uint32_t packet = 0;  // low bits of its number
};

inline void put_head(uint8_t* to, const DataHead& h) {
  to[0] = kDataKind;
  to[1] = h.flags;
  put16(to + 2, h.node);
  put32(to + 4, h.epoch);
  put32(to + 8, h.packet);
}
// Reads the head of at least kDataHeadBytes that begin with kDataKind.
inline DataHead get_head(const uint8_t* from) {
  return {from[1], get16(from + 2), get32(from + 4), get32(from + 8)};
}

// Returns the number with these low bits that is nearest to `expected`.
constexpr uint64_t whole_packet_number(uint64_t expected, uint32_t low) {
  const uint32_t ahead = low - static_cast<uint32_t>(expected);
  if (ahead < 0x80000000u) return expected + ahead;
  const uint32_t behind = 0u - ahead;
  // Before the first 2^31 numbers there are none behind.
  return behind <= expected ? expected - behind : expected + ahead;
}

struct Item {
  ItemKind kind{};
  uint16_t number = 0;  // of the target or the in-stream
  uint16_t length = 0;  // of a fragment, at least 1
  uint32_t value = 0;   // largest, limit or offset
  uint32_t mask = 0;    // of an acknowledgement
  const uint8_t* bytes = nullptr;
};

class ItemReader {
 public:
  ItemReader(const uint8_t* items, uint32_t bytes)
      : next_(items), left_(bytes) {}

  // Reads the next item; false at the end and at what is not an item.
  bool next(Item& item) {
    if (left_ == 0) return false;
    item.kind = static_cast<ItemKind>(next_[0]);
    switch (item.kind) {
      case ItemKind::kAck:
        if (!has(kAckBytes)) return false;
        item.value = get32(next_ + 1);
        item.mask = get32(next_ + 5);
        return skip(kAckBytes);
      case ItemKind::kCredit:
        if (!has(kCreditBytes)) return false;
        item.number = get16(next_ + 1);
        item.value = get32(next_ + 3);
        return skip(kCreditBytes);
      case ItemKind::kFragment:
        if (!has(kFragmentHeadBytes)) return false;
        item.number = get16(next_ + 1);
        item.value = get32(next_ + 3);
        item.length = get16(next_ + 7);
        item.bytes = next_ + kFragmentHeadBytes;
        if (item.length == 0) return malformed();
        if (!has(kFragmentHeadBytes + item.length)) return false;
        return skip(kFragmentHeadBytes + item.length);
    }
    return malformed();
  }

  // Returns whether all bytes so far were items.
  bool ok() const { return ok_; }

 private:
  bool malformed() { return ok_ = false; }
  bool has(uint32_t bytes) { return left_ >= bytes || malformed(); }
  bool skip(uint32_t bytes) {
    next_ += bytes;
    left_ -= bytes;
    return true;
  }

  const uint8_t* next_;
  uint32_t left_;
  bool ok_ = true;
};

// Puts items behind a head, as far as there is room.
class ItemWriter {
 public:
  // `end` is where the tag begins if the datagram gets full.
  ItemWriter(uint8_t* items, uint8_t* end) : next_(items), end_(end) {}

  uint32_t room() const { return static_cast<uint32_t>(end_ - next_); }
  uint8_t* end() const { return next_; }

  bool ack(uint32_t largest, uint32_t mask) {
    if (room() < kAckBytes) return false;
    next_[0] = static_cast<uint8_t>(ItemKind::kAck);
    put32(next_ + 1, largest);
    put32(next_ + 5, mask);
    next_ += kAckBytes;
    return true;
  }
  bool credit(uint16_t target, uint32_t limit) {
    if (room() < kCreditBytes) return false;
    next_[0] = static_cast<uint8_t>(ItemKind::kCredit);
    put16(next_ + 1, target);
    put32(next_ + 3, limit);
    next_ += kCreditBytes;
    return true;
  }
  // Returns the place of the fragment's bytes; there must be room for them.
  uint8_t* fragment(uint16_t stream, uint32_t offset, uint16_t length) {
    next_[0] = static_cast<uint8_t>(ItemKind::kFragment);
    put16(next_ + 1, stream);
    put32(next_ + 3, offset);
    put16(next_ + 7, length);
    uint8_t* bytes = next_ + kFragmentHeadBytes;
    next_ = bytes + length;
    return bytes;
  }

 private:
  uint8_t* next_;
  uint8_t* end_;
};

}  // namespace shoal
