// A board's profile, read from boards/NAME/board.toml. The folder is compiled
// into the executable, so that an installed shoal needs no files beside it.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shoal {

inline constexpr size_t kMostBanks = 3;  // of a program, besides the arena's

// A contiguous piece of a board's SRAM. The arena lies in one; weights may stay
// in others.
struct Bank {
  std::string name;
  int64_t bytes = 0;
  int64_t fixed_bytes = 0;  // firmware statics and stack that lie in it
  // The rate at which weights that stay there are read; 0: no slower than the
  // arena's bank.
  double bytes_per_s = 0;
  int64_t free_bytes() const { return bytes - fixed_bytes; }
};

// The price and gain of a second core that makes halves of slices
// (device/program/halves.h).
struct SecondCore {
  int64_t least_products = 0;  // of a slice that is shared; 0: one core is used
  double meeting_us = 0;       // of each slice that is shared
  // A half takes this many times as long as alone, because both cores fetch
  // from the same memory.
  double contention = 1;
  double speed = 1;  // of it, in the first core's
  bool is_used() const { return least_products > 0; }
  // Returns the speed as the runtime has it (shoal_second_core::speed).
  int speed_parts() const { return static_cast<int>(std::lround(256 * speed)); }
  bool operator==(const SecondCore&) const = default;
};

// Cycles per multiply-accumulate and other costs of the time model.
struct Costs {
  double pointwise = 1, conv = 1, depthwise = 1, fully_connected = 1;
  double depthwise_5x5 = 0;  // `depthwise` is of 3x3; 0: as that
  // A kernel's call takes as long as this many pixels more (kernel_cost.h).
  struct Calls {
    double pointwise = 0, conv = 0, depthwise = 0;
    bool operator==(const Calls&) const = default;
  };
  Calls call_pixels;
  // Each further group of output channels takes as long as this many channels.
  Calls group_channels;
  double element = 1;    // cycles per output byte of the other operators
  double sum = 0;        // cycles per partial sum that is read and written
  double firing_us = 0;  // runtime and call overhead of a firing of one row
  double row_us = 0;     // and of each further row
  double flash_bytes_per_s = 0;  // weights in place; 0: as fast as SRAM
  int64_t cache_bytes = 0;  // weights of a layer up to this size are read once
  SecondCore second;
  bool operator==(const Costs&) const = default;
};

// How QEMU plays a board.
struct Emulator {
  std::string program;               // "qemu-system-arm"
  std::string machine;               // of the program
  std::vector<std::string> options;  // more of its command line
  // Options of the storage's drive; or else where its bytes lie in memory.
  std::string drive;
  int64_t storage_at = 0;
  int64_t storage_bytes = 0;  // exactly what the drive must have
  // Bytes of the memory that holds the storage and may be a file; 0: none.
  int64_t memory_bytes = 0;
  std::string nic;         // of the network that the machine has; "": none
  int64_t flashed_at = 0;  // where its last block lies in memory
  int icount_shift = 0;    // an instruction takes 2^shift ns
};

// A part that holds a node's store: an SD card, a NOR flash. From
// boards/storage.toml; a board names those that it can have.
struct Storage {
  std::string name, title;  // "sd-4bit"
  double read_bytes_per_s = 0;
  double read_latency_us = 0;  // of every request
  double write_bytes_per_s = 0, write_latency_us = 0;
  int64_t write_bytes = 0;  // programmed at once; a write is a multiple
  int64_t erase_bytes = 0;  // of a block; a spill's page is one
  double erase_us = 0;      // of a block; 0: the part does it by itself
  int64_t capacity_bytes = 0;
  // The writes that wear it out: erasures of each block, or bytes written in
  // all.
  double endurance_erases = 0, endurance_bytes = 0;
  double read_j_per_byte = 0, write_j_per_byte = 0;
  double idle_w = 0;
};

// The energy that a board draws. Joules a frame = macs, bytes and seconds times
// these.
struct Energy {
  double j_per_mac = 0;
  double active_w = 0;  // besides the MACs, while it computes or checks
  double sleep_w = 0;   // while it waits, and until the next frame
};

struct Board {
  std::string name, title, core;
  // The name that nodes give their board, if this is a file that `shoal probe`
  // has written: then its costs are measured. Else empty.
  std::string measured;
  int cores = 1;  // of which shoal uses one, or two: Costs::second
  double clock_hz = 0;
  std::vector<Bank> banks;  // empty: unlimited (host)
  int64_t flash_bytes = 0;  // 0: unlimited
  bool flash_mapped = true;
  std::string fixed_kind;  // "measured" or "estimated"
  Costs costs;
  std::string link;  // one line, for people
  double link_bits_per_s = 0, link_latency_us = 0;
  double framing_bytes = 0;          // on the wire, of every datagram
  double datagram_us = 0;            // of CPU, to send or receive one
  double aead_cycles_per_byte = 0;   // of CPU, to seal or open
  double check_cycles_per_byte = 0;  // of CPU, for an unsealed chunk's tag
  std::vector<Storage> storages;     // that it can have; the first by default
  Energy energy;
  std::vector<std::string> sources;  // "what: kind: source"
  std::optional<Emulator> emulator;
  // Returns whether boards/node makes firmware for it.
  bool has_node_firmware() const { return emulator && !emulator->nic.empty(); }
  bool unlimited() const { return banks.empty(); }
  const std::string& said_by_nodes() const {
    return measured.empty() ? name : measured;
  }
  // Returns the CPU cycles for a byte of a chunk that has come from storage.
  double chunk_cycles_per_byte(bool sealed) const {
    return sealed ? aead_cycles_per_byte : check_cycles_per_byte;
  }
  // Returns the largest contiguous bank less the fixed bytes that lie in it.
  int64_t arena_limit() const;
  // Besides that one, what has most free first, kMostBanks of them at most: by
  // the number that programs have for them, from 1.
  std::vector<Bank> other_banks() const;
  int64_t fixed_bytes() const;
};

// Throws Error(kUsage), which lists the board's storages; "" is the first.
const Storage& find_storage(const Board&, const std::string& name);

// Returns all ids, in the order in which `shoal boards` lists them.
std::vector<std::string> board_ids();
// Reads one profile. Throws Error(kUsage) naming the key that is missing or of
// the wrong kind.
Board parse_board(const std::string& id, const std::string& toml);

// Returns whether the id is a board's file: it ends with ".toml".
bool is_board_file(const std::string& id);
// Returns the board of an id or of a board's file, which becomes the board's
// name and is read once. Throws Error(kUsage), which lists the known ids.
const Board& find_board(const std::string& id);

}  // namespace shoal
