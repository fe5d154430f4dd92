#include "boards/sd/sd_card.h"

#include <cstring>

namespace shoal {
namespace {

constexpr uint8_t kGoIdle = 0, kSendInterface = 8, kSendCsd = 9, kStop = 12,
                  kSendStatus = 13, kSetBlock = 16, kReadOne = 17,
                  kReadMany = 18, kWriteOne = 24, kApplication = 55,
                  kReadOcr = 58;
constexpr uint8_t kSendOperation = 41;  // behind kApplication

// The first byte of an answer.
constexpr uint8_t kReady = 0, kIdleState = 1, kUnknown = 4, kNoAnswer = 0xFF;

constexpr uint8_t kDataToken = 0xFE;
constexpr uint8_t kDataAnswer = 0x1F, kAccepted = 0x05;
constexpr uint32_t kInterface = 0x1AA;  // 2.7 to 3.6 V, and what comes back
constexpr uint32_t kHighCapacity = 1u << 30;

constexpr uint32_t kStartBytes = 10;   // at least 74 clocks before a command
constexpr uint32_t kAnswerBytes = 16;  // in which an answer begins
constexpr uint32_t kTries = 10;
// At 400 kHz more than the second in which a card starts.
constexpr uint32_t kStartTries = 4000;
// The bytes that pass at 25 MHz in half a second, the longest that a card may
// be busy.
constexpr uint32_t kPatience = 1600000;
constexpr uint32_t kBytesAPoll = 64;  // of waiting
constexpr uint32_t kCsdBytes = 16;

uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

// Returns the capacity that the card-specific data states; 0 if their version
// is not known.
uint64_t capacity(const uint8_t (&csd)[kCsdBytes]) {
  const auto byte = [&csd](int i) { return uint32_t{csd[i]}; };
  if (csd[0] >> 6 == 0) {
    const uint32_t count =
        (byte(6) & 3) << 10 | byte(7) << 2 | byte(8) >> 6;  // less one
    const uint32_t shift =
        ((byte(9) & 3) << 1 | byte(10) >> 7) + 2 + (byte(5) & 15);
    return uint64_t{count + 1} << shift;
  }
  if (csd[0] >> 6 != 1) return 0;
  const uint32_t count = (byte(7) & 63) << 16 | byte(8) << 8 | byte(9);
  return uint64_t{count + 1} << 19;
}

}  // namespace

uint8_t SdCard::next() {
  uint8_t byte = 0;
  bus_.exchange(bus_.user, nullptr, &byte, 1);
  return byte;
}

void SdCard::skip(uint32_t bytes) {
  bus_.exchange(bus_.user, nullptr, nullptr, bytes);
}

// A card lets go of its line a byte later.
void SdCard::release() {
  bus_.select(bus_.user, false);
  skip(1);
}

// The card stays selected. kNoAnswer: none came.
uint8_t SdCard::command(uint8_t index, uint32_t argument) {
  // Checksums are asked of the first two only.
  const uint8_t sum = index == kGoIdle          ? 0x95
                      : index == kSendInterface ? 0x87
                                                : 0x01;
  const uint8_t bytes[] = {0xFF,
                           static_cast<uint8_t>(0x40 | index),
                           static_cast<uint8_t>(argument >> 24),
                           static_cast<uint8_t>(argument >> 16),
                           static_cast<uint8_t>(argument >> 8),
                           static_cast<uint8_t>(argument),
                           sum};
  bus_.select(bus_.user, true);
  bus_.exchange(bus_.user, bytes, nullptr, sizeof bytes);
  if (index == kStop) skip(1);  // a byte that means nothing
  for (uint32_t i = 0; i < kAnswerBytes; ++i) {
    const uint8_t answer = next();
    if (!(answer & 0x80)) return answer;
  }
  return kNoAnswer;
}

uint8_t SdCard::application_command(uint8_t index, uint32_t argument) {
  const uint8_t answer = command(kApplication, 0);
  release();
  return answer > kIdleState ? answer : command(index, argument);
}

bool SdCard::open(const SpiBus& bus) {
  bus_ = bus;
  step_ = Step::kIdle;
  bytes_ = 0;
  is_open_ = start();
  release();
  return is_open_;
}

bool SdCard::start() {
  cached_ = kNoSector;
  streams_ = counts_sectors_ = false;
  bus_.set_fast(bus_.user, false);
  bus_.select(bus_.user, false);
  skip(kStartBytes);
  bool knows_blocks = false;
  if (!wake_up(knows_blocks)) return false;
  release();
  if (knows_blocks) {
    uint8_t ocr[4] = {};
    if (command(kReadOcr, 0) > kIdleState) return false;
    bus_.exchange(bus_.user, nullptr, ocr, sizeof ocr);
    release();
    counts_sectors_ = ocr[0] & kHighCapacity >> 24;
  }
  if (!counts_sectors_ && command(kSetBlock, kCardSector) != kReady) {
    return false;
  }
  release();
  bus_.set_fast(bus_.user, true);
  return read_size();
}

// `knows_blocks`: it is one of version 2, and may be one of high capacity.
bool SdCard::wake_up(bool& knows_blocks) {
  uint8_t answer = kNoAnswer;
  for (uint32_t i = 0; i < kTries && answer != kIdleState; ++i) {
    answer = command(kGoIdle, 0);
    release();
  }
  if (answer != kIdleState) return false;
  answer = command(kSendInterface, kInterface);
  uint8_t echo[4] = {};
  bus_.exchange(bus_.user, nullptr, echo, sizeof echo);
  release();
  knows_blocks = !(answer & kUnknown);
  if (knows_blocks && (answer != kIdleState || (echo[2] & 15) != 1 ||
                       echo[3] != (kInterface & 0xFF))) {
    return false;
  }
  for (uint32_t i = 0; i < kStartTries; ++i) {
    answer =
        application_command(kSendOperation, knows_blocks ? kHighCapacity : 0);
    release();
    if (answer != kIdleState) return answer == kReady;
  }
  return false;
}

bool SdCard::read_size() {
  if (command(kSendCsd, 0) != kReady) return false;
  uint32_t patience = kPatience;
  Wait wait = Wait::kToken;
  while (wait == Wait::kToken && patience > 0) wait = look(patience, false);
  if (wait != Wait::kNone) return false;
  uint8_t csd[kCsdBytes];
  bus_.exchange(bus_.user, nullptr, csd, sizeof csd);
  skip(2);
  bytes_ = capacity(csd);
  return bytes_ > 0;
}

// Some bytes of waiting for data, or for the end of being busy. kNone: it has
// come; else what it was, with no patience left if all is lost.
SdCard::Wait SdCard::look(uint32_t& patience, bool busy) {
  for (uint32_t i = 0; i < kBytesAPoll && patience > 0; ++i, --patience) {
    const uint8_t byte = next();
    if (byte == (busy ? 0xFF : kDataToken)) return Wait::kNone;
    if (!busy && byte != 0xFF) patience = 1;  // says that it cannot
  }
  return busy ? Wait::kBusy : Wait::kToken;
}

// Waits for a state that comes too soon to be worth coming back for.
bool SdCard::is_ready_soon() {
  uint32_t patience = kPatience;
  while (patience > 0) {
    if (look(patience, true) == Wait::kNone) return true;
  }
  return false;
}

int SdCard::begin(Step step, uint32_t offset, uint32_t bytes, uint32_t unit) {
  if (step_ != Step::kIdle || offset % unit || bytes % unit) return -1;
  if (!is_open_ && (!bus_.exchange || !open(bus_))) return -1;
  if (offset > bytes_ || bytes > bytes_ - offset) return -1;
  step_ = step;
  offset_ = offset;
  left_ = bytes;
  wait_ = Wait::kNone;
  return 0;
}

int SdCard::read(uint32_t offset, uint32_t bytes, void* destination) {
  if (begin(Step::kRead, offset, bytes, 1) != 0) return -1;
  to_ = static_cast<uint8_t*>(destination);
  return 0;
}

int SdCard::write(uint32_t offset, uint32_t bytes, const void* source) {
  if (begin(Step::kWrite, offset, bytes, kCardSector) != 0) return -1;
  from_ = static_cast<const uint8_t*>(source);
  cached_ = kNoSector;
  return 0;
}

int SdCard::erase(uint32_t offset, uint32_t bytes) {
  if (begin(Step::kErase, offset, bytes, kCardSector) != 0) return -1;
  from_ = nullptr;
  cached_ = kNoSector;
  return 0;
}

int SdCard::fail() {
  release();
  is_open_ = false;
  step_ = Step::kIdle;
  return -1;
}

int SdCard::end() {
  step_ = Step::kIdle;
  return 1;
}

int SdCard::poll() {
  if (step_ == Step::kIdle) return -1;
  return step_ == Step::kRead ? poll_read() : poll_write();
}

uint32_t SdCard::address() const {
  const uint32_t sector = offset_ / kCardSector;
  return counts_sectors_ ? sector : sector * kCardSector;
}

// One sector, or all of them from here on.
bool SdCard::start_read() {
  const uint32_t last = offset_ + left_ - 1;
  streams_ = last / kCardSector > offset_ / kCardSector;
  wait_ = Wait::kToken;
  patience_ = kPatience;
  return command(streams_ ? kReadMany : kReadOne, address()) == kReady;
}

int SdCard::poll_read() {
  if (left_ == 0) return end();
  const uint32_t at = offset_ % kCardSector;
  const uint32_t sector = offset_ / kCardSector;
  const uint32_t piece = least(kCardSector - at, left_);
  if (wait_ == Wait::kNone && sector != cached_ && !start_read()) return fail();
  if (wait_ == Wait::kToken) {
    wait_ = look(patience_, false);
    if (wait_ != Wait::kNone) return patience_ > 0 ? 0 : fail();
    if (!take_sector()) return fail();
  } else {
    std::memcpy(to_, sector_ + at, piece);
  }
  to_ += piece;
  offset_ += piece;
  left_ -= piece;
  if (left_ == 0) return end();
  if (streams_) wait_ = Wait::kToken, patience_ = kPatience;
  return 0;
}

// Whole ones go where they are wanted, others are kept.
bool SdCard::take_sector() {
  const uint32_t at = offset_ % kCardSector;
  const uint32_t piece = least(kCardSector - at, left_);
  const bool whole = piece == kCardSector;
  bus_.exchange(bus_.user, nullptr, whole ? to_ : sector_, kCardSector);
  skip(2);  // the checksum: chunks and notes have their own
  if (!whole) {
    cached_ = offset_ / kCardSector;
    std::memcpy(to_, sector_ + at, piece);
  }
  if (piece < left_) return true;
  if (streams_) {
    streams_ = false;
    if (command(kStop, 0) == kNoAnswer || !is_ready_soon()) return false;
  }
  release();
  return true;
}

int SdCard::poll_write() {
  if (wait_ == Wait::kBusy) {
    wait_ = look(patience_, true);
    if (wait_ != Wait::kNone) return patience_ > 0 ? 0 : fail();
    release();
    // Two bytes, of which any bit says what went wrong.
    const uint8_t first = command(kSendStatus, 0);
    const uint8_t second = next();
    if (first != kReady || second != 0) return fail();
    release();
    offset_ += kCardSector;
    left_ -= kCardSector;
    if (from_) from_ += kCardSector;
  }
  if (left_ == 0) return end();
  return send_sector() ? 0 : fail();
}

bool SdCard::send_sector() {
  if (command(kWriteOne, address()) != kReady) return false;
  const uint8_t head[] = {0xFF, kDataToken};
  bus_.exchange(bus_.user, head, nullptr, sizeof head);
  bus_.exchange(bus_.user, from_, nullptr, kCardSector);
  skip(2);
  uint8_t answer = 0xFF;
  for (uint32_t i = 0; i < kAnswerBytes && answer == 0xFF; ++i) answer = next();
  wait_ = Wait::kBusy;
  patience_ = kPatience;
  return (answer & kDataAnswer) == kAccepted;
}

}  // namespace shoal
