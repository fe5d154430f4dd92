#include "host/probe/probe.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "host/base/error.h"
#include "host/base/hex.h"
#include "host/engine/common/prepare.h"
#include "host/engine/workers/drive.h"
#include "host/oracle/int8/oracle.h"
#include "host/plan/text/does_not_fit.h"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

double us_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start)
      .count();
}

constexpr int kFrames = 4;  // of each shape
constexpr int kMostRoundTrips = 20;
constexpr double kRoundTripsUs = 500'000;  // of each size
constexpr double kSlowUs = 5'000;  // a round trip of a serial line or a board

// One session with the node, given back at its end.
class Session {
 public:
  Session(const ProbeOptions& options, const StopSignals& signals)
      : transport_(*options.transport),
        signals_(signals),
        coordinator_(options.config) {
    coordinator_.connect({options.address});
    until([this] { return coordinator_.connected(); });
    stop_.emplace(coordinator_, transport_);
  }

  Coordinator& coordinator() { return coordinator_; }
  void until(const std::function<bool()>& done) {
    drive_on(coordinator_, transport_, signals_, done);
  }

  struct Answer {
    Reply reply = Reply::kOk;
    std::vector<uint8_t> data;
  };
  Answer ask(Request request, std::vector<uint8_t> data) {
    std::optional<Answer> answer;
    coordinator_.ask(0, request, std::move(data),
                     [&](Reply reply, std::span<const uint8_t> said) {
                       answer = Answer{reply, {said.begin(), said.end()}};
                     });
    until([&] { return answer.has_value(); });
    return std::move(*answer);
  }
  // Says whether the next run is metered, and returns the answer about the last
  // one.
  Answer meter(bool wanted) {
    const MeterRequest request{wanted ? 1u : 0u};
    std::vector<uint8_t> data(sizeof request);
    std::memcpy(data.data(), &request, sizeof request);
    return ask(Request::kMeter, std::move(data));
  }

 private:
  const HostTransport& transport_;
  const StopSignals& signals_;
  Coordinator coordinator_;
  std::optional<StopAtEnd> stop_;  // of what has begun
};

class Prober {
 public:
  Prober(ProbeOptions options, const StopSignals& signals)
      : options_(std::move(options)), signals_(signals) {
    options_.config.trials = true;
    report_.address = options_.address.label;
  }

  ProbeReport run() {
    {
      Session session(options_, signals_);
      report_.identity = session.coordinator().identity(0);
      options_.config.hint = {};  // said once
      lower_payload();
      tell_of_program();
      tell("measuring the link");
      measure_round_trips(session);
    }
    board_ = options_.board(report_.identity.board);
    for (const ProbeShape& shape : probe_shapes()) measure(shape);
    measure_rate();
    evaluate_probe(report_);
    return std::move(report_);
  }

 private:
  void tell(const std::string& what) const {
    if (options_.progress) options_.progress(what);
  }

  // The sessions that follow send no more than the node has room for.
  void lower_payload() {
    const uint32_t most = report_.identity.facts.max_payload;
    if (most < kLeastPayload) return;  // which its deployment refuses
    used_ = *options_.config.transport;
    used_.max_payload = std::min(used_.max_payload, most);
    options_.config.transport = &used_;
  }

  void tell_of_program() const {
    const IdentityAnswer& facts = report_.identity.facts;
    if (facts.program_bytes == 0 || is_built_in(facts)) return;
    tell("node " + report_.identity.name + " holds program " +
         to_hex(std::span(facts.program_hash).first(8)) +
         ", which this may replace; then `shoal run` sends it again");
  }

  // The question's length is the caller's; the node looks at its head alone.
  void measure_round_trips(Session& session) {
    const IdentityAnswer& facts = report_.identity.facts;
    const uint32_t payload = std::min<uint32_t>(
        facts.max_payload, options_.config.transport->max_payload);
    constexpr uint32_t kHeads =
        sizeof(SessionHead) + sizeof(RequestHead) + kTagBytes;
    const uint32_t most = payload - kHeads;
    for (const uint32_t bytes : {0u, most / 2, most}) {
      std::vector<double> took;
      const auto begin = Clock::now();
      while (took.size() < kMostRoundTrips &&
             (took.size() < 3 || us_since(begin) < kRoundTripsUs)) {
        const auto asked = Clock::now();
        session.ask(Request::kIdentity, std::vector<uint8_t>(bytes));
        took.push_back(us_since(asked));
      }
      std::ranges::sort(took);
      report_.link.asked += static_cast<int64_t>(took.size());
      report_.link.round_trips.push_back({kHeads + int64_t{bytes},
                                          static_cast<int>(took.size()),
                                          took[0], took[took.size() / 2]});
    }
    report_.link.asked_again = session.coordinator().report(0).resent;
  }

  bool is_slow() const {
    return report_.link.round_trips.back().median_us > kSlowUs;
  }

