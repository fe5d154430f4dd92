#include "host/cli/serve.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/memory.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/cli/common.h"
#include "host/cli/file_names.h"
#include "host/cli/flags.h"
#include "host/cli/open_engine.h"
#include "host/cli/output.h"
#include "host/cli/serve_replicas.h"
#include "host/cli/service_token.h"
#include "host/cli/store_flags.h"
#include "host/engine/workers/stop_signals.h"
#include "host/serve/desk_turns.h"
#include "host/serve/wakeup.h"

namespace shoal {
namespace {

constexpr const char* kUsualAddress = "127.0.0.1:8080";

bool is_pending(int signal) {
  sigset_t pending;
  return sigpending(&pending) == 0 && sigismember(&pending, signal) == 1;
}

void close_all(const ServedModels& models) {
  for (FrameService* const m : models) m->desk().close();
}

// Closes the desks when a signal asks for the end, whatever the engine does.
class SignalWatch {
 public:
  SignalWatch(const StopSignals& signals, const ServedModels& models)
      : thread_([this, &signals, models] {
          pollfd p[] = {{signals.descriptor(), POLLIN, 0},
                        {end_.descriptor(), POLLIN, 0}};
          while (poll(p, 2, -1) < 0) {
          }
          if (p[1].revents == 0) close_all(models);
        }) {}
  ~SignalWatch() {
    end_.set();
    thread_.join();
  }
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  const Wakeup end_;
  std::thread thread_;
};

struct ServicePlaces {
  HttpPlace http;  // without an address: none
  int64_t body_bytes = 0;
};

// Looks at all that can be wrong before anything is planned.
ServicePlaces places_of(const ServeFlags& flags) {
  ServicePlaces p;
  std::string& http = p.http.address;
  http = flags.http;
  check_mqtt(flags.mqtt);
  if (http.empty() && flags.frames_from.empty() && flags.folder.empty() &&
      flags.mqtt.address.empty()) {
    http = kUsualAddress;
  }
  p.body_bytes = parse_size(flags.max_body, "--max-body");
  const bool has_tls = !flags.http_cert.empty();
  if (http.empty()) {
    const bool asked = !flags.token.empty() || flags.no_token || has_tls;
    if (!asked) return p;
    throw Error(Exit::kUsage,
                has_tls ? "--http-cert is for --http"
                        : "--token and --no-token are for --http",
                "leave them out, or give --http HOST:PORT");
  }
  if (!has_http()) {
    throw Error(Exit::kUnsupported,
                std::string(has_tls ? "--http-cert: " : "") +
                    "this shoal was built without HTTP",
                "install cpp-httplib (libcpp-httplib-dev) and build it again, "
                "or --frames-from, --watch-folder");
  }
  p.http.token = service_token(flags.token);
  p.http.certificate = flags.http_cert;
  p.http.key = flags.http_key;
  check_tls(p.http);
  if (p.http.token.empty() && !is_loopback(http) && !flags.no_token) {
    throw Error(Exit::kUsage,
                "--http " + http +
                    ": other computers reach this address, and no token is set",
                "--token FILE, or --no-token to let all of them in");
  }
  return p;
}

// Nodes that are opened may lose what they keep.
void check_peers(const ServeFlags& flags) {
  if (!sequence_copies(flags.cluster.state).at_peers) return;
  if (!flags.folder.empty() || !flags.mqtt.address.empty()) {
    throw Error(Exit::kUsage,
                "--state peers: a folder or broker may give a frame twice, "
                "and nodes keep no names of frames",
                "--state mirror:FRAMES:FILE");
  }
  if (flags.replicas || !flags.cluster.spares.empty()) {
    const std::string other = flags.replicas ? "--replicas" : "--spares";
    throw Error(Exit::kUsage,
                "--state peers does not go with " + other +
                    ": the sequence may be on a node that was not asked",
                "leave out " + other + ", or --state mirror:FRAMES:FILE");
  }
}

// Frames are one sequence if the user says what becomes of it with a node.
void check_variables(const Engine& engine, const ServeFlags& flags) {
  const std::string name = engine.graph().name;
  if (flags.replicas && engine.keeps_variables()) {
    throw Error(Exit::kUsage,
                "--replicas: " + name +
                    " keeps variables from frame to frame, so one worker has "
                    "to run them all",
                "leave out --replicas, or name one worker");
  }
  const SequenceCopies copies = sequence_copies(flags.cluster.state);
  if (!engine.keeps_variables()) {
    if (!copies.outlive()) return;
    throw Error(Exit::kUsage,
                "--state " + printable(flags.cluster.state) + ": " + name +
                    " keeps no variables from frame to frame",
                "leave it out");
  }
  if (flags.cluster.state.empty()) {
    throw Error(Exit::kUsage,
                name +
                    " keeps variables from frame to frame, and a service runs "
                    "each frame by itself",
                "--state mirror or lose, if all frames that come are one "
                "sequence, or `shoal run --stream` with the frames in one "
                "file");
  }
  if (copies.every == 0 && !flags.models.empty()) {
    throw Error(Exit::kUsage,
                name +
                    " keeps variables from frame to frame, which nodes lose "
                    "when they turn to another model",
                "--state mirror, or a service of this model alone");
  }
}

// A model, and all that its frames need.
struct ServedModel {
  ServedModel(std::string of, EngineFlags engine_flags, ResultFlags flags)
      : name(std::move(of)),
        results_flags(std::move(flags)),
        opening(std::move(engine_flags)) {}

