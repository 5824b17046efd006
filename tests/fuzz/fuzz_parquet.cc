#include "fuzz/table_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  manyshot::fuzzing::read_table(data, size, "fuzz.parquet");
  return 0;
}
