#include "table/text_source.h"

#include <arrow/io/compressed.h>
#include <arrow/io/file.h>
#include <arrow/util/compression.h>
#include <iconv.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "core/error.h"

namespace manyshot {
namespace {

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
constexpr size_t kChunkBytes = 1 << 16;

std::optional<arrow::Compression::type> compression_of(std::string_view head) {
  if (head.starts_with("\x1F\x8B")) return arrow::Compression::GZIP;
  if (head.starts_with("\x28\xB5\x2F\xFD")) return arrow::Compression::ZSTD;
  if (head.starts_with("BZh")) return arrow::Compression::BZ2;
  return {};
}

class FileSource final : public TextSource {
 public:
  explicit FileSource(const InputFile& file) : path_(file.path()), stream_(file.open()) {
    const auto compression = compression_of(file.head(4));
    if (!compression) return;
    auto codec = arrow::util::Codec::Create(*compression);
    if (!codec.ok()) fail(ErrorKind::kUnsupported, "{}: {}; decompress it first", path_, codec.status().message());
    codec_ = std::move(*codec);
    auto decompressed = arrow::io::CompressedInputStream::Make(codec_.get(), stream_);
    if (!decompressed.ok()) fail(ErrorKind::kCorruptFile, "{}: {}", path_, decompressed.status().message());
    stream_ = *decompressed;
  }

  size_t read(char* out, size_t max) override {
    const auto count = stream_->Read(static_cast<int64_t>(max), out);
    if (count.ok()) return static_cast<size_t>(*count);
    if (codec_) {
      fail(ErrorKind::kCorruptFile, "{}: cannot be decompressed ({}); the file is cut or damaged, fetch it again",
           path_, count.status().message());
    }
    fail(ErrorKind::kBadInput, "{}: cannot be read ({})", path_, count.status().message());
  }

 private:
  std::string path_;
  std::unique_ptr<arrow::util::Codec> codec_;
  std::shared_ptr<arrow::io::InputStream> stream_;
};

// Reads until `max` bytes are there or the source ends.
size_t read_fully(FileSource& source, char* out, size_t max) {
  size_t total = 0;
  while (total < max) {
    const size_t count = source.read(out + total, max - total);
    if (count == 0) break;
    total += count;
  }
  return total;
}

class IconvSource final : public TextSource {
 public:
  IconvSource(const InputFile& file, const std::string& encoding)
      : path_(file.path()), encoding_(encoding), source_(file), converter_(iconv_open("UTF-8", encoding.c_str())) {
    if (converter_ == reinterpret_cast<iconv_t>(-1)) {
      fail(ErrorKind::kBadInput,
           "{}: unknown encoding \"{}\"; use a name that `iconv -l` lists, for example latin1, windows-1252, utf-16, "
           "gb18030 or shift_jis",
           path_, encoding_);
    }
  }
  ~IconvSource() override { iconv_close(converter_); }
  IconvSource(const IconvSource&) = delete;
  IconvSource& operator=(const IconvSource&) = delete;

  size_t read(char* out, size_t max) override {
    for (;;) {
      if (!at_end_ && size_ < kChunkBytes / 2) refill();
      if (size_ == 0) return 0;
      char* in = input_.data();
      char* to = out;
      size_t free_bytes = max;
      const size_t result = iconv(converter_, &in, &size_, &to, &free_bytes);
      const int error = result == static_cast<size_t>(-1) ? errno : 0;
      std::memmove(input_.data(), in, size_);
      const auto written = static_cast<size_t>(to - out);
      line_ += static_cast<uint64_t>(std::count(out, to, '\n'));
      if (written > 0) return written;
      if (error == EILSEQ || (error == EINVAL && at_end_)) fail_here(error);
    }
  }

 private:
  void refill() {
    const size_t count = read_fully(source_, input_.data() + size_, kChunkBytes - size_);
    size_ += count;
    at_end_ = count == 0;
  }

  [[noreturn]] void fail_here(int error) const {
    std::string hex;
    for (size_t i = 0; i < std::min<size_t>(size_, 4); ++i)
      hex += fmt::format(" {:02X}", static_cast<unsigned char>(input_[i]));
    fail(ErrorKind::kBadInput,
         "{}:{}: the bytes{} are not {} text{}; give the file's real encoding with --encoding NAME", path_, line_, hex,
         encoding_, error == EINVAL ? " (the file ends inside a character)" : "");
  }

  std::string path_, encoding_;
  FileSource source_;
  iconv_t converter_;
  std::vector<char> input_ = std::vector<char>(kChunkBytes);
  size_t size_ = 0;  // bytes of input_ waiting
  bool at_end_ = false;
  uint64_t line_ = 1;
};

class WithoutByteOrderMark final : public TextSource {
 public:
  explicit WithoutByteOrderMark(std::unique_ptr<TextSource> source) : source_(std::move(source)) {
    char chunk[256];
    while (start_.size() < kUtf8Mark.size()) {
      const size_t count = source_->read(chunk, sizeof chunk);
      if (count == 0) break;
      start_.append(chunk, count);
    }
    if (start_.starts_with(kUtf8Mark)) start_.erase(0, kUtf8Mark.size());
  }
  size_t read(char* out, size_t max) override {
    if (start_.empty()) return source_->read(out, max);
    const size_t count = start_.copy(out, max);
    start_.erase(0, count);
    return count;
  }

