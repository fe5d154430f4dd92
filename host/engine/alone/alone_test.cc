// A board that runs alone and the computer that sends it inputs, over a line
// that loses and flips bytes.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <random>
#include <thread>

#include "device/alone/server.h"
#include "device/base/crc32c.h"
#include "device/transport/serial_line.h"
#include "host/base/error.h"
#include "host/board/board.h"
#include "host/engine/alone/alone_engine.h"
#include "host/engine/alone/testing/relay.h"
#include "host/engine/alone/testing/served_board.h"
#include "host/engine/common/fenced_arena.h"
#include "host/engine/common/prepare.h"
#include "host/engine/local/node_engine.h"
#include "host/engine/workers/serial.h"
#include "host/engine/workers/udp.h"
#include "host/model/import/import.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal {
namespace {

TEST(Alone, ChecksumsAreThoseOfTheTableOf1KB) {
  std::mt19937 random(3);
  Bytes bytes(1000);
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
  EXPECT_EQ(alone::add_check(alone::add_check(0, bytes.data(), 313),
                             bytes.data() + 313, 687),
            crc32c(0, bytes.data(), 1000));
}

TEST(Alone, GivesTheBytesOfThisComputer) {
  const auto p = small_program();
  Relay relay(0, 1);
  ServedBoard board(*p, relay.board());
  AloneEngine engine(line_of(relay), "the board", "", 10);
  EXPECT_EQ(engine.facts().board, "a board with a ");
  EXPECT_EQ(engine.labels(), (std::vector<std::string>{"one", "two"}));
  const std::vector<Bytes> inputs = random_inputs(3, 1);
  const auto here = node_engine(p, {});
  EXPECT_EQ(outputs_of(engine, inputs), outputs_of(*here, inputs));
  const AloneClient::TestResult test =
      engine.client().self_test(engine.facts());
  EXPECT_FALSE(test.good);
  EXPECT_EQ(test.differs_at, 7u);
}

TEST(Alone, ChoosesANetworkByItsName) {
  const auto p = small_program();
  const auto q = std::make_shared<const Prepared>(
      prepare(counting_network(), one_node(find_board("host"))));
  const std::vector<Bytes> inputs = random_inputs(2, 3);
  Relay relay(0, 1);
  ServedBoard board({p.get(), q.get()},
                    std::make_unique<SerialTransport>(relay.board()));
  const auto line = [&]() -> AloneLine {
    return {std::make_unique<SerialTransport>(dup(relay.computer())),
            kSerialAddress};
  };
  const std::shared_ptr<const Prepared> programs[] = {p, q};
  for (const std::string name : {"two", "", "two", "one"}) {
    AloneEngine engine(line(), "the board", name, 10);
    const size_t n = name == "two" ? 1 : 0;
    EXPECT_EQ(engine.facts().network, n);
    EXPECT_EQ(engine.facts().networks,
              (std::vector<std::string>{"one", "two"}));
    const auto here = node_engine(programs[n], {});
    EXPECT_EQ(outputs_of(engine, inputs), outputs_of(*here, inputs));
    EXPECT_EQ(engine.client().self_test(engine.facts()).differs_at, 7 + n);
  }
  try {
    AloneEngine(line(), "the board", "three", 10);
    ADD_FAILURE() << "nothing was refused";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kUsage);
    EXPECT_NE(e.fix().find("one of: one, two"), std::string::npos) << e.fix();
  }
  close(relay.computer());
}

// A board's description is from outside.
TEST(Alone, DamagedDescriptionsAreRefusedOrRead) {
  const auto p = small_program();
  StoreInfo ends;
  set_ends(ends, p->graph, p->net);
  ends.layer_us.resize(ends.layers.size(), 12.5);
  const std::string text = format_ends(ends);
  EXPECT_EQ(format_ends(parse_ends("b", text)), text);
  for (size_t cut = 0; cut < text.size(); ++cut) {
    EXPECT_THROW(parse_ends("b", text.substr(0, cut)), Error);
  }
  for (size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    try {
      parse_ends("b", flipped);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kCorrupt);
    }
  }
}

