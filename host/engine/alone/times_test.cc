// A board that runs alone measures its layers, and the computer reads it.
#include <gtest/gtest.h>

#include <atomic>

#include "host/base/error.h"
#include "host/base/testing/expect_throws.h"
#include "host/engine/alone/testing/served_board.h"

namespace shoal {
namespace {

TEST(AloneTimes, AreThoseOfEachLayer) {
  const auto p = small_program();
  Relay relay(0, 1);
  ServedBoard board(*p, relay.board());
  AloneEngine engine(line_of(relay), "the board", "", 10);
  EXPECT_EQ(engine.facts().timed_layers, ServedBoard::kLayers);
  engine.measure();
  const std::vector<Bytes> inputs = random_inputs(3, 1);
  outputs_of(engine, inputs);
  const AloneEngine::Profile& profile = engine.profile();
  EXPECT_EQ(profile.counter, "count");
  EXPECT_EQ(profile.tick_s(), 1e-6);
  EXPECT_EQ(profile.frames, 3);
  ASSERT_EQ(profile.layers.size(), size_t{ServedBoard::kLayers});
  // Each step takes a million ticks, and the only layer fires at least once.
  EXPECT_GE(profile.layers[0], 3e6);
  EXPECT_EQ(std::fmod(profile.layers[0], 1e6), 0);
  EXPECT_GE(profile.ticks, profile.layers[0]);
  for (size_t l = 1; l < profile.layers.size(); ++l) {
    EXPECT_EQ(profile.layers[l], 0) << l;
  }
}

// The frame that the computer asks for must be the last one, and measured.
TEST(AloneTimes, OfAFrameThatWasNotMeasuredAreRefused) {
  const auto p = small_program();
  Relay relay(0, 1);
  ServedBoard board(*p, relay.board());
  AloneEngine engine(line_of(relay), "the board", "", 10);
  outputs_of(engine, random_inputs(1, 1));
  expect_throws([&] { engine.client().read_times(engine.facts()); },
                Exit::kNode, "not measured");
}

TEST(AloneTimes, AreThereOverABadLine) {
  const auto p = small_program();
  Relay relay(0, 5);
  ServedBoard board(*p, relay.board());
  AloneEngine engine(line_of(relay), "the board", "", 10);
  relay.set_rate(1e-3);
  engine.measure();
  outputs_of(engine, random_inputs(20, 1));
  EXPECT_EQ(engine.profile().frames, 20);
}

// Each bit flipped, and cut at every byte: an error, or times.
TEST(AloneTimes, DamagedAnswersAreRefusedOrRead) {
  const auto p = small_program();
  Relay relay(0, 1);
  std::atomic<size_t> flips = 0, cut = 0;  // 0: none
  const auto change = [&](Bytes& message) {
    if (message[0] != static_cast<uint8_t>(alone::MessageType::kTimes)) return;
    const size_t at = alone::Head::kBytes, bit = flips;
    if (bit > 0 && at + bit / 8 < message.size()) {
      message[at + bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    }
    if (cut > 0 && cut < message.size()) message.resize(cut);
  };
  ServedBoard board(Programs{p.get()},
                    std::make_unique<SerialTransport>(relay.board()), false,
                    change);
  AloneEngine engine(line_of(relay), "the board", "", 0.1);
  engine.measure();
  outputs_of(engine, random_inputs(1, 1));
  const auto read = [&] {
    try {
      const AloneClient::Times t = engine.client().read_times(engine.facts());
      EXPECT_EQ(t.layers.size(), size_t{ServedBoard::kLayers});
    } catch (const Error& e) {
      EXPECT_TRUE(e.code() == Exit::kCorrupt || e.code() == Exit::kNode)
          << e.what();
    }
  };
  for (flips = 1; flips < 8 * alone::LayerTimes::kBytes; flips = flips + 1) {
    read();
  }
  flips = 0;
  const size_t ends = alone::Head::kBytes + alone::LayerTimes::kBytes;
  for (cut = ends - 1; cut < ends + 9; cut = cut + 1) read();
  cut = 0;
  read();
  EXPECT_EQ(engine.client().read_times(engine.facts()).layers.size(),
            size_t{ServedBoard::kLayers});
}

// A board that always answers for another network is no reason to wait for
// ever.
TEST(AloneTimes, AnswersToOtherQuestionsEndTheConversation) {
  const auto p = small_program();
  Relay relay(0, 1);
  const auto change = [](Bytes& message) {
    if (message[0] != static_cast<uint8_t>(alone::MessageType::kBoard)) return;
    message[alone::Head::kBytes + alone::kProgramBytes + 11] ^= 1;
  };
  ServedBoard board(Programs{p.get()},
                    std::make_unique<SerialTransport>(relay.board()), false,
                    change);
  try {
    const AloneEngine engine(line_of(relay), "the board", "", 10);
    ADD_FAILURE() << "it was taken for the board's answer";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Exit::kCorrupt) << e.what();
  }
}

// Returns the exit code with which frames end that a board with changed
// messages runs.
Exit end_of_frame(double most_silence_s, ServedBoard::Change change) {
  const auto p = small_program();
  Relay relay(0, 1);
  ServedBoard board(Programs{p.get()},
                    std::make_unique<SerialTransport>(relay.board()), true,
                    std::move(change));
  AloneEngine engine(line_of(relay), "the board", "", most_silence_s);
  try {
    outputs_of(engine, random_inputs(1, 1));
  } catch (const Error& e) {
    return e.code();
  }
  return Exit::kOk;
}

alone::MessageType type_of(const Bytes& message) {
  return static_cast<alone::MessageType>(message[0]);
}

TEST(AloneTalk, ABoardThatAsksForTheSameBytesAgainEndsTheFrame) {
  EXPECT_EQ(end_of_frame(10,
                         [](Bytes& m) {
                           if (type_of(m) != alone::MessageType::kWant) return;
                           alone::put32(m.data() + alone::Head::kBytes + 2, 0);
                         }),
            Exit::kCorrupt);
}

TEST(AloneTalk, ABoardThatAsksForNoInputOfTheNetworkEndsTheFrame) {
  EXPECT_EQ(end_of_frame(10,
                         [](Bytes& m) {
                           if (type_of(m) != alone::MessageType::kWant) return;
                           m[alone::Head::kBytes] = 9;
                         }),
            Exit::kCorrupt);
}

TEST(AloneTalk, ABoardThatSendsTheSameRowsAgainEndsTheFrame) {
  EXPECT_EQ(end_of_frame(10,
                         [](Bytes& m) {
                           if (type_of(m) != alone::MessageType::kOutput)
                             return;
                           alone::put32(m.data() + alone::Head::kBytes + 2, 1);
                         }),
            Exit::kCorrupt);
}

TEST(AloneTalk, ABoardThatComputesForEverEndsTheFrame) {
  EXPECT_EQ(end_of_frame(0.05,
                         [](Bytes& m) {
                           if (type_of(m) != alone::MessageType::kWant) return;
                           m[0] = static_cast<uint8_t>('C');
                         }),
            Exit::kNode);
}

}  // namespace
}  // namespace shoal
