#include "host/plan/types/cluster.h"

#include <algorithm>
#include <cctype>
#include <limits>

#include "host/base/error.h"
#include "host/plan/types/beyond.h"

namespace shoal {

int64_t ClusterNode::arena_budget() const {
  int64_t budget = kBeyond;
  if (!board.unlimited()) budget = std::min(budget, board.arena_limit());
  if (ram) budget = std::min(budget, *ram);
  if (max_arena) budget = std::min(budget, *max_arena);
  return budget;
}

int64_t ClusterNode::plan_budget() const {
  return std::min<int64_t>(arena_budget(), std::numeric_limits<int32_t>::max());
}

std::string ClusterNode::budget_source() const {
  if (ram && arena_budget() == *ram) return ram_source;
  if (max_arena && arena_budget() == *max_arena) return "--max-arena";
  return "board " + board.name;
}

std::string ClusterNode::budget_change(int64_t bytes) const {
  const std::string number = std::to_string(bytes);
  std::string text;
  if (ram && *ram < bytes) {
    text = ram_source + (has_own_ram() ? ": " : " ") + number;
  }
  if (max_arena && *max_arena < bytes) {
    text += (text.empty()    ? ""
             : has_own_ram() ? ", and "
                             : " ") +
            ("--max-arena " + number);
  }
  return text.empty() ? "--ram " + number : text;
}

std::vector<Bank> ClusterNode::kept_banks() const {
  return all_banks ? board.other_banks() : std::vector<Bank>();
}

int64_t ClusterNode::flash_budget() const {
  int64_t budget = kBeyond;
  if (board.flash_bytes > 0) budget = board.flash_bytes;
  if (flash) budget = std::min(budget, *flash);
  return budget;
}

bool is_serial(const std::string& address) {
  return address.starts_with(kSerialPrefix);
}

std::optional<int> station_of(const std::string& address) {
  const size_t mark = address.rfind('#');
  if (!is_serial(address) || mark == address.npos) return std::nullopt;
  const std::string number = address.substr(mark + 1);
  constexpr int kMost = 31;  // what drivers of RS-485 are made for, less one
  for (int i = 1; i <= kMost; ++i) {
    if (number == std::to_string(i)) return i;
  }
  return 0;
}

std::string line_of(const std::string& address) {
  const size_t begin = std::string_view(kSerialPrefix).size();
  const size_t mark = station_of(address) ? address.rfind('#') : address.size();
  return address.substr(begin, mark - begin);
}

bool is_radio(const std::string& address) {
  return address.starts_with(kRadioPrefix);
}

std::optional<RadioAddress> parse_radio(const std::string& address) {
  constexpr size_t kMacText = 17;
  const size_t mark = address.rfind('#');
  const size_t begin = std::string(kRadioPrefix).size();
  if (!is_radio(address) || mark == address.npos || mark <= begin ||
      address.size() - mark - 1 != kMacText) {
    return std::nullopt;
  }
  RadioAddress r{address.substr(begin, mark - begin), 0};
  for (size_t i = 0; i < kMacText; ++i) {
    const auto c = static_cast<unsigned char>(address[mark + 1 + i]);
    if (i % 3 == 2) {
      if (c != ':') return std::nullopt;
      continue;
    }
    if (!std::isxdigit(c)) return std::nullopt;
    const int lower = std::tolower(c);
    r.mac = r.mac << 4 | static_cast<uint64_t>(lower <= '9' ? lower - '0'
                                                            : lower - 'a' + 10);
  }
  // The lowest bit of the first byte is that of groups.
  if (r.mac == 0 || (r.mac >> 40 & 1) != 0) return std::nullopt;
  return r;
}

uint32_t Cluster::most_payload() const {
  if (payload) return *payload;
  uint32_t most = kMostPayload;
  for (const ClusterNode& n : nodes) {
    if (n.address.empty()) continue;
    most = std::min(most, is_serial(n.address)  ? kSerialPayload
                          : is_radio(n.address) ? kRadioPayload
                                                : kUdpPayload);
  }
  return most;
}

uint32_t Cluster::link_payload() const {
  return payload ? *payload : std::min(most_payload(), kUdpPayload);
}

std::vector<int> nodes_to_share(const Cluster& cluster) {
  std::vector<int> nodes;
  for (size_t n = 0; n < cluster.nodes.size(); ++n) {
    if (!cluster.nodes[n].left_out) nodes.push_back(static_cast<int>(n));
  }
  return nodes;
}

void hold_in_flash(ClusterNode& n) {
  n.board.flash_mapped = true;
  n.board.storages.clear();
  n.storage.clear();
  n.sealed = false;
  n.keeps_weights = false;
}

double board_rating(const Board& board) {
  // Shares of the MACs of MobileNetV2 1.0, almost all of which these are.
  const double cycles = 0.89 * board.costs.pointwise + 0.04 * board.costs.conv +
                        0.07 * board.costs.depthwise;
  const SecondCore& second = board.costs.second;
  const double cores =
      second.is_used() ? (1 + second.speed) / second.contention : 1;
  return cores * board.clock_hz / 1e6 / cycles;
}

void use_one_core(ClusterNode& n) {
  if (!n.board.costs.second.is_used()) return;
  const bool is_own = n.rating == board_rating(n.board);
  n.board.costs.second = {};
  n.board.energy.active_w /= 2;
  if (is_own) n.rating = board_rating(n.board);
}

void use_linked_cores(ClusterNode& n) {
  if (!n.board.has_node_firmware()) use_one_core(n);
}

Cluster uniform_cluster(int count, const Board& board,
                        std::optional<int64_t> ram) {
  if (count < 1 || count > kMaxNodes) {
    throw Error(
        Exit::kUsage,
        "--nodes: " + std::to_string(count) + " nodes cannot be planned",
        "give 1 to " + std::to_string(kMaxNodes));
  }
  Cluster cluster;
  for (int i = 0; i < count; ++i) {
    ClusterNode node;
    node.name = "node" + std::to_string(i);
    node.board = board;
    node.ram = ram;
    node.rating = board_rating(board);
    cluster.nodes.push_back(std::move(node));
  }
  return cluster;
}

}  // namespace shoal
