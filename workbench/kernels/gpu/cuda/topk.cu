// The k nearest of each row of a tile of scores, merged into those of the tiles before: each score is read once.
//
// One warp answers for one row. What is known to be nearest stands sorted in shared memory, as words of (distance,
// id) whose order as integers is that of the distances. A score below the worst of them is put behind them; when
// there is no more room, everything is sorted and the first k stay. So a row of n scores in random order sorts
// about k ln(n / k) words, and all other scores cost one comparison.
//
// SLOTS: words a warp holds, a power of two, at least k + 128. WARPS: warps of a block.

typedef unsigned long long word;
typedef unsigned char byte;

#define ALL 0xffffffffu
#define NOTHING 0xffffffffffffffffULL

static __device__ __forceinline__ unsigned ordered(float x) {
    unsigned bits = __float_as_uint(x + 0.0f);  // makes -0 the same as 0
    return bits ^ ((bits >> 31) ? 0xffffffffu : 0x80000000u);
}

static __device__ void sort_words(word* slots, int lane) {
    for (int size = 2; size <= SLOTS; size <<= 1) {
        for (int stride = size >> 1; stride > 0; stride >>= 1) {
            for (int i = lane; i < SLOTS / 2; i += 32) {
                int low = 2 * i - (i & (stride - 1)), high = low + stride;
                word a = slots[low], b = slots[high];
                if ((a > b) == ((low & size) == 0)) {
                    slots[low] = b;
                    slots[high] = a;
                }
            }
            __syncwarp();
        }
    }
}

// Sort what there is; the same word twice, which is a point that was offered twice, stays once.
static __device__ void settle(word* slots, int count, int lane) {
    for (int i = count + lane; i < SLOTS; i += 32) slots[i] = NOTHING;
    __syncwarp();
    sort_words(slots, lane);
    unsigned twice = 0;
    for (int base = SLOTS - 32; base >= 0; base -= 32) {
        int i = base + lane;
        bool same = i > 0 && slots[i] != NOTHING && slots[i] == slots[i - 1];
        __syncwarp();
        if (same) slots[i] = NOTHING;
        twice |= __ballot_sync(ALL, same);
    }
    __syncwarp();
    if (twice) sort_words(slots, lane);
}

// tile: [rows, stride], of which `cols` columns count. A key is scale * score + bias[column].
// ids: of the columns, or of each row's columns if `ids_stride` is not 0; null counts from `first`; -1 is nobody.
// own: an id of each row that is not wanted, or null. allowed: one bit for each id, or null.
// best: [rows, k], sorted, filled up with NOTHING.
extern "C" __global__ void merge(
    const float* tile, long long stride, int rows, int cols, float scale, const float* bias, const int* ids,
    long long ids_stride, int first, const int* own, const byte* allowed, int k, word* best
) {
    __shared__ word shared[WARPS * SLOTS];
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    long long row = (long long)blockIdx.x * WARPS + warp;
    if (row >= rows) return;
    word* slots = shared + warp * SLOTS;
    word* mine = best + row * k;
    const float* scores = tile + row * stride;
    const int* names = ids ? ids + row * ids_stride : ids;
    int self = own ? own[row] : -1;
    for (int i = lane; i < k; i += 32) slots[i] = mine[i];
    __syncwarp();
    word worst = slots[k - 1];
    int count = k;
    for (int base = 0; base < cols; base += 128) {
        float keys[4];
        for (int j = 0; j < 4; j++) {  // four loads under way at once
            int column = base + 32 * j + lane;
            keys[j] = column < cols ? scores[column] : 0.0f;
        }
        for (int j = 0; j < 4; j++) {
            int column = base + 32 * j + lane;
            word made = NOTHING;
            if (column < cols) {
                float key = scale * keys[j] + (bias ? bias[column] : 0.0f);
                unsigned high = ordered(key);
                if (high <= (unsigned)(worst >> 32)) {
                    int id = names ? names[column] : first + column;
                    bool wanted = id >= 0 && id != self && (!allowed || (allowed[id >> 3] >> (id & 7) & 1));
                    if (wanted) made = ((word)high << 32) | (unsigned)id;
                }
            }
            bool passes = made < worst;
            unsigned voted = __ballot_sync(ALL, passes);
            if (passes) slots[count + __popc(voted & ((1u << lane) - 1))] = made;
            count += __popc(voted);
        }
        if (count > SLOTS - 128) {
            __syncwarp();
            settle(slots, count, lane);
            count = k;
            worst = slots[k - 1];
            __syncwarp();
        }
    }
    if (count > k) {
        __syncwarp();
        settle(slots, count, lane);
    }
    for (int i = lane; i < k; i += 32) mine[i] = slots[i];
}
