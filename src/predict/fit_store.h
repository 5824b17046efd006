// Results of fitting that take time, by name, so that a fit can be written to a file and begun again from it
// (predict/fit_file.h). There is one way to fit: what the store has is read, all else is computed, and put there if the
// store is to be filled.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/files.h"

namespace manyshot {

// Bytes by name. Moved, never copied: names lead to where the bytes stand.
struct FitParts {
  std::string path;                                              // of the file that they are from, for messages
  std::map<std::string, std::string_view, std::less<>> by_name;  // into one of the two below
  std::vector<std::unique_ptr<const std::string>> own;
  std::shared_ptr<const MappedFile> file;

  void add(std::string name, std::string bytes);
};

class FitStore {
 public:
  FitStore() = default;  // of none: all is computed, and nothing kept
  static FitStore filling(FitParts& parts) { return FitStore(&parts, /*is_filling=*/true, ""); }
  static FitStore reading(FitParts& parts) { return FitStore(&parts, /*is_filling=*/false, ""); }

  // The same store for a part of the fit, whose names it keeps apart.
  FitStore part(std::string_view name) const { return {parts_, is_filling_, prefix_ + std::string(name) + "/"}; }

  // The result `name`. What it was computed from should be in the name, by a checksum, so that a version of the program
  // that computes otherwise does not find it. compute() -> Value; write(value) -> std::string, empty for what cannot be
  // kept; read(ByteReader&) -> Value. Throws Error(kCorruptFile) when read() does not take all bytes, and what it
  // throws.
  template <class Compute, class Write, class Read>
  auto get_or_compute(const std::string& name, const Compute& compute, const Write& write, const Read& read) const {
    if (const std::string_view* bytes = find(name)) {
      ByteReader reader(*bytes, place_of(name));
      auto value = read(reader);
      reader.expect_end();
      return value;
    }
    auto value = compute();
    if (is_filling_) keep(name, write(value));
    return value;
  }

 private:
  FitStore(FitParts* parts, bool is_filling, std::string prefix)
      : parts_(parts), is_filling_(is_filling), prefix_(std::move(prefix)) {}

  const std::string_view* find(const std::string& name) const;
  void keep(const std::string& name, std::string bytes) const;
  std::string place_of(const std::string& name) const;

  FitParts* parts_ = nullptr;
  bool is_filling_ = false;
  std::string prefix_;
};

}  // namespace manyshot
