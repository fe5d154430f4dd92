#include "host/engine/virtual/energy.h"

namespace shoal {

FrameLoad frame_load(const NodeCounts& counts, double seconds) {
  FrameLoad l;
  l.macs = counts.slices.macs;
  l.active_s = seconds - counts.wait_s;
  l.seconds = seconds;
  l.read_bytes = counts.storage.read_bytes;
  l.written_bytes = counts.storage.written_bytes;
  return l;
}

}  // namespace shoal
