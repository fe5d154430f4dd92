#include "host/engine/board/emulated_nodes.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <list>

#include "device/port/console.h"
#include "device/program/image.h"
#include "device/storage/flashed.h"
#include "device/storage/seeds.h"
#include "host/base/entropy.h"
#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/engine/board/emulator.h"
#include "host/engine/board/memory_file.h"
#include "host/engine/board/refusal.h"
#include "host/engine/workers/key_file.h"
#include "host/engine/workers/udp.h"

namespace shoal {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr size_t kMostLines = 1000;  // that nobody has asked for
constexpr size_t kMostFailures = 100;

// The network that QEMU gives every guest for itself: the guest, this computer.
constexpr const char* kGuest = "10.0.2.15";
constexpr const char* kNetwork =
    "ip=0a00020f,arg=mask=ffffff00,arg=gateway=0a000202";
constexpr uint16_t kGuestPort = 5000;

// Returns the identity with which the board is flashed. It has no source of
// random bytes, but a seed, here unless it keeps its storage.
Flashed flashed_as(const EmulatedNodesOptions& options, const std::string& name,
                   bool stays) {
  Flashed f{};
  f.magic = kFlashedMagic;
  f.version = kFlashedVersion;
  f.secure = !options.key ? kOpen : stays && options.sealed ? kSealed : kSecure;
  name.copy(f.name, sizeof f.name - 1);
  if (options.key) {
    std::copy(options.key->begin(), options.key->end(), f.key);
    if (!stays) system_entropy(f.seed);
  }
  seal_flashed(f);
  return f;
}

Flashed without_key(Flashed f) {
  std::fill(std::begin(f.key), std::end(f.key), uint8_t{0});
  seal_flashed(f);
  return f;
}

// Seeds, which the board replaces itself, and the block that it is flashed with
// are the end of its storage.
constexpr int64_t kBlock = 64 << 10;  // of boards that keep anything
// Where their chip keeps what it is flashed with: its flash begins at 0.
constexpr int64_t kChipFlashedAt = (256 << 10) - kChipFlashedFromEnd;

int64_t kept_from(const Emulator& e) {
  return e.flashed_at - kSeedBlocks * kBlock;
}

// Returns whether a board that was flashed otherwise keeps what it was sent.
bool keeps_plain(const std::vector<uint8_t>& image, const Emulator& e) {
  Flashed there;
  std::memcpy(&there, image.data() + e.flashed_at, sizeof there);
  return check_flashed(there) && there.secure != kSealed;
}

bool is_flashed_so(const std::vector<uint8_t>& image, const Emulator& e,
                   const Flashed& wanted) {
  Flashed there;
  std::memcpy(&there, image.data() + e.flashed_at, sizeof there);
  return check_flashed(there) && !has_seed(there) &&
         there.secure == wanted.secure &&
         std::memcmp(there.name, wanted.name, sizeof there.name) == 0 &&
         std::memcmp(there.key, wanted.key, sizeof there.key) == 0;
}

// A board's storage, or the block of it that it is flashed with: in memory, or
// in a file that stays.
class BoardStorage {
 public:
  BoardStorage(const EmulatedNodesOptions& options,
               const EmulatedNodesOptions::Node& node) {
    const Emulator& e = *node.board->emulator;
    const Flashed own = flashed_as(options, node.name, !e.drive.empty());
    const bool in_chip = own.secure == kSealed;
    const Flashed f = in_chip ? without_key(own) : own;
    if (in_chip) {
      chip_.emplace(
          std::span(reinterpret_cast<const uint8_t*>(&own), sizeof own),
          int64_t{sizeof own});
    }
    const auto* const bytes = reinterpret_cast<const uint8_t*>(&f);
    const auto flash = [&](std::vector<uint8_t>& image) {
      std::fill_n(image.begin() + kept_from(e), (kSeedBlocks + 1) * kBlock,
                  0xFF);
      std::copy_n(bytes, sizeof f, image.begin() + e.flashed_at);
      if (!options.key) return;
      uint8_t seed[kSeedBytes];
      system_entropy(seed);
      const SeedNote note = flashed_seed(seed);
      std::copy_n(reinterpret_cast<const uint8_t*>(&note), sizeof note,
                  image.begin() + e.flashed_at + kFlashedSeedAt);
    };
    if (e.drive.empty()) {
      memory_.emplace(std::span(bytes, sizeof f), int64_t{sizeof f});
      return;
    }
    std::vector<uint8_t> image;
    if (options.state.empty()) {
      image.assign(static_cast<size_t>(e.storage_bytes), 0xFF);
      flash(image);
      memory_.emplace(image, e.storage_bytes);
      return;
    }
    path_ = (options.state / (node.name + ".img")).string();
    if (std::filesystem::exists(path_)) {
      image = read_file(path_, {"storage of a board", e.storage_bytes});
    } else {
      image.assign(static_cast<size_t>(e.storage_bytes), 0xFF);
    }
    if (static_cast<int64_t>(image.size()) != e.storage_bytes) {
      throw Error(Exit::kUsage,
                  path_ + " has " + std::to_string(image.size()) +
                      " bytes, the storage of " + node.board->name + " " +
                      std::to_string(e.storage_bytes),
                  "remove it, or name another folder");
    }
    // One that is who it should be goes on with the seed that it has left.
    if (!is_flashed_so(image, e, f)) {
      if (in_chip && keeps_plain(image, e)) {
        std::ranges::fill(image, uint8_t{0xFF});
      }
      flash(image);
    }
    // The cluster's key may be in it.
    static_cast<void>(
        write_secret(path_, {image.begin(), image.end()}, Existing::kReplaced));
  }
  std::string path() const { return memory_ ? memory_->path() : path_; }
  std::string chip() const { return chip_ ? chip_->path() : ""; }
  std::string kept() const { return path_; }  // empty: in memory

