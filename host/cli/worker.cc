#include "host/engine/workers/worker.h"

#include <memory>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/board/board.h"
#include "host/cli/commands.h"
#include "host/cli/output.h"
#include "host/cli/worker_flags.h"
#include "host/engine/workers/bus.h"
#include "host/engine/workers/identity_file.h"
#include "host/engine/workers/key_file.h"
#include "host/engine/workers/serial.h"
#include "host/engine/workers/udp.h"

namespace shoal {
namespace {

uint32_t memory_bytes(int64_t bytes, const std::string& flag) {
  if (bytes < 1 || bytes > int64_t{3} << 30) {
    throw Error(Exit::kUsage,
                flag + ": " + format_bytes(bytes) + " is out of range",
                "give 1 B to 3 GB");
  }
  return static_cast<uint32_t>(bytes);
}

uint32_t arena_bytes(const WorkerFlags& flags, const Board& board) {
  if (!flags.ram.empty()) {
    return memory_bytes(parse_size(flags.ram, "--ram"), "--ram");
  }
  if (board.unlimited()) {
    throw Error(
        Exit::kUsage,
        "board " + board.name +
            " has no memory limit: --ram must say how large the arena is",
        "add --ram SIZE, such as --ram 64K");
  }
  return memory_bytes(board.arena_limit(), "--board");
}

}  // namespace

int worker_command(const WorkerFlags& flags) {
  const Board& board = find_board(flags.board);
  WorkerOptions options;
  options.board = board.name;
  options.arena_bytes = arena_bytes(flags, board);
  options.program_bytes =
      memory_bytes(parse_size(flags.flash, "--flash"), "--flash");
  options.insecure = flags.insecure;
  if (!flags.identity.empty()) {
    if (flags.coordinator.empty()) {
      throw Error(Exit::kUsage, "--identity needs --coordinator",
                  "give the coordinator's public key with --coordinator");
    }
    options.identity = read_identity_file(flags.identity);
    options.coordinator = parse_public_key(flags.coordinator, "--coordinator");
  } else if (!flags.insecure) {
    options.key = read_key_file(flags.key);
  }

  StopSignals signals;
  std::unique_ptr<HostTransport> transport;
  std::string where = flags.serial, short_name = board.name;
  if (flags.serial.empty()) {
    auto udp = std::make_unique<UdpTransport>(
        parse_udp_address(flags.listen, "--listen"));
    where = udp_address_text(udp->address());
    short_name += "-" + where.substr(where.rfind(':') + 1);
    transport = std::move(udp);
  } else {
    const std::string line = kSerialPrefix + flags.serial;
    parse_worker_address(line, "--serial");  // throws where it is none
    if (const std::optional<int> station = station_of(line)) {
      transport =
          std::make_unique<BusStationTransport>(line_of(line), *station);
      short_name += "-" + std::to_string(*station);
    } else {
      transport = std::make_unique<SerialTransport>(flags.serial);
    }
  }
  options.name = flags.name.empty() ? short_name : flags.name;
  if (is_verbose()) {
    const bool is_serial = !flags.serial.empty();
    options.log = [](const std::string& line) { tell_more(line); };
    options.name_of = [is_serial, where](uint64_t address) {
      if (address == bus_address(0)) return where + ", its coordinator";
      if (is_serial && address > bus_address(0)) {
        return where + ", node " + std::to_string(address - bus_address(0));
      }
      return is_serial ? where : udp_address_text(address);
    };
  }
  options.told = [](const std::string& line) { tell("%s\n", line.c_str()); };
  options.said = [](const std::string& line) {
    say("%s\n", line.c_str());
    flush_output();
  };
  Worker worker(options, *transport);
  if (flags.insecure) {
    tell(
        "warning: --insecure: without a key, anyone who reaches this address "
        "may "
        "run programs on this node, read its frames and change their "
        "results\n");
  }
  say("listening on %s\n", where.c_str());
  flush_output();  // the starter waits for the port
  worker.serve(signals);
  signals.take();
  return 0;
}

}  // namespace shoal
