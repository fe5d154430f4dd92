#include <algorithm>
#include <cctype>

#include "host/base/error.h"
#include "host/base/toml_reader.h"
#include "host/board/figure_reader.h"
#include "host/board/figures.h"
#include "host/plan/types/cluster.h"

namespace shoal {
namespace {

bool is_name(const std::string& s) {
  return !s.empty() && s.size() <= kMaxNodeName &&
         std::all_of(s.begin(), s.end(), [](unsigned char c) {
           return std::isalnum(c) || c == '-' || c == '_' || c == '.';
         });
}

bool is_public_key(const std::string& s) {
  constexpr std::string_view kPrefix = "x25519:";
  return s.size() == kPrefix.size() + 64 && s.starts_with(kPrefix) &&
         s.find_first_not_of("0123456789abcdefABCDEF", kPrefix.size()) ==
             std::string::npos;
}

// Returns whether it is HOST:PORT, with a port from 1 on, or serial:DEVICE with
// or without the number of a station.
bool is_address(const std::string& s) {
  if (s.size() > 255) return false;
  if (is_radio(s)) return parse_radio(s).has_value();
  const bool is_plain =
      std::ranges::all_of(s, [](unsigned char c) { return std::isgraph(c); });
  if (!is_plain) return false;
  if (is_serial(s)) return !line_of(s).empty() && station_of(s) != 0;
  const size_t colon = s.rfind(':');
  if (colon == std::string::npos || colon == 0 || s.find(':') != colon) {
    return false;
  }
  const std::string port = s.substr(colon + 1);
  const bool is_number = std::ranges::all_of(
      port, [](unsigned char c) { return std::isdigit(c); });
  if (port.empty() || port.size() > 5 || !is_number) return false;
  const int number = std::stoi(port);
  return number >= 1 && number <= 65535;
}

struct BoardFigure {
  const char* key;
  double* figure;
  double factor = 1;
};

// Reads the figures of the board that a table of the file overrides.
void read_table(TomlReader& keys, const char* name,
                const std::vector<BoardFigure>& figures) {
  const toml::table* table = keys.table(name);
  if (!table) return;
  TomlReader inner(keys.file(), *table, name);
  const std::string part = std::string(name) + ".";
  for (const BoardFigure& f : figures) {
    if (auto v = figure_of(inner, f.key, part.c_str())) {
      *f.figure = *v * f.factor;
    }
  }
  inner.finish();
}

void read_tables(TomlReader& keys, Board& b) {
  Costs& c = b.costs;
  read_table(keys, "link",
             {{"mbit_per_s", &b.link_bits_per_s, 1e6},
              {"latency_us", &b.link_latency_us},
              {"framing_bytes", &b.framing_bytes}});
  read_table(keys, "cost",
             {{"firing_us", &c.firing_us},
              {"datagram_us", &b.datagram_us},
              {"aead_cycles_per_byte", &b.aead_cycles_per_byte},
              {"check_cycles_per_byte", &b.check_cycles_per_byte}});
  read_table(keys, "cycles",
             {{"pointwise", &c.pointwise},
              {"conv", &c.conv},
              {"depthwise", &c.depthwise},
              {"fully_connected", &c.fully_connected},
              {"element", &c.element}});
}

std::optional<std::string> read_board(TomlReader& keys) {
  const std::optional<std::string> id = keys.text("board");
  if (!id) return id;
  try {
    find_board(*id);
  } catch (const Error& e) {
    keys.fail("board", "'" + *id + "' is unknown", e.fix());
  }
  return id;
}

// Returns the rate of the flash, for which a cluster file has no table.
std::optional<double> flash_rate(TomlReader& keys) {
  const FigureRange& range = figure_range("flash.mb_per_s");
  const char* const key = "flash_mb_per_s";
  const toml::node* at = keys.node(key);
  if (at && at->value<double>() == 0.0) return 0;
  return keys.number(key, range.low, range.high);
}

// Reads the keys that a node's table and the defaults have in common, except
// the board's name.
void read_figures(TomlReader& keys, const std::string& source, ClusterNode& n,
                  bool& is_rated) {
  if (auto v = keys.size("ram")) {
    n.ram = v;
    n.ram_source = keys.file() + ", ram of " + source;
  }
  if (auto v = keys.text("banks")) {
    if (*v != "one" && *v != "all") {
      keys.fail("banks", "'" + *v + "' is unknown", "write one or all");
    }
    n.all_banks = *v == "all";
  }
  if (auto v = keys.size("flash")) n.flash = v;
  if (auto v = keys.text("storage")) n.storage = *v;
  if (auto v = keys.number("rating", 1e-6, 1e9)) {
    n.rating = *v;
    is_rated = true;
  }
  if (auto v = figure_of(keys, "clock_mhz")) {
    n.board.clock_hz = *v * 1e6;
  }
  if (auto v = flash_rate(keys)) {
    n.board.costs.flash_bytes_per_s = *v * 1e6;
  }
  read_tables(keys, n.board);
}

// The storage can be checked once the node has its board.
void check_storage(const TomlReader& keys, const ClusterNode& n) {
  if (n.storage.empty()) return;
  try {
    find_storage(n.board, n.storage);
  } catch (const Error& e) {
    keys.fail("storage", e.what(), e.fix());
  }
}

class ClusterReader {
 public:
  ClusterReader(const std::string& file, const toml::table& table)
      : file_(file), top_(file, table, "") {}

