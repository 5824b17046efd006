// Bytes -> fit file, and its labelled rows: either Error, or what is written again as it was read. The rows are read
// from the same bytes, since hardly any input has the checksums behind which they stand in a file.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/error.h"
#include "predict/fit_container.h"
#include "table/text_table.h"

namespace {

template <class Read>
void expect_error_or_success(const Read& read) {
  try {
    read();
  } catch (const manyshot::Error& error) {
    if (error.kind() == manyshot::ErrorKind::kInternal) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace manyshot;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  expect_error_or_success([&] { parse_fit_container(bytes, "input.msfit"); });
  expect_error_or_success([&] {
    ByteReader reader(bytes, "rows");
    const TextTable table = TextTable::read(reader);
    ByteWriter writer;
    table.write(writer);
    const std::string again = writer.take();
    ByteReader second(again, "rows");
    if (TextTable::read(second).num_rows != table.num_rows) std::abort();
  });
  return 0;
}
