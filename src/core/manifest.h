// The finished pieces of a long job, as JSON lines: a header about how the job was asked for, then one line for each
// piece, added when the piece is complete. So every line is true at any time, and after a crash the same command goes
// on with the piece behind the last line.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/json.h"

namespace manyshot {

class Manifest {
 public:
  // Makes the file at `path` with the header {"format", "version", "options"}, or reads one that is there: `visit(line,
  // number)` gets each finished piece (number: its line in the file, the header being 1). A line cut short by a crash
  // is cut off. Throws Error(kBadInput) naming the option that differs when the file was made with other options or
  // another version, kCorruptFile for a file of another format or with damaged lines.
  Manifest(const std::string& path, const std::string& format, const std::string& version, const Json& options,
           const std::function<void(const Json& line, uint64_t number)>& visit);

  // Adds lines, each with its line end. Throws Error(kBadInput) when the disk is full.
  void append(const std::string& lines);
  const std::string& path() const { return path_; }

 private:
  void check_header(const std::string& line, const std::string& format, const std::string& version,
                    const Json& options) const;

  std::string path_;
};

}  // namespace manyshot
