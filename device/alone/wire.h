/// @file
/// Messages between a computer and a board that runs alone; spec/alone.md has
/// them in prose. A message is one datagram of a transport. All numbers are
/// little-endian, and every message begins with a Head.
#pragma once

#include <cstdint>
#include <cstring>

namespace shoal {
namespace alone {

/// The version of the messages, which both ends compare.
inline constexpr uint8_t kVersion = 2;
/// The most pieces that are sent before one is acknowledged or asked for.
inline constexpr uint32_t kWindow = 8;
/// Microseconds of silence after which another computer may take a board over.
inline constexpr uint64_t kSilenceUs = 3000000;
/// Microseconds of silence after which a board gives a frame up.
inline constexpr uint64_t kGoneUs = 10000000;
/// Bytes of a program's identity: the first of its image's SHA-256.
inline constexpr uint32_t kProgramBytes = 8;
/// Bytes of a board's name, padded with zeros.
inline constexpr uint32_t kNameBytes = 16;
/// Bytes of a network's name, padded with zeros.
inline constexpr uint32_t kNetworkNameBytes = 48;
/// Bytes of the checksum behind each input and output.
inline constexpr uint32_t kCheckBytes = 4;

/// The kinds of messages.
enum class MessageType : uint8_t {
  kHello = 'H',     ///< to the board: what is this network?
  kRead = 'R',      ///< to the board: a piece of a text; TextPiece
  kFrame = 'F',     ///< to the board: run a frame, or what do you wait for?
  kInput = 'I',     ///< to the board: bytes of an input; Piece
  kTaken = 'A',     ///< to the board: an output has come so far; Piece
  kTest = 'T',      ///< to the board: run the built-in test
  kAskRoom = 'G',   ///< to the board: what programs does it take?
  kProgram = 'P',   ///< to the board: take a program
  kAskTimes = 'L',  ///< to the board: how long did layers take?
  kBoard = 'h',     ///< the answer to kHello; Facts
  kRoom = 'g',      ///< the answer to kAskRoom; ProgramRoom
  kTimes = 'l',     ///< the answer to kAskTimes; LayerTimes
  kText = 'r',      ///< the answer to kRead
  kWant = 'W',      ///< from the board: these bytes of an input next
  kOutput = 'O',    ///< from the board: bytes of an output
  kEnd = 'E',       ///< from the board: the frame has ended; its microseconds
  kBusy = 'C',      ///< from the board: it computes
  kSaid = 'X',      ///< from the board: a Code, two numbers and a text
};

/// Why a board did not run a frame, or did not take a program; the result of
/// the built-in test.
enum class Code : uint8_t {
  kGood = 0,
  kOtherVersion,    ///< the first number is the board's version
  kOtherComputer,   ///< the board runs a frame of another computer
  kOtherProgram,    ///< the board holds another program
  kOtherSize,       ///< bytes of all inputs: those that came, those it takes
  kDamagedInput,    ///< the input's number; its checksum is wrong
  kFailed,          ///< the first number is the shoal_status
  kDiffers,         ///< the built-in test; the first byte that differs
  kNoTest,          ///< there is no built-in test
  kNoNetwork,       ///< the first number is how many networks the board has
  kNoPrograms,      ///< the board was exported without room for programs
  kNoProgram,       ///< what came is no program for a board that runs alone
  kOtherBoard,      ///< it was made for another board
  kOtherExport,     ///< it replaces a network that the board never had
  kNoFlash,         ///< bytes of the program, of a slot
  kNoArena,         ///< bytes that it needs, that the board has
  kNoVariables,     ///< bytes that it keeps, that the board has room for
  kTooManyEnds,     ///< inputs and outputs that it has, that the board can have
  kNoOperator,      ///< the OpCode that is not linked; 1: with int16, 2: int4
  kDamagedProgram,  ///< what came is not what was announced
  kFlashFails,      ///< the flash cannot be read, erased or written
  kNoTimes,         ///< this frame was not measured
  kNotSealed,       ///< the board has a key, and takes only sealed programs
  kNoKey,           ///< a sealed program, and the board has no key
  kOldSeal,         ///< the count of the seal, the count that the board takes
  kWrongSeal,       ///< its first block does not open with the board's key
};

/// A Code and its two numbers.
struct Said {
  Code code = Code::kGood;
  uint32_t first = 0, second = 0;
  bool is_good() const { return code == Code::kGood; }
};

/// The texts that a board holds of each network. Text t of network n is stream
/// n * kTexts + t.
enum Text : uint8_t {
  kDescription = 0,  ///< inputs and outputs, as JSON
  kLabels = 1,       ///< one a line
  kTexts = 2,
};

/// Flags of kFrame: variables begin with their initial values; the board
/// measures what each layer takes.
inline constexpr uint8_t kResetVariables = 1, kMeasure = 2;

inline void put32(uint8_t* to, uint32_t number) {
  for (int i = 0; i < 4; ++i) to[i] = static_cast<uint8_t>(number >> (8 * i));
}
inline uint32_t get32(const uint8_t* from) {
  return static_cast<uint32_t>(from[0]) | static_cast<uint32_t>(from[1]) << 8 |
         static_cast<uint32_t>(from[2]) << 16 |
         static_cast<uint32_t>(from[3]) << 24;
}

inline void put64(uint8_t* to, uint64_t number) {
  put32(to, static_cast<uint32_t>(number));
  put32(to + 4, static_cast<uint32_t>(number >> 32));
}
inline uint64_t get64(const uint8_t* from) {
  return get32(from) | uint64_t{get32(from + 4)} << 32;
}

/// The beginning of every message.
struct Head {
  static constexpr uint32_t kBytes = 10;
  MessageType type;
  uint32_t session;  ///< of the computer; its own random number
  uint32_t frame;    ///< of the session; 0 for what belongs to none

