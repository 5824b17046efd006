#include "kernels/row_group_attention.h"

#include <algorithm>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/row_group_attention.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "kernels/bfloat16-inl.h"
#include "kernels/gemm_f32-inl.h"
#include "kernels/math-inl.h"

#ifndef MANYSHOT_ROW_GROUP_ATTENTION_ONCE
#define MANYSHOT_ROW_GROUP_ATTENTION_ONCE
namespace manyshot::kernels {
namespace {

constexpr size_t kRowLanes = kPanelWidth;
// Tokens and values are worked on in tiles of so many; tokens are padded with zeros to whole tiles.
constexpr size_t kTokenTile = 4;

// Scratch memory of one group, every array [tokens][head_dim or keys][16 rows].
struct GroupMemory {
  GroupMemory(float* memory, size_t head_dim, size_t num_tokens) {
    const size_t padded = round_up(num_tokens, kTokenTile), values = padded * head_dim * kRowLanes;
    for (float** array : {&q, &k, &v, &out, &dq, &dk, &dv}) *array = memory, memory += values;
    weights = memory;
    dweights = weights + padded * padded * kRowLanes;
  }
  static size_t size(size_t head_dim, size_t num_tokens) {
    const size_t padded = round_up(num_tokens, kTokenTile);
    return (7 * head_dim + 2 * padded) * padded * kRowLanes;
  }
  float *q, *k, *v, *out, *dq, *dk, *dv, *weights, *dweights;
};

}  // namespace
}  // namespace manyshot::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace manyshot::kernels {
namespace HWY_NAMESPACE {

// A 4 x 4 block in registers.
#if HWY_TARGET == HWY_SCALAR
struct Block {
  float values[4][4];
  void load_row(size_t row, const float* from) { std::copy_n(from, 4, values[row]); }
  template <class Out>
  void store_row(size_t row, Out* to) const {
    for (size_t i = 0; i < 4; ++i) to[i] = Out(values[row][i]);
  }
  void transpose() {
    for (size_t row = 0; row < 4; ++row) {
      for (size_t i = 0; i < row; ++i) std::swap(values[row][i], values[i][row]);
    }
  }
};
#else
struct Block {
  using Quad = hn::CappedTag<float, 4>;
  hn::Vec<Quad> rows[4];
  HWY_INLINE void load_row(size_t row, const float* from) { rows[row] = hn::LoadU(Quad(), from); }
  template <class Out>
  HWY_INLINE void store_row(size_t row, Out* to) const {
    store(Quad(), rows[row], to);
  }
  HWY_INLINE void transpose() {
    const Quad d;
    const auto low02 = hn::InterleaveLower(d, rows[0], rows[2]), high02 = hn::InterleaveUpper(d, rows[0], rows[2]);
    const auto low13 = hn::InterleaveLower(d, rows[1], rows[3]), high13 = hn::InterleaveUpper(d, rows[1], rows[3]);
    rows[0] = hn::InterleaveLower(d, low02, low13);
    rows[1] = hn::InterleaveUpper(d, low02, low13);
    rows[2] = hn::InterleaveLower(d, high02, high13);
    rows[3] = hn::InterleaveUpper(d, high02, high13);
  }
};
#endif

// Rows of `width` values, row_stride apart, into lanes: to[i][lane] = x[lane][i]. Lanes beyond the last row repeat it.
HWY_INLINE void to_lanes(const float* x, size_t row_stride, size_t num_rows, size_t width, float* HWY_RESTRICT to) {
  for (size_t lane = 0; lane < kRowLanes; lane += 4) {
    const float* rows[4];
    for (size_t r = 0; r < 4; ++r) rows[r] = x + HWY_MIN(lane + r, num_rows - 1) * row_stride;
    for (size_t i = 0; i < width; i += 4) {
      Block block;
      MANYSHOT_UNROLL
      for (size_t r = 0; r < 4; ++r) block.load_row(r, rows[r] + i);
      block.transpose();
      MANYSHOT_UNROLL
      for (size_t r = 0; r < 4; ++r) block.store_row(r, to + (i + r) * kRowLanes + lane);
    }
  }
}

// The way back; lanes beyond the last row are dropped.
template <class Out>
HWY_INLINE void from_lanes(const float* HWY_RESTRICT x, size_t num_rows, size_t width, Out* to, size_t row_stride) {
  for (size_t lane = 0; lane < num_rows; lane += 4) {
    const size_t count = HWY_MIN(size_t{4}, num_rows - lane);
    for (size_t i = 0; i < width; i += 4) {
      Block block;
      MANYSHOT_UNROLL
      for (size_t r = 0; r < 4; ++r) block.load_row(r, x + (i + r) * kRowLanes + lane);
      block.transpose();
      MANYSHOT_UNROLL
      for (size_t r = 0; r < 4; ++r) {
        if (r < count) block.store_row(r, to + (lane + r) * row_stride + i);
      }
    }
  }
}

// w[a][b] = sum over i of x[a][i] y[b][i] for a tile of 4 x 4 tokens; rows of w are w_stride tokens apart.
HWY_INLINE void product_tile(const float* HWY_RESTRICT x, const float* HWY_RESTRICT y, size_t width,
                             float* HWY_RESTRICT w, size_t w_stride) {
  const Floats d;
  for (size_t lane = 0; lane < kRowLanes; lane += kFloatLanes) {
    FloatVec sums[kTokenTile][kTokenTile];
    MANYSHOT_UNROLL
    for (size_t a = 0; a < kTokenTile; ++a) {
      MANYSHOT_UNROLL
      for (size_t b = 0; b < kTokenTile; ++b) sums[a][b] = hn::Zero(d);
    }
    for (size_t i = 0; i < width; ++i) {
      FloatVec y_vec[kTokenTile];
      MANYSHOT_UNROLL
      for (size_t b = 0; b < kTokenTile; ++b) y_vec[b] = hn::LoadU(d, y + (b * width + i) * kRowLanes + lane);
      MANYSHOT_UNROLL
      for (size_t a = 0; a < kTokenTile; ++a) {
        const FloatVec x_vec = hn::LoadU(d, x + (a * width + i) * kRowLanes + lane);
        MANYSHOT_UNROLL
        for (size_t b = 0; b < kTokenTile; ++b) sums[a][b] = hn::MulAdd(x_vec, y_vec[b], sums[a][b]);
      }
    }
    MANYSHOT_UNROLL
    for (size_t a = 0; a < kTokenTile; ++a) {
      MANYSHOT_UNROLL
      for (size_t b = 0; b < kTokenTile; ++b) hn::StoreU(sums[a][b], d, w + (a * w_stride + b) * kRowLanes + lane);
    }
  }
}

// Weights [a][b] as they are, or with the roles of a and b exchanged, for b in [first, last).
struct WeightView {
  const float* data;
  size_t a_stride, b_stride;  // in tokens
  size_t first, last;
};

// out[a] = sum over b of w(a, b) x[b], for a tile of 4 tokens; kAdd: out grows by it.
HWY_INLINE void weighted_sums(const WeightView& w, const float* HWY_RESTRICT x, size_t width, float* HWY_RESTRICT out,
                              Store mode) {
  const Floats d;
  for (size_t lane = 0; lane < kRowLanes; lane += kFloatLanes) {
    for (size_t i = 0; i < width; i += 4) {
      FloatVec sums[kTokenTile][4];
      MANYSHOT_UNROLL
      for (size_t a = 0; a < kTokenTile; ++a) {
        MANYSHOT_UNROLL
        for (size_t n = 0; n < 4; ++n) {
          sums[a][n] = mode == Store::kAdd ? hn::LoadU(d, out + (a * width + i + n) * kRowLanes + lane) : hn::Zero(d);
        }
      }
      for (size_t b = w.first; b < w.last; ++b) {
        FloatVec x_vec[4];
        MANYSHOT_UNROLL
        for (size_t n = 0; n < 4; ++n) x_vec[n] = hn::LoadU(d, x + (b * width + i + n) * kRowLanes + lane);
        MANYSHOT_UNROLL
        for (size_t a = 0; a < kTokenTile; ++a) {
          const FloatVec weight = hn::LoadU(d, w.data + (a * w.a_stride + b * w.b_stride) * kRowLanes + lane);
          MANYSHOT_UNROLL
          for (size_t n = 0; n < 4; ++n) sums[a][n] = hn::MulAdd(weight, x_vec[n], sums[a][n]);
        }
      }
      MANYSHOT_UNROLL
      for (size_t a = 0; a < kTokenTile; ++a) {
        MANYSHOT_UNROLL
        for (size_t n = 0; n < 4; ++n) hn::StoreU(sums[a][n], d, out + (a * width + i + n) * kRowLanes + lane);
      }
    }
  }
}

// One group of up to 16 rows in one head.
class GroupHead {
 public:
  GroupHead(const GroupMemory& memory, const RowGroup& rows, size_t head_dim)
      : m_(memory),
        rows_(rows),
        head_dim_(head_dim),
        keys_(round_up(rows.num_tokens, kTokenTile)),
        queries_(round_up(rows.num_queries(), kTokenTile)) {}

