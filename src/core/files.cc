#include "core/files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <tuple>
#include <utility>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/text.h"

namespace manyshot {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 20;
constexpr size_t kReadBytes = size_t{1} << 20;
constexpr size_t kMaxNameBytesKept = 200;  // of 255 that a file system allows, to leave room for the temporary ending

// A file descriptor closed at the end of a scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string next_step(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return "create the folder first, or give another path";
    case EISDIR:
      return "give the path of a file";
    case EACCES:
    case EPERM:
    case EROFS:
      return "give a path that you may write to";
    case ENOSPC:
    case EDQUOT:
      return "free some space, or give a path on another disk";
    case EFBIG:
      return "raise the file size limit (ulimit -f), or write less";
    case EPIPE:
      return "the reader has closed its end";
    case ENAMETOOLONG:
      return "give a shorter name";
    default:
      return "give another path";
  }
}

std::string shown(const std::string& path) { return path.empty() ? "\"\"" : path; }

[[noreturn]] void fail_to_write(const std::string& path, int error_number) {
  fail(ErrorKind::kBadInput, "{}: cannot write: {}; {}", shown(path), std::strerror(error_number),
       next_step(error_number));
}

[[noreturn]] void fail_to_read(const std::string& path, int error_number) {
  if (error_number == ENOENT || error_number == ENOTDIR) {
    fail(ErrorKind::kNotFound, "{}: no such file; check the path", shown(path));
  }
  if (error_number == EISDIR) fail(ErrorKind::kBadInput, "{}: is a folder; give the path of a file", path);
  fail(ErrorKind::kBadInput, "{}: cannot read: {}; check the path and its permissions", path,
       std::strerror(error_number));
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// The file that a symbolic link leads to, so that a rename replaces the file and not the link.
std::string resolve_links(const std::string& path) {
  char* resolved = realpath(path.c_str(), nullptr);
  if (!resolved) return path;
  std::string target(resolved);
  std::free(resolved);
  return target;
}

// The descriptor that /dev/stdout, /dev/stderr or /dev/fd/N names. Opening such a path anew would start at the
// beginning of a file that the shell is appending to.
std::optional<int> standard_descriptor(const std::string& path) {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view prefix : {"/dev/fd/", "/proc/self/fd/"}) {
    int fd = -1;
    const char* end = path.data() + path.size();
    if (path.starts_with(prefix) && std::from_chars(path.data() + prefix.size(), end, fd).ptr == end) return fd;
  }
  return std::nullopt;
}

std::string random_ending() {
  static std::atomic<uint64_t> calls{0};
  constexpr std::string_view kLetters = "0123456789abcdefghijklmnopqrstuvwxyz";
  uint64_t number = static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) +
                    static_cast<uint64_t>(getpid()) * 1000003 + calls++ * 7919;
  std::string ending(6, '0');
  for (char& letter : ending) {
    letter = kLetters[number % kLetters.size()];
    number /= kLetters.size();
  }
  return ending;
}

// Creates a new file beside `path`, with the permissions that open(2) would give. Sets errno and returns -1 on failure.
std::pair<int, std::string> create_beside(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  const std::string folder = path.substr(0, path.size() - name.size());
  while (true) {
    std::string temporary = fmt::format("{}.{}.{}.part", folder, name.substr(0, kMaxNameBytesKept), random_ending());
    const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) return {fd, std::move(temporary)};
  }
}

// False with errno set on failure. Some file systems and all pipes refuse fsync: they have nothing to sync.
bool sync(int fd) { return fsync(fd) == 0 || errno == EINVAL || errno == EROFS; }

void sync_folder(const std::string& folder) {
  const Descriptor fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() >= 0) sync(fd.get());  // the rename stands either way
}

struct Opened {
  int fd;
  uint64_t bytes;  // 0 for pipes and devices
  bool is_regular;
};

// The text of a Git LFS pointer: what Git keeps in the place of a large file that was not fetched. "" for other files.
std::string read_lfs_pointer(int fd, uint64_t bytes) {
  constexpr std::string_view kBegin = "version https://git-lfs.github.com/spec/";
  constexpr uint64_t kMaxPointerBytes = 1024;
  if (bytes < kBegin.size() || bytes > kMaxPointerBytes) return "";
  std::string text(static_cast<size_t>(bytes), '\0');
  const bool is_read = pread(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  return is_read && text.starts_with(kBegin) ? text : "";
}

[[noreturn]] void fail_lfs_pointer(const std::string& path, const std::string& pointer) {
  constexpr std::string_view kSize = "\nsize ";
  const size_t found = pointer.find(kSize);
  const std::string size = found == std::string::npos ? "" : pointer.substr(found + kSize.size());
  const auto bytes = parse_exact<long long>(size.substr(0, size.find('\n')));
  fail(ErrorKind::kCorruptFile,
       "{}: is a Git LFS pointer, not the file itself{}; run git lfs pull where it was cloned, or download the file",
       path, bytes ? fmt::format(", whose {} bytes were not fetched", with_thousands(*bytes)) : "");
}

Opened open_for_reading(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail_to_read(path, errno);
  struct stat info {};
  const int error_number = fstat(fd, &info) != 0 ? errno : S_ISDIR(info.st_mode) ? EISDIR : 0;
  if (error_number != 0) {
    close(fd);
    fail_to_read(path, error_number);
  }
  const bool is_regular = S_ISREG(info.st_mode);
  const std::string pointer = is_regular ? read_lfs_pointer(fd, static_cast<uint64_t>(info.st_size)) : "";
  if (!pointer.empty()) {
    close(fd);
    fail_lfs_pointer(path, pointer);
  }
  return {fd, is_regular ? static_cast<uint64_t>(info.st_size) : 0, is_regular};
}

[[noreturn]] void fail_too_large(const std::string& path, uint64_t max_bytes) {
  fail(ErrorKind::kBadInput,
       "{}: is larger than {}, the most that is read of such a file; check that it is the right one", path,
       format_bytes(max_bytes));
}

}  // namespace

