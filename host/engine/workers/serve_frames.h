// Frames that come over time, through nodes that have started.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "host/engine/coordinator/coordinator.h"
#include "host/engine/coordinator/sequence_mirror.h"
#include "host/engine/frame_source.h"
#include "host/engine/workers/transport.h"

namespace shoal {

// Runs the frames of the source until it has ended and all have their answers,
// which `take` gets in order; calls `look` several times a second. Signals are
// the source's: it ends when one asks for that. `mirror`: of the sequence that
// the frames go on with, if it has one.
void serve_frames(Coordinator&, const HostTransport&, FrameSource&,
                  const std::function<void(const std::vector<uint8_t>&)>& take,
                  const std::function<void()>& look,
                  SequenceMirror* mirror = nullptr);

}  // namespace shoal
