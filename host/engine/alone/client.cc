#include "host/engine/alone/client.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "device/alone/networks.h"
#include "device/base/crc32c.h"
#include "host/base/entropy.h"
#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/base/units.h"

namespace shoal {

namespace {

constexpr uint64_t kFirstRepeatUs = 300'000;  // while nothing was measured
constexpr uint64_t kLeastRepeatUs = 20'000, kMostRepeatUs = 1'000'000;
constexpr uint32_t kMostTextBytes = 16u << 20;
constexpr uint32_t kMostStreamBytes = 1u << 30;
constexpr int kTries = 5;     // of a frame whose bytes were damaged
constexpr int kMostOld = 64;  // messages in a row with nothing new,
                              // besides answers to repeated questions
constexpr int kWindowMessages = alone::kWindow;
constexpr int kMostInVain = 16;     // questions that only they answer
constexpr uint64_t kMostWork = 30;  // times the longest silence

uint32_t random_number() {
  uint8_t bytes[4];
  system_entropy(bytes);
  return alone::get32(bytes);
}

std::vector<uint8_t> with_check(const std::vector<uint8_t>& bytes) {
  std::vector<uint8_t> all = bytes;
  all.resize(bytes.size() + alone::kCheckBytes);
  alone::put32(all.data() + bytes.size(),
               crc32c(0, bytes.data(), static_cast<uint32_t>(bytes.size())));
  return all;
}

}  // namespace

AloneClient::AloneClient(HostTransport& transport, uint64_t address,
                         std::string name, double most_silence_s)
    : transport_(transport),
      address_(address),
      name_(std::move(name)),
      most_silence_us_(static_cast<uint64_t>(most_silence_s * 1e6)),
      session_(random_number()),
      came_(transport.transport().max_payload),
      out_(transport.transport().max_payload) {}

void AloneClient::send(alone::MessageType type, uint32_t frame,
                       std::span<const uint8_t> body) {
  alone::Head{type, session_, frame}.put(out_.data());
  std::copy(body.begin(), body.end(), out_.begin() + alone::Head::kBytes);
  const shoal_transport& t = transport_.transport();
  const auto bytes = static_cast<uint32_t>(alone::Head::kBytes + body.size());
  // A line that is full takes more soon; what does not go out is asked for
  // again.
  const uint64_t until = t.now_us(t.user) + kMostRepeatUs;
  while (t.send(t.user, address_, out_.data(), bytes) != 0) {
    const uint64_t now = t.now_us(t.user);
    if (now >= until) return;
    transport_.wait(now + 1000);
  }
}

// Datagrams of others must not keep the caller from its clock.
std::optional<AloneClient::Message> AloneClient::receive() {
  const shoal_transport& t = transport_.transport();
  for (int i = 0; i < kMostOld; ++i) {
    uint64_t from = 0;
    const uint32_t bytes = t.receive(t.user, &from, came_.data(),
                                     static_cast<uint32_t>(came_.size()));
    if (bytes == 0) break;
    if (from != address_ || bytes < alone::Head::kBytes) continue;
    const alone::Head head = alone::Head::get(came_.data());
    if (head.session != session_) continue;
    // Only a refusal is read from a board of another version.
    if (came_[1] != alone::kVersion && head.type != alone::MessageType::kSaid)
      continue;
    return Message{
        head,
        {came_.data() + alone::Head::kBytes, bytes - alone::Head::kBytes}};
  }
  return std::nullopt;
}

void AloneClient::measure(uint64_t sample_us) {
  const auto sample = static_cast<double>(sample_us);
  if (smooth_us_ == 0) {
    smooth_us_ = sample;
    varies_us_ = sample / 2;
    return;
  }
  varies_us_ += (std::abs(smooth_us_ - sample) - varies_us_) / 4;
  smooth_us_ += (sample - smooth_us_) / 8;
}

uint64_t AloneClient::repeat_after_us() const {
  if (smooth_us_ == 0) return kFirstRepeatUs;
  return std::clamp(static_cast<uint64_t>(smooth_us_ + 4 * varies_us_),
                    kLeastRepeatUs, kMostRepeatUs);
}

void AloneClient::talk(alone::MessageType type, uint32_t frame,
                       std::span<const uint8_t> body, const Take& take) {
  const shoal_transport& t = transport_.transport();
  const auto silence = [&](uint64_t times) {
    return format_time(static_cast<double>(times * most_silence_us_) / 1e6);
  };
  send(type, frame, body);
  uint64_t asked = t.now_us(t.user), heard = asked, news = asked;
  uint64_t patience = repeat_after_us();
  bool repeated = false;
  int old = 0, in_vain = 0;
  int old_before = 0;  // until the last question
  // Repeated questions. A board that was held up answers all of them at once,
  // each with a window.
  int again = 0;
  const auto repeats_itself = [&] {
    return Error(Exit::kCorrupt,
                 name_ + " repeats itself: " + std::to_string(old) +
                     " messages had nothing new",
                 "start it again, and export the project again if that "
                 "does not help");
  };
  is_ambiguous_ = false, may_lack_bytes_ = true;
  for (;;) {
    const auto message = receive();
    const uint64_t now = t.now_us(t.user);
    if (message && message->head.frame == frame) {
      heard = now;
      const uint64_t since = asked;
      const bool is_first = !repeated && !is_ambiguous_;
      const Heard what = take(*message);
      if (is_first || (!repeated && what >= Heard::kNews)) measure(now - since);
      if (what == Heard::kEnd) return;
      if (what == Heard::kNews) {
        asked = news = t.now_us(t.user);
        old = in_vain = old_before = 0;
        // The next answers may be those to repeated questions, so that neither
        // their time nor what they ask for says much (Karn's algorithm).
        is_ambiguous_ = repeated;
        may_lack_bytes_ = !repeated;
        if (!repeated) patience = repeat_after_us();
        repeated = false;
      } else if (what == Heard::kWorks) {
        asked = t.now_us(t.user);
        old = in_vain = old_before = 0;
        patience = repeat_after_us();
      } else if (what == Heard::kNothingNew &&
                 ++old > kMostOld + kWindowMessages * again) {
        throw repeats_itself();
      }
    }
    if (transport_.has_ended()) {
      throw Error(Exit::kNode, name_ + " has ended",
                  "see what it has printed, and start it again (`make serve`)");
    }
    if (now >= heard + most_silence_us_) {
      throw Error(Exit::kNode, name_ + " has not answered for " + silence(1),
                  "check that an exported project runs there (`make serve`), "
                  "that no other program uses the line, and --baud; a slow "
                  "board needs a longer --node-timeout");
    }
    if (now >= news + kMostWork * most_silence_us_) {
      throw Error(Exit::kNode,
                  name_ + " answers, and has made no progress for " +
                      silence(kMostWork),
                  "start it again; a slow board needs a longer --node-timeout");
    }
    if (now >= asked + patience) {
      if (old > old_before && ++in_vain > kMostInVain) throw repeats_itself();
      old_before = old;
      send(type, frame, body);
      ++repeats_, ++again;
      repeated = is_ambiguous_ = may_lack_bytes_ = true;
      asked = now;
      patience = std::min(2 * patience, kMostRepeatUs);
    } else if (!message) {
      transport_.wait(std::min(asked + patience, heard + most_silence_us_));
    }
  }
}

void AloneClient::ask(alone::MessageType type, uint32_t frame,
                      std::span<const uint8_t> body,
                      const std::function<bool(const Message&)>& take) {
  talk(type, frame, body, [&](const Message& m) {
    return take(m) ? Heard::kEnd : Heard::kNothingNew;
  });
}

void AloneClient::refuse(const Message& m) const {
  if (m.body.size() < alone::kSaidBytes - alone::Head::kBytes) {
    throw Error(Exit::kCorrupt, name_ + " gave half an answer");
  }
  const auto code = static_cast<alone::Code>(m.body[0]);
  const uint32_t first = alone::get32(m.body.data() + 1);
  const uint32_t second = alone::get32(m.body.data() + 5);
  const std::span<const uint8_t> rest =
      m.body.subspan(alone::kSaidBytes - alone::Head::kBytes);
  const std::string text =
      name_ + ": " + printable(std::string(rest.begin(), rest.end()));
  refuse_program(text, {code, first, second});
  switch (code) {
    case alone::Code::kOtherVersion:
      throw Error(Exit::kUnsupported,
                  text + ": " + std::to_string(first) + ", this shoal speaks " +
                      std::to_string(alone::kVersion),
                  "export the project again with this shoal");
    case alone::Code::kOtherComputer:
      throw Error(Exit::kBusy, text, "try again when that one has ended");
    case alone::Code::kOtherProgram:
      throw Error(Exit::kUsage, text + " than when it was asked",
                  "run the command again");
    case alone::Code::kOtherSize:
      throw Error(Exit::kUsage, text + ": " + format_bytes(first) +
                                    " were announced, the program takes " +
                                    format_bytes(second));
    default:
      throw Error(Exit::kNode, text);
  }
}

std::string AloneClient::read_text(uint8_t network, alone::Text which,
                                   uint32_t bytes) {
  const auto stream = static_cast<uint8_t>(network * alone::kTexts + which);
  std::string text;
  while (text.size() < bytes) {
    uint8_t asked[alone::Piece::kBytes];
    alone::Piece{stream, 0, static_cast<uint32_t>(text.size())}.put(asked);
    ask(alone::MessageType::kRead, 0, asked, [&](const Message& m) {
      if (m.head.type != alone::MessageType::kText ||
          m.body.size() <= alone::Piece::kBytes) {
        return false;
      }
      const alone::Piece piece = alone::Piece::get(m.body.data());
      if (piece.stream != stream || piece.offset != text.size()) return false;
      const auto some = m.body.subspan(alone::Piece::kBytes);
      text.append(reinterpret_cast<const char*>(some.data()),
                  std::min<size_t>(some.size(), bytes - text.size()));
      return true;
    });
  }
  return text;
}

namespace {

std::string name_at(const uint8_t* bytes, size_t room) {
  const auto* const name = reinterpret_cast<const char*>(bytes);
  return printable(std::string(name, strnlen(name, room)));
}

}  // namespace

AloneFacts AloneClient::ask_for_facts(uint8_t network, uint32_t* text_bytes) {
  AloneFacts facts;
  const uint8_t which[] = {network};
  ask(alone::MessageType::kHello, 0, which, [&](const Message& m) {
    if (m.head.type == alone::MessageType::kSaid) refuse(m);
    if (m.head.type != alone::MessageType::kBoard) return false;
    if (m.body.size() < alone::kLeastBoardBytes - alone::Head::kBytes) {
      return false;
    }
    const uint8_t* at = m.body.data();
    facts.program.assign(at, at + alone::kProgramBytes);
    at += alone::kProgramBytes;
    facts.input_bytes = alone::get32(at);
    facts.output_bytes = alone::get32(at + 4);
    facts.inputs = at[8];
    facts.outputs = at[9];
    facts.variables = at[10] != 0;
    if (at[11] != network) return false;  // the answer to an earlier question
    facts.network = network;
    facts.networks.resize(at[12]);
    at += 13;
    for (uint32_t t = 0; t < alone::kTexts; ++t, at += 4) {
      text_bytes[t] = alone::get32(at);
    }
    facts.board = name_at(at, alone::kNameBytes);
    if (network < facts.networks.size()) {
      facts.networks[network] =
          name_at(at + alone::kNameBytes, alone::kNetworkNameBytes);
    }
    if (m.body.size() >= alone::kBoardBytes - alone::Head::kBytes) {
      at += alone::kNameBytes + alone::kNetworkNameBytes;
      facts.timed_layers = at[0] | static_cast<uint32_t>(at[1]) << 8;
    }
    return true;
  });
  if (facts.networks.size() <= network ||
      facts.networks.size() > kMostNetworks) {
    throw Error(Exit::kCorrupt, name_ + " says that it has " +
                                    std::to_string(facts.networks.size()) +
                                    " networks");
  }
  for (uint32_t t = 0; t < alone::kTexts; ++t) {
    if (text_bytes[t] <= kMostTextBytes) continue;
    throw Error(Exit::kCorrupt, name_ + " says that it holds a text of " +
                                    format_bytes(text_bytes[t]));
  }
  if (facts.input_bytes > kMostStreamBytes ||
      facts.output_bytes > kMostStreamBytes) {
    throw Error(Exit::kCorrupt, name_ + " says that it takes " +
                                    format_bytes(facts.input_bytes) +
                                    " and gives " +
                                    format_bytes(facts.output_bytes));
  }
  return facts;
}

AloneFacts AloneClient::read_facts(const std::string& network) {
  uint32_t text_bytes[alone::kTexts] = {}, other_text_bytes[alone::kTexts];
  AloneFacts facts = ask_for_facts(0, text_bytes);
  std::vector<std::string> names = facts.networks;
  for (uint8_t n = 1; n < names.size(); ++n) {
    AloneFacts other = ask_for_facts(n, other_text_bytes);
    names[n] = other.networks[n];
    if (names[n] != network || facts.networks[facts.network] == network) {
      continue;
    }
    facts = std::move(other);
    std::copy_n(other_text_bytes, alone::kTexts, text_bytes);
  }
  if (!network.empty() && names[facts.network] != network) {
    std::string all;
    for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
    throw Error(Exit::kUsage,
                name_ + " has no network '" + printable(network) + "'",
                "--network with one of: " + all);
  }
  facts.networks = std::move(names);
  facts.description = read_text(facts.network, alone::kDescription,
                                text_bytes[alone::kDescription]);
  facts.labels =
      read_text(facts.network, alone::kLabels, text_bytes[alone::kLabels]);
  return facts;
}

AloneClient::TestResult AloneClient::self_test(const AloneFacts& facts) {
  TestResult result;
  const uint8_t which[] = {facts.network};
  ask(alone::MessageType::kTest, ++frame_, which, [&](const Message& m) {
    if (m.head.type != alone::MessageType::kSaid) return false;
    if (m.body.size() < alone::kSaidBytes - alone::Head::kBytes) return false;
    const auto code = static_cast<alone::Code>(m.body[0]);
    if (code != alone::Code::kGood && code != alone::Code::kDiffers) refuse(m);
    result.good = code == alone::Code::kGood;
    result.differs_at = alone::get32(m.body.data() + 1);
    return true;
  });
  return result;
}

AloneClient::Answer AloneClient::run(const AloneFacts& facts,
                                     const NodeRows& inputs,
                                     const std::vector<size_t>& output_bytes,
                                     uint8_t flags) {
  for (int i = 0; i < kTries; ++i) {
    if (auto answer = try_run(facts, inputs, output_bytes, flags)) {
      return *std::move(answer);
    }
    ++damaged_;
  }
  throw Error(Exit::kCorrupt,
              name_ + ": the frame was damaged on its way " +
                  std::to_string(kTries) + " times",
              "use a shorter cable, or a lower --baud at both ends");
}

// Answers a question for bytes of an input, as many messages as it takes. On a
// line that is slower than the computer knew, there is a question for each time
// that it has asked again: one answer serves all of them, or each would delay
// what comes behind it.
AloneClient::Heard AloneClient::send_input(const std::vector<uint8_t>& stream,
                                           const Message& want,
                                           Wanted& wanted) {
  const alone::Piece asked = alone::Piece::get(want.body.data());
  const uint32_t count = alone::get32(want.body.data() + alone::Piece::kBytes);
  const uint32_t most = static_cast<uint32_t>(out_.size()) - alone::kPieceAt;
  if (asked.offset > stream.size() || count > stream.size() - asked.offset ||
      count > alone::kWindow * most) {
    throw Error(Exit::kCorrupt,
                name_ + " asks for bytes that its input does not have: " +
                    std::to_string(count) + " at " +
                    std::to_string(asked.offset) + " of " +
                    std::to_string(stream.size()));
  }
  const Heard what = wanted.take(asked.offset);
  if (what == Heard::kNothingNew &&
      (asked.offset < wanted.from || !may_lack_bytes_)) {
    return what;
  }
  may_lack_bytes_ = !is_ambiguous_;
  const uint32_t frame = want.head.frame;
  std::vector<uint8_t> body;
  for (uint32_t done = 0; done < count;) {
    const uint32_t some = std::min(most, count - done);
    body.resize(alone::Piece::kBytes + some);
    alone::Piece{asked.stream, 0, asked.offset + done}.put(body.data());
    std::copy_n(stream.begin() + asked.offset + done, some,
                body.begin() + alone::Piece::kBytes);
    send(alone::MessageType::kInput, frame, body);
    done += some;
  }
  return what;
}

// A command that was interrupted leaves the board to itself: it is free after
// some seconds of silence.
bool AloneClient::waits_for_other(const Message& m, uint64_t& busy_since) {
  constexpr uint64_t kPatienceUs = alone::kSilenceUs + 1'000'000;
  constexpr uint64_t kBetweenUs = 200'000;
  if (m.body.empty() ||
      static_cast<alone::Code>(m.body[0]) != alone::Code::kOtherComputer) {
    return false;
  }
  const shoal_transport& t = transport_.transport();
  const uint64_t now = t.now_us(t.user);
  if (busy_since == 0) busy_since = now;
  if (now - busy_since >= kPatienceUs) return false;
  transport_.wait(now + kBetweenUs);
  return true;
}

// None: its bytes were damaged on their way.
std::optional<AloneClient::Answer> AloneClient::try_run(
    const AloneFacts& facts, const NodeRows& inputs,
    const std::vector<size_t>& output_bytes, uint8_t flags) {
  std::vector<std::vector<uint8_t>> streams;
  for (const auto& input : inputs) streams.push_back(with_check(input));
  std::vector<uint8_t> ask = {flags, facts.network};
  ask.insert(ask.end(), facts.program.begin(), facts.program.end());
  ask.resize(ask.size() + 4);
  size_t bytes = 0;
  for (const auto& input : inputs) bytes += input.size();
  alone::put32(ask.data() + ask.size() - 4, static_cast<uint32_t>(bytes));

  Answer answer;
  answer.outputs.resize(output_bytes.size());
  bool damaged = false;
  uint64_t busy_since = 0;
  const uint32_t frame = ++frame_;
  const auto is_complete = [&] {
    for (size_t o = 0; o < output_bytes.size(); ++o) {
      if (answer.outputs[o].size() < output_bytes[o] + alone::kCheckBytes) {
        return false;
      }
    }
    return true;
  };
  const auto take_output = [&](const Message& m) {
    if (m.body.size() < alone::Piece::kBytes) return Heard::kNothingNew;
    const alone::Piece piece = alone::Piece::get(m.body.data());
    if (piece.stream >= output_bytes.size()) return Heard::kNothingNew;
    std::vector<uint8_t>& to = answer.outputs[piece.stream];
    const auto some = m.body.subspan(alone::Piece::kBytes);
    const size_t most = output_bytes[piece.stream] + alone::kCheckBytes;
    Heard what = Heard::kNothingNew;
    if (piece.offset == to.size() && some.size() <= most - to.size()) {
      to.insert(to.end(), some.begin(), some.end());
      if (!some.empty()) what = Heard::kNews;
    }
    if (piece.asks == 0) return what;
    uint8_t taken[alone::Piece::kBytes];
    alone::Piece{piece.stream, 0, static_cast<uint32_t>(to.size())}.put(taken);
    send(alone::MessageType::kTaken, frame, taken);
    return what;
  };
  std::vector<Wanted> wanted(streams.size());
  talk(alone::MessageType::kFrame, frame, ask, [&](const Message& m) {
    switch (m.head.type) {
      case alone::MessageType::kWant: {
        if (m.body.size() < alone::Piece::kBytes + 4) break;
        const uint8_t input = m.body[0];
        if (input >= streams.size()) break;
        return send_input(streams[input], m, wanted[input]);
      }
      case alone::MessageType::kOutput:
        return take_output(m);
      case alone::MessageType::kEnd:
        if (m.body.size() < alone::kEndBytes - alone::Head::kBytes) break;
        if (!is_complete()) {
          throw Error(Exit::kCorrupt,
                      name_ + " ended a frame before all outputs were there");
        }
        answer.board_us = alone::get32(m.body.data()) |
                          uint64_t{alone::get32(m.body.data() + 4)} << 32;
        return Heard::kEnd;
      case alone::MessageType::kSaid:
        if (waits_for_other(m, busy_since)) return Heard::kNews;
        damaged = m.body.size() > 0 && static_cast<alone::Code>(m.body[0]) ==
                                           alone::Code::kDamagedInput;
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
  for (auto& output : answer.outputs) {
    const size_t size = output.size() - alone::kCheckBytes;
    const uint32_t check = alone::get32(output.data() + size);
    output.resize(size);
    if (crc32c(0, output.data(), static_cast<uint32_t>(size)) == check) {
      continue;
    }
    if (!facts.variables) return std::nullopt;
    // The variables have moved on: the frame cannot be run again.
    throw Error(Exit::kCorrupt,
                name_ +
                    ": an output was damaged on its way, and the model "
                    "keeps variables",
                "send the sequence again");
  }
  return answer;
}

}  // namespace shoal
