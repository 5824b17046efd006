// MANYSHOT_UNROLL before a loop of constant length unrolls it fully, so that an array indexed by the loop lives in
// registers.
#pragma once

#if defined(__clang__)
#define MANYSHOT_UNROLL _Pragma("unroll")
#else
#define MANYSHOT_UNROLL _Pragma("GCC unroll 16")
#endif
