// These tests check what a node on a network says on its console, and what its
// owner is told.
#include "host/engine/board/emulated_nodes.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>

#include "host/engine/board/memory_file.h"

namespace shoal {
namespace {

using std::chrono::milliseconds;

template <class T>
std::vector<uint8_t> message(ConsoleType type, const T& payload) {
  std::vector<uint8_t> f(kConsoleHead + sizeof payload);
  std::memcpy(f.data(), kConsoleMark, sizeof kConsoleMark);
  f[2] = static_cast<uint8_t>(type);
  const auto bytes = static_cast<uint32_t>(sizeof payload);
  std::memcpy(&f[4], &bytes, sizeof bytes);
  std::memcpy(&f[kConsoleHead], &payload, sizeof payload);
  const uint32_t sum = crc32_add(0, &f[2], kConsoleHead - 2 + bytes);
  const auto* at = reinterpret_cast<const uint8_t*>(&sum);
  f.insert(f.end(), at, at + sizeof sum);
  return f;
}

// All that it is told of a board that says this, and ends.
std::vector<std::string> told(
    const std::vector<std::vector<uint8_t>>& messages) {
  std::vector<uint8_t> all;
  for (const auto& f : messages) all.insert(all.end(), f.begin(), f.end());
  const MemoryFile says(all, static_cast<int64_t>(all.size()));
  EmulatedNode node(find_board("emcraft-sf2"), "n", "", 1,
                    {"cat", says.path()});
  std::vector<std::string> out;
  for (int i = 0; i < 200 && !node.has_ended(); ++i) {
    try {
      node.listen(milliseconds(50));
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Exit::kNode);
      out.emplace_back(e.what());
    }
  }
  for (;;) {
    try {
      node.listen(milliseconds(0));
      ADD_FAILURE() << "its end is not told";
      return out;
    } catch (const Error& e) {
      const std::string text = e.what();
      if (text.find("the emulator has ended") != text.npos) return out;
      out.push_back(text);
    }
  }
}

constexpr uint8_t kOverflow = 1;

TEST(EmulatedNode, NothingHidesWhyABoardFell) {
  ConsoleFault fell{};
  fell.kind = kOverflow;
  ConsoleRefused refused{};
  refused.refusal = static_cast<uint8_t>(Refusal::kNoSeed);
  const auto fault = message(ConsoleType::kFault, fell);
  const std::vector<uint8_t> garbage = {'n', 'o', 'i', 's', 'e'};
  const auto expect = [](const std::vector<std::string>& said,
                         const std::vector<std::string>& parts) {
    ASSERT_GE(said.size(), parts.size());
    for (size_t i = 0; i < parts.size(); ++i) {
      EXPECT_EQ(said[i].find("n: "), 0u) << said[i];
      EXPECT_EQ(said[i].find("n: n: "), std::string::npos) << said[i];
      EXPECT_NE(said[i].find(parts[i]), std::string::npos) << said[i];
    }
  };
  expect(told({fault}), {"stack overflow"});
  // It starts again and refuses; says nonsense; falls again.
  expect(told({fault, message(ConsoleType::kRefused, refused)}),
         {"stack overflow", "no seed that was not used"});
  expect(told({fault, garbage}), {"stack overflow", "not a message"});
  expect(told({fault, message(ConsoleType::kStage, fell)}),
         {"stack overflow", "a wrong size"});
  fell.kind = 2;
  expect(told({fault, message(ConsoleType::kFault, fell)}),
         {"stack overflow", "a bus fault"});
  // A message that no node says hides nothing that follows it.
  expect(told({message(static_cast<ConsoleType>(99), fell), fault}),
         {"a message that no node sends", "stack overflow"});
}

}  // namespace
}  // namespace shoal
