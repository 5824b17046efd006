#include "train/device/device_pack.h"

#include <ATen/ATen.h>

namespace manyshot::train {
namespace {

using at::Tensor;

// Arrays of numbers, one behind the other.
class Upload {
 public:
  template <class T>
  void add(const std::vector<T>& values) {
    all_.insert(all_.end(), values.begin(), values.end());
    ends_.push_back(static_cast<int64_t>(all_.size()));
  }
  void send(const at::Device& device) {
    const Tensor here = at::from_blob(all_.data(), {static_cast<int64_t>(all_.size())}, at::kInt);
    there_ = device.is_cpu() ? here.clone() : here.to(device);
  }
  // The arrays in the order in which they were added.
  Tensor next() {
    const int64_t begin = next_ == 0 ? 0 : ends_[next_ - 1];
    return there_.slice(0, begin, ends_[next_++]);
  }

 private:
  std::vector<int32_t> all_;
  std::vector<int64_t> ends_;
  size_t next_ = 0;
  Tensor there_;
};

void add_bars(const PackedBars& bars, Upload& upload) {
  upload.add(bars.row);
  upload.add(bars.label);
  upload.add(bars.supervised);
  upload.add(bars.is_allowed);
}

DeviceBars next_bars(const PackedBars& bars, int64_t num_rows, Upload& upload) {
  DeviceBars there{.size = bars.size()};
  const Tensor row = upload.next();
  if (there.size < num_rows) there.row = row;
  there.label = upload.next().to(at::kLong);
  there.is_supervised = upload.next().to(at::kBool);
  const Tensor is_allowed = upload.next();
  if (!bars.is_allowed.empty()) there.is_allowed = is_allowed.view({there.size, -1}).to(at::kBool);
  return there;
}

// Where sequences end, here and there, and how long one is at most.
struct Ends {
  const std::vector<int32_t>& here;
  at::Tensor there;
  int64_t most;
};

SequenceLengths lengths_of(const Ends& queries, const Ends& keys) {
  return {.query_end = queries.here,
          .key_end = keys.here,
          .device_query_end = queries.there,
          .device_key_end = keys.there,
          .most_queries = queries.most,
          .most_keys = keys.most};
}

}  // namespace

DevicePack to_device(const PackedTasks& tasks, const at::Device& device) {
  Upload upload;
  for (const auto* numbers :
       {&tasks.first, &tasks.second, &tasks.column, &tasks.place, &tasks.asking, &tasks.summary, &tasks.summary_place,
        &tasks.row_end, &tasks.asking_end, &tasks.shifted, &tasks.unshifted, &tasks.labelled_end, &tasks.query_end}) {
    upload.add(*numbers);
  }
  add_bars(tasks.labels, upload);
  add_bars(tasks.numbers, upload);
  upload.send(device);

  DevicePack pack{.num_labelled = tasks.num_labelled, .num_queries = tasks.num_queries};
  for (Tensor* numbers :
       {&pack.first, &pack.second, &pack.column, &pack.place, &pack.asking, &pack.summary, &pack.summary_place}) {
    *numbers = upload.next();
  }
  const Ends rows{tasks.row_end, upload.next(), tasks.most_tokens};
  pack.row_lengths = lengths_of(rows, rows);
  pack.asking_lengths = lengths_of({tasks.asking_end, upload.next(), /*most=*/2}, rows);
  SummaryPlan& plan = pack.plan;
  plan.num_labelled = tasks.num_labelled;
  plan.num_queries = tasks.num_queries;
  plan.shifted = upload.next();
  plan.unshifted = upload.next();
  const Ends labelled{tasks.labelled_end, upload.next(), tasks.most_labelled};
  plan.labelled = lengths_of(labelled, labelled);
  plan.queries = lengths_of({tasks.query_end, upload.next(), tasks.most_queries}, labelled);
  const int64_t num_tasks = labelled.there.size(0) - 1;
  plan.first_row = labelled.there.slice(0, 0, num_tasks).to(at::kLong);
  plan.last_place = labelled.there.slice(0, 1).to(at::kLong) - 1;
  pack.labels = next_bars(tasks.labels, tasks.num_rows(), upload);
  pack.numbers = next_bars(tasks.numbers, tasks.num_rows(), upload);
  return pack;
}

}  // namespace manyshot::train