 private:
  std::optional<MemoryFile> memory_, chip_;
  std::string path_;
};

// Makes and locks the folder of the storages.
FileLock lock_state(const EmulatedNodesOptions& options) {
  const std::string folder = options.state.string();
  const auto keeps = [](const EmulatedNodesOptions::Node& node) {
    return node.board->emulator && !node.board->emulator->drive.empty();
  };
  if (std::ranges::none_of(options.nodes, keeps)) {
    throw Error(
        Exit::kUsage,
        "--state " + folder + ": none of these boards has storage to keep",
        "leave it out");
  }
  std::error_code code;
  if (std::filesystem::exists(options.state, code) &&
      !std::filesystem::is_directory(options.state, code)) {
    throw Error(
        Exit::kUsage, folder + " is not a folder",
        "give --state DIR; shoal makes the folder if it does not exist");
  }
  make_folder(folder);
  return {(options.state / "emulate.lock").string(), LockMode::kExclusive,
          folder + ": the boards' storage", options.lock};
}

// The caller that asks for the key of a folder has its lock.
SharedKey own_key(const std::filesystem::path& state) {
  SharedKey key;
  if (state.empty()) {
    system_entropy(key);
    return key;
  }
  const std::string file = (state / kKeyFile).string();
  std::error_code code;
  if (!std::filesystem::exists(file, code)) make_key_file(file, false);
  return read_key_file(file);
}

// A port that nobody else gets while it is held. The emulator cannot bind it
// before it is given back; should somebody be faster, it says so and ends.
constexpr const char* kPortTaken = "host forwarding rule";
constexpr int kPortTries = 5;

constexpr uint64_t kAnyPort = udp_address(0x7F000001, 0);

std::vector<std::string> node_line(const EmulatedNodesOptions& options,
                                   const Board& board, size_t index,
                                   uint16_t port, std::string storage,
                                   const std::string& chip) {
  FirmwareRun run{board, options.firmware, "node.elf", {"shoal", kNetwork}};
  run.arguments.push_back(fmt::format("mac=0200000000{:02x}", index % 256));
  if (options.count_instructions) run.arguments.emplace_back("count");
  if (options.one_core) run.arguments.emplace_back("cores=1");
  if (options.payload) {
    run.arguments.push_back(fmt::format("payload={:04x}", *options.payload));
  }
  if (options.peers) {
    run.arguments.push_back(fmt::format("peers={:02x}", *options.peers));
  }
  const Emulator& e = *board.emulator;
  for (size_t at = 0; (at = storage.find(',', at)) != storage.npos; at += 2) {
    storage.insert(at, 1, ',');  // as the emulator wants it
  }
  run.options = {e.drive.empty() ? "-device" : "-drive",
                 e.drive.empty()
                     ? fmt::format("loader,file={},force-raw=on,addr={}",
                                   storage, e.flashed_at)
                     : fmt::format("{},file={}", e.drive, storage),
                 "-netdev",
                 fmt::format("user,id=n0,hostfwd=udp:127.0.0.1:{}-{}:{}", port,
                             kGuest, kGuestPort),
                 "-net",
                 "nic,netdev=n0,model=" + e.nic};
  if (!chip.empty()) {
    run.options.insert(run.options.end(),
                       {"-device", fmt::format("loader,file={},force-raw=on,"
                                               "addr={}",
                                               chip, kChipFlashedAt)});
  }
  if (options.count_instructions) {
    run.options.insert(run.options.end(),
                       {"-icount", fmt::format("shift={}", e.icount_shift)});
  }
  return emulator_line(run);
}

}  // namespace