TEST(Alone, UdpCarriesItToo) {
  const auto p = small_program();
  auto transport =
      std::make_unique<UdpTransport>(parse_udp_address("127.0.0.1:0", ""));
  const uint64_t address = transport->address();
  ServedBoard board(Programs{p.get()}, std::move(transport));
  AloneEngine engine(open_alone_line(udp_address_text(address), 115200),
                     "the board", "", 10);
  const std::vector<Bytes> inputs = random_inputs(2, 1);
  const auto here = node_engine(p, {});
  EXPECT_EQ(outputs_of(engine, inputs), outputs_of(*here, inputs));
}

// Each frame is right although one byte of a thousand is lost or flipped.
void send_over_a_bad_line(size_t count) {
  const auto p = small_program();
  const auto here = node_engine(p, {});
  const std::vector<Bytes> inputs = random_inputs(count, 2);
  const std::vector<Bytes> expected = outputs_of(*here, inputs);
  Relay relay(0, 9);
  ServedBoard board(*p, relay.board());
  AloneEngine engine(line_of(relay), "the board", "", 10);
  relay.set_rate(1e-3);
  EXPECT_EQ(outputs_of(engine, inputs), expected);
  EXPECT_GT(engine.client().repeats(), 0u);
  relay.set_rate(0.5);  // nothing comes through
  try {
    AloneEngine(line_of(relay), "the board", "", 0.3);
    ADD_FAILURE() << "nothing was refused";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kNode) << e.what();
  }
}

TEST(Alone, AllIsRightOverABadLine) { send_over_a_bad_line(10); }
TEST(AloneLong, AllIsRightOverABadLine) { send_over_a_bad_line(1000); }

// A line that has become slower than its answers so far were: questions are
// repeated, and the bytes that they ask for are not sent once for each.
TEST(Alone, ASlowLineCarriesNoByteManyTimes) {
  const auto p = small_program();
  const auto here = node_engine(p, {});
  const std::vector<Bytes> inputs = random_inputs(2, 3);
  const std::vector<Bytes> expected = outputs_of(*here, inputs);
  Relay relay(0, 9);
  ServedBoard board(*p, relay.board());
  AloneEngine engine(line_of(relay), "the board", "", 10);
  const uint64_t begun = relay.carried();
  EXPECT_EQ(outputs_of(engine, inputs), expected);
  const uint64_t fast = relay.carried() - begun;
  relay.set_speed(500);
  const uint64_t before = engine.client().repeats();
  EXPECT_EQ(outputs_of(engine, inputs), expected);
  const uint64_t slow = relay.carried() - begun - fast;
  std::printf("%llu bytes, then %llu\n", static_cast<unsigned long long>(fast),
              static_cast<unsigned long long>(slow));
  EXPECT_GT(engine.client().repeats(), before);
  EXPECT_LE(slow, 2 * fast);
}

