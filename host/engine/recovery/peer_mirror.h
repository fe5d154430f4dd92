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
//   mirror.begin_epoch(frames, values, since, count);
//   mirror.add(frame);
//   mirror.renew(frames, values);
//
// All functions talk to the nodes and return when these have what they should;
// they throw what the coordinator throws when a node is lost meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "host/engine/recovery/kept_sequence.h"
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

  // Returns the sequence that the connected nodes keep: the latest copy. Throws
  // Error(kUsage) if they keep two of this key, one of another key or one in
  // another number of bytes, and Error(kNode) if they keep none while a node is
  // missing that may keep one.
  std::optional<KnownSequence> find();
  // Returns whether a connected node has a copy that another coordinator has
  // written, and that is later than the one that was found.
  bool is_overtaken();
  // The connected nodes keep a copy that covers `frames` frames, and the first
  // `count` inputs behind it. The nodes must not run. Call it in each epoch.
  void begin_epoch(int64_t frames, std::span<const uint8_t> values,
                   const std::deque<SequenceFrame>& since, size_t count);
  // Both nodes take the next frame's input. Call it before the answer is given.
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
  void begin();
  // Returns what the node says of these bytes.
  std::vector<uint8_t> say(int worker, uint32_t offset, uint32_t count);
  // Returns how many bytes it keeps.
  uint32_t kept(int worker);
  // Returns some of the `kept` ones.
  std::vector<uint8_t> read(int worker, uint32_t kept, uint32_t offset,
                            uint32_t bytes);
  [[noreturn]] void refuse_answer(int worker) const;
  [[noreturn]] void refuse_other(const KeptSequence&,
                                 const std::string& node) const;
  std::string frame_record(const SequenceFrame&) const;
  uint32_t payload(int worker) const;
  uint32_t half() const { return bytes_ / 2; }

  WorkerCluster& workers_;
  const std::string key_;
  const uint32_t bytes_;
  std::string id_;  // of this sequence: others may have the same key
  uint64_t epoch_ = 0, found_ = 0;  // now, and of the copy that was found
  std::set<uint64_t> own_;          // epochs that this mirror has written
  int64_t end_ = 0;
  std::vector<Peer> peers_;
  std::map<uint64_t, uint32_t> halves_;  // that count, by address
  // Requests without an answer.
  std::shared_ptr<size_t> open_ = std::make_shared<size_t>(0);
};

}  // namespace shoal
