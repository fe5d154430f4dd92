#include "device/alone/server.h"

#include <cstring>

namespace shoal {

namespace {

uint32_t bytes_of(const shoal_io_info& info) {
  return info.rows * info.row_bytes;
}

uint32_t input_bytes_of(const shoal_node* node) {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < shoal_inputs(node); ++i) {
    sum += bytes_of(shoal_input_info(node, i));
  }
  return sum;
}

uint32_t output_bytes_of(const shoal_node* node) {
  uint32_t sum = 0;
  for (uint32_t o = 0; o < shoal_outputs(node); ++o) {
    sum += bytes_of(shoal_output_info(node, o));
  }
  return sum;
}

void put_name(uint8_t* to, const char* name, uint32_t room) {
  for (uint32_t i = 0; i < room && name[i]; ++i) {
    to[i] = static_cast<uint8_t>(name[i]);
  }
}

}  // namespace

AloneServer::AloneServer(const AloneBoard& board)
    : board_(board),
      came_(board.packets),
      out_(board.packets + board.transport->max_payload) {}

bool AloneServer::poll() {
  const bool came = receive();
  while (begins_) run();
  if (tests_) run_test();
  return came;
}

uint32_t AloneServer::piece_bytes() const {
  return board_.transport->max_payload - alone::kPieceAt;
}

uint64_t AloneServer::now() const {
  return board_.transport->now_us(board_.transport->user);
}

// The computer asks again for what the transport does not take.
void AloneServer::send(uint64_t to, uint32_t bytes) {
  static_cast<void>(
      board_.transport->send(board_.transport->user, to, out_, bytes));
}

bool AloneServer::receive() {
  const shoal_transport& line = *board_.transport;
  uint64_t from = 0;
  const uint32_t bytes =
      line.receive(line.user, &from, came_, line.max_payload);
  if (bytes == 0) return false;
  if (bytes < alone::Head::kBytes) return true;
  const alone::Head head = alone::Head::get(came_);
  if (came_[1] != alone::kVersion) {
    if (head.type == alone::MessageType::kHello) {
      send_said(head, from, {alone::Code::kOtherVersion, alone::kVersion, 0});
    }
    return true;
  }
  const uint8_t* const body = came_ + alone::Head::kBytes;
  const uint32_t rest = bytes - alone::Head::kBytes;
  switch (head.type) {
    case alone::MessageType::kHello:
      answer_board(head, from, body, rest);
      return true;
    case alone::MessageType::kRead:
      answer_read(head, from, body, rest);
      return true;
    case alone::MessageType::kFrame:
      begin(head, from, body, rest);
      return true;
    case alone::MessageType::kTest:
      test(head, from, body, rest);
      return true;
    case alone::MessageType::kAskRoom:
      answer_room(head, from, body, rest);
      return true;
    case alone::MessageType::kProgram:
      begin_program(head, from, body, rest);
      return true;
    case alone::MessageType::kAskTimes:
      answer_times(head, from, body, rest);
      return true;
    default:
      break;
  }
  const bool is_own = runs_ && !begins_ && head.session == frame_.session &&
                      head.frame == frame_.frame;
  if (!is_own || rest < alone::Piece::kBytes) return true;
  heard_us_ = now();
  if (head.type == alone::MessageType::kInput) take_input(body, rest);
  if (head.type == alone::MessageType::kTaken) take_taken(body);
  return true;
}

bool AloneServer::has_network(const alone::Head& head, uint64_t to,
                              uint32_t network) {
  const uint32_t count = board_.networks->count();
  if (network < count) return true;
  send_said(head, to, {alone::Code::kNoNetwork, count, 0});
  return false;
}