  void put(uint8_t* to) const {
    to[0] = static_cast<uint8_t>(type);
    to[1] = kVersion;
    put32(to + 2, session);
    put32(to + 6, frame);
  }
  /// Reads a head. The caller has checked that there are kBytes.
  static Head get(const uint8_t* from) {
    return {static_cast<MessageType>(from[0]), get32(from + 2),
            get32(from + 6)};
  }
};

/// Behind the head of kInput, kTaken and kOutput, and of kRead and kText, whose
/// stream is a Text. Bytes of the stream follow. In kOutput `asks` is 1 if the
/// computer must say how far the output has come.
struct Piece {
  static constexpr uint32_t kBytes = 6;
  uint8_t stream;
  uint8_t asks;
  uint32_t offset;

  void put(uint8_t* to) const {
    to[0] = stream;
    to[1] = asks;
    put32(to + 2, offset);
  }
  static Piece get(const uint8_t* from) {
    return {from[0], from[1], get32(from + 2)};
  }
};
/// Bytes of a message before those of a stream.
inline constexpr uint32_t kPieceAt = Head::kBytes + Piece::kBytes;

/// Behind the head of kRoom: what may replace a network.
struct ProgramRoom {
  /// Bytes of older boards, which have no count.
  static constexpr uint32_t kLeastBytes = 2 + kProgramBytes + 5 * 4 + 2 * 8;
  static constexpr uint32_t kBytes = kLeastBytes + 4;
  /// Bits of `flags`: weights of four bits are linked; both cores are used; a
  /// sent program is the network now.
  static constexpr uint8_t kInt4 = 1, kTwoCores = 2, kIsSent = 4;
  uint8_t network;
  uint8_t flags;
  uint8_t replaces[kProgramBytes];  ///< identity of the network as exported
  uint32_t flash_bytes;             ///< of a sent program, with its texts
  uint32_t arena_bytes, variable_bytes;
  uint32_t ends;         ///< inputs and outputs together
  uint32_t arithmetic;   ///< of the runtime
  uint64_t kinds, wide;  ///< bit n: OpCode n + 1 is linked, with int16
  uint32_t count;        ///< of the next sealed program; 0: there is no key

  void put(uint8_t* to) const {
    to[0] = network;
    to[1] = flags;
    std::memcpy(to + 2, replaces, kProgramBytes);
    to += 2 + kProgramBytes;
    const uint32_t words[] = {flash_bytes, arena_bytes, variable_bytes, ends,
                              arithmetic};
    for (const uint32_t word : words) {
      put32(to, word);
      to += 4;
    }
    put64(to, kinds);
    put64(to + 8, wide);
    put32(to + 16, count);
  }
  /// Reads the answer of a board. The caller has checked that there are
  /// kLeastBytes.
  static ProgramRoom get(const uint8_t* from, uint32_t bytes) {
    ProgramRoom r{};
    r.network = from[0];
    r.flags = from[1];
    std::memcpy(r.replaces, from + 2, kProgramBytes);
    from += 2 + kProgramBytes;
    uint32_t* const words[] = {&r.flash_bytes, &r.arena_bytes,
                               &r.variable_bytes, &r.ends, &r.arithmetic};
    for (uint32_t* const word : words) {
      *word = get32(from);
      from += 4;
    }
    r.kinds = get64(from);
    r.wide = get64(from + 8);
    if (bytes >= kBytes) r.count = get32(from + 16);
    return r;
  }
};

/// Behind the head of kTimes: how the last frame was measured. Ticks of layers
/// follow, 4 bytes each, from `first` on as many as there is room for; 2^32 - 1
/// stands for that many or more.
struct LayerTimes {
  static constexpr uint32_t kCounterBytes = 8;
  static constexpr uint32_t kBytes = 2 + 2 + 4 + kCounterBytes + 8 + 8;
  uint16_t first;   ///< layer of the first number
  uint16_t layers;  ///< that the board has numbers for; later ones have none
  uint32_t counter_hz;          ///< ticks a second; 0: cycles of the CPU
  char counter[kCounterBytes];  ///< its name, padded with zeros
  uint64_t ticks, us;           ///< of all steps, by the counter and the clock

