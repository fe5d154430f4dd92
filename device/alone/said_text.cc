#include "device/alone/server.h"

namespace shoal {

const char* text_of(const alone::Said& said) {
  switch (said.code) {
    case alone::Code::kGood:
      return "good";
    case alone::Code::kOtherVersion:
      return "the board speaks another version";
    case alone::Code::kOtherComputer:
      return "the board runs a frame of another computer";
    case alone::Code::kOtherProgram:
      return "the board holds another program";
    case alone::Code::kOtherSize:
      return "the inputs have another size";
    case alone::Code::kDamagedInput:
      return "an input was damaged on its way";
    case alone::Code::kFailed:
      return shoal_status_text(
          static_cast<shoal_status>(static_cast<int32_t>(said.first)));
    case alone::Code::kDiffers:
      return "the output differs";
    case alone::Code::kNoTest:
      return "there is no built-in test";
    case alone::Code::kNoNetwork:
      return "the board has no such network";
    case alone::Code::kNoPrograms:
      return "the board takes no programs";
    case alone::Code::kNoProgram:
      return "this is no program for it";
    case alone::Code::kOtherBoard:
      return "the program is for another board";
    case alone::Code::kOtherExport:
      return "the program replaces a network that the board does not have";
    case alone::Code::kNoFlash:
      return "the program is too large";
    case alone::Code::kNoArena:
      return "the arena is too small";
    case alone::Code::kNoVariables:
      return "the program keeps too many bytes";
    case alone::Code::kTooManyEnds:
      return "the program has too many inputs and outputs";
    case alone::Code::kNoOperator:
      return "an operator is not linked";
    case alone::Code::kDamagedProgram:
      return "the program was damaged on its way";
    case alone::Code::kFlashFails:
      return "the flash fails";
    case alone::Code::kNoTimes:
      return "this frame was not measured";
    case alone::Code::kNotSealed:
      return "the board takes only sealed programs";
    case alone::Code::kNoKey:
      return "the board has no key for sealed programs";
    case alone::Code::kOldSeal:
      return "the seal has another count of programs";
    case alone::Code::kWrongSeal:
      return "the program is sealed with another key";
  }
  return "";
}

}  // namespace shoal
