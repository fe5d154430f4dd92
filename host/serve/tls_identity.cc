#include "host/serve/tls_identity.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cstdint>
#include <vector>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/printable.h"

namespace shoal {
namespace {

constexpr FileKind kCertificates{"a list of certificates", 1 << 20};

using Source = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Source source_of(const std::vector<uint8_t>& bytes) {
  return {BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())),
          BIO_free};
}

// The library would ask at the terminal.
int no_password(char*, int, int, void*) { return -1; }

Certificate next_certificate(BIO* from) {
  return {PEM_read_bio_X509(from, nullptr, no_password, nullptr), X509_free};
}

void use_certificates(SSL_CTX* context, const std::string& file) {
  const std::vector<uint8_t> bytes = read_file(file, kCertificates);
  const Source source = source_of(bytes);
  const Certificate own = next_certificate(source.get());
  if (!own || SSL_CTX_use_certificate(context, own.get()) != 1) {
    throw Error(Exit::kUsage,
                "--http-cert " + printable(file) + ": it is no certificate",
                "a PEM file that begins with the certificate of this computer");
  }
  while (const Certificate next = next_certificate(source.get())) {
    if (SSL_CTX_add1_chain_cert(context, next.get()) != 1) break;
  }
  const unsigned long why = ERR_peek_last_error();
  ERR_clear_error();
  if (ERR_GET_REASON(why) == PEM_R_NO_START_LINE) return;
  throw Error(Exit::kUsage,
              "--http-cert " + printable(file) +
                  ": a certificate behind the first one cannot be read",
              "certificates one after another, each whole");
}

void use_key(SSL_CTX* context, const std::string& file,
             const std::string& certificate) {
  const std::vector<uint8_t> bytes = read_secret(file);
  const Source source = source_of(bytes);
  const Key key(
      PEM_read_bio_PrivateKey(source.get(), nullptr, no_password, nullptr),
      EVP_PKEY_free);
  if (!key) {
    throw Error(Exit::kUsage,
                "--http-key " + printable(file) +
                    ": it is no private key, or it has a password",
                "a PEM file with the key alone; `openssl pkey` takes a "
                "password away");
  }
  if (X509_check_private_key(SSL_CTX_get0_certificate(context), key.get()) !=
          1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    throw Error(Exit::kUsage,
                "--http-key " + printable(file) +
                    ": it is not the key of the certificate " +
                    printable(certificate),
                "the two files that were made together");
  }
}

}  // namespace

TlsIdentity::TlsIdentity(const std::string& certificate, const std::string& key)
    : context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
  SSL_CTX* const context = context_.get();
  if (!context) throw Error(Exit::kInternal, "there is no TLS");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  use_certificates(context, certificate);
  use_key(context, key, certificate);
  ERR_clear_error();
}

std::unique_ptr<SSL, decltype(&SSL_free)> TlsIdentity::session(
    int socket) const {
  std::unique_ptr<SSL, decltype(&SSL_free)> session(SSL_new(context_.get()),
                                                    SSL_free);
  if (!session || SSL_set_fd(session.get(), socket) != 1) {
    throw Error(Exit::kInternal, "there is no memory for a connection's TLS");
  }
  SSL_set_accept_state(session.get());
  return session;
}

}  // namespace shoal
