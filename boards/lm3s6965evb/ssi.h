// SSI 0 of the LM3S6965 in SPI mode, and the line that selects the board's SD
// card (port D, 0). start_peripherals() of board.cc gives it its pins.
#pragma once

#include "boards/sd/sd_card.h"

namespace shoal::ssi {

SpiBus bus();

}  // namespace shoal::ssi
