#include "host/base/error.h"
#include "host/serve/http.h"

namespace shoal {
namespace {

Error no_http() {
  return Error(Exit::kUnsupported, "this shoal was built without HTTP",
               "install cpp-httplib (libcpp-httplib-dev) and build it again");
}

}  // namespace

class HttpServer::Work {};

bool has_http() { return false; }

HttpServer::HttpServer(const HttpPlace&, HttpLimits, Handler) {
  throw no_http();
}
HttpServer::~HttpServer() = default;
const std::string& HttpServer::address() const { throw no_http(); }
int64_t HttpServer::refused_connections() const { return 0; }

void check_tls(const HttpPlace&) { throw no_http(); }

std::string http_get(const HttpPeer&, const std::string&, double) {
  throw no_http();
}

}  // namespace shoal
