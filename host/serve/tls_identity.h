// A server of HTTP with TLS shows its clients a certificate, and has the key
// that belongs to it. OpenSSL reads both; cpp-httplib is built with it.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace shoal {

class TlsIdentity {
 public:
  // PEM files: the certificate with those that lead from it to its authority,
  // and the key, which only its owner may read. Throws Error(kUsage) for what
  // is neither, and for a key that belongs to another certificate.
  TlsIdentity(const std::string& certificate, const std::string& key);

  // Returns TLS for a connected socket that does not block. Throws
  // Error(kInternal) if memory is short.
  std::unique_ptr<SSL, decltype(&SSL_free)> session(int socket) const;

 private:
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
};

}  // namespace shoal
