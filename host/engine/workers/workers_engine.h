// Workers as an engine: connected already, they get their programs when frames
// begin to stream.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "host/engine/coordinator/coordinator.h"
#include "host/engine/coordinator/sequence_mirror.h"
#include "host/engine/engine.h"
#include "host/engine/frame_source.h"
#include "host/engine/workers/sampler.h"
#include "host/engine/workers/transport.h"

namespace shoal {

// Returns the bytes of programs that the nodes did not have already.
int64_t deployed_bytes(const Coordinator&, const Prepared&);
// Returns the error of a loss that ends a sequence with this frame: it names
// the variables of which the lost node had a part.
Error sequence_lost(const Error& why, int64_t frame, const Coordinator&,
                    const Prepared&);
// That, and how many had theirs.
std::string deployed_text(const Coordinator&, const Prepared&);

class WorkersEngine final : public Engine {
 public:
  // `mirror`: of the sequence, if frames are one that outlives the nodes.
  // `samples`: nodes are asked what they do while frames are streamed.
  WorkersEngine(Coordinator&, const HostTransport&,
                std::shared_ptr<const Prepared>,
                SequenceMirror* mirror = nullptr, bool samples = false);

  const Graph& graph() const override { return prepared_->graph; }
  // The nodes are told to stop, however it ends; on a signal, too.
  void stream(const Next&, const Take&) override;
  // The same for frames that come over time. A signal is the source's. Nodes
  // that the source keeps are not stopped, nor the others when one is lost; the
  // next coordinator follows.
  void serve(FrameSource&, const Take&) override;
  EngineReport report() const override;

 private:
  void serve_all(FrameSource&, const Take&);
  ClusterStatus status() const;
  std::string traffic_text() const;

  Coordinator& coordinator_;
  const HostTransport& transport_;
  const std::shared_ptr<const Prepared> prepared_;
  SequenceMirror* const mirror_;
  std::optional<Sampler> sampler_;
  int64_t frames_ = 0;
  double seconds_ = 0;
};

}  // namespace shoal
