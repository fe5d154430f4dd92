#include "host/engine/recovery/peer_mirror.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "device/agent/session_wire.h"
#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/base/text_bytes.h"
#include "host/engine/recovery/sequence_record.h"
#include "host/engine/workers/drive.h"

namespace shoal {
namespace {

constexpr size_t kIdDigits = 16;
constexpr int64_t kMostBytes = int64_t{UINT16_MAX} * kAlign;

struct KeptSequence {
  std::string id, key;
  KnownSequence sequence;
  int64_t end() const { return sequence.frames + std::ssize(sequence.since); }
};

// Returns the record at `at` with its body, unless it is not whole.
std::optional<SequenceRecordHead> whole_record(std::span<const uint8_t> bytes,
                                               size_t at) {
  const auto head = sequence_head_at(bytes, at);
  if (!head) return std::nullopt;
  const auto body = bytes.subspan(at + sizeof *head);
  if (head->text_bytes > body.size() ||
      head->bytes > body.size() - head->text_bytes ||
      sequence_check(body.first(head->text_bytes + head->bytes)) !=
          head->body_check) {
    return std::nullopt;
  }
  return head;
}

// Bytes behind the last record are of an earlier time.
std::optional<KeptSequence> read_half(std::span<const uint8_t> bytes) {
  auto head = whole_record(bytes, 0);
  if (!head || head->kind != kSequenceCopy || head->frame < 0 ||
      head->frame > INT64_MAX / 2 || head->text_bytes < kIdDigits + 2) {
    return std::nullopt;
  }
  KeptSequence kept;
  const auto* const text =
      reinterpret_cast<const char*>(bytes.data()) + sizeof *head;
  kept.id.assign(text, kIdDigits);
  kept.key.assign(text + kIdDigits + 1, head->text_bytes - kIdDigits - 1);
  kept.sequence.frames = head->frame;
  size_t at = 0;
  for (;;) {
    const auto body = bytes.subspan(at + sizeof *head + head->text_bytes,
                                    static_cast<size_t>(head->bytes));
    if (at == 0) {
      kept.sequence.values.assign(body.begin(), body.end());
    } else {
      kept.sequence.since.push_back({{}, {body.begin(), body.end()}});
    }
    at += sizeof *head + head->text_bytes + static_cast<size_t>(head->bytes);
    head = whole_record(bytes, at);
    if (!head || head->kind != kSequenceFrame || head->frame != kept.end()) {
      return kept;
    }
  }
}

std::string name_in(const std::string& key) {
  return printable(key.substr(key.find(' ') + 1));
}

std::vector<uint8_t> bytes_of_request(const KeepRequest& r) {
  std::vector<uint8_t> data(sizeof r);
  std::memcpy(data.data(), &r, sizeof r);
  return data;
}

}  // namespace

int64_t PeerMirror::arena_bytes(const std::string& key, int64_t values,
                                int64_t input, int every) {
  constexpr int64_t kHead = sizeof(SequenceRecordHead);
  const int64_t text =
      std::ssize(key) + std::ssize(std::string(" ")) + int64_t{kIdDigits};
  const int64_t half = kHead + text + values + every * (kHead + input);
  return 2 * ((half + kAlign - 1) / kAlign * kAlign);
}

PeerMirror::PeerMirror(WorkerCluster& workers, std::string key, int64_t bytes)
    : workers_(workers),
      key_(std::move(key)),
      bytes_(static_cast<uint32_t>(std::min(bytes, kMostBytes))) {
  if (bytes > kMostBytes) {
    throw Error(Exit::kDoesNotFit,
                "nodes keep at most " + format_bytes(kMostBytes) +
                    " of a sequence, and this one needs " + format_bytes(bytes),
                "--state peers with fewer frames from one copy to the next");
  }
  uint64_t number = 0;
  workers_.options().config.entropy(
      {reinterpret_cast<uint8_t*>(&number), sizeof number});
  id_ = fmt::format("{:016x}", number);
}

uint32_t PeerMirror::payload(int worker) const {
  return std::min<uint32_t>(
      workers_.coordinator().identity(worker).facts.max_payload,
      workers_.transport().transport().max_payload);
}

void PeerMirror::ask(int worker, std::vector<uint8_t> data,
                     std::function<void(std::span<const uint8_t>)> answer) {
  ++open_;
  workers_.coordinator().ask(
      worker, Request::kKeep, std::move(data),
      [this, worker, answer](Reply reply, std::span<const uint8_t> bytes) {
        --open_;
        if (reply == Reply::kOk) return answer(bytes);
        const std::string name = workers_.coordinator().identity(worker).name;
        throw Error(
            Exit::kNode,
            "node " + name + " does not keep the sequence: " + because(reply),
            reply == Reply::kMalformed
                ? "use the same version of shoal on both sides"
                : "");
      });
}

// Signals are seen when the frame has its answer: a node that is lost meanwhile
// ends the wait.
void PeerMirror::wait() {
  drive(workers_.coordinator(), workers_.transport(), nullptr,
        [this] { return open_ == 0; });
}

void PeerMirror::put(int worker, uint32_t offset,
                     std::span<const uint8_t> bytes) {
  const size_t most = payload(worker) - kKeepHeadBytes - kTagBytes;
  for (size_t at = 0; at < bytes.size(); at += most) {
    const auto some = bytes.subspan(at, std::min(most, bytes.size() - at));
    std::vector<uint8_t> data =
        bytes_of_request({bytes_, offset + static_cast<uint32_t>(at), 0});
    data.insert(data.end(), some.begin(), some.end());
    ask(worker, std::move(data), [](std::span<const uint8_t>) {});
  }
}

void PeerMirror::resize(int worker, uint32_t bytes) {
  ask(worker, bytes_of_request({bytes, 0, 0}), [](std::span<const uint8_t>) {});
}

std::vector<uint8_t> PeerMirror::read(int worker) {
  constexpr uint32_t kAround =
      sizeof(SessionHead) + sizeof(ReplyHead) + sizeof(uint32_t) + kTagBytes;
  const uint32_t most = payload(worker) - kAround;
  std::vector<uint8_t> all;
  uint32_t kept = 1;  // one byte at least shows how many there are
  for (uint32_t at = 0; at < kept;) {
    const uint32_t count = std::min(most, kept - at);
    ask(worker, bytes_of_request({0, at, count}),
        [&](std::span<const uint8_t> said) {
          uint32_t now = 0;
          if (said.size() >= sizeof now) {
            std::memcpy(&now, said.data(), sizeof now);
          }
          if (now != kept) all.clear(), at = 0;
          if (now == kept && said.size() == sizeof now + count) {
            all.insert(all.end(), said.begin() + sizeof now, said.end());
            at += count;
          } else if (now == kept) {
            now = 0;
          }
          kept = now;
        });
    wait();
  }
  return all;
}

std::optional<KnownSequence> PeerMirror::find() {
  open_ = 0;
  std::optional<KeptSequence> best;
  std::set<std::string> ids, others;
  std::string where;
  const auto& seats = workers_.seats();
  for (size_t i = 0; i < seats.size(); ++i) {
    const std::vector<uint8_t> all = read(static_cast<int>(i));
    const std::span<const uint8_t> bytes = all;
    std::optional<KeptSequence> of_node;
    for (const uint32_t number : {0u, 1u}) {
      std::optional<KeptSequence> kept =
          read_half(bytes.subspan(number * (all.size() / 2), all.size() / 2));
      if (!kept) continue;
      if (kept->key != key_) {
        others.insert(name_in(kept->key));
        continue;
      }
      ids.insert(kept->id);
      if (of_node && of_node->end() >= kept->end()) continue;
      of_node = std::move(kept);
      if (all.size() == bytes_) {
        halves_[seats[i].address.address] = number;
      }
    }
    if (!of_node) continue;
    where += (where.empty() ? "" : " and ") + seats[i].address.name;
    if (!best || best->end() < of_node->end()) best = std::move(of_node);
  }
  if (ids.size() > 1) {
    throw Error(Exit::kUsage,
                "nodes " + where + " keep two sequences of this model",
                "start the nodes again whose sequence is not wanted");
  }
  if (best) {
    id_ = best->id;
    return std::move(best->sequence);
  }
  if (!workers_.absent().empty() && !workers_.is_whole()) {
    const WorkerAddress& absent = workers_.absent().front().address;
    throw Error(Exit::kNode,
                "no node keeps the sequence, and node " + absent.text() +
                    ", which may keep it, is not there",
                "start it, or leave it out to begin with frame 0");
  }
  for (const std::string& name : others) {
    workers_.tell("warning: nodes kept the sequence of another model, " + name +
                  "; it is dropped");
  }
  return std::nullopt;
}

void PeerMirror::begin_epoch(int64_t frames, std::span<const uint8_t> values,
                             const std::deque<SequenceFrame>& since,
                             size_t count) {
  open_ = 0;
  peers_.clear();
  const auto& seats = workers_.seats();
  for (size_t i = 0; i < std::min(seats.size(), kPeers); ++i) {
    peers_.push_back({static_cast<int>(i), seats[i].address.address});
  }
  write(frames, values, since, count);
  // A copy that is not renewed would be an old one.
  for (size_t i = kPeers; i < seats.size(); ++i) {
    halves_.erase(seats[i].address.address);
    resize(static_cast<int>(i), 0);
  }
  wait();
}

// One after the other, so that one of them always has a copy that is whole.
void PeerMirror::write(int64_t frames, std::span<const uint8_t> values,
                       const std::deque<SequenceFrame>& since, size_t count) {
  std::string all =
      sequence_record(kSequenceCopy, frames, id_ + " " + key_, values);
  end_ = frames;
  for (size_t i = 0; i < count; ++i) {
    all += sequence_record(kSequenceFrame, end_++, {}, since[i].input);
  }
  if (all.size() > half()) {
    throw Error(Exit::kInternal, "a sequence is larger than was planned");
  }
  for (Peer& peer : peers_) {
    const auto known = halves_.find(peer.address);
    const bool is_known = known != halves_.end();
    if (!is_known) resize(peer.worker, 0);
    const uint32_t next = is_known ? 1 - known->second : 0;
    put(peer.worker, next * half(), bytes_of(all));
    wait();
    halves_[peer.address] = next;
    peer.used = static_cast<uint32_t>(all.size());
  }
}

void PeerMirror::add(const SequenceFrame& frame) {
  open_ = 0;
  const std::string record =
      sequence_record(kSequenceFrame, end_, {}, frame.input);
  for (Peer& peer : peers_) {
    if (record.size() > half() - peer.used) {
      throw Error(Exit::kInternal, "a sequence is larger than was planned");
    }
    put(peer.worker, halves_[peer.address] * half() + peer.used,
        bytes_of(record));
    peer.used += static_cast<uint32_t>(record.size());
  }
  wait();
  ++end_;
}

void PeerMirror::renew(int64_t frames, std::span<const uint8_t> values) {
  open_ = 0;
  if (frames != end_) {
    throw Error(Exit::kInternal, "a copy of a sequence lacks frames");
  }
  write(frames, values, {}, 0);
}

std::string PeerMirror::peers_text() const {
  std::string text;
  for (const Peer& peer : peers_) {
    text += (text.empty() ? "" : " and ") +
            workers_.seats()[static_cast<size_t>(peer.worker)].address.name;
  }
  return text;
}

}  // namespace shoal
