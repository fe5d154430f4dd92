// A CONCATENATION without copies: the producer of a part writes straight
// into the part's box.
#pragma once

#include <vector>

#include "host/lower/net.h"

namespace shoal {

// `copies` are the layers that copy a part into a concatenation. Removes
// those that need not be: the part is then that box, for all its readers.
// A row is ready when every writer of its tensor has passed it, and a tensor
// is a ring of rows from top to bottom; so a part stays a tensor of its own
// if somebody reads it before all other parts are made (a dense block, the
// skip of a U shape).
void coalesce_copies(Net&, const std::vector<int>& copies);

}  // namespace shoal
