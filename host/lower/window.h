// Helpers that the operators with a window share: their geometry, and batches.
#pragma once

#include "host/lower/builder.h"

namespace shoal {

void set_window(Layer&, const WindowAttr&);

// Adds the layer, whose views are whole tensors of `pictures` pictures on top
// of one another: once if no window crosses from one picture into the next,
// else once for each picture, on the boxes of its rows.
void add_per_picture(Builder&, Layer, int pictures);

}  // namespace shoal