  // weights[query][key], each query's summing to 1; keys that a query does not see, and queries that pad the last tile,
  // have zeros, as far as their tile goes (seen_keys).
  HWY_INLINE void attend() const {
    for (size_t tile = 0; tile < queries_; tile += kTokenTile) {
      const size_t seen = seen_keys(tile);
      products(m_.q, m_.k, tile, m_.weights);
      for (size_t query = tile; query < tile + kTokenTile; ++query) {
        const size_t count = query < rows_.num_queries() ? rows_.first_query + query + 1 : 0;
        softmax(m_.weights + query * keys_ * kRowLanes, count, seen);
      }
    }
  }

  HWY_INLINE void values() const {
    for (size_t tile = 0; tile < queries_; tile += kTokenTile) {
      weighted_sums({m_.weights + tile * keys_ * kRowLanes, keys_, 1, 0, seen_keys(tile)}, m_.v, head_dim_,
                    m_.out + at(tile), Store::kOverwrite);
    }
  }

  // From out (the gradient by the output) to dq; dk and dv are overwritten or added to.
  HWY_INLINE void backward(Store mode) const {
    for (size_t tile = 0; tile < queries_; tile += kTokenTile) {
      products(m_.out, m_.v, tile, m_.dweights);
      for (size_t query = tile; query < tile + kTokenTile; ++query) {
        softmax_gradient(m_.weights + query * keys_ * kRowLanes, m_.dweights + query * keys_ * kRowLanes,
                         seen_keys(tile));
      }
      weighted_sums({m_.dweights + tile * keys_ * kRowLanes, keys_, 1, 0, seen_keys(tile)}, m_.k, head_dim_,
                    m_.dq + at(tile), Store::kOverwrite);
    }
    for (size_t tile = 0; tile < keys_; tile += kTokenTile) {
      const size_t first = tile > rows_.first_query ? (tile - rows_.first_query) / kTokenTile * kTokenTile : 0;
      const float* weights = m_.weights + tile * kRowLanes;
      const float* dweights = m_.dweights + tile * kRowLanes;
      weighted_sums({weights, 1, keys_, first, queries_}, m_.out, head_dim_, m_.dv + at(tile), mode);
      weighted_sums({dweights, 1, keys_, first, queries_}, m_.q, head_dim_, m_.dk + at(tile), mode);
    }
  }

