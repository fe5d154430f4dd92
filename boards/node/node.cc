// The firmware of a node on a network: the agent, which takes programs from a
// coordinator and runs them, over UDP. A board is flashed with it once.
#include <cstring>
#include <new>

#include "boards/firmware/console_writer.h"
#include "boards/firmware/firmware.h"
#include "boards/firmware/options.h"
#include "boards/net/ip.h"
#include "boards/net/nic.h"
#include "boards/node/entropy.h"
#include "boards/node/left.h"
#include "boards/startup/startup.h"
#include "device/agent/agent.h"
#include "device/base/wipe.h"
#include "device/link/cipher.h"
#include "device/shoal_cores.h"
#include "device/storage/flashed.h"
#include "device/storage/program_memory.h"
#include "device/storage/program_slots.h"
#include "device/storage/seeds.h"
#include "device/transport/lwip_udp.h"

namespace shoal {
namespace {

constexpr uint16_t kPort = 5000;
constexpr uint16_t kPeers = BOARD_NODE_PEERS;
// Between two looks at the session: no more than the interface holds.
constexpr uint32_t kFrames = 4;

#ifdef BOARD_MAPPED
using Programs = ProgramMemory;
#else
using Programs = ProgramSlots;
#endif

struct BoardNode {
  const shoal_port* port = nullptr;
  NodeAgent agent;
  LwipUdp udp;
  shoal_transport transport;
  uint32_t gateway = 0;
  Entropy entropy;
  shoal_storage storage;  // the port's, counted
  Programs programs;
  ConsoleWork work{};
  ConsoleStage stage{0xFFFF, 0, 0, 0};
  bool counts = false;
  uint16_t most_peers = kPeers;
  uint32_t payload = kUdpPayload;  // of a datagram
  uint32_t taken = 0;              // of the arena, by what follows
  shoal_peer* peers = nullptr;
  uint8_t *packets[2] = {}, *network = nullptr;
  alignas(8) uint8_t answers[kLeastPayload];
  char name[32];
};
// Nobody calls constructors before main().
alignas(BoardNode) uint8_t memory[sizeof(BoardNode)];
BoardNode& node = *reinterpret_cast<BoardNode*>(memory);

uint64_t now_us() {
  const uint64_t ticks = node.port->read_ticks(node.port->user);
  const uint32_t rate = node.port->ticks_per_second;
  return ticks / rate * 1000000 + ticks % rate * 1000000 / rate;
}

uint32_t read_big_endian(const uint8_t (&b)[4]) {
  return uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 |
         b[3];
}

int draw(void*, void* out, uint32_t bytes) {
  return node.entropy.draw(out, bytes) ? 0 : -1;
}

// The last block of the storage, which is erased as a whole, has nothing else
// but the flashed seed, where it stays.
uint32_t flashed_at(const shoal_port& port) {
  return port.storage_bytes - port.storage_erase_bytes;
}

bool read_flashed(const shoal_port& port, Flashed& to) {
  const shoal_storage& s = port.storage;
  Flashed there;
  int answer = s.read(s.user, flashed_at(port), sizeof there, &there);
  if (answer != 0) return false;
  while (answer == 0) answer = s.poll(s.user);
  static_assert(alignof(Flashed) <= 4);
  const auto* const chip = port.mapped_storage
                               ? nullptr
                               : reinterpret_cast<const Flashed*>(chip_flashed);
  const bool known = answer > 0 && who_it_is(there, chip, to);
  wipe(&there, sizeof there);
  return known;
}

// Before it are, where they stay, the seeds.
uint32_t programs_end(const shoal_port& port) {
  const uint32_t blocks = port.mapped_storage ? 0 : kSeedBlocks;
  return flashed_at(port) - blocks * port.storage_erase_bytes;
}

// The notes lie where they survive a reset: anywhere in a mapped storage; in
// SRAM only where no start clears it, which is the arena.
SeedNotes& seed_notes(const shoal_port& port) {
  constexpr uint32_t kBehindFlashed = 2048;
  auto* const storage =
      static_cast<uint8_t*>(const_cast<void*>(port.mapped_storage));
  return *reinterpret_cast<SeedNotes*>(storage + flashed_at(port) +
                                       kBehindFlashed);
}
left::FallNote& fall_note() {
  return reinterpret_cast<left::FallNote*>(address_of(sram_end))[-1];
}

// Where storage loses its content, the board's starter has given it a new seed,
// or after a reset the start before has: after a fall the seed in `f` was used
// before. Where storage keeps it, one in `f` would never be overwritten.
Status start_seed(const shoal_port& port, bool fell, Flashed& f) {
  if (has_seed(f) != (port.mapped_storage != nullptr)) return Status::kNoSalt;
  if (port.mapped_storage) return take_seed(seed_notes(port), !fell, f.seed);
  SeedsConfig c;
  c.storage = &port.storage;
  c.at = programs_end(port);
  c.flashed = flashed_at(port) + kFlashedSeedAt;
  c.write_bytes = port.storage_write_bytes;
  c.erase_bytes = port.storage_erase_bytes;
  c.replaces = port.storage_replaces != 0;
  c.unit = static_cast<uint8_t*>(port.arena);  // nothing is there yet
  return take_seed(c, f.seed);
}

// Addresses of the computer's own, which a coordinator there knows its nodes
// by, are behind the gateway of the emulator's network.
int send(void* udp, uint64_t to, const void* datagram, uint32_t bytes) {
  constexpr uint32_t kLoopback = 127;
  if (udp_ip(to) >> 24 == kLoopback) {
    to = udp_address(node.gateway, udp_port(to));
  }
  const int answer = node.udp.transport().send(udp, to, datagram, bytes);
  node.work.sent += answer == 0;
  return answer;
}
uint32_t receive(void* udp, uint64_t* from, void* datagram, uint32_t capacity) {
  const uint32_t bytes =
      node.udp.transport().receive(udp, from, datagram, capacity);
  node.work.received += bytes != 0;
  return bytes;
}

int read_storage(void*, uint32_t offset, uint32_t bytes, void* to) {
  const shoal_storage& s = node.port->storage;
  const int answer = s.read(s.user, offset, bytes, to);
  if (answer == 0) node.work.read_bytes += bytes;
  return answer;
}
int write_storage(void*, uint32_t offset, uint32_t bytes, const void* from) {
  const shoal_storage& s = node.port->storage;
  const int answer = s.write(s.user, offset, bytes, from);
  if (answer == 0) node.work.written_bytes += bytes;
  return answer;
}
int erase_storage(void*, uint32_t offset, uint32_t bytes) {
  return node.port->storage.erase(node.port->storage.user, offset, bytes);
}
int poll_storage(void*) {
  return node.port->storage.poll(node.port->storage.user);
}

// Takes the memory that grows with datagrams and peers from the arena's begin:
// "payload=" has the bytes of a datagram, "peers=" the number, each as digits.
// More peers than the firmware was built for count as that number. Returns
// false if the numbers are out of range, or do not fit.
bool take_memory(shoal_port& port) {
  uint8_t payload[2], peers[1];
  if (read_digits(port.command, "payload=", payload, sizeof payload)) {
    node.payload = uint32_t{payload[0]} << 8 | payload[1];
  }
  if (read_digits(port.command, "peers=", peers, sizeof peers) &&
      peers[0] < kPeers) {
    node.most_peers = peers[0];
  }
  if (node.payload < kLeastPayload || node.payload > kUdpPayload ||
      node.most_peers == 0) {
    return false;
  }
  auto* at = static_cast<uint8_t*>(port.arena);
  const auto take = [&](uint32_t bytes) {
    uint8_t* const from = at;
    at += align_up(bytes);
    return from;
  };
  node.peers = new (take(node.most_peers * sizeof(shoal_peer)))
      shoal_peer[node.most_peers]{};
  for (uint8_t*& packet : node.packets) packet = take(node.payload);
  node.network = take(ip::memory_bytes(node.payload));
  node.taken = static_cast<uint32_t>(at - static_cast<uint8_t*>(port.arena));
  if (node.taken + kMostProgramUnit > port.arena_bytes) return false;
  port.arena = at;
  port.arena_bytes -= node.taken;
  return true;
}

bool start_network(const char* command) {
  ip::Settings s{};
  // Each value is its bytes as digits.
  if (!read_digits(command, "mac=", s.mac, sizeof s.mac)) s.mac[0] = 2;
  if (!read_digits(command, "ip=", s.address, sizeof s.address) ||
      !read_digits(command, "mask=", s.mask, sizeof s.mask) ||
      !read_digits(command, "gateway=", s.gateway, sizeof s.gateway)) {
    return false;
  }
  const LwipPort port = {nullptr, [](void*) { ip::poll(kFrames); },
                         [](void*) { return now_us(); }};
  node.gateway = read_big_endian(s.gateway);
  if (!ip::start(s, now_us, node.payload, node.network) ||
      !node.udp.open(kPort, port, node.payload)) {
    return false;
  }
  node.transport = node.udp.transport();
  node.transport.send = send;
  node.transport.receive = receive;
  return true;
}

// "frame 3: class 8, bag".
class Line {
 public:
  Line& operator<<(const char* text) {
    while (*text && length_ < sizeof text_) text_[length_++] = *text++;
    return *this;
  }
  Line& operator<<(uint32_t number) {
    char digits[11] = {};
    char* at = digits + 10;
    do {
      *--at = static_cast<char>('0' + number % 10);
    } while ((number /= 10) != 0);
    return *this << at;
  }
  void send(const shoal_port& port) const {
    ConsoleWriter console(port);
    console.begin(ConsoleType::kText, length_);
    console.put(text_, length_);
    console.end();
  }

