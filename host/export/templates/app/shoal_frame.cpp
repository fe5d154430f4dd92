// The networks of this project: their memory, and how they are opened.
#include "shoal_frame.h"

#include <cstring>
#include <new>

#include "shoal_app.h"
#include "shoal_program.h"
#if SHOAL_SLOT_BYTES
#include "device/alone/programs.h"
#include "device/alone/server.h"
#if SHOAL_SEALED
#include "device/link/cipher.h"
#include "shoal_key.h"
#endif
#endif

namespace shoal_app {
namespace {

alignas(16) SHOAL_ARENA_PLACE uint8_t arena[SHOAL_ARENA_BYTES];
shoal_node nodes[SHOAL_NETWORKS];
shoal::AloneNetwork table[SHOAL_NETWORKS];
#if SHOAL_KEPT_BYTES
uint8_t kept[SHOAL_KEPT_BYTES];
#endif
shoal_pair* both_cores = nullptr;  // null: the board uses one

// Without the second core the board computes the same in more time.
void start_second_core(const shoal_port& port) {
#if defined(SHOAL_TWO_CORES)
  static shoal_pair pair;
  if (both_cores || !port.second_core) return;
  both_cores = &pair;
  static_cast<void>(shoal_start_pair(&pair, port.second_core));
#else
  static_cast<void>(port);
#endif
}

// Returns whether the program is ready.
bool open_program(const shoal_port& port, uint32_t network) {
  const shoal_network_facts& facts = shoal_networks[network];
  if (reinterpret_cast<uintptr_t>(facts.image) % 16 != 0) {
    Line(port) << "refused: the program does not lie at a multiple of 16";
    return false;
  }
  shoal_node* const node = &nodes[network];
  shoal_config config{};
  config.image = facts.image;
  config.image_bytes = facts.image_bytes;
  config.pair = both_cores;
  shoal_status status = shoal_open(node, &config, arena, sizeof arena);
  while (status >= SHOAL_OK && shoal_outputs(node) == 0) {
    status = shoal_step(node);
  }
  if (status < SHOAL_OK) {
    say_refused(port, network, status);
    return false;
  }
  if (shoal_inputs(node) != facts.inputs ||
      shoal_outputs(node) != facts.outputs) {
    Line(port) << "refused: the program is not the one of shoal_program.h";
    return false;
  }
  return true;
}

}  // namespace

shoal::Networks networks(table, SHOAL_NETWORKS);
shoal::ProgramTaker* programs = nullptr;

#if SHOAL_SLOT_BYTES
namespace {

shoal_node sent_nodes[2];
uint32_t kept_bytes[SHOAL_NETWORKS];
// Nobody calls constructors before main().
alignas(shoal::AlonePrograms) uint8_t sent_memory[sizeof(shoal::AlonePrograms)];
shoal::AlonePrograms* sent = nullptr;

#if SHOAL_SEALED
shoal::ProgramSeal* open_seal() {
  alignas(shoal::KeyedSeal) static uint8_t memory[sizeof(shoal::KeyedSeal)];
  return new (memory) shoal::KeyedSeal(shoal::chacha20_poly1305(), kProgramKey);
}
#else
shoal::ProgramSeal* open_seal() { return nullptr; }
#endif

// The slots are the last bytes of the board's flash. If it fails, or if the
// program there cannot run, the networks are those of the export.
void open_sent(const shoal_port& port) {
  shoal::AloneProgramsConfig c{};
  const bool fits = port.storage_bytes >= SHOAL_SLOT_BYTES;
  if (port.storage.write && port.mapped_storage && fits) {
    c.storage = &port.storage;
    c.at = port.storage_bytes - SHOAL_SLOT_BYTES;
    c.bytes = SHOAL_SLOT_BYTES;
  }
  c.write_bytes = port.storage_write_bytes;
  c.erase_bytes = port.storage_erase_bytes;
  c.replaces = port.storage_replaces != 0;
  c.mapped = static_cast<const uint8_t*>(port.mapped_storage);
  c.board = port.board;
  c.networks = &networks;
  c.table = table;
  for (uint32_t n = 0; n < SHOAL_NETWORKS; ++n) {
    kept_bytes[n] = shoal_networks[n].kept_bytes;
  }
  c.kept_bytes = kept_bytes;
  c.most_ends = SHOAL_MOST_ENDS;
  c.arena = arena;
  c.arena_bytes = sizeof arena;
  c.nodes = sent_nodes;
  c.pair = both_cores;
  c.seal = open_seal();
  sent = new (sent_memory) shoal::AlonePrograms;
  programs = sent;
  const shoal::alone::Said said = sent->open(c);
  if (said.is_good()) return;
  Line(port) << "no sent program: " << shoal::text_of(said) << " ("
             << uint64_t{said.first} << ", " << uint64_t{said.second} << ")";
}

}  // namespace

bool is_sent(uint32_t network) { return sent && sent->is_sent(network); }
#else
bool is_sent(uint32_t) { return false; }
#endif

#if defined(SHOAL_TWO_CORES)
bool leave_second_core() {
  return both_cores && shoal_stop_pair(both_cores) == SHOAL_OK;
}

void say_cores(const shoal_port& port) {
  if (!both_cores) return;
  const shoal_status status = shoal_pair_status(both_cores);
  if (status != SHOAL_OK)
    Line(port) << "one core: " << shoal_status_text(status);
}
#else
bool leave_second_core() { return false; }
void say_cores(const shoal_port&) {}
#endif

void say_refused(const shoal_port& port, uint32_t network,
                 shoal_status status) {
  const shoal_fault why = shoal_last_fault(&nodes[network]);
  Line line(port);
  line << "refused: " << shoal_status_text(status);
  if (why.status == status && why.stage != 0xFFFF) {
    line << " (stage " << uint64_t{why.stage} << ", table "
         << uint64_t{why.table} << ", entry " << uint64_t{why.index} << ")";
  }
}

bool open_programs(const shoal_port& port) {
  start_second_core(port);
  for (uint32_t n = 0; n < SHOAL_NETWORKS; ++n) {
    const shoal_network_facts& facts = shoal_networks[n];
    shoal::AloneNetwork& network = table[n];
    network.name = facts.name;
    network.node = &nodes[n];
    std::memcpy(network.program, facts.id, sizeof facts.id);
    network.texts[shoal::alone::kDescription] = facts.texts;
    network.text_bytes[shoal::alone::kDescription] = facts.description_bytes;
    network.texts[shoal::alone::kLabels] =
        facts.texts + facts.description_bytes;
    network.text_bytes[shoal::alone::kLabels] = facts.label_bytes;
#if SHOAL_KEPT_BYTES
    network.kept = kept + facts.kept_at;
#endif
    if (!open_program(port, n)) return false;
  }
#if SHOAL_SLOT_BYTES
  open_sent(port);
#endif
  return true;
}

}  // namespace shoal_app

shoal_status shoal_app_run(shoal_network network,
                           const shoal::FrameEnds& ends) {
  return shoal_app::networks.run(network, ends);
}

shoal_status shoal_app_run(const shoal::FrameEnds& ends) {
  return shoal_app::networks.run(0, ends);
}
