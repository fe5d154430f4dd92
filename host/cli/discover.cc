// `shoal discover`: which nodes answer, and a cluster file of them.
#include "host/engine/workers/discover.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "device/port/payload.h"
#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/hex.h"
#include "host/base/size.h"
#include "host/base/table.h"
#include "host/cli/commands.h"
#include "host/cli/file_names.h"
#include "host/cli/output.h"
#include "host/cli/worker_flags.h"
#include "host/engine/workers/serial.h"
#include "host/engine/workers/stop_signals.h"
#include "host/plan/cuts/cuts.h"
#include "host/plan/types/cluster.h"

namespace shoal {
namespace {

constexpr size_t kMostAddresses = 512;

using Programs = std::vector<KeptProgram>;

// "HOST:7000-7015" is sixteen addresses.
std::vector<std::string> spread(const std::string& text) {
  const size_t colon = text.rfind(':');
  const size_t dash = text.find('-', colon == text.npos ? 0 : colon);
  if (is_serial(text) || is_radio(text) || colon == text.npos ||
      dash == text.npos) {
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
    throw Error(Exit::kUsage, "'" + text + "' is not a range of ports",
                "write it as 10.0.0.5:7000-7015");
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
    throw Error(Exit::kUsage,
                format_count(static_cast<int64_t>(addresses.size())) +
                    " addresses are too many for one search",
                "give at most " + format_count(int64_t{kMostAddresses}));
  }
  ClusterFlags cluster = flags.cluster;
  std::vector<Inquiry> all;
  std::set<std::string> asked, lines;
  for (const std::string& text : addresses) {
    Inquiry one;
    one.address = parse_worker_address(text, "ADDRESS");
    const bool serial = one.address.address == kSerialAddress;
    const std::string place =
        serial ? text : std::to_string(one.address.address);
    if (!asked.insert(place).second) continue;
    const std::optional<RadioAddress> radio = parse_radio(text);
    if ((station_of(text) || radio) &&
        !lines.insert(radio ? radio->device : line_of(text)).second) {
      throw Error(Exit::kUsage,
                  text +
                      ": a line that nodes share has one coordinator, and "
                      "each search is one",
                  "ask them one after another");
    }
    one.transport = open_transport({one.address});
    one.config = coordinator_config(cluster, *one.transport);
    one.config.hint = {};  // the error has the last one
    all.push_back(std::move(one));
    cluster.quiet = true;
  }
  return all;
}

// The program that it would run comes first; an older agent says no more than
// that.
Programs programs_of(const Discovered& d) {
  const IdentityAnswer& f = d.identity->facts;
  if (f.program_bytes == 0) return d.kept ? d.kept->programs : Programs();
  KeptProgram ready{f.program_bytes, {}};
  std::ranges::copy(f.program_hash, ready.hash.begin());
  Programs all = d.kept ? d.kept->programs : Programs{ready};
  const auto at = std::ranges::find(all, ready.hash, &KeptProgram::hash);
  if (at != all.end()) std::rotate(all.begin(), at, at + 1);
  return all;
}

nlohmann::json json_of(const Discovered& d) {
  nlohmann::json node{{"address", d.address.label},
                      {"answers", d.identity.has_value()}};
  if (!d.identity) {
    node["why"] = d.why->what();
    node["exit_code"] = static_cast<int>(d.why->code());
    return node;
  }
  const IdentityAnswer& f = d.identity->facts;
  node.update({{"name", d.identity->name},
               {"board", d.identity->board},
               {"arithmetic", kArithmetic},
               {"session_version", kSessionVersion},
               {"arena_bytes", f.arena_bytes},
               {"program_capacity_bytes", f.program_capacity},
               {"program_bytes", f.program_bytes},
               {"program_sha256",
                f.program_bytes ? to_hex(f.program_hash) : std::string()},
               {"programs", nlohmann::json::array()},
               {"max_payload", f.max_payload},
               {"max_peers", f.max_peers}});
  for (const KeptProgram& one : programs_of(d)) {
    node["programs"].push_back(
        {{"bytes", one.bytes}, {"sha256", to_hex(one.hash)}});
  }
  if (d.kept) {
    node["storage_bytes"] = d.kept->storage_bytes;
    node["free_bytes"] = d.kept->free_bytes;
  }
  return node;
}

void print_json(const std::vector<Discovered>& found) {
  nlohmann::json json{{"nodes", nlohmann::json::array()}};
  for (const Discovered& d : found) json["nodes"].push_back(json_of(d));
  say_json(json);
}

std::string programs_text(const Discovered& d) {
  std::string text;
  for (const KeptProgram& one : programs_of(d)) {
    text += (text.empty() ? "program " : "; ") +
            to_hex(std::span(one.hash).first(8)) + ", " +
            format_bytes(one.bytes);
  }
  return text.empty() ? "nothing" : text;
}

void print_text(const std::vector<Discovered>& found) {
  TextTable table({{"address", Align::kLeft},
                   {"name", Align::kLeft},
                   {"board", Align::kLeft},
                   {"arithmetic", Align::kRight, 4},
                   {"RAM B"},
                   {"flash B", Align::kRight, 1},
                   {"free B", Align::kRight, 3},
                   {"holds", Align::kLeft, 2}});
  for (const Discovered& d : found) {
    if (!d.identity) continue;
    const IdentityAnswer& f = d.identity->facts;
    table.add({d.address.label, d.identity->name, d.identity->board,
               fmt::format("0x{:08X}", kArithmetic),
               format_count(f.arena_bytes), format_count(f.program_capacity),
               d.kept ? format_count(d.kept->free_bytes) : "not said",
               programs_text(d)});
  }
  if (!table.empty()) say_table(table);
  for (const Discovered& d : found) {
    if (d.why) tell("%s\n", d.why->what());
  }
}

// Two that say they are one; empty if there are none.
std::string twins(const std::vector<Discovered>& found) {
  std::map<std::string, std::string> places;  // by name
  for (const Discovered& d : found) {
    if (!d.identity) continue;
    const auto [at, is_new] = places.emplace(d.identity->name, d.address.label);
    if (!is_new) {
      return at->second + " and " + d.address.label +
             " both say that they are " + d.identity->name;
    }
  }
  return "";
}

// Bytes of the datagrams of all that answer, if a plan would not know.
std::optional<int> own_payload(const std::vector<Discovered>& found) {
  Cluster cluster;
  std::set<int> said;
  for (const Discovered& d : found) {
    if (!d.identity) continue;
    ClusterNode& n = cluster.nodes.emplace_back();
    n.address = d.address.label;
    said.insert(d.identity->facts.max_payload);
  }
  if (said.size() != 1) return std::nullopt;
  const auto one = static_cast<uint32_t>(*said.begin());
  // A node may claim anything.
  const bool can = one >= kLeastPayload && one <= cluster.most_payload();
  if (!can || one == cluster.link_payload()) return std::nullopt;
  return static_cast<int>(one);
}

// Those that answer, as a plan takes them.
void write_cluster(const std::string& path,
                   const std::vector<Discovered>& found) {
  std::string text =
      "# What answered to `shoal discover`; see `shoal formats "
      "cluster.toml`.\n";
  if (const std::optional<int> payload = own_payload(found)) {
    text += "payload = " + std::to_string(*payload) + "\n";
  }
  for (const Discovered& d : found) {
    if (!d.identity) continue;
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
  if (const std::string both = twins(found); !both.empty()) {
    if (!flags.output.empty()) {
      throw Error(Exit::kUsage, both + "; no cluster file was written",
                  "give each node a name of its own (`shoal worker --name`)");
    }
    tell("%s\n", both.c_str());
  }
  if (any && !flags.output.empty()) write_cluster(flags.output, found);
  if (any) return 0;
  if (signals.asked()) throw Error(Exit::kInternal, "interrupted");
  if (std::ranges::any_of(found, [](const Discovered& d) {
        return d.why && d.why->code() == Exit::kBusy;
      })) {
    throw Error(Exit::kBusy, "every node that answers is busy",
                "ask again when its coordinator has ended");
  }
  throw Error(Exit::kNode, "no node answers",
              "start nodes (`shoal worker`), check addresses and --key, or "
              "give them more time by --node-timeout");
}

}  // namespace shoal
