#include "host/engine/fault.h"

#include <fmt/format.h>

#include <iterator>

namespace shoal {
namespace {

constexpr uint16_t kNowhereKnown = 0xFFFF;

std::string table_name(Table table) {
  static const char* const kNames[] = {"the program",
                                       "the header",
                                       "the record",
                                       "input or output",
                                       "buffer",
                                       "port",
                                       "actor",
                                       "loop",
                                       "weight set",
                                       "chunk",
                                       "parameter block",
                                       "map",
                                       "order",
                                       "peer",
                                       "stream",
                                       "target",
                                       "spill",
                                       "variable",
                                       "bank"};
  static_assert(std::size(kNames) == static_cast<size_t>(Table::kBank) + 1);
  const auto i = static_cast<size_t>(table);
  return i < std::size(kNames) ? kNames[i] : fmt::format("table {}", i);
}

// Faults that a head shows are the whole program's.
bool of_all(Status s) {
  return s == Status::kBadMagic || s == Status::kBadVersion ||
         s == Status::kBadArithmetic || s == Status::kBadHash ||
         s == Status::kArenaTooSmall || s == Status::kBankTooSmall;
}

// "layer 3 'conv1': its chunk 7", "stage 3, port 1", "the header".
std::string thing(const Fault& f, std::span<const std::string> layers) {
  if (f.layer < layers.size()) {
    return fmt::format("layer {} '{}': its chunk {}", f.layer, layers[f.layer],
                       f.index);
  }
  const bool staged = f.stage != kNowhereKnown;
  if (!staged && of_all(f.status)) return "the program";
  if (f.table == Table::kSpill && !staged) return "the spill area";
  if (f.table == Table::kNone && staged)
    return fmt::format("stage {}", f.stage);
  std::string text = table_name(f.table);
  if (staged) text = fmt::format("stage {}, {}", f.stage, text);
  const bool single = f.table <= Table::kStage;
  if (f.index != kNowhereKnown && !single) text += fmt::format(" {}", f.index);
  return text;
}

// Returns the words that follow the thing; null: a status that no fault should
// have.
const char* what(Status status) {
  switch (status) {
    case Status::kBadMagic:
      return "is not a shoal program";
    case Status::kBadVersion:
      return "has a format that the node does not read";
    case Status::kBadArithmetic:
      return "wants other arithmetic than the node's";
    case Status::kBadHash:
      return "was changed: its hash is another";
    case Status::kBadTag:
      return "was changed in storage, or sealed with another key, for another "
             "node or generation";
    case Status::kBadRecord:
      return "is wrong";
    case Status::kTooShort:
      return "ends before what it announces";
    case Status::kArenaTooSmall:
      return "needs more memory than the node was given";
    case Status::kStorage:
      return "cannot be read from (or written to) storage";
    case Status::kNoKey:
      return "is sealed, and there is no key";
    case Status::kNotSealed:
      return "is not sealed, though there is a key";
    case Status::kWrongStore:
      return "is of another store";
    case Status::kSpillFull:
      return "found no room to spill: the blocks of the spill area are too few "
             "or worn out";
    case Status::kNoSalt:
      return "is sealed, and there is nothing unpredictable to spill with";
    case Status::kOtherWriter:
      return "has another writer: its ledger has an entry that this run did "
             "not write";
    case Status::kBankTooSmall:
      return "keeps weights in a bank of SRAM that the node lacks, or has too "
             "little of";
    case Status::kSecondCore:
      return "stopped, because the board's second core does not answer";
    default:
      return nullptr;
  }
}

Exit code_of(Status status) {
  if (status == Status::kOtherWriter) return Exit::kBusy;
  if (status == Status::kSpillFull) return Exit::kDoesNotFit;
  if (status == Status::kSecondCore) return Exit::kNode;
  return Exit::kCorrupt;
}

}  // namespace

Fault fault_of(const shoal_fault& f, int status) {
  return {static_cast<Status>(status),
          static_cast<Table>(f.table),
          f.stage,
          f.index,
          f.check,
          f.layer};
}

std::string fault_text(const Fault& f, std::span<const std::string> layers) {
  std::string text = thing(f, layers) + " ";
  if (const char* const known = what(f.status)) {
    text += known;
  } else {
    text += fmt::format("stopped with status {}", static_cast<int>(f.status));
  }
  const bool checked = f.check != 0 && f.check != kNowhereKnown;
  const bool plain = what(f.status) && f.status != Status::kBadRecord;
  if (checked && !plain) text += fmt::format(" (check {})", f.check);
  return text;
}

Error fault_error(const Fault& f, std::span<const std::string> layers,
                  Maker maker) {
  if (maker == Maker::kThisRun && f.status == Status::kBadRecord) {
    return Error(
        Exit::kInternal,
        "shoal made a plan that it refuses itself: " + fault_text(f, layers),
        "this is a mistake of shoal: please report it, with the model "
        "and the command");
  }
  return Error(code_of(f.status), fault_text(f, layers));
}

}  // namespace shoal
