// Several frames of a model as one frame of a wider net, so that weights that
// come from storage are read once for all of them.
//
// Tensors hold the frames one below the other; constants are there once.
// Layers that look at single rows, or whose windows tile the frame (a fully
// connected layer, a pool without overlap), run over all frames as one layer.
// Every other layer becomes one for each frame, on the boxes of its rows.
#pragma once

#include "host/lower/net.h"

namespace shoal {

// The result's inputs and outputs have the rows of all frames. Throws
// Error(kUnsupported) naming the tensor that would be too high for a program,
// or would have too many writers.
Net batch_net(Net, int frames);

// Where a frame of what `view` is for the first one lies.
View frame_view(const Net&, View view, int frame);
// An input or output of one frame; the net's own is that of all.
NetIo frame_io(const Net&, const NetIo&, int frame);

}  // namespace shoal