void AloneServer::answer_board(const alone::Head& head, uint64_t to,
                               const uint8_t* body, uint32_t bytes) {
  if (bytes < 1 || !has_network(head, to, body[0])) return;
  const AloneNetwork& network = (*board_.networks)[body[0]];
  const shoal_node* const node = network.node;
  std::memset(out_, 0, alone::kBoardBytes);
  alone::Head{alone::MessageType::kBoard, head.session, head.frame}.put(out_);
  uint8_t* at = out_ + alone::Head::kBytes;
  std::memcpy(at, network.program, alone::kProgramBytes);
  at += alone::kProgramBytes;
  alone::put32(at, input_bytes_of(node));
  alone::put32(at + 4, output_bytes_of(node));
  at[8] = static_cast<uint8_t>(shoal_inputs(node));
  at[9] = static_cast<uint8_t>(shoal_outputs(node));
  at[10] = shoal_variables(node) > 0 ? 1 : 0;
  at[11] = body[0];
  at[12] = static_cast<uint8_t>(board_.networks->count());
  at += 13;
  for (uint32_t t = 0; t < alone::kTexts; ++t, at += 4) {
    alone::put32(at, network.text_bytes[t]);
  }
  put_name(at, board_.name, alone::kNameBytes - 1);
  put_name(at + alone::kNameBytes, network.name, alone::kNetworkNameBytes);
  at += alone::kNameBytes + alone::kNetworkNameBytes;
  at[0] = static_cast<uint8_t>(board_.layers);
  at[1] = static_cast<uint8_t>(board_.layers >> 8);
  send(to, alone::kBoardBytes);
}

void AloneServer::answer_read(const alone::Head& head, uint64_t to,
                              const uint8_t* body, uint32_t bytes) {
  if (bytes < alone::Piece::kBytes) return;
  const alone::Piece piece = alone::Piece::get(body);
  if (piece.stream >= board_.networks->count() * alone::kTexts) return;
  const AloneNetwork& network =
      (*board_.networks)[piece.stream / alone::kTexts];
  const uint32_t text = piece.stream % alone::kTexts;
  const uint32_t size = network.text_bytes[text];
  if (piece.offset > size) return;
  const uint32_t left = size - piece.offset;
  const uint32_t some = left < piece_bytes() ? left : piece_bytes();
  alone::Head{alone::MessageType::kText, head.session, head.frame}.put(out_);
  piece.put(out_ + alone::Head::kBytes);
  if (some > 0) {
    std::memcpy(out_ + alone::kPieceAt, network.texts[text] + piece.offset,
                some);
  }
  send(to, alone::kPieceAt + some);
}

// Another computer may have a board whose own has been silent. Without a clock
// nobody knows for how long.
bool AloneServer::may_replace(const alone::Head& head) {
  if (!runs_ || head.session == frame_.session) return true;
  const uint64_t time = now();
  return time == heard_us_ || time - heard_us_ >= alone::kSilenceUs;
}

// False: it is the frame under way, or the last one, or has been refused.
bool AloneServer::is_next(const alone::Head& head, uint64_t from) {
  if (!may_replace(head)) {
    send_said(head, from, {alone::Code::kOtherComputer, 0, 0});
    return false;
  }
  if (!known_ || head.session != frame_.session || head.frame != frame_.frame) {
    return true;
  }
  computer_ = from;
  if (runs_) heard_us_ = now();
  runs_ || begins_ ? send_state() : send_result();
  return false;
}

void AloneServer::begin(const alone::Head& head, uint64_t from,
                        const uint8_t* body, uint32_t bytes) {
  if (bytes < alone::kFrameBytes - alone::Head::kBytes) return;
  if (!is_next(head, from)) return;
  if (!has_network(head, from, body[1])) return;
  const uint8_t flags = body[0], number = body[1];
  const AloneNetwork& network = (*board_.networks)[number];
  body += 2;
  if (std::memcmp(body, network.program, alone::kProgramBytes) != 0) {
    return send_said(head, from, {alone::Code::kOtherProgram, 0, 0});
  }
  const uint32_t size = alone::get32(body + alone::kProgramBytes);
  const uint32_t takes = input_bytes_of(network.node);
  if (size != takes) {
    return send_said(head, from, {alone::Code::kOtherSize, size, takes});
  }
  frame_ = head;
  computer_ = from;
  flags_ = flags;
  next_network_ = number;
  known_ = true;
  begins_ = true;  // what runs gives up
  is_program_ = false;
}