 private:
  char text_[96];
  uint32_t length_ = 0;
};

// Prints the messages of a node that leads, and those for all nodes.
void say(void*, const LeaderSaid& s) {
  if (s.event == LeaderEvent::kTold) {
    ConsoleWriter console(*node.port);
    console.begin(ConsoleType::kText, s.output_bytes);
    console.put(s.output, s.output_bytes);
    return console.end();
  }
  Line line;
  line << "frame " << s.frame;
  switch (s.event) {
    case LeaderEvent::kWaits:
      line << " waits for node " << s.name;
      break;
    case LeaderEvent::kWithout:
      line << " goes on without node " << s.name;
      break;
    case LeaderEvent::kWith:
      line << " goes on with node " << s.name << " again";
      break;
    case LeaderEvent::kLacks:
      line << ": node " << s.name << " has lost its program; deploy again";
      break;
    case LeaderEvent::kTaken:
      line << " ends: another coordinator has node " << s.name;
      break;
    case LeaderEvent::kClass:
      line << ": class " << s.best;
      if (s.name[0]) line << ", " << s.name;
      break;
    case LeaderEvent::kTold:
      break;
  }
  line.send(*node.port);
}

// Where they lie in memory, weights are used there; else they pass through
// the arena.
[[maybe_unused]] Status open_programs(const shoal_port& port,
                                      ProgramMemory& programs) {
  programs.open(static_cast<uint8_t*>(const_cast<void*>(port.mapped_storage)),
                programs_end(port));
  return Status::kOk;
}
[[maybe_unused]] Status open_programs(const shoal_port& port,
                                      ProgramSlots& programs) {
  node.storage = {nullptr, read_storage, poll_storage, write_storage,
                  erase_storage};
  return programs.open({&node.storage, programs_end(port),
                        port.storage_write_bytes, port.storage_erase_bytes,
                        port.storage_replaces != 0});
}

constexpr Refusal kNoRefusal{};

#if defined(SHOAL_TWO_CORES)
shoal_pair pair;

// A board whose second core does not start computes on the other one.
void start_pair(const shoal_port& port, AgentConfig& c) {
  if (!port.second_core) return;
  c.one_core = true;
  if (has_option(port.command, "cores=1")) return;
  const shoal_status status = shoal_start_pair(&pair, port.second_core);
  if (status == SHOAL_OK) {
    c.pair = &pair;
    c.one_core = false;
  } else {
    (Line() << "one core: " << shoal_status_text(status)).send(port);
  }
}
#endif

// Secure, if the board was flashed with a key, and then only with bytes that
// nobody can foresee.
Refusal configure(const shoal_port& port, Flashed& flashed, AgentConfig& c) {
  if (!read_flashed(port, flashed)) return Refusal::kNoIdentity;
  c.transport = &node.transport;
  c.insecure = flashed.secure == kOpen;
  c.seals_programs = flashed.secure == kSealed;
  c.cipher = c.insecure ? &checksum_only() : &chacha20_poly1305();
  const left::FallLeft fell = left::read_fall(fall_note());
  c.fell = static_cast<Fall>(fell.why);
  c.fell_at = fell.at;
  if (!c.insecure) {
    const Status status = start_seed(port, fell.why != 0, flashed);
    if (status == Status::kStorage) return Refusal::kStorage;
    if (status != Status::kOk) return Refusal::kNoSeed;
    std::memcpy(c.key, flashed.key, sizeof c.key);
    node.entropy.start(flashed.seed);
    c.entropy = draw;
  }
  // Not before: a start that a reset ends is one after a fall, too.
  left::forget_fall(fall_note());
  static_assert(sizeof flashed.name <= sizeof node.name);
  std::memcpy(node.name, flashed.name, sizeof flashed.name);
  c.name = node.name;
  c.board = port.board;
  c.arena = static_cast<uint8_t*>(port.arena);
  c.arena_bytes = port.arena_bytes;
  c.peers = node.peers;
  c.max_peers = node.most_peers;
  c.packets[0] = node.packets[0];
  c.packets[1] = node.answers;
  c.packets[2] = node.packets[1];
  c.cycles = core_cycles();
  c.leader = make_leader;
  c.said = say;
  c.programs = &node.programs;
#if defined(SHOAL_TWO_CORES)
  start_pair(port, c);
#endif
  const bool open = open_programs(port, node.programs) == Status::kOk &&
                    node.agent.open(c) == Status::kOk;
  return open ? kNoRefusal : Refusal::kStorage;
}

Refusal open_agent(const shoal_port& port) {
  Flashed flashed;
  AgentConfig c;
  const Refusal refusal = configure(port, flashed, c);
  // Whatever has become of it, the key is the agent's alone.
  wipe(&flashed, sizeof flashed);
  wipe(c.key, sizeof c.key);
  return refusal;
}

// Until a frame waits or the next tick is counted; `until_us` may have come.
// Not while a storage is read: it has no interrupt, and a poll moves it on.
void wait(uint64_t until_us) {
  const bool reads =
      node.agent.state() == AgentState::kRunning && node.programs.is_reading();
  if (node.udp.has_fetched() || reads || now_us() >= until_us) return;
  wait_for_line(nic::interrupt(), [] { return nic::waiting() == 0; });
}

void report_stage(ConsoleWriter& console) {
  if (node.stage.steps != 0) console.send(ConsoleType::kStage, node.stage);
  node.stage.steps = node.stage.ticks = 0;
}

// Counts a step of the agent that did something.
void count(ConsoleWriter& console, uint64_t spent, bool running) {
  if (!node.counts) return;
  const shoal_node& n = node.agent.node();
  const bool loaded =
      running && !node.agent.leads() && shoal_arena_bytes(&n) != 0;
  const auto stage =
      static_cast<uint16_t>(loaded ? shoal_last_work(&n).stage : 0xFFFF);
  constexpr uint32_t kFull = 0x80000000;
  if (stage != node.stage.stage || node.stage.ticks >= kFull) {
    report_stage(console);
    node.stage.stage = stage;
  }
  ++node.stage.steps;
  node.stage.ticks += static_cast<uint32_t>(spent);
}

void report(ConsoleWriter& console, bool running) {
  report_stage(console);
  shoal_memory memory{};
  node.port->measure_memory(node.port->user, &memory);
  memory.fixed_bytes += node.taken;
  console.send(ConsoleType::kMemory, memory);
  node.work.running = running;
  console.send(ConsoleType::kWork, node.work);
}

}  // namespace

int run_firmware(const shoal_port& given) {
  new (memory) BoardNode;
  shoal_port port = given;
  const bool fits = take_memory(port);
  node.port = &port;
  ConsoleWriter console(port);
  ConsoleHello hello{};
  for (size_t i = 0; i < sizeof hello.board && port.board[i]; ++i) {
    hello.board[i] = port.board[i];
  }
  hello.ticks_per_second = port.ticks_per_second;
  if (refuse_storage(port, console)) return kExitRefused;
  const Refusal refusal = fits && start_network(port.command)
                              ? open_agent(port)
                              : Refusal::kNoNetwork;
  if (refusal != kNoRefusal) {
    ConsoleRefused r{};
    r.refusal = static_cast<uint8_t>(refusal);
    console.send(ConsoleType::kRefused, r);
    return kExitRefused;
  }
  console.send(ConsoleType::kHello, hello);
  node.counts = has_option(port.command, "count");
  report(console, false);
  // The clock of the critical path, where there are two cores.
  const auto counted = [&] { return port.read_ticks(port.user); };
  for (bool ran = false;;) {
    const uint64_t began = counted();
    const bool waits = node.agent.step() == Status::kWait;
    const bool runs = node.agent.state() == AgentState::kRunning;
    if (!waits) count(console, counted() - began, ran && runs);
    if (ran != runs) report(console, runs);
    ran = runs;
    if (waits) wait(node.agent.next_timer_us());
  }
}

// A node that has had a session starts again, and tells the reason to the
// coordinator that asks for that session. A node that falls before it has had
// one would fall again.
void send_fault(const shoal_port& port, const ConsoleFault& fault) {
  ConsoleWriter(port).send(ConsoleType::kFault, fault);
  if (node.agent.counters().sessions == 0) return;
  left::leave_fall(fall_note(),
                   {fault.kind + static_cast<uint32_t>(Fall::kCpu), fault.pc});
  restart();
}

}  // namespace shoal
