// Programs for a board that runs alone; device/alone/sent.h has their form.
#include <array>

#include "device/program/kinds.h"
#include "device/program/sha256.h"
#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/engine/alone/client.h"
#include "host/plan/text/op_names.h"

namespace shoal {
namespace {

constexpr int kProgramTries = 3;  // of one that was damaged

std::string operator_text(const alone::Said& said) {
  constexpr uint32_t kWide = 1, kInt4 = 2;
  if (said.second == kInt4) return "weights of int4";
  const auto op = static_cast<OpCode>(said.first);
  const std::string name =
      is_known(op) ? layer_op_name(op) : std::to_string(said.first);
  return name + (said.second == kWide ? " of int16" : "");
}

}  // namespace

void AloneClient::refuse_program(const std::string& text,
                                 const alone::Said& said) const {
  const auto numbers = [&] {
    return text + ": " + format_bytes(said.first) +
           ", the board has room for " + format_bytes(said.second);
  };
  switch (said.code) {
    case alone::Code::kNoPrograms:
      throw Error(Exit::kUnsupported, text,
                  "export the project with --slots SIZE, and flash it");
    case alone::Code::kOtherBoard:
      throw Error(Exit::kUsage, text, "plan it for the board that is there");
    case alone::Code::kOtherExport:
      throw Error(Exit::kUsage, text, "run the command again");
    case alone::Code::kNoFlash:
    case alone::Code::kNoArena:
    case alone::Code::kNoVariables:
      throw Error(Exit::kDoesNotFit, numbers(),
                  "export the project with more room, and flash it");
    case alone::Code::kTooManyEnds:
      throw Error(Exit::kDoesNotFit,
                  text + ": " + std::to_string(said.first) +
                      ", the board has room for " + std::to_string(said.second),
                  "export that network, and flash it");
    case alone::Code::kNoOperator:
      throw Error(Exit::kUnsupported, text + ": " + operator_text(said),
                  "export a project that has it, and flash it");
    case alone::Code::kFlashFails:
      throw Error(Exit::kNode, text, "the board goes on with what it has");
    default:
      return;
  }
}

alone::ProgramRoom AloneClient::read_room(const AloneFacts& facts) {
  alone::ProgramRoom room{};
  const uint8_t which[] = {facts.network};
  ask(alone::MessageType::kAskRoom, 0, which, [&](const Message& m) {
    if (m.head.type == alone::MessageType::kSaid) refuse(m);
    if (m.head.type != alone::MessageType::kRoom ||
        m.body.size() < alone::ProgramRoom::kBytes) {
      return false;
    }
    room = alone::ProgramRoom::get(m.body.data());
    return room.network == facts.network;
  });
  return room;
}

AloneClient::Transfer AloneClient::send_program(
    const std::vector<uint8_t>& program, const SaySent& say) {
  std::array<uint8_t, 4 + alone::kHashBytes> ask{};
  alone::put32(ask.data(), static_cast<uint32_t>(program.size()));
  Sha256 sha;
  sha.add(program.data(), program.size());
  if (!sha.finish(ask.data() + 4)) {
    throw Error(Exit::kInternal, "no SHA-256");
  }
  for (int i = 0; i < kProgramTries; ++i) {
    if (const auto done = try_program(program, ask, say)) return *done;
    ++damaged_;
  }
  throw Error(Exit::kCorrupt,
              name_ + ": the program was damaged on its way " +
                  std::to_string(kProgramTries) + " times",
              "use a shorter cable, or a lower --baud at both ends");
}

// None: its bytes were damaged on their way.
std::optional<AloneClient::Transfer> AloneClient::try_program(
    const std::vector<uint8_t>& program, std::span<const uint8_t> ask,
    const SaySent& say) {
  Transfer done;
  bool damaged = false;
  uint64_t busy_since = 0;
  std::optional<uint32_t> from;
  Wanted wanted;
  talk(alone::MessageType::kProgram, ++frame_, ask, [&](const Message& m) {
    switch (m.head.type) {
      case alone::MessageType::kWant: {
        if (m.body.size() < alone::Piece::kBytes + 4) break;
        // The head comes first, whatever the board has of the rest.
        const uint32_t at = alone::Piece::get(m.body.data()).offset;
        const bool is_head =
            at + alone::get32(m.body.data() + alone::Piece::kBytes) <=
            sizeof(SentHead);
        if (!is_head && !from) from = at;
        if (say) say(at, static_cast<uint32_t>(program.size()));
        return send_input(program, m, wanted);
      }
      case alone::MessageType::kEnd:
        if (m.body.size() < alone::kEndBytes - alone::Head::kBytes) break;
        done.board_us = alone::get64(m.body.data());
        return Heard::kEnd;
      case alone::MessageType::kSaid:
        if (waits_for_other(m, busy_since)) return Heard::kNews;
        damaged = m.body.size() > 0 && static_cast<alone::Code>(m.body[0]) ==
                                           alone::Code::kDamagedProgram;
        if (!damaged) refuse(m);
        return Heard::kEnd;
      case alone::MessageType::kBusy:
        return Heard::kWorks;
      default:
        break;
    }
    return Heard::kNothingNew;
  });
  if (damaged) return std::nullopt;
  done.kept = from.value_or(static_cast<uint32_t>(program.size()));
  return done;
}

}  // namespace shoal
