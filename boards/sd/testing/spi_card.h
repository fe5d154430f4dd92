// An SD card in SPI mode for tests, its sectors in a file: another SpiCard over
// the same file is the card after a loss of power. It answers late, is busy
// after writes, and keeps what a driver does wrong in violations(). On demand
// it is pulled, refuses a write, sends no data, or loses its power within the
// n-th written sector.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <vector>

#include "boards/sd/sd_card.h"

namespace shoal {

class SpiCard {
 public:
  enum class Kind : uint8_t { kFirst, kStandard, kHigh };  // versions 1, 2, HC

  // The file's size is the card's.
  explicit SpiCard(const std::string& file, Kind kind = Kind::kStandard)
      : kind_(kind), file_(::open(file.c_str(), O_RDWR | O_CLOEXEC)) {
    struct stat about {};
    if (file_ < 0 || fstat(file_, &about) != 0) throw std::runtime_error(file);
    bytes_ = static_cast<uint64_t>(about.st_size);
  }
  ~SpiCard() { ::close(file_); }
  SpiCard(const SpiCard&) = delete;
  SpiCard& operator=(const SpiCard&) = delete;

  SpiBus bus() {
    return {this,
            [](void* self, const uint8_t* out, uint8_t* in, uint32_t count) {
              for (uint32_t i = 0; i < count; ++i) {
                const uint8_t byte =
                    static_cast<SpiCard*>(self)->exchange(out ? out[i] : 0xFF);
                if (in) in[i] = byte;
              }
            },
            [](void* self, bool on) {
              static_cast<SpiCard*>(self)->is_selected_ = on;
            },
            [](void* self, bool fast) {
              static_cast<SpiCard*>(self)->is_fast_ = fast;
            }};
  }

  void pull() { is_there_ = false; }
  void put_in() { is_there_ = true, reset(); }
  void protect() { refuses_ = true; }
  void send_nothing() { mute_ = true; }
  // Cuts power in the n-th sector that is written from now on, behind `bytes`
  // bytes.
  void cut_at(uint32_t n, uint32_t bytes) {
    cut_ = written_ + n, cut_bytes_ = bytes;
  }
  // It cannot be read until it is written.
  void damage(uint32_t sector) { damaged_ = sector; }
  uint32_t last_written() const { return last_written_; }
  bool has_lost_power() const { return written_ > cut_; }
  uint32_t written() const { return written_; }  // sectors
  uint32_t sent() const { return sent_; }
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  static constexpr uint8_t kDelay = 3;    // bytes before an answer
  static constexpr uint32_t kBusy = 100;  // bytes after a write
  static constexpr uint32_t kNone = ~0u;
  static constexpr uint32_t kStarting = 3;  // refusals to have started
  static constexpr uint8_t kIdle = 1, kIllegal = 4;

  void violate(const char* what) { violations_.emplace_back(what); }

  void reset() {
    is_ready_ = streams_ = is_application_ = false;
    starting_ = kStarting, clocks_ = 0;
    in_.clear(), out_.clear(), data_.clear(), takes_data_ = false;
  }

  uint8_t exchange(uint8_t byte) {
    if (!is_there_ || has_lost_power()) return 0xFF;
    if (!is_selected_) {
      ++clocks_;
      return 0xFF;
    }
    if (clocks_ < 10) violate("a command before 74 clocks");
    if (!is_ready_ && is_fast_) violate("fast before it has started");
    uint8_t answer = 0xFF;
    if (out_.empty() && streams_) put_sector(next_++);
    if (!out_.empty() && !streams_ && byte != 0xFF) {
      violate("spoken to while it answers or is busy");
    }
    if (!out_.empty()) answer = out_.front(), out_.pop_front();
    take(byte);
    return answer;
  }

  void take(uint8_t byte) {
    if (takes_data_) return take_data(byte);
    if (in_.empty() && byte == 0xFF) return;
    in_.push_back(byte);
    if (in_.size() < 6) return;
    const std::vector<uint8_t> line = in_;
    in_.clear();
    if (line[0] >> 6 != 1 || !(line[5] & 1)) return violate("no command");
    const uint32_t argument = uint32_t{line[1]} << 24 |
                              uint32_t{line[2]} << 16 | uint32_t{line[3]} << 8 |
                              line[4];
    obey(line[0] & 63, argument, line[5]);
  }

  void say(std::initializer_list<uint8_t> bytes) {
    out_.assign(kDelay, 0xFF);
    out_.insert(out_.end(), bytes);
  }

  void obey(int index, uint32_t argument, uint8_t sum) {
    const bool application = is_application_;
    is_application_ = false;
    const uint8_t state = is_ready_ ? 0 : kIdle;
    if (streams_ && index != 12) violate("a command within data");
    switch (index) {
      case 0:
        if (sum != 0x95) violate("a wrong checksum");
        is_ready_ = streams_ = false;
        return say({kIdle});
      case 8:
        if (kind_ == Kind::kFirst) return say({kIdle | kIllegal});
        if (sum != 0x87) violate("a wrong checksum");
        return say({kIdle, 0, 0, static_cast<uint8_t>(argument >> 8 & 15),
                    static_cast<uint8_t>(argument)});
      case 55:
        is_application_ = true;
        return say({state});
      case 41:
        if (!application) return say({static_cast<uint8_t>(state | kIllegal)});
        if (starting_ > 0) return --starting_, say({kIdle});
        is_ready_ = kind_ != Kind::kHigh || argument >> 30 & 1;
        return say({static_cast<uint8_t>(is_ready_ ? 0 : kIdle)});
      case 58: {
        const auto high =
            static_cast<uint8_t>(kind_ == Kind::kHigh ? 0xC0 : 0x80);
        return say({state, high, 0xFF, 0x80, 0});
      }
      default:
        if (!is_ready_) return say({static_cast<uint8_t>(state | kIllegal)});
        return obey_ready(index, argument);
    }
  }