 private:
  size_t at(size_t token) const { return token * head_dim_ * kRowLanes; }
  // Keys, in whole tiles, that the last query of a tile sees.
  size_t seen_keys(size_t tile) const {
    return HWY_MIN(keys_, round_up(rows_.first_query + tile + kTokenTile, kTokenTile));
  }

  HWY_INLINE void products(const float* x, const float* y, size_t tile, float* w) const {
    for (size_t key = 0; key < seen_keys(tile); key += kTokenTile) {
      product_tile(x + at(tile), y + at(key), head_dim_, w + (tile * keys_ + key) * kRowLanes, keys_);
    }
  }

  // scores[0, count) become weights, scores[count, seen) zero.
  static HWY_INLINE void softmax(float* HWY_RESTRICT scores, size_t count, size_t seen) {
    const Floats d;
    for (size_t lane = 0; lane < kRowLanes; lane += kFloatLanes) {
      float* score = scores + lane;
      if (count > 0) {
        FloatVec highest = hn::LoadU(d, score), sum = hn::Zero(d);
        for (size_t key = 1; key < count; ++key) highest = hn::Max(highest, hn::LoadU(d, score + key * kRowLanes));
        for (size_t key = 0; key < count; ++key) {
          const FloatVec weight = exp_f32(d, hn::Sub(hn::LoadU(d, score + key * kRowLanes), highest));
          hn::StoreU(weight, d, score + key * kRowLanes);
          sum = hn::Add(sum, weight);
        }
        const FloatVec inverse = hn::Div(hn::Set(d, 1.0f), sum);
        for (size_t key = 0; key < count; ++key) {
          hn::StoreU(hn::Mul(hn::LoadU(d, score + key * kRowLanes), inverse), d, score + key * kRowLanes);
        }
      }
      for (size_t key = count; key < seen; ++key) hn::StoreU(hn::Zero(d), d, score + key * kRowLanes);
    }
  }

