#include <ATen/ATen.h>
#include <parquet/arrow/reader.h>
