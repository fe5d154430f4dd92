#include "device/transport/udp_sockets.h"
#include "host/engine/workers/udp.h"
#include "host/serve/http.h"

namespace shoal {

bool is_loopback(const std::string& address) {
  return udp_ip(parse_udp_address(address, "--http")) >> 24 == 127;
}

}  // namespace shoal