std::vector<std::string> boards_with_network() {
  std::vector<std::string> out;
  for (const std::string& id : board_ids()) {
    if (find_board(id).has_node_firmware()) out.push_back(id);
  }
  return out;
}

EmulatedNode::EmulatedNode(const Board& board, std::string name,
                           std::string kept, uint16_t port,
                           const std::vector<std::string>& command_line)
    : board_(board),
      name_(std::move(name)),
      kept_(std::move(kept)),
      port_(port),
      decoder_([this](const ConsoleMessage& f) {
        try {
          take(f);
        } catch (const Error& e) {
          fail(e);  // what follows is heard all the same
        }
      }),
      process_(command_line) {}

void EmulatedNode::fail(const Error& e) {
  if (failures_.size() < kMostFailures) failures_.push_back(e);
}

void EmulatedNode::take(const ConsoleMessage& f) {
  const auto payload = [&]<class T>(T message) {
    if (f.payload.size() != sizeof message) {
      throw Error(Exit::kNode,
                  "the board's console sent a message of a wrong size");
    }
    std::memcpy(&message, f.payload.data(), sizeof message);
    return message;
  };
  switch (f.type) {
    case ConsoleType::kHello: {
      const auto hello = payload(ConsoleHello{});
      ready_ = true;
      ticks_per_instruction_ = std::ldexp(1e-9, board_.emulator->icount_shift) *
                               std::max(hello.ticks_per_second, 1u);
      return;
    }
    case ConsoleType::kMemory:
      memory_ = payload(shoal_memory{});
      return;
    case ConsoleType::kWork:
      return take(payload(ConsoleWork{}));
    case ConsoleType::kStage:
      return take(payload(ConsoleStage{}));
    case ConsoleType::kText:
      if (said_.size() == kMostLines) said_.erase(said_.begin());
      said_.push_back(
          printable(std::string(f.payload.begin(), f.payload.end())));
      return;
    case ConsoleType::kRefused:
      return fail(refusal_error(board_, payload(ConsoleRefused{}), kept_));
    case ConsoleType::kFault:
      return fail(exception_error(board_, payload(ConsoleFault{})));
    default:
      throw Error(Exit::kNode,
                  "the board's console sent a message that no node sends");
  }
}