OutputFile::OutputFile(const std::string& path) : path_(path) {
  struct stat info {};
  const bool exists = stat(path.c_str(), &info) == 0;
  if (path.empty() || (!exists && errno != ENOENT)) fail_to_write(path, errno);
  if (path.back() == '/' || (exists && S_ISDIR(info.st_mode))) fail_to_write(path, EISDIR);
  const auto standard = standard_descriptor(path);
  direct_ = standard || (exists && !S_ISREG(info.st_mode));
  if (direct_) {
    temporary_path_ = path;
    fd_ = standard ? fcntl(*standard, F_DUPFD_CLOEXEC, 0) : open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd_ < 0) fail_to_write(path, errno);
    return;
  }
  if (exists && access(path.c_str(), W_OK) != 0) fail_to_write(path, errno);
  target_path_ = resolve_links(path);
  std::tie(fd_, temporary_path_) = create_beside(target_path_);
  if (fd_ < 0) fail_to_write(path, errno);
  register_unfinished(temporary_path_);
  if (exists) fchmod(fd_, info.st_mode & 07777);
}

OutputFile::~OutputFile() {
  if (fd_ < 0) return;
  close(fd_);
  if (direct_) return;
  unlink(temporary_path_.c_str());
  unregister_unfinished(temporary_path_);
}

void OutputFile::write(std::string_view bytes) {
  buffer_ += bytes;
  if (buffer_.size() >= kBufferBytes) flush();
}

void OutputFile::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written < 0 && errno != EINTR) fail_to_write(path_, errno);
    if (written > 0) rest.remove_prefix(static_cast<size_t>(written));
  }
  buffer_.clear();
}

void OutputFile::commit() {
  flush();
  if (!sync(fd_)) fail_to_write(path_, errno);
  const int closed = close(std::exchange(fd_, -1));
  const int close_error = errno;
  if (direct_) {
    if (closed != 0) fail_to_write(path_, close_error);
    return;
  }
  if (closed != 0 || rename(temporary_path_.c_str(), target_path_.c_str()) != 0) {
    const int error_number = closed != 0 ? close_error : errno;
    unlink(temporary_path_.c_str());
    unregister_unfinished(temporary_path_);
    fail_to_write(path_, error_number);
  }
  unregister_unfinished(temporary_path_);
  sync_folder(folder_of(target_path_));
}

void write_file(const std::string& path, std::string_view bytes) {
  OutputFile file(path);
  file.write(bytes);
  file.commit();
}

void make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) fail(ErrorKind::kBadInput, "{}: cannot make this folder: {}", path, error.message());
}

std::string read_file(const std::string& path, uint64_t max_bytes) {
  const Opened opened = open_for_reading(path);
  const Descriptor fd(opened.fd);
  if (opened.bytes > max_bytes) fail_too_large(path, max_bytes);
  std::string content;
  size_t filled = 0;
  content.resize(opened.bytes > 0 ? static_cast<size_t>(opened.bytes) + 1 : kReadBytes);
  while (true) {
    const ssize_t count = read(fd.get(), content.data() + filled, content.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_to_read(path, errno);
    if (count == 0) break;
    filled += static_cast<size_t>(count);
    if (filled > max_bytes) fail_too_large(path, max_bytes);
    if (filled == content.size()) content.resize(content.size() * 2);
  }
  content.resize(filled);
  return content;
}

MappedFile::MappedFile(const std::string& path) : path_(path) {
  const Opened opened = open_for_reading(path);
  const Descriptor fd(opened.fd);
  if (!opened.is_regular) fail(ErrorKind::kBadInput, "{}: is not a regular file; save it to a file first", path);
  if (opened.bytes == 0) return;
  void* address = mmap(nullptr, opened.bytes, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (address == MAP_FAILED) fail_to_read(path, errno);
  bytes_ = {static_cast<const std::byte*>(address), static_cast<size_t>(opened.bytes)};
}

void MappedFile::forget(std::span<const std::byte> part) const {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<uintptr_t>(part.data()) + page - 1) / page * page;
  const auto end = reinterpret_cast<uintptr_t>(part.data() + part.size()) / page * page;
  // Only a hint: nothing is lost when the system does not take it.
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace manyshot
