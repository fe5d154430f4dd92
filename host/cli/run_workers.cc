#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/size.h"
#include "host/cli/classes.h"
#include "host/cli/common.h"
#include "host/cli/run_report.h"
#include "host/cluster/drive.h"
#include "host/cluster/key_file.h"
#include "host/cluster/serial.h"
#include "host/cluster/udp.h"
#include "host/import/import.h"

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

std::vector<WorkerAddress> addresses(const RunFlags& flags,
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
                    flags.plan.cluster + ": node '" + n.name +
                        "' has no address, others have",
                    "an address for every node, or for none");
      }
      add(n.address, flags.plan.cluster);
    }
  } else {
    for (const std::string& text : flags.cluster.workers) {
      add(text, "--workers");
    }
  }
  return out;
}

void say_deployed(const Coordinator& c, const Prepared& p) {
  int64_t bytes = 0;
  int held = 0;
  for (size_t i = 0; i < p.images.size(); ++i) {
    const bool had = c.report(static_cast<int>(i)).held;
    held += had ? 1 : 0;
    if (!had) bytes += static_cast<int64_t>(p.images[i].size());
  }
  std::fprintf(stderr, "deployed %s; %d of %zu nodes had their program\n",
               format_bytes(bytes).c_str(), held, p.images.size());
}

void say_traffic(const Coordinator& c, size_t workers, int frames) {
  const shoal_link_counters own = c.counters();
  uint64_t sent = own.sent_bytes, rows = own.row_bytes;
  uint64_t again = own.resent_bytes;
  for (size_t i = 0; i < workers; ++i) {
    const PingAnswer last = c.report(static_cast<int>(i)).last;
    sent += last.sent_bytes;
    rows += last.row_bytes;
    again += last.resent_bytes;
  }
  const auto count = static_cast<uint64_t>(frames);
  const auto a_frame = [count](uint64_t v) {
    return format_count(static_cast<int64_t>(v / count));
  };
  std::fprintf(
      stderr, "traffic  %s B a frame, %s of them rows, %s of rows again\n",
      a_frame(sent).c_str(), a_frame(rows).c_str(), a_frame(again).c_str());
}

}  // namespace

int run_on_workers(const RunFlags& flags) {
  if (!flags.trace.empty()) {
    throw Error(Exit::kUsage, "--trace cannot look into other processes",
                "run without --workers and --cluster");
  }
  const std::vector<std::string> labels = read_labels(flags.labels);
  if (flags.plan.nodes ||
      (!flags.plan.cluster.empty() && !flags.cluster.workers.empty())) {
    throw Error(Exit::kUsage,
                "--workers, --cluster and --nodes exclude each other");
  }
  if (flags.plan.board != PlanFlags{}.board) {
    throw Error(Exit::kUsage, "workers say themselves what board they are",
                "leave out --board");
  }
  std::optional<Cluster> given;
  if (!flags.plan.cluster.empty()) given = cluster_of(flags.plan);
  const std::vector<WorkerAddress> workers = addresses(flags, given);
  std::optional<int64_t> ram;
  if (flags.plan.ram) ram = parse_size(*flags.plan.ram, "--ram");
  PrepareSplit split = split_options(flags.plan);
  Graph graph = load_model(flags.model);
  const std::vector<uint8_t> input = load_input(
      graph, flags.input, normalization(flags.mean, flags.deviation));

  const std::unique_ptr<HostTransport> opened = open_transport(workers);
  const HostTransport& transport = *opened;
  CoordinatorConfig config;
  config.transport = &transport.transport();
  config.insecure = flags.cluster.insecure;
  if (!config.insecure) config.key = read_key_file(flags.cluster.key);
  config.entropy = system_entropy;
  const int timeout = flags.cluster.timeout;
  config.timeout_us =
      uint64_t{1'000'000} *
      static_cast<unsigned>(timeout > 0 ? timeout : kNodeTimeoutSeconds);
  Coordinator coordinator(config);
  coordinator.connect(workers);
  drive(coordinator, transport, nullptr,
        [&] { return coordinator.connected(); });

  const Cluster cluster =
      cluster_of(coordinator, workers, given ? &*given : nullptr, ram);
  split.max_payload = transport.transport().max_payload;
  const Prepared p = prepare_split(std::move(graph), cluster, split);
  const ClusterOutcome outcome =
      run_frames(coordinator, transport, p, input, flags.frames);
  say_deployed(coordinator, p);
  say_traffic(coordinator, workers.size(), flags.frames);
  report_run(flags, p.graph, p.plan, labels,
             {outcome.output, outcome.frame_seconds, "measured"});
  return 0;
}

}  // namespace shoal