void AloneServer::begin_program(const alone::Head& head, uint64_t from,
                                const uint8_t* body, uint32_t bytes) {
  if (bytes < alone::kProgramAskBytes - alone::Head::kBytes) return;
  if (!is_next(head, from)) return;
  if (!board_.programs) {
    return send_said(head, from, {alone::Code::kNoPrograms, 0, 0});
  }
  frame_ = head;
  computer_ = from;
  known_ = true;
  begins_ = true;
  is_program_ = true;
  program_bytes_ = alone::get32(body);
  std::memcpy(program_hash_, body + 4, sizeof program_hash_);
  const bool has_count = bytes >= alone::kSealedAskBytes - alone::Head::kBytes;
  program_count_ = has_count ? alone::get32(body + 4 + alone::kHashBytes) : 0;
}

void AloneServer::answer_room(const alone::Head& head, uint64_t to,
                              const uint8_t* body, uint32_t bytes) {
  if (bytes < 1 || !has_network(head, to, body[0])) return;
  if (!board_.programs) {
    return send_said(head, to, {alone::Code::kNoPrograms, 0, 0});
  }
  alone::Head{alone::MessageType::kRoom, head.session, head.frame}.put(out_);
  board_.programs->room(body[0]).put(out_ + alone::Head::kBytes);
  send(to, alone::Head::kBytes + alone::ProgramRoom::kBytes);
}

// Only of the last frame, and when it has ended.
void AloneServer::answer_times(const alone::Head& head, uint64_t to,
                               const uint8_t* body, uint32_t bytes) {
  if (bytes < alone::kAskTimesBytes - alone::Head::kBytes) return;
  const bool is_last = known_ && !runs_ && !begins_ && measured_ &&
                       head.session == frame_.session &&
                       head.frame == frame_.frame;
  const uint32_t first = body[0] | static_cast<uint32_t>(body[1]) << 8;
  if (!is_last || first > board_.layers) {
    return send_said(head, to, {alone::Code::kNoTimes, 0, 0});
  }
  alone::LayerTimes t{};
  t.first = static_cast<uint16_t>(first);
  t.layers = board_.layers;
  t.counter_hz = counter_.hz;
  for (uint32_t i = 0; i + 1 < sizeof t.counter && counter_.name[i]; ++i) {
    t.counter[i] = counter_.name[i];
  }
  t.ticks = step_ticks_, t.us = step_us_;
  alone::Head{alone::MessageType::kTimes, head.session, head.frame}.put(out_);
  t.put(out_ + alone::Head::kBytes);
  uint32_t at = alone::Head::kBytes + alone::LayerTimes::kBytes;
  for (uint32_t l = first;
       l < board_.layers && at + 4 <= board_.transport->max_payload; ++l) {
    alone::put32(out_ + at, board_.times[l]);
    at += 4;
  }
  send(to, at);
}

void AloneServer::test(const alone::Head& head, uint64_t to,
                       const uint8_t* body, uint32_t bytes) {
  if (bytes < 1 || !has_network(head, to, body[0])) return;
  if (tests_) return;  // its result follows
  if (runs_) return send_said(head, to, {alone::Code::kOtherComputer, 0, 0});
  const bool again = test_.type == alone::MessageType::kTest &&
                     test_.session == head.session && test_.frame == head.frame;
  if (again) return send_said(head, to, {test_code_, test_detail_, 0});
  test_ = head;
  test_computer_ = to;
  test_network_ = body[0];
  tests_ = true;
}