  Cluster read() {
    read_defaults();
    const toml::array* nodes = top_.array("node");
    const bool has_payload = top_.has("payload");
    top_.finish();
    if (!nodes || nodes->empty()) {
      throw Error(Exit::kUsage, file_ + ": the file has no nodes",
                  "add a [[node]] with name and board for each node");
    }
    if (nodes->size() > static_cast<size_t>(kMaxNodes)) {
      throw Error(Exit::kUsage,
                  file_ + ": " + std::to_string(nodes->size()) +
                      " nodes are too many for a cluster",
                  "write at most " + std::to_string(kMaxNodes));
    }
    for (const toml::node& node : *nodes) read_node(node);
    if (has_payload) read_payload();
    return std::move(cluster_);
  }

 private:
  void read_defaults() {
    defaults_ = top_.table("defaults");
    if (!defaults_) return;
    TomlReader keys(file_, *defaults_, "defaults");
    ClusterNode ignored;
    bool is_rated = false;
    default_board_ = read_board(keys);
    read_figures(keys, "the defaults", ignored, is_rated);
    keys.finish();
  }

  // The addresses must be known.
  void read_payload() {
    const uint32_t most = cluster_.most_payload();
    cluster_.payload =
        static_cast<uint32_t>(*top_.size("payload", kLeastPayload, most));
  }

  void read_node(const toml::node& node) {
    if (!node.is_table()) {
      throw Error(Exit::kUsage,
                  toml_place(file_, node) + "a node is not a table",
                  "begin each node with [[node]]");
    }
    const std::string number = std::to_string(cluster_.nodes.size());
    TomlReader keys(file_, *node.as_table(), "node " + number);
    ClusterNode n;
    read_name(keys, n);
    keys.rename("node '" + n.name + "'");
    read_address(keys, n);
    read_public_key(keys, n);
    std::optional<std::string> board = read_board(keys);
    if (!board) board = default_board_;
    if (!board)
      keys.fail("board", "is missing", "add it here or in [defaults]");
    n.board = find_board(*board);
    bool is_rated = false;
    if (defaults_) {
      TomlReader common(file_, *defaults_, "defaults");
      read_figures(common, "the defaults", n, is_rated);
    }
    read_figures(keys, "node '" + n.name + "'", n, is_rated);
    keys.finish();
    check_storage(keys, n);
    if (!is_rated) n.rating = board_rating(n.board);
    cluster_.nodes.push_back(std::move(n));
  }

  void read_name(TomlReader& keys, ClusterNode& n) {
    const std::optional<std::string> name = keys.text("name");
    if (!name) keys.fail("name", "is missing");
    if (!is_name(*name)) {
      keys.fail("name", "is none",
                "1 to " + std::to_string(kMaxNodeName) +
                    " letters, digits, dots, dashes and underscores");
    }
    for (const ClusterNode& other : cluster_.nodes) {
      if (other.name == *name) keys.fail("name", "'" + *name + "' twice");
    }
    n.name = *name;
  }

  void read_address(TomlReader& keys, ClusterNode& n) {
    const std::optional<std::string> address = keys.text("address");
    if (!address) return;
    if (!is_address(*address)) {
      keys.fail("address", "is none",
                "HOST:PORT, such as 192.168.1.11:7000, or serial:DEVICE");
    }
    for (const ClusterNode& other : cluster_.nodes) {
      if (other.address == *address) {
        keys.fail("address",
                  *address + " belongs to node '" + other.name + "' already");
      }
    }
    n.address = *address;
  }

  void read_public_key(TomlReader& keys, ClusterNode& n) {
    const std::optional<std::string> key = keys.text("public_key");
    if (!key) return;
    if (!is_public_key(*key)) {
      keys.fail("public_key", "is not a key",
                "write x25519: and 64 hexadecimal digits");
    }
    for (const ClusterNode& other : cluster_.nodes) {
      if (other.public_key == *key) {
        keys.fail("public_key", "is that of node '" + other.name + "' already");
      }
    }
    n.public_key = *key;
  }

  const std::string& file_;
  TomlReader top_;
  const toml::table* defaults_ = nullptr;
  std::optional<std::string> default_board_;
  Cluster cluster_;
};

}  // namespace

Cluster parse_cluster(const std::string& file, const std::string& text) {
  const toml::table table = parse_toml(file, text);
  Cluster cluster = ClusterReader(file, table).read();
  cluster.file = file;
  return cluster;
}

}  // namespace shoal