  // Gradients by the weights become gradients by the scores: w (dw - sum of w dw).
  static HWY_INLINE void softmax_gradient(const float* HWY_RESTRICT weights, float* HWY_RESTRICT dweights,
                                          size_t seen) {
    const Floats d;
    for (size_t lane = 0; lane < kRowLanes; lane += kFloatLanes) {
      FloatVec sum = hn::Zero(d);
      for (size_t key = 0; key < seen; ++key) {
        const size_t place = key * kRowLanes + lane;
        sum = hn::MulAdd(hn::LoadU(d, weights + place), hn::LoadU(d, dweights + place), sum);
      }
      for (size_t key = 0; key < seen; ++key) {
        const size_t place = key * kRowLanes + lane;
        const FloatVec centred = hn::Sub(hn::LoadU(d, dweights + place), sum);
        hn::StoreU(hn::Mul(hn::LoadU(d, weights + place), centred), d, dweights + place);
      }
    }
  }

  GroupMemory m_;
  RowGroup rows_;
  size_t head_dim_;
  size_t keys_, queries_;  // padded to whole tiles
};

// One head of the tokens of up to 16 rows: x[row * tokens_per_row + token] to [token][head_dim][16], padding tokens
// zero.
HWY_INLINE void load_tokens(Rows<const float> x, size_t num_rows, size_t tokens_per_row, size_t head_dim, float* to) {
  for (size_t token = 0; token < tokens_per_row; ++token) {
    to_lanes(x[token], tokens_per_row * x.stride, num_rows, head_dim, to + token * head_dim * kRowLanes);
  }
  const size_t padded = round_up(tokens_per_row, kTokenTile);
  std::fill_n(to + tokens_per_row * head_dim * kRowLanes, (padded - tokens_per_row) * head_dim * kRowLanes, 0.0f);
}

template <class Out>
HWY_INLINE void store_tokens(const float* x, size_t num_rows, size_t tokens_per_row, size_t head_dim, Rows<Out> to) {
  for (size_t token = 0; token < tokens_per_row; ++token) {
    from_lanes(x + token * head_dim * kRowLanes, num_rows, head_dim, to[token], tokens_per_row * to.stride);
  }
}

// One head of the queries, keys and values of up to 16 rows from `row` on.
struct GroupInput {
  GroupInput(const AttentionShape& shape, const AttentionInput& in, const RowGroup& rows, size_t row, size_t head)
      : count(HWY_MIN(kRowLanes, rows.num_rows - row)),
        first_key(row * rows.num_tokens),
        first_query(row * rows.num_queries()),
        q_column(head * shape.head_dim),
        kv_column(head / (shape.num_heads / shape.num_kv_heads) * shape.head_dim),
        q(Rows<const float>{in.q, in.q_stride}.from(first_query, q_column)),
        k(Rows<const float>{in.k, in.kv_stride}.from(first_key, kv_column)),
        v(Rows<const float>{in.v, in.kv_stride}.from(first_key, kv_column)) {}

