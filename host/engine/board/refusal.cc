#include "host/engine/board/refusal.h"

#include <fmt/format.h>

#include "host/engine/fault.h"

namespace shoal {
namespace {

Fault fault_of(const ConsoleRefused& r) {
  return {static_cast<Status>(r.status), static_cast<Table>(r.table), r.stage,
          r.index, r.check};
}

std::string reason(const Board& board, const ConsoleRefused& r) {
  switch (static_cast<Refusal>(r.refusal)) {
    case Refusal::kProgram:
      return fault_text(fault_of(r));
    case Refusal::kNoDirectory:
      return "the storage holds nothing";
    case Refusal::kVersion:
      return "the storage has a directory of another version";
    case Refusal::kOtherBoard:
      return fmt::format("the storage is made for board {}, not for {}",
                         std::string(r.board, strnlen(r.board, sizeof r.board)),
                         board.name);
    case Refusal::kDirectoryTag:
      return "the tag of the storage's directory does not match: its bytes "
             "have changed";
    case Refusal::kDirectory:
      return "the storage's directory makes no sense";
    case Refusal::kInput:
      return "the storage holds input of another size than the program's";
    case Refusal::kStorage:
      return "the storage failed a read";
    case Refusal::kTooLong:
      return "the storage is shorter than what its directory announces";
    case Refusal::kNoStorage:
      return "no storage answers (" + board.storages.front().title + ")";
    case Refusal::kSmallStorage:
      return fmt::format("the storage has {} KB, the board needs {} KB",
                         r.index, r.check);
    case Refusal::kNoIdentity:
      return "the last block of its storage does not say who it is";
    case Refusal::kNoNetwork:
      return "it has no network: no interface answers, or it was given no "
             "address";
    case Refusal::kNoSeed:
      return "its storage has no seed that was not used, without which nothing "
             "is secret";
  }
  return fmt::format("refused ({})", r.refusal);
}

}  // namespace

Error refusal_error(const Board& board, const ConsoleRefused& r,
                    const std::string& kept) {
  const bool small = r.refusal == static_cast<uint8_t>(Refusal::kProgram) &&
                     r.status == SHOAL_ARENA_TOO_SMALL;
  if (small) {
    return Error(Exit::kDoesNotFit,
                 board.name +
                     ": ARENA does not fit: the program needs more "
                     "than the board has");
  }
  switch (static_cast<Refusal>(r.refusal)) {
    case Refusal::kNoStorage:
    case Refusal::kSmallStorage:
      return Error(Exit::kNode, board.name + ": " + reason(board, r),
                   fmt::format("use a card of at least {} KB", r.check));
    case Refusal::kNoSeed:
      if (!kept.empty()) {
        return Error(Exit::kNode, board.name + ": " + reason(board, r),
                     "remove " + kept + ": the board is then flashed again");
      }
      [[fallthrough]];
    case Refusal::kNoIdentity:
    case Refusal::kNoNetwork:
      return Error(Exit::kNode, board.name + ": " + reason(board, r),
                   "flash the board with its name, key and address");
    default:
      return Error(Exit::kCorrupt, board.name + ": " + reason(board, r),
                   "write the storage again with `shoal build`");
  }
}

Error exception_error(const Board& board, const ConsoleFault& f) {
  static const char* const kKinds[] = {"a fault of the CPU", "stack overflow",
                                       "a bus fault", "a memory fault"};
  std::string text =
      fmt::format("{}: {}", board.name, kKinds[f.kind < 4 ? f.kind : 0]);
  if (f.pc) text += fmt::format(" at pc 0x{:08x}, lr 0x{:08x}", f.pc, f.lr);
  if (f.address) text += fmt::format(", address 0x{:08x}", f.address);
  text +=
      board.core.starts_with("RV")
          ? fmt::format(" (mcause {})", f.status)
          : fmt::format(" (CFSR 0x{:08x}, HFSR 0x{:08x})", f.status, f.hard);
  return Error(Exit::kNode, text);
}

}  // namespace shoal
