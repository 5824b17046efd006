#include "table/arrow_stream.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/c/bridge.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>

#include <memory>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "table/arrow_checked.h"
#include "table/arrow_structs.h"
#include "table/from_columns.h"

namespace manyshot {
namespace {

constexpr int64_t kPoolBytes = int64_t{1} << 30;  // of buffers that the stream has compressed
constexpr int kMostLevels = 4;                    // of types in each other: a table has one, dictionaries two

// The value of an Arrow call; its failure as an Error about the table.
template <class Call>
auto checked(const std::string& name, Call&& call) {
  return checked_arrow(name, "Arrow stream", "write it with RecordBatchStreamWriter", std::forward<Call>(call));
}

// Batches of no more rows than their bytes can hold, each of whose buffers is as long as it must be.
std::vector<std::shared_ptr<arrow::RecordBatch>> read_batches(arrow::ipc::RecordBatchStreamReader& reader,
                                                              const std::string& name, uint64_t num_bytes) {
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  uint64_t num_rows = 0;
  for (;;) {
    auto batch = checked(name, [&] { return reader.Next(); });
    if (batch == nullptr) return batches;
    num_rows += static_cast<uint64_t>(batch->num_rows());
    if (batch->num_rows() < 0 || num_rows > 8 * num_bytes)
      fail(ErrorKind::kCorruptFile, "{}: says that it has {} rows, more than its {} bytes can hold", name, num_rows,
           num_bytes);
    if (const arrow::Status status = batch->ValidateFull(); !status.ok())
      fail(ErrorKind::kCorruptFile, "{}: a batch of the Arrow stream is damaged ({}); write it again", name,
           excerpt(status.message(), 200));
    batches.push_back(std::move(batch));
  }
}

}  // namespace

TextTable read_arrow_stream(std::string_view bytes, const std::string& name, uint64_t most_text_bytes) {
  arrow::CappedMemoryPool pool(arrow::default_memory_pool(), kPoolBytes);
  arrow::ipc::IpcReadOptions options;
  options.max_recursion_depth = kMostLevels;
  options.memory_pool = &pool;
  options.use_threads = false;
  // Copied, so that buffers lie where Arrow wants them.
  auto buffer = checked(name, [&] { return arrow::AllocateBuffer(static_cast<int64_t>(bytes.size())); });
  std::copy(bytes.begin(), bytes.end(), buffer->mutable_data());
  arrow::io::BufferReader input(std::shared_ptr<arrow::Buffer>(std::move(buffer)));
  auto reader = checked(name, [&] { return arrow::ipc::RecordBatchStreamReader::Open(&input, options); });
  auto batches = read_batches(*reader, name, bytes.size());
  auto all = checked(name, [&] { return arrow::RecordBatchReader::Make(std::move(batches), reader->schema()); });
  ArrowArrayStream stream{};
  if (const arrow::Status status = arrow::ExportRecordBatchReader(all, &stream); !status.ok())
    fail(ErrorKind::kInternal, "{}: {}", name, status.message());
  const std::unique_ptr<ArrowArrayStream, void (*)(ArrowArrayStream*)> owner(
      &stream, [](ArrowArrayStream* exported) { exported->release(exported); });
  return read_columns(stream, name, most_text_bytes);
}

}  // namespace manyshot
