// The forest on tables from a file, one thread: probabilities and times, for tools/parity/forest_parity.py, which runs
// scikit-learn's on the same.
//
//   forest_tasks IN OUT NUM_TREES SEED
//
// IN, little-endian, for each table: four int32 (labelled rows N, queries Q, features F, classes K), float32 [F, N +
// Q], int32 [N]. OUT: for each table four float64 (CPU and wall seconds of fitting and predicting, out-of-bag score,
// mean number of nodes), then float64 [Q, K] probabilities and [F] importances. Out-of-bag score and importances are of
// a second fit, which is not timed.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "teacher/random_forest.h"

namespace manyshot::teacher {
namespace {

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <class T>
bool read(std::istream& in, std::vector<T>& values) {
  return static_cast<bool>(
      in.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T))));
}

void write(std::ostream& out, const std::vector<double>& values) {
  out.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(double)));
}

void run(const char* in_path, const char* out_path, int num_trees, uint64_t seed) {
  set_num_threads(1);
  std::ifstream in(in_path, std::ios::binary);
  std::ofstream out(out_path, std::ios::binary);
  RandomForest forest;
  ForestScratch scratch;
  std::vector<int32_t> header(4);
  for (uint64_t task = 0; read(in, header); ++task) {
    const auto num_rows = static_cast<size_t>(header[0]);
    const auto num_queries = static_cast<size_t>(header[1]);
    const auto num_features = static_cast<size_t>(header[2]);
    const auto num_classes = static_cast<size_t>(header[3]);
    const size_t stride = num_rows + num_queries;
    std::vector<float> values(num_features * stride);
    std::vector<int32_t> labels(num_rows);
    if (!read(in, values) || !read(in, labels))
      fail(ErrorKind::kCorruptFile, "{}: ends within table {}", in_path, task);
    const ColumnsView all{values.data(), stride, num_features, stride};
    const Rng rng = Rng(seed).child("task", task);
    std::vector<double> probabilities(num_queries * num_classes);

    ForestOptions options{.num_trees = num_trees};
    const double cpu = cpu_seconds(), wall = wall_seconds();
    forest.fit(all.rows(0, num_rows), labels, header[3], options, rng, scratch);
    forest.predict(all.rows(num_rows, num_queries), probabilities);
    std::vector<double> numbers = {cpu_seconds() - cpu, wall_seconds() - wall};

    options.out_of_bag = options.importances = true;
    forest.fit(all.rows(0, num_rows), labels, header[3], options, rng, scratch);
    double nodes = 0;
    for (const DecisionTree& tree : forest.trees()) nodes += static_cast<double>(tree.nodes().size());
    numbers.insert(numbers.end(), {forest.out_of_bag_score(), nodes / num_trees});
    write(out, numbers);
    write(out, probabilities);
    write(out, forest.importances());
  }
}

}  // namespace
}  // namespace manyshot::teacher

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "forest_tasks IN OUT NUM_TREES SEED\n";
    return 2;
  }
  try {
    manyshot::teacher::run(argv[1], argv[2], std::atoi(argv[3]), std::strtoull(argv[4], nullptr, 10));
  } catch (const manyshot::Error& error) {
    std::cerr << error.what() << "\n";
    return manyshot::exit_code(error.kind());
  }
}