  // Half of the arena for a program that is tried in it. Other programs lie
  // where the board says: without mapped flash they are read from storage.
  Prepared prepared(Graph graph) const {
    const IdentityAnswer& facts = report_.identity.facts;
    ClusterNode node;
    node.name = report_.identity.name;
    node.address = report_.address;
    node.board = board_;
    node.rating = 1;
    node.sealed = report_.identity.wants_sealed;
    const bool trial = is_built_in(facts);
    if (trial) node.board.flash_mapped = true;
    node.ram = trial ? facts.arena_bytes / 2 : facts.arena_bytes;
    node.flash = trial ? facts.arena_bytes / 2 : facts.program_capacity;
    PlanRequest request = linked_nodes({{node}});
    request.max_payload = options_.config.transport->max_payload;
    Prepared p = shoal::prepare(std::move(graph), request, Images::kAll,
                                options_.config.key.data());
    check_no_storage(p.plan);
    return p;
  }

  // Returns the largest that fits, and does not take long to send.
  std::optional<Prepared> fitting(const ProbeShape& shape,
                                  std::string& missing) const {
    const int largest = static_cast<int>(
        is_slow() ? ProbeSize::kSmall
                  : (board_.emulator ? ProbeSize::kMedium : ProbeSize::kLarge));
    for (int size = largest; size >= 0; --size) {
      try {
        return prepared(shape.graph(static_cast<ProbeSize>(size)));
      } catch (const Error& e) {
        if (e.code() != Exit::kDoesNotFit) throw;
        missing = e.what();
      }
    }
    return std::nullopt;
  }

  void measure(const ProbeShape& shape) {
    tell(std::string("measuring ") + shape.name);
    ProbeResult& result = report_.results.emplace_back();
    result.shape = &shape;
    const std::optional<Prepared> p = fitting(shape, result.missing);
    if (!p) return;
    result.missing.clear();
    try {
      run(*p, result);
    } catch (const Error& e) {
      if (e.code() != Exit::kNode && e.code() != Exit::kUnsupported &&
          e.code() != Exit::kDoesNotFit) {
        throw;
      }
      if (signals_.asked()) throw;
      result.missing = e.what();
      result.meter.reset();
      // A node that has refused a program still answers; one that is lost does
      // not.
      try {
        const Session again(options_, signals_);
      } catch (const Error&) {
        throw e;
      }
    }
  }

  void run(const Prepared& p, ProbeResult& result) {
    const std::vector<uint8_t> input = probe_input(p.graph);
    const std::vector<uint8_t> here =
        model_output(p.graph, run_oracle(p.graph, input));
    const int frames = is_slow() ? 1 : kFrames;
    Session session(options_, signals_);
    Coordinator& c = session.coordinator();
    const bool metered = session.meter(true).reply == Reply::kOk;
    c.deploy(p);
    session.until([&] { return c.started(); });
    stream(session, input, frames, [&](const std::vector<uint8_t>& there) {
      if (!result.difference) result.difference = compare(there, here);
    });
    result.work = frames * probe_work(p.graph);
    if (!metered) return;
    const Session::Answer said = session.meter(false);
    if (said.reply == Reply::kOk) result.meter = parse_meter(said.data);
    if (!result.meter) {
      throw Error(
          Exit::kNode,
          "node " + report_.identity.name +
              ": it describes its counter in a way that cannot be right",
          "use the same version of shoal on both sides");
    }
  }

  static std::optional<ProbeResult::Difference> compare(
      const std::vector<uint8_t>& there, const std::vector<uint8_t>& here) {
    for (size_t i = 0; i < here.size(); ++i) {
      const int byte = i < there.size() ? there[i] : -1;
      if (byte != here[i]) return ProbeResult::Difference{i, byte, here[i]};
    }
    return std::nullopt;
  }

  double stream(
      Session& session, const std::vector<uint8_t>& input, int frames,
      const std::function<void(const std::vector<uint8_t>&)>& take) const {
    const auto next = [&]() -> std::optional<std::vector<uint8_t>> {
      if (frames-- == 0) return std::nullopt;
      return input;
    };
    return run_frames(session.coordinator(), *options_.transport, signals_,
                      next, take);
  }

  // Nodes that refuse its program are left at what round trips say.
  void measure_rate() {
    const bool runs =
        std::ranges::any_of(report_.results, [](const ProbeResult& r) {
          return r.missing.empty() && r.shape->name == std::string("mean");
        });
    if (!runs) return;
    tell("measuring the rate of rows");
    const Prepared p = prepared(link_graph(is_slow() ? 16 : 64));
    const std::vector<uint8_t> input = probe_input(p.graph);
    const int frames = is_slow() ? 2 : 8;
    Session session(options_, signals_);
    Coordinator& c = session.coordinator();
    c.deploy(p);
    session.until([&] { return c.started(); });
    size_t bytes = 0;
    const double seconds =
        stream(session, input, frames,
               [&](const std::vector<uint8_t>& t) { bytes += t.size(); });
    bytes += static_cast<size_t>(frames) * input.size();
    ProbeLink& link = report_.link;
    link.bytes_per_s = static_cast<double>(bytes) / seconds;
    const shoal_link_counters counted = c.counters();
    link.row_bytes = static_cast<int64_t>(counted.row_bytes);
    link.resent_bytes = static_cast<int64_t>(counted.resent_bytes);
  }

  ProbeOptions options_;
  shoal_transport used_{};
  const StopSignals& signals_;
  Board board_;
  ProbeReport report_;
};

}  // namespace

ProbeReport probe(ProbeOptions options, const StopSignals& signals) {
  return Prober(std::move(options), signals).run();
}

}  // namespace shoal