// A test takes as much of the stack as a frame, so it begins where frames do.
void AloneServer::run_test() {
  tests_ = false;
  test_detail_ = 0;
  test_code_ = board_.self_test
                   ? board_.self_test(board_.user, test_network_, &test_detail_)
                   : alone::Code::kNoTest;
  send_said(test_, test_computer_, {test_code_, test_detail_, 0});
}

void AloneServer::take_input(const uint8_t* body, uint32_t bytes) {
  const alone::Piece piece = alone::Piece::get(body);
  const uint32_t count = bytes - alone::Piece::kBytes;
  if (waits_ != Waits::kInput || piece.stream != stream_) return;
  if (piece.offset == next_ && count > 0 && count <= end_ - next_) {
    std::memcpy(to_, body + alone::Piece::kBytes, count);
    to_ += count;
    next_ += count;
  } else if (piece.offset > next_ && piece.offset < end_ &&
             count == end_ - piece.offset) {
    send_want();  // the last one has come, one before it has not
  }
}

void AloneServer::take_taken(const uint8_t* body) {
  const alone::Piece piece = alone::Piece::get(body);
  if (waits_ != Waits::kTaken || piece.stream != stream_) return;
  if (piece.offset < next_ || piece.offset > end_) return;
  from_ += piece.offset - next_;
  next_ = piece.offset;
  if (next_ < end_) send_output();
}

void AloneServer::run() {
  begins_ = false;
  runs_ = true;
  heard_us_ = now();
  said_ = {};
  const uint64_t start = now();
  measured_ = !is_program_ && (flags_ & alone::kMeasure) && board_.layers > 0;
  is_program_ ? take_program() : run_frame();
  took_us_ = now() - start;
  waits_ = Waits::kNothing;
  runs_ = false;
  // Unless another frame comes instead, or nobody asks.
  if (!begins_ && known_) send_result();
}

void AloneServer::run_frame() {
  network_ = next_network_;
  const uint32_t ends = shoal_inputs(&node()) + shoal_outputs(&node());
  std::memset(board_.checks, 0, ends * sizeof(uint32_t));
  shoal_status status = SHOAL_OK;
  if (flags_ & alone::kResetVariables) {
    status = board_.networks->reset_variables(network_);
  }
  if (status == SHOAL_OK) {
    FrameEnds ends = {this, fill, give, between, idle};
    if (measured_) {
      counter_ = board_.counter(board_.user);
      std::memset(board_.times, 0, board_.layers * sizeof(uint32_t));
      step_ticks_ = step_us_ = 0;
      ends.step = measured_step;
    }
    status = board_.networks->run(network_, ends);
  }
  if (status < SHOAL_OK) {
    said_ = {alone::Code::kFailed,
             static_cast<uint32_t>(static_cast<int32_t>(status)), 0};
  }
}

// Fetches bytes of a program; of a sealed one the whole of the block that
// begins at `at`.
bool AloneServer::fetch_program(uint32_t at, uint8_t* to, uint32_t bytes) {
  if (program_count_ == 0) return fetch(0, at, to, bytes);
  const uint32_t block = at / alone::kSealedBlock;
  if (!fetch(0, alone::sealed_at(block), to, bytes + alone::kSealBytes))
    return false;
  said_ = board_.programs->unseal(block, to, bytes);
  return true;
}

