// Frames that come over time, for an engine that stays ready (Engine::serve),
// and what it tells of its nodes meanwhile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/base/error.h"

namespace shoal {

enum class NodePresence : uint8_t {
  kRuns,
  kIdle,  // is there, and the plan has no work for it
  kLost,
  kSpare,  // waits for a loss
};
const char* state_name(NodePresence);

// A node of a cluster that serves.
struct NodeStatus {
  std::string name, address;
  NodePresence state = NodePresence::kRuns;
  int64_t incarnation = 0;                    // how often it was taken in
  uint64_t round_trip_us = 0;                 // 0: not measured
  uint64_t sent_bytes = 0, resent_bytes = 0;  // of its link, in this epoch
  uint32_t frames = 0;                        // in this epoch
};

struct ClusterStatus {
  std::vector<NodeStatus> nodes;
  int64_t losses = 0, returns = 0;
  std::vector<std::string> events;  // the last ones, oldest first
  std::string waits;  // for what, although frames are taken; empty: they run
};

// Names the file that holds a frame until its answer has been taken, and tells
// it from a later one at the same path. Empty if there is no such file.
std::string kept_file(const std::string& path);
// Returns whether that file is still there.
bool is_kept(const std::string& file);

class FrameSource {
 public:
  FrameSource() = default;
  FrameSource(const FrameSource&) = delete;
  FrameSource& operator=(const FrameSource&) = delete;
  virtual ~FrameSource() = default;

  // Returns the inputs of the next frame, if there is one now.
  virtual std::optional<std::vector<uint8_t>> next() = 0;
  // Returns the kept_file() of that frame, if it has one.
  virtual std::string file() const { return {}; }
  // Returns whether no frames come after those that next() has now.
  virtual bool ended() const = 0;
  // Returns whether the service ends, so that nothing is waited for any more.
  virtual bool stops() const { return ended(); }
  // Returns whether the nodes have other frames to run at once when this has
  // ended, so that they are not given back.
  virtual bool keeps_nodes() const { return false; }
  // Returns whether other models run on the same nodes in turns.
  virtual bool shares_nodes() const { return false; }
  // Returns a descriptor that is readable while next() has a frame, and when
  // the source has ended.
  virtual int descriptor() const = 0;

  // Returns how many other engines run frames of the same sender.
  virtual int others() const { return 0; }

  // Told before the frames without an answer are run again.
  virtual void repeats() {}
  // Told that the frames without an answer will not get one.
  virtual void fails(const Error&) {}
  // Told why no frame can be run for now; empty: frames run again.
  virtual void stands_still(const std::string&) {}
  // Told several times a second how the nodes are.
  virtual void heed(const ClusterStatus&) {}
};

// Waits until the source has a frame or has ended.
void wait_for(const FrameSource&);

}  // namespace shoal
