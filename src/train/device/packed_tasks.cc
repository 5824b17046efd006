#include "train/device/packed_tasks.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "train/compact/check_sample.h"

namespace manyshot::train {
namespace {

constexpr double kMostPadding = 0.2;

int32_t to_int(size_t value) { return static_cast<int32_t>(value); }

class Packer {
 public:
  Packer(const NetworkShape& shape, const CompactNetworkOptions& options, std::span<const TrainSample* const> tasks)
      : shape_(shape), options_(options), tasks_(tasks) {}

  PackedTasks pack() {
    packed_.labelled_end.push_back(0);
    packed_.query_end.push_back(0);
    for (const TrainSample* task : tasks_) {
      packed_.slots = std::max<int64_t>(packed_.slots, static_cast<int64_t>(task->row_tokens()));
      packed_.num_labelled += task->num_labelled;
      packed_.num_queries += task->num_queries;
      packed_.most_labelled = std::max<int64_t>(packed_.most_labelled, task->num_labelled);
      packed_.most_queries = std::max<int64_t>(packed_.most_queries, task->num_queries);
      packed_.labelled_end.push_back(static_cast<int32_t>(packed_.num_labelled));
      packed_.query_end.push_back(static_cast<int32_t>(packed_.num_queries));
    }
    for (const TrainSample* task : tasks_) bars_.push_back(bar_labels(shape_, options_, *task));
    packed_.are_numbers = bars_.front().are_numbers;
    for (size_t i = 0; i < tasks_.size(); ++i) add_rows(i, 0, tasks_[i]->num_labelled);
    for (size_t i = 0; i < tasks_.size(); ++i) add_rows(i, tasks_[i]->num_labelled, tasks_[i]->num_rows());
    add_summaries();
    shift_bars();
    return std::move(packed_);
  }

 private:
  void add_rows(size_t number, size_t first, size_t end) {
    const TrainSample& task = *tasks_[number];
    const BarLabels& bars = bars_[number];
    const size_t F = task.num_features;
    for (size_t row = first; row < end; ++row) {
      const TokenId* tokens = task.tokens.data() + row * task.row_tokens();
      for (size_t place = 0; place < static_cast<size_t>(packed_.slots); ++place) {
        const bool is_read = place <= F || (place == F + 1 && row < task.num_labelled);
        add_token(is_read ? token_sum(shape_.config, tokens[place], place, F) : TokenSum());
      }
      bar_places_.push_back(to_int(F));
      packed_.label.push_back(bars.label[row]);
      packed_.supervised.push_back(bars.supervised[row]);
      if (!packed_.are_numbers) {
        packed_.is_allowed.insert(packed_.is_allowed.end(), bars.allowed.begin(), bars.allowed.end());
      }
    }
  }

  void add_token(const TokenSum& rows) {
    const auto place = [&](TokenId row) { return to_int(row < 0 ? shape_.table_size() : shape_.table_place(row)); };
    packed_.first.push_back(place(rows.first));
    packed_.second.push_back(place(rows.second));
    packed_.column.push_back(place(rows.column));
  }

  void add_summaries() {
    const auto add = [&](size_t first, size_t end, int32_t behind_features) {
      for (size_t row = first; row < end; ++row) {
        const int32_t place = bar_places_[row] + behind_features;
        packed_.place.push_back(place);
        packed_.slot.push_back(to_int(row * static_cast<size_t>(packed_.slots)) + place);
      }
    };
    const auto labelled = static_cast<size_t>(packed_.num_labelled), rows = static_cast<size_t>(packed_.num_rows());
    add(0, labelled, 1);
    add(0, labelled, 0);
    add(labelled, rows, 0);
  }

  void shift_bars() {
    packed_.shifted.resize(static_cast<size_t>(packed_.num_labelled));
    packed_.unshifted.resize(static_cast<size_t>(packed_.num_labelled));
    for (size_t task = 0; task < tasks_.size(); ++task) {
      const int32_t first = packed_.labelled_end[task], end = packed_.labelled_end[task + 1];
      for (int32_t row = first; row < end; ++row) {
        const int32_t stands = row == first ? end - 1 : row - 1;
        packed_.unshifted[static_cast<size_t>(row)] = stands;
        packed_.shifted[static_cast<size_t>(stands)] = row;
      }
    }
  }

  const NetworkShape& shape_;
  const CompactNetworkOptions& options_;
  std::span<const TrainSample* const> tasks_;
  std::vector<BarLabels> bars_;      // of each task
  std::vector<int32_t> bar_places_;  // [rows]
  PackedTasks packed_;
};

}  // namespace

PackedTasks pack_tasks(const NetworkShape& shape, const CompactNetworkOptions& options,
                       std::span<const TrainSample* const> tasks) {
  return Packer(shape, options, tasks).pack();
}

std::vector<std::vector<size_t>> group_tasks(const ModelConfig& config, std::span<const TrainSample> batch,
                                             size_t most_tokens) {
  std::vector<size_t> order(batch.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto kind_and_width = [&](size_t i) {
    return std::pair(predicts_number(config, batch[i]), batch[i].num_features);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return kind_and_width(a) > kind_and_width(b); });
  std::vector<std::vector<size_t>> groups;
  size_t rows = 0, tokens = 0, width = 0;  // of the last group
  bool are_numbers = false;
  for (const size_t i : order) {
    const size_t all_rows = rows + batch[i].num_rows(),
                 all_tokens = tokens + batch[i].num_rows() * batch[i].row_tokens();
    const auto padded = static_cast<double>(all_rows * width);
    const bool is_wide = padded - static_cast<double>(all_tokens) > kMostPadding * padded;
    const bool is_other = are_numbers != predicts_number(config, batch[i]);
    if (groups.empty() || is_wide || is_other || all_rows * width > most_tokens) {
      groups.emplace_back();
      rows = tokens = 0;
      width = batch[i].row_tokens();
      are_numbers = predicts_number(config, batch[i]);
    }
    groups.back().push_back(i);
    rows += batch[i].num_rows();
    tokens += batch[i].num_rows() * batch[i].row_tokens();
  }
  return groups;
}

}  // namespace manyshot::train
