// The node: its memory, and an agent that answers the coordinator's sessions.
#include <cstring>

#include "device/agent/agent.h"
#include "device/program/sha256.h"
#include "device/shoal_cores.h"
#include "shoal_app.h"
#include "shoal_network.h"
#include "shoal_port.h"
#include "shoal_program.h"
#if SHOAL_ENCRYPTED
#include "shoal_key.h"
#endif

namespace shoal_app {
namespace {

alignas(16) SHOAL_ARENA_PLACE uint8_t arena[SHOAL_ARENA_BYTES];
shoal_peer peers[SHOAL_PEERS];
uint8_t packets[3][SHOAL_PAYLOAD];
shoal::NodeAgent agent;

bool is_whole() {
  uint8_t hash[32];
  shoal::Sha256 sha;
  sha.add(shoal_program_image, SHOAL_IMAGE_BYTES);
  return sha.finish(hash) && std::memcmp(hash, kProgramHash, sizeof hash) == 0;
}

// Ticks may be long.
bool stands_still(const shoal_port& port) {
  const uint64_t since = port.read_ticks(port.user);
  for (uint32_t i = 0; i < 10000000; ++i) {
    if (port.read_ticks(port.user) != since) return false;
  }
  return true;
}

#if defined(SHOAL_TWO_CORES)
shoal_pair pair;

// Without the second core the node computes the same in more time, and is
// planned for that.
void start_second_core(const shoal_port& port, shoal::AgentConfig& c) {
  if (!port.second_core) return;
  const shoal_status status = shoal_start_pair(&pair, port.second_core);
  c.one_core = status != SHOAL_OK;
  if (c.one_core) {
    Line(port) << "one core: " << shoal_status_text(status);
  } else {
    c.pair = &pair;
  }
}
#else
void start_second_core(const shoal_port&, shoal::AgentConfig&) {}
#endif

shoal::AgentConfig config_of(const shoal_port& port,
                             const shoal_transport* transport) {
  shoal::AgentConfig c;
  c.transport = transport;
#if SHOAL_ENCRYPTED
  c.cipher = &shoal::SHOAL_CIPHER();
  std::memcpy(c.key, kClusterKey, sizeof c.key);
  c.entropy = draw_entropy;
  c.entropy_user = port.user;
#else
  c.cipher = &shoal::checksum_only();
  c.insecure = true;
#endif
  c.name = SHOAL_NODE;
  c.board = "@BOARD@";
  c.arena = arena;
  c.arena_bytes = sizeof arena;
  c.built_in = shoal_program_image;
  c.built_in_bytes = SHOAL_IMAGE_BYTES;
  c.one_core = true;
  start_second_core(port, c);
  c.peers = peers;
  c.max_peers = SHOAL_PEERS;
  for (int i = 0; i < 3; ++i) c.packets[i] = packets[i];
  // For `shoal probe`.
  c.takes_trials = true;
  c.cycles = shoal::core_cycles();
  return c;
}

}  // namespace

int self_test(const shoal_port& port) {
  Line(port) << "node " << SHOAL_NODE << " of @NAME@, @TRANSPORT@, "
             << (SHOAL_ENCRYPTED ? "encrypted" : "NOT ENCRYPTED");
  const bool whole = is_whole();
  Line(port) << (whole ? "selfcheck ok" : "selfcheck differs");
  return whole ? kGood : kDiffers;
}

void serve(const shoal_port& port, ReadConsole read) {
  if (stands_still(port)) {
    Line(port) << "refused: the board's clock stands still";
    return;
  }
  const shoal_transport* const transport = open_network(port, read);
  if (!transport) return;
  if (agent.open(config_of(port, transport)) != shoal::Status::kOk) {
    Line(port) << (SHOAL_ENCRYPTED ? "refused: the board gives no entropy"
                                   : "refused: the node does not open");
    return;
  }
  for (;;) {
    if (agent.step() == shoal::Status::kWait) {
      wait_network(port, agent.next_timer_us());
    }
  }
}

int run(const shoal_port& port, ReadConsole read) {
  const int code = self_test(port);
  if (code != kGood) return code;
  serve(port, read);
  return kFailed;
}

}  // namespace shoal_app
