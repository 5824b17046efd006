#include <hdf5.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/error.h"
#include "corpus/task_dump.h"

namespace manyshot {
namespace {

constexpr uint64_t kChunkBytes = 512 << 10;  // below HDF5's cache of a data set, so a chunk is packed once
constexpr unsigned kDeflateLevel = 4;
constexpr hsize_t kIntegerChunk = 16'384;

template <class Status>
Status checked(Status status, const char* what) {
  if (status < 0) fail(ErrorKind::kInternal, "HDF5: {} failed", what);
  return status;
}

// An HDF5 identifier, closed with its scope.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Handle(hid_t id, Close close, const char* what) : id_(checked(id, what)), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Handle& operator=(Handle&&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  Close close_;
};

using Sizes = std::vector<hsize_t>;

Handle space_of(const Sizes& sizes) {
  return {H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr), H5Sclose, "H5Screate_simple"};
}

// Part [first, first + count) of the first axis.
Handle rows_of(const Sizes& sizes, hsize_t first, hsize_t count) {
  Handle space = space_of(sizes);
  Sizes begin(sizes.size(), 0), counts = sizes;
  begin[0] = first;
  counts[0] = count;
  checked(H5Sselect_hyperslab(space, H5S_SELECT_SET, begin.data(), nullptr, counts.data(), nullptr),
          "H5Sselect_hyperslab");
  return space;
}

// No times: the same tasks give the same bytes.
Handle creation_list() {
  Handle list(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "H5Pcreate");
  checked(H5Pset_obj_track_times(list, false), "H5Pset_obj_track_times");
  return list;
}

// A file in memory.
class MemoryFile {
 public:
  MemoryFile() : access_(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "H5Pcreate") {
    checked(H5Pset_fapl_core(access_, 1 << 20, /*backing_store=*/false), "H5Pset_fapl_core");
    file_ = checked(H5Fcreate("memory", H5F_ACC_TRUNC, H5P_DEFAULT, access_), "H5Fcreate");
  }
  ~MemoryFile() { H5Fclose(file_); }
  operator hid_t() const { return file_; }

  std::string bytes() const {
    checked(H5Fflush(file_, H5F_SCOPE_GLOBAL), "H5Fflush");
    std::string image(static_cast<size_t>(checked(H5Fget_file_image(file_, nullptr, 0), "H5Fget_file_image")), '\0');
    checked(H5Fget_file_image(file_, image.data(), image.size()), "H5Fget_file_image");
    return image;
  }

 private:
  Handle access_;
  hid_t file_ = -1;
};

Handle create(hid_t file, const char* name, hid_t type, hid_t space, hid_t list) {
  return {H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT), H5Dclose, name};
}

void write_integer(hid_t file, const char* name, int64_t value) {
  const Handle space = space_of({1}), list = creation_list();
  const Handle set = create(file, name, H5T_STD_I64LE, space, list);
  checked(H5Dwrite(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value), name);
}

// As h5py writes text: a string of any length in UTF-8.
void write_text(hid_t file, const char* name, const char* text) {
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "H5Tcopy");
  checked(H5Tset_size(type, H5T_VARIABLE), "H5Tset_size");
  checked(H5Tset_cset(type, H5T_CSET_UTF8), "H5Tset_cset");
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose, "H5Screate"), list = creation_list();
  const Handle set = create(file, name, type, space, list);
  checked(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &text), name);
}

void write_facts(hid_t file, const DumpSizes& sizes) {
  write_integer(file, "max_num_classes", static_cast<int64_t>(sizes.num_classes));
  write_integer(file, "original_batch_size", 1);  // every task was drawn by itself
  write_text(file, "problem_type", "classification");
}

// The arrays with a row for each task, and what of their shape stands behind it.
struct Array {
  const char* name;
  bool is_float;
  Sizes inner;
};
std::array<Array, 5> arrays_of(const DumpSizes& sizes) {
  return {{{"X", true, {sizes.num_rows(), sizes.num_features}},
           {"y", true, {sizes.num_rows()}},
           {"num_features", false, {}},
           {"num_datapoints", false, {}},
           {"single_eval_pos", false, {}}}};
}
hid_t file_type(const Array& array) { return array.is_float ? H5T_IEEE_F32LE : H5T_STD_I32LE; }

Sizes with_tasks(hsize_t tasks, const Sizes& inner) {
  Sizes sizes{tasks};
  sizes.insert(sizes.end(), inner.begin(), inner.end());
  return sizes;
}

// Whole tasks where they are small, else rows of one.
Sizes chunk_of(const Array& array, hsize_t num_tasks) {
  if (array.inner.empty()) return {std::clamp<hsize_t>(num_tasks, 1, kIntegerChunk)};
  const hsize_t row_bytes = sizeof(float) * (array.inner.size() > 1 ? array.inner[1] : 1);
  const hsize_t rows = std::clamp<hsize_t>(kChunkBytes / row_bytes, 1, array.inner[0]);
  Sizes chunk = with_tasks(std::clamp<hsize_t>(kChunkBytes / (rows * row_bytes), 1, std::max<hsize_t>(num_tasks, 1)),
                           array.inner);
  chunk[1] = rows;
  return chunk;
}

// One task, padded: X [num_rows, num_features], y [num_rows].
struct PaddedTask {
  std::vector<float> cells, labels;
};

