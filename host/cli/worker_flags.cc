#include "host/cli/worker_flags.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "host/base/error.h"
#include "host/cli/common.h"
#include "host/cli/output.h"
#include "host/engine/recovery/asking_thread.h"
#include "host/engine/workers/bus.h"
#include "host/engine/workers/identity_file.h"
#include "host/engine/workers/key_file.h"
#include "host/engine/workers/radio.h"
#include "host/engine/workers/serial.h"
#include "host/engine/workers/udp.h"
#include "host/plan/types/cluster.h"

namespace shoal {
namespace {

// Returns the name of this coordinator for people who wait for its nodes.
std::string coordinator_name() {
  char host[64] = {};
  static_cast<void>(gethostname(host, sizeof host - 1));
  const passwd* const user = getpwuid(geteuid());
  std::string who = std::string(user ? user->pw_name : "") + "@" + host;
  const std::string process = ":" + std::to_string(getpid());
  std::erase_if(who, [](char c) { return c <= ' ' || c >= 0x7F; });
  return who.substr(0, kHolderBytes - process.size()) + process;
}

}  // namespace

// The address at a line that one node has alone is the same for all of these.
WorkerAddress parse_worker_address(const std::string& text,
                                   const std::string& flag) {
  if (is_serial(text) && line_of(text).empty()) {
    throw Error(Exit::kUsage, flag + ": '" + text + "' names no device",
                "serial:DEVICE, such as serial:/dev/ttyACM0");
  }
  if (const std::optional<int> station = station_of(text)) {
    if (*station == 0) {
      throw Error(
          Exit::kUsage,
          flag + ": '" + text + "' has no number of a node behind the #",
          "use 1 to " + std::to_string(kBusStations));
    }
    return {text, bus_address(static_cast<uint32_t>(*station)), {}};
  }
  if (is_serial(text)) return {text, kSerialAddress, {}};
  if (is_radio(text)) {
    const std::optional<RadioAddress> radio = parse_radio(text);
    if (radio) return {text, radio->mac, {}};
    throw Error(Exit::kUsage, flag + ": '" + text + "' is no node of ESP-NOW",
                "espnow:DEVICE#MAC, such as "
                "espnow:/dev/ttyUSB0#24:6f:28:00:00:01");
  }
  const uint64_t address = parse_udp_address(text, flag);
  if (address % 0x10000 == 0) {
    throw Error(Exit::kUsage, flag + ": '" + text + "' has no port",
                "use the port that `shoal worker` prints");
  }
  return {text, address, {}};
}

namespace {

bool has_line(const std::string& address) {
  return is_serial(address) || is_radio(address);
}

// Returns the line that a node shares with others; empty: none.
std::string shared_line(const std::string& address) {
  if (const std::optional<RadioAddress> r = parse_radio(address)) {
    return kRadioPrefix + r->device;
  }
  return station_of(address) ? kSerialPrefix + line_of(address) : "";
}

}  // namespace

void check_lines(const std::vector<std::string>& addresses,
                 const std::string& where) {
  const auto serial = std::ranges::find_if(addresses, has_line);
  if (serial == addresses.end() || addresses.size() == 1) return;
  const std::string line = shared_line(*serial);
  if (line.empty()) {
    throw Error(Exit::kUsage,
                where + *serial + ": a serial line has one node at its end, " +
                    std::to_string(addresses.size()) + " are named",
                "name that node alone, number the nodes of a line that they "
                "share (serial:DEVICE#1), or reach all over UDP");
  }
  std::set<std::string> named;
  for (const std::string& one : addresses) {
    if (shared_line(one) != line) {
      throw Error(Exit::kUsage,
                  where + one + " and " + *serial + " are not on one line",
                  "name nodes of one line");
    }
    if (!named.insert(one).second) {
      throw Error(Exit::kUsage, where + one + " is named twice",
                  "give each node of a line a number of its own");
    }
  }
}

std::unique_ptr<HostTransport> open_transport(
    const std::vector<WorkerAddress>& workers) {
  std::vector<std::string> labels;
  for (const WorkerAddress& w : workers) labels.push_back(w.label);
  const auto serial = std::ranges::find_if(labels, has_line);
  if (serial == labels.end()) {
    return std::make_unique<UdpTransport>(parse_udp_address("0.0.0.0:0", ""));
  }
  check_lines(labels, "");
  if (const std::optional<RadioAddress> radio = parse_radio(*serial)) {
    return std::make_unique<RadioTransport>(radio->device);
  }
  const std::string device = line_of(*serial);
  if (station_of(*serial)) {
    return std::make_unique<BusCoordinatorTransport>(device);
  }
  return std::make_unique<SerialTransport>(device);
}

namespace {

// In the cluster file, or one for each of --workers.
void add_public_keys(const PlanFlags& plan, const ClusterFlags& flags,
                     const std::optional<Cluster>& cluster,
                     std::vector<WorkerAddress>& workers) {
  if (!cluster && flags.node_keys.size() != workers.size()) {
    throw Error(Exit::kUsage,
                "--node-key has " + std::to_string(flags.node_keys.size()) +
                    " public keys for " + std::to_string(workers.size()) +
                    " workers",
                "give one for each, in the order of --workers");
  }
  for (size_t i = 0; i < workers.size(); ++i) {
    if (!cluster) {
      workers[i].public_key =
          parse_public_key(flags.node_keys[i], "--node-key");
      continue;
    }
    const ClusterNode& n = cluster->nodes[i];
    if (n.public_key.empty()) {
      throw Error(
          Exit::kUsage,
          plan.cluster.path + ": node '" + n.name + "' has no public_key",
          "add the one that `shoal keygen --public FILE` prints");
    }
    workers[i].public_key = parse_public_key(n.public_key, plan.cluster.path);
  }
}

std::vector<WorkerAddress> addresses_of(const PlanFlags& plan,
                                        const ClusterFlags& flags,
                                        const std::optional<Cluster>& cluster) {
  std::vector<WorkerAddress> out;
  if (cluster) {
    for (const ClusterNode& n : cluster->nodes) {
      if (n.address.empty()) {
        throw Error(
            Exit::kUsage,
            plan.cluster.path + ": node '" + n.name + "' has no address",
            "give every node an address");
      }
      out.push_back(parse_worker_address(n.address, plan.cluster.path));
    }
  } else {
    for (const std::string& text : flags.workers) {
      out.push_back(parse_worker_address(text, "--workers"));
    }
  }
  if (!flags.identity.empty()) add_public_keys(plan, flags, cluster, out);
  return out;
}

void check_spares(const ClusterFlags& flags) {
  const auto refuse = [](const char* why, const char* fix) {
    throw Error(Exit::kUsage, std::string("--spares ") + why, fix);
  };
  if (flags.workers.empty()) {
    refuse(
        "go with --workers; nodes of a cluster file have places of their own",
        "name the nodes by --workers");
  }
  if (!flags.identity.empty()) {
    refuse("have no public keys yet", "--key instead of --identity");
  }
  if (flags.on_loss != "replan") {
    refuse("take the place of nodes only with --on-loss replan",
           "--on-loss replan");
  }
}

void check_who_workers_are(const PlanFlags& plan, const ClusterFlags& flags) {
  if (plan.nodes || (!plan.cluster.empty() && !flags.workers.empty())) {
    throw Error(Exit::kUsage,
                "--workers, --cluster and --nodes exclude each other",
                "keep one of them");
  }
  if (plan.cluster.empty() && flags.workers.empty() && !flags.own_cluster) {
    throw Error(Exit::kUsage, "no worker is named",
                "name them with --workers HOST:PORT,... or --cluster FILE");
  }
  if (!flags.spares.empty()) check_spares(flags);
  if (flags.identity.empty() && !flags.node_keys.empty()) {
    throw Error(Exit::kUsage, "--node-key goes with --identity",
                "add --identity with the coordinator's own file");
  }
}

}  // namespace

CoordinatorConfig coordinator_config(const ClusterFlags& flags,
                                     const HostTransport& transport) {
  CoordinatorConfig config;
  config.transport = &transport.transport();
  config.insecure = flags.insecure;
  if (!flags.identity.empty()) {
    config.identity = read_identity_file(flags.identity);
  } else if (flags.own_key) {
    config.key = *flags.own_key;
  } else if (!config.insecure) {
    config.key = read_key_file(flags.key);
  } else if (!flags.quiet) {
    tell(
        "warning: --insecure: nothing is encrypted or signed, anyone on "
        "the network may read the frames and change their results\n");
  }
  config.entropy = system_entropy;
  config.name = coordinator_name();
  config.take_over = flags.take_over;
  if (!flags.own_cluster) config.time_flag = "--node-timeout";
  config.hint = [](const std::string& text) { tell("%s\n", text.c_str()); };
  config.log = tell_more;
  config.timeout_us = static_cast<uint64_t>(
      1e6 * flags.node_timeout.value_or(flags.usual_timeout));
  return config;
}

size_t worker_count(const PlanFlags& plan, const ClusterFlags& flags) {
  check_who_workers_are(plan, flags);
  return plan.cluster.empty() ? flags.workers.size()
                              : cluster_of(plan).nodes.size();
}

WorkerClusterOptions worker_cluster(const PlanFlags& plan,
                                    const ClusterFlags& flags,
                                    std::optional<size_t> only) {
  check_who_workers_are(plan, flags);
  WorkerClusterOptions o;
  o.given = flags.own_cluster;
  if (!plan.cluster.empty()) o.given = cluster_of(plan);
  if (o.given) require_one_bank(*o.given, "workers");
  o.nodes = addresses_of(plan, flags, o.given);
  if (only) {
    o.nodes = {o.nodes[*only]};
    if (o.given) o.given->nodes = {o.given->nodes[*only]};
  }
  for (const std::string& text : flags.spares) {
    o.spares.push_back(parse_worker_address(text, "--spares"));
  }
  o.request = linked_request(plan, {});
  o.set_budgets = [plan](Cluster& cluster) { set_budgets(plan, cluster); };
  o.planned = [](const WorkerCluster&, const Prepared& p,
                 const PlanRequest& request) { tell_plan(p, request); };
  std::vector<WorkerAddress> all = o.nodes;
  all.insert(all.end(), o.spares.begin(), o.spares.end());
  o.transport = open_transport(all);
  o.config = coordinator_config(flags, *o.transport);
  // A false alarm costs the repetition of a frame; where it would end the run,
  // nodes have more time.
  o.config.derives_silence =
      flags.on_loss != "fail" && !flags.node_timeout && !flags.own_cluster;
  o.config.busy_fix = "--wait SECONDS, or --take-over";
  o.wait_s = plan.wait;
  o.holds_spares = true;
  o.samples = flags.samples;
  o.returning = [](const CoordinatorConfig& config) {
    return std::make_unique<AskingThread>(config);
  };
  return o;
}

}  // namespace shoal
