// @NAME@ on board @BOARD@ in QEMU: boards/ calls run_firmware().
#include "boards/firmware/firmware.h"
#include "boards/firmware/options.h"
#include "boards/startup/emulated.h"
#include "shoal_app.h"
#include "shoal_port.h"

namespace shoal {

int run_firmware(const shoal_port& port) {
  return has_option(port.command, "serve") ? shoal_app::run(port, read_console)
                                           : shoal_app::self_test(port);
}

void send_fault(const shoal_port& port, const ConsoleFault& fault) {
  shoal_app::Line(port) << "fault " << uint64_t{fault.kind} << " at "
                        << uint64_t{fault.pc};
}

}  // namespace shoal
