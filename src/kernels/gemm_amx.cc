#include "kernels/gemm_amx.h"

#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "kernels/unroll.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace manyshot::kernels {

#if defined(__x86_64__)

#define MANYSHOT_AMX_TARGET __attribute__((target("avx512f,amx-tile,amx-bf16")))

namespace {

constexpr size_t kTileRows = 16;   // rows of A and of C in a tile
constexpr size_t kTileDepth = 32;  // products of an element in one instruction
constexpr size_t kPairBytes = 64;  // of a tile's row: 16 pairs of bf16, or 16 floats

// The compiler's functions for tiles do not say which memory they read: what was written before must be there.
inline void finish_writing() { __asm__ volatile("" ::: "memory"); }

// Tiles: C 0 to 3 (two of rows by two panels), A 4 and 5, B 6 and 7.
struct alignas(64) TileShapes {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};

MANYSHOT_AMX_TARGET void shape_tiles(size_t first_rows, size_t second_rows) {
  TileShapes shapes;
  const size_t rows[8] = {first_rows, first_rows,  second_rows, second_rows,
                          first_rows, second_rows, kTileRows,   kTileRows};
  for (size_t tile = 0; tile < 8; ++tile) {
    shapes.rows[tile] = static_cast<uint8_t>(rows[tile]);
    shapes.row_bytes[tile] = rows[tile] > 0 ? kPairBytes : 0;
  }
  finish_writing();
  _tile_loadconfig(&shapes);
}

// The last, incomplete blocks of 32 products, with zeros behind them.
struct alignas(64) Remainder {
  BFloat16 a[2 * kTileRows][kTileDepth];
  BFloat16 b[2][kTileRows][kTileDepth];
};

void copy_remainder(Rows<const BFloat16> a, size_t num_rows, const Panels<BFloat16>& b, const BFloat16* b_data,
                    size_t num_panels, size_t k, Remainder& rest) {
  std::memset(static_cast<void*>(&rest), 0, sizeof rest);
  const size_t left = b.num_rows - k;
  for (size_t row = 0; row < num_rows; ++row) std::memcpy(rest.a[row], a[row] + k, left * sizeof(BFloat16));
  for (size_t panel = 0; panel < num_panels; ++panel) {
    std::memcpy(rest.b[panel], b_data + panel * b.panel_stride + k * kPanelWidth,
                left * kPanelWidth * sizeof(BFloat16));
  }
}

// One block of 32 products of all tiles.
template <bool kTwoRows, bool kTwoPanels>
MANYSHOT_AMX_TARGET inline void multiply(const BFloat16* a, size_t a_bytes, const BFloat16* a_second, const BFloat16* b,
                                         const BFloat16* b_second) {
  _tile_loadd(4, a, static_cast<long>(a_bytes));
  _tile_loadd(6, b, kPairBytes);
  _tile_dpbf16ps(0, 4, 6);
  if constexpr (kTwoPanels) {
    _tile_loadd(7, b_second, kPairBytes);
    _tile_dpbf16ps(1, 4, 7);
  }
  if constexpr (kTwoRows) {
    _tile_loadd(5, a_second, static_cast<long>(a_bytes));
    _tile_dpbf16ps(2, 5, 6);
    if constexpr (kTwoPanels) _tile_dpbf16ps(3, 5, 7);
  }
}

// The compiler's functions take a register's number as a literal only.
template <int kTile>
MANYSHOT_AMX_TARGET inline void store_registers(float* out, size_t row_bytes) {
  const auto stride = static_cast<long>(row_bytes);
  if constexpr (kTile == 0) _tile_stored(0, out, stride);
  if constexpr (kTile == 1) _tile_stored(1, out, stride);
  if constexpr (kTile == 2) _tile_stored(2, out, stride);
  if constexpr (kTile == 3) _tile_stored(3, out, stride);
}

template <int kTile>
MANYSHOT_AMX_TARGET inline void store_tile(Rows<float> c, size_t num_rows, Store store) {
  if (store == Store::kOverwrite) {
    store_registers<kTile>(c.data, c.stride * sizeof(float));
    return;
  }
  alignas(64) float sums[kTileRows][kPanelWidth];
  store_registers<kTile>(sums[0], kPairBytes);
  for (size_t row = 0; row < num_rows; ++row) {
    float* out = c[row];
    _mm512_storeu_ps(out, _mm512_add_ps(_mm512_loadu_ps(out), _mm512_load_ps(sums[row])));
  }
}

template <bool kTwoRows, bool kTwoPanels>
MANYSHOT_AMX_TARGET void block(Rows<const BFloat16> a, size_t num_rows, const Panels<BFloat16>& b,
                               const BFloat16* b_data, Rows<float> c, Store store) {
  _tile_zero(0);
  if constexpr (kTwoPanels) _tile_zero(1);
  if constexpr (kTwoRows) _tile_zero(2);
  if constexpr (kTwoRows && kTwoPanels) _tile_zero(3);
  const size_t a_bytes = a.stride * sizeof(BFloat16);
  const BFloat16* a_second = a.data + kTileRows * a.stride;
  size_t k = 0;
  for (; k + kTileDepth <= b.num_rows; k += kTileDepth) {
    const BFloat16* b_first = b_data + k * kPanelWidth;
    multiply<kTwoRows, kTwoPanels>(a.data + k, a_bytes, a_second + k, b_first, b_first + b.panel_stride);
  }
  if (k < b.num_rows) {
    Remainder rest;
    copy_remainder(a, num_rows, b, b_data, kTwoPanels ? 2 : 1, k, rest);
    finish_writing();
    multiply<kTwoRows, kTwoPanels>(rest.a[0], sizeof rest.a[0], rest.a[kTileRows], rest.b[0][0], rest.b[1][0]);
  }
  const size_t first = std::min(num_rows, kTileRows);
  store_tile<0>(c, first, store);
  if constexpr (kTwoPanels) store_tile<1>(c.from(0, kPanelWidth), first, store);
  if constexpr (kTwoRows) store_tile<2>(c.from(kTileRows), num_rows - kTileRows, store);
  if constexpr (kTwoRows && kTwoPanels) store_tile<3>(c.from(kTileRows, kPanelWidth), num_rows - kTileRows, store);
}

// Rows first to last of every panel. REQUIRES: the tiles have their shape.
template <bool kTwoRows>
MANYSHOT_AMX_TARGET void rows(Rows<const BFloat16> a, size_t num_rows, const Panels<BFloat16>& b, size_t panel,
                              size_t num_panels, Rows<float> c, Store store) {
  const BFloat16* b_data = b.data + panel * b.panel_stride;
  c = c.from(0, panel * kPanelWidth);
  if (num_panels == 2) return block<kTwoRows, true>(a, num_rows, b, b_data, c, store);
  block<kTwoRows, false>(a, num_rows, b, b_data, c, store);
}

bool ask_for_amx() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
  constexpr unsigned kBf16 = 1u << 22, kTile = 1u << 24;
  if ((edx & kBf16) == 0 || (edx & kTile) == 0) return false;
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // arch_prctl(2): ARCH_REQ_XCOMP_PERM
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

}  // namespace

