// Which of a point's nearest are worth a link. One warp decides for one point.
//
// SLOTS: what k is at most. TABLE: a power of two, at least twice SLOTS. WARPS: warps of a block.

#define ALL 0xffffffffu

// The heuristic of HNSW: a candidate that is nearer to a kept one than to the point itself is reached by that one.
// ids, distances: [rows, k], nearest first, -1 is nobody. gaps: [rows, k, k], between candidates.
// kept: [rows, k], cleared before.
extern "C" __global__ void choose_diverse(
    const int* ids, const float* distances, const float* gaps, int rows, int k, int most, unsigned char* kept
) {
    __shared__ int shared[WARPS * SLOTS];
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    long long row = (long long)blockIdx.x * WARPS + warp;
    if (row >= rows) return;
    int* chosen = shared + warp * SLOTS;
    int count = 0;
    for (int j = 0; j < k && count < most; j++) {
        if (ids[row * k + j] < 0) continue;
        float distance = distances[row * k + j];
        const float* own = gaps + (row * k + j) * k;
        bool nearer = false;
        for (int t = lane; t < count; t += 32) nearer |= own[chosen[t]] < distance;
        if (__any_sync(ALL, nearer)) continue;
        if (lane == 0) {
            chosen[count] = j;
            kept[row * k + j] = 1;
        }
        count++;
        __syncwarp();
    }
}

// The rank-based count of CAGRA: how many two-hop ways lead to each neighbor over nearer ones.
// lists: [n, k]; mine: [rows, k], the lists of the points asked for; detours: [rows, k].
extern "C" __global__ void count_detours(const int* lists, const int* mine, int rows, int k, int* detours) {
    __shared__ int shared[WARPS * (2 * TABLE + SLOTS)];
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    long long row = (long long)blockIdx.x * WARPS + warp;
    if (row >= rows) return;
    int* keys = shared + warp * (2 * TABLE + SLOTS);
    int* ranks = keys + TABLE;
    int* counts = ranks + TABLE;
    const int* own = mine + row * k;
    for (int i = lane; i < TABLE; i += 32) keys[i] = -1;
    for (int i = lane; i < k; i += 32) counts[i] = 0;
    __syncwarp();
    for (int j = lane; j < k; j += 32) {
        int id = own[j];
        if (id < 0) continue;
        unsigned place = (unsigned)id * 2654435761u;
        for (;; place++) {
            int before = atomicCAS(&keys[place & (TABLE - 1)], -1, id);
            if (before == -1) ranks[place & (TABLE - 1)] = j;
            if (before == -1 || before == id) break;
        }
    }
    __syncwarp();
    for (int a = 0; a < k; a++) {
        int way = own[a];
        if (way < 0) continue;
        const int* next = lists + (long long)way * k;
        for (int b = lane; b < k; b += 32) {
            int id = next[b];
            if (id < 0) continue;
            unsigned place = (unsigned)id * 2654435761u;
            for (; keys[place & (TABLE - 1)] != -1; place++) {
                if (keys[place & (TABLE - 1)] != id) continue;
                int j = ranks[place & (TABLE - 1)];
                if (j > a && j > b) atomicAdd(&counts[j], 1);
                break;
            }
        }
    }
    __syncwarp();
    for (int j = lane; j < k; j += 32) detours[row * k + j] = counts[j];
}
