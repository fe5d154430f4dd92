// Mbed TLS and BearSSL seal the same bytes, and neither opens what was changed.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "device/link/cipher.h"

namespace shoal {
namespace {

using Bytes = std::vector<uint8_t>;

struct Case {
  Bytes key, head, text;
  uint64_t packet = 0;
  uint32_t head_bytes() const { return static_cast<uint32_t>(head.size()); }
  uint32_t bytes() const { return static_cast<uint32_t>(text.size()); }

  Bytes sealed(const shoal_cipher& cipher) const {
    Bytes data = text;
    data.resize(text.size() + cipher.tag_bytes);
    RC_ASSERT(cipher.seal(key.data(), packet, head.data(), head_bytes(),
                          data.data(), bytes()) == 0);
    return data;
  }
  bool opens(const shoal_cipher& cipher, Bytes& data) const {
    return cipher.open(key.data(), packet, head.data(), head_bytes(),
                       data.data(), bytes()) == 0;
  }
};

Case any_case() {
  Case c;
  c.key = *rc::gen::container<Bytes>(kKeyBytes, rc::gen::arbitrary<uint8_t>());
  c.head = *rc::gen::container<Bytes>(*rc::gen::inRange<size_t>(0, 40),
                                      rc::gen::arbitrary<uint8_t>());
  c.text = *rc::gen::container<Bytes>(*rc::gen::inRange<size_t>(0, 300),
                                      rc::gen::arbitrary<uint8_t>());
  c.packet = *rc::gen::arbitrary<uint64_t>();
  return c;
}

RC_GTEST_PROP(TwoCiphers, SealTheSameBytesAndOpenEachOthers, ()) {
  const Case c = any_case();
  const shoal_cipher& ours = chacha20_poly1305();
  const shoal_cipher& other = chacha20_poly1305_bearssl();
  RC_ASSERT(ours.tag_bytes == other.tag_bytes);
  Bytes sealed = c.sealed(ours);
  RC_ASSERT(sealed == c.sealed(other));
  Bytes opened = sealed;
  RC_ASSERT(c.opens(other, opened));
  opened.resize(c.text.size());
  RC_ASSERT(opened == c.text);
  RC_ASSERT(c.opens(ours, sealed));
}

RC_GTEST_PROP(TwoCiphers, DoNotOpenWhatWasChanged, ()) {
  const Case c = any_case();
  const shoal_cipher& other = chacha20_poly1305_bearssl();
  const Bytes sealed = c.sealed(other);
  const auto bit = *rc::gen::inRange<size_t>(0, 8 * sealed.size());
  Bytes wrong = sealed;
  wrong[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
  RC_ASSERT(!c.opens(other, wrong));
  // Nothing of it can be read.
  for (size_t i = 0; i < c.text.size(); ++i) RC_ASSERT(wrong[i] == 0);
  Case late = c;
  ++late.packet;
  Bytes again = sealed;
  RC_ASSERT(!late.opens(other, again));
  Case elsewhere = c;
  elsewhere.head.push_back(0);
  again = sealed;
  RC_ASSERT(!elsewhere.opens(other, again));
}

}  // namespace
}  // namespace shoal
