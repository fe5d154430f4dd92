#include "host/engine/recovery/peer_mirror.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "device/agent/session_wire.h"
#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/base/text_bytes.h"
#include "host/engine/recovery/kept_sequence.h"
#include "host/engine/recovery/sequence_record.h"
#include "host/engine/workers/drive.h"

namespace shoal {
namespace {

// Two coordinators that know nothing of each other do not number an epoch
// alike.
constexpr int kDrawnBits = 16;
constexpr int64_t kMostBytes = int64_t{UINT16_MAX} * kAlign;

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
  constexpr int64_t kDigits = kSequenceIdDigits;
  const int64_t text = std::ssize(kept_text(std::string(kDigits, '0'), 0, key));
  const int64_t half =
      kHead + text + values + every * (kHead + kDigits + input);
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
  id_ = sequence_digits(number);
}

uint32_t PeerMirror::payload(int worker) const {
  const WorkerIdentity& node = workers_.coordinator().identity(worker);
  if (node.facts.max_payload < kLeastPayload) {
    throw Error(Exit::kNode, "node " + node.name + " says that it takes " +
                                 format_bytes(node.facts.max_payload) +
                                 " in a datagram, which is too little");
  }
  return std::min<uint32_t>(node.facts.max_payload,
                            workers_.transport().transport().max_payload);
}

// An answer may come when the mirror that asked has gone on or is gone.
void PeerMirror::ask(int worker, std::vector<uint8_t> data,
                     std::function<void(std::span<const uint8_t>)> answer) {
  ++*open_;
  workers_.coordinator().ask(
      worker, Request::kKeep, std::move(data),
      [open = open_, name = workers_.coordinator().identity(worker).name,
       answer = std::move(answer)](Reply reply,
                                   std::span<const uint8_t> bytes) {
        --*open;
        if (reply == Reply::kOk) return answer(bytes);
        throw Error(
            Exit::kNode,
            "node " + name + " does not keep the sequence: " + because(reply),
            reply == Reply::kMalformed
                ? "use the same version of shoal on both sides"
                : "");
      });
}

void PeerMirror::begin() { open_ = std::make_shared<size_t>(0); }

// Signals are seen when the frame has its answer: a node that is lost meanwhile
// ends the wait.
void PeerMirror::wait() {
  drive(workers_.coordinator(), workers_.transport(), nullptr,
        [this] { return *open_ == 0; });
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

std::vector<uint8_t> PeerMirror::say(int worker, uint32_t offset,
                                     uint32_t count) {
  const auto said = std::make_shared<std::vector<uint8_t>>();
  ask(worker, bytes_of_request({0, offset, count}),
      [said](std::span<const uint8_t> bytes) {
        said->assign(bytes.begin(), bytes.end());
      });
  wait();
  return *said;
}

uint32_t PeerMirror::kept(int worker) {
  const std::vector<uint8_t> said = say(worker, 0, 1);
  uint32_t kept = 0;
  if (said.size() >= sizeof kept) std::memcpy(&kept, said.data(), sizeof kept);
  if (said.size() != sizeof kept + std::min(kept, 1u) || kept > kMostBytes) {
    refuse_answer(worker);
  }
  return kept;
}

std::vector<uint8_t> PeerMirror::read(int worker, uint32_t kept,
                                      uint32_t offset, uint32_t bytes) {
  constexpr uint32_t kAround =
      sizeof(SessionHead) + sizeof(ReplyHead) + sizeof(uint32_t) + kTagBytes;
  const uint32_t most = payload(worker) - kAround;
  std::vector<uint8_t> all;
  while (all.size() < bytes) {
    const auto at = static_cast<uint32_t>(all.size());
    const uint32_t count = std::min(most, bytes - at);
    const std::vector<uint8_t> said = say(worker, offset + at, count);
    if (said.size() != sizeof kept + count ||
        std::memcmp(said.data(), &kept, sizeof kept) != 0) {
      refuse_answer(worker);
    }
    all.insert(all.end(), said.begin() + sizeof kept, said.end());
  }
  return all;
}

void PeerMirror::refuse_answer(int worker) const {
  throw Error(Exit::kNode,
              "node " + workers_.coordinator().identity(worker).name +
                  " gives a wrong answer about what it keeps",
              "use the same version of shoal on both sides");
}

void PeerMirror::refuse_other(const KeptSequence& other,
                              const std::string& node) const {
  const std::string name = name_in(other.key);
  throw Error(Exit::kUsage,
              "node " + node + " keeps the sequence of another model" +
                  (name == name_in(key_) ? " of the name " : ", ") + name,
              "serve that model, or start the node again to end its sequence");
}

std::optional<KnownSequence> PeerMirror::find() {
  begin();
  std::optional<KeptSequence> best;
  std::set<std::string> ids;
  std::string where;
  const auto& seats = workers_.seats();
  for (size_t i = 0; i < seats.size(); ++i) {
    const int worker = static_cast<int>(i);
    const uint32_t count = kept(worker);
    const std::vector<uint8_t> all = read(worker, count, 0, count);
    const std::span<const uint8_t> bytes = all;
    const std::string& name = seats[i].address.name;
    std::optional<KeptSequence> of_node;
    for (const uint32_t number : {0u, 1u}) {
      std::optional<KeptSequence> copy =
          read_half(bytes.subspan(number * (all.size() / 2), all.size() / 2));
      if (!copy) continue;
      if (copy->key != key_) refuse_other(*copy, name);
      if (count != bytes_) {
        throw Error(Exit::kUsage,
                    "node " + name + " keeps the sequence in " +
                        format_bytes(count) + ", and --state takes " +
                        format_bytes(bytes_),
                    "--state peers with as many frames as before");
      }
      ids.insert(copy->id);
      if (of_node && of_node->age() >= copy->age()) continue;
      of_node = std::move(copy);
      halves_[seats[i].address.address] = number;
    }
    if (!of_node) continue;
    where += (where.empty() ? "" : " and ") + name;
    if (!best || best->age() < of_node->age()) best = std::move(of_node);
  }
  if (ids.size() > 1) {
    throw Error(
        Exit::kUsage,
        (where.find(" and ") != where.npos ? "nodes " + where + " keep"
                                           : "node " + where + " keeps") +
            " two sequences of this model",
        "start the nodes again whose sequence is not wanted");
  }
  for (const WorkerCluster::Seat& absent : workers_.absent()) {
    const std::string node = "node " + absent.address.text();
    if (!best) {
      throw Error(Exit::kNode,
                  "no node keeps the sequence, and " + node +
                      ", which may keep it, is not there",
                  "start it, or leave it out to begin with frame 0");
    }
    workers_.tell(
        "warning: " + node +
        ", which may keep a later copy of the sequence, is not there");
  }
  if (!best) return std::nullopt;
  id_ = best->id;
  epoch_ = found_ = best->epoch;
  return std::move(best->sequence);
}

bool PeerMirror::is_overtaken() {
  begin();
  const auto text = static_cast<uint32_t>(kept_text(id_, 0, key_).size());
  constexpr uint32_t kHead = sizeof(SequenceRecordHead);
  for (size_t i = 0; i < workers_.seats().size(); ++i) {
    const int worker = static_cast<int>(i);
    if (kept(worker) != bytes_) continue;
    for (const uint32_t number : {0u, 1u}) {
      const std::vector<uint8_t> first =
          read(worker, bytes_, number * half(), kHead + text);
      const auto head = sequence_head_at(first, 0);
      if (!head || head->kind != kSequenceCopy || head->text_bytes != text) {
        continue;
      }
      const auto copy = parse_kept_text({first.begin() + kHead, first.end()});
      if (copy && copy->id == id_ && copy->epoch > found_ &&
          !own_.contains(copy->epoch)) {
        return true;
      }
    }
  }
  return false;
}

void PeerMirror::begin_epoch(int64_t frames, std::span<const uint8_t> values,
                             const std::deque<SequenceFrame>& since,
                             size_t count) {
  begin();
  uint16_t drawn = 0;
  workers_.options().config.entropy(
      {reinterpret_cast<uint8_t*>(&drawn), sizeof drawn});
  epoch_ = (((epoch_ >> kDrawnBits) + 1) << kDrawnBits) + drawn;
  own_.insert(epoch_);
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

std::string PeerMirror::frame_record(const SequenceFrame& frame) const {
  return sequence_record(kSequenceFrame, end_, sequence_digits(epoch_),
                         frame.input);
}

// One after the other, so that one of them always has a copy that is whole. The
// head comes last: a later copy that lacks frames would hide an earlier one.
void PeerMirror::write(int64_t frames, std::span<const uint8_t> values,
                       const std::deque<SequenceFrame>& since, size_t count) {
  std::string all = sequence_record(kSequenceCopy, frames,
                                    kept_text(id_, epoch_, key_), values);
  end_ = frames;
  for (size_t i = 0; i < count; ++i) {
    all += frame_record(since[i]);
    ++end_;
  }
  if (all.size() > half()) {
    throw Error(Exit::kInternal, "a sequence is larger than was planned");
  }
  for (Peer& peer : peers_) {
    const auto known = halves_.find(peer.address);
    const bool is_known = known != halves_.end();
    if (!is_known) resize(peer.worker, 0);
    const uint32_t next = is_known ? 1 - known->second : 0;
    constexpr uint32_t kHead = sizeof(SequenceRecordHead);
    const std::span<const uint8_t> bytes = bytes_of(all);
    const std::vector<uint8_t> none(kHead);
    put(peer.worker, next * half(), none);
    wait();
    put(peer.worker, next * half() + kHead, bytes.subspan(kHead));
    wait();
    put(peer.worker, next * half(), bytes.first(kHead));
    wait();
    halves_[peer.address] = next;
    peer.used = static_cast<uint32_t>(all.size());
  }
}

void PeerMirror::add(const SequenceFrame& frame) {
  begin();
  const std::string record = frame_record(frame);
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
  begin();
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
