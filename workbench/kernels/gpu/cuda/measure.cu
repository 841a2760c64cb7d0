// Distances from each query to some rows of its own, in float32: what decides among what a tile proposed.
//
// One warp measures one row at a time. ELEMENT: 0 float32, 1 float16, 2 uint8. METRIC: 0 squared L2, 1 negative dot,
// 2 L1. WARPS: warps of a block, which share a query.

#define ALL 0xffffffffu

#if ELEMENT == 0
typedef float element;
static __device__ __forceinline__ float number(element x) { return x; }
#elif ELEMENT == 1
typedef unsigned short element;
#ifndef EMULATED
static __device__ __forceinline__ float number(element x) {
    float y;
    asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x));
    return y;
}
#endif
#else
typedef unsigned char element;
static __device__ __forceinline__ float number(element x) { return (float)x; }
#endif

static __device__ __forceinline__ float term(float a, float b) {
#if METRIC == 0
    float gap = a - b;
    return gap * gap;
#elif METRIC == 1
    return -a * b;
#else
    return fabsf(a - b);
#endif
}

// vectors: [n, dim]; queries: [rows, dim]; ids: [rows, count], -1 is nobody, at an infinite distance.
extern "C" __global__ void measure(
    const element* vectors, const float* queries, const int* ids, int count, int dim, float* distances
) {
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    long long row = blockIdx.x;
    const float* query = queries + row * dim;
    for (int c = warp; c < count; c += WARPS) {
        int id = ids[row * count + c];
        float sum = __uint_as_float(0x7f800000u);
        if (id >= 0) {
            const element* vector = vectors + (long long)id * dim;
            sum = 0.0f;
            for (int i = lane; i < dim; i += 32) sum += term(query[i], number(vector[i]));
            for (int offset = 16; offset > 0; offset >>= 1) sum += __shfl_xor_sync(ALL, sum, offset);
        }
        if (lane == 0) distances[row * count + c] = sum;
    }
}
