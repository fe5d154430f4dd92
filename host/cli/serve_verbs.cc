#include "host/cli/serve_verbs.h"

#include <CLI/CLI.hpp>

namespace shoal {
namespace {

void add_sources(CLI::App* verb, ServeFlags& f) {
  verb->add_option("--http", f.http,
                   "Take frames by HTTP there; port 0: any [127.0.0.1:8080]");
  CLI::Option* const from =
      verb->add_option("--frames-from", f.frames_from,
                       "Take raw frames from a FIFO, a file or stdin (-)");
  verb->add_flag("--length-prefix", f.prefixed,
                 "Those are files, each behind its length (uint32)")
      ->needs(from);
  verb->add_option("--watch-folder", f.folder,
                   "Take the files that come into this folder");
}

// An empty name is that of a shell variable that is not set.
std::string names_a_file(const std::string& path) {
  return path.empty() ? "is empty: give a file" : "";
}

void add_tls(CLI::App* verb, ServeFlags& f) {
  CLI::Option* const certificate = verb->add_option(
      "--http-cert", f.http_cert,
      "Speak TLS on --http; certificate of this computer, PEM");
  CLI::Option* const key = verb->add_option("--http-key", f.http_key,
                                            "Key of that certificate, PEM");
  certificate->check(names_a_file);
  key->check(names_a_file);
  certificate->needs(key);
  key->needs(certificate);
}

void add_mqtt(CLI::App* verb, MqttFlags& f) {
  verb->add_option("--mqtt", f.address,
                   "Take frames from this MQTT broker (--mqtt-in, --mqtt-out)");
  verb->add_option("--mqtt-in", f.in, "Topic of frames, such as frames/#");
  verb->add_option("--mqtt-out", f.out,
                   "Topic of answers; what # stood for follows it");
  verb->add_option("--mqtt-login", f.login,
                   "File with USER:PASSWORD; else SHOAL_MQTT_LOGIN");
  verb->add_option("--mqtt-ca", f.ca,
                   "Speak TLS; certificate of the broker's authority");
  verb->add_option("--mqtt-spool", f.spool,
                   "Keep frames there until the broker has their answers");
}

void add_limits(CLI::App* verb, ServeFlags& f) {
  verb->add_option("--queue", f.queue,
                   "Most frames that wait; then senders are told to wait")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  verb->add_option("--max-body", f.max_body,
                   "Most bytes of a picture that is sent")
      ->capture_default_str();
  verb->add_option("--connections", f.connections,
                   "Most connections at a time by HTTP")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  verb->add_option("--request-timeout", f.request_timeout,
                   "Seconds to receive a request, and to answer it")
      ->capture_default_str()
      ->check(real_range(0.1, 86'400));
}

}  // namespace

void add_serve(CLI::App& app, ServeFlags& f, int& code) {
  CLI::App* const verb = add_verb(
      app, "serve", "Keep a model ready: frames by HTTP, MQTT, pipe or folder",
      "shoal serve model.tflite --workers 10.0.0.1:7000,10.0.0.2:7000\n"
      "  shoal serve model.tflite --http 127.0.0.1:8080 --watch-folder in/");
  add_optional_model(verb, f.model, f.ends,
                     "Model, .tflite, .onnx or zoo:NAME; absent with --store");
  verb->add_option(
      "--model", f.models,
      "Another model, at /run/NAME, on the same nodes; repeatable");
  add_sources(verb, f);
  add_mqtt(verb, f.mqtt);
  add_limits(verb, f);
  CLI::Option* const token = verb->add_option(
      "--token", f.token, "File with the token that HTTP clients must have");
  verb->add_flag("--no-token", f.no_token,
                 "Let all who reach --http use it, from other computers, too")
      ->excludes(token);
  add_tls(verb, f);
  add_plan_flags(verb, f.plan);
  add_cluster_flags(verb, f.plan);
  add_answer_flags(verb, f.results);
  add_picture_flags(verb, f.pictures);
  add_worker_flags(verb, f.cluster);
  add_on_loss(verb, f.cluster);
  add_state(verb, f.cluster.state, true);
  verb->add_flag("--replicas", f.replicas,
                 "Each worker runs whole frames by itself");
  add_wait_flag(verb, f.plan.wait);
  add_json(verb, f.json);
  verb->callback([&] { code = serve_command(f); });
}

void add_watch(CLI::App& app, WatchFlags& f, int& code) {
  CLI::App* const verb = add_verb(
      app, "watch", "Show a service: its nodes, frames, losses and returns",
      "shoal watch 127.0.0.1:8080");
  verb->add_option("ADDRESS", f.address, "Where `shoal serve` has its HTTP")
      ->required();
  verb->add_option("--token", f.token, "File with the token of the service");
  verb->add_option("--http-ca", f.ca,
                   "Speak TLS; certificate of the service's authority")
      ->check(names_a_file);
  verb->add_option("--every", f.every, "Seconds between two looks")
      ->capture_default_str()
      ->check(real_range(0.05, 86'400));
  verb->add_option("--count", f.count, "Number of looks; 0: no end")
      ->capture_default_str()
      ->check(CLI::Range(0, 1 << 30));
  add_json(verb, f.json);
  verb->callback([&] { code = watch_command(f); });
}

}  // namespace shoal