 private:
  std::unique_ptr<TextSource> source_;
  std::string start_;  // read, not yet handed on
};

// Text through a filter with append(text, out).
template <class Filter>
class FilteredSource final : public TextSource {
 public:
  FilteredSource(std::unique_ptr<TextSource> source, Filter filter)
      : source_(std::move(source)), filter_(std::move(filter)) {}

  size_t read(char* out, size_t max) override {
    while (position_ == filtered_.size()) {
      filtered_.clear();
      position_ = 0;
      const size_t count = source_->read(chunk_.data(), chunk_.size());
      if (count == 0) return 0;
      filter_.append({chunk_.data(), count}, filtered_);
    }
    const size_t count = filtered_.copy(out, max, position_);
    position_ += count;
    return count;
  }

 private:
  std::unique_ptr<TextSource> source_;
  Filter filter_;
  std::vector<char> chunk_ = std::vector<char>(kChunkBytes);
  std::string filtered_;
  size_t position_ = 0;
};

}  // namespace

std::string resolve_encoding(const InputFile& file, const std::string& encoding) {
  if (encoding != "auto") {
    std::string upper = encoding;
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (upper == "UTF-8" || upper == "UTF8") return "UTF-8";
    IconvSource(file, encoding);
    return encoding;
  }
  char head[2];
  FileSource source(file);
  const std::string_view mark(head, read_fully(source, head, sizeof head));
  if (mark == "\xFF\xFE") return "UTF-16LE";
  if (mark == "\xFE\xFF") return "UTF-16BE";
  return "UTF-8";
}

std::unique_ptr<TextSource> open_text(const InputFile& file, const std::string& encoding) {
  std::unique_ptr<TextSource> source;
  if (encoding == "UTF-8") {
    source = std::make_unique<FileSource>(file);
  } else {
    source = std::make_unique<IconvSource>(file, encoding);
  }
  return std::make_unique<WithoutByteOrderMark>(std::move(source));
}

void SpaceJoiner::append(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (!quoted_ && (c == ' ' || c == '\t')) {
      pending_space_ = !at_line_start_;
      continue;
    }
    const bool at_cell_start = at_line_start_ || pending_space_;
    const bool ends_line = !quoted_ && (c == '\n' || c == '\r');
    if (pending_space_ && !ends_line) out += ' ';
    out += c;
    pending_space_ = false;
    at_line_start_ = ends_line;
    const bool was_quoted = quoted_;
    if (c == quote_) quoted_ = !quoted_ && (at_cell_start || after_quoted_);
    after_quoted_ = was_quoted && !quoted_;
  }
}

void LineEditor::append(std::string_view text, std::string& out) {
  for (const char c : text) add(c, out);
}

void LineEditor::add(char c, std::string& out) {
  const bool ends_line = !quoted_ && (c == '\n' || c == '\r');
  if (in_comment_ || lines_left_out_ > 0) {
    if (!ends_line) return;
    if (lines_left_out_ > 0 && c == '\n') --lines_left_out_;
    in_comment_ = false;
    out += c;
    return;
  }
  if (at_line_start_ && edits_.comments_left_out && c == '#') {
    in_comment_ = true;
    return;
  }
  if (!is_first_begun_ && !ends_line) {
    out += edits_.before_first;
    is_first_begun_ = true;
  }
  const bool is_delimiter = !quoted_ && c == edits_.delimiter;
  if (edits_.quotes_after_blanks && !quoted_ && !is_delimiter && (c == ' ' || c == '\t') &&
      (at_cell_start_ || behind_quote_)) {
    blanks_ += c;
    at_line_start_ = false;
    return;
  }
  const bool is_quote = c == edits_.quote,
             opens = is_quote && !quoted_ && (at_cell_start_ || (behind_quote_ && blanks_.empty()));
  if (behind_quote_ && !opens && !is_delimiter && !ends_line) ++num_loose_quotes_;
  const bool drops_blanks = opens || (behind_quote_ && (is_delimiter || ends_line));
  if (!drops_blanks) out += blanks_;
  blanks_.clear();
  if (ends_line && is_first_begun_ && in_first_line_) {
    out += edits_.behind_first;
    in_first_line_ = false;
  }
  out += c;
  behind_quote_ = is_quote && quoted_;
  if (is_quote && quoted_) {
    quoted_ = false;
  } else if (opens) {
    quoted_ = true;
  }
  at_line_start_ = ends_line;
  at_cell_start_ = ends_line || is_delimiter;
}

std::unique_ptr<TextSource> edit_lines(std::unique_ptr<TextSource> source, const LineEdits& edits) {
  return std::make_unique<FilteredSource<LineEditor>>(std::move(source), LineEditor(edits));
}

std::unique_ptr<TextSource> join_spaces(std::unique_ptr<TextSource> source, char quote) {
  return std::make_unique<FilteredSource<SpaceJoiner>>(std::move(source), SpaceJoiner(quote));
}

}  // namespace manyshot