// The head comes first: a program that does not fit costs the flash nothing. It
// comes alone, or with the rest of the block in which it is sealed.
void AloneServer::take_program() {
  constexpr uint32_t kPiece = alone::kSealedBlock;
  static_assert(alone::kSentHeadBytes <= kPiece);
  uint8_t piece[kPiece + alone::kSealBytes];
  const uint32_t bytes = program_bytes_;
  const bool is_sealed = program_count_ != 0;
  // A sealed program has more bytes on the line.
  if (bytes < alone::kSentHeadBytes ||
      (is_sealed && bytes > alone::kMostSealed)) {
    said_ = {alone::Code::kNoProgram, 0, 0};
    return;
  }
  ProgramTaker& to = *board_.programs;
  said_ = to.expect(program_hash_, bytes, program_count_);
  if (!said_.is_good()) return;
  const uint32_t all = bytes < kPiece ? bytes : kPiece;
  const uint32_t first = is_sealed ? all : alone::kSentHeadBytes;
  if (!fetch_program(0, piece, first) || !said_.is_good()) return;
  uint32_t at = 0;
  said_ = to.begin(piece, bytes, program_hash_, at);
  if (is_sealed) at -= at % alone::kSealedBlock;
  while (said_.is_good() && at < bytes) {
    const uint32_t some = bytes - at < kPiece ? bytes - at : kPiece;
    const bool is_here = is_sealed && at == 0;
    if (!is_here && !fetch_program(at, piece, some)) return;
    if (said_.is_good()) said_ = to.write(at, piece, some);
    at += some;
  }
  if (!said_.is_good()) return;
  waits_ = Waits::kNothing;
  said_ = to.end([](void* self) { static_cast<AloneServer*>(self)->receive(); },
                 this);
}

void AloneServer::send_result() {
  if (!said_.is_good()) return send_said(frame_, computer_, said_);
  alone::Head{alone::MessageType::kEnd, frame_.session, frame_.frame}.put(out_);
  alone::put32(out_ + alone::Head::kBytes, static_cast<uint32_t>(took_us_));
  alone::put32(out_ + alone::Head::kBytes + 4,
               static_cast<uint32_t>(took_us_ >> 32));
  send(computer_, alone::kEndBytes);
}

void AloneServer::send_said(const alone::Head& head, uint64_t to,
                            const alone::Said& said) {
  alone::Head{alone::MessageType::kSaid, head.session, head.frame}.put(out_);
  uint8_t* const body = out_ + alone::Head::kBytes;
  body[0] = static_cast<uint8_t>(said.code);
  alone::put32(body + 1, said.first);
  alone::put32(body + 5, said.second);
  const char* const text = text_of(said);
  const uint32_t room = board_.transport->max_payload - alone::kSaidBytes;
  const auto length = static_cast<uint32_t>(std::strlen(text));
  const uint32_t some = length < room ? length : room;
  std::memcpy(out_ + alone::kSaidBytes, text, some);
  send(to, alone::kSaidBytes + some);
}

void AloneServer::send_want() {
  alone::Head{alone::MessageType::kWant, frame_.session, frame_.frame}.put(
      out_);
  alone::Piece{static_cast<uint8_t>(stream_), 0, next_}.put(
      out_ + alone::Head::kBytes);
  alone::put32(out_ + alone::kPieceAt, end_ - next_);
  send(computer_, alone::kWantBytes);
}

void AloneServer::send_output() {
  for (uint32_t at = next_; at < end_;) {
    const uint32_t left = end_ - at;
    const uint32_t some = left < piece_bytes() ? left : piece_bytes();
    const bool last = some == left;
    alone::Head{alone::MessageType::kOutput, frame_.session, frame_.frame}.put(
        out_);
    alone::Piece{static_cast<uint8_t>(stream_), last, at}.put(
        out_ + alone::Head::kBytes);
    std::memcpy(out_ + alone::kPieceAt, from_ + (at - next_), some);
    send(computer_, alone::kPieceAt + some);
    at += some;
  }
}

void AloneServer::send_state() {
  if (waits_ == Waits::kInput && !begins_) return send_want();
  if (waits_ == Waits::kTaken && !begins_) return send_output();
  alone::Head{alone::MessageType::kBusy, frame_.session, frame_.frame}.put(
      out_);
  send(computer_, alone::Head::kBytes);
}

// False: the frame is given up, because another one begins or because the
// computer is gone.
bool AloneServer::wait_for_end() {
  while (next_ < end_) {
    if (!receive()) {
      idle(this);
      if (now() - heard_us_ > alone::kGoneUs) {
        known_ = false;
        return false;
      }
    }
    if (begins_) return false;
  }
  waits_ = Waits::kNothing;
  return true;
}

