// A whole cluster in one process and in virtual time: real agents with real
// nodes, the real coordinator, and a network of datagrams between them. A
// program that is not linked is the node of a cluster of one, alone with its
// storage: it needs no agent, no coordinator and no network.
//
//   SimResult r = simulate_cluster(prepared, cluster, input, options);
//
// With costs, every slice and datagram takes the time that the node's board
// says, so the times of the result are modelled times. Without, only the bytes
// matter, and virtual time means nothing.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "device/port/payload.h"
#include "host/base/shared_key.h"
#include "host/engine/common/firing_observer.h"
#include "host/engine/common/prepare.h"
#include "host/engine/virtual/virtual_node.h"
#include "host/plan/types/cluster.h"
#include "host/world/world.h"

namespace shoal {

struct SimOptions {
  NetworkOptions network;
  // None: what the boards' links have (with costs), else unlimited and 10 us.
  std::optional<double> bits_per_s;
  std::optional<Nanos> latency;
  std::optional<uint32_t> framing_bytes;
  std::optional<uint32_t> receive_queue;  // of a node, datagrams
  bool costs = true;
  bool insecure = false;
  // By node: what its storage holds, in place of the image's bytes; missing or
  // empty: the image. For stores that are another's.
  std::vector<std::vector<uint8_t>> stores = {};
  // The keys of sealed stores, by node; empty: they are not sealed.
  std::vector<SharedKey> store_keys = {};
  StorageFault fault{.count = 0};  // of the first node's storage
  uint32_t max_payload = kUdpPayload;
  uint64_t timeout_us = 5'000'000;  // of virtual time
  // A cluster that is not done after this many events ends in Error(kNode);
  // none: never.
  std::optional<uint64_t> max_events;

  int frames = 1;
  // A frame before those that are counted: in a cluster that has just started
  // credit is on its way and round trips are not known yet.
  bool warm_up = false;
  // The first frame runs alone, so that its latency is one of an idle cluster;
  // the others follow each other as closely as they can.
  bool first_alone = true;
  // Returns the input of each frame, counted from 0; none: there are no more,
  // fewer than `frames`. Empty: all of them have the one input.
  std::function<std::optional<std::vector<uint8_t>>(int frame)> input = {};
  // Called when all nodes have their programs and the first frame that counts
  // begins; may be empty.
  std::function<void()> started = {};
  // Called in order for every frame's outputs, that of the warm-up too.
  std::function<void(int frame, const std::vector<uint8_t>&)> output;
  // For the node of this number; may be empty. With taps the run goes on until
  // all nodes have ended the last frame: rows that no output needs may be made
  // after the last output has come.
  std::function<FiringObserver(int node)> observer;
  // Records the first frame (of a node that is alone the last), with
  // `record_all` all of them.
  Recorder* recorder = nullptr;
  bool record_all = false;
  // A node that loses its power some time into the first frame.
  std::optional<int> lost_node;
  Nanos lost_after = 0;
};

struct FrameTime {
  Nanos submitted = 0, finished = 0;
};

struct EndpointReport {
  std::string name, board;
  PortTimes times;             // of the first frame
  PortTimes all;               // of all frames
  EndpointTraffic traffic;     // of all frames, as the network saw it
  shoal_link_counters link{};  // as the endpoint saw it
  // The counts of all frames; for a node that is alone those of the last one,
  // as all that is before has ended.
  NodeCounts counts;
  uint32_t most_erases = 0;  // of a block, since the node began
};

struct SimResult {
  std::vector<FrameTime> frames;
  std::vector<EndpointReport> nodes;  // as in the plan
  EndpointReport coordinator;
  Nanos deployed = 0;  // when the first counted frame could begin
  Nanos ended = 0;     // the last output
  uint64_t events = 0, event_hash = 0;
  double latency_s() const;  // of the first frame
  double frames_per_s() const;
};

// Endpoints of the world: node i of the plan, then the coordinator of those
// that are linked. Throws Error(kNode) naming a node that is lost, what the
// coordinator throws, and for a node that is alone Error(kCorrupt) naming the
// layer if what comes from storage is not what it should be.
SimResult simulate_cluster(const Prepared&, const Cluster&,
                           std::span<const uint8_t> input, const SimOptions&);

}  // namespace shoal
