// Options tables of operators, both ways; and what may be copied out of a file.
// Internal to host/model/tflite.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "host/base/error.h"
#include "host/model/tflite/raw_model.h"
#include "tflite_generated.h"

namespace shoal {

// Flatbuffers may point at one vector many times; what is copied out of them
// stays within a small multiple of the file.
class Budget {
 public:
  Budget(size_t file_bytes, const std::string& name)
      : left_(4 * file_bytes + 65536), name_(name) {}

  // The Verifier does not see to the alignment of 8-byte elements, so they
  // are copied as bytes.
  template <class T>
  std::vector<T> copy(const flatbuffers::Vector<T>* v) {
    if (v == nullptr) return {};
    take(v->size() * sizeof(T));
    std::vector<T> out(v->size());
    if (!out.empty()) std::memcpy(out.data(), v->Data(), v->size() * sizeof(T));
    for (T& value : out) value = flatbuffers::EndianScalar(value);
    return out;
  }
  std::string text(const flatbuffers::String* s) {
    if (s == nullptr) return {};
    take(s->size());
    std::string out(s->c_str(), s->size());
    for (char& c : out) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
    }
    return out;
  }

 private:
  void take(size_t bytes) {
    if (bytes > left_) {
      throw Error(Exit::kCorrupt,
                  name_ + ": its tables unfold to many times the file's size");
    }
    left_ -= bytes;
  }

  size_t left_;
  const std::string& name_;
};

RawOptions read_options(const tflite::Operator&, Budget&);
// Nothing if there are none.
flatbuffers::Offset<void> write_options(flatbuffers::FlatBufferBuilder&,
                                        const RawOptions&);

}  // namespace shoal
