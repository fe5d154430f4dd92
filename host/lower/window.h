// Helpers that the operators with a window share: their geometry, and batches.
#pragma once

#include "host/lower/builder.h"

namespace shoal {

void set_window(Layer&, const WindowAttr&);
// Pools ignore what lies outside the picture, so a window that sees the whole
// of it need not be larger.
void crop_window(Layer&, const Shape& in, const Shape& out);

// Gives the layer the whole tensors `x` and `y` of the file, pictures of this
// window, whose rows and columns change places where it only moves along one
// row; then adds it.
void add_on_pictures(Builder&, Layer, int x, int y);

// Adds the layer, whose views are whole tensors of `pictures` pictures on top
// of one another: once if no window crosses from one picture into the next,
// else once for each picture, on the boxes of its rows.
void add_per_picture(Builder&, Layer, int pictures);

}  // namespace shoal