bool has_amx() {
  static const bool result = ask_for_amx();
  return result;
}

MANYSHOT_AMX_TARGET void gemm_amx(Rows<const BFloat16> a, size_t M, const Panels<BFloat16>& b, Rows<float> c,
                                  Store store) {
  constexpr size_t kBlock = 2 * kTileRows;
  const size_t whole = M / kBlock * kBlock, left = M - whole;
  finish_writing();
  if (whole > 0) {
    shape_tiles(kTileRows, kTileRows);
    for (size_t panel = 0; panel < b.num_panels; panel += 2) {
      const size_t panels = std::min<size_t>(2, b.num_panels - panel);
      for (size_t row = 0; row < whole; row += kBlock)
        rows<true>(a.from(row), kBlock, b, panel, panels, c.from(row), store);
    }
  }
  if (left > 0) {
    const size_t first = std::min(left, kTileRows);
    shape_tiles(first, left - first);
    for (size_t panel = 0; panel < b.num_panels; panel += 2) {
      const size_t panels = std::min<size_t>(2, b.num_panels - panel);
      if (left > kTileRows) {
        rows<true>(a.from(whole), left, b, panel, panels, c.from(whole), store);
      } else {
        rows<false>(a.from(whole), left, b, panel, panels, c.from(whole), store);
      }
    }
  }
  _tile_release();
}

