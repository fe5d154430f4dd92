#include "host/engine/board/refusal.h"

#include <fmt/format.h>

#include "device/base/status.h"

namespace shoal {
namespace {

const char* table_name(uint8_t table) {
  static const char* const kNames[] = {
      "program",    "header", "stage record", "input or output", "buffer",
      "port",       "actor",  "loop",         "weight set",      "chunk",
      "parameters", "map",    "order"};
  return table < std::size(kNames) ? kNames[table] : "table";
}

// "stage 3, chunk 7"
std::string place(const RefusedFrame& r) {
  std::string text;
  if (r.stage != 0xFFFF) text = fmt::format("stage {}, ", r.stage);
  text += table_name(r.table);
  if (r.index != 0xFFFF && r.table != static_cast<uint8_t>(Table::kStage)) {
    text += fmt::format(" {}", r.index);
  }
  return text;
}

std::string program_fault(const RefusedFrame& r) {
  switch (static_cast<Status>(r.status)) {
    case Status::kBadMagic:
      return "there is no program where the directory says";
    case Status::kBadVersion:
      return "the program has a format that the firmware does not read";
    case Status::kBadArithmetic:
      return "the program wants other arithmetic";
    case Status::kBadTag:
      return fmt::format("the tag of {} does not match: its bytes have changed",
                         place(r));
    case Status::kBadRecord:
      return fmt::format("the program is wrong in {} (check {})", place(r),
                         r.check);
    case Status::kTooShort:
      return "the program is cut short";
    case Status::kStorage:
      return "the storage failed a read";
    case Status::kNoKey:
      return "the storage is sealed, and the board has no key";
    case Status::kNotSealed:
      return "the board has a key, but the storage is not sealed";
    case Status::kWrongStore:
      return "the storage, or its room to spill, is another program's";
    case Status::kSpillFull:
      return "there is no room left to spill, or it is worn out";
    default:
      return fmt::format("the program stopped with status {} in {} (check {})",
                         r.status, place(r), r.check);
  }
}

std::string reason(const Board& board, const RefusedFrame& r) {
  switch (static_cast<Refusal>(r.refusal)) {
    case Refusal::kProgram:
      return program_fault(r);
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
  }
  return fmt::format("refused ({})", r.refusal);
}

}  // namespace

Error refusal_error(const Board& board, const RefusedFrame& r) {
  const bool small = r.refusal == static_cast<uint8_t>(Refusal::kProgram) &&
                     r.status == static_cast<uint8_t>(Status::kArenaTooSmall);
  if (small) {
    return Error(Exit::kDoesNotFit,
                 board.name +
                     ": ARENA does not fit: the program needs more "
                     "than the board has");
  }
  return Error(Exit::kCorrupt, board.name + ": " + reason(board, r),
               "write the storage anew with `shoal build`");
}

Error fault_error(const Board& board, const FaultFrame& f) {
  static const char* const kKinds[] = {"a fault of the CPU", "stack overflow",
                                       "a bus fault", "a memory fault"};
  std::string text =
      fmt::format("{}: {}", board.name, kKinds[f.kind < 4 ? f.kind : 0]);
  if (f.pc) text += fmt::format(" at pc 0x{:08x}, lr 0x{:08x}", f.pc, f.lr);
  if (f.address) text += fmt::format(", address 0x{:08x}", f.address);
  text += fmt::format(" (CFSR 0x{:08x}, HFSR 0x{:08x})", f.status, f.hard);
  return Error(Exit::kNode, text);
}

}  // namespace shoal