// Counted since the start.
void EmulatedNode::take(const ConsoleWork& f) {
  NodeWork& work = began_ ? runs_ : deployment_;
  const NodeWork before = began_ ? deployment_ : NodeWork{};
  work.storage_read_bytes =
      static_cast<int64_t>(f.read_bytes) - before.storage_read_bytes;
  work.storage_written_bytes =
      static_cast<int64_t>(f.written_bytes) - before.storage_written_bytes;
  work.datagrams = int64_t{f.received} + f.sent - before.datagrams;
  has_run_ = began_ && f.running == 0;
  began_ |= f.running == 1;
}

void EmulatedNode::take(const ConsoleStage& f) {
  NodeWork& work = began_ ? runs_ : deployment_;
  const auto count = std::llround(f.ticks / ticks_per_instruction_);
  work.instructions += count;
  work.stages[f.stage == kNone ? -1 : f.stage] += count;
}

void EmulatedNode::listen(milliseconds most) {
  const auto said = [this](std::span<const uint8_t> b) { decoder_.feed(b); };
  try {
    while (!process_.silent() && process_.listen(most, said)) {
      most = milliseconds(0);
    }
  } catch (const Error& e) {
    fail(e);  // what it has said before comes first
  }
  if (!failures_.empty()) {
    const Error first = std::move(failures_.front());
    failures_.pop_front();
    throw Error(first.code(), name_ + ": " + first.what(), first.fix());
  }
  if (!process_.silent()) return;
  const Ended ended = process_.end(true);
  std::string text = name_ + ": the emulator has ended (exit code " +
                     std::to_string(ended.code) + ")";
  if (!ended.error_text.empty()) text += ": " + ended.error_text;
  throw Error(Exit::kNode, text);
}

EmulatedNodes::EmulatedNodes(EmulatedNodesOptions options) {
  if (!options.state.empty()) state_.emplace(lock_state(options));
  if (options.own_key) options.key = own_key(options.state);
  key_ = options.key;
  std::list<BoardStorage> storages;  // until the emulators have opened them
  std::list<UdpTransport> ports;
  for (const auto& [name, board] : options.nodes) {
    if (!board->emulator || board->emulator->nic.empty()) {
      throw Error(
          Exit::kUsage,
          "board " + board->name + " has no emulated network here",
          fmt::format("one of: {}", fmt::join(boards_with_network(), ", ")));
    }
    storages.emplace_back(options, EmulatedNodesOptions::Node{name, board});
    ports.emplace_back(kAnyPort);  // all are held at once: none comes twice
  }
  const auto start = [&](size_t i, uint16_t port) {
    const auto& [name, board] = options.nodes[i];
    const auto storage = std::next(storages.begin(), static_cast<int>(i));
    return std::make_unique<EmulatedNode>(
        *board, name, storage->kept(), port,
        node_line(options, *board, i, port, storage->path(), storage->chip()));
  };
  for (size_t i = 0; i < options.nodes.size(); ++i) {
    const uint16_t port = udp_port(ports.front().address());
    ports.pop_front();
    nodes_.push_back(start(i, port));
  }
  const auto until = Clock::now() + std::chrono::seconds(options.seconds);
  for (size_t i = 0; i < nodes_.size(); ++i) {
    for (int tries = 1; !nodes_[i]->ready();) {
      const auto left =
          std::chrono::duration_cast<milliseconds>(until - Clock::now());
      if (left.count() <= 0) {
        throw Error(Exit::kNode, nodes_[i]->name() + " is not ready after " +
                                     std::to_string(options.seconds) + " s");
      }
      try {
        nodes_[i]->listen(left);
      } catch (const Error& e) {
        const bool taken = std::strstr(e.what(), kPortTaken) != nullptr;
        if (!taken || ++tries > kPortTries) throw;
        nodes_[i] = start(i, udp_port(UdpTransport(kAnyPort).address()));
      }
    }
  }
}

}  // namespace shoal