namespace {

#define MANYSHOT_UNPACK_TARGET __attribute__((target("avx512f"), always_inline))

// Sixteen rows of sixteen 32-bit elements become their columns.
MANYSHOT_UNPACK_TARGET inline void transpose(__m512i (&rows)[16]) {
  __m512i pairs[16], quads[16], halves[16];
  MANYSHOT_UNROLL
  for (size_t i = 0; i < 16; i += 2) {
    pairs[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
  }
  MANYSHOT_UNROLL
  for (size_t i = 0; i < 16; i += 4) {
    quads[i] = _mm512_unpacklo_epi64(pairs[i], pairs[i + 2]);
    quads[i + 1] = _mm512_unpackhi_epi64(pairs[i], pairs[i + 2]);
    quads[i + 2] = _mm512_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
    quads[i + 3] = _mm512_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
  }
  // Element 4 j + n of rows 4 g .. 4 g + 3 is now the 128 bits j of quads[4 g + n].
  MANYSHOT_UNROLL
  for (size_t n = 0; n < 4; ++n) {
    MANYSHOT_UNROLL
    for (size_t g = 0; g < 4; g += 2) {
      halves[4 * g + n] = _mm512_shuffle_i32x4(quads[4 * g + n], quads[4 * g + 4 + n], 0x88);
      halves[4 * g + 4 + n] = _mm512_shuffle_i32x4(quads[4 * g + n], quads[4 * g + 4 + n], 0xDD);
    }
  }
  MANYSHOT_UNROLL
  for (size_t n = 0; n < 4; ++n) {
    rows[n] = _mm512_shuffle_i32x4(halves[n], halves[8 + n], 0x88);
    rows[8 + n] = _mm512_shuffle_i32x4(halves[n], halves[8 + n], 0xDD);
    rows[4 + n] = _mm512_shuffle_i32x4(halves[4 + n], halves[12 + n], 0x88);
    rows[12 + n] = _mm512_shuffle_i32x4(halves[4 + n], halves[12 + n], 0xDD);
  }
}

// One panel of num_rows rows as 16 rows of num_rows values, zeros behind them up to whole blocks of 32.
__attribute__((target("avx512f"))) void transpose_panel(const BFloat16* panel, size_t num_rows, Rows<BFloat16> to) {
  for (size_t k = 0; k < num_rows; k += kTileDepth) {
    const size_t num_pairs = std::min(num_rows - k, kTileDepth) / 2;
    __m512i pairs[16];
    MANYSHOT_UNROLL
    for (size_t i = 0; i < 16; ++i) {
      pairs[i] = i < num_pairs ? _mm512_load_si512(panel + (k + 2 * i) * kPanelWidth) : _mm512_setzero_si512();
    }
    transpose(pairs);
    MANYSHOT_UNROLL
    for (size_t i = 0; i < 16; ++i) _mm512_store_si512(to[i] + k, pairs[i]);
  }
}

}  // namespace

void outer_gemm_amx(const Panels<BFloat16>& a, size_t num_outputs, const Panels<BFloat16>& b, Rows<float> c,
                    Store store) {
  constexpr size_t kRowsAtOnce = 2 * kTileRows;
  // One block more than needed where rows would fall on the same places of the cache.
  const size_t stride = round_up(a.num_rows, kTileDepth) + (a.num_rows > 8 * kTileDepth ? kTileDepth : 0);
  thread_local AlignedBuffer<BFloat16> transposed;
  if (transposed.size() < kRowsAtOnce * stride) transposed = AlignedBuffer<BFloat16>(kRowsAtOnce * stride);
  const Rows<BFloat16> a_rows{transposed.data(), stride};
  for (size_t row = 0; row < num_outputs; row += kRowsAtOnce) {
    const size_t count = std::min(num_outputs - row, kRowsAtOnce);
    for (size_t first = 0; first < count; first += kPanelWidth) {
      transpose_panel(a.data + (row + first) / kPanelWidth * a.panel_stride, a.num_rows, a_rows.from(first));
    }
    gemm_amx({a_rows.data, stride}, count, b, c.from(row), store);
  }
}

#else

bool has_amx() { return false; }
void gemm_amx(Rows<const BFloat16>, size_t, const Panels<BFloat16>&, Rows<float>, Store) {
  fail(ErrorKind::kInternal, "gemm_amx on a processor without AMX");
}
void outer_gemm_amx(const Panels<BFloat16>&, size_t, const Panels<BFloat16>&, Rows<float>, Store) {
  fail(ErrorKind::kInternal, "outer_gemm_amx on a processor without AMX");
}

#endif

}  // namespace manyshot::kernels