void fill_missing(PaddedTask& task, const DumpSizes& sizes, size_t feature) {
  double sum = 0;
  size_t count = 0;
  for (size_t row = 0; row < sizes.num_labelled; ++row) {
    const float cell = task.cells[row * sizes.num_features + feature];
    if (std::isnan(cell)) continue;
    sum += cell;
    ++count;
  }
  const auto mean = static_cast<float>(count > 0 ? sum / static_cast<double>(count) : 0);
  for (size_t row = 0; row < sizes.num_rows(); ++row) {
    float& cell = task.cells[row * sizes.num_features + feature];
    if (std::isnan(cell)) cell = mean;
  }
}

void pad(const Sample& sample, const DumpSizes& sizes, PaddedTask& task) {
  if (sample.num_labelled != sizes.num_labelled || sample.num_queries == 0 || sample.num_features > sizes.num_features)
    fail(ErrorKind::kInternal, "sample {} does not fit the dump", sample.index);
  task.cells.assign(sizes.num_rows() * sizes.num_features, 0);
  task.labels.clear();
  for (size_t row = 0; row < sizes.num_rows(); ++row) {
    const size_t from =
        row < sizes.num_labelled ? row : sizes.num_labelled + (row - sizes.num_labelled) % sample.num_queries;
    std::copy_n(sample.cells.begin() + static_cast<ptrdiff_t>(from * sample.num_features), sample.num_features,
                task.cells.begin() + static_cast<ptrdiff_t>(row * sizes.num_features));
    task.labels.push_back(static_cast<float>(sample.labels[from]));
  }
  for (size_t feature = 0; feature < sample.num_features; ++feature) fill_missing(task, sizes, feature);
}

class Hdf5TaskDumpFormat : public TaskDumpFormat {
 public:
  Hdf5TaskDumpFormat() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }  // errors are thrown, not printed

  std::string part(std::span<const Sample> samples, const DumpSizes& sizes) const override {
    const MemoryFile file;
    const std::array<Array, 5> arrays = arrays_of(sizes);
    {
      const Handle X = create_chunked(file, arrays[0], samples.size()),
                   y = create_chunked(file, arrays[1], samples.size());
      PaddedTask task;
      for (size_t number = 0; number < samples.size(); ++number) {
        pad(samples[number], sizes, task);
        write_task(X, arrays[0], samples.size(), number, task.cells);
        write_task(y, arrays[1], samples.size(), number, task.labels);
      }
      std::vector<int32_t> features;
      for (const Sample& sample : samples) features.push_back(static_cast<int32_t>(sample.num_features));
      write_integers(file, arrays[2], features);
      write_integers(file, arrays[3], std::vector(samples.size(), static_cast<int32_t>(sizes.num_rows())));
      write_integers(file, arrays[4], std::vector(samples.size(), static_cast<int32_t>(sizes.num_labelled)));
    }
    write_facts(file, sizes);
    return file.bytes();
  }

  std::string joined(std::span<const DumpPart> parts, const DumpSizes& sizes) const override {
    hsize_t total = 0;
    for (const DumpPart& part : parts) total += part.num_tasks;
    if (total == 0) return part({}, sizes);
    const MemoryFile file;
    for (const Array& array : arrays_of(sizes)) {
      const Handle list = creation_list();
      const Sizes all = with_tasks(total, array.inner);
      hsize_t first = 0;
      for (const DumpPart& part : parts) {
        if (part.num_tasks == 0) continue;
        const Handle target = rows_of(all, first, part.num_tasks),
                     source = space_of(with_tasks(part.num_tasks, array.inner));
        checked(H5Pset_virtual(list, target, part.file.c_str(), array.name, source), "H5Pset_virtual");
        first += part.num_tasks;
      }
      // What a reader sees where a part is gone.
      constexpr float kGone = std::numeric_limits<float>::quiet_NaN();
      if (array.is_float) checked(H5Pset_fill_value(list, H5T_NATIVE_FLOAT, &kGone), "H5Pset_fill_value");
      const Handle space = space_of(all);
      create(file, array.name, file_type(array), space, list);
    }
    write_facts(file, sizes);
    return file.bytes();
  }

 private:
  static Handle create_chunked(hid_t file, const Array& array, hsize_t num_tasks) {
    const Handle list = creation_list(), space = space_of(with_tasks(num_tasks, array.inner));
    const Sizes chunk = chunk_of(array, num_tasks);
    if (num_tasks > 0) {
      checked(H5Pset_chunk(list, static_cast<int>(chunk.size()), chunk.data()), "H5Pset_chunk");
      checked(H5Pset_shuffle(list), "H5Pset_shuffle");
      checked(H5Pset_deflate(list, kDeflateLevel), "H5Pset_deflate");
    }
    return create(file, array.name, file_type(array), space, list);
  }

  static void write_task(hid_t set, const Array& array, hsize_t num_tasks, hsize_t number,
                         const std::vector<float>& values) {
    const Handle memory = space_of(with_tasks(1, array.inner)),
                 place = rows_of(with_tasks(num_tasks, array.inner), number, 1);
    checked(H5Dwrite(set, H5T_NATIVE_FLOAT, memory, place, H5P_DEFAULT, values.data()), array.name);
  }

  static void write_integers(hid_t file, const Array& array, const std::vector<int32_t>& values) {
    const Handle set = create_chunked(file, array, values.size());
    checked(H5Dwrite(set, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), array.name);
  }
};

}  // namespace

extern "C" const TaskDumpFormat* manyshot_task_dump_format() {
  static const Hdf5TaskDumpFormat format;
  return &format;
}

}  // namespace manyshot