  size_t count, first_key, first_query, q_column, kv_column;
  Rows<const float> q, k, v;
};

// Calls work(input, head) for every group of rows and every head, with queries, keys and values in `memory`.
template <class Work>
HWY_INLINE void for_groups(const AttentionShape& shape, const AttentionInput& in, const RowGroup& rows,
                           const GroupMemory& m, const Work& work) {
  const size_t head_dim = shape.head_dim, group = shape.num_heads / shape.num_kv_heads;
  for (size_t row = 0; row < rows.num_rows; row += kRowLanes) {
    for (size_t head = 0; head < shape.num_heads; ++head) {
      const GroupInput input(shape, in, rows, row, head);
      if (head % group == 0) {
        load_tokens(input.k, input.count, rows.num_tokens, head_dim, m.k);
        load_tokens(input.v, input.count, rows.num_tokens, head_dim, m.v);
      }
      load_tokens(input.q, input.count, rows.num_queries(), head_dim, m.q);
      work(input, head);
    }
  }
}

template <class Out>
void row_group_forward(const AttentionShape& shape, const AttentionInput& in, const RowGroup& rows, float* scratch,
                       Rows<Out> out) {
  const GroupMemory m(scratch, shape.head_dim, rows.num_tokens);
  const GroupHead head_of(m, rows, shape.head_dim);
  for_groups(shape, in, rows, m, [&](const GroupInput& input, size_t) HWY_ATTR {
    head_of.attend();
    head_of.values();
    store_tokens(m.out, input.count, rows.num_queries(), shape.head_dim, out.from(input.first_query, input.q_column));
  });
}
inline constexpr auto& row_group_f32 = row_group_forward<float>;
inline constexpr auto& row_group_bf16 = row_group_forward<BFloat16>;

void row_group_backward(const AttentionShape& shape, const AttentionInput& in, const RowGroup& rows,
                        Rows<const float> dout, float* scratch, const AttentionGradient& gradient) {
  const size_t head_dim = shape.head_dim, group = shape.num_heads / shape.num_kv_heads;
  const GroupMemory m(scratch, head_dim, rows.num_tokens);
  const GroupHead head_of(m, rows, head_dim);
  const Rows<float> dq{gradient.q, gradient.q_stride}, dk{gradient.k, gradient.kv_stride},
      dv{gradient.v, gradient.kv_stride};
  for_groups(shape, in, rows, m, [&](const GroupInput& input, size_t head) HWY_ATTR {
    load_tokens(dout.from(input.first_query, input.q_column), input.count, rows.num_queries(), head_dim, m.out);
    head_of.attend();
    head_of.backward(head % group == 0 ? Store::kOverwrite : Store::kAdd);
    store_tokens(m.dq, input.count, rows.num_queries(), head_dim, dq.from(input.first_query, input.q_column));
    if (head % group == group - 1) {
      store_tokens(m.dk, input.count, rows.num_tokens, head_dim, dk.from(input.first_key, input.kv_column));
      store_tokens(m.dv, input.count, rows.num_tokens, head_dim, dv.from(input.first_key, input.kv_column));
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot::kernels {

HWY_EXPORT(row_group_f32);
HWY_EXPORT(row_group_bf16);
HWY_EXPORT(row_group_backward);

void row_group_attention(const AttentionShape& shape, const AttentionInput& in, const RowGroup& rows, float* scratch,
                         Rows<float> out) {
  HWY_DYNAMIC_DISPATCH(row_group_f32)(shape, in, rows, scratch, out);
}

void row_group_attention(const AttentionShape& shape, const AttentionInput& in, const RowGroup& rows, float* scratch,
                         Rows<BFloat16> out) {
  HWY_DYNAMIC_DISPATCH(row_group_bf16)(shape, in, rows, scratch, out);
}

void row_group_attention_backward(const AttentionShape& shape, const AttentionInput& in, const RowGroup& rows,
                                  Rows<const float> dout, float* scratch, const AttentionGradient& gradient) {
  HWY_DYNAMIC_DISPATCH(row_group_backward)(shape, in, rows, dout, scratch, gradient);
}

size_t row_group_scratch(const AttentionShape& shape, size_t num_tokens) {
  return GroupMemory::size(shape.head_dim, num_tokens);
}

}  // namespace manyshot::kernels
#endif
