// TensorBoard event files: records in TFRecord framing (length, masked CRC-32C, protocol buffer, masked CRC-32C).
// Sources: tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto, TFRecord's documentation.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace manyshot::train {

// CRC-32C (Castagnoli) of `bytes`.
uint32_t crc32c_of(std::string_view bytes);
// One TFRecord with that content.
std::string tf_record(std::string_view content);

struct ScalarValue {
  std::string tag;
  float value = 0;
};

// events.out.tfevents.<unix time>.<host>.<process>.manyshot in `folder`. Each event is on disk when the call returns,
// so that a killed run keeps them.
class EventWriter {
 public:
  // Events of `first_step` and later that an earlier file in the folder holds are hidden by TensorBoard (a resumed run
  // repeats them). Throws Error(kBadInput) when the file cannot be made.
  EventWriter(const std::string& folder, int64_t first_step);
  void add(int64_t step, const std::vector<ScalarValue>& values);
  const std::string& path() const { return path_; }

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void write(const std::string& event);

  std::string path_;
  std::unique_ptr<std::FILE, CloseFile> file_;
};

}  // namespace manyshot::train
