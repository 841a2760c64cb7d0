// A tile of L1 distances, which no matrix product can give: 64 x 64 of them a block of 256 threads, 4 x 4 a thread.

#define SIDE 64
#define DEPTH 16

// queries: [rows, dim]; vectors: [cols, dim]; tile: [rows, cols].
extern "C" __global__ void manhattan(
    const float* queries, const float* vectors, int rows, int cols, int dim, float* tile
) {
    __shared__ float a[DEPTH][SIDE + 1], b[DEPTH][SIDE + 1];
    int x = threadIdx.x & 15, y = threadIdx.x >> 4;
    long long row0 = (long long)blockIdx.x * SIDE, col0 = (long long)blockIdx.y * SIDE;
    float sums[4][4];
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) sums[i][j] = 0.0f;
    for (int start = 0; start < dim; start += DEPTH) {
        for (int i = threadIdx.x; i < SIDE * DEPTH; i += 256) {
            int depth = i & (DEPTH - 1), side = i / DEPTH;
            bool inside = start + depth < dim;
            a[depth][side] = inside && row0 + side < rows ? queries[(row0 + side) * dim + start + depth] : 0.0f;
            b[depth][side] = inside && col0 + side < cols ? vectors[(col0 + side) * dim + start + depth] : 0.0f;
        }
        __syncthreads();
        for (int depth = 0; depth < DEPTH; depth++)
            for (int i = 0; i < 4; i++)
                for (int j = 0; j < 4; j++) sums[i][j] += fabsf(a[depth][y + 16 * i] - b[depth][x + 16 * j]);
        __syncthreads();
    }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            long long row = row0 + y + 16 * i, col = col0 + x + 16 * j;
            if (row < rows && col < cols) tile[row * cols + col] = sums[i][j];
        }
}