  void open(const std::string& path, const ServeFlags& flags) {
    std::vector<std::string> labels = read_labels(results_flags.labels);
    if (labels.empty()) labels = opening.labels();
    if (labels.empty() && !path.empty()) labels = model_labels(path);
    engine = opening.open(labels);
    check_variables(*engine, flags);
    results.emplace(results_flags, flags.pictures, engine->graph(),
                    opening.detection(), labels,
                    lock_request(flags.plan, "serve"));
    desk.emplace(static_cast<size_t>(flags.queue), engine->sequence_frames());
    frames.emplace(name, *desk, *results, engine->graph(),
                   input_options(flags.pictures));
  }

  const std::string name;
  const ResultFlags results_flags;
  EngineOpening opening;
  std::unique_ptr<Engine> engine;
  std::optional<Results> results;
  std::optional<FrameDesk> desk;
  std::optional<FrameService> frames;
};

std::pair<std::string, std::string> named_model(const std::string& text) {
  const size_t sign = text.find('=');
  const std::string name = text.substr(0, sign);
  const auto fits = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  };
  if (sign == std::string::npos || name.empty() || name.size() > 64 ||
      sign + 1 == text.size() || !std::ranges::all_of(name, fits)) {
    throw Error(Exit::kUsage, "--model " + text + ": it is not NAME=MODEL",
                "a name of letters, digits, - _ and ., such as --model "
                "digits=digits.tflite");
  }
  return {name, text.substr(sign + 1)};
}

// All are opened one after another; those on workers have the same ones, or
// are replicas of one.
std::vector<std::unique_ptr<ServedModel>> open_models(
    const ServeFlags& flags, std::optional<ReplicaEngines>& replicas) {
  std::vector<std::pair<std::string, std::string>> wanted;
  for (const std::string& text : flags.models) {
    wanted.push_back(named_model(text));
    for (size_t i = 0; i + 1 < wanted.size(); ++i) {
      if (wanted[i].first != wanted.back().first) continue;
      throw Error(Exit::kUsage,
                  "--model: two models are named " + wanted[i].first,
                  "another name for one of them");
    }
  }
  const PlanFlags& plan = flags.plan;
  if (!wanted.empty() &&
      (flags.model.empty() || !plan.plan.empty() || !plan.cuts.empty())) {
    throw Error(Exit::kUsage,
                "--model does not go with --store, --plan and --cuts, which "
                "are for one model",
                "leave them out");
  }
  const SequenceCopies copies = sequence_copies(flags.cluster.state);
  if (!wanted.empty() && copies.outlive()) {
    const bool has_file = !copies.file.empty();
    throw Error(
        Exit::kUsage,
        "--state " + printable(flags.cluster.state) + ": " +
            (has_file ? "a file keeps" : "nodes keep") +
            " the sequence of one model",
        has_file ? "leave out the file, or --model" : "leave out --model");
  }
  EngineFlags engine{.verb = "serve",
                     .model = flags.model,
                     .ends = flags.ends,
                     .plan = flags.plan,
                     .cluster = flags.cluster,
                     .floats = true,
                     .remote = true,
                     .serves = !flags.replicas};  // those are opened again
  // Other models of the service may have frames that are apart.
  engine.stream = wanted.empty() && !flags.cluster.state.empty();
  std::vector<std::unique_ptr<ServedModel>> models;
  if (flags.replicas) {
    replicas.emplace(engine);
    replicas->open([&](const EngineFlags& one) {
      models.clear();
      models.push_back(std::make_unique<ServedModel>("", one, flags.results));
      models[0]->open(flags.model, flags);
    });
    return models;
  }
  models.push_back(std::make_unique<ServedModel>("", engine, flags.results));
  ResultFlags others;
  others.top = flags.results.top;
  others.score = flags.results.score;
  engine.ends = {};
  engine.workers = models[0]->opening.workers();
  for (const auto& [name, path] : wanted) {
    engine.model = path;
    models.push_back(std::make_unique<ServedModel>(name, engine, others));
  }
  models[0]->open(flags.model, flags);
  for (size_t i = 0; i < wanted.size(); ++i) {
    models[i + 1]->open(wanted[i].second, flags);
  }
  return models;
}

// The nodes run the models in turns until all desks are closed and empty.
void serve_in_turns(const std::vector<std::unique_ptr<ServedModel>>& models) {
  std::vector<FrameDesk*> desks;
  for (const auto& m : models) desks.push_back(&*m->desk);
  DeskTurns turns(desks);
  for (std::optional<size_t> at = 0; at; at = turns.next()) {
    FrameDesk& desk = turns.desk(*at);
    DeskTurn turn(turns, *at);
    models[*at]->engine->serve(
        turn, [&](const Answer& a) { desk.take(a.output, a.frame); });
  }
}

class Service {
 public:
  Service(const ServeFlags& flags, const ServicePlaces& places,
          const ServedModels& models)
      : flags_(flags), places_(places), models_(models) {}

