// How long nodes wait for rows of others and links carry datagrams, segment by
// segment of a linked plan: of a frame that was run in virtual time, or of its
// rehearsal alike.
#pragma once

#include <vector>

#include "host/plan/types/plan.h"
#include "host/world/network.h"
#include "host/world/recorder.h"

namespace shoal {

// Both directions may be busy at once.
struct LinkBusy {
  Nanos up = 0, down = 0;
  Nanos most() const { return up > down ? up : down; }
};

struct SegmentTalk {
  // kForTheEnd (critical_path.h): nothing more to do in the frame.
  int segment = 0;
  std::vector<Nanos> waits;     // by node
  std::vector<LinkBusy> links;  // by endpoint, the coordinator last
};

// `links`: of the endpoints. What a node does before a slice is of that slice's
// segment, and behind its last slice of that one's, as for the time of segments
// (plan_explain.h); the coordinator's datagrams are of whom it talks to. Waits
// for a node's own storage are among its waits where it does something else
// meanwhile; a rehearsal has them in slices. Segments in order, the end last.
std::vector<SegmentTalk> segment_talk(const Recorder&, const Plan&,
                                      const std::vector<LinkModel>& links,
                                      Nanos begin, Nanos end);

// Returns the same over all of them.
SegmentTalk frame_talk(const std::vector<SegmentTalk>&);

}  // namespace shoal
