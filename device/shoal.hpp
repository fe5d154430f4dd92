/// @file
/// device/shoal.h in C++17: a node that erases its keys at the end, spans in
/// place of pointers and counts, and a status that must be looked at. Nothing
/// is allocated, and node.get() gives the C API's node.
///
///     alignas(16) static uint8_t arena[ARENA_BYTES];
///     static shoal::device::Node node;
///     if (auto s = node.open_mapped(image, arena); !s) fail(s.text());
///     if (auto s = node.run(picture, scores); !s) fail(s.text());
#ifndef SHOAL_DEVICE_SHOAL_HPP_
#define SHOAL_DEVICE_SHOAL_HPP_

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "device/shoal.h"

/// The C++ layer over the C API.
namespace shoal::device {

/// A pointer to elements that the caller owns, and their number.
template <class T>
class Span {
 public:
  /// Makes an empty span.
  constexpr Span() = default;
  /// Makes a span of `size` elements from `data` on.
  constexpr Span(T* data, size_t size) : data_(data), size_(size) {}
  /// Makes a span of all elements of an array.
  template <size_t kCount>
  constexpr Span(T (&array)[kCount]) : data_(array), size_(kCount) {}
  /// Makes a span of anything with data() and size(), like std::array.
  template <class C, class = std::enable_if_t<std::is_convertible_v<
                         decltype(std::declval<C&>().data()), T*>>>
  constexpr Span(C&& c) : data_(c.data()), size_(c.size()) {}

  /// Returns the first element's address.
  constexpr T* data() const { return data_; }
  /// Returns the number of elements.
  constexpr size_t size() const { return size_; }
  /// Returns whether there are no elements.
  constexpr bool empty() const { return size_ == 0; }
  /// Returns the first element's address.
  constexpr T* begin() const { return data_; }
  /// Returns the address behind the last element.
  constexpr T* end() const { return data_ + size_; }
  /// Returns element `i`, which must be below size().
  constexpr T& operator[](size_t i) const { return data_[i]; }
  /// Returns the elements behind the first `count`, at most size().
  constexpr Span after(size_t count) const {
    return {data_ + count, size_ - count};
  }

 private:
  T* data_ = nullptr;
  size_t size_ = 0;
};

/// The result of a call.
class [[nodiscard]] Status {
 public:
  /// Makes the status of a code.
  constexpr Status(shoal_status code) : code_(code) {}
  /// Returns the C API's code.
  constexpr shoal_status code() const { return code_; }
  /// Returns whether nothing has failed; the node may have to wait.
  constexpr explicit operator bool() const { return code_ >= SHOAL_OK; }
  /// Returns whether the node waits for input, space or storage.
  constexpr bool waits() const { return code_ == SHOAL_WAIT; }
  /// Returns a text for a person, as shoal_status_text() does.
  const char* text() const { return shoal_status_text(code_); }

 private:
  shoal_status code_;
};

/// A node that erases its copies of keys when it is closed.
class Node {
 public:
  /// Makes a node that is not open.
  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node() { close(); }

  /// Opens the node as shoal_open() does. The arena (16-byte aligned), and all
  /// that `config` points to, must outlive the node. A node that was open
  /// begins again.
  Status open(const shoal_config& config, Span<uint8_t> arena) {
    close();
    opened_ = true;
    return shoal_open(&node_, &config, arena.data(),
                      static_cast<uint32_t>(arena.size()));
  }
  /// Opens a program of one node without storage. Both spans are 16-byte
  /// aligned and must outlive the node.
  Status open_mapped(Span<const uint8_t> image, Span<uint8_t> arena) {
    shoal_config config{};
    config.image = image.data();
    config.image_bytes = static_cast<uint32_t>(image.size());
    return open(config, arena);
  }
  /// Erases the node. It may be opened again.
  void close() {
    if (!opened_) return;
    volatile uint64_t* word = node_.opaque;
    for (size_t i = 0; i < SHOAL_NODE_BYTES / 8; ++i) word[i] = 0;
    opened_ = false;
  }

  /// Calls shoal_step(); SHOAL_BAD_ARGUMENT if the node is not open.
  Status step() { return opened_ ? shoal_step(&node_) : SHOAL_BAD_ARGUMENT; }
  /// Returns the number of inputs; 0 if the node is not open.
  uint32_t inputs() const { return opened_ ? shoal_inputs(&node_) : 0; }
  /// Returns the number of outputs; 0 if the node is not open.
  uint32_t outputs() const { return opened_ ? shoal_outputs(&node_) : 0; }
  /// Returns the form of input `i`; zeros if there is none.
  shoal_io_info input(uint32_t i) const {
    return opened_ ? shoal_input_info(&node_, i) : shoal_io_info{};
  }
  /// Returns the form of output `i`; zeros if there is none.
  shoal_io_info output(uint32_t i) const {
    return opened_ ? shoal_output_info(&node_, i) : shoal_io_info{};
  }
  /// Says where the last error was found; zeros if the node is not open.
  shoal_fault fault() const {
    return opened_ ? shoal_last_fault(&node_) : shoal_fault{};
  }

  /// Pushes as many whole rows of the span as there is space for to input
  /// `index`. Returns the rest of the span.
  Span<const int8_t> push(uint32_t index, Span<const int8_t> rows) {
    const uint32_t bytes = input(index).row_bytes;
    if (bytes == 0) return rows;
    return rows.after(size_t{bytes} * shoal_push_rows(&node_, index,
                                                      rows.data(),
                                                      count(rows, bytes)));
  }
  /// Takes finished rows of output `index`, as many as there are and fit the
  /// span. Returns the rest of the span.
  Span<int8_t> take(uint32_t index, Span<int8_t> rows) {
    const uint32_t bytes = output(index).row_bytes;
    if (bytes == 0) return rows;
    return rows.after(size_t{bytes} * shoal_take_rows(&node_, index,
                                                      rows.data(),
                                                      count(rows, bytes)));
  }

  /// Runs one frame of a program with one input and one output. Both spans have
  /// exactly the size of a frame, else it returns SHOAL_BAD_ARGUMENT. It does
  /// not sleep while storage is busy.
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

  /// Returns the C API's node, which stays this object's.
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
