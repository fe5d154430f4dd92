#include "host/cli/worker_cluster.h"

#include <algorithm>
#include <cstdio>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/cli/common.h"
#include "host/cli/store_flags.h"
#include "host/cluster/drive.h"
#include "host/cluster/key_file.h"
#include "host/cluster/serial.h"
#include "host/cluster/udp.h"

namespace shoal {
namespace {

constexpr int kNodeTimeoutSeconds = 5;

constexpr const char* kSerial = "serial:";

bool is_serial(const std::string& address) {
  return address.starts_with(kSerial);
}

// The line itself is the address: there is only one node at its end.
std::unique_ptr<HostTransport> open_transport(
    const std::vector<WorkerAddress>& workers) {
  const auto serial =
      std::ranges::find_if(workers, is_serial, &WorkerAddress::label);
  if (serial == workers.end()) {
    return std::make_unique<UdpTransport>(parse_udp_address("0.0.0.0:0", ""));
  }
  if (workers.size() > 1) {
    throw Error(Exit::kUsage,
                serial->label + ": a serial line has one node at its end, " +
                    std::to_string(workers.size()) + " are named",
                "it alone, or all of them over UDP");
  }
  return std::make_unique<SerialTransport>(
      serial->label.substr(std::string(kSerial).size()));
}

std::vector<WorkerAddress> addresses_of(const PlanFlags& plan,
                                        const ClusterFlags& flags,
                                        const std::optional<Cluster>& cluster) {
  std::vector<WorkerAddress> out;
  const auto add = [&out](const std::string& text, const std::string& flag) {
    const uint64_t address =
        is_serial(text) ? kSerialPeer : parse_udp_address(text, flag);
    if (!is_serial(text) && address % 0x10000 == 0) {
      throw Error(Exit::kUsage, flag + ": '" + text + "' has no port",
                  "the one that `shoal worker` says it listens on");
    }
    out.push_back({text, address});
  };
  if (cluster) {
    for (const ClusterNode& n : cluster->nodes) {
      if (n.address.empty()) {
        throw Error(Exit::kUsage,
                    plan.cluster + ": node '" + n.name + "' has no address",
                    "an address for every node");
      }
      add(n.address, plan.cluster);
    }
  } else {
    for (const std::string& text : flags.workers) {
      add(text, "--workers");
    }
  }
  return out;
}

void refuse_what_workers_say(const PlanFlags& plan, const ClusterFlags& flags) {
  if (plan.nodes || (!plan.cluster.empty() && !flags.workers.empty())) {
    throw Error(Exit::kUsage,
                "--workers, --cluster and --nodes exclude each other");
  }
  if (plan.cluster.empty() && flags.workers.empty()) {
    throw Error(Exit::kUsage, "no worker is named",
                "--workers ADDRESS:PORT,... or --cluster FILE");
  }
  if (plan.board != PlanFlags{}.board) {
    throw Error(Exit::kUsage, "workers say themselves what board they are",
                "leave out --board");
  }
}

CoordinatorConfig config_of(const ClusterFlags& flags,
                            const HostTransport& transport) {
  CoordinatorConfig config;
  config.transport = &transport.transport();
  config.insecure = flags.insecure;
  if (!config.insecure) config.key = read_key_file(flags.key);
  config.entropy = system_entropy;
  const int timeout = flags.timeout;
  config.timeout_us =
      uint64_t{1'000'000} *
      static_cast<unsigned>(timeout > 0 ? timeout : kNodeTimeoutSeconds);
  return config;
}

}  // namespace

WorkerCluster::WorkerCluster(const PlanFlags& plan, const ClusterFlags& flags) {
  refuse_what_workers_say(plan, flags);
  refuse_storage(plan.storage, "workers have no stores yet");
  if (!plan.cluster.empty()) given_ = cluster_of(plan);
  addresses_ = addresses_of(plan, flags, given_);
  if (plan.ram) ram_ = parse_size(*plan.ram, "--ram");
  split_ = split_options(plan);
  transport_ = open_transport(addresses_);
  split_.max_payload = transport_->transport().max_payload;
  coordinator_ = std::make_unique<Coordinator>(config_of(flags, *transport_));
}

Prepared WorkerCluster::prepare(Graph graph) {
  coordinator_->connect(addresses_);
  drive(*coordinator_, *transport_, nullptr,
        [&] { return coordinator_->connected(); });
  cluster_ =
      cluster_of(*coordinator_, addresses_, given_ ? &*given_ : nullptr, ram_);
  Prepared p = prepare_split(std::move(graph), cluster_, split_);
  for (const PlanNode& node : p.plan.nodes) {
    if (node.storage.empty()) continue;
    throw Error(Exit::kDoesNotFit,
                "FLASH does not fit: the weights of node " + node.name +
                    " would come from storage, and workers have no stores yet",
                "more workers, or workers with more --flash");
  }
  return p;
}

int64_t WorkerCluster::sent_bytes(const Prepared& p) const {
  int64_t bytes = 0;
  for (size_t i = 0; i < p.images.size(); ++i) {
    const bool takes_part = !p.plan.nodes[i].stages.empty();
    if (!takes_part || coordinator_->report(static_cast<int>(i)).held) continue;
    bytes += p.plan.nodes[i].program_bytes;
  }
  return bytes;
}

void WorkerCluster::say_deployed(const Prepared& p) const {
  int held = 0;
  for (size_t i = 0; i < p.images.size(); ++i) {
    held += coordinator_->report(static_cast<int>(i)).held ? 1 : 0;
  }
  std::fprintf(stderr, "deployed %s; %d of %zu nodes had their program\n",
               format_bytes(sent_bytes(p)).c_str(), held, p.images.size());
}

}  // namespace shoal
