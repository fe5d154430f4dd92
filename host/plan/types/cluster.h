// The nodes of a cluster: from cluster.toml, or equal ones by their number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "device/port/payload.h"
#include "host/board/board.h"

namespace shoal {

struct ClusterNode {
  std::string name;        // unique
  std::string address;     // HOST:PORT, serial:DEVICE; empty: virtual
  std::string public_key;  // "x25519:..."; empty: not stated
  Board board;             // with the file's overrides applied
  std::optional<int64_t> ram, flash;  // bytes; ram is of the arena
  // The most bytes of weights to execute in place. The others come from
  // `storage`, one of the board's (empty: its first), sealed or not.
  std::optional<int64_t> flash_weights;
  std::string storage;
  bool sealed = false;
  // True if copies of weights in mapped flash may lie in SRAM.
  bool keeps_weights = true;
  // True if they may also lie in the board's other banks.
  bool all_banks = false;
  // True if the search gives the node no share.
  bool left_out = false;
  // Million MACs a second, of which only the ratios matter: the board's
  // modelled rate, or that of the file (such as one measured by bench-node).
  double rating = 1;
  std::string ram_source = "--ram";  // the flag or key that set `ram`
  std::optional<int64_t> max_arena;  // of all nodes, by --max-arena
  // Returns the arena that a plan may use: the least of the board's limit,
  // `ram` and `max_arena`; INT64_MAX if none is given.
  int64_t arena_budget() const;
  // Returns the same, limited to plans, in which offsets have 32 bits.
  int64_t plan_budget() const;
  // Returns where that number comes from: "board teensy41", "--ram", the file's
  // key.
  std::string budget_source() const;
  // Returns the change that gives an arena of `bytes` bytes, if the board has
  // them: "--ram 9700", "--max-arena 9700", both, or the file's key.
  std::string budget_change(int64_t bytes) const;
  std::vector<Bank> kept_banks() const;
  // Returns whether `ram` is a file's or a worker's own, not a flag for all.
  bool has_own_ram() const { return ram && !ram_source.starts_with("--"); }
  // Returns the flash for the program: the lesser of its board's and `flash`.
  int64_t flash_budget() const;
};

struct Cluster {
  std::vector<ClusterNode> nodes;
  std::string file = {};  // the nodes' file; empty: flags, or the nodes
  // The most bytes of a datagram in the file; without it the addresses decide.
  std::optional<uint32_t> payload = {};
  uint32_t link_payload() const;
  // Returns the largest payload that the file, or a flag, may set: any for
  // virtual nodes.
  uint32_t most_payload() const;
};
inline constexpr uint32_t kMostPayload = 65'000;

// The prefix of the address of a node at the end of a serial line.
inline constexpr const char* kSerialPrefix = "serial:";
bool is_serial(const std::string& address);
// Returns the number of a node on a line that several share
// (serial:DEVICE#NUMBER), 0 if it is none from 1 to 31, or nothing for a node
// that has its line alone.
std::optional<int> station_of(const std::string& address);
// Returns the device of a serial address.
std::string line_of(const std::string& address);
// The prefix of the address of a node that a computer reaches by ESP-NOW,
// through a board at the end of a serial line:
// espnow:DEVICE#24:6f:28:00:00:01.
inline constexpr const char* kRadioPrefix = "espnow:";
bool is_radio(const std::string& address);

struct RadioAddress {
  std::string device;
  uint64_t mac = 0;  // as device/transport/mac_frames.h has it
};
// Returns nothing for what is no such address of one board.
std::optional<RadioAddress> parse_radio(const std::string& address);

inline constexpr int kMaxNodes = 256;    // each may be a peer of each
inline constexpr int kMaxNodeName = 28;  // bytes; nodes send their names

// Returns the nodes that the search may give a share.
std::vector<int> nodes_to_share(const Cluster&);

// Makes the node what exported firmware is to a plan: its program is a constant
// in flash, even if the board's own firmware holds none; it drives no storage,
// and lacks the code that copies weights into SRAM.
void hold_in_flash(ClusterNode&);

// Plans for one of the board's cores, where both are used by default.
void use_one_core(ClusterNode&);
// The same for a node with links, unless it runs the firmware that boards/node
// makes for its board: that starts the second core.
void use_linked_cores(ClusterNode&);

// Returns million MACs a second of a mix of layers as in MobileNetV2, by the
// board's costs and clock.
double board_rating(const Board&);

// Makes `count` nodes node0, node1, ... Throws Error(kUsage).
Cluster uniform_cluster(int count, const Board&, std::optional<int64_t> ram);

}  // namespace shoal