  void open() {
    if (!places_.http.address.empty()) {
      ++open_;
      http_ = std::make_unique<HttpServer>(
          places_.http,
          HttpLimits{places_.body_bytes, flags_.connections,
                     flags_.request_timeout},
          http_handler(models_, flags_.request_timeout));
    }
    const auto ended = [this](const Error* why) { place_ended(why); };
    // Counted first: one may end before the next has begun.
    for (const std::string* const place :
         {&flags_.frames_from, &flags_.folder, &flags_.mqtt.address}) {
      open_ += place->empty() ? 0 : 1;
    }
    if (!flags_.frames_from.empty()) {
      feeds_.push_back(feed_from_pipe(*models_[0], flags_.frames_from,
                                      flags_.prefixed, places_.body_bytes,
                                      ended));
    }
    if (!flags_.folder.empty()) {
      feeds_.push_back(feed_from_folder(*models_[0], flags_.folder,
                                        places_.body_bytes, ended));
    }
  }

  // After the address of HTTP: a broker may be slow, and says when it is there.
  void open_mqtt() {
    if (flags_.mqtt.address.empty()) return;
    feeds_.push_back(
        feed_from_mqtt(*models_[0], flags_.mqtt, places_.body_bytes,
                       [this](const Error* why) { place_ended(why); }));
  }

  void tell_where() const {
    if (!http_) return;
    const bool answers_here =
        !flags_.frames_from.empty() || !flags_.folder.empty();
    const std::string line = fmt::format(
        "listening on http{}://{}\n",
        places_.http.certificate.empty() ? "" : "s", http_->address());
    if (flags_.json) {
      const nlohmann::json where{{"listening", http_->address()}};
      say_json_text(where.dump() + "\n");
    } else if (answers_here) {
      tell("%s", line.c_str());  // answers are lines of JSON on stdout
    } else {
      say("%s", line.c_str());
    }
    flush_output();
  }

  // All frames have become something; tells the answers that are left. Throws
  // the error that ended a source.
  void close() {
    std::optional<Error> first;
    for (const auto& feed : feeds_) {
      const std::optional<Error> error = feed->end();
      if (error && !first) first = error;
    }
    http_.reset();
    if (first) throw Error(*first);
  }

 private:
  // The last one ends the service, which tells its error.
  void place_ended(const Error* why) {
    if (--open_ == 0) return close_all(models_);
    if (!why) return;
    models_[0]->place_ended(*why);
    tell("warning: %s; the service goes on without it\n", why->what());
  }

  const ServeFlags& flags_;
  const ServicePlaces& places_;
  const ServedModels& models_;
  std::atomic<int> open_ = 0;
  std::unique_ptr<HttpServer> http_;
  std::vector<std::unique_ptr<FrameFeed>> feeds_;
};

void tell_counts(const ServedModels& models) {
  for (const FrameService* const m : models) {
    const DeskCounts c = m->desk().counts();
    tell("%s: %s done, %s failed, %s refused, %s unreadable; %s run again\n",
         m->path().c_str(), format_count(c.done).c_str(),
         format_count(c.failed).c_str(), format_count(c.refused).c_str(),
         format_count(m->bad()).c_str(), format_count(c.repeats).c_str());
  }
  for (const std::string& why : models[0]->ended_places()) {
    tell("ended before the service: %s\n", why.c_str());
  }
}

void tell_limits(const ServeFlags& flags, const ServicePlaces& places,
                 const ServedModels& models) {
  int64_t bytes = 0;
  for (const FrameService* const m : models) {
    bytes += flags.queue * input_file_bytes(m->graph());
  }
  tell("at most %s of frames wait, %d of each model; a body has at most %s\n",
       format_bytes(bytes).c_str(), flags.queue,
       format_bytes(places.body_bytes).c_str());
}

}  // namespace

