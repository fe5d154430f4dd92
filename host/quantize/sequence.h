// Frames of one sequence as frames that are apart: what a graph's variables
// hold before each frame becomes an input of it. So passes over frames take
// them in any order, on all cores.
#pragma once

#include "host/quantize/quantize.h"

namespace shoal {

// Returns the graph with what its variables hold before the frame as inputs
// behind its own.
Graph with_variables_given(Graph);
// Returns the frames with these inputs, as the graph leaves them when it runs
// one frame after another. It holds every variable of every frame in memory;
// frames themselves are read again. `calibration` and the graph outlive it.
Calibration frames_with_variables(const Graph&, const Calibration& calibration);

}  // namespace shoal
