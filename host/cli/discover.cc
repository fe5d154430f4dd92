// `shoal discover`: which nodes answer, and a cluster file of them.
#include "host/engine/workers/discover.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/size.h"
#include "host/cli/commands.h"
#include "host/cli/file_names.h"
#include "host/cli/output.h"
#include "host/cli/worker_cluster.h"
#include "host/engine/workers/hex.h"
#include "host/engine/workers/serial.h"
#include "host/engine/workers/stop_signals.h"

namespace shoal {
namespace {

constexpr int kDefaultSeconds = 2;
constexpr size_t kMostAddresses = 512;

// "HOST:7000-7015" is sixteen addresses.
std::vector<std::string> spread(const std::string& text) {
  const size_t colon = text.rfind(':');
  const size_t dash = text.find('-', colon == text.npos ? 0 : colon);
  if (text.starts_with("serial:") || colon == text.npos || dash == text.npos) {
    return {text};
  }
  const auto port = [&](size_t from, size_t to) {
    int value = -1;
    const char* const end = text.data() + to;
    const auto read = std::from_chars(text.data() + from, end, value);
    return read.ec == std::errc() && read.ptr == end ? value : -1;
  };
  const int first = port(colon + 1, dash), last = port(dash + 1, text.size());
  if (first < 1 || last < first || last > 65535) {
    throw Error(Exit::kUsage, "'" + text + "' is no range of ports",
                "such as 10.0.0.5:7000-7015");
  }
  std::vector<std::string> all;
  for (int p = first; p <= last; ++p) {
    all.push_back(text.substr(0, colon + 1) + std::to_string(p));
  }
  return all;
}

std::vector<Inquiry> inquiries_of(const DiscoverFlags& flags) {
  std::vector<std::string> addresses;
  for (const std::string& text : flags.addresses) {
    const std::vector<std::string> some = spread(text);
    addresses.insert(addresses.end(), some.begin(), some.end());
  }
  if (addresses.size() > kMostAddresses) {
    throw Error(
        Exit::kUsage,
        format_count(static_cast<int64_t>(addresses.size())) + " addresses",
        "at most " + format_count(int64_t{kMostAddresses}));
  }
  ClusterFlags cluster = flags.cluster;
  if (cluster.timeout == 0) cluster.timeout = kDefaultSeconds;
  std::vector<Inquiry> all;
  std::set<std::string> asked;
  for (const std::string& text : addresses) {
    Inquiry one;
    one.address = parse_worker_address(text, "ADDRESS");
    const bool serial = one.address.address == kSerialAddress;
    const std::string place =
        serial ? text : std::to_string(one.address.address);
    if (!asked.insert(place).second) continue;
    one.transport = open_transport({one.address});
    one.config = coordinator_config(cluster, *one.transport);
    one.config.hint = {};  // the error has the last one
    all.push_back(std::move(one));
    cluster.quiet = true;
  }
  return all;
}

std::string program_of(const IdentityAnswer& facts) {
  if (facts.program_bytes == 0) return "";
  return to_hex(std::span(facts.program_hash).first(8));
}

void print_json(const std::vector<Discovered>& found) {
  nlohmann::json json{{"nodes", nlohmann::json::array()}};
  for (const Discovered& d : found) {
    nlohmann::json node{{"address", d.address.label},
                        {"answers", d.identity.has_value()}};
    if (d.identity) {
      const IdentityAnswer& f = d.identity->facts;
      node.update({{"name", d.identity->name},
                   {"board", d.identity->board},
                   {"arena_bytes", f.arena_bytes},
                   {"program_capacity_bytes", f.program_capacity},
                   {"program_bytes", f.program_bytes},
                   {"program_sha256",
                    f.program_bytes ? to_hex(f.program_hash) : std::string()},
                   {"max_payload", f.max_payload},
                   {"max_peers", f.max_peers}});
    } else {
      node["why"] = d.why->what();
      node["exit_code"] = static_cast<int>(d.why->code());
    }
    json["nodes"].push_back(node);
  }
  say_json(json);
}

void print_text(const std::vector<Discovered>& found) {
  size_t address = 7, name = 4, board = 5;
  for (const Discovered& d : found) {
    if (!d.identity) continue;
    address = std::max(address, d.address.label.size());
    name = std::max(name, d.identity->name.size());
    board = std::max(board, d.identity->board.size());
  }
  const auto width = [](size_t n) { return static_cast<int>(n); };
  const auto line = [&](const std::string& a, const std::string& n,
                        const std::string& b, const std::string& arena,
                        const std::string& room, const std::string& program) {
    say("%-*s  %-*s  %-*s  %13s  %13s  %s\n", width(address), a.c_str(),
        width(name), n.c_str(), width(board), b.c_str(), arena.c_str(),
        room.c_str(), program.c_str());
  };
  bool headed = false;
  for (const Discovered& d : found) {
    if (!d.identity) continue;
    if (!headed) line("address", "name", "board", "arena B", "room B", "holds");
    headed = true;
    const IdentityAnswer& f = d.identity->facts;
    line(d.address.label, d.identity->name, d.identity->board,
         format_count(f.arena_bytes), format_count(f.program_capacity),
         f.program_bytes == 0 ? "nothing"
                              : "program " + program_of(f) + ", " +
                                    format_bytes(f.program_bytes));
  }
  for (const Discovered& d : found) {
    if (d.why) tell("%s\n", d.why->what());
  }
}

// Those that answer, as a plan takes them.
void write_cluster(const std::string& path,
                   const std::vector<Discovered>& found) {
  std::string text =
      "# What answered to `shoal discover`; see `shoal formats "
      "cluster.toml`.\n";
  std::map<std::string, std::string> places;  // by name
  for (const Discovered& d : found) {
    if (!d.identity) continue;
    const auto [at, is_new] = places.emplace(d.identity->name, d.address.label);
    if (!is_new) {
      throw Error(Exit::kUsage,
                  at->second + " and " + d.address.label +
                      " both say that "
                      "they are " +
                      d.identity->name + ": no cluster file",
                  "names of their own (`shoal worker --name`)");
    }
    const IdentityAnswer& f = d.identity->facts;
    text += "\n[[node]]\nname = \"" + d.identity->name + "\"\naddress = \"" +
            d.address.label + "\"\nboard = \"" + d.identity->board +
            "\"\nram = " + std::to_string(f.arena_bytes) +
            "\nflash = " + std::to_string(f.program_capacity) + "\n";
  }
  parse_cluster(path, text);  // what could not be read again is not written
  write_file(path, {text.begin(), text.end()});
}

}  // namespace

int discover_command(const DiscoverFlags& flags) {
  std::vector<FileArgument> read;
  if (!flags.cluster.insecure) read.push_back({"--key", flags.cluster.key});
  check_files(read, {{"--output", flags.output}});
  StopSignals signals;
  const std::vector<Discovered> found = discover(inquiries_of(flags), signals);
  const bool any = std::ranges::any_of(
      found, [](const Discovered& d) { return d.identity.has_value(); });
  if (flags.json) {
    print_json(found);
  } else {
    print_text(found);
  }
  if (any && !flags.output.empty()) write_cluster(flags.output, found);
  if (any) return 0;
  if (signals.asked()) throw Error(Exit::kInternal, "interrupted");
  throw Error(Exit::kNode, "nobody answers",
              "start nodes (`shoal worker`), look at addresses and --key, or "
              "give them more time by --timeout");
}

}  // namespace shoal
