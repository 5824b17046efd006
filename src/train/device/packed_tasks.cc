#include "train/device/packed_tasks.h"

#include <algorithm>
#include <utility>

#include "core/parallel.h"
#include "train/compact/check_sample.h"

namespace manyshot::train {
namespace {

int32_t to_int(size_t value) { return static_cast<int32_t>(value); }

// The rows of a task that stand together: its labelled ones, or its queries.
struct RowBlock {
  size_t task;
  bool is_labelled;
  size_t begin, end;          // among the task's rows
  size_t row, token, asking;  // where the first one stands
  size_t bar;                 // among those of its kind

  size_t size() const { return end - begin; }
};

class Packer {
 public:
  Packer(const NetworkShape& shape, const CompactNetworkOptions& options, std::span<const TrainSample* const> tasks)
      : shape_(shape), options_(options), tasks_(tasks), bars_(tasks.size()) {}

  PackedTasks pack() {
    parallel_for(tasks_.size(), [&](size_t i, int) { bars_[i] = bar_labels(shape_, options_, *tasks_[i]); });
    lay_out();
    parallel_for(blocks_.size(), [&](size_t i, int) { fill(blocks_[i]); });
    shift_bars();
    return std::move(packed_);
  }

 private:
  // A query's label is not read.
  size_t row_tokens(const TrainSample& task, bool is_labelled) const {
    return task.num_features + (is_labelled ? 2 : 1);
  }
  PackedBars& bars_of(size_t task) { return bars_[task].are_numbers ? packed_.numbers : packed_.labels; }

  // Where everything goes, and room for it.
  void lay_out() {
    packed_.labelled_end.push_back(0);
    packed_.query_end.push_back(0);
    size_t row = 0, token = 0, asking = 0, num_labels = 0, num_numbers = 0;
    const auto add = [&](size_t i, bool is_labelled) {
      const size_t begin = is_labelled ? 0 : tasks_[i]->num_labelled,
                   end = is_labelled ? tasks_[i]->num_labelled : tasks_[i]->num_rows();
      size_t& bars = bars_[i].are_numbers ? num_numbers : num_labels;
      const RowBlock block{i, is_labelled, begin, end, row, token, asking, bars};
      blocks_.push_back(block);
      row += block.size();
      token += block.size() * row_tokens(*tasks_[i], is_labelled);
      asking += block.size() * (is_labelled ? 2 : 1);
      bars += block.size();
    };
    for (size_t i = 0; i < tasks_.size(); ++i) {
      const TrainSample& task = *tasks_[i];
      add(i, /*is_labelled=*/true);
      packed_.labelled_end.push_back(to_int(row));
      packed_.most_labelled = std::max<int64_t>(packed_.most_labelled, task.num_labelled);
      packed_.most_queries = std::max<int64_t>(packed_.most_queries, task.num_queries);
      packed_.most_tokens = std::max(packed_.most_tokens, static_cast<int64_t>(row_tokens(task, true)));
    }
    packed_.num_labelled = static_cast<int64_t>(row);
    for (size_t i = 0; i < tasks_.size(); ++i) {
      add(i, /*is_labelled=*/false);
      packed_.query_end.push_back(to_int(row) - static_cast<int32_t>(packed_.num_labelled));
    }
    packed_.num_queries = static_cast<int64_t>(row) - packed_.num_labelled;
    for (auto* tokens : {&packed_.first, &packed_.second, &packed_.column, &packed_.place}) tokens->resize(token);
    for (auto* ends : {&packed_.row_end, &packed_.asking_end}) ends->assign(row + 1, 0);
    for (auto* summaries : {&packed_.asking, &packed_.summary, &packed_.summary_place}) summaries->resize(asking);
    for (const auto& [bars, count] : {std::pair(&packed_.labels, num_labels), {&packed_.numbers, num_numbers}}) {
      bars->row.resize(count);
      bars->label.resize(count);
      bars->supervised.resize(count);
    }
    packed_.labels.is_allowed.resize(num_labels * shape_.num_labels);
  }

  void fill(const RowBlock& block) {
    const TrainSample& task = *tasks_[block.task];
    const size_t F = task.num_features;
    const auto labelled = static_cast<size_t>(packed_.num_labelled);
    size_t token = block.token, asking = block.asking;
    for (size_t i = block.begin; i < block.end; ++i) {
      const size_t row = block.row + i - block.begin;
      const TokenId* tokens = task.tokens.data() + i * task.row_tokens();
      const auto ask = [&](size_t place, size_t summary) {
        packed_.asking[asking] = to_int(token + place);
        packed_.summary[summary] = to_int(asking++);
        packed_.summary_place[summary] = to_int(place);
      };
      // Queries stand behind the labels and the bars of labelled rows.
      ask(F, labelled + row);
      if (block.is_labelled) ask(F + 1, row);
      for (size_t place = 0; place < row_tokens(task, block.is_labelled); ++place) {
        put(token++, place, token_sum(shape_.config, tokens[place], place, F));
      }
      packed_.row_end[row + 1] = to_int(token);
      packed_.asking_end[row + 1] = to_int(asking);
      put_bar(block, i, row);
    }
  }

  void put(size_t token, size_t place, const TokenSum& rows) {
    const auto table_row = [&](TokenId row) { return to_int(row < 0 ? shape_.table_size() : shape_.table_place(row)); };
    packed_.first[token] = table_row(rows.first);
    packed_.second[token] = table_row(rows.second);
    packed_.column[token] = table_row(rows.column);
    packed_.place[token] = to_int(place);
  }

  void put_bar(const RowBlock& block, size_t task_row, size_t row) {
    const BarLabels& from = bars_[block.task];
    PackedBars& to = bars_of(block.task);
    const size_t bar = block.bar + task_row - block.begin;
    to.row[bar] = to_int(row);
    to.label[bar] = from.label[task_row];
    to.supervised[bar] = from.supervised[task_row];
    if (!from.are_numbers) {
      std::ranges::copy(from.allowed, to.is_allowed.begin() + static_cast<ptrdiff_t>(bar * shape_.num_labels));
    }
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
  std::vector<BarLabels> bars_;  // of each task
  std::vector<RowBlock> blocks_;
  PackedTasks packed_;
};

}  // namespace

PackedTasks pack_tasks(const NetworkShape& shape, const CompactNetworkOptions& options,
                       std::span<const TrainSample* const> tasks) {
  return Packer(shape, options, tasks).pack();
}

std::vector<std::array<size_t, 2>> group_tasks(std::span<const TrainSample> batch, size_t most_tokens) {
  std::vector<std::array<size_t, 2>> groups;
  size_t rows = 0, tokens = 0;  // of the last group
  for (size_t i = 0; i < batch.size(); ++i) {
    rows += batch[i].num_rows();
    tokens += batch[i].num_rows() * batch[i].row_tokens();
    if (groups.empty() || tokens > most_tokens || rows > kMostPackedRows) {
      groups.push_back({i, i});
      rows = batch[i].num_rows();
      tokens = rows * batch[i].row_tokens();
    }
    groups.back()[1] = i + 1;
  }
  return groups;
}

}  // namespace manyshot::train