  void put(uint8_t* to) const {
    to[0] = static_cast<uint8_t>(first);
    to[1] = static_cast<uint8_t>(first >> 8);
    to[2] = static_cast<uint8_t>(layers);
    to[3] = static_cast<uint8_t>(layers >> 8);
    put32(to + 4, counter_hz);
    std::memcpy(to + 8, counter, kCounterBytes);
    put64(to + 8 + kCounterBytes, ticks);
    put64(to + 16 + kCounterBytes, us);
  }
  static LayerTimes get(const uint8_t* from) {
    LayerTimes t{};
    t.first = static_cast<uint16_t>(from[0] | from[1] << 8);
    t.layers = static_cast<uint16_t>(from[2] | from[3] << 8);
    t.counter_hz = get32(from + 4);
    std::memcpy(t.counter, from + 8, kCounterBytes);
    t.ticks = get64(from + 8 + kCounterBytes);
    t.us = get64(from + 16 + kCounterBytes);
    return t;
  }
};

/// Bytes behind the Piece of kWant: how many are wanted.
inline constexpr uint32_t kWantBytes = kPieceAt + 4;
/// kHello and kTest: the network's number.
inline constexpr uint32_t kHelloBytes = Head::kBytes + 1;
/// kFrame: flags, the network's number, the program, bytes of all inputs.
inline constexpr uint32_t kFrameBytes = Head::kBytes + 2 + kProgramBytes + 4;
/// kEnd: microseconds.
inline constexpr uint32_t kEndBytes = Head::kBytes + 8;
/// kAskTimes: the first layer.
inline constexpr uint32_t kAskTimesBytes = Head::kBytes + 2;
/// Bytes of the head of a sent program.
inline constexpr uint32_t kSentHeadBytes = 144;
/// kProgram: bytes of a sent program (sent.h), its SHA-256.
inline constexpr uint32_t kHashBytes = 32;
inline constexpr uint32_t kProgramAskBytes = Head::kBytes + 4 + kHashBytes;
/// kProgram of a sealed program: its count behind that.
inline constexpr uint32_t kSealedAskBytes = kProgramAskBytes + 4;
/// Bytes of a block of a sealed program (seal.h), and of the tag behind it.
inline constexpr uint32_t kSealedBlock = 256, kSealBytes = 16;
/// Most bytes of a program that can be sealed.
inline constexpr uint32_t kMostSealed = uint32_t{1} << 31;
/// Returns where a block lies in the sealed program.
constexpr uint32_t sealed_at(uint32_t block) {
  return block * (kSealedBlock + kSealBytes);
}
/// kSaid before its text.
inline constexpr uint32_t kSaidBytes = Head::kBytes + 9;
/// kBoard: program, bytes of inputs and of outputs, inputs, outputs, whether
/// the program has variables, the network's number, how many networks there
/// are, bytes of each text, name of the board, name of the network; then two
/// bytes that older boards do not have: of how many layers the board can
/// measure the time.
inline constexpr uint32_t kLeastBoardBytes = Head::kBytes + kProgramBytes + 8 +
                                             5 + 4 * kTexts + kNameBytes +
                                             kNetworkNameBytes;
inline constexpr uint32_t kBoardBytes = kLeastBoardBytes + 2;

/// CRC-32C as device/base/crc32c.h, with a table of 64 bytes instead of 1 KB.
inline uint32_t add_check(uint32_t crc, const uint8_t* bytes, uint32_t count) {
  static constexpr uint32_t kNibble[16] = {
      0x00000000, 0x105EC76F, 0x20BD8EDE, 0x30E349B1, 0x417B1DBC, 0x5125DAD3,
      0x61C69362, 0x7198540D, 0x82F63B78, 0x92A8FC17, 0xA24BB5A6, 0xB21572C9,
      0xC38D26C4, 0xD3D3E1AB, 0xE330A81A, 0xF36E6F75};
  crc = ~crc;
  for (uint32_t i = 0; i < count; ++i) {
    crc ^= bytes[i];
    crc = crc >> 4 ^ kNibble[crc & 15];
    crc = crc >> 4 ^ kNibble[crc & 15];
  }
  return ~crc;
}

}  // namespace alone
}  // namespace shoal