// Moves one window after another.
bool AloneServer::exchange(Waits what, uint32_t stream, uint32_t offset,
                           uint32_t bytes) {
  const uint32_t pieces =
      what == Waits::kInput ? board_.pieces : alone::kWindow;
  const uint32_t most = pieces * piece_bytes();
  const uint32_t stop = offset + bytes;
  stream_ = stream;
  next_ = offset;
  while (next_ < stop) {
    end_ = stop - next_ < most ? stop : next_ + most;
    waits_ = what;
    what == Waits::kInput ? send_want() : send_output();
    if (!wait_for_end()) return false;
  }
  return true;
}

bool AloneServer::fetch(uint32_t input, uint32_t offset, uint8_t* to,
                        uint32_t bytes) {
  to_ = to;
  return exchange(Waits::kInput, input, offset, bytes);
}

bool AloneServer::send_all(uint32_t output, uint32_t offset,
                           const uint8_t* from, uint32_t bytes) {
  from_ = from;
  return exchange(Waits::kTaken, output, offset, bytes);
}

bool AloneServer::fill(void* self, uint32_t input, uint32_t offset, uint8_t* to,
                       uint32_t bytes) {
  auto& s = *static_cast<AloneServer*>(self);
  if (!s.fetch(input, offset, to, bytes)) return false;
  uint32_t& check = s.board_.checks[input];
  check = alone::add_check(check, to, bytes);
  const uint32_t size = bytes_of(shoal_input_info(&s.node(), input));
  if (offset + bytes < size) return true;
  uint8_t sent[alone::kCheckBytes];
  if (!s.fetch(input, size, sent, sizeof sent)) return false;
  if (alone::get32(sent) == check) return true;
  s.said_ = {alone::Code::kDamagedInput, input, 0};
  return false;
}

bool AloneServer::give(void* self, uint32_t output, uint32_t offset,
                       const uint8_t* from, uint32_t bytes) {
  auto& s = *static_cast<AloneServer*>(self);
  if (!s.send_all(output, offset, from, bytes)) return false;
  uint32_t& check = s.board_.checks[shoal_inputs(&s.node()) + output];
  check = alone::add_check(check, from, bytes);
  const uint32_t size = bytes_of(shoal_output_info(&s.node(), output));
  if (offset + bytes < size) return true;
  uint8_t sent[alone::kCheckBytes];
  alone::put32(sent, check);
  return s.send_all(output, size, sent, sizeof sent);
}

bool AloneServer::between(void* self) {
  auto& s = *static_cast<AloneServer*>(self);
  s.receive();
  return !s.begins_;
}

// The clock is read outside of what the counter sees: on small cores it takes a
// division of 64 bits.
[[gnu::cold]] shoal_status AloneServer::measured_step(void* self,
                                                      shoal_node& node) {
  auto& s = *static_cast<AloneServer*>(self);
  const uint64_t began_us = s.now();
  const uint32_t began = s.counter_.read();
  const shoal_status status = shoal_step(&node);
  const uint32_t ticks = (s.counter_.read() - began) & s.counter_.mask;
  const uint64_t us = s.now() - began_us;
  const uint16_t layer = shoal_last_layer(&node);
  // A step that found nothing to do has waited.
  if (status == SHOAL_WAIT) return status;
  s.step_ticks_ += ticks;
  s.step_us_ += us;
  if (layer >= s.board_.layers) return status;
  uint32_t& sum = s.board_.times[layer];
  sum = ticks < ~sum ? sum + ticks : ~uint32_t{0};
  return status;
}

void AloneServer::idle(void* self) {
  const auto& s = *static_cast<const AloneServer*>(self);
  if (s.board_.idle) s.board_.idle(s.board_.user);
}

}  // namespace shoal