FrameService::FrameService(std::string name, FrameDesk& desk, Results& results,
                           const Graph& graph, InputOptions options)
    : name_(std::move(name)),
      desk_(desk),
      results_(results),
      graph_(graph),
      options_(std::move(options)) {}

void FrameService::place_ended(const Error& why) {
  const std::lock_guard lock(mutex_);
  ended_places_.emplace_back(why.what());
}

std::vector<std::string> FrameService::ended_places() const {
  const std::lock_guard lock(mutex_);
  return ended_places_;
}

Bytes FrameService::inputs(const std::string& name,
                           std::span<const uint8_t> body) {
  struct Turn {
    explicit Turn(std::counting_semaphore<>& s) : semaphore(s) { s.acquire(); }
    ~Turn() { semaphore.release(); }
    std::counting_semaphore<>& semaphore;
  };
  const Turn turn(decoding_);
  return with_memory_for("a frame's inputs", [&] {
    InputRemarks remarks;  // nobody reads them for each frame
    const bool said = has_values(name) || name.find('.') != std::string::npos;
    return said ? file_input(graph_, name, body, options_, &remarks)
                : unnamed_input(graph_, name.empty() ? "the body" : name, body,
                                options_, remarks);
  });
}

nlohmann::json FrameService::failure(const std::string& name, const Error& e) {
  nlohmann::json json;
  if (!name.empty()) json["input"] = name;
  json["error"] = error_json(e);
  return json;
}

nlohmann::json FrameService::answer(const std::string& name,
                                    const std::shared_ptr<const Bytes>& body,
                                    const FrameResult& result) {
  const std::string input =
      name.empty() ? "frame " + std::to_string(result.frame) : name;
  nlohmann::json json;
  if (result.failure) {
    json = failure(input, *result.failure);
  } else {
    const RunInput source{input, {}, [body]() -> std::optional<Picture> {
                            if (!body || !is_picture(*body)) return {};
                            return decode_picture(*body, "the body");
                          }};
    json = results_.json(results_.read(source, result.output));
  }
  json["frame"] = result.frame;
  json["repeats"] = result.repeats;
  json["seconds"] = result.seconds;
  return json;
}

int serve_command(const ServeFlags& flags) {
  if (flags.model.empty() && flags.plan.storage.store.empty()) {
    throw Error(Exit::kUsage, "MODEL is required",
                "see `shoal serve --help`; --store DIR of a built store does "
                "without");
  }
  check_files({{"MODEL", flags.model},
               {"--labels", flags.results.labels},
               {"--key", flags.cluster.key},
               {"--token", flags.token},
               {"--http-cert", flags.http_cert},
               {"--http-key", flags.http_key},
               {"--mqtt-login", flags.mqtt.login},
               {"--mqtt-ca", flags.mqtt.ca},
               {"--cluster", flags.plan.cluster.path},
               {"--cuts", flags.plan.cuts.path},
               {"--store-key", flags.plan.storage.key}},
              {});
  const ServicePlaces places = places_of(flags);
  check_peers(flags);
  if (flags.replicas) check_replicas(flags);
  // Before any thread: all of them leave signals to the watch.
  StopSignals signals;
  std::optional<ReplicaEngines> replicas;
  const auto opened = open_models(flags, replicas);
  ServedModels models;
  for (const auto& m : opened) models.push_back(&*m->frames);
  const SignalWatch watch(signals, models);
  Service service(flags, places, models);
  service.open();
  tell_limits(flags, places, models);
  service.tell_where();
  service.open_mqtt();
  std::optional<Error> broke;
  try {
    if (replicas) {
      replicas->serve(*opened[0]->engine, *opened[0]->desk);
    } else {
      serve_in_turns(opened);
    }
  } catch (const Error& e) {
    // A signal may end an engine that was connecting nodes.
    close_all(models);
    for (FrameService* const m : models) m->desk().fails(e);
    if (!signals.asked()) broke = e;
  }
  close_all(models);
  try {
    service.close();
  } catch (const Error& e) {
    if (!broke) broke = e;
  }
  // The engines of replicas have a worker each, whose notes say little of all.
  if (!replicas) {
    for (const std::string& note : opened[0]->engine->report().notes) {
      tell("%s\n", note.c_str());
    }
  }
  tell_counts(models);
  const bool unread = is_pending(SIGPIPE);
  if (signals.asked()) signals.take();  // before it acts, and nothing is told
  if (unread) raise(SIGPIPE);           // it acts when `signals` are gone
  if (broke) throw Error(*broke);
  return 0;
}

}  // namespace shoal
