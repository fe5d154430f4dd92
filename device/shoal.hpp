// device/shoal.h in C++17: a node that forgets its keys at the end, spans in
// place of pointers and counts, a status that must be looked at. Nothing is
// allocated, nothing is hidden: node.get() is the C API's.
//
//   alignas(16) static uint8_t arena[ARENA_BYTES];
//   static shoal::device::Node node;
//   if (auto s = node.open_mapped(image, arena); !s) fail(s.text());
//   if (auto s = node.run(picture, scores); !s) fail(s.text());
#ifndef SHOAL_DEVICE_SHOAL_HPP_
#define SHOAL_DEVICE_SHOAL_HPP_

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "device/shoal.h"

namespace shoal::device {

// Elements that lie somewhere else.
template <class T>
class Span {
 public:
  constexpr Span() = default;
  constexpr Span(T* data, size_t size) : data_(data), size_(size) {}
  template <size_t kCount>
  constexpr Span(T (&array)[kCount]) : data_(array), size_(kCount) {}
  // Whatever has data() and size(), as std::array and std::span.
  template <class C, class = std::enable_if_t<std::is_convertible_v<
                         decltype(std::declval<C&>().data()), T*>>>
  constexpr Span(C&& c) : data_(c.data()), size_(c.size()) {}

  constexpr T* data() const { return data_; }
  constexpr size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr T* begin() const { return data_; }
  constexpr T* end() const { return data_ + size_; }
  constexpr T& operator[](size_t i) const { return data_[i]; }
  // The elements behind the first `count`, which may be all.
  constexpr Span after(size_t count) const {
    return {data_ + count, size_ - count};
  }

 private:
  T* data_ = nullptr;
  size_t size_ = 0;
};

class [[nodiscard]] Status {
 public:
  constexpr Status(shoal_status code) : code_(code) {}
  constexpr shoal_status code() const { return code_; }
  // Nothing has failed; it may have to wait.
  constexpr explicit operator bool() const { return code_ >= SHOAL_OK; }
  constexpr bool waits() const { return code_ == SHOAL_WAIT; }
  const char* text() const { return shoal_status_text(code_); }

 private:
  shoal_status code_;
};

class Node {
 public:
  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  // The node has copies of keys.
  ~Node() { close(); }

  // The arena, and all that `config` points to, must stay until the end. A node
  // that is opened again begins anew.
  Status open(const shoal_config& config, Span<uint8_t> arena) {
    close();
    opened_ = true;
    return shoal_open(&node_, &config, arena.data(),
                      static_cast<uint32_t>(arena.size()));
  }
  // A program of one node without storage. Both are 16-byte aligned.
  Status open_mapped(Span<const uint8_t> image, Span<uint8_t> arena) {
    shoal_config config{};
    config.image = image.data();
    config.image_bytes = static_cast<uint32_t>(image.size());
    return open(config, arena);
  }
  void close() {
    if (!opened_) return;
    volatile uint64_t* word = node_.opaque;
    for (size_t i = 0; i < SHOAL_NODE_BYTES / 8; ++i) word[i] = 0;
    opened_ = false;
  }

  // The C API's calls of the same names; SHOAL_BAD_ARGUMENT, or nothing, of a
  // node that is not open.
  Status step() { return opened_ ? shoal_step(&node_) : SHOAL_BAD_ARGUMENT; }
  uint32_t inputs() const { return opened_ ? shoal_inputs(&node_) : 0; }
  uint32_t outputs() const { return opened_ ? shoal_outputs(&node_) : 0; }
  shoal_io_info input(uint32_t i) const {
    return opened_ ? shoal_input_info(&node_, i) : shoal_io_info{};
  }
  shoal_io_info output(uint32_t i) const {
    return opened_ ? shoal_output_info(&node_, i) : shoal_io_info{};
  }
  shoal_fault fault() const {
    return opened_ ? shoal_last_fault(&node_) : shoal_fault{};
  }

  // As many whole rows of the span as there is space for (or as are there);
  // returns what of it is left.
  Span<const int8_t> push(uint32_t index, Span<const int8_t> rows) {
    const uint32_t bytes = input(index).row_bytes;
    if (bytes == 0) return rows;
    return rows.after(size_t{bytes} * shoal_push_rows(&node_, index,
                                                      rows.data(),
                                                      count(rows, bytes)));
  }
  Span<int8_t> take(uint32_t index, Span<int8_t> rows) {
    const uint32_t bytes = output(index).row_bytes;
    if (bytes == 0) return rows;
    return rows.after(size_t{bytes} * shoal_take_rows(&node_, index,
                                                      rows.data(),
                                                      count(rows, bytes)));
  }

  // One frame of a program with one input and one output, from the first row
  // to the last; both spans are of exactly that size. It does not sleep while
  // storage is busy.
  Status run(Span<const int8_t> in, Span<int8_t> out) {
    Status status = SHOAL_OK;
    while (status && inputs() + outputs() == 0) status = step();
    if (!status) return status;
    if (inputs() != 1 || outputs() != 1 || in.size() != bytes_of(input(0)) ||
        out.size() != bytes_of(output(0))) {
      return SHOAL_BAD_ARGUMENT;
    }
    while (status && !out.empty()) {
      in = push(0, in);
      status = step();
      out = take(0, out);
    }
    return status ? SHOAL_OK : status.code();
  }

  shoal_node* get() { return &node_; }

 private:
  static size_t bytes_of(const shoal_io_info& i) {
    return size_t{i.rows} * i.row_bytes;
  }
  template <class T>
  static uint32_t count(Span<T> rows, uint32_t bytes) {
    return static_cast<uint32_t>(rows.size() / bytes);
  }

  shoal_node node_;
  bool opened_ = false;
};

}  // namespace shoal::device

#endif
