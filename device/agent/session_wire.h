// Datagrams of a session, byte by byte; spec/datagrams.md, "Sessions", has them
// in prose. All numbers are little-endian. A session is the agreement of a
// coordinator and a node, with its keys; it is a lease of the node.
//
//   hello    coordinator -> node, twice: first without the node's nonce, then
//            with it. Authenticated by the cluster key, or the second one by
//            both sides' identities.
//   answer   node -> coordinator: its nonce, accepted, or a refusal
//   session  requests and answers, sealed with the session's keys
//
// Every datagram fits kLeastPayload bytes, whatever the transport.
#pragma once

#include <cstdint>
#include <cstring>

#include "device/link/wire.h"
#include "device/port/payload.h"
#include "device/program/image.h"

namespace shoal {

inline constexpr uint8_t kSessionVersion = 5;
inline constexpr uint32_t kNonceBytes = 16;
inline constexpr uint32_t kMacBytes = 16;
inline constexpr uint32_t kMaxName = 28;  // bytes of a node's or board's name
inline constexpr uint32_t kHolderBytes = 16;  // of a coordinator's name
// Limits of a session's lease, the time for which its coordinator may be
// silent.
inline constexpr uint32_t kLeastLeaseMs = 1000, kMostLeaseMs = 60'000;
static_assert(kMostLeaseMs <= UINT16_MAX);  // HelloBody::detail

// First byte of every datagram; data datagrams are device/link's.
enum class Kind : uint8_t {
  kHello = 1,
  kAnswer = 2,
  kSession = 3,
  kData = kDataKind,
};

// How the two sides know each other.
enum class Mode : uint8_t {
  kPreShared = 0,  // one key for the whole cluster
  kInsecure = 1,   // not at all: the key is zeros
  kIdentity = 2,   // each has a key pair (device/agent/noise.h)
};

// The answers to a hello.
enum class Verdict : uint8_t {
  kChallenge = 0,   // say it again with my nonce
  kAccepted = 1,    // the session stands
  kVersion = 2,     // another version of this protocol; authenticated
  kArithmetic = 3,  // another operator set or rounding; authenticated
  kKey = 4,         // not authenticated: this hello's key is not mine
  kMode = 5,        // not authenticated: I take another mode
  kBusy = 6,        // the session of another coordinator stands
  kSealed = 8,      // with identities: what it says is in the body
  kGone = 7,        // to a probe: its session is over, nobody has one
  kClaimed = 9,     // as busy, by one that does not have all its nodes yet
};

// HelloBody::code of a hello, bits.
inline constexpr uint8_t kTakeOver = 1;     // end another coordinator's session
inline constexpr uint8_t kProbe = 2;        // does this session still stand?
inline constexpr uint8_t kTakeClaimed = 4;  // with kTakeOver: a claim, too

// Where a hello or an answer begins.
struct HelloHead {
  Kind kind;
  uint8_t version;
  Mode mode;
  Verdict verdict;  // of an answer, else 0
  uint32_t arithmetic;
};
static_assert(sizeof(HelloHead) == 8);

// Why a node has started again.
enum class Fall : uint16_t {
  kNotKnown = 0,  // its power was lost, say
  kCpu = 1,       // an exception: of no kind below
  kStackOverflow = 2,
  kBus = 3,
  kMemory = 4,
};

// The body of hellos and answers, authenticated.
struct HelloBody {
  uint8_t code;     // of a hello kTakeOver, kProbe; of an answer the verdict
  uint8_t version;  // of the sender
  // In a hello the lease that is wanted in ms, in kAccepted the lease, in kBusy
  // and kClaimed the most that is left of it; in kGone with nobody as the
  // holder the Fall; else 0.
  uint16_t detail;
  // In a hello the coordinator's random number, in a probe the session; in
  // kBusy, kClaimed and kGone the holder's number; in kArithmetic the node's;
  // where the Fall is known, the address of the code, or 0.
  uint32_t value;
  // The sender of a hello; the holder of the session in kBusy and kClaimed, or
  // of the last one (kGone). It is for people: coordinators are told apart by
  // their numbers. Printable ASCII without blanks, zeros behind it.
  char holder[kHolderBytes];
};
static_assert(sizeof(HelloBody) == 24);

// Hello and answer have the same layout, so an answer is never longer than
// the question.
struct Hello {
  HelloHead head;
  uint8_t coordinator_nonce[kNonceBytes];
  uint8_t node_nonce[kNonceBytes];  // zeros: not known yet
  HelloBody body;
  uint8_t mac[kMacBytes];  // of all before it; zeros in kKey, kMode
};
static_assert(sizeof(Hello) == 80 && sizeof(Hello) <= kLeastPayload);

// The same with identities. The first hello ends with the cookie, and so does
// every answer that is not sealed. `key` and `sealed` are a message of Noise,
// whose prologue is kSessionLabel and all before the key: what both say and
// what both heard is alike, or the message does not open. Hence a key is used
// with one cookie only.
struct KeyHello {
  HelloHead head;
  uint8_t coordinator_nonce[8];
  uint8_t cookie[8];  // the node's nonce, zeros: not known yet
  uint8_t key[32];    // ephemeral
  uint8_t sealed[sizeof(HelloBody) + 16];
};
static_assert(sizeof(KeyHello) == kLeastPayload);
inline constexpr uint32_t kOpenHelloBytes = sizeof(HelloHead) + kNonceBytes;
inline constexpr char kSessionLabel[] = "shoal session";
inline constexpr uint32_t kPrologueBytes =
    sizeof kSessionLabel - 1 + kOpenHelloBytes;
inline void session_prologue(const KeyHello& hello,
                             uint8_t out[kPrologueBytes]) {
  std::memcpy(out, kSessionLabel, sizeof kSessionLabel - 1);
  std::memcpy(out + sizeof kSessionLabel - 1, &hello, kOpenHelloBytes);
}

// Authenticated and not encrypted, before the sealed body.
struct SessionHead {
  Kind kind;
  uint8_t version;
  uint16_t phase;    // of the direction's key (device/agent/phases.h)
  uint32_t session;  // follows from the keys
  uint32_t packet;   // nonce; counts from 0 in each direction and phase
};
static_assert(sizeof(SessionHead) == 12);
// Returns the nonce for shoal_cipher whose bytes are Noise's: 4 zeros, then the
// number.
constexpr uint64_t session_nonce(uint32_t packet) {
  return uint64_t{packet} << 32;
}

enum class Request : uint8_t {
  kIdentity = 1,   // -> IdentityAnswer
  kNames = 2,      // -> NamesAnswer; the coordinator has all nodes it wants
  kBegin = 3,      // BeginRequest -> HeldAnswer
  kWrite = 4,      // uint32 offset, bytes
  kEnd = 5,        // -: is the program complete and its hash right?
  kPeers = 6,      // PeersRequest, PeerGrant...
  kStart = 7,      // StartRequest
  kPing = 8,       // -> PingAnswer
  kStop = 9,       // leave the epoch -> PingAnswer of the moment before
  kMeter = 10,     // MeterRequest -> MeterAnswer, MeterTimes
  kHeld = 11,      // HeldRequest -> HeldPrograms of storage/program_store.h
  kRelay = 12,     // RelayRequest, a hello
  kVariable = 13,  // VariableRequest (-> values), or values behind it
  kKeep = 14,      // KeepRequest (-> u32, bytes), or bytes behind it
  kTell = 15,      // text for the node's log
};

enum class Reply : uint8_t {
  kOk = 0,
  kMalformed = 1,  // not a request of this version
  kState = 2,      // not now
  kTooLarge = 3,   // program memory or peer table too small
  kHash = 4,       // the program is not what was announced
  kProgram = 5,    // the runtime refuses it; the ping says where
  kStorage = 6,    // where programs are kept fails
  kNotYet = 7,     // never sent: it is asked again
};

// A request's body is its head and what it carries; an answer's likewise.
struct RequestHead {
  Request request;
  uint8_t reserved[3];  // 0
};
static_assert(sizeof(RequestHead) == 4);
struct ReplyHead {
  Request request;
  Reply reply;
  uint16_t phase;   // of the request
  uint32_t packet;  // and its number
};
static_assert(sizeof(ReplyHead) == 8);

struct IdentityAnswer {
  uint32_t arena_bytes;
  uint32_t program_capacity;
  uint32_t program_bytes;  // of the program it holds; 0: none
  uint32_t poll_gap_us;    // of what it does besides the program
  uint16_t max_payload;
  uint16_t max_peers;
  uint8_t program_hash[32];  // SHA-256 of the program it holds
};
static_assert(sizeof(IdentityAnswer) == 52);
// A u32 behind it, of bits, which a node with none of them leaves out. A
// coordinator refuses bits that it does not know. Programs that are read from
// storage are to be sealed with the cluster's key; programs are computed by one
// core, although the board has two.
inline constexpr uint32_t kWantsSealed = 1, kOneCore = 2;
static_assert(sizeof(SessionHead) + sizeof(ReplyHead) + sizeof(IdentityAnswer) +
                  sizeof(uint32_t) + kTagBytes <=
              kLeastPayload);

struct NamesAnswer {
  uint8_t name_bytes, board_bytes;
  char name[kMaxName], board[kMaxName];
};
static_assert(sizeof(NamesAnswer) == 58);

struct BeginRequest {
  uint32_t program_bytes;
  uint8_t hash[32];
};
static_assert(sizeof(BeginRequest) == 36);
struct HeldAnswer {
  uint32_t held;  // 1: nothing to send, it is here already
  uint32_t from;  // else: what is here of it, from a transfer that broke off
};
static_assert(sizeof(HeldAnswer) == 8);

struct PeersRequest {
  uint32_t epoch;
  uint16_t node;      // the receiver's number in the plan
  uint16_t first;     // index in the program's peer table: the next one, or one
  uint16_t count;     // that was granted before
  uint16_t reserved;  // 0
};
static_assert(sizeof(PeersRequest) == 12);
struct PeerGrant {
  uint64_t address;
  uint8_t secret[32];  // of this pair, in this epoch; see keys.h
  uint16_t node;
  uint16_t reserved[3];  // 0
};
static_assert(sizeof(PeerGrant) == 48);

struct StartRequest {
  uint32_t epoch;
  uint16_t node, peers;
};
static_assert(sizeof(StartRequest) == 8);
// A u64 behind it, of a sealed program: its generation. An attacker who writes
// the storage could otherwise replace the announced program by another one of
// the same key.
// A StartSequence behind that, of a program with variables.
struct StartSequence {
  // Frames after which the node waits for another start of the same epoch, so
  // that it can be asked for what its variables hold then; 0: it does not.
  uint16_t every;
  // Which part of that many frames may begin, counted mod kTurns from 0, so
  // that a start that comes once more lets nothing else begin. kNoTurn: not
  // even the first one, and the node takes values.
  uint16_t turn;
};
static_assert(sizeof(StartSequence) == 4);
inline constexpr uint16_t kTurns = 0x8000, kNoTurn = 0xFFFF;

enum class AgentState : uint8_t {
  kEmpty = 0,  // no program
  kDeploying,
  kReady,    // a program, not running
  kRunning,  // in an epoch
  kFaulted,  // the program was refused or stopped; the fault says why
};

struct PingAnswer {
  AgentState state;
  int8_t status;  // of the fault: shoal_status, Table
  uint8_t table;
  // While it runs, the time-outs and probes in a row, up to 7, after which
  // nothing has come from the peer that has most of them; 0: all answer.
  // `fault_index` is that peer's node then.
  uint8_t unanswered;
  uint16_t fault_stage, fault_index, fault_check;
  uint16_t stage;  // under way
  uint32_t frames;
  uint32_t epoch;
  uint32_t work;  // steps that did something, mod 2^32: whether it goes on
  // Counters of the node's link, in this epoch; see shoal_link_counters.
  uint64_t sent_bytes, row_bytes, resent_bytes;
  uint32_t sent;     // datagrams, mod 2^32
  uint32_t refused;  // forged, stale or malformed ones, mod 2^32
};
static_assert(sizeof(PingAnswer) == 56);

// Says whether the next run is metered; the answer tells of the last one that
// was, which may go on.
struct MeterRequest {
  uint32_t wanted;  // 1, or 0
};
struct MeterAnswer {
  uint32_t firings;     // slices that it has fired
  uint32_t counter_hz;  // ticks a second; 0: cycles of the CPU
  // The cycles and time of the firings, without what the link did in between.
  uint64_t cycles, us;
  // Names in printable ASCII, zeros behind them: of the counter ("DWT"; empty:
  // none), of the family of kernels.
  char counter[8], kernels[16];
};
static_assert(sizeof(MeterAnswer) == 48);
// Behind it; nodes that were made before do not say it.
struct MeterTimes {
  // The times of taking datagrams, and of steps without their firings, which
  // is mostly sending. Encryption is part of both. Mod 2^32.
  uint32_t receive_us, send_us;
  uint16_t stage;  // under way; 0 unless it runs
  // Whose datagram ended the last wait for rows since the answer before: a
  // node's number in the plan + 1, kCoordinator, or kNobody: none has ended.
  // 0: not known.
  static constexpr uint16_t kNobody = 0xfffe;
  uint16_t woken_by;
};
static_assert(sizeof(MeterTimes) == 12);
static_assert(sizeof(SessionHead) + sizeof(ReplyHead) + sizeof(MeterAnswer) +
                  sizeof(MeterTimes) + kTagBytes <=
              kLeastPayload);
static_assert(sizeof(SessionHead) + sizeof(ReplyHead) + sizeof(NamesAnswer) +
                  kTagBytes <=
              kLeastPayload);
static_assert(sizeof(SessionHead) + sizeof(RequestHead) + sizeof(PeersRequest) +
                  sizeof(PeerGrant) + kTagBytes <=
              kLeastPayload);

// The node sends the hello to another node, whose answer comes back through it:
// so a coordinator finds out whether that one is gone, or out of its own reach.
// All that a node passes on is an answer to a hello, which only its sender can
// use.
struct RelayRequest {
  uint64_t address;
};

// One program of those that are there, counted from 0.
struct HeldRequest {
  uint32_t index;
};

// Values of a variable, as they are before the frame under way: what a sequence
// needs to go on from this frame. Behind the request lie those that the node
// takes, or none: then it answers with its own.
struct VariableRequest {
  uint32_t frame;     // under way; those that end later are not answered yet
  uint32_t offset;    // in the node's box of the variable
  uint16_t variable;  // of the node's program
  uint16_t bytes;     // that are wanted, or 0
};
static_assert(sizeof(VariableRequest) == 12);
// Values have as many bytes around them in a request, at least as in an answer.
inline constexpr uint32_t kVariableHeadBytes = static_cast<uint32_t>(
    sizeof(SessionHead) + sizeof(RequestHead) + sizeof(VariableRequest));
static_assert(kVariableHeadBytes + kTagBytes < kLeastPayload);

// Bytes that the node keeps for its next coordinator, at the end of its arena.
// They outlive sessions and programs; a program that needs their place ends
// them. Behind the request lie bytes that the node takes, or none. If some are
// wanted, it answers with the u32 that it keeps and, if they are all there,
// with them.
struct KeepRequest {
  // The number of all, a multiple of 16; not read if some are wanted. Another
  // one than before makes all of them zeros; a node that runs refuses that.
  uint32_t capacity;
  uint32_t offset;  // of those behind the request, or that are wanted
  uint32_t bytes;   // that are wanted, or 0
};
static_assert(sizeof(KeepRequest) == 12);
inline constexpr uint32_t kKeepHeadBytes = static_cast<uint32_t>(
    sizeof(SessionHead) + sizeof(RequestHead) + sizeof(KeepRequest));
static_assert(kKeepHeadBytes + kTagBytes < kLeastPayload);

// Reads a struct at `at` if the bytes are all there.
template <typename T>
bool take(const uint8_t*& at, uint32_t& left, T& out) {
  if (left < sizeof(T)) return false;
  std::memcpy(&out, at, sizeof(T));
  at += sizeof(T);
  left -= static_cast<uint32_t>(sizeof(T));
  return true;
}

}  // namespace shoal
