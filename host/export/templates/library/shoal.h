// The runtime of shoal @VERSION@; programs come from `shoal export`.
#include "device/shoal.h"
