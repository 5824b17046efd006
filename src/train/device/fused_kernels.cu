// Kernels of the `compact` decoder on a GPU, where operators would move the same bytes many times. Compiled at run time
// for the device at hand (fused_kernels.cc), with HEAD_DIM defined; tests compile it as C++, thread by thread.
// Values are bfloat16, sums f32. A block of row_attention is one warp.

#ifndef DYNAMIC_SHARED
#define DYNAMIC_SHARED(name) extern __shared__ float name[]
#endif

typedef unsigned short bf16;

constexpr int kHalf = HEAD_DIM / 2;
constexpr int kStride = HEAD_DIM + 4;  // of a head in shared memory: lanes that write a head each meet other banks
constexpr int kLanes = 32;

__device__ inline float to_float(unsigned value) { return __uint_as_float(value << 16); }

// To the nearest, ties to even; a NaN stays one.
__device__ inline unsigned to_bf16(float value) {
  const unsigned bits = __float_as_uint(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fffu;
  return (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
}

__device__ inline float low(unsigned pair) { return to_float(pair & 0xffffu); }
__device__ inline float high(unsigned pair) { return __uint_as_float(pair & 0xffff0000u); }
__device__ inline unsigned pair_of(float first, float second) { return to_bf16(first) | (to_bf16(second) << 16); }

// A head of HEAD_DIM values, 16 bytes at a time.
__device__ inline void load_head(const bf16* from, float* to) {
#pragma unroll
  for (int i = 0; i < HEAD_DIM; i += 8) {
    const uint4 words = *reinterpret_cast<const uint4*>(from + i);
    to[i] = low(words.x), to[i + 1] = high(words.x);
    to[i + 2] = low(words.y), to[i + 3] = high(words.y);
    to[i + 4] = low(words.z), to[i + 5] = high(words.z);
    to[i + 6] = low(words.w), to[i + 7] = high(words.w);
  }
}

__device__ inline void store_head(const float* from, bf16* to) {
#pragma unroll
  for (int i = 0; i < HEAD_DIM; i += 8) {
    uint4 words;
    words.x = pair_of(from[i], from[i + 1]);
    words.y = pair_of(from[i + 2], from[i + 3]);
    words.z = pair_of(from[i + 4], from[i + 5]);
    words.w = pair_of(from[i + 6], from[i + 7]);
    *reinterpret_cast<uint4*>(to + i) = words;
  }
}

// Halves turn against each other, by the angles or (direction -1) back.
__device__ inline void rotate_head(float* x, const float* cosines, const float* sines, float direction) {
#pragma unroll
  for (int i = 0; i < kHalf; ++i) {
    const float a = x[i], b = x[i + kHalf], cosine = cosines[i], sine = direction * sines[i];
    x[i] = a * cosine - b * sine;
    x[i + kHalf] = b * cosine + a * sine;
  }
}

// As a bf16 tensor between the rotation and the attention would round them.
__device__ inline void round_head(float* x) {
#pragma unroll
  for (int i = 0; i < HEAD_DIM; ++i) x[i] = to_float(to_bf16(x[i]));
}

// `x` is in shared memory, the other operand in registers.
__device__ inline float dot(const float* a, const float* x) {
  float sum = 0;
#pragma unroll
  for (int i = 0; i < HEAD_DIM; i += 4) {
    const float4 four = *reinterpret_cast<const float4*>(x + i);
    sum += a[i] * four.x + a[i + 1] * four.y + a[i + 2] * four.z + a[i + 3] * four.w;
  }
  return sum;
}

__device__ inline void add_scaled(float scale, const float* x, float* sum) {
#pragma unroll
  for (int i = 0; i < HEAD_DIM; i += 4) {
    const float4 four = *reinterpret_cast<const float4*>(x + i);
    sum[i] += scale * four.x, sum[i + 1] += scale * four.y;
    sum[i + 2] += scale * four.z, sum[i + 3] += scale * four.w;
  }
}

__device__ inline void to_shared(const float* from, float* x) {
#pragma unroll
  for (int i = 0; i < HEAD_DIM; i += 4) {
    float4 four;
    four.x = from[i], four.y = from[i + 1], four.z = from[i + 2], four.w = from[i + 3];
    *reinterpret_cast<float4*>(x + i) = four;
  }
}

__device__ inline void from_shared(const float* x, float* to) {
#pragma unroll
  for (int i = 0; i < HEAD_DIM; i += 4) {
    const float4 four = *reinterpret_cast<const float4*>(x + i);
    to[i] = four.x, to[i + 1] = four.y, to[i + 2] = four.z, to[i + 3] = four.w;
  }
}

// out [tokens, heads, HEAD_DIM] of x likewise, both with a stride of their own between tokens; cosines and sines
// [tokens, HEAD_DIM / 2]. One thread a head.
extern "C" __global__ void rotate(const bf16* x, long long x_stride, const float* cosines, const float* sines,
                                  float direction, long long num_tokens, int num_heads, bf16* out,
                                  long long out_stride) {
  const long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= num_tokens * num_heads) return;
  const long long token = i / num_heads;
  const int head = static_cast<int>(i % num_heads);
  float values[HEAD_DIM];
  load_head(x + token * x_stride + head * HEAD_DIM, values);
  rotate_head(values, cosines + token * kHalf, sines + token * kHalf, direction);
  store_head(values, out + token * out_stride + head * HEAD_DIM);
}

// silu(gate) * up: out [rows, width] of gate_up [rows, 2 width]. One thread a pair of values.
extern "C" __global__ void swiglu(const bf16* gate_up, long long rows, int width, bf16* out) {
  const long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
  const int pairs = width / 2;
  if (i >= rows * pairs) return;
  const long long row = i / pairs;
  const unsigned* from = reinterpret_cast<const unsigned*>(gate_up) + row * 2 * pairs + i % pairs;
  const unsigned gate = from[0], up = from[pairs];
  const auto value = [](float g, float u) { return g / (1 + expf(-g)) * u; };
  reinterpret_cast<unsigned*>(out)[i] = pair_of(value(low(gate), low(up)), value(high(gate), high(up)));
}

extern "C" __global__ void swiglu_gradient(const bf16* gate_up, const bf16* out_gradient, long long rows, int width,
                                           bf16* gradient) {
  const long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
  const int pairs = width / 2;
  if (i >= rows * pairs) return;
  const long long place = i / pairs * 2 * pairs + i % pairs;
  const unsigned* from = reinterpret_cast<const unsigned*>(gate_up) + place;
  unsigned* to = reinterpret_cast<unsigned*>(gradient) + place;
  const unsigned gate = from[0], up = from[pairs], dout = reinterpret_cast<const unsigned*>(out_gradient)[i];
  const auto sigmoid = [](float g) { return 1 / (1 + expf(-g)); };
  const auto of_gate = [&](float g, float u, float d) {
    const float s = sigmoid(g);
    return d * u * s * (1 + g * (1 - s));
  };
  const auto of_up = [&](float g, float d) { return d * g * sigmoid(g); };
  to[0] = pair_of(of_gate(low(gate), low(up), low(dout)), of_gate(high(gate), high(up), high(dout)));
  to[pairs] = pair_of(of_up(low(gate), low(dout)), of_up(high(gate), high(dout)));
}

// What both kernels below read: of query i, a head at q + i * q_stride + head * HEAD_DIM, not yet rotated; keys and
// values likewise. Row r has the queries query_end[r] .. query_end[r + 1] and the keys key_end[r] .. key_end[r + 1];
// its last query sees all its keys, the one before all but the last, and so on.
struct RowAttention {
  const bf16 *q, *k, *v;
  long long q_stride, kv_stride;
  const float *q_cosines, *q_sines, *k_cosines, *k_sines;  // [queries or keys, HEAD_DIM / 2]
  const int *query_end, *key_end;
  int num_heads;
  float scale;
};

struct Row {
  int first_query, num_queries, first_key, num_keys;
};

__device__ inline Row row_of(const RowAttention& at, int row) {
  const int first_query = at.query_end[row], first_key = at.key_end[row];
  return {first_query, at.query_end[row + 1] - first_query, first_key, at.key_end[row + 1] - first_key};
}

__device__ inline void load_query(const RowAttention& at, int head, long long token, float* to) {
  load_head(at.q + token * at.q_stride + head * HEAD_DIM, to);
  rotate_head(to, at.q_cosines + token * kHalf, at.q_sines + token * kHalf, 1);
  round_head(to);
}

// Keys, rotated, and values to shared memory: [keys, kStride] each.
__device__ inline void load_keys(const RowAttention& at, const Row& row, int head, float* keys, float* values) {
  for (int j = threadIdx.x; j < row.num_keys; j += kLanes) {
    const long long token = row.first_key + j;
    float x[HEAD_DIM];
    load_head(at.k + token * at.kv_stride + head * HEAD_DIM, x);
    rotate_head(x, at.k_cosines + token * kHalf, at.k_sines + token * kHalf, 1);
    round_head(x);
    to_shared(x, keys + j * kStride);
    load_head(at.v + token * at.kv_stride + head * HEAD_DIM, x);
    to_shared(x, values + j * kStride);
  }
}

// Grid: rows x heads. out [queries, heads, HEAD_DIM], log_sum [queries, heads]. Shared: 2 * most keys * kStride floats.
extern "C" __global__ void row_attention(RowAttention at, bf16* out, float* log_sum) {
  DYNAMIC_SHARED(shared);
  const Row row = row_of(at, blockIdx.x);
  const int head = blockIdx.y;
  float *keys = shared, *values = keys + row.num_keys * kStride;
  load_keys(at, row, head, keys, values);
  __syncthreads();
  for (int i = threadIdx.x; i < row.num_queries; i += kLanes) {
    const long long token = row.first_query + i;
    float query[HEAD_DIM], sum[HEAD_DIM];
    load_query(at, head, token, query);
#pragma unroll
    for (int c = 0; c < HEAD_DIM; ++c) sum[c] = 0;
    float largest = -__uint_as_float(0x7f800000u), total = 0;
    for (int j = 0; j <= row.num_keys - row.num_queries + i; ++j) {
      const float score = dot(query, keys + j * kStride) * at.scale;
      if (score > largest) {
        const float shrink = expf(largest - score);
        largest = score;
        total *= shrink;
#pragma unroll
        for (int c = 0; c < HEAD_DIM; ++c) sum[c] *= shrink;
      }
      const float weight = expf(score - largest);
      total += weight;
      add_scaled(weight, values + j * kStride, sum);
    }
#pragma unroll
    for (int c = 0; c < HEAD_DIM; ++c) sum[c] /= total;
    const long long place = token * at.num_heads + head;
    store_head(sum, out + place * HEAD_DIM);
    log_sum[place] = largest + logf(total);
  }
}

// The gradients of q, k and v before the rotation, with the strides of what they are of. Grid as before. Shared:
// 2 * (most keys + most queries) * kStride + 2 * most queries floats.
extern "C" __global__ void row_attention_gradient(RowAttention at, const bf16* out, const float* log_sum,
                                                  const bf16* out_gradient, bf16* dq, bf16* dk, bf16* dv) {
  DYNAMIC_SHARED(shared);
  const Row row = row_of(at, blockIdx.x);
  const int head = blockIdx.y;
  float *keys = shared, *values = keys + row.num_keys * kStride, *queries = values + row.num_keys * kStride;
  float *douts = queries + row.num_queries * kStride, *log_sums = douts + row.num_queries * kStride,
        *deltas = log_sums + row.num_queries;
  const int behind = row.num_keys - row.num_queries;  // query i sees the keys up to behind + i
  load_keys(at, row, head, keys, values);
  __syncthreads();
  // A lane has a query.
  for (int i = threadIdx.x; i < row.num_queries; i += kLanes) {
    const long long token = row.first_query + i, place = token * at.num_heads + head;
    float query[HEAD_DIM], dout[HEAD_DIM], sum[HEAD_DIM];
    load_head(out + place * HEAD_DIM, sum);
    load_head(out_gradient + place * HEAD_DIM, dout);
    load_query(at, head, token, query);
    const float log_total = log_sum[place];
    to_shared(query, queries + i * kStride);
    to_shared(dout, douts + i * kStride);
    const float delta = dot(sum, douts + i * kStride);
    log_sums[i] = log_total;
    deltas[i] = delta;
#pragma unroll
    for (int c = 0; c < HEAD_DIM; ++c) sum[c] = 0;
    for (int j = 0; j <= behind + i; ++j) {
      const float weight = expf(dot(query, keys + j * kStride) * at.scale - log_total);
      const float dscore = weight * (dot(dout, values + j * kStride) - delta) * at.scale;
      add_scaled(dscore, keys + j * kStride, sum);
    }
    rotate_head(sum, at.q_cosines + token * kHalf, at.q_sines + token * kHalf, -1);
    store_head(sum, dq + token * at.q_stride + head * HEAD_DIM);
  }
  __syncthreads();
  // A lane has a key.
  for (int j = threadIdx.x; j < row.num_keys; j += kLanes) {
    const long long token = row.first_key + j;
    float key[HEAD_DIM], value[HEAD_DIM], dkey[HEAD_DIM], dvalue[HEAD_DIM];
    from_shared(keys + j * kStride, key);
    from_shared(values + j * kStride, value);
#pragma unroll
    for (int c = 0; c < HEAD_DIM; ++c) dkey[c] = dvalue[c] = 0;
    for (int i = j > behind ? j - behind : 0; i < row.num_queries; ++i) {
      const float *query = queries + i * kStride, *dout = douts + i * kStride;
      const float weight = expf(dot(key, query) * at.scale - log_sums[i]);
      add_scaled(weight, dout, dvalue);
      add_scaled(weight * (dot(value, dout) - deltas[i]) * at.scale, query, dkey);
    }
    rotate_head(dkey, at.k_cosines + token * kHalf, at.k_sines + token * kHalf, -1);
    store_head(dkey, dk + token * at.kv_stride + head * HEAD_DIM);
    store_head(dvalue, dv + token * at.kv_stride + head * HEAD_DIM);
  }
}
