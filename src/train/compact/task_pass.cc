#include "train/compact/task_pass.h"

#include <algorithm>

#include "kernels/row_group_attention.h"
#include "train/compact/check_sample.h"

namespace manyshot::train {

using kernels::AttentionGradient;
using kernels::AttentionInput;
using kernels::BFloat16;
using kernels::ContextAttention;
using kernels::Positions;
using kernels::row_group_attention;
using kernels::row_group_attention_backward;
using kernels::row_group_scratch;
using kernels::RowGroup;

namespace {

// Tokens that go through a layer together: enough for the matrix products, few enough for the second-level cache.
constexpr size_t kBlockTokens = 256;
constexpr size_t kRowGroup = 16;  // rows that row_group_attention() computes side by side

size_t rows_per_block(size_t row_tokens) {
  return kRowGroup * std::max<size_t>(1, kBlockTokens / (kRowGroup * row_tokens));
}

}  // namespace

TaskSize TaskSize::of(size_t num_labelled, size_t num_queries, size_t num_features) {
  const size_t longest = num_features + 2;
  const size_t most_rows = std::max(rows_per_block(longest), rows_per_block(longest - 1));
  return {.row_tokens = num_labelled * longest + num_queries * (longest - 1),
          .summaries = 2 * num_labelled + num_queries,
          .labelled = num_labelled,
          .bars = num_labelled + num_queries,
          .block_tokens = std::max(kBlockTokens, most_rows * longest)};
}

void TaskSize::grow(const TaskSize& other) {
  row_tokens = std::max(row_tokens, other.row_tokens);
  summaries = std::max(summaries, other.summaries);
  labelled = std::max(labelled, other.labelled);
  bars = std::max(bars, other.bars);
  block_tokens = std::max(block_tokens, other.block_tokens);
}

double forward_flops(const NetworkShape& shape, const TrainSample& sample) {
  const TaskSize size = TaskSize::of(sample);
  const double D = static_cast<double>(shape.D), queries = static_cast<double>(shape.query_width());
  const double keys = 2 * static_cast<double>(shape.key_width());
  const double finish = D * queries + 3 * D * static_cast<double>(shape.intermediate);
  const auto row_tokens = static_cast<double>(size.row_tokens), summaries = static_cast<double>(size.summaries);
  const auto bars = static_cast<double>(size.bars), N = static_cast<double>(sample.num_labelled);
  const auto Q = static_cast<double>(sample.num_queries), F = static_cast<double>(sample.num_features);
  const auto answers = static_cast<double>(shape.num_answers(predicts_number(shape.config, sample)));
  const auto row_layers = static_cast<double>(shape.row_layers - 1);
  const auto context_layers = static_cast<double>(shape.num_layers - shape.row_layers);

  double products = row_tokens * (row_layers * (D * (queries + keys) + finish) + D * keys);
  products += summaries * (D * queries + finish);
  products += context_layers * summaries * D * (queries + keys);
  products += ((context_layers - 1) * summaries + bars) * finish + bars * D * answers;
  // Pairs of a query and a key it sees, each two products of a head's width in every head.
  const double row_pairs = N * (F + 2) * (F + 3) / 2 + Q * (F + 1) * (F + 2) / 2;
  const double last_pairs = N * (2 * F + 3) + Q * (F + 1);
  const double context_pairs = N * (N - 1) + 3 * N + Q * (N + 1);
  products += 2 * queries * (row_layers * row_pairs + last_pairs + context_layers * context_pairs);
  return 2 * products;
}

// Labelled rows or queries.
template <class T>
struct TaskPass<T>::Rows {
  RowRange range;
  size_t first_token, first_summary;
};

template <class T>
struct TaskPass<T>::Block {
  RowRange rows;
  size_t first_token, first_summary;
  size_t num_tokens() const { return rows.num_tokens(); }
  RowGroup group(size_t first_query) const { return {rows.count, rows.row_tokens(), first_query}; }
  RowTokens last_tokens() const { return {rows.count, rows.row_tokens(), rows.summaries}; }
  Positions positions() const { return {.first = 0, .period = rows.row_tokens()}; }
};

template <class T>
struct TaskPass<T>::Chunk {
  size_t first, count;
  Positions positions;
};

template <class T>
TaskPass<T>::TaskPass(const NetworkShape& shape, const TaskSize& size)
    : shape_(shape),
      size_(size),
      memory_(shape, size.block_tokens),
      steps_(shape, memory_),
      last_x_(size.row_tokens * shape.D),
      last_kv_(size.row_tokens * 2 * shape.key_width()),
      last_q_(size.summaries * shape.query_width()),
      last_tape_(shape, size.summaries),
      bar_tape_(shape, size.bars),
      bars_(size.bars * shape.D),
      attention_(shape.attention, size.summaries, size.labelled),
      loss_(shape, size.bars),
      dbars_(size.bars * shape.D),
      dbars_attended_(size.bars * shape.query_width()),
      dsummaries_(size.summaries * shape.D),
      dattended_(size.summaries * shape.query_width()),
      dqkv_(size.summaries * shape.qkv_width),
      dx_(size.block_tokens * shape.D),
      block_dattended_(size.block_tokens * shape.query_width()),
      block_dqkv_(size.block_tokens * shape.qkv_width),
      block_dq_(size.block_tokens * shape.query_width()),
      row_scratch_(row_group_scratch(shape.attention, shape.num_columns + 2)) {
  for (size_t i = 0; i + 1 < shape.row_layers; ++i) row_tapes_.emplace_back(shape, size.row_tokens);
  for (size_t i = shape.row_layers; i < shape.num_layers; ++i) {
    context_tapes_.emplace_back(shape, size.summaries);
    log_sums_.emplace_back(size.summaries * shape.attention.num_heads);
  }
}

template <class T>
size_t TaskPass<T>::bytes(const NetworkShape& shape, const TaskSize& size) {
  const size_t tape = LayerTape<T>::token_bytes(shape), D = shape.D, queries = shape.query_width();
  const size_t context_layers = shape.num_layers - shape.row_layers;
  const size_t floats =
      size.row_tokens * (D + 2 * shape.key_width()) +
      size.summaries * (2 * queries + D + shape.qkv_width + context_layers * shape.attention.num_heads) +
      size.bars * (2 * D + queries) + size.block_tokens * (D + 2 * queries + shape.qkv_width) +
      row_group_scratch(shape.attention, shape.num_columns + 2);
  return (shape.row_layers - 1) * size.row_tokens * tape + (context_layers + 1) * size.summaries * tape +
         size.bars * tape + floats * sizeof(float) + size.block_tokens * BlockMemory<T>::token_bytes(shape) +
         ContextAttention<T>::bytes(shape.attention, size.summaries, size.labelled) +
         LabelLoss::bytes(shape, size.bars);
}

template <class T>
std::vector<typename TaskPass<T>::Block> TaskPass<T>::blocks() const {
  const TrainSample& sample = *sample_;
  const size_t F = sample.num_features, N = sample.num_labelled;
  const Rows kinds[] = {{.range = {sample.tokens.data(), N, F, /*summaries=*/2}, .first_token = 0, .first_summary = 0},
                        {.range = {sample.tokens.data() + N * (F + 2), sample.num_queries, F, /*summaries=*/1},
                         .first_token = N * (F + 2),
                         .first_summary = 2 * N}};
  std::vector<Block> all;
  for (const Rows& rows : kinds) {
    const size_t step = rows_per_block(rows.range.row_tokens());
    for (size_t row = 0; row < rows.range.count; row += step) {
      all.push_back({.rows = rows.range.slice(row, std::min(step, rows.range.count - row)),
                     .first_token = rows.first_token + row * rows.range.row_tokens(),
                     .first_summary = rows.first_summary + row * rows.range.summaries});
    }
  }
  return all;
}

template <class T>
std::vector<typename TaskPass<T>::Chunk> TaskPass<T>::chunks() const {
  const size_t F = sample_->num_features, labelled = 2 * summaries_.num_labelled;
  std::vector<Chunk> all;
  for (size_t first = 0; first < labelled; first += kBlockTokens) {
    all.push_back({first, std::min(kBlockTokens, labelled - first), {.first = F, .period = 2}});
  }
  for (size_t first = labelled; first < summaries_.size(); first += kBlockTokens) {
    all.push_back({first, std::min(kBlockTokens, summaries_.size() - first), {.first = F, .period = 1}});
  }
  return all;
}

template <class T>
AttentionInput TaskPass<T>::attention_input(const float* qkv) const {
  const float* k = qkv + shape_.query_width();
  return {qkv, k, k + shape_.key_width(), shape_.qkv_width, shape_.qkv_width};
}

template <class T>
AttentionGradient TaskPass<T>::attention_gradient(float* dqkv) const {
  float* k = dqkv + shape_.query_width();
  return {dqkv, k, k + shape_.key_width(), shape_.qkv_width, shape_.qkv_width};
}

template <class T>
LossSum TaskPass<T>::run(const CompactWeightsView<T>& weights, const TrainSample& sample, const BarLabels& bars,
                         CompactGradientView* gradient) {
  weights_ = &weights;
  sample_ = &sample;
  summaries_ = {sample.num_labelled, sample.num_queries};
  forward();
  LossSum sum;
  const LabelHead& head = bars.are_numbers ? *weights.number_head : *weights.label_head;
  if (gradient != nullptr) {
    const EmbeddingGradient& embedding = gradient->embedding;
    float* answers = bars.are_numbers ? embedding.smooth + shape_.first_target() * shape_.D : embedding.plain;
    const HeadGradient of_head{gradient->final_norm, answers, gradient->scale};
    sum = loss_.run(shape_, head, weights.final_norm, bars_.data(), bars, &of_head, dbars_.data());
    backward(*gradient);
  } else {
    sum = loss_.run(shape_, head, weights.final_norm, bars_.data(), bars, nullptr, nullptr);
  }
  sum.tokens = sample.tokens.size();
  sum.flops = forward_flops(shape_, sample) * (gradient != nullptr ? 3 : 1);
  return sum;
}

template <class T>
void TaskPass<T>::forward() {
  for (const Block& block : blocks()) row_layers(block);
  float* y = context_tapes_.front().x.data();
  for (const Chunk& chunk : chunks()) {
    steps_.finish(last_row_layer(), last_tape_.from(chunk.first), chunk.count, y + chunk.first * shape_.D);
  }
  context_layers();
}

// Up to the attention of the last row layer, which goes on with the rows' summaries alone.
template <class T>
void TaskPass<T>::row_layers(const Block& block) {
  const size_t D = shape_.D, M = block.num_tokens(), S = block.rows.summaries, T_row = block.rows.row_tokens();
  const auto input_of = [&](size_t number) {
    return number + 1 < shape_.row_layers ? row_tapes_[number].from(block.first_token).x
                                          : last_x_.data() + block.first_token * D;
  };
  embed_rows(shape_, weights_->embedding, block.rows, input_of(0));
  for (size_t number = 0; number + 1 < shape_.row_layers; ++number) {
    const LayerRecord<T> record = row_tapes_[number].from(block.first_token);
    steps_.project(layer(number), record, M, block.positions());
    row_group_attention(shape_.attention, attention_input(record.qkv), block.group(0), row_scratch_.data(),
                        {record.attended, shape_.query_width()});
    steps_.finish(layer(number), record, M, input_of(number + 1));
  }
  const float* x = input_of(shape_.row_layers - 1);
  float* kv = last_kv_.data() + block.first_token * 2 * shape_.key_width();
  float* q = last_q_.data() + block.first_summary * shape_.query_width();
  steps_.project_last(last_row_layer(), x, block.last_tokens(), q, kv);
  const LayerRecord<T> end = last_tape_.from(block.first_summary);
  row_group_attention(shape_.attention, {q, kv, kv + shape_.key_width(), shape_.query_width(), 2 * shape_.key_width()},
                      block.group(T_row - S), row_scratch_.data(), {end.attended, shape_.query_width()});
  for (size_t row = 0; row < block.rows.count; ++row) {
    std::copy_n(x + ((row + 1) * T_row - S) * D, S * D, end.x + row * S * D);
  }
}

template <class T>
void TaskPass<T>::context_layers() {
  for (size_t i = 0; i < context_tapes_.size(); ++i) {
    const TrainedLayer<T>& of = layer(shape_.row_layers + i);
    LayerTape<T>& tape = context_tapes_[i];
    for (const Chunk& chunk : chunks()) steps_.project(of, tape.from(chunk.first), chunk.count, chunk.positions);
    attention_.forward(summaries_, attention_input(tape.qkv.data()), {tape.attended.data(), shape_.query_width()},
                       log_sums_[i].data());
    if (i + 1 == context_tapes_.size()) break;
    float* y = context_tapes_[i + 1].x.data();
    for (const Chunk& chunk : chunks()) {
      steps_.finish(of, tape.from(chunk.first), chunk.count, y + chunk.first * shape_.D);
    }
  }
  gather_bars();
  for (size_t bar = 0; bar < sample_->num_rows(); bar += kBlockTokens) {
    steps_.finish(layer(shape_.num_layers - 1), bar_tape_.from(bar), std::min(kBlockTokens, sample_->num_rows() - bar),
                  bars_.data() + bar * shape_.D);
  }
}

// Nothing reads the labels behind the last layer.
template <class T>
void TaskPass<T>::gather_bars() {
  LayerTape<T>& tape = context_tapes_.back();
  for (size_t bar = 0; bar < sample_->num_rows(); ++bar) {
    const LayerRecord<T> from = tape.from(summaries_.bar(bar)), to = bar_tape_.from(bar);
    std::copy_n(from.x, shape_.D, to.x);
    std::copy_n(from.attended, shape_.query_width(), to.attended);
  }
}

template <class T>
void TaskPass<T>::backward(CompactGradientView& gradient) {
  for (size_t bar = 0; bar < sample_->num_rows(); bar += kBlockTokens) {
    steps_.finish_backward(layer(shape_.num_layers - 1), gradient.layers.back(), bar_tape_.from(bar),
                           std::min(kBlockTokens, sample_->num_rows() - bar), dbars_.data() + bar * shape_.D,
                           dbars_attended_.data() + bar * shape_.query_width());
  }
  scatter_bars();
  context_layers_backward(gradient);
  for (const Chunk& chunk : chunks()) {
    steps_.finish_backward(last_row_layer(), gradient.layers[shape_.row_layers - 1], last_tape_.from(chunk.first),
                           chunk.count, dsummaries_.data() + chunk.first * shape_.D,
                           dattended_.data() + chunk.first * shape_.query_width());
  }
  for (const Block& block : blocks()) row_layers_backward(block, gradient);
}

template <class T>
void TaskPass<T>::scatter_bars() {
  const size_t D = shape_.D, width = shape_.query_width();
  std::fill_n(dsummaries_.data(), summaries_.size() * D, 0.0f);
  std::fill_n(dattended_.data(), summaries_.size() * width, 0.0f);
  for (size_t bar = 0; bar < sample_->num_rows(); ++bar) {
    std::copy_n(dbars_.data() + bar * D, D, dsummaries_.data() + summaries_.bar(bar) * D);
    std::copy_n(dbars_attended_.data() + bar * width, width, dattended_.data() + summaries_.bar(bar) * width);
  }
}

template <class T>
void TaskPass<T>::context_layers_backward(CompactGradientView& gradient) {
  for (size_t i = context_tapes_.size(); i-- > 0;) {
    const size_t number = shape_.row_layers + i;
    LayerTape<T>& tape = context_tapes_[i];
    for (const Chunk& chunk : chunks()) {
      if (i + 1 == context_tapes_.size()) break;  // scatter_bars() has done it
      steps_.finish_backward(layer(number), gradient.layers[number], tape.from(chunk.first), chunk.count,
                             dsummaries_.data() + chunk.first * shape_.D,
                             dattended_.data() + chunk.first * shape_.query_width());
    }
    attention_.backward(summaries_, attention_input(tape.qkv.data()), {tape.attended.data(), shape_.query_width()},
                        log_sums_[i].data(), {dattended_.data(), shape_.query_width()},
                        attention_gradient(dqkv_.data()));
    for (const Chunk& chunk : chunks()) {
      steps_.project_backward(layer(number), gradient.layers[number], tape.from(chunk.first), chunk.count,
                              chunk.positions, dqkv_.data() + chunk.first * shape_.qkv_width,
                              dsummaries_.data() + chunk.first * shape_.D);
    }
  }
}

template <class T>
void TaskPass<T>::row_layers_backward(const Block& block, CompactGradientView& gradient) {
  const size_t D = shape_.D, M = block.num_tokens(), S = block.rows.summaries, T_row = block.rows.row_tokens();
  const size_t width = shape_.query_width(), kv_width = 2 * shape_.key_width();
  float* dx = dx_.data();
  float* dkv = block_dqkv_.data();
  const float* kv = last_kv_.data() + block.first_token * kv_width;
  const float* q = last_q_.data() + block.first_summary * width;
  row_group_attention_backward(shape_.attention, {q, kv, kv + shape_.key_width(), width, kv_width},
                               block.group(T_row - S), {dattended_.data() + block.first_summary * width, width},
                               row_scratch_.data(), {block_dq_.data(), dkv, dkv + shape_.key_width(), width, kv_width});
  std::fill_n(dx, M * D, 0.0f);
  for (size_t row = 0; row < block.rows.count; ++row) {
    std::copy_n(dsummaries_.data() + (block.first_summary + row * S) * D, S * D, dx + ((row + 1) * T_row - S) * D);
  }
  steps_.project_last_backward(last_row_layer(), gradient.layers[shape_.row_layers - 1],
                               last_x_.data() + block.first_token * D, block.last_tokens(), block_dq_.data(), dkv, dx);
  for (size_t number = shape_.row_layers - 1; number-- > 0;) {
    const LayerRecord<T> record = row_tapes_[number].from(block.first_token);
    steps_.finish_backward(layer(number), gradient.layers[number], record, M, dx, block_dattended_.data());
    row_group_attention_backward(shape_.attention, attention_input(record.qkv), block.group(0),
                                 {block_dattended_.data(), width}, row_scratch_.data(),
                                 attention_gradient(block_dqkv_.data()));
    steps_.project_backward(layer(number), gradient.layers[number], record, M, block.positions(), block_dqkv_.data(),
                            dx);
  }
  embed_rows_backward(shape_, block.rows, dx, gradient.embedding);
}

template class TaskPass<float>;
template class TaskPass<BFloat16>;

}  // namespace manyshot::train
