// What runs the frames of an accuracy run: each function gives every frame
// that is left its answer, or throws the first error that any thread met.
#pragma once

#include "host/data/evaluate/frames.h"
#include "host/engine/local/prepare.h"
#include "host/engine/virtual/simulate.h"
#include "host/engine/workers/coordinator.h"
#include "host/engine/workers/transport.h"
#include "host/plan/types/cluster.h"
#include "host/program/store/write_store.h"

namespace shoal {

// A node of its own for each of `jobs` threads. Of a batched net each takes as
// many frames at once. Nodes that read storage have temporary stores, written
// as `stores` says.
void answer_by_nodes(const Prepared&, const StoreOptions& stores, int jobs,
                     Frames&);

// A virtual cluster of its own for each of `jobs` threads, with several frames
// in flight.
void answer_by_clusters(const Prepared&, const Cluster&, const SimOptions&,
                        int jobs, Frames&);

// Running workers; several frames in flight.
void answer_by_workers(const Prepared&, Coordinator&, const HostTransport&,
                       Frames&);

// The interpreter of float models; one for each of `jobs` threads.
void answer_by_floats(const Graph&, int jobs, Frames&);

}  // namespace shoal
