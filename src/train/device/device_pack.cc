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
    for (const T value : values) all_.push_back(static_cast<int32_t>(value));
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

}  // namespace

DevicePack to_device(const PackedTasks& tasks, const at::Device& device) {
  Upload upload;
  upload.add(tasks.first);
  upload.add(tasks.second);
  upload.add(tasks.column);
  upload.add(tasks.slot);
  upload.add(tasks.place);
  upload.add(tasks.shifted);
  upload.add(tasks.unshifted);
  upload.add(tasks.labelled_end);
  upload.add(tasks.query_end);
  upload.add(tasks.label);
  upload.add(tasks.supervised);
  upload.add(tasks.is_allowed);
  upload.send(device);

  DevicePack pack{.slots = tasks.slots,
                  .num_labelled = tasks.num_labelled,
                  .num_queries = tasks.num_queries,
                  .are_numbers = tasks.are_numbers};
  const int64_t rows = pack.num_rows();
  SummaryPlan& plan = pack.plan;
  pack.first = upload.next().view({rows, pack.slots});
  pack.second = upload.next().view({rows, pack.slots});
  pack.column = upload.next().view({rows, pack.slots});
  pack.slot = upload.next();
  pack.place = upload.next();
  plan.shifted = upload.next();
  plan.unshifted = upload.next();
  plan.num_labelled = tasks.num_labelled;
  plan.num_queries = tasks.num_queries;
  const Tensor labelled_end = upload.next(), query_end = upload.next();
  const int64_t num_tasks = labelled_end.size(0) - 1;
  plan.first_row = labelled_end.slice(0, 0, num_tasks).to(at::kLong);
  plan.last_place = labelled_end.slice(0, 1).to(at::kLong) - 1;
  plan.labelled = {.query_end = tasks.labelled_end,
                   .key_end = tasks.labelled_end,
                   .device_query_end = labelled_end,
                   .device_key_end = labelled_end,
                   .most_queries = tasks.most_labelled,
                   .most_keys = tasks.most_labelled};
  plan.queries = {.query_end = tasks.query_end,
                  .key_end = tasks.labelled_end,
                  .device_query_end = query_end,
                  .device_key_end = labelled_end,
                  .most_queries = tasks.most_queries,
                  .most_keys = tasks.most_labelled};
  pack.label = upload.next().to(at::kLong);
  pack.is_supervised = upload.next().to(at::kBool);
  const Tensor is_allowed = upload.next();
  if (!tasks.are_numbers) pack.is_allowed = is_allowed.view({rows, -1}).to(at::kBool);
  return pack;
}

}  // namespace manyshot::train
