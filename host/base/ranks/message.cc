#include "host/base/ranks/message.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <string>
#include <system_error>

#include "host/base/memory.h"

namespace shoal {
namespace {

static_assert(std::endian::native == std::endian::little,
              "messages are copied as they lie in memory");

constexpr uint32_t kMagic = 0x31524853;  // "SHR1"

struct MessageHead {
  uint32_t magic = kMagic;
  uint8_t kind = 0, code = 0;
  uint16_t numbers = 0;
  uint32_t what = 0, fix = 0;
};
static_assert(sizeof(MessageHead) == 16);

// The parts of a message of this kind.
struct Form {
  size_t least, most;  // numbers
  bool bytes, error;   // it may have them
};

std::optional<Form> form_of(uint8_t kind) {
  switch (static_cast<MessageKind>(kind)) {
    case MessageKind::kAsk:
      return Form{1, 1, false, false};
    case MessageKind::kResult:
      return Form{1, 1, true, false};
    case MessageKind::kFailed:
      return Form{1, 1, false, true};
    case MessageKind::kReport:
    case MessageKind::kGo:
      return Form{0, 0, true, false};
    case MessageKind::kBye:
      return Form{0, 0, false, true};
    case MessageKind::kItems:
      return Form{0, Message::kMostNumbers, false, false};
    case MessageKind::kStop:
    case MessageKind::kClosed:
      return Form{0, 0, false, false};
  }
  return std::nullopt;
}

bool has_right_numbers(const Message& m) {
  const auto& n = m.numbers;
  switch (m.kind) {
    case MessageKind::kAsk:
      return n[0] >= 1 && n[0] <= static_cast<int64_t>(Message::kMostNumbers);
    case MessageKind::kResult:
      return n[0] >= 0;
    case MessageKind::kItems:
      return (n.empty() || n[0] >= 0) &&
             std::ranges::adjacent_find(n, std::ranges::greater_equal()) ==
                 n.end();
    default:
      return true;
  }
}

}  // namespace

std::vector<uint8_t> format_message(const Message& m) {
  MessageHead head;
  head.kind = static_cast<uint8_t>(m.kind);
  head.numbers = static_cast<uint16_t>(m.numbers.size());
  const std::string what = m.error ? m.error->what() : "";
  const std::string fix = m.error ? m.error->fix() : "";
  if (m.error) head.code = static_cast<uint8_t>(m.error->code());
  head.what = static_cast<uint32_t>(what.size());
  head.fix = static_cast<uint32_t>(fix.size());
  std::vector<uint8_t> out(sizeof head + m.numbers.size() * sizeof(int64_t) +
                           what.size() + fix.size() + m.bytes.size());
  size_t at = 0;
  const auto put = [&](const void* from, size_t bytes) {
    if (bytes > 0) std::memcpy(&out[at], from, bytes);
    at += bytes;
  };
  put(&head, sizeof head);
  put(m.numbers.data(), m.numbers.size() * sizeof(int64_t));
  put(what.data(), what.size());
  put(fix.data(), fix.size());
  put(m.bytes.data(), m.bytes.size());
  return out;
}

std::optional<Message> parse_message(std::span<const uint8_t> packet) {
  MessageHead head;
  if (packet.size() < sizeof head) return std::nullopt;
  std::memcpy(&head, packet.data(), sizeof head);
  packet = packet.subspan(sizeof head);
  const std::optional<Form> form = form_of(head.kind);
  if (head.magic != kMagic || !form || head.numbers < form->least ||
      head.numbers > form->most) {
    return std::nullopt;
  }
  const uint64_t before_bytes =
      uint64_t{head.numbers} * sizeof(int64_t) + uint64_t{head.what} + head.fix;
  if (packet.size() < before_bytes) return std::nullopt;

  Message m;
  m.kind = static_cast<MessageKind>(head.kind);
  m.numbers.resize(head.numbers);
  for (int64_t& number : m.numbers) {
    std::memcpy(&number, packet.data(), sizeof number);
    packet = packet.subspan(sizeof number);
  }
  const auto text = [&packet](size_t bytes) {
    const auto part = packet.first(bytes);
    packet = packet.subspan(bytes);
    return std::string(part.begin(), part.end());
  };
  const std::string what = text(head.what), fix = text(head.fix);
  m.bytes.assign(packet.begin(), packet.end());
  if (head.code > static_cast<uint8_t>(Exit::kBusy)) return std::nullopt;
  if (head.code != 0) m.error.emplace(static_cast<Exit>(head.code), what, fix);
  const bool has_texts = !what.empty() || !fix.empty();
  if (what.find('\0') != std::string::npos) return std::nullopt;
  if ((has_texts && !m.error) || (m.error && !form->error) ||
      (!m.bytes.empty() && !form->bytes) ||
      (m.kind == MessageKind::kFailed && !m.error) || !has_right_numbers(m)) {
    return std::nullopt;
  }
  return m;
}

Error error_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& e) {
    return e;
  } catch (const std::bad_alloc& e) {
    return out_of_memory(e, "");
  } catch (const std::system_error& e) {
    if (e.code() != std::errc::resource_unavailable_try_again) {
      return {Exit::kInternal, e.what()};
    }
    return {Exit::kInternal,
            "memory is short: a thread cannot be started, its stack or its "
            "number is more than the system allows",
            "raise the limits (`ulimit -v`, `ulimit -u`)"};
  } catch (const std::exception& e) {
    return {Exit::kInternal, e.what()};
  } catch (...) {
    return {Exit::kInternal, "something that is no error was thrown"};
  }
}

}  // namespace shoal