  void obey_ready(int index, uint32_t argument) {
    switch (index) {
      case 9:
        say({0});
        return put(csd());
      case 12:
        streams_ = false;
        out_ = {0x55, 0xFF, 0, 0, 0, 0};  // the first one means nothing
        return;
      case 13:
        return say({0, static_cast<uint8_t>(refuses_ ? 0x20 : 0)});
      case 16:
        if (argument != kCardSector) violate("another block length");
        return say({0});
      case 17:
      case 18:
      case 24:
        if (kind_ != Kind::kHigh && argument % kCardSector) {
          return say({0x20});
        }
        next_ = kind_ == Kind::kHigh ? argument : argument / kCardSector;
        if ((uint64_t{next_} + 1) * kCardSector > bytes_) return say({0x40});
        say({0});
        takes_data_ = index == 24;
        if (index == 17) put_sector(next_);
        streams_ = index == 18;
        return;
      default:
        return say({kIllegal});
    }
  }

  void put(const std::vector<uint8_t>& data) {
    if (mute_) return;
    out_.insert(out_.end(), 20, 0xFF);
    out_.push_back(0xFE);
    out_.insert(out_.end(), data.begin(), data.end());
    out_.insert(out_.end(), {0x12, 0x34});
    ++sent_;
  }

  void put_sector(uint32_t index) {
    std::vector<uint8_t> data(kCardSector);
    const auto at = static_cast<off_t>(index) * kCardSector;
    if (index == damaged_) return out_.push_back(0x04);
    if (pread(file_, data.data(), data.size(), at) != kCardSector) {
      out_.push_back(0x08);  // out of range
      return;
    }
    put(data);
  }

  void take_data(uint8_t byte) {
    if (data_.empty() && byte != 0xFE) return;
    data_.push_back(byte);
    if (data_.size() < 1 + kCardSector + 2) return;
    takes_data_ = false;
    last_written_ = next_;
    if (damaged_ == next_) damaged_ = kNone;
    const bool cut = written_++ == cut_;
    const uint32_t count = cut ? cut_bytes_ : kCardSector;
    const auto at = static_cast<off_t>(next_) * kCardSector;
    if (!refuses_ && pwrite(file_, data_.data() + 1, count, at) != count) {
      violate("the file cannot be written");
    }
    data_.clear();
    out_.assign({0xFF, static_cast<uint8_t>(refuses_ ? 0xED : 0xE5)});
    out_.insert(out_.end(), kBusy, 0x00);
  }

  std::vector<uint8_t> csd() const {
    std::vector<uint8_t> c(16);
    if (kind_ == Kind::kHigh) {
      const auto count = static_cast<uint32_t>((bytes_ >> 19) - 1);
      c[0] = 0x40, c[5] = 9;
      c[7] = static_cast<uint8_t>(count >> 16 & 63);
      c[8] = static_cast<uint8_t>(count >> 8),
      c[9] = static_cast<uint8_t>(count);
      return c;
    }
    // Units of 2^(7 + 2) blocks of 512 bytes.
    const auto count = static_cast<uint32_t>((bytes_ >> 18) - 1);
    c[5] = 9;
    c[6] = static_cast<uint8_t>(count >> 10 & 3);
    c[7] = static_cast<uint8_t>(count >> 2);
    c[8] = static_cast<uint8_t>(count << 6 & 0xC0);
    c[9] = 3, c[10] = 0x80;
    return c;
  }

  const Kind kind_;
  int file_;
  uint64_t bytes_ = 0;
  bool is_there_ = true, is_selected_ = false, is_fast_ = false;
  bool is_ready_ = false, is_application_ = false, streams_ = false;
  bool takes_data_ = false, refuses_ = false, mute_ = false;
  uint32_t starting_ = kStarting, clocks_ = 0, next_ = 0;
  uint32_t damaged_ = kNone, last_written_ = kNone;
  uint32_t written_ = 0, sent_ = 0, cut_ = ~0u - 1, cut_bytes_ = 0;
  std::vector<uint8_t> in_, data_;
  std::deque<uint8_t> out_;
  std::vector<std::string> violations_;
};

// A file of `bytes` bytes 0xFF, removed at the end.
class CardFile {
 public:
  explicit CardFile(uint32_t bytes, uint8_t fill = 0xFF) {
    std::string name = "/tmp/shoal_card_XXXXXX";
    const int file = mkstemp(name.data());
    const std::vector<uint8_t> all(bytes, fill);
    const bool written =
        file >= 0 && ::write(file, all.data(), bytes) == ssize_t{bytes};
    ::close(file);
    path_ = name;
    if (!written) throw std::runtime_error(name);
  }
  ~CardFile() { ::unlink(path_.c_str()); }
  CardFile(const CardFile&) = delete;
  CardFile& operator=(const CardFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace shoal