// The messages of another computer, made by hand.
class Rival {
 public:
  explicit Rival(int line) : line_(line) {}
  void send(const Bytes& message) {
    const shoal_transport& t = line_.transport();
    t.send(t.user, kSerialAddress, message.data(),
           static_cast<uint32_t>(message.size()));
  }
  Bytes receive() {
    const shoal_transport& t = line_.transport();
    Bytes message(t.max_payload);
    for (int i = 0; i < 10; ++i) {
      uint64_t from = 0;
      const uint32_t bytes =
          t.receive(t.user, &from, message.data(), t.max_payload);
      message.resize(bytes > 0 ? bytes : message.size());
      if (bytes > 0) return message;
      line_.wait(t.now_us(t.user) + 20'000);
    }
    return {};
  }
  // `bytes`: of all inputs.
  static Bytes frame(uint32_t session, uint32_t number, uint32_t bytes,
                     uint8_t program = 1) {
    Bytes m(alone::kFrameBytes);
    alone::Head{alone::MessageType::kFrame, session, number}.put(m.data());
    m[alone::Head::kBytes + 2] = program;
    alone::put32(m.data() + alone::kFrameBytes - 4, bytes);
    return m;
  }
  // Sends it and returns the code of the refusal; kGood: it was none.
  alone::Code refusal(const Bytes& message) {
    send(message);
    const Bytes answer = receive();
    if (answer.size() < alone::kSaidBytes ||
        static_cast<alone::MessageType>(answer[0]) !=
            alone::MessageType::kSaid) {
      return alone::Code::kGood;
    }
    return static_cast<alone::Code>(answer[alone::Head::kBytes]);
  }

 private:
  SerialTransport line_;
};

TEST(Alone, RefusesWhatItCannotRun) {
  constexpr uint32_t kBytes = kRows * kColumns * 3;
  const auto p = small_program();
  Relay relay(0, 1);
  ServedBoard board(*p, relay.board(), true);
  Rival rival(relay.computer());
  EXPECT_EQ(rival.refusal(Rival::frame(1, 1, kBytes - 1)),
            alone::Code::kOtherSize);
  EXPECT_EQ(rival.refusal(Rival::frame(1, 1, kBytes, 2)),
            alone::Code::kOtherProgram);
  for (const char type : {'H', 'F', 'T'}) {
    Bytes none = Rival::frame(1, 1, kBytes);
    none[0] = static_cast<uint8_t>(type);
    none[alone::Head::kBytes + (type == 'F' ? 1 : 0)] = 1;
    EXPECT_EQ(rival.refusal(none), alone::Code::kNoNetwork) << type;
  }
  Bytes other = Rival::frame(1, 1, kBytes);
  other[0] = 'H';
  other[1] = alone::kVersion + 1;
  EXPECT_EQ(rival.refusal(other), alone::Code::kOtherVersion);
  // One begins, and another one comes.
  EXPECT_EQ(rival.refusal(Rival::frame(1, 1, kBytes)), alone::Code::kGood);
  EXPECT_EQ(rival.refusal(Rival::frame(2, 1, kBytes)),
            alone::Code::kOtherComputer);
}

// Cut at every byte, and with every bit of the first bytes flipped: the board
// answers the next question as if nothing had been.
TEST(Alone, HostileMessagesChangeNothing) {
  constexpr uint32_t kBytes = kRows * kColumns * 3;
  const auto p = small_program();
  const auto here = node_engine(p, {});
  const std::vector<Bytes> inputs = random_inputs(1, 4);
  Relay relay(0, 1);
  ServedBoard board(*p, relay.board(), true);
  {
    // Its line is a copy, which it closes.
    Rival rival(dup(relay.computer()));
    for (const char type :
         {'H', 'R', 'F', 'I', 'A', 'T', 'G', 'P', 'L', 'h', 'X'}) {
      Bytes whole = Rival::frame(1, 1, kBytes);
      whole[0] = static_cast<uint8_t>(type);
      for (size_t cut = 1; cut < whole.size(); ++cut) {
        rival.send({whole.begin(), whole.begin() + static_cast<long>(cut)});
      }
      for (size_t bit = 0; bit < 8 * whole.size(); ++bit) {
        Bytes flipped = whole;
        flipped[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
        rival.send(flipped);
      }
    }
    // One of the flipped sessions may have the board for a while.
    bool wants = false;
    for (int i = 0; i < 100 && !wants; ++i) {
      rival.send(Rival::frame(1, 77, kBytes));
      for (Bytes answer = rival.receive(); !wants && !answer.empty();
           answer = rival.receive()) {
        wants = answer[0] == static_cast<uint8_t>(alone::MessageType::kWant) &&
                answer[6] == 77;
      }
    }
    ASSERT_TRUE(wants);
  }
  // The frame that nobody ends gives way after some seconds of silence.
  for (int i = 0;; ++i) {
    try {
      AloneEngine engine(
          {std::make_unique<SerialTransport>(dup(relay.computer())),
           kSerialAddress},
          "the board", "", 10);
      EXPECT_EQ(outputs_of(engine, inputs), outputs_of(*here, inputs));
      break;
    } catch (const Error& e) {
      ASSERT_EQ(e.code(), Exit::kBusy) << e.what();
      ASSERT_LT(i, 10);
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
  }
  close(relay.computer());
}

}  // namespace
}  // namespace shoal
