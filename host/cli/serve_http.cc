#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "host/base/error.h"
#include "host/base/printable.h"
#include "host/cli/output.h"
#include "host/cli/serve.h"

namespace shoal {
namespace {

constexpr size_t kMostName = 256;

std::string text_of(const nlohmann::json& json) {
  return printable_json(json.dump(-1, ' ', false,
                                  nlohmann::json::error_handler_t::replace)) +
         "\n";
}

int status_of(const Error& e) {
  switch (e.code()) {
    case Exit::kUsage:
    case Exit::kCorrupt:
      return 400;
    case Exit::kNode:
    case Exit::kBusy:
      return 503;
    case Exit::kTimeout:
      return 504;
    default:
      return 500;
  }
}

HttpReply reply_of(int status, nlohmann::json json) {
  HttpReply reply;
  reply.status = status;
  reply.body = text_of(json);
  if (status == 503) reply.headers.emplace_back("Retry-After", "1");
  return reply;
}

HttpReply refuse(int status, const std::string& why) {
  const Exit code = status == 503 ? Exit::kBusy : Exit::kUsage;
  return reply_of(status, FrameService::failure("", Error(code, why)));
}

HttpReply run(FrameService& service, double seconds, const HttpRequest& r) {
  const std::string given = r.name.substr(0, kMostName);
  // A body that is said to be a picture is one, whatever its size.
  const bool is_picture = r.content_type.starts_with("image/");
  std::string kind = given;
  if (is_picture && has_values(kind)) kind.clear();
  if (is_picture && kind.empty()) kind = "body.image";
  const auto body = std::make_shared<const Bytes>(r.body);
  std::optional<FrameDesk::Ticket> ticket;
  try {
    ticket = service.desk().give(service.inputs(kind, *body));
  } catch (const Error& e) {
    service.count_bad();
    return reply_of(status_of(e), FrameService::failure(given, e));
  }
  if (!ticket) {
    const Error busy(Exit::kBusy, service.desk().refusal(), "try again soon");
    return reply_of(503, FrameService::failure(given, busy));
  }
  if (ticket->wait_for(std::chrono::duration<double>(seconds)) !=
      std::future_status::ready) {
    const Error late(Exit::kTimeout, "the frame has no answer yet",
                     "a longer --request-timeout");
    return reply_of(504, FrameService::failure(given, late));
  }
  const FrameResult result = ticket->get();
  const int status = result.failure ? status_of(*result.failure) : 200;
  return reply_of(status, service.answer(given, body, result));
}

HttpReply get(const ServedModels& models, const std::string& path) {
  if (path == "/metrics") {
    return {200, "text/plain; version=0.0.4", metrics_text(models)};
  }
  if (path == "/status") return reply_of(200, status_json(models));
  if (path == "/healthz") {
    const nlohmann::json status = status_json(models);
    const bool runs = status["state"] == "running";
    return reply_of(runs ? 200 : 503,
                    {{"state", status["state"]}, {"reason", status["reason"]}});
  }
  return refuse(404, "there is nothing at " + path.substr(0, kMostName));
}

FrameService* model_at(const ServedModels& models, const std::string& path) {
  const auto at = std::ranges::find_if(
      models, [&](const FrameService* s) { return s->path() == path; });
  return at == models.end() ? nullptr : *at;
}

}  // namespace

HttpServer::Handler http_handler(const ServedModels& models, double seconds) {
  HttpServer::Handler handler;
  handler.takes_posts = [models](const std::string& path) {
    return model_at(models, path) != nullptr;
  };
  handler.is_open = [](const std::string& path) { return path == "/healthz"; };
  handler.refuse = refuse;
  handler.answer = [models, seconds](const HttpRequest& request) {
    try {
      if (request.method == "GET") return get(models, request.path);
      return run(*model_at(models, request.path), seconds, request);
    } catch (const std::exception& e) {
      // Memory may be short for this one; the others go on.
      return refuse(503, e.what());
    }
  };
  return handler;
}

}  // namespace shoal
