// A sequence that two of its own nodes keep, so that it outlives its
// coordinator together with one of them: the last copy of its variables and,
// behind it, the input of each frame that has had an answer since, as in a
// SequenceFile. Each of the two has all of it, in a part of its arena that no
// program of the sequence uses (Request::kKeep). That part has two halves, of
// which one holds what counts while the other one is written.
//
//   const int64_t bytes = PeerMirror::arena_bytes(key, values, input, every);
//   workers.reserve(bytes);
//   ... connect, plan
//   PeerMirror mirror(workers, key, bytes);
//   const std::optional<KnownSequence> known = mirror.find();
//   mirror.begin_epoch(frames, values, since, count);  // and in each later
//   epoch mirror.add(frame);             // before its answer is given
//   mirror.renew(frames, values);  // a copy of all frames so far
//
// All functions talk to the nodes and return when these have what they should;
// they throw what the coordinator throws when a node is lost meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/engine/recovery/sequence_file.h"
#include "host/engine/recovery/worker_cluster.h"

namespace shoal {

class PeerMirror {
 public:
  static constexpr size_t kPeers = 2;
  // Returns the bytes of a node's arena for copies of `values` bytes, with
  // `every` inputs behind each.
  static int64_t arena_bytes(const std::string& key, int64_t values,
                             int64_t input, int every);

  // `key`: what the values belong to, and behind a space its name for messages.
  PeerMirror(WorkerCluster&, std::string key, int64_t bytes);

  // Returns the sequence that the connected nodes keep, as far as it goes on
  // any of them. Throws Error(kUsage) if they keep two of this key, or none
  // while a node is missing that may keep one.
  std::optional<KnownSequence> find();
  // The connected nodes keep a copy that covers `frames` frames, and the first
  // `count` inputs behind it. The nodes must not run.
  void begin_epoch(int64_t frames, std::span<const uint8_t> values,
                   const std::deque<SequenceFrame>& since, size_t count);
  // The frame after those has got its answer.
  void add(const SequenceFrame&);
  // Replaces everything by a copy that covers `frames` frames.
  void renew(int64_t frames, std::span<const uint8_t> values);

  // Returns the names of the nodes that keep it.
  std::string peers_text() const;

 private:
  struct Peer {
    int worker;
    uint64_t address;
    uint32_t used = 0;  // bytes of its half
  };
  void write(int64_t frames, std::span<const uint8_t> values,
             const std::deque<SequenceFrame>& since, size_t count);
  void put(int worker, uint32_t offset, std::span<const uint8_t> bytes);
  void resize(int worker, uint32_t bytes);
  void ask(int worker, std::vector<uint8_t> data,
           std::function<void(std::span<const uint8_t>)> answer);
  void wait();
  std::vector<uint8_t> read(int worker);
  uint32_t payload(int worker) const;
  uint32_t half() const { return bytes_ / 2; }

  WorkerCluster& workers_;
  const std::string key_;
  const uint32_t bytes_;
  std::string id_;  // of this sequence: others may have the same key
  int64_t end_ = 0;
  std::vector<Peer> peers_;
  std::map<uint64_t, uint32_t> halves_;  // that count, by address
  size_t open_ = 0;                      // requests without an answer
};

}  // namespace shoal
